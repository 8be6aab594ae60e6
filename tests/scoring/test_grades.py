"""Percentage edges are decided on counts, not on what a screen would round to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import DataError
from workstation.scoring.grades import recht_grade_of_depth, worms_bml_grade


@pytest.mark.parametrize(
    ("lesion", "subregion", "grade"),
    [
        (0, 1000, 0),
        (1, 1000, 1),
        (249, 1000, 1),
        (2499, 10000, 1),
        (250, 1000, 2),
        (329, 1000, 2),
        (330, 1000, 2),
        (500, 1000, 2),
        (501, 1000, 3),
        (660, 1000, 3),
        (661, 1000, 3),
        (1000, 1000, 3),
        (1250, 5000, 2),
    ],
)
def test_worms_marrow_edges(lesion: int, subregion: int, grade: int) -> None:
    assert worms_bml_grade(lesion, subregion) == grade


def test_a_subregion_outside_the_images_is_not_assessable_rather_than_grade_0() -> None:
    assert worms_bml_grade(0, 0) is None


@pytest.mark.parametrize(("lesion", "subregion"), [(1, 0), (11, 10), (-1, 10), (0, -1)])
def test_impossible_counts_are_refused(lesion: int, subregion: int) -> None:
    with pytest.raises(DataError):
        worms_bml_grade(lesion, subregion)


@given(st.integers(1, 10**9), st.data())
def test_a_larger_lesion_never_has_a_lower_grade(subregion: int, data: st.DataObject) -> None:
    small = data.draw(st.integers(0, subregion))
    large = data.draw(st.integers(small, subregion))
    assert worms_bml_grade(small, subregion) <= worms_bml_grade(large, subregion)
    assert worms_bml_grade(small, subregion) == worms_bml_grade(small * 7, subregion * 7)


@pytest.mark.parametrize(
    ("depth", "grade"),
    [(0, 0), (499, 2), (500, 3), (501, 3), (999, 3), (1000, 4)],
)
def test_recht_depth_edges(depth: int, grade: int) -> None:
    assert recht_grade_of_depth(depth, 1000) == grade
    assert recht_grade_of_depth(Fraction(depth, 10), Fraction(100)) == grade


def test_the_grade_of_exactly_half_is_a_decision_that_can_be_changed() -> None:
    assert recht_grade_of_depth(1, 2, half_is=2) == 2


@pytest.mark.parametrize(("depth", "thickness"), [(1, 0), (3, 2), (-1, 2)])
def test_impossible_depth_is_refused(depth: int, thickness: int) -> None:
    with pytest.raises(DataError):
        recht_grade_of_depth(depth, thickness)
