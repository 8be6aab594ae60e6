"""Agreement of two readers on a scale: Cohen's kappa, weighted kappa, PABAK, exact and within one.

Every statistic is first a function of contingency tables (any leading shape), so that the bootstrap
computes all resamples at once; those functions give NaN where undefined. The public ones give an
`Estimate` with the reason instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.analysis.estimate import Estimate, undefined
from workstation.analysis.tables import ranks

Array = NDArray[np.float64]

NO_PAIRS = "no case was graded by both readers"
NO_VARIANCE = "all grades are the same, so chance agreement is complete"


class Weights(StrEnum):
    """How much of the agreement a difference of grades keeps."""

    UNWEIGHTED = "unweighted"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


def weight_matrix(q: int, weights: Weights) -> Array:
    """Agreement weights by rank, shape (q, q): 1 on the diagonal.

    Linear ``1 − |i − j| / (q − 1)``, quadratic ``1 − (i − j)² / (q − 1)²`` (Cohen 1968); unweighted 0
    off the diagonal.
    """
    distance = np.abs(np.subtract.outer(np.arange(q), np.arange(q))).astype(np.float64)
    if weights is Weights.UNWEIGHTED or q < 2:
        return np.asarray(np.where(distance == 0, 1.0, 0.0))
    scaled = distance / (q - 1)
    return np.asarray(1 - (scaled if weights is Weights.LINEAR else scaled**2))


def contingency(x: ArrayLike, y: ArrayLike, categories: Sequence[float]) -> NDArray[np.int64]:
    """Counts of (grade of reader 1, grade of reader 2), shape (q, q); pairs with a NaN are left out."""
    first, second = ranks(x, categories), ranks(y, categories)
    both = np.isfinite(first) & np.isfinite(second)
    q = len(categories)
    flat = first[both].astype(np.int64) * q + second[both].astype(np.int64)
    return np.bincount(flat, minlength=q * q).reshape(q, q)


def kappa_of_tables(tables: Array, weights: Weights) -> Array:
    """Kappa ``(Po − Pe) / (1 − Pe)`` of tables of shape (…, q, q); NaN where Pe is 1 or a table empty."""
    share = _shares(tables)
    matrix = weight_matrix(share.shape[-1], weights)
    observed = (share * matrix).sum(axis=(-2, -1))
    rows, columns = share.sum(axis=-1), share.sum(axis=-2)
    expected = np.einsum("...i,ij,...j->...", rows, matrix, columns)
    left = 1 - expected
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(left > 1e-12, (observed - expected) / left, np.nan))


def exact_of_tables(tables: Array, within: int = 0) -> Array:
    """Share of pairs whose grades differ by at most `within` steps of the scale."""
    share = _shares(tables)
    q = share.shape[-1]
    near = np.abs(np.subtract.outer(np.arange(q), np.arange(q))) <= within
    return np.asarray((share * near).sum(axis=(-2, -1)))


def pabak_of_tables(tables: Array) -> Array:
    """Prevalence- and bias-adjusted kappa ``(q·Po − 1) / (q − 1)`` (Byrt 1993)."""
    q = tables.shape[-1]
    return np.asarray((q * exact_of_tables(tables) - 1) / (q - 1))


def cohen_kappa(
    x: ArrayLike, y: ArrayLike, categories: Sequence[float], weights: Weights = Weights.UNWEIGHTED
) -> Estimate:
    """Cohen's kappa of two readers, by the ranks of all possible grades.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Grades; NaN marks a missing one, and the pair is left out.
    categories : sequence of float
        All grades that the scale allows, in order. Grades that nobody gave matter: without them the
        distances would be wrong.
    weights : Weights

    Returns
    -------
    Estimate
        Without a value where no pair exists or both readers gave one and the same grade throughout.

    Raises
    ------
    ValueError
        If a grade is not among the categories.

    Notes
    -----
    Cohen 1960; weights Cohen 1968. Quadratic weights are close to ICC(2,1) and always kinder.
    """
    table = contingency(x, y, categories)
    n = int(table.sum())
    if n == 0:
        return undefined(NO_PAIRS)
    value = float(kappa_of_tables(table.astype(np.float64), weights))
    return Estimate(value, n=n) if np.isfinite(value) else undefined(NO_VARIANCE, n)


def weighted_kappa(
    x: ArrayLike, y: ArrayLike, categories: Sequence[float], weights: str = "quadratic"
) -> Estimate:
    """`cohen_kappa` with linear or quadratic weights."""
    return cohen_kappa(x, y, categories, Weights(weights))


def pabak(x: ArrayLike, y: ArrayLike, categories: Sequence[float]) -> Estimate:
    """Prevalence- and bias-adjusted kappa, with q = number of possible grades."""
    return _estimate(x, y, categories, pabak_of_tables)


def exact_agreement(x: ArrayLike, y: ArrayLike, categories: Sequence[float]) -> Estimate:
    """Share of pairs with the same grade."""
    return _estimate(x, y, categories, exact_of_tables)


def within_one_agreement(x: ArrayLike, y: ArrayLike, categories: Sequence[float]) -> Estimate:
    """Share of pairs at most one step of the scale apart."""
    return _estimate(x, y, categories, lambda tables: exact_of_tables(tables, within=1))


def _estimate(
    x: ArrayLike, y: ArrayLike, categories: Sequence[float], statistic: Callable[[Array], Array]
) -> Estimate:
    table = contingency(x, y, categories)
    n = int(table.sum())
    if n == 0:
        return undefined(NO_PAIRS)
    if len(categories) < 2:
        return undefined("the scale has a single grade", n)
    return Estimate(float(statistic(table.astype(np.float64))), n=n)


def _shares(tables: Array) -> Array:
    whole = tables.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(whole > 0, tables / whole, np.nan))
