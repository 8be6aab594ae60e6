"""Krippendorff's alpha: any number of readers, missing ratings, any scale of measurement."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.analysis.bootstrap import drawn_sums
from workstation.analysis.estimate import Estimate, undefined
from workstation.analysis.gwet import rating_counts
from workstation.analysis.kappa import NO_PAIRS, NO_VARIANCE

Array = NDArray[np.float64]


class Metric(StrEnum):
    """What a difference between two grades means."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


def krippendorff_alpha(ratings: ArrayLike, categories: Sequence[float], metric: str = "ordinal") -> Estimate:
    """Krippendorff's alpha ``1 − Do / De`` (Krippendorff, Content Analysis, chapter 11).

    Parameters
    ----------
    ratings : array_like of float, shape (units, readers)
        NaN where a reader gave no grade; units with fewer than two ratings do not count.
    categories : sequence of float
        Grades in order; `interval` uses their values, `ordinal` how often they were given.

    Returns
    -------
    Estimate
        Without a value where no unit has two ratings or only one grade was given.
    """
    counts = rating_counts(ratings, categories)
    n = int((counts.sum(axis=1) > 1).sum())
    if n == 0:
        return undefined(NO_PAIRS)
    value = float(alpha_of_samples(counts, categories, Metric(metric), np.ones((1, len(counts))))[0])
    return Estimate(value, n=n) if np.isfinite(value) else undefined(NO_VARIANCE, n)


def alpha_of_samples(counts: Array, categories: Sequence[float], metric: Metric, drawn: Array) -> Array:
    """Alpha for each row of `drawn` (samples, units): how often each unit is in the sample."""
    raters = counts.sum(axis=1)[:, None, None]
    q = len(categories)
    # Coincidences inside a unit: ordered pairs of two different readers, divided by (raters − 1).
    own = np.einsum("ui,uj->uij", counts, counts) - counts[:, :, None] * np.eye(q)
    coincidence = drawn_sums(drawn, np.where(raters > 1, own / np.maximum(raters - 1, 1), 0.0))
    margin = coincidence.sum(axis=2)
    total = margin.sum(axis=1)
    distance = _squared_distance(margin, np.asarray(categories, dtype=np.float64), metric)
    observed = (coincidence * distance).sum(axis=(1, 2))
    expected = np.einsum("si,sj,sij->s", margin, margin, distance)
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha = 1 - (total - 1) * observed / expected
        return np.asarray(np.where(expected > 0, alpha, np.nan))


def _squared_distance(margin: Array, values: Array, metric: Metric) -> Array:
    samples, q = margin.shape
    if metric is Metric.NOMINAL:
        return np.broadcast_to(1 - np.eye(q), (samples, q, q))
    if metric is Metric.INTERVAL:
        return np.broadcast_to(np.subtract.outer(values, values) ** 2, (samples, q, q))
    # Ordinal: number of ratings between the two grades, counting half of each end.
    middle = np.cumsum(margin, axis=1) - margin / 2
    return np.asarray((middle[:, :, None] - middle[:, None, :]) ** 2)
