"""One passphrase under several reads: each is locked for itself, and only as it was listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.sign_reads import HELD, Word, complete_drafts, sign_drafts
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word) as made:
        made.sign_in("R1", word("R1"))
        for case in ("K-1", "K-2"):
            for item in made.instruments[0].items:
                made.reader("R1").open_read(case).answer(item.id, 1)
        made.reader("R1").open_read("K-3").answer("patella", 1)
        yield made


def test_complete_reads_are_signed_together_and_drafts_stay(study: Study) -> None:
    drafts = complete_drafts(study, "R1")
    assert {one.code for one in drafts} == {"K-1", "K-2"}
    words = {one: Word(False, "saw the report") if one.code == "K-2" else HELD for one in drafts}
    locks = sign_drafts(study, "R1", words, word("R1"))
    assert {lock.key.case: lock.blinding_held for lock in locks} == {"K-1": True, "K-2": False}
    assert len({lock.digest for lock in locks}) == len(study.store.seals.sheets()) == 2
    states = {one.code: one.state for one in study.reader("R1").worklist()}
    assert states == {"K-1": "locked", "K-2": "locked", "K-3": "draft"}
    assert complete_drafts(study, "R1") == ()
    assert verify_study(study).findings == ()


def test_a_draft_that_changed_since_it_was_listed_stops_all(study: Study) -> None:
    drafts = complete_drafts(study, "R1")
    study.reader("R1").open_read("K-2").answer("patella", 3)
    with pytest.raises(ProtocolViolation, match="K-2 was changed since"):
        sign_drafts(study, "R1", dict.fromkeys(drafts, HELD), word("R1"))
    assert study.locked() == frozenset()


def test_nothing_is_kept_of_a_wrong_passphrase_or_a_missing_remark(study: Study) -> None:
    drafts = complete_drafts(study, "R1")
    with pytest.raises(WrongPassphrase):
        sign_drafts(study, "R1", dict.fromkeys(drafts, HELD), "another one")
    with pytest.raises(ProtocolViolation, match="nothing says why"):
        sign_drafts(study, "R1", dict.fromkeys(drafts, Word(False)), word("R1"))
    with pytest.raises(ProtocolViolation, match="no read is chosen"):
        sign_drafts(study, "R1", {}, word("R1"))
    assert study.locked() == frozenset()


def test_an_amendment_is_signed_as_one(study: Study) -> None:
    sign_drafts(study, "R1", dict.fromkeys(complete_drafts(study, "R1"), HELD), word("R1"))
    study.reader("R1").amend("K-1", "typed into the wrong row")
    (draft,) = complete_drafts(study, "R1")
    assert draft.meaning == "amendment"
    sign_drafts(study, "R1", {draft: HELD}, word("R1"))
    assert {one.code: one.state for one in study.reader("R1").worklist()}["K-1"] == "amended"
