"""Resampling by case: items, joints and visits of one patient are drawn together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.analysis.estimate import Estimate

RESAMPLES = 2000
SEED = 20231101
FEWEST_CASES = 5
LARGEST_UNDEFINED = 0.10
"""Share of resamples without a value above which no interval is given."""


def case_weights(
    case_of: NDArray[np.int64], resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """How often each unit is drawn when cases are drawn with replacement.

    Parameters
    ----------
    case_of : ndarray of int, shape (units,)
        Number of the case that each unit belongs to, 0 … cases − 1.

    Returns
    -------
    ndarray of float64, shape (resamples, units)
        Same for the same seed; all units of one case share a count.
    """
    cases = int(case_of.max()) + 1 if case_of.size else 0
    if cases == 0:
        return np.zeros((resamples, 0))
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(cases, np.full(cases, 1 / cases), size=resamples)
    return np.asarray(counts[:, case_of], dtype=np.float64)


def drawn_sums(drawn: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of values over each sample.

    Parameters
    ----------
    drawn : ndarray, shape (samples, units)
        How often each unit is in the sample.
    values : ndarray, shape (k · units, …)
        Of one item after the other, each over all units.

    Returns
    -------
    ndarray, shape (samples, …)
    """
    units = drawn.shape[1]
    if units == 0:
        return np.zeros((len(drawn), *values.shape[1:]))
    # Items of a unit are drawn together, so they are added first: the large product is made once.
    folded = values.reshape(-1, units, *values.shape[1:]).sum(axis=0)
    return np.asarray((drawn @ folded.reshape(units, -1)).reshape(len(drawn), *values.shape[1:]))


def percentile_interval(estimate: Estimate, replicates: NDArray[np.float64], cases: int) -> Estimate:
    """The estimate with a 95 % percentile interval, or with the reason why it has none.

    Parameters
    ----------
    replicates : ndarray of float64, shape (resamples,)
        NaN where the statistic was not defined in a resample.
    cases : int
        How many cases were resampled.
    """
    if estimate.value is None:
        return estimate
    if cases < FEWEST_CASES:
        return Estimate(
            estimate.value, n=estimate.n, reason=f"no interval from fewer than {FEWEST_CASES} cases"
        )
    kept = replicates[np.isfinite(replicates)]
    if kept.size < (1 - LARGEST_UNDEFINED) * replicates.size:
        return Estimate(
            estimate.value, n=estimate.n, reason="no interval: too few cases have any other grade"
        )
    low, high = np.round(np.percentile(kept, [2.5, 97.5]), 12)
    if low == high:
        return Estimate(estimate.value, n=estimate.n, reason="no interval: no resample gives another value")
    return Estimate(estimate.value, float(low), float(high), estimate.n)
