"""A sealed dual read from accounts to reconciliation, and what is refused on the way."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.journal import ReadKey
from workstation.reading.order import Presentation
from workstation.reading.seal import LEAST_COST, NotOpened
from workstation.reading.session import ReadState
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.workflow.accounts import change_passphrase, make_account
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.reconcile_case import reconciliation, reconciliations
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""
ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
GRADES = {"R1": "324131", "R2": "224241"}


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, mode: str, names: str = "R1 R2 C1") -> Study:
    people = AccountFolder(folder / "study" / FOLDER)
    for name in names.split():
        if name == "C1" and mode != "coordinator":
            continue
        seat = {"C": Seat.COORDINATOR, "A": Seat.ADJUDICATOR}.get(name[0], Seat.READER)
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    (folder / "plan.toml").write_text(PLAN + f'[sealing]\nmode = "{mode}"\n', encoding="utf-8")
    return create_study(folder / "plan.toml", folder / "study", passphrase_of=word)


@pytest.fixture(params=["coordinator", "both-keys"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def study(tmp_path: Path, mode: str) -> Iterator[Study]:
    with make(tmp_path, mode) as made:
        yield made


def read_all(study: Study, reader: str, *, lock: bool = True) -> None:
    assert study.vault is not None
    study.vault.sign_in(reader, word(reader))
    desk = study.reader(reader)
    for entry in desk.worklist():
        read = desk.open_read(entry.code)
        for item, grade in zip(ITEMS, GRADES[reader], strict=True):
            read.answer(item, int(grade))
        if lock:
            read.lock(word(reader))
    study.vault.sign_out(reader)


def unseal(study: Study) -> None:
    """Sign in whom it needs, with nobody else there."""
    assert study.vault is not None
    for name in study.vault.still_needed(study.plan.cases):
        study.vault.sign_in(name, word(name))


def test_the_whole_way(study: Study, mode: str) -> None:
    assert study.codec.is_sealed
    read_all(study, "R1")
    read_all(study, "R2")
    assert study.ready_cases() == ("K-1", "K-2")
    assert study.unsealed_cases() == ()
    assert study.vault is not None
    needed = study.vault.still_needed(study.plan.cases)
    assert needed == (("C1",) if mode == "coordinator" else ("R1", "R2"))
    with pytest.raises(ProtocolViolation, match="nobody is signed in"):
        reconciliations(study)
    unseal(study)
    cases = {one.case: one for one in reconciliations(study)}
    assert sorted(pair.item for pair in cases["K-1"].differing) == ["LFC", "MTP", "patella"]
    for case in cases.values():
        for pair in case.unsettled:
            case.settle(pair.item, 1, "seen together")
    for reader in study.plan.readers:
        study.vault.sign_in(reader, word(reader))
        for case in cases.values():
            case.sign(reader, word(reader))
    assert all(case.is_signed for case in cases.values())
    assert len(reads_rows(study)) == 2 * 2 * len(ITEMS)
    report = verify_study(study)
    assert report.is_intact, report.findings


def test_the_originals_come_back_as_they_were_entered(study: Study) -> None:
    read_all(study, "R1")
    read_all(study, "R2")
    unseal(study)
    study.unseal("K-1", "")
    for (reader, _, _), session in study.counted_reads("K-1").items():
        kept = [session.content.sheet("recht").answer(item).grade for item in ITEMS]
        assert kept == [int(grade) for grade in GRADES[reader]]
        assert session.lock is not None
        assert session.lock.blinding_held is True


def test_a_reader_goes_on_where_the_read_was_left(study: Study) -> None:
    read_all(study, "R1", lock=False)
    folder = study.store.folder
    study.close()
    with open_study_folder(folder) as again:
        assert again.vault is not None
        again.vault.sign_in("R1", word("R1"))
        desk = again.reader("R1")
        assert {one.state for one in desk.worklist()} == {ReadState.COMPLETE}
        assert desk.open_read("K-1").sheet().answer("MFC").grade == 4


def test_without_the_passphrase_nothing_of_a_reader_is_shown(study: Study) -> None:
    read_all(study, "R1")
    assert study.vault is not None
    study.vault.sign_in("R2", word("R2"))
    with pytest.raises(ProtocolViolation, match="R1 is not signed in"):
        study.reader("R1").open_read("K-1")
    assert study.counted_reads() == {}
    with pytest.raises(ProtocolViolation, match="every reader has locked"):
        study.unseal("K-1", "R2")


def test_what_the_other_reader_says_with_the_lock_is_sealed_too(study: Study) -> None:
    assert study.vault is not None
    study.vault.sign_in("R1", word("R1"))
    read = study.reader("R1").open_read("K-1")
    for item in ITEMS:
        read.answer(item, 1)
    lock = read.lock(word("R1"), blinding_held=False, remark="SENTINEL saw a name")
    assert (lock.blinding_held, lock.remark) == (False, "SENTINEL saw a name")
    kept = study.store.reads.locks()[0]
    assert (kept.blinding_held, kept.remark) == (None, "")
    again = study.reader("R1").open_read("K-1").session.lock
    assert again is not None
    assert again.remark == "SENTINEL saw a name"
    amended = study.reader("R1").amend("K-1", "SENTINEL wrong knee")
    assert amended.session.key.version == 2
    assert study.store.reads.amendments()[0].reason == ""
    study.close()
    for path in study.store.folder.rglob("*"):
        assert not path.is_file() or b"SENTINEL" not in path.read_bytes()


def test_a_signature_needs_the_passphrase_again(study: Study) -> None:
    assert study.vault is not None
    study.vault.sign_in("R1", word("R1"))
    read = study.reader("R1").open_read("K-1")
    for item in ITEMS:
        read.answer(item, 1)
    before = read.session
    with pytest.raises(WrongPassphrase, match="wrong"):
        read.lock("R1")
    assert read.session is before
    assert study.store.reads.locks() == ()
    assert study.vault.accounts.tries("R1").wrong == 1
    assert [one.event for one in study.store.audit()][-1] == "wrong passphrase"
    read.lock(word("R1"))
    assert read.is_locked


def test_a_wrong_passphrase_is_refused_logged_and_slowed(study: Study) -> None:
    assert study.vault is not None
    for _ in range(3):
        with pytest.raises(WrongPassphrase, match="the passphrase is wrong"):
            study.vault.sign_in("R1", word("R2"))
    with pytest.raises(WrongPassphrase, match="has to wait 2 s"):
        study.vault.sign_in("R1", word("R1"))
    again = AccountFolder(study.vault.accounts.folder)  # another program finds the same wait
    with pytest.raises(WrongPassphrase, match="has to wait"):
        again.keys("R1", word("R1"))
    assert [one.event for one in study.store.audit()].count("wrong passphrase") == 4
    assert verify_study(study).is_intact


def test_a_missing_or_damaged_account_file_is_said(study: Study) -> None:
    assert study.vault is not None
    path = study.vault.accounts.folder / "R1.json"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    with pytest.raises(StoreError, match=r"there is no R1\.json"):
        study.vault.sign_in("R1", word("R1"))
    for broken in ("", "{}", "[" * 100_000, text.replace("argon2id13", "md5"), text[:-40]):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(StoreError, match="R1"):
            study.vault.sign_in("R1", word("R1"))
    data = json.loads(text)
    data["kdf"]["memory_bytes"] = 2**50
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(WrongPassphrase):
        study.vault.sign_in("R1", word("R1"))


def test_swapped_keys_are_noticed(study: Study, tmp_path: Path) -> None:
    assert study.vault is not None
    stranger = AccountFolder(tmp_path / "elsewhere")
    make_account(stranger, "R1", Seat.READER, word("R1"), cost=LEAST_COST)
    shutil.copy(stranger.folder / "R1.json", study.vault.accounts.folder / "R1.json")
    with pytest.raises(ProtocolViolation, match="not those that the plan lists"):
        study.vault.sign_in("R1", word("R1"))


def test_an_account_whose_public_key_was_swapped_does_not_open(study: Study) -> None:
    assert study.vault is not None
    folder = study.vault.accounts.folder
    mine, other = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("R1", "R2"))
    mine["encryption_key"] = other["encryption_key"]
    (folder / "R1.json").write_text(json.dumps(mine), encoding="utf-8")
    with pytest.raises(WrongPassphrase):
        study.vault.sign_in("R1", word("R1"))


def slot(study: Study, reader: str, case: str) -> str:
    """The name under which a reader's read of a case is kept; nobody else knows it before unsealing."""
    study.sign_in(reader, word(reader))
    found = study.orders.key(reader, Presentation(case)).slot
    study.sign_out(reader)
    return found


