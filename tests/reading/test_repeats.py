"""Hidden repeats: which cases, where in the order, under which code, and when they are due."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.reading.conduct import Conduct, Repeats
from workstation.reading.order import (
    Presentation,
    case_order,
    effective_order,
    is_washed_out,
    reading_codes,
)
from workstation.reading.plan import StudyPlan
from workstation.reading.visibility import required_reads, unsealed_cases

shares = st.integers(1, 50).map(lambda percent: percent / 100)


def plan(cases: int, share: float, seed: int = 1, washout_days: int = 14) -> StudyPlan:
    codes = tuple(f"K-{number:04}" for number in range(cases))
    conduct = Conduct(repeats=Repeats(share, washout_days))
    return StudyPlan("s", "S", 1, codes, ("R1", "R2"), (("recht", "1.0"),), seed=seed, conduct=conduct)


@pytest.mark.parametrize(
    ("share", "cases", "count"),
    [(0.1, 30, 3), (0.1, 31, 4), (0.3, 10, 3), (0.15, 20, 3), (0.5, 1, 1), (0.0, 90, 0), (0.07, 100, 7)],
)
def test_the_share_is_rounded_up_and_never_by_a_binary_fraction(share: float, cases: int, count: int) -> None:
    assert Repeats(share).count(cases) == count


@given(st.integers(1, 60), shares, st.integers(0, 10**6))
def test_a_repeat_comes_after_its_first_reading_and_never_near_the_beginning(
    cases: int, share: float, seed: int
) -> None:
    one = plan(cases, share, seed)
    for reader in one.readers:
        order = case_order(one, reader)
        again = [shown for shown in order if shown.number == 2]
        assert len(again) == one.conduct.repeats.count(cases)
        assert Counter(shown.case for shown in order if shown.number == 1) == Counter(one.cases)
        for shown in again:
            first = order.index(Presentation(shown.case))
            assert first < math.ceil(cases / 2)
            assert order.index(shown) - first >= max(1, cases // 4)


def test_repeats_are_mixed_with_new_cases_and_differ_between_readers() -> None:
    one = plan(100, 0.2)
    late = case_order(one, "R1")[75:]
    assert {shown.number for shown in late[:20]} == {shown.number for shown in late[-20:]} == {1, 2}
    repeated = [{s.case for s in case_order(one, reader) if s.number == 2} for reader in one.readers]
    assert repeated[0] != repeated[1]
    firsts = [s.case for s in case_order(one, "R1") if s.number == 1 and s.case in repeated[0]]
    assert firsts != [s.case for s in case_order(one, "R1") if s.number == 2], "in a new order"


@given(st.integers(1, 60), shares, st.integers(0, 10**6))
def test_every_presentation_has_a_code_that_tells_nothing(cases: int, share: float, seed: int) -> None:
    one = plan(cases, share, seed)
    codes = [reading_codes(one, reader) for reader in one.readers]
    for found, reader in zip(codes, one.readers, strict=True):
        assert set(found) == set(case_order(one, reader))
        assert len(set(found.values())) == len(found)
        assert not set(found.values()) & set(one.cases)
        assert len({len(code) for code in found.values()}) == 1
        assert found == reading_codes(plan(cases, share, seed), reader)
    shared = set(codes[0]) & set(codes[1])
    assert sum(codes[0][shown] == codes[1][shown] for shown in shared) <= 1


def test_a_code_that_is_a_case_of_the_study_is_never_given() -> None:
    one = plan(20, 0.5)
    codes = set(reading_codes(one, "R1").values())
    unlucky = StudyPlan(
        "s", "S", 1, (*sorted(codes)[:10], *one.cases), ("R1", "R2"), one.instruments, conduct=one.conduct
    )
    assert not set(reading_codes(unlucky, "R1").values()) & set(unlucky.cases)


def test_without_repeats_a_case_keeps_its_own_code() -> None:
    codes = reading_codes(plan(5, 0.0), "R1")
    assert all(code == shown.case for shown, code in codes.items())


@given(st.integers(2, 40), shares, st.integers(0, 10**6), st.data())
def test_a_worklist_never_shows_a_repeat_that_must_wait_nor_moves_what_was_begun(
    cases: int, share: float, seed: int, data: st.DataObject
) -> None:
    order = case_order(plan(cases, share, seed), "R1")
    waiting = {shown for shown in order if shown.number == 2}
    begun: list[Presentation] = []
    for _ in range(data.draw(st.integers(0, len(order)))):
        if waiting and data.draw(st.booleans()):
            waiting.discard(data.draw(st.sampled_from(sorted(waiting, key=str))))
        shown = effective_order(order, begun, waiting)
        assert not waiting & set(shown)
        assert shown[: len(begun)] == tuple(begun)
        assert len(set(shown)) == len(shown) == len(order) - len(waiting)
        rest = shown[len(begun) :]
        if rest:
            begun.append(data.draw(st.sampled_from(rest)))


def test_wash_out_is_counted_from_the_last_lock_in_whole_days() -> None:
    one = plan(4, 0.5, washout_days=14)
    locked = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def due(after: timedelta) -> bool:
        return is_washed_out(one, locked.isoformat(), (locked + after).isoformat())

    assert not due(timedelta(days=13, hours=23, minutes=59))
    assert due(timedelta(days=14))
    assert not due(timedelta(days=-400)), "a clock set back"
    assert not is_washed_out(one, None, locked.isoformat())
    summer = "2026-03-15T14:00:00+02:00"
    assert is_washed_out(one, locked.isoformat(), summer), "the same moment told in another zone"


def test_a_clock_before_the_lock_makes_nothing_due_even_without_a_wash_out() -> None:
    one = plan(4, 0.5, washout_days=0)
    assert is_washed_out(one, "2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00+00:00")
    assert not is_washed_out(one, "2026-03-01T12:00:00+00:00", "2026-03-01T11:59:59+00:00")


def test_nothing_is_compared_while_a_repeat_is_outstanding() -> None:
    one = plan(4, 0.25)
    needed = required_reads(one)
    assert len(needed) == 2 * 5
    repeats = {read for read in needed if read[2] == 2}
    assert unsealed_cases(one, needed - repeats) == frozenset()
    assert unsealed_cases(one, needed) == frozenset(one.cases)
