"""Time per case and per item, with pauses left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.reading.journal import Entry, Kind
from workstation.reading.timing import IDLE_AFTER_S, read_times

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def journal(*steps: tuple[float, Kind, str]) -> list[Entry]:
    """Entries of (seconds since the one before, kind, item)."""
    entries, at = [], START
    for gap, kind, item in steps:
        at += timedelta(seconds=gap)
        payload = {"instrument": "recht", "item": item} if item else {}
        entries.append(Entry(kind, payload, at.isoformat()))
    return entries


def test_the_time_before_an_answer_belongs_to_its_item() -> None:
    times = read_times(
        journal(
            (0, Kind.OPENED, ""),
            (10, Kind.ANSWER, "MFC"),
            (5, Kind.ANSWER, "LFC"),
            (3, Kind.VIEW, ""),
            (4, Kind.ANSWER, "MFC"),
        )
    )
    assert times.case_s == pytest.approx(22)
    assert times.items == {("recht", "MFC"): pytest.approx(14), ("recht", "LFC"): pytest.approx(5)}
    assert times.pauses == 0


def test_a_pause_and_the_time_a_case_was_closed_count_for_nothing() -> None:
    times = read_times(
        journal(
            (0, Kind.OPENED, ""),
            (10, Kind.ANSWER, "MFC"),
            (IDLE_AFTER_S, Kind.ANSWER, "LFC"),
            (IDLE_AFTER_S + 0.1, Kind.ANSWER, "MTP"),
            (86_400, Kind.OPENED, ""),
            (7, Kind.ANSWER, "LTP"),
        )
    )
    assert times.case_s == pytest.approx(10 + IDLE_AFTER_S + 7)
    assert times.items["recht", "MTP"] == 0
    assert times.pauses == 1


def test_nothing_and_a_single_entry_take_no_time() -> None:
    assert read_times([]).case_s == 0
    assert read_times(journal((0, Kind.ANSWER, "MFC"))).case_s == 0


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.sampled_from(list(Kind)), st.sampled_from("ABC ")), max_size=40
    )
)
def test_time_is_never_negative_and_items_never_take_more_than_the_case(
    steps: list[tuple[float, Kind, str]],
) -> None:
    times = read_times(journal(*((gap, kind, item.strip()) for gap, kind, item in steps)))
    assert times.case_s >= 0
    assert all(seconds >= 0 for seconds in times.items.values())
    assert sum(times.items.values()) <= times.case_s + 1e-6
