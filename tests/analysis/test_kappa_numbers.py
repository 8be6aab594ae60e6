"""Agreement of grades: published and worked numbers, degenerate tables, independent oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workstation.analysis.gwet import fleiss_kappa, gwet_ac
from workstation.analysis.kappa import (
    Weights,
    cohen_kappa,
    contingency,
    exact_agreement,
    pabak,
    weighted_kappa,
    within_one_agreement,
)
from workstation.analysis.krippendorff import krippendorff_alpha

GRADES = (0.0, 1.0, 2.0, 3.0)


def from_table(table: list[list[int]]) -> tuple[list[float], list[float]]:
    x: list[float] = []
    y: list[float] = []
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            x += [float(i)] * count
            y += [float(j)] * count
    return x, y


def both(x: list[float], y: list[float]) -> np.ndarray:
    return np.array([x, y], dtype=float).T


SKEWED = from_table([[11, 1, 0, 0], [1, 2, 1, 0], [0, 0, 2, 1], [0, 0, 0, 1]])
WORMS = (
    [1, 0, 1, 0, 3, 0, 1, 0, 1, 2, 1, 0, 0, 0, 1],
    [1, 0, 0, 0, 2, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1],
)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (*SKEWED, (0.656652, 0.793814, 0.896104, 0.751938, 0.878327, 0.949527)),
        (*WORMS, (0.565217, 0.687500, 0.817073, 0.664804, 0.830028, 0.927624)),
    ],
)
def test_worked_tables(x: list[float], y: list[float], expected: tuple[float, ...]) -> None:
    found = [cohen_kappa(x, y, GRADES, weights).value for weights in Weights]
    found += [gwet_ac(both(x, y), GRADES, weights).value for weights in Weights]
    assert found == pytest.approx(expected, abs=5e-7)


def test_skewed_table_other_statistics() -> None:
    x, y = SKEWED
    assert exact_agreement(x, y, GRADES).value == pytest.approx(0.80)
    assert within_one_agreement(x, y, GRADES).value == 1.0
    assert pabak(x, y, GRADES).value == pytest.approx(0.733333, abs=5e-7)
    found = [krippendorff_alpha(both(x, y), GRADES, m).value for m in ("nominal", "ordinal", "interval")]
    assert found == pytest.approx([0.664516, 0.871887, 0.898438], abs=5e-7)


def test_worms_page_exact_and_within_one() -> None:
    assert exact_agreement(*WORMS, GRADES).value == pytest.approx(0.7333, abs=5e-5)
    assert within_one_agreement(*WORMS, GRADES).value == 1.0
    assert sum(WORMS[0]) == sum(WORMS[1]) == 11  # the totals agree, four regions do not
    assert int(np.trace(contingency(*WORMS, GRADES))) == 11


@pytest.mark.parametrize(
    ("table", "exact", "kappa", "ac1", "prevalence_adjusted"),
    [
        ([[7, 1], [1, 11]], 0.90, 0.791667, 0.807692, 0.80),
        ([[92, 3], [4, 1]], 0.93, 0.186047, 0.923418, 0.86),
    ],
)
def test_binary_paradox(
    table: list[list[int]], exact: float, kappa: float, ac1: float, prevalence_adjusted: float
) -> None:
    x, y = from_table(table)
    assert exact_agreement(x, y, (0, 1)).value == pytest.approx(exact)
    assert cohen_kappa(x, y, (0, 1)).value == pytest.approx(kappa, abs=5e-7)
    assert gwet_ac(both(x, y), (0, 1)).value == pytest.approx(ac1, abs=5e-7)
    assert pabak(x, y, (0, 1)).value == pytest.approx(prevalence_adjusted)


def test_published_two_by_two() -> None:
    x, y = from_table([[130, 56], [9, 5]])
    assert exact_agreement(x, y, (0, 1)).value == pytest.approx(0.675)
    assert cohen_kappa(x, y, (0, 1)).value == pytest.approx(0.022, abs=5e-4)
    assert gwet_ac(both(x, y), (0, 1)).value == pytest.approx(0.532584, abs=5e-7)


def test_a_grade_that_nobody_gave_keeps_its_distance() -> None:
    x, y = [0, 0, 0, 3, 3, 1, 0, 3], [0, 0, 1, 3, 1, 1, 0, 3]
    assert weighted_kappa(x, y, GRADES, "linear").value == pytest.approx(0.727273, abs=5e-7)
    assert weighted_kappa(x, y, GRADES, "quadratic").value == pytest.approx(0.811321, abs=5e-7)
    assert weighted_kappa(x, y, (0, 1, 3), "linear").value == pytest.approx(0.733333, abs=5e-7)


def test_all_zero_is_said_and_never_a_number() -> None:
    zeros = [0.0] * 12
    for weights in Weights:
        kappa = cohen_kappa(zeros, zeros, GRADES, weights)
        assert kappa.value is None and kappa.n == 12
        assert "all grades are the same" in kappa.reason
        assert kappa.text() == "n/a"
        assert gwet_ac(both(zeros, zeros), GRADES, weights).value == 1.0
    assert exact_agreement(zeros, zeros, GRADES).value == 1.0
    assert krippendorff_alpha(both(zeros, zeros), GRADES).value is None


def test_no_pairs_and_one_grade_are_said() -> None:
    nan = math.nan
    assert "no case" in cohen_kappa([], [], GRADES).reason
    assert "no case" in weighted_kappa([0, nan], [nan, 1], GRADES).reason
    assert "no case" in gwet_ac([[0, nan], [nan, 1]], GRADES).reason
    assert "no case" in krippendorff_alpha([[0, nan], [nan, 1]], GRADES).reason
    assert pabak([0], [0], (0,)).value is None
    assert gwet_ac([[0, 0]], (0,)).value is None


def test_missing_ratings_leave_the_pair_out() -> None:
    x, y = [*SKEWED[0], math.nan, 2], [*SKEWED[1], 1, math.nan]
    kappa = weighted_kappa(x, y, GRADES)
    assert kappa.value == pytest.approx(0.896104, abs=5e-7) and kappa.n == 20


def test_a_grade_outside_the_scale_is_not_counted_in_silence() -> None:
    with pytest.raises(ValueError, match="not among"):
        cohen_kappa([0, 4], [0, 1], GRADES)


def test_unequal_categories_by_rank() -> None:
    cartilage = (0, 1, 2, 2.5, 3, 4, 5, 6)
    x, y = [0, 2, 2.5, 6, 3], [0, 2.5, 2.5, 5, 3]
    as_ranks = [[0, 2, 3, 7, 4], [0, 3, 3, 6, 4]]
    assert weighted_kappa(x, y, cartilage).value == weighted_kappa(*as_ranks, tuple(range(8))).value


GRADE_PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)


@settings(max_examples=80)
@given(GRADE_PAIRS)
def test_cohen_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    x, y = [p[0] for p in pairs], [p[1] for p in pairs]
    assume(len(set(x) | set(y)) > 1)
    for weights, theirs in (
        (Weights.UNWEIGHTED, None),
        (Weights.LINEAR, "linear"),
        (Weights.QUADRATIC, "quadratic"),
    ):
        expected = metrics.cohen_kappa_score(x, y, labels=[0, 1, 2, 3], weights=theirs)
        assert cohen_kappa(x, y, GRADES, weights).value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=80)
@given(
    st.lists(
        st.lists(st.integers(0, 3).map(float) | st.just(math.nan), min_size=3, max_size=3),
        min_size=3,
        max_size=20,
    )
)
def test_alpha_agrees_with_krippendorff_package(ratings: list[list[float]]) -> None:
    package = pytest.importorskip("krippendorff")
    table = np.array(ratings)
    pairable = table[np.isfinite(table).sum(axis=1) > 1]
    assume(len(pairable) and len(set(pairable[np.isfinite(pairable)].tolist())) > 1)
    for metric in ("nominal", "ordinal", "interval"):
        expected = package.alpha(
            reliability_data=table.T, value_domain=list(GRADES), level_of_measurement=metric
        )
        assert krippendorff_alpha(table, GRADES, metric).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60)
@given(GRADE_PAIRS)
def test_swapping_the_readers_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    x, y = [float(p[0]) for p in pairs], [float(p[1]) for p in pairs]
    one, other = weighted_kappa(x, y, GRADES), weighted_kappa(y, x, GRADES)
    assert one.reason == other.reason
    if one.value is not None and other.value is not None:
        assert one.value == pytest.approx(other.value)
        assert one.value <= 1 + 1e-12


def test_gwet_example_of_four_raters_with_missing_ratings() -> None:
    # Gwet's worked example (12 subjects, 4 raters, 5 categories; also in Krippendorff 2011).
    nan = math.nan
    data = [
        [1, 1, nan, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
        [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [nan, 5, 5, 5], [nan, nan, 1, 1], [nan, nan, 3, nan],
    ]  # fmt: skip
    categories = (1, 2, 3, 4, 5)
    assert gwet_ac(data, categories).value == pytest.approx(0.77544, abs=5e-6)
    assert fleiss_kappa(data, categories).value == pytest.approx(0.76117, abs=5e-6)
    assert krippendorff_alpha(data, categories, "nominal").value == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(data, categories, "ordinal").value == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(data, categories, "interval").value == pytest.approx(0.849, abs=5e-4)
