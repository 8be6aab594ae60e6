"""Each reader meets the cases in an own order that anyone with the plan can repeat."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ProtocolViolation
from workstation.reading.order import Presentation, case_order, shown_as
from workstation.reading.plan import StudyPlan


def plan(cases: int, seed: int = 1, readers: tuple[str, ...] = ("R1", "R2")) -> StudyPlan:
    codes = tuple(f"K-{number}" for number in range(cases))
    return StudyPlan("study", "Study", 1, codes, readers, (("recht", "1.0"),), seed=seed)


@given(st.integers(1, 40), st.integers(-(2**63), 2**63 - 1))
def test_an_order_holds_every_case_once_and_can_be_repeated(cases: int, seed: int) -> None:
    one = plan(cases, seed)
    for reader in one.readers:
        order = case_order(one, reader)
        assert sorted(shown.case for shown in order) == sorted(one.cases)
        assert all(shown.number == 1 for shown in order)
        assert order == case_order(plan(cases, seed), reader)


@given(st.integers(2, 40), st.integers(0, 10**6))
def test_two_readers_never_share_an_order(cases: int, seed: int) -> None:
    one = plan(cases, seed)
    assert case_order(one, "R1") != case_order(one, "R2")


def test_one_case_has_one_order() -> None:
    assert case_order(plan(1), "R1") == case_order(plan(1), "R2") == (Presentation("K-0"),)


def test_the_order_stays_the_same_in_every_version_of_the_program() -> None:
    """Written down once: a running study must never be reshuffled by an update."""
    assert [shown.case for shown in case_order(plan(6, seed=42), "R1")] == [
        "K-1", "K-4", "K-2", "K-5", "K-3", "K-0",
    ]  # fmt: skip


def test_another_seed_gives_another_order() -> None:
    orders = {case_order(plan(12, seed), "R1") for seed in range(200)}
    assert len(orders) == 200


def test_every_case_comes_first_equally_often() -> None:
    first = Counter(case_order(plan(5, seed), "R1")[0].case for seed in range(2000))
    assert len(first) == 5
    assert all(320 < count < 480 for count in first.values()), first


def test_a_reader_whom_the_plan_does_not_name_has_no_order() -> None:
    with pytest.raises(ProtocolViolation, match="names no reader"):
        case_order(plan(3), "R3")


def test_x_and_y_are_shuffled_for_each_case() -> None:
    one = plan(60)
    shuffles = Counter(shown_as(one, case) for case in one.cases)
    assert set(shuffles) == {("R1", "R2"), ("R2", "R1")}
    assert min(shuffles.values()) > 15
