"""Two sheets become one result: worst difference first, means unrounded, originals untouched."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.conduct import Triggers
from workstation.reading.plan import Resolution
from workstation.reading.reconcile import (
    Settlement,
    Source,
    compare,
    final_of,
    final_totals,
    require_settlement,
    settled,
    to_decide,
    triggers_of,
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


# median of three -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("three", "grade", "source"),
    [
        ((3, 2, 4), 3, Source.MEDIAN),
        ((0, 0, 4), 0, Source.MEDIAN),
        ((2, 2, 2), 2, Source.AGREED),
        ((2, None, 2), 2, Source.MEDIAN),
        ((2, None, 3), None, Source.MEDIAN),
        ((None, None, 3), None, Source.MEDIAN),
        ((None, None, None), None, Source.AGREED),
    ],
)
def test_the_middle_one_of_three_grades_counts(
    three: tuple[int | None, ...], grade: int | None, source: Source
) -> None:
    first, second, third = (filled(RECHT, (one, 0, 0, 0, 0, 0)) for one in three)
    pair = next(one for one in compare(first, second, 0, third) if one.item == "patella")
    final = final_of(pair, RECHT, Resolution.MEDIAN)
    assert (final.grade, final.source) == (grade, source)
    if grade is None:
        assert (final.points, final.state) == (None, AnswerState.NOT_ASSESSABLE)
    else:
        assert final.points == grade + 1


def test_the_distance_of_three_is_that_of_the_two_farthest() -> None:
    pairs = compare(
        filled(RECHT, (0, 1, 2, 2, 2, 2)), filled(RECHT, (1, 1, 2, 2, 2, 2)), 1, filled(RECHT, (3,) * 6)
    )
    assert (pairs[0].item, pairs[0].distance, pairs[0].differs) == ("patella", 3, True)


# adjudication --------------------------------------------------------------------------------------


def test_absent_against_present_brings_the_worked_example_before_the_adjudicator() -> None:
    """Two splits (MFa 1/0, LTc 0/1), no difference of two grades, equal totals."""
    found = triggers_of(filled(WORMS, W1), filled(WORMS, W2), Triggers())
    assert found == ("MFa: absent against present", "LTc: absent against present")
    assert triggers_of(filled(WORMS, W1), filled(WORMS, W2), Triggers(absent_present=False, total=0)) == ()


def test_each_trigger_can_be_set_and_a_missing_score_is_always_one() -> None:
    one, two = filled(RECHT, (1, 1, 1, 1, 1, 1)), filled(RECHT, (3, 2, 1, 1, 1, 1))
    assert triggers_of(one, two, Triggers()) == ("patella: 2 grades apart",)
    assert triggers_of(one, two, Triggers(grades=3)) == ()
    assert triggers_of(one, two, Triggers(grades=0, absent_present=False)) == ()
    assert triggers_of(one, two, Triggers(grades=0, total=3)) == ()
    assert [why.split(": ")[1] for why in triggers_of(one, two, Triggers(grades=0, total=2.9))] == [
        "3 points apart"
    ]
    off = Triggers(grades=0, absent_present=False)
    assert triggers_of(one, filled(RECHT, (None, 1, 1, 1, 1, 1)), off) == (
        "patella: a score against not assessable",
    )
    both = filled(RECHT, (None, 1, 1, 1, 1, 1))
    assert triggers_of(both, both, Triggers(total=0)) == ()


def test_only_a_triggered_case_waits_for_the_adjudicator() -> None:
    pairs = compare(filled(WORMS, W1), filled(WORMS, W2), 0)
    rule = Resolution.ADJUDICATION
    waiting = [final_of(pair, WORMS, rule) for pair in pairs if pair.differs]
    assert {final.source for final in waiting} == {Source.OPEN}
    means = [final_of(pair, WORMS, rule, is_triggered=False) for pair in pairs if pair.differs]
    assert {final.source for final in means} == {Source.MEAN}
    decided = settled(pairs, [Settlement("worms-marrow", "MFc", 3, "extent", "A1", "t")])
    final = next(final_of(pair, WORMS, rule) for pair in decided if pair.item == "MFc")
    assert (final.source, final.grade, final.points) == (Source.ADJUDICATED, 3, 3)


def test_what_brings_a_case_before_the_adjudicator_is_decided_whatever_the_tolerance() -> None:
    one, two = filled(WORMS, W1), filled(WORMS, W2)
    pairs = compare(one, two, 1)
    assert not [pair for pair in pairs if pair.differs], "all four differ by one grade"
    decided = to_decide(pairs, one, two, Triggers())
    assert {pair.item for pair in decided if pair.differs} == {"MFa", "LTc"}
    assert to_decide(pairs, one, two, Triggers(absent_present=False, total=0)) == pairs
    low, high = filled(WORMS, (1,) * 15), filled(WORMS, (2,) * 14 + (1,))
    by_total = to_decide(compare(low, high, 1), low, high, Triggers(total=10))
    assert sum(pair.differs for pair in by_total) == 14


@given(grades, grades, grades)
def test_the_median_does_not_depend_on_who_is_x(
    one: tuple[int | None, ...], two: tuple[int | None, ...], other: tuple[int | None, ...]
) -> None:
    three = (one, two, other)
    first, second, third = (filled(RECHT, grades) for grades in three)
    results = {
        tuple(
            final_of(pair, RECHT, Resolution.MEDIAN)
            for pair in sorted(compare(a, b, 0, c), key=lambda one: one.item)
        )
        for a, b, c in permutations((first, second, third))
    }
    assert len(results) == 1
    for final in next(iter(results)):
        given_grades = [some[[item.id for item in RECHT.items].index(final.item)] for some in three]
        assert final.grade in given_grades, "a median of three is always one of them"
