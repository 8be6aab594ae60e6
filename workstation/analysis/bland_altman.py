"""Bias and limits of agreement of two readers, measurement error, smallest detectable change."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from workstation.analysis.estimate import Estimate, undefined


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Differences reader 1 − reader 2, in the unit of the values.

    Attributes
    ----------
    bias : Estimate
        Mean difference with its t-based 95 % interval.
    sd : float or None
        Standard deviation of the differences (n − 1).
    lower, upper : Estimate
        Limits of agreement, bias ∓ 1.96 SD, with their approximate intervals (Bland & Altman 1986).
    sem : float or None
        Standard error of measurement, SD / √2.
    sdc, sdc_of_mean : float or None
        Smallest detectable change of one reader's value, 1.96 · SD, and of the mean of the two readers,
        1.96 · SD / √2.
    """

    n: int
    bias: Estimate
    sd: float | None
    lower: Estimate
    upper: Estimate
    sem: float | None
    sdc: float | None
    sdc_of_mean: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            key: value.to_json() if isinstance(value := getattr(self, key), Estimate) else value
            for key in asdict(self)
        }


def bland_altman(x: ArrayLike, y: ArrayLike) -> BlandAltman:
    """Bland–Altman statistics of paired values; pairs with a NaN are left out.

    Returns
    -------
    BlandAltman
        With undefined estimates and their reason for fewer than two pairs. The limits' intervals use
        the standard error √(3 / n) · SD (Bland & Altman, Lancet 1986;327:307–310).
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    difference = first - second
    difference = difference[np.isfinite(difference)]
    n = int(difference.size)
    if n < 2:
        none = undefined("fewer than two cases were graded by both readers", n)
        return BlandAltman(n, none, None, none, none, None, None, None)
    from scipy.special import stdtrit

    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    quantile = float(stdtrit(n - 1, 0.975))
    of_bias, of_limit = quantile * sd / n**0.5, quantile * sd * (3 / n) ** 0.5
    lower, upper = bias - 1.96 * sd, bias + 1.96 * sd
    return BlandAltman(
        n,
        Estimate(bias, bias - of_bias, bias + of_bias, n),
        sd,
        Estimate(lower, lower - of_limit, lower + of_limit, n),
        Estimate(upper, upper - of_limit, upper + of_limit, n),
        sd / 2**0.5,
        1.96 * sd,
        1.96 * sd / 2**0.5,
    )
