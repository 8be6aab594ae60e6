"""All agreement statistics of a table of reads with one instrument, chosen by scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.analysis import bland_altman as ba
from workstation.analysis.bootstrap import RESAMPLES, SEED, case_weights, drawn_sums, percentile_interval
from workstation.analysis.estimate import Estimate, undefined
from workstation.analysis.gwet import ac_of_samples, rating_counts
from workstation.analysis.icc import IccForm, icc
from workstation.analysis.kappa import (
    NO_PAIRS,
    NO_VARIANCE,
    Weights,
    contingency,
    exact_of_tables,
    kappa_of_tables,
    pabak_of_tables,
)
from workstation.analysis.krippendorff import Metric, alpha_of_samples
from workstation.analysis.reads import ReadRow
from workstation.analysis.report import STATISTICS, GradeAgreement, InstrumentAgreement, TotalAgreement
from workstation.analysis.scale import Form, ItemScale, TotalRule
from workstation.analysis.tables import Ratings, RatingTable, rating_table, totals_of

Array = NDArray[np.float64]
_BY_NUMBER_OF_GRADES = ("ac1", "ac2_linear", "ac2_quadratic", "pabak")
MOST_GRADES = 12
"""A table without an instrument that holds more different values than this is no table of grades."""

A_MEASUREMENT = f"more than {MOST_GRADES} different values are a measurement, not grades: see the ICC"
UNKNOWN_GRADES = "the possible grades are not known; name the instrument"


def agreement(
    rows: Sequence[ReadRow],
    form: Form,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    comparison: str = "between readers",
) -> InstrumentAgreement:
    """All agreement statistics of the reads with one instrument.

    Parameters
    ----------
    rows : sequence of ReadRow
        Reads of this instrument only. The first presentation and version of each read counts.
    form : Form
        The instrument's scales and totals. An item without categories takes the grades that occur, and
        what depends on their number is then not given.
    resamples, seed : int
        Of the bootstrap over cases.
    comparison : str
        What is compared, in words.
    """
    table = rating_table(rows, [scale.id for scale in form.items])
    drawn = case_weights(table.case_of, resamples, seed)
    items = tuple(_grades(table, (scale,), drawn, scale.id, scale.title or scale.id) for scale in form.items)
    regions = tuple(
        _grades(table, tuple(form.item(item) for item in group.items), drawn, group.id, group.title)
        for group in form.groups
    )
    return InstrumentAgreement(
        form.id,
        form.version,
        form.title or form.id,
        comparison,
        table.readers,
        len(table.units),
        len(set(table.case_of.tolist())),
        items,
        regions,
        _grades(table, form.items, drawn, "all", "All items"),
        tuple(_total(table, rule, form) for rule in form.totals),
        (*form.notes, *_notes(table, resamples, seed)),
    )


def _grades(
    table: RatingTable, scales: Sequence[ItemScale], drawn: Array, name: str, title: str
) -> GradeAgreement:
    grades = np.concatenate([table.items[scale.id].grades for scale in scales])
    known = bool(scales[0].categories)
    categories = _common_categories(scales, grades)
    some_only = sum(table.items[scale.id].assessable_by_some_only for scale in scales)
    rated = np.isfinite(grades).sum(axis=1)
    n = int((rated > 1).sum())
    two = grades.shape[1] == 2
    counted = contingency(grades[:, 0], grades[:, 1], categories) if two and categories is not None else None
    if categories is None:
        statistics = {key: undefined("the items have different grades", n) for key, _ in STATISTICS}
    elif not known and len(categories) > MOST_GRADES:
        statistics = {key: undefined(A_MEASUREMENT, n) for key, _ in STATISTICS}
        counted = None
    else:
        statistics = _statistics(grades, categories, known, drawn, table.case_of, n)
    return GradeAgreement(
        id=name,
        title=title,
        region=scales[0].region if len({scale.region for scale in scales}) == 1 else "",
        items=tuple(scale.id for scale in scales),
        categories=categories or (),
        n=n,
        statistics=statistics,
        differences=_differences(grades),
        not_assessable_by_some=some_only,
        missing=int((rated < 2).sum()),
        table=tuple(tuple(int(c) for c in row) for row in counted) if counted is not None else None,
    )


def _common_categories(scales: Sequence[ItemScale], grades: Ratings) -> tuple[float, ...] | None:
    """Grades shared by all scales; those that occur where none are declared; None where they differ."""
    declared = {scale.categories for scale in scales}
    if len(declared) > 1:
        return None
    (categories,) = declared
    if categories:
        return categories
    seen = sorted(set(grades[np.isfinite(grades)].tolist()))
    if seen and all(value.is_integer() for value in seen) and seen[-1] - seen[0] < MOST_GRADES:
        # The true distances need the grades between, also where nobody gave them.
        return tuple(float(value) for value in range(int(seen[0]), int(seen[-1]) + 1))
    return tuple(seen)


def _statistics(
    grades: Ratings,
    categories: tuple[float, ...],
    known: bool,
    drawn: Array,
    case_of: NDArray[np.int64],
    n: int,
) -> dict[str, Estimate]:
    if n == 0:
        return {key: undefined(NO_PAIRS) for key, _ in STATISTICS}
    cases = len(set(case_of.tolist()))
    once = np.ones((1, drawn.shape[1]))
    values = _samples(grades, categories, once)
    replicates = _samples(grades, categories, drawn)
    result = {}
    for key, _ in STATISTICS:
        if key in _BY_NUMBER_OF_GRADES and not known:
            result[key] = undefined(UNKNOWN_GRADES, n)
        elif np.isfinite(values[key][0]):
            estimate = Estimate(float(values[key][0]), n=n)
            result[key] = percentile_interval(estimate, replicates[key], cases)
        else:
            result[key] = undefined(NO_VARIANCE, n)
    return result


def _samples(grades: Ratings, categories: tuple[float, ...], drawn: Array) -> dict[str, Array]:
    """Every statistic for every sample; grades has one item after the other over the units of `drawn`."""
    q = len(categories)
    nothing = np.full(len(drawn), np.nan)
    pairs = [_drawn_tables(grades[:, i], grades[:, j], categories, drawn) for i, j in _pairs(grades)]

    def of_pairs(statistic: Any) -> Array:
        # More than two readers: mean over the pairs that have a value (Light 1971).
        with np.errstate(invalid="ignore"):
            stacked = np.stack([statistic(tables) for tables in pairs])
            defined = np.isfinite(stacked)
            whole = defined.sum(axis=0)
            summed = np.where(defined, stacked, 0).sum(axis=0)
            return np.asarray(np.where(whole > 0, summed / np.maximum(whole, 1), np.nan))

    counts = rating_counts(grades, categories)
    result = {
        "exact": of_pairs(exact_of_tables),
        "within_one": of_pairs(lambda tables: exact_of_tables(tables, within=1)),
        "kappa": of_pairs(lambda tables: kappa_of_tables(tables, Weights.UNWEIGHTED)),
        "kappa_linear": of_pairs(lambda tables: kappa_of_tables(tables, Weights.LINEAR)),
        "kappa_quadratic": of_pairs(lambda tables: kappa_of_tables(tables, Weights.QUADRATIC)),
        "pabak": of_pairs(pabak_of_tables) if q > 1 else nothing,
    }
    for key, weights in (
        ("ac1", Weights.UNWEIGHTED),
        ("ac2_linear", Weights.LINEAR),
        ("ac2_quadratic", Weights.QUADRATIC),
    ):
        result[key] = ac_of_samples(counts, weights, drawn) if q > 1 else nothing
    for metric in Metric:
        result[f"alpha_{metric.value}"] = alpha_of_samples(counts, categories, metric, drawn)
    return result


def _drawn_tables(x: Array, y: Array, categories: tuple[float, ...], drawn: Array) -> Array:
    """Contingency table of each sample, shape (samples, q, q)."""
    q = len(categories)
    cells = np.full(len(x), -1)
    for index, category in enumerate(categories):
        for other, second in enumerate(categories):
            cells[(x == category) & (y == second)] = index * q + other
    one_hot = (cells[:, None] == np.arange(q * q)).astype(np.float64)
    return drawn_sums(drawn, one_hot).reshape(-1, q, q)


def _pairs(grades: Ratings) -> list[tuple[int, int]]:
    return list(combinations(range(grades.shape[1]), 2))


def _differences(grades: Ratings) -> int:
    return sum(
        int((np.isfinite(grades[:, i]) & np.isfinite(grades[:, j]) & (grades[:, i] != grades[:, j])).sum())
        for i, j in _pairs(grades)
    )


def _total(table: RatingTable, rule: TotalRule, form: Form) -> TotalAgreement:
    totals, partial = totals_of(table, rule, form)
    whole = np.isfinite(totals).all(axis=1)
    two = totals.shape[1] == 2
    means = tuple(
        float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else None
        for column in totals.T
    )
    return TotalAgreement(
        rule.id,
        rule.title,
        rule.kind,
        int(whole.sum()),
        int(partial.any(axis=1).sum()),
        {form_name.value: icc(totals, form_name.value) for form_name in IccForm},
        means,
        ba.bland_altman(totals[:, 0], totals[:, 1]) if two else None,
        tuple(
            (table.units[unit], tuple(float(value) for value in totals[unit]))
            for unit in np.flatnonzero(whole)
        ),
    )


def _notes(table: RatingTable, resamples: int, seed: int) -> tuple[str, ...]:
    notes = [
        "Agreement is computed from the first locked version of each reader's first reading of a case.",
        f"Intervals of grades: percentile bootstrap over cases, {resamples} resamples, seed {seed}.",
        "Intervals of ICC: F distribution (McGraw & Wong 1996). Weights by rank of all possible grades.",
        "Bias is the first named reader minus the second; limits are bias ± 1.96 SD.",
        "SEM = SD of differences / √2; SDC of one reader = 1.96 · SD of differences, "
        "of the mean of two readers that divided by √2.",
    ]
    if len(table.readers) > 2:
        notes.append(
            "More than two readers: exact agreement, kappa and PABAK are means over the pairs of readers."
        )
    if len(table.readers) < 2:
        notes.append("Only one reader: there is no agreement to compute.")
    return tuple(notes)
