"""What cannot wait: an urgent finding to the safety contact alone, and one case opened in an emergency."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workstation.errors import ProtocolViolation, ResourceError, StoreError
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.safety import MOST_CHARACTERS
from workstation.reading.seal import LEAST_COST, NotOpened
from workstation.scoring.sheet import Evidence
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows
from workstation.workflow.emergency import unblind
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.urgent import Contact, send_urgent
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[safety]
contact = "{contact}"
"""
SENTINEL = "SENTINEL lesion of the distal femur"
SEATS = {"R1": Seat.READER, "R2": Seat.READER, "C1": Seat.COORDINATOR, "S1": Seat.SAFETY}


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, names: str = "R1 R2 C1 S1", contact: str = "S1", more: str = "") -> Study:
    people = AccountFolder(folder / "study" / FOLDER)
    for name in names.split():
        make_account(people, name, SEATS[name], word(name), cost=LEAST_COST)
    (folder / "plan.toml").write_text(PLAN.format(contact=contact) + more, encoding="utf-8")
    return create_study(folder / "plan.toml", folder / "study", passphrase_of=word)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    with make(tmp_path) as made:
        yield made


def read(study: Study, reader: str, case: str, grade: int) -> None:
    study.sign_in(reader, word(reader))
    opened = study.reader(reader).open_read(case)
    for item in opened.sheet().instrument.items:
        opened.answer(item.id, grade)
    opened.lock(word(reader))
    study.sign_out(reader)


def test_only_the_contact_reads_it_and_nothing_else_opens(study: Study, tmp_path: Path) -> None:
    study.sign_in("R1", word("R1"))
    opened = study.reader("R1").open_read("K-2")
    number = send_urgent(study, opened, f"  {SENTINEL} ", Evidence("series-7", "1.2.3", 1, 11, True))
    assert opened.state == "not started"
    study.sign_out("R1")
    contact = Contact(study, "S1", word("S1"))
    assert [(one.number, one.reader, one.is_seen) for one in contact.sent()] == [(number, "R1", False)]
    finding = contact.read(number)
    assert (finding.case, finding.text, finding.series, finding.slice_number) == (
        "K-2",
        SENTINEL,
        "series-7",
        12,
    )
    assert [one.is_seen for one in contact.sent()] == [True]
    with pytest.raises(ProtocolViolation, match="plan names no such account"):
        study.sign_in("S1", word("S1"))
    assert verify_study(study).findings == ()
    for file in (tmp_path / "study").rglob("*"):
        if file.is_file():
            assert SENTINEL.encode() not in file.read_bytes(), file


def test_no_size_tells_what_was_said(study: Study) -> None:
    study.sign_in("R1", word("R1"))
    opened = study.reader("R1").open_read("K-1")
    send_urgent(study, opened, "x")
    longest = "".join(chr(0x4E00 + secrets.randbelow(20_000)) for _ in range(MOST_CHARACTERS))
    send_urgent(study, opened, longest, Evidence("s" * 60, "1.2.3", 1, 11, True))
    sizes = [len(one.detail) for one in study.store.audit() if one.event == "urgent finding"]
    assert len(sizes) == 2 and len(set(sizes)) == 1


def test_who_is_not_the_contact_gets_nothing(study: Study) -> None:
    study.sign_in("R1", word("R1"))
    number = send_urgent(study, study.reader("R1").open_read("K-1"), SENTINEL)
    with pytest.raises(ProtocolViolation, match="not the safety contact"):
        Contact(study, "C1", word("C1"))
    with pytest.raises(WrongPassphrase):
        Contact(study, "S1", "not the passphrase")
    contact = Contact(study, "S1", word("S1"))
    with pytest.raises(ProtocolViolation, match="none with the number"):
        contact.read(number + 1)
    study.sign_in("R2", word("R2"))
    assert all(one.state == "not started" for one in study.reader("R2").worklist())


def test_another_cannot_say_that_it_was_read(study: Study) -> None:
    """A reader's program that writes into the log hides no message from its contact, and breaks nothing."""
    study.sign_in("R1", word("R1"))
    number = send_urgent(study, study.reader("R1").open_read("K-1"), SENTINEL)
    digest = next(one.digest for one in study.store.audit() if one.event == "urgent finding")
    study.sign_in("R2", word("R2"))
    said = {"number": number, "entry": digest}
    study.store.record("R2", "urgent finding read", said)
    study.store.record("study", "urgent finding read", said)
    study.store.signers["S1"] = study.vault.people["R2"].keys.sign if study.vault else lambda *_: b""
    study.store.record("S1", "urgent finding read", said)
    study.store.signers.pop("S1")
    empty = study.store.record("R2", "urgent finding", {"to": "S1"}).sequence
    contact = Contact(study, "S1", word("S1"))
    assert [(one.number, one.is_seen) for one in contact.sent()] == [(number, False), (empty, False)]
    with pytest.raises(NotOpened):
        contact.read(empty)
    assert contact.read(number).text == SENTINEL
    assert [one.is_seen for one in contact.sent()] == [True, False]


