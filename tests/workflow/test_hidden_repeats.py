"""A study with hidden repeats: a reader never learns which case comes again, and the wash-out holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, WorkstationError
from workstation.reading.order import Presentation, reading_codes
from workstation.reading.visibility import Role, Viewer
from workstation.workflow.agree import agreement_of_rows
from workstation.workflow.read_case import OpenRead, Study, create_study
from workstation.workflow.reads_csv import reads_rows, record_answers
from workstation.workflow.verify_study import verify_study

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3", "K-4"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "mean"
[repeats]
share = 0.5
washout_days = 14
"""


class Clock:
    """A clock that a test can set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat(timespec="microseconds")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for room in ("workflow.open_read", "workflow.reader_desk"):
        monkeypatch.setattr(f"workstation.{room}.utc_now", clock)
    return clock


@pytest.fixture
def study(tmp_path: Path, clock: Clock) -> Iterator[Study]:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as made:
        yield made


def read(study: Study, reader: str, code: str, grade: int = 1) -> OpenRead:
    opened = study.reader(reader).open_read(code)
    for item in opened.sheet().instrument.items:
        opened.answer(item.id, grade)
    opened.lock(reader)
    return opened


def read_listed(study: Study, reader: str, grade: int = 1) -> None:
    for entry in study.reader(reader).worklist():
        if entry.state != "locked":
            read(study, reader, entry.code, grade)


def test_a_repeat_is_not_listed_before_its_wash_out_and_then_looks_like_any_case(
    study: Study, clock: Clock
) -> None:
    desk = study.reader("R1")
    codes = reading_codes(study.plan, "R1")
    repeats = [code for shown, code in codes.items() if shown.number == 2]
    assert len(repeats) == 2
    assert len(desk.worklist()) == 4
    assert {entry.total for entry in desk.worklist()} == {6}
    read_listed(study, "R1")
    for code in repeats:
        with pytest.raises(ProtocolViolation, match="your worklist has no case"):
            desk.open_read(code)
    waiting = desk.still_to_come()
    assert waiting is not None
    assert waiting.cases == 2
    assert waiting.due is not None
    assert timedelta(days=13, hours=23) < waiting.due - START < timedelta(days=14, hours=1)
    assert desk.next_case() is None
    clock.now = START + timedelta(days=13, hours=23)
    assert len(desk.worklist()) == 4
    clock.now = START + timedelta(days=15)
    assert [entry.code for entry in desk.worklist()][4:] == [
        code for code in [codes[s] for s in study.store.order("R1")] if code in repeats
    ]
    assert desk.still_to_come() is None
    again = desk.open_read(repeats[0])
    assert again.session.content.is_untouched, "no saved answer"
    assert again.view_state is None
    assert again.marks == {}
    assert again.case.code == repeats[0]
    assert again.case.place in ("5 of 6", "6 of 6")


def test_nothing_that_a_reader_gets_names_the_case_or_its_number(study: Study, clock: Clock) -> None:
    read_listed(study, "R1")
    clock.now = START + timedelta(days=20)
    desk = study.reader("R1")
    rows = study.status(Viewer(Role.READER, "R1"))
    said = [repr(desk.worklist()), repr(rows), repr(desk.still_to_come())]
    repeat = next(entry.code for entry in desk.worklist() if entry.state != "locked")
    opened = desk.open_read(repeat)
    said.append(repr(opened.case))
    for refused in (
        lambda: opened.lock("R1"),
        lambda: opened.lock("R2"),
        lambda: desk.amend(repeat, "reason"),
        lambda: desk.open_read(desk.worklist()[0].code),
        lambda: desk.amend(desk.worklist()[0].code, " "),
    ):
        with pytest.raises(WorkstationError) as caught:
            refused()
        said.append(caught.value.sentence)
    other = desk.open_read(repeat)
    other.answer("patella", 2)
    with pytest.raises(WorkstationError) as caught:
        opened.answer("patella", 3)
    said.append(caught.value.sentence)
    exported = reads_rows(study, Viewer(Role.READER, "R1"))
    assert len(exported) == 4 * 6
    said.append(repr(exported))
    for text in said:
        assert "K-" not in text
    assert {row.repeat for row in exported} == {0}
    assert {row.presentation for row in rows} == {1}


def test_an_earlier_read_stays_closed_until_everything_is_read(study: Study, clock: Clock) -> None:
    first = study.reader("R1").worklist()[0].code
    read(study, "R1", first)
    with pytest.raises(ProtocolViolation, match="earlier reads stay closed"):
        study.reader("R1").open_read(first)
    read_listed(study, "R1")
    clock.now = START + timedelta(days=20)
    read_listed(study, "R1")
    assert study.reader("R1").open_read(first).is_locked


def test_an_amendment_of_the_first_reading_begins_the_wash_out_anew(study: Study, clock: Clock) -> None:
    read_listed(study, "R1")
    codes = reading_codes(study.plan, "R1")
    case = next(shown.case for shown in codes if shown.number == 2)
    clock.now = START + timedelta(days=13)
    amended = study.reader("R1").amend(codes[Presentation(case)], "typed into the wrong row")
    clock.now = START + timedelta(days=30)
    listed = [entry.code for entry in study.reader("R1").worklist()]
    assert codes[Presentation(case, 2)] not in listed, "an open amendment keeps the repeat back"
    amended.lock("R1")
    clock.now = START + timedelta(days=43)
    assert codes[Presentation(case, 2)] not in [entry.code for entry in study.reader("R1").worklist()]
    clock.now = START + timedelta(days=45)
    assert codes[Presentation(case, 2)] in [entry.code for entry in study.reader("R1").worklist()]


def test_nothing_opens_before_the_last_repeat_and_agreement_within_readers_is_given(
    study: Study, clock: Clock
) -> None:
    for reader in ("R1", "R2"):
        read_listed(study, reader)
    clock.now = START + timedelta(days=20)
    read_listed(study, "R1", grade=2)
    assert study.ready_cases() == ()
    assert reads_rows(study) == ()
    read_listed(study, "R2", grade=1)
    assert study.ready_cases() == study.plan.cases
    rows = reads_rows(study)
    assert {row.case for row in rows} == set(study.plan.cases)
    assert sum(row.repeat for row in rows) == 2 * 2 * 6
    report = agreement_of_rows(rows)
    within = {part.comparison: part for part in report.parts if part.comparison.startswith("repeated")}
    assert set(within) == {"repeated readings of R1", "repeated readings of R2"}
    assert within["repeated readings of R1"].cases == 2
    assert within["repeated readings of R1"].pooled.statistics["exact"].value == 0
    assert within["repeated readings of R2"].pooled.statistics["exact"].value == 1
    assert verify_study(study).is_intact


def test_answers_come_in_under_the_codes_that_the_reader_was_given(study: Study, tmp_path: Path) -> None:
    code = study.reader("R1").worklist()[0].code
    table = tmp_path / "answers.csv"
    items = [item.id for item in study.instruments[0].items]
    table.write_text("case,item,value\n" + "".join(f"{code},{item},2\n" for item in items))
    done = record_answers(study, "R1", table, lock=True)
    assert done.cases == (code,)
    table.write_text("case,item,value\nK-1,patella,2\n")
    with pytest.raises(WorkstationError, match="your worklist has no case"):
        record_answers(study, "R1", table)


def test_a_begun_case_keeps_its_place_when_others_become_due(study: Study, clock: Clock) -> None:
    desk = study.reader("R1")
    listed = [entry.code for entry in desk.worklist()]
    read(study, "R1", listed[2])
    opened = desk.open_read(listed[1])
    opened.answer("patella", 1)
    clock.now = START + timedelta(days=20)
    now = [entry.code for entry in desk.worklist()]
    assert now[:2] == [listed[2], listed[1]]
    assert set(listed) <= set(now)
