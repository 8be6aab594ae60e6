"""Ratings as arrays: cases × readers, NaN where a reader gave no grade."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.analysis.reads import NOT_ASSESSABLE, SCORED, ReadRow
from workstation.analysis.scale import Form, TotalRule

Ratings = NDArray[np.float64]
"""Shape (units, readers); NaN marks a missing rating."""


@dataclass(frozen=True, eq=False)
class ItemRatings:
    """All ratings of one item.

    Attributes
    ----------
    grades : ndarray of float64, shape (units, readers)
    not_assessable : ndarray of bool, shape (units, readers)
        Where the reader said so; such a cell is NaN in `grades`.
    """

    grades: Ratings
    not_assessable: NDArray[np.bool_]

    @property
    def assessable_by_some_only(self) -> int:
        """Units that one reader graded and another called not assessable: a difference too."""
        graded = np.isfinite(self.grades)
        return int((graded.any(axis=1) & self.not_assessable.any(axis=1)).sum())


@dataclass(frozen=True, eq=False)
class RatingTable:
    """The ratings of one instrument, one array per item.

    `units` are (case, side, visit) in the order first met, `readers` sorted; `case_of[u]` numbers the
    case of each unit, because joints and visits of one patient are not independent.
    """

    units: tuple[tuple[str, str, str], ...]
    readers: tuple[str, ...]
    items: dict[str, ItemRatings]
    case_of: NDArray[np.int64]


def rating_table(rows: Sequence[ReadRow], items: Iterable[str]) -> RatingTable:
    """Arrange the first locked reads as arrays.

    Only the first presentation of a case (lowest `repeat`) and its first version count: amendments may
    have been made after the other reader's answers were seen.

    Returns
    -------
    RatingTable
        With one entry for each of `items`, also where nobody answered.
    """
    first = _first_reads(rows)
    units = tuple(dict.fromkeys(row.unit for row in first))
    readers = tuple(sorted({row.reader for row in first}))
    at = {unit: index for index, unit in enumerate(units)}
    column = {reader: index for index, reader in enumerate(readers)}
    shape = (len(units), len(readers))
    table = {item: ItemRatings(np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)) for item in items}
    for row in first:
        if row.item not in table:
            continue
        cell = at[row.unit], column[row.reader]
        if row.state == SCORED and row.value is not None:
            table[row.item].grades[cell] = row.value
        table[row.item].not_assessable[cell] = row.state == NOT_ASSESSABLE
    cases = {case: index for index, case in enumerate(dict.fromkeys(unit[0] for unit in units))}
    case_of = np.array([cases[unit[0]] for unit in units], dtype=np.int64)
    return RatingTable(units, readers, table, case_of)


def totals_of(table: RatingTable, rule: TotalRule, form: Form) -> tuple[Ratings, NDArray[np.bool_]]:
    """A total for each unit and reader.

    Returns
    -------
    totals : ndarray of float64, shape (units, readers)
        NaN where an item is missing: a partial total is not compared.
    partial : ndarray of bool, shape (units, readers)
        True where some but not all items were graded.
    """
    graded = np.stack([np.isfinite(table.items[item].grades) for item in rule.items])
    whole = np.asarray(graded.all(axis=0))
    totals: Ratings = np.full(whole.shape, np.nan, dtype=np.float64)
    scales = {item: form.item(item) for item in rule.items}
    for unit, reader in np.argwhere(whole):
        grades = [float(table.items[item].grades[unit, reader]) for item in rule.items]
        points = [scales[item].points_of(grade) for item, grade in zip(rule.items, grades, strict=True)]
        totals[unit, reader] = rule.of(grades, points)
    return totals, np.asarray(graded.any(axis=0) & ~whole)


def ranks(grades: ArrayLike, categories: Sequence[float]) -> Ratings:
    """Position of each grade in the list of possible grades; NaN stays NaN.

    Raises
    ------
    ValueError
        If a grade is not a category.
    """
    values = np.asarray(grades, dtype=np.float64)
    result = np.full(values.shape, np.nan)
    for position, category in enumerate(categories):
        result[values == category] = position
    if (np.isnan(result) & ~np.isnan(values)).any():
        raise ValueError("a grade is not among the categories")
    return result


def _first_reads(rows: Sequence[ReadRow]) -> list[ReadRow]:
    earliest: dict[tuple[object, ...], tuple[int, int]] = {}
    for row in rows:
        read = (row.study, row.unit, row.reader)
        order = (row.repeat, row.read_version)
        earliest[read] = min(order, earliest.get(read, order))
    return [
        row for row in rows if (row.repeat, row.read_version) == earliest[(row.study, row.unit, row.reader)]
    ]
