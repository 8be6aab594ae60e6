"""A score sheet: unread, not assessable and grade 0 are three different things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ResourceError
from workstation.scoring.instrument import Instrument, instrument
from workstation.scoring.sheet import Answer, AnswerState, ScoreSheet, number_text

RECHT = instrument("recht")
WORMS = instrument("worms-marrow")
R1 = (1, 0, 1, 0, 3, 0, 1, 0, 1, 2, 1, 0, 0, 0, 1)
R2 = (1, 0, 0, 0, 2, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1)


def filled(form: Instrument, grades: tuple[int, ...]) -> ScoreSheet:
    sheet = ScoreSheet.empty(form)
    for item, grade in zip(form.items, grades, strict=True):
        sheet = sheet.with_answer(Answer.scored(item.id, grade))
    return sheet


def test_worms_items_come_in_the_order_of_the_paper() -> None:
    order = "MP LP MFa LFa MFc LFc MFp LFp MTa MTc MTp LTa LTc LTp S"
    assert [item.id for item in WORMS.items] == order.split()


def test_recht_regions_points_and_sums() -> None:
    first = filled(RECHT, (3, 2, 4, 1, 3, 1))
    assert [first.points(item.id) for item in RECHT.items] == [4, 3, 5, 2, 4, 2]
    assert first.totals()["total"].value == 20
    assert filled(RECHT, (2, 2, 4, 2, 4, 1)).totals()["total"].value == 21
    assert filled(RECHT, (0,) * 6).totals()["total"].value == 6
    assert filled(RECHT, (4,) * 6).totals()["total"].value == 30


def test_recht_levels_are_entered_as_grades_and_labelled_in_roman() -> None:
    levels = RECHT.item("patella").levels
    assert [(one.key, one.label, one.points) for one in levels] == [
        ("0", "0", 1), ("1", "I", 2), ("2", "II", 3), ("3", "III", 4), ("4", "IV", 5),
    ]  # fmt: skip


def test_worms_sums_by_compartment() -> None:
    totals = filled(WORMS, R1).totals()
    assert {name: total.value for name, total in totals.items()} == {
        "total": 11, "MFTJ": 8, "LFTJ": 0, "PFJ": 2, "spines": 1,
    }  # fmt: skip
    assert filled(WORMS, R2).totals()["total"].value == 11
    assert filled(WORMS, (3,) * 15).totals()["total"].value == 45
    assert filled(WORMS, (0,) * 15).totals()["total"].value == 0


def test_a_region_that_is_not_assessable_makes_the_total_partial() -> None:
    sheet = filled(WORMS, R1).with_answer(Answer.not_assessable("LTp"))
    assert sheet.is_complete
    total = sheet.totals()["total"]
    assert (total.value, total.partial, total.text) == (11, True, "11 (14 of 15)")
    assert sheet.totals()["MFTJ"].text == "8"


def test_nothing_read_has_no_total_and_is_not_zero() -> None:
    sheet = ScoreSheet.empty(WORMS)
    assert sheet.totals()["total"].value is None
    assert sheet.totals()["total"].text == "–"
    assert not sheet.is_complete
    assert sheet.answer("S").state is AnswerState.UNREAD


def test_a_sheet_is_never_changed_in_place() -> None:
    empty = ScoreSheet.empty(WORMS)
    empty.with_answer(Answer.scored("S", 3))
    assert empty.answered == 0


def test_next_unanswered_goes_round_once() -> None:
    sheet = ScoreSheet.empty(RECHT)
    assert sheet.next_unanswered() == "patella"
    assert sheet.next_unanswered("LTP") == "patella"
    for item in ("patella", "MFC"):
        sheet = sheet.with_answer(Answer.scored(item, 0))
    assert sheet.next_unanswered("patella") == "trochlea"
    assert sheet.next_unanswered("LTP") == "trochlea"
    assert filled(RECHT, (0,) * 6).next_unanswered("MFC") is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer.scored("MFc", 4), "no grade 4"),
        (Answer.scored("MFc", -1), "no grade -1"),
        (Answer.scored("head", 1), "no item head"),
    ],
)
def test_answers_the_form_does_not_know_are_refused(answer: Answer, words: str) -> None:
    with pytest.raises(ResourceError, match=words):
        ScoreSheet.empty(WORMS).with_answer(answer)


@pytest.mark.parametrize("state", [AnswerState.UNREAD, AnswerState.NOT_ASSESSABLE])
def test_only_a_scored_answer_has_a_grade(state: AnswerState) -> None:
    with pytest.raises(ResourceError):
        Answer("MFc", state, 1)
    with pytest.raises(ResourceError):
        Answer("MFc", AnswerState.SCORED, None)


@given(st.lists(st.sampled_from([None, 0, 1, 2, 3]), min_size=15, max_size=15))
def test_the_sum_counts_only_grades(grades: list[int | None]) -> None:
    sheet = ScoreSheet.empty(WORMS)
    for item, grade in zip(WORMS.items, grades, strict=True):
        answer = Answer.not_assessable(item.id) if grade is None else Answer.scored(item.id, grade)
        sheet = sheet.with_answer(answer)
    given_grades = [grade for grade in grades if grade is not None]
    total = sheet.totals()["total"]
    assert total.value == (sum(given_grades) if given_grades else None)
    assert total.partial == (len(given_grades) < 15)
    assert total.answered == len(given_grades)


@pytest.mark.parametrize(("value", "text"), [(11.0, "11"), (3.5, "3.5"), (0.0, "0"), (20.5, "20.5")])
def test_numbers_are_printed_whole_or_as_they_are(value: float, text: str) -> None:
    assert number_text(value) == text