def meddle(study: Study, *statements: str) -> Path:
    """Change the database behind the program's back."""
    study.close()
    folder = study.store.folder
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return folder


def test_a_replayed_entry_does_not_open(study: Study) -> None:
    read_all(study, "R1", lock=False)
    where = f"reader = 'R1' AND case_code = '{slot(study, 'R1', 'K-1')}'"
    first = f"(SELECT payload FROM journal WHERE {where} AND sequence = 1)"
    folder = meddle(study, f"UPDATE journal SET payload = {first} WHERE {where} AND sequence = 2")
    with open_study_folder(folder) as again:
        assert again.vault is not None
        again.vault.sign_in("R1", word("R1"))
        with pytest.raises(NotOpened):
            again.reader("R1").open_read("K-1")
        report = verify_study(again)
        assert any("read of K-1 by R1: entry 2 was changed" in one for one in report.findings)


def test_entries_cannot_be_written_in_a_readers_name(study: Study) -> None:
    read_all(study, "R1")
    read_all(study, "R2", lock=False)
    assert study.vault is not None
    key = ReadKey("R2", slot(study, "R2", "K-1"))
    study.vault.sign_in("R1", word("R1"))
    study.store.reads.append(key, bytes(2088), len(study.store.reads.entries(key)))  # unsigned, well chained
    report = verify_study(study)
    assert any(f"read {key.case} by R2: entry 7 is not signed by R2" in one for one in report.findings)