def test_a_message_that_was_exchanged_does_not_open(study: Study, tmp_path: Path) -> None:
    study.sign_in("R1", word("R1"))
    number = send_urgent(study, study.reader("R1").open_read("K-1"), SENTINEL)
    other = make(tmp_path / "other")
    other.sign_in("R1", word("R1"))
    send_urgent(other, other.reader("R1").open_read("K-1"), "another")
    box = next(one.detail for one in other.store.audit() if one.event == "urgent finding")
    with sqlite3.connect(tmp_path / "study" / "study.sqlite") as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute(
            "update audit set detail = ? where sequence = ?",
            (json.dumps({**json.loads(box), "to": "S1"}, sort_keys=True, separators=(",", ":")), number),
        )
    with pytest.raises(NotOpened):
        Contact(study, "S1", word("S1")).read(number)
    assert not verify_study(study).is_intact


def test_a_full_disk_says_to_use_the_telephone(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    study.sign_in("R1", word("R1"))
    opened = study.reader("R1").open_read("K-1")

    def full(*_: Any) -> None:
        raise StoreError("The entry was not kept", "the disk is full", "Free some space")

    monkeypatch.setattr(study.store, "record", full)
    with pytest.raises(StoreError, match=r"disk is full.*telephone"):
        send_urgent(study, opened, SENTINEL)


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001])
def test_it_says_something_and_not_a_book(study: Study, text: str) -> None:
    study.sign_in("R1", word("R1"))
    with pytest.raises(ProtocolViolation):
        send_urgent(study, study.reader("R1").open_read("K-1"), text)


@pytest.mark.parametrize(("contact", "why"), [("X9", "has no account"), ("R2", "does not read")])
def test_a_contact_must_have_a_fitting_account(tmp_path: Path, contact: str, why: str) -> None:
    with pytest.raises(ResourceError, match=why):
        make(tmp_path, contact=contact)


def test_a_study_that_is_not_sealed_still_seals_the_message(tmp_path: Path) -> None:
    with make(tmp_path, "S1", more='[sealing]\nmode = "none"\n') as study:
        number = send_urgent(study, study.reader("R1").open_read("K-1"), SENTINEL)
        assert Contact(study, "S1", word("S1")).read(number).text == SENTINEL
        assert verify_study(study).findings == ()


def test_the_coordinator_may_be_the_contact(tmp_path: Path) -> None:
    with make(tmp_path, "R1 R2 C1", contact="C1") as study:
        study.sign_in("R2", word("R2"))
        number = send_urgent(study, study.reader("R2").open_read("K-1"), SENTINEL)
        assert Contact(study, "C1", word("C1")).read(number).reader == "R2"


def test_an_emergency_opens_one_case_and_is_told_everywhere(study: Study) -> None:
    read(study, "R1", "K-1", 3)
    with pytest.raises(ProtocolViolation, match="C1 is not signed in"):
        unblind(study, "K-1", "patient in theatre")
    study.sign_in("C1", word("C1"))
    with pytest.raises(ProtocolViolation, match="no reason"):
        unblind(study, "K-1", " ")
    with pytest.raises(ProtocolViolation, match="no read of K-2"):
        unblind(study, "K-2", "patient in theatre")
    (opened,) = unblind(study, "K-1", "patient in theatre")
    assert {answer.grade for answer in opened.replay.content.sheet("recht").answers} == {3}
    assert study.unsealed_cases() == () and study.vault is not None and not study.vault.opened()
    study.sign_out("C1")
    for reader, case in (("R2", "K-1"), ("R1", "K-2"), ("R2", "K-2")):
        read(study, reader, case, 2)
    study.sign_in("C1", word("C1"))
    study.unseal_cases(study.ready_cases(), "C1")
    rows = conduct_rows(study)
    assert [(row.case, row.reader) for row in rows if row.after_unsealing] == [("K-1", "R2")]
    assert "patient in theatre" in dict(conduct_facts(study, rows))["Emergency unblinding"]
    assert verify_study(study).findings == ()


def test_with_both_keys_an_emergency_needs_both(tmp_path: Path) -> None:
    with make(tmp_path, "R1 R2 S1", more='[sealing]\nmode = "both-keys"\n') as study:
        read(study, "R1", "K-1", 1)
        study.sign_in("R1", word("R1"))
        with pytest.raises(ProtocolViolation, match="R2 is not signed in"):
            unblind(study, "K-1", "needed")
        study.sign_in("R2", word("R2"))
        assert len(unblind(study, "K-1", "needed")) == 1
        assert verify_study(study).findings == ()
