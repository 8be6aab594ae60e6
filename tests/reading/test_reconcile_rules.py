"""Two sheets become one result: worst difference first, means unrounded, originals untouched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.plan import Resolution
from workstation.reading.reconcile import (
    Settlement,
    Source,
    compare,
    final_of,
    final_totals,
    require_settlement,
    settled,
)
from workstation.scoring.instrument import Instrument, instrument
from workstation.scoring.sheet import Answer, AnswerState, ScoreSheet

RECHT, WORMS = instrument("recht"), instrument("worms-marrow")
W1 = (1, 0, 1, 0, 3, 0, 1, 0, 1, 2, 1, 0, 0, 0, 1)
W2 = (1, 0, 0, 0, 2, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1)


def filled(form: Instrument, grades: tuple[int | None, ...]) -> ScoreSheet:
    sheet = ScoreSheet.empty(form)
    for item, grade in zip(form.items, grades, strict=True):
        answer = Answer.not_assessable(item.id) if grade is None else Answer.scored(item.id, grade)
        sheet = sheet.with_answer(answer)
    return sheet


def test_recht_means_of_two_readers() -> None:
    pairs = compare(filled(RECHT, (3, 2, 4, 1, 3, 1)), filled(RECHT, (2, 2, 4, 2, 4, 1)), 0)
    finals = {pair.item: final_of(pair, RECHT, Resolution.MEAN) for pair in pairs}
    means = [finals[item.id].points for item in RECHT.items]
    assert means == [3.5, 3, 5, 2.5, 4.5, 2]
    total = final_totals(finals.values(), RECHT)["total"]
    assert (total.value, total.partial) == (20.5, False)
    assert finals["patella"].grade is None, "3.5 is a number and no grade"
    assert finals["trochlea"].grade == 2
    assert finals["trochlea"].source is Source.AGREED


def test_worms_regions_differ_although_the_totals_agree() -> None:
    first, second = filled(WORMS, W1), filled(WORMS, W2)
    assert first.totals()["total"].value == second.totals()["total"].value == 11
    pairs = compare(first, second, 0)
    assert {pair.item for pair in pairs if pair.differs} == {"MFa", "MFc", "MTc", "LTc"}
    assert sum(pair.distance == 0 for pair in pairs) == 11
    assert max(pair.distance or 0 for pair in pairs) == 1
    finals = [final_of(pair, WORMS, Resolution.MEAN) for pair in pairs]
    assert final_totals(finals, WORMS)["total"].value == 11.0
    assert next(one for one in finals if one.item == "MFc").points == 2.5


def test_a_score_against_not_assessable_is_the_worst_difference_and_has_no_mean() -> None:
    first = filled(WORMS, (*W1[:13], None, 1))
    pairs = compare(first, filled(WORMS, W2), 0)
    assert pairs[0].item == "LTp"
    assert pairs[0].distance is None
    finals = [final_of(pair, WORMS, Resolution.MEAN) for pair in pairs]
    assert finals[0].points is None
    assert finals[0].state is AnswerState.NOT_ASSESSABLE
    assert finals[0].reason
    total = final_totals(finals, WORMS)["total"]
    assert (total.value, total.text) == (None, "–"), "no mean of a partial total without an explicit rule"
    assert (total.answered, total.of) == (14, 15)


def test_not_assessable_for_both_is_agreement() -> None:
    grades = (None, *W1[1:])
    pair = next(one for one in compare(filled(WORMS, grades), filled(WORMS, grades), 0) if one.item == "MP")
    assert not pair.differs
    final = final_of(pair, WORMS, Resolution.CONSENSUS)
    assert (final.source, final.state) == (Source.AGREED, AnswerState.NOT_ASSESSABLE)


def test_the_worst_difference_comes_first_and_the_tolerance_is_kept() -> None:
    pairs = compare(filled(RECHT, (0, 1, 4, 0, 0, 2)), filled(RECHT, (1, 3, 0, 0, 1, 2)), 1)
    assert [(pair.item, pair.differs) for pair in pairs] == [
        ("MFC", True), ("trochlea", True), ("patella", False), ("LFC", False), ("MTP", False), ("LTP", False),
    ]  # fmt: skip


def test_a_consensus_waits_until_it_is_settled_and_keeps_its_reason() -> None:
    pairs = compare(filled(WORMS, W1), filled(WORMS, W2), 0)
    waiting = next(pair for pair in pairs if pair.item == "MFc")
    assert final_of(waiting, WORMS, Resolution.CONSENSUS).source is Source.OPEN
    settlements = [
        Settlement("worms-marrow", "MFc", 2, "first thought", "R1 and R2", "t1"),
        Settlement("worms-marrow", "MFc", 3, "cyst excluded", "R1 and R2", "t2"),
    ]
    done = next(pair for pair in settled(pairs, settlements) if pair.item == "MFc")
    final = final_of(done, WORMS, Resolution.CONSENSUS)
    assert (final.grade, final.points, final.reason) == (3, 3, "cyst excluded")
    assert (done.x.grade, done.y.grade) == (3, 2), "the originals stay"


def test_within_the_tolerance_a_consensus_study_takes_the_mean() -> None:
    pairs = compare(filled(WORMS, W1), filled(WORMS, W2), 1)
    final = next(final_of(pair, WORMS, Resolution.CONSENSUS) for pair in pairs if pair.item == "MFc")
    assert (final.source, final.points, final.grade) == (Source.MEAN, 2.5, None)


def test_unread_items_are_never_compared() -> None:
    with pytest.raises(ProtocolViolation):
        compare(ScoreSheet.empty(RECHT), filled(RECHT, (0,) * 6), 0)


@pytest.mark.parametrize(
    ("item", "grade", "reason", "error"),
    [("MFC", 5, "why", ResourceError), ("Z", 1, "why", ResourceError), ("MFC", 1, "  ", ProtocolViolation)],
)
def test_a_settlement_needs_an_item_a_grade_and_a_reason(
    item: str, grade: int, reason: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        require_settlement(RECHT, item, grade, reason)


grades = st.lists(st.sampled_from([None, 0, 1, 2, 3, 4]), min_size=6, max_size=6).map(tuple)


@given(grades, grades, st.integers(0, 4))
def test_the_mean_does_not_depend_on_who_is_x(
    one: tuple[int | None, ...], two: tuple[int | None, ...], tolerance: int
) -> None:
    first, second = filled(RECHT, one), filled(RECHT, two)
    there, back = compare(first, second, tolerance), compare(second, first, tolerance)
    assert [pair.item for pair in there] == [pair.item for pair in back]
    finals = [final_of(pair, RECHT, Resolution.MEAN) for pair in there]
    assert finals == [final_of(pair, RECHT, Resolution.MEAN) for pair in back]
    total = final_totals(finals, RECHT)["total"]
    if None not in one and None not in two:
        sums = first.totals()["total"].value, second.totals()["total"].value
        assert total.value == sum(value or 0 for value in sums) / 2