def test_a_swapped_sheet_opens_nothing(study: Study) -> None:
    read_all(study, "R1")
    read_all(study, "R2")
    first, second = (slot(study, "R1", case) for case in ("K-1", "K-2"))
    other = f"(SELECT {{0}} FROM sheets WHERE reader = 'R1' AND case_code = '{second}')"
    parts = ", ".join(f"{name} = {other.format(name)}" for name in ("body", "key_box", "signature"))
    folder = meddle(study, f"UPDATE sheets SET {parts} WHERE reader = 'R1' AND case_code = '{first}'")
    with open_study_folder(folder) as again:
        unseal(again)
        with pytest.raises(ProtocolViolation, match="the lock of K-1 is not what R1 signed"):
            reconciliation(again, "K-1")
        report = verify_study(again)
        assert any("read of K-1 by R1" in one and "sheet" in one for one in report.findings)


def test_a_forged_lock_of_the_other_reader_opens_nothing(study: Study) -> None:
    """A lock row alone, without the reader's signature, must not make a client open its layer."""
    read_all(study, "R1")
    read_all(study, "R2", lock=False)
    slots = {case: slot(study, "R2", case) for case in study.plan.cases}
    one, other = (slot(study, "R1", case) for case in slots)
    columns = f"CASE case_code WHEN '{one}' THEN '{slots['K-1']}' WHEN '{other}' THEN '{slots['K-2']}' END, "
    columns += "presentation, version"
    rest = "'initial read', locked_at, entries, digest, blinding_held, remark, after_unsealing"
    folder = meddle(
        study,
        f"INSERT INTO locks SELECT 'R2', {columns}, 'R2', {rest} FROM locks WHERE reader = 'R1'",
        f"INSERT INTO sheets SELECT 'R2', {columns}, plan_digest, body, key_box, signature FROM sheets",
    )
    with open_study_folder(folder) as again:
        unseal(again)
        with pytest.raises(ProtocolViolation, match="is not what R2 signed"):
            reconciliations(again)
        assert again.vault is not None
        assert again.store.seals.openings() == ()


def test_one_reader_alone_opens_no_sheet_with_both_keys(tmp_path: Path) -> None:
    with make(tmp_path, "both-keys") as study:
        read_all(study, "R1")
        read_all(study, "R2")
        assert study.vault is not None
        study.vault.sign_in("R2", word("R2"))
        with pytest.raises(ProtocolViolation, match="Now R1 must sign in"):
            reconciliations(study)
        keys = study.vault.people["R2"].keys
        for sheet in study.store.seals.sheets().values():
            with pytest.raises(NotOpened):
                keys.open(sheet.key_box)
        study.vault.sign_out("R2")
        study.vault.sign_in("R1", word("R1"))
        with pytest.raises(ProtocolViolation, match="Now R2 must sign in"):
            reconciliations(study)
        assert study.counted_reads().keys() == {("R1", "K-1", 1), ("R1", "K-2", 1)}
        study.vault.sign_out("R1")
        study.vault.sign_in("R2", word("R2"))
        assert len(reconciliations(study)) == 2
        study.vault.sign_out("R2")
        study.vault.sign_in("R1", word("R1"))  # the key was handed to the first reader too
        assert len(reconciliations(study)) == 2


def test_the_coordinator_may_not_read_and_the_readers_need_accounts(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="reader R2 has no account"):
        make(tmp_path, "coordinator", "R1 C1")
    with pytest.raises(Exception, match="one account with that seat"):
        make(tmp_path / "two", "coordinator", "R1 R2") if (tmp_path / "two").mkdir() is None else None


def test_an_unsigned_plan_is_not_read(tmp_path: Path) -> None:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        assert study.vault is not None
        study.vault.sign_in("R1", word("R1"))
        with pytest.raises(ProtocolViolation, match="not signed by R2"):
            study.reader("R1").open_read("K-1")
        study.vault.sign_in("R2", word("R2"))
        assert study.vault.missing_plan_signatures() == ()
        study.reader("R1").open_read("K-1")


def test_a_changed_passphrase_opens_what_was_entered_before(study: Study) -> None:
    read_all(study, "R1", lock=False)
    assert study.vault is not None
    change_passphrase(study.store.folder, study.vault.accounts, "R1", word("R1"), "another four words")
    with pytest.raises(WrongPassphrase):
        study.vault.sign_in("R1", word("R1"))
    study.vault.sign_in("R1", "another four words")
    assert study.reader("R1").open_read("K-1").sheet().answer("MFC").grade == 4
    assert verify_study(study).is_intact
