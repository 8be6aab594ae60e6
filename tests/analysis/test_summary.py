"""One report of everything: per item, per region, pooled and totals."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest

from workstation.analysis.bootstrap import case_weights, percentile_interval
from workstation.analysis.estimate import Estimate, undefined
from workstation.analysis.kappa import weighted_kappa
from workstation.analysis.reads import NOT_ASSESSABLE, UNREAD, ReadRow
from workstation.analysis.report import STATISTICS
from workstation.analysis.scale import Form, Group, ItemScale, TotalRule
from workstation.analysis.summary import agreement

GRADES = (0.0, 1.0, 2.0, 3.0)
ITEMS = ["MP", "LP", "MFa", "LFa", "MFc", "LFc", "MFp", "LFp", "MTa", "MTc", "MTp", "LTa", "LTc", "LTp", "S"]
FORM = Form(
    "worms-marrow",
    "1.0",
    "WORMS marrow",
    tuple(ItemScale(item, item, "femur" if "F" in item else "other", GRADES) for item in ITEMS),
    (TotalRule("sum", "Sum", "sum", tuple(ITEMS)), TotalRule("max", "Worst", "max", tuple(ITEMS))),
    (Group("femur", "Femur", tuple(item for item in ITEMS if "F" in item)),),
)


def page(case: str, reader: str, grades: Sequence[float | None], **more: object) -> list[ReadRow]:
    return [
        ReadRow(case, reader, item, grade, state="scored" if grade is not None else NOT_ASSESSABLE, **more)  # type: ignore[arg-type]
        for item, grade in zip(ITEMS, grades, strict=True)
    ]


def study(cases: int = 12, seed: int = 4) -> list[ReadRow]:
    generator = np.random.default_rng(seed)
    rows: list[ReadRow] = []
    for case in range(cases):
        truth = np.clip(generator.normal(0.6, 1, 15), 0, 3).round()
        for reader in ("R1", "R2"):
            given = np.clip(truth + generator.choice([-1, 0, 0, 0, 0, 1], 15), 0, 3)
            rows += page(f"K-{case:02}", reader, given.tolist())
    return rows


def test_the_worked_page_of_one_case() -> None:
    one = [1, 0, 1, 0, 3, 0, 1, 0, 1, 2, 1, 0, 0, 0, 1]
    two = [1, 0, 0, 0, 2, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1]
    report = agreement(page("K", "R1", one) + page("K", "R2", two), FORM)
    pooled = report.pooled.statistics
    expected = {
        "exact": 0.733333, "within_one": 1, "kappa": 0.565217, "kappa_linear": 0.6875,
        "kappa_quadratic": 0.817073, "ac1": 0.664804, "ac2_linear": 0.830028, "ac2_quadratic": 0.927624,
    }  # fmt: skip
    assert {key: pooled[key].value for key in expected} == pytest.approx(expected, abs=5e-7)
    assert report.pooled.differences == 4
    assert [item.id for item in report.items if item.differences] == ["MFa", "MFc", "MTc", "LTc"]
    assert report.totals[0].pairs[0][1] == (11, 11)
    assert all(pooled[key].low is None and "fewer than 5 cases" in pooled[key].reason for key in expected)


def test_statistics_equal_the_single_functions_and_intervals_enclose_them() -> None:
    rows = study()
    report = agreement(rows, FORM, resamples=500)
    for item in report.items:
        x, y = (
            [row.value or 0.0 for row in rows if row.item == item.id and row.reader == reader]
            for reader in ("R1", "R2")
        )
        found = item.statistics["kappa_quadratic"]
        assert found.value == weighted_kappa(x, y, GRADES).value
        if found.value is not None and found.low is not None and found.high is not None:
            assert found.low <= found.value <= found.high
    pooled = report.pooled.statistics["kappa_linear"]
    assert pooled.value and pooled.low and pooled.high and pooled.low < pooled.value < pooled.high
    assert report.regions[0].n == 12 * 6


def test_same_seed_same_interval_and_another_seed_another() -> None:
    rows = study()
    one, same = agreement(rows, FORM, 300, 1), agreement(rows, FORM, 300, 1)
    other = agreement(rows, FORM, 300, 2)
    assert one.pooled == same.pooled
    assert one.pooled.statistics["kappa"].low != other.pooled.statistics["kappa"].low


def test_cases_are_drawn_whole() -> None:
    drawn = case_weights(np.array([0, 0, 1, 2, 2, 2]), 50, 3)
    assert (drawn[:, 0] == drawn[:, 1]).all() and (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_all_normal_is_said_for_each_statistic() -> None:
    rows = [
        row for case in range(8) for reader in ("R1", "R2") for row in page(f"K{case}", reader, [0.0] * 15)
    ]
    report = agreement(rows, FORM, 100)
    item = report.items[0].statistics
    assert item["exact"].value == 1 and item["kappa_quadratic"].value is None
    assert "all grades are the same" in item["kappa_quadratic"].reason
    assert report.totals[0].icc["2,1"].value is None
    assert report.totals[0].icc["2,1"].text() == "n/a"
    text = json.dumps(report.to_json(), allow_nan=False)  # a NaN anywhere would raise
    assert "NaN" not in text


def test_not_assessable_is_no_zero_and_totals_become_partial() -> None:
    rows = study(6)
    rows = [
        ReadRow(r.case, r.reader, r.item, None, state=NOT_ASSESSABLE)
        if (r.case, r.reader, r.item) == ("K-00", "R1", "LTp")
        else ReadRow(r.case, r.reader, r.item, None, state=UNREAD)
        if (r.case, r.reader, r.item) == ("K-01", "R2", "S")
        else r
        for r in rows
    ]
    report = agreement(rows, FORM, 50)
    at = {item.id: item for item in report.items}
    assert (at["LTp"].n, at["LTp"].not_assessable_by_some, at["LTp"].missing) == (5, 1, 1)
    assert (at["S"].n, at["S"].not_assessable_by_some) == (5, 0)
    assert (report.totals[0].n, report.totals[0].partial) == (4, 2)


def test_only_the_first_locked_read_counts() -> None:
    rows = study(6)
    amended = page("K-00", "R1", [3.0] * 15, read_version=2)
    repeated = page("K-01", "R2", [3.0] * 15, repeat=1)
    assert agreement(rows + amended + repeated, FORM, 50).items == agreement(rows, FORM, 50).items


def test_three_readers_and_one_reader() -> None:
    rows = study(6)
    third = [ReadRow(r.case, "R3", r.item, r.value) for r in rows if r.reader == "R1"]
    report = agreement(rows + third, FORM, 50)
    assert report.readers == ("R1", "R2", "R3")
    assert report.pooled.table is None and report.totals[0].bland_altman is None
    assert report.pooled.statistics["alpha_ordinal"].value is not None
    alone = agreement([row for row in rows if row.reader == "R1"], FORM, 50)
    assert all(one.value is None and one.reason for one in alone.pooled.statistics.values())
    assert set(alone.pooled.statistics) == {key for key, _ in STATISTICS}
    assert json.dumps(alone.to_json(), allow_nan=False)


def test_both_sides_of_a_case_are_units_of_one_case() -> None:
    rows = [
        row
        for case in range(6)
        for side in "LR"
        for reader in ("R1", "R2")
        for row in page(f"K{case}", reader, [float(case % 4)] * 15, side=side)
    ]
    report = agreement(rows, FORM, 50)
    assert (report.units, report.cases) == (12, 6)


def test_items_with_different_grades_are_not_pooled() -> None:
    form = Form("x", items=(ItemScale("a", categories=(0, 1)), ItemScale("b", categories=(0, 1, 2))))
    rows = [ReadRow(f"K{c}", r, i, float(c % 2)) for c in range(6) for r in "XY" for i in "ab"]
    report = agreement(rows, form, 50)
    assert report.items[0].statistics["kappa"].value == 1
    assert "different grades" in report.pooled.statistics["kappa"].reason


def test_unknown_grades_and_measurements() -> None:
    rows = [ReadRow(f"K{c}", r, "a", float(c)) for c in range(8) for r in "XY"]
    item = agreement(rows, Form("", items=(ItemScale("a"),)), 50).items[0]
    assert item.statistics["kappa_linear"].value == 1
    assert "not known" in item.statistics["ac1"].reason
    many = [ReadRow(f"K{c}", r, "ml", c * 1.37) for c in range(20) for r in "XY"]
    report = agreement(
        many, Form("", items=(ItemScale("ml"),), totals=(TotalRule("ml", "ml", "sum", ("ml",)),)), 50
    )
    assert "measurement" in report.items[0].statistics["kappa"].reason
    assert report.totals[0].icc["2,1"].value == pytest.approx(1)


def test_recht_points_and_counts() -> None:
    scale = ItemScale("p", categories=(0, 1, 2, 3, 4), points=(1, 2, 3, 4, 5))
    assert scale.points_of(4) == 5
    rule = TotalRule("n", "Affected", "count", ("p", "q"))
    assert rule.of([0, 2], [1, 3]) == 1  # points of a normal region are not 0


def test_an_estimate_is_never_nan() -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(math.nan)
    assert percentile_interval(undefined("why"), np.array([1.0]), 9).reason == "why"
    few = percentile_interval(Estimate(0.5, n=9), np.array([math.nan] * 50 + [0.2, 0.6] * 25), 9)
    assert few.low is None and "too few" in few.reason
    assert Estimate(-0.001).text() == "0.00"
    assert Estimate(0.5, 0.25, 0.75).text() == "0.50 (0.25 to 0.75)"
