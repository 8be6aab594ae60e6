"""ICC by name, Bland–Altman and detectable change: published and worked numbers, pingouin as oracle."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from workstation.analysis.bland_altman import bland_altman
from workstation.analysis.icc import IccForm, icc, mean_squares

SHROUT_FLEISS = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
R1 = [4, 7, 9, 10, 12, 13, 15, 16, 20, 24]
R2 = [5, 7, 10, 12, 12, 15, 14, 18, 21, 26]
KNEES = np.array([R1, R2], dtype=float).T


def test_mean_squares_of_shrout_and_fleiss() -> None:
    squares = mean_squares(SHROUT_FLEISS)
    found = (squares.rows, squares.columns, squares.error, squares.within)
    assert found == pytest.approx((11.2417, 32.4861, 1.0194, 6.2639), abs=5e-5)


@pytest.mark.parametrize(
    ("form", "expected"),
    [("1,1", 0.1657), ("2,1", 0.2898), ("3,1", 0.7148), ("1,k", 0.4428), ("2,k", 0.6201), ("3,k", 0.9093)],
)
def test_shrout_and_fleiss(form: str, expected: float) -> None:
    assert icc(SHROUT_FLEISS, form).value == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("2,1", 0.9742, 0.77, 0.99),
        ("3,1", 0.9855, None, None),
        ("2,k", 0.9869, 0.87, 1.00),
        ("3,k", 0.9927, None, None),
    ],
)
def test_ten_knees(form: str, value: float, low: float | None, high: float | None) -> None:
    found = icc(KNEES, form)
    assert found.value == pytest.approx(value, abs=5e-5)
    if low is not None:
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-3)
    assert found.n == 10


@pytest.mark.parametrize("seed", range(6))
def test_every_form_agrees_with_pingouin(seed: int) -> None:
    pingouin = pytest.importorskip("pingouin")
    pandas = pytest.importorskip("pandas")
    generator = np.random.default_rng(seed)
    n, k = int(generator.integers(4, 30)), int(generator.integers(2, 5))
    data = generator.normal(size=(n, 1)) * 3 + generator.normal(size=(n, k)) + generator.normal(size=k)
    frame = pandas.DataFrame(
        [(i, j, data[i, j]) for i in range(n) for j in range(k)], columns=["case", "reader", "value"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pingouin.intraclass_corr(frame, "case", "reader", "value")
    for row, form in zip(theirs.itertuples(), ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k"), strict=True):
        ours = icc(data, form)
        assert ours.value == pytest.approx(row.ICC, abs=1e-6), form
        low, high = next(value for name, value in row._asdict().items() if "CI" in name or name == "_7")
        assert (ours.low, ours.high) == pytest.approx((low, high), abs=6e-3), form


def test_degenerate_tables_are_said() -> None:
    assert "only one reader" in icc([[1], [2], [3]]).reason
    assert "fewer than two cases" in icc([[1, 2]]).reason
    assert "fewer than two cases" in icc([[1, math.nan], [2, 3]]).reason
    for form in IccForm:
        same = icc([[6, 6], [6, 6], [6, 6]], form)
        assert same.value is None and "the same" in same.reason
        flat = icc([[1, 3], [1, 3], [1, 3]], form)
        assert flat.value is None or flat.value <= 0
        mirrored = icc([[1, 3], [3, 1], [1, 3], [3, 1]], form)
        assert mirrored.value is None or mirrored.value <= 0
        perfect = icc([[1, 1], [2, 2], [5, 5]], form)
        assert (perfect.value, perfect.low, perfect.high) == pytest.approx((1, 1, 1))


def test_a_constant_shift_lowers_agreement_but_not_consistency() -> None:
    shifted = [[1, 3], [2, 4], [5, 7], [9, 11], [4, 6]]
    assert icc(shifted, "3,1").value == pytest.approx(1.0)
    agreement = icc(shifted, "2,1")
    assert agreement.value is not None and agreement.value < 0.9
    assert agreement.low is not None and agreement.high is not None
    assert agreement.low <= agreement.value <= agreement.high <= 1


def test_incomplete_cases_are_left_out_and_counted() -> None:
    found = icc([*KNEES.tolist(), [5, math.nan]], "2,1")
    assert found.n == 10 and found.value == pytest.approx(0.9742, abs=5e-5)


def test_forms_describe_themselves() -> None:
    assert IccForm("2,1").describes == "two-way random effects, absolute agreement, single reader"
    assert "mean of the readers" in IccForm("3,k").describes
    with pytest.raises(ValueError, match="4,1"):
        icc(KNEES, "4,1")


def test_bland_altman_of_ten_knees() -> None:
    found = bland_altman(R1, R2)
    assert found.bias.value == pytest.approx(-1.0)
    assert found.sd == pytest.approx(1.05409, abs=5e-6)
    assert (found.lower.value, found.upper.value) == pytest.approx((-3.0660, 1.0660), abs=5e-5)
    assert found.sem == pytest.approx(0.74536, abs=5e-6)
    assert found.sdc == pytest.approx(2.0660, abs=5e-5)
    assert found.sdc_of_mean == pytest.approx(1.4609, abs=5e-5)


def test_bland_altman_without_pairs_is_said() -> None:
    found = bland_altman([1, math.nan], [math.nan, 2])
    assert found.n == 0 and found.bias.value is None and found.sdc is None
    assert "fewer than two" in found.bias.reason
    assert found.to_json()["lower"]["value"] is None


def test_recht_points_of_two_readers() -> None:
    one, two = [4, 3, 5, 2, 4, 2], [3, 3, 5, 3, 5, 2]
    means = [(a + b) / 2 for a, b in zip(one, two, strict=True)]
    assert means == [3.5, 3, 5, 2.5, 4.5, 2]
    assert sum(means) == (sum(one) + sum(two)) / 2 == 20.5
