"""Sealed studies with hidden repeats and with an adjudicator: what opens when, and for whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.study_status import reading_orders
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""
ADJUDICATION = '[reconciliation]\nrule = "adjudication"\n[adjudication]\nadjudicator = "A1"\nsees = "none"\n'
REPEATS = "[repeats]\nshare = 0.5\nwashout_days = 0\n"


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, mode: str, more: str, names: str) -> Study:
    people = AccountFolder(folder / "study" / FOLDER)
    seats = {"C": Seat.COORDINATOR, "A": Seat.ADJUDICATOR, "R": Seat.READER}
    for name in names.split():
        make_account(people, name, seats[name[0]], word(name), cost=LEAST_COST)
    (folder / "plan.toml").write_text(f'{PLAN}{more}[sealing]\nmode = "{mode}"\n', encoding="utf-8")
    return create_study(folder / "plan.toml", folder / "study", passphrase_of=word)


def read_listed(study: Study, reader: str, grade: int) -> None:
    assert study.vault is not None
    study.vault.sign_in(reader, word(reader))
    for entry in study.reader(reader).worklist():
        if entry.state != "locked":
            read = study.reader(reader).open_read(entry.code)
            for item in read.sheet().instrument.items:
                read.answer(item.id, grade)
            read.lock(word(reader))
    study.vault.sign_out(reader)


@pytest.mark.parametrize(("mode", "names"), [("coordinator", "R1 R2 C1 A1"), ("both-keys", "R1 R2 A1")])
def test_an_adjudicator_decides_with_the_own_account(tmp_path: Path, mode: str, names: str) -> None:
    with make(tmp_path, mode, ADJUDICATION, names) as study:
        assert study.vault is not None
        for reader, grade in (("R1", 3), ("R2", 1)):
            read_listed(study, reader, grade)
        study.vault.sign_in("A1", word("A1"))
        with pytest.raises(ProtocolViolation, match="must sign in to unseal"):
            reconciliation(study, "K-1")
        for name in study.vault.still_needed(study.plan.cases):
            study.vault.sign_in(name, word(name))
            study.vault.open_sheets(study.plan.cases)
        for name in tuple(study.vault.people):
            if name != "A1":
                study.vault.sign_out(name)
        study.vault.refresh()
        case = reconciliation(study, "K-1")
        for pair in case.unsettled:
            case.settle(pair.item, 2, "own reading")
        with pytest.raises(ProtocolViolation, match="passphrase is wrong"):
            case.sign("A1", "not the passphrase")
        case.sign("A1", word("A1"))
        assert case.is_signed
        assert {final.grade for final in case.finals} == {2}
        study.vault.sign_out("A1")
        assert verify_study(study).is_intact


def test_an_adjudicator_without_an_account_is_refused_when_the_study_is_made(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="the adjudicator A1 has no account with that seat"):
        make(tmp_path, "coordinator", ADJUDICATION, "R1 R2 C1")


def test_nothing_unseals_before_the_last_repeat_and_the_order_is_the_coordinators(tmp_path: Path) -> None:
    with make(tmp_path, "coordinator", REPEATS, "R1 R2 C1") as study:
        assert study.vault is not None
        with pytest.raises(ProtocolViolation, match="C1 is not signed in"):
            reading_orders(study)
        for reader in ("R1", "R2"):
            read_listed(study, reader, 1)
        study.vault.sign_in("C1", word("C1"))
        with pytest.raises(ProtocolViolation, match="not available yet"):
            reconciliation(study, "K-1")
        assert study.vault.opened() == frozenset()
        orders = reading_orders(study)
        assert len(orders) == 6
        assert sorted(row.reading for row in orders) == [1, 1, 1, 1, 2, 2]
        study.vault.sign_out("C1")
        for reader in ("R1", "R2"):
            read_listed(study, reader, 2)
        study.vault.sign_in("C1", word("C1"))
        assert reconciliation(study, "K-1").status
        assert len(study.vault.opened()) == 6
        assert verify_study(study).is_intact
