"""A reader's desk: own cases, own order, own reads; a lock is the end of change."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, ResourceError, StoreError
from workstation.imaging.study import Case, Joint, Laterality
from workstation.reading.session import ReadState
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.sheet import AnswerState, Evidence
from workstation.workflow.read_case import OpenRead, Study, create_study, open_study_folder

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3"]
readers = ["R1", "R2"]
instruments = ["worms-marrow", "recht"]
seed = 5
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as made:
        yield made


def complete(read: OpenRead, grade: int = 1) -> None:
    for sheet in read.sheets:
        for item in sheet.instrument.items:
            read.answer(item.id, grade, instrument=sheet.instrument.id)


def lock_all(study: Study, reader: str, grade: int = 1) -> None:
    desk = study.reader(reader)
    for entry in desk.worklist():
        read = desk.open_read(entry.code)
        complete(read, grade)
        read.lock(reader)


class FakeLibrary:
    """Stands in for the library: cases only."""

    def __init__(self, *cases: Case) -> None:
        self._cases = cases

    def cases(self) -> tuple[Case, ...]:
        return self._cases


def knee(code: str, confirmed: bool = True, side: Laterality | None = Laterality.LEFT) -> Case:
    return Case(code, "subject", Joint.KNEE, side, confirmed, ("A",), ())


def test_each_reader_has_the_same_cases_in_another_order(study: Study) -> None:
    orders = [[one.code for one in study.reader(reader).worklist()] for reader in study.plan.readers]
    assert sorted(orders[0]) == sorted(orders[1]) == ["K-1", "K-2", "K-3"]
    assert orders[0] != orders[1]


def test_the_screen_gets_a_code_a_place_and_what_the_plan_reveals_and_nothing_else(study: Study) -> None:
    case = study.reader("R1").open_read("K-2").case
    assert case.code == "K-2"
    assert case.place in ("1 of 3", "2 of 3", "3 of 3")
    assert {name for name in dir(case) if not name.startswith("_")} == {
        "code", "joint", "laterality", "position", "total", "name", "title", "place", "facts",
    }  # fmt: skip
    assert case.name.startswith("K-2")
    assert case.facts == ""  # this plan reveals nothing


def test_answers_are_there_when_the_study_is_opened_again(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    evidence = Evidence("series", "1.2.3", 0, 14, assumed=True, view={"zoom": 2})
    read.answer("MFc", 2, evidence)
    read.answer("MFa", None)
    read.answer("MFC", read.sheet("recht").instrument.item("MFC").levels[3])
    read.flag("LTp")
    read.keep_view_state({"tiles": [1, 2]})
    read.keep_mark("m1", {"kind": "length", "mm": 4.5})
    with open_study_folder(study.store.folder) as again:
        found = again.reader("R1").open_read("K-1")
        assert found.sheet("worms-marrow").answer("MFc").grade == 2
        assert found.sheet("worms-marrow").answer("MFc").evidence == evidence
        assert found.sheet("worms-marrow").answer("MFa").state is AnswerState.NOT_ASSESSABLE
        assert found.sheet("recht").answer("MFC").grade == 3
        assert found.sheet("worms-marrow").flagged_items == ("LTp",)
        assert found.view_state == {"tiles": [1, 2]}
        assert found.marks == {"m1": {"kind": "length", "mm": 4.5}}
        assert found.state is ReadState.OPEN


def test_undo_reaches_back_over_a_restart(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    read.answer("MFc", 1)
    read.answer("MFc", 3)
    with open_study_folder(study.store.folder) as again:
        found = again.reader("R1").open_read("K-1")
        found.undo()
        assert found.sheet().answer("MFc").grade == 1
        found.undo()
        assert found.sheet().answer("MFc").state is AnswerState.UNREAD
        entries = found.session.sequence
        found.undo()
        assert found.session.sequence == entries, "nothing to undo keeps nothing"
        found.redo()
        found.redo()
        assert found.sheet().answer("MFc").grade == 3


def test_the_same_view_is_kept_once(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    for _ in range(3):
        read.keep_view_state({"slice": 7})
    assert read.session.sequence == 1


def test_a_read_goes_from_not_started_to_locked(study: Study) -> None:
    desk = study.reader("R1")
    read = desk.open_read("K-1")

    def state() -> ReadState:
        return next(one.state for one in desk.worklist() if one.code == "K-1")

    assert state() is ReadState.NOT_STARTED
    read.answer("MFc", 1)
    assert state() is ReadState.OPEN
    complete(read)
    assert state() is ReadState.COMPLETE
    read.lock("R1")
    assert state() is read.state is ReadState.LOCKED
    assert not desk.open_read("K-1").session.content.is_untouched


def test_totals_are_hidden_until_the_lock_unless_the_plan_shows_them(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    assert not read.shows_totals
    complete(read)
    read.lock("R1")
    assert read.shows_totals


def test_an_incomplete_read_is_not_locked(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    complete(read)
    read.answer("LTp", AnswerState.UNREAD)
    with pytest.raises(ProtocolViolation, match="not yet read: WORMS bone marrow edema: LTp"):
        read.lock("R1")
    read.answer("LTp", AnswerState.NOT_ASSESSABLE)
    assert read.lock("R1").meaning == "initial read"


@pytest.mark.parametrize("signature", ["R2", "", "r1", "R1 R2"])
def test_only_the_readers_own_code_signs(study: Study, signature: str) -> None:
    read = study.reader("R1").open_read("K-1")
    complete(read)
    with pytest.raises(ProtocolViolation, match="signature"):
        read.lock(signature)
    assert not read.is_locked


def test_a_broken_blinding_needs_a_word_and_is_kept(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    complete(read)
    with pytest.raises(ProtocolViolation, match="says why"):
        read.lock("R1", blinding_held=False)
    lock = read.lock("R1", blinding_held=False, remark="a name was on the image")
    assert (lock.blinding_held, lock.remark) == (False, "a name was on the image")
    assert study.store.reads.locks() == (lock,)


def test_nothing_changes_a_locked_read(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    complete(read)
    read.lock("R1")
    before = study.store.reads.entries(read.session.key)
    for change in (
        lambda one: one.answer("MFc", 2),
        lambda one: one.flag("MFc"),
        lambda one: one.tie_evidence("MFc", None),
        lambda one: one.undo(),
        lambda one: one.redo(),
        lambda one: one.keep_mark("a", {}),
        lambda one: one.lock("R1"),
    ):
        for window in (read, study.reader("R1").open_read("K-1")):
            with pytest.raises(ProtocolViolation, match="locked"):
                change(window)
    read.keep_view_state({"slice": 1})  # looking is free and is not kept any more
    assert study.store.reads.entries(read.session.key) == before


def test_a_second_window_cannot_write_past_the_lock_of_the_first(study: Study) -> None:
    first = study.reader("R1").open_read("K-1")
    complete(first)
    second = study.reader("R1").open_read("K-1")
    first.lock("R1")
    with pytest.raises(ProtocolViolation, match="locked"):
        second.answer("MFc", 2)


def test_a_second_window_is_told_when_it_is_behind(study: Study) -> None:
    first, second = (study.reader("R1").open_read("K-1") for _ in range(2))
    first.answer("MFc", 2)
    with pytest.raises(StoreError, match="another window"):
        second.answer("MFc", 3)
    assert second.sheet().answer("MFc").state is AnswerState.UNREAD
    assert study.reader("R1").open_read("K-1").sheet().answer("MFc").grade == 2


def test_an_answer_that_does_not_exist_is_refused_unwritten(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    for item, value in (("MFc", 4), ("MFc", -1), ("Z", 0)):
        with pytest.raises(ResourceError):
            read.answer(item, value)
    with pytest.raises(StoreError, match="no instrument moaks"):
        read.answer("MFc", 1, instrument="moaks")
    assert study.store.reads.entries(read.session.key) == ()


def test_a_full_disk_leaves_screen_and_record_alike(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    read = study.reader("R1").open_read("K-1")
    read.answer("MFc", 1)

    def full(*_: object) -> None:
        raise StoreError("The study was not changed", "the disk is full", "Free some space")

    monkeypatch.setattr(study.store.reads, "append", full)
    with pytest.raises(StoreError, match="disk is full"):
        read.answer("MFc", 2)
    monkeypatch.undo()
    assert read.sheet().answer("MFc").grade == 1
    read.answer("MFc", 3)
    assert study.reader("R1").open_read("K-1").sheet().answer("MFc").grade == 3


def test_unknown_readers_and_cases_are_refused(study: Study) -> None:
    with pytest.raises(ProtocolViolation, match="Its readers are R1 and R2"):
        study.reader("R3")
    with pytest.raises(ProtocolViolation, match='no case "K-9"'):
        study.reader("R1").open_read("K-9")
    with pytest.raises(ProtocolViolation, match='no case "k-1"'):
        study.reader("R1").open_read("k-1")


def test_a_case_whose_side_is_not_confirmed_waits_for_the_coordinator(study: Study) -> None:
    study._library = FakeLibrary(knee("K-1", False, None), knee("K-2"), knee("K-3"))  # type: ignore[assignment]
    desk = study.reader("R1")
    with pytest.raises(ProtocolViolation, match=r"cannot be scored yet.*coordinator confirms"):
        desk.open_read("K-1")
    assert desk.open_read("K-2").case.title == "K-2 · left knee"
    blocked = {one.code: bool(one.blocked) for one in desk.worklist()}
    assert blocked == {"K-1": True, "K-2": False, "K-3": False}
    order = [one.code for one in desk.worklist() if one.code != "K-1"]
    assert desk.next_case() == order[0]
    assert desk.next_case(order[0]) == order[1]


def test_a_case_without_images_is_told(study: Study) -> None:
    study._library = FakeLibrary(knee("K-2"))  # type: ignore[assignment]
    with pytest.raises(StoreError, match="not in the library"):
        study.reader("R1").open_read("K-1")
    assert [one.code for one in study.reader("R1").worklist() if not one.blocked] == ["K-2"]


def test_a_reader_sees_nothing_of_the_other(study: Study) -> None:
    lock_all(study, "R1")
    other = study.reader("R2")
    assert all(one.state is ReadState.NOT_STARTED for one in other.worklist())
    assert other.open_read("K-1").session.content.is_untouched
    rows = study.status(Viewer(Role.READER, "R2"))
    assert {row.reader for row in rows} == {"R2"}
    assert not any(row.locked for row in rows)


def test_the_coordinator_sees_locks_and_neither_time_nor_progress(study: Study) -> None:
    read = study.reader("R1").open_read("K-1")
    assert not any(row.locked for row in study.status())
    complete(read)
    assert not any(row.locked for row in study.status())
    read.lock("R1")
    assert [(row.case, row.reader, row.locked_at) for row in study.status() if row.locked] == [
        ("K-1", "R1", "")
    ]
    assert [row.case for row in study.status() if row.reader == "R1"] == ["K-1", "K-2", "K-3"]


def test_an_amendment_before_comparison_replaces_the_read(study: Study) -> None:
    desk = study.reader("R1")
    lock_all(study, "R1")
    with pytest.raises(ProtocolViolation, match="reason"):
        desk.amend("K-1", " ")
    amended = desk.amend("K-1", "wrong knob")
    assert amended.state is ReadState.COMPLETE
    assert ("R1", "K-1", 1) not in study.locked(), "while it is open the read is not locked"
    lock_all(study, "R2")
    assert not study.is_unsealed("K-1")
    amended.answer("MFc", 3)
    assert amended.lock("R1").meaning == "amendment"
    assert study.is_unsealed("K-1")
    counted = study.counted_reads()["R1", "K-1", 1]
    assert counted.key.version == 2
    assert counted.content.sheet("worms-marrow").answer("MFc").grade == 3


def test_an_amendment_after_comparison_is_kept_and_does_not_count(study: Study) -> None:
    lock_all(study, "R1", 3)
    lock_all(study, "R2", 2)
    amended = study.reader("R1").amend("K-1", "saw the other's score")
    amended.answer("MFc", 2)
    amended.lock("R1")
    counted = study.counted_reads()["R1", "K-1", 1]
    assert counted.key.version == 1
    assert counted.content.sheet("worms-marrow").answer("MFc").grade == 3
    assert study.store.reads.amendments()[0].post_comparison
    assert study.is_unsealed("K-1")


def test_a_read_that_is_not_locked_is_not_amended(study: Study) -> None:
    with pytest.raises(ProtocolViolation, match="not locked"):
        study.reader("R1").amend("K-1", "why")


def test_a_plan_edited_in_the_folder_does_not_count(study: Study) -> None:
    plan = study.store.folder / "plan.toml"
    assert not study.plan_file_differs
    plan.write_text(plan.read_text(encoding="utf-8").replace("R2", "R7"), encoding="utf-8")
    with open_study_folder(study.store.folder) as again:
        assert again.plan.readers == ("R1", "R2")
        assert again.plan_file_differs
