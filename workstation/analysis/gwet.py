"""Gwet's AC1 and AC2 for two or more readers with missing ratings, and Fleiss' kappa.

AC stays meaningful where kappa collapses because most regions are normal (Gwet, Br J Math Stat Psychol
2008;61:29–48; weights and several readers: Gwet, Handbook of Inter-Rater Reliability, 4th ed.).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.analysis.bootstrap import drawn_sums
from workstation.analysis.estimate import Estimate, undefined
from workstation.analysis.kappa import NO_PAIRS, NO_VARIANCE, Weights, weight_matrix
from workstation.analysis.tables import ranks

Array = NDArray[np.float64]


def rating_counts(ratings: ArrayLike, categories: Sequence[float]) -> Array:
    """How many readers gave each grade to each unit, shape (units, q)."""
    positions = ranks(ratings, categories)
    return np.stack([(positions == rank).sum(axis=1) for rank in range(len(categories))], axis=1).astype(
        np.float64
    )


def unit_agreement(counts: Array, matrix: Array) -> Array:
    """Weighted agreement of the pairs of readers inside each unit; NaN with fewer than two ratings."""
    raters = counts.sum(axis=1)
    agreeing = (counts * (counts @ matrix - 1)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(raters > 1, agreeing / (raters * (raters - 1)), np.nan))


def ac_of_samples(counts: Array, weights: Weights, drawn: Array) -> Array:
    """AC for each row of `drawn` (shape (samples, units)): how often each unit is in the sample.

    `counts` may hold several items one after the other, each over all units.
    """
    matrix = weight_matrix(counts.shape[1], weights)
    observed = _mean_where_defined(unit_agreement(counts, matrix), drawn)
    prevalence = _prevalence(counts, drawn)
    q = counts.shape[1]
    expected = matrix.sum() / (q * (q - 1)) * (prevalence * (1 - prevalence)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan))


def fleiss_of_samples(counts: Array, weights: Weights, drawn: Array) -> Array:
    """Fleiss' kappa (Gwet's form that takes missing ratings and weights) for each sample."""
    matrix = weight_matrix(counts.shape[1], weights)
    observed = _mean_where_defined(unit_agreement(counts, matrix), drawn)
    prevalence = _prevalence(counts, drawn)
    expected = np.einsum("si,ij,sj->s", prevalence, matrix, prevalence)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan))


def gwet_ac(ratings: ArrayLike, categories: Sequence[float], weights: str = "unweighted") -> Estimate:
    """Gwet's AC1 (unweighted) or AC2 (linear or quadratic).

    Parameters
    ----------
    ratings : array_like of float, shape (units, readers)
        NaN where a reader gave no grade.
    categories : sequence of float
        All possible grades in order: AC depends on their number.

    Returns
    -------
    Estimate
        Without a value where no unit has two ratings or the scale has one grade only.
    """
    return _estimate(ratings, categories, Weights(weights), ac_of_samples)


def fleiss_kappa(ratings: ArrayLike, categories: Sequence[float], weights: str = "unweighted") -> Estimate:
    """Fleiss' kappa for two or more readers (Fleiss 1971)."""
    return _estimate(ratings, categories, Weights(weights), fleiss_of_samples)


def _estimate(
    ratings: ArrayLike,
    categories: Sequence[float],
    weights: Weights,
    samples: Callable[[Array, Weights, Array], Array],
) -> Estimate:
    if len(categories) < 2:
        return undefined("the number of possible grades is not known")
    counts = rating_counts(ratings, categories)
    n = int((counts.sum(axis=1) > 1).sum())
    if n == 0:
        return undefined(NO_PAIRS)
    value = float(samples(counts, weights, np.ones((1, len(counts))))[0])
    return Estimate(value, n=n) if np.isfinite(value) else undefined(NO_VARIANCE, n)


def _prevalence(counts: Array, drawn: Array) -> Array:
    raters = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(raters, 1)
    whole = drawn_sums(drawn, (raters > 0).astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(whole > 0, drawn_sums(drawn, shares) / whole, np.nan))


def _mean_where_defined(values: Array, drawn: Array) -> Array:
    defined = np.isfinite(values)
    whole = drawn_sums(drawn, defined.astype(np.float64))
    total = drawn_sums(drawn, np.where(defined, values, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(whole > 0, total / whole, np.nan))
