"""Intraclass correlation by name, with F-based 95 % limits.

Shrout & Fleiss, Psychol Bull 1979;86:420–428; limits of the two-way random forms: McGraw & Wong,
Psychol Methods 1996;1:30–46. (2,1) and (2,k) are absolute agreement, (3,1) and (3,k) consistency:
these ignore a systematic shift between readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.analysis.estimate import Estimate, undefined

Array = NDArray[np.float64]


class IccForm(StrEnum):
    """The six forms of Shrout & Fleiss; k stands for the mean of the readers."""

    ONE_ONE = "1,1"
    TWO_ONE = "2,1"
    THREE_ONE = "3,1"
    ONE_K = "1,k"
    TWO_K = "2,k"
    THREE_K = "3,k"

    @property
    def describes(self) -> str:
        """Model, type and unit in words, as a paper has to state them (Koo & Li 2016)."""
        model = {
            "1": "one-way random effects, absolute agreement",
            "2": "two-way random effects, absolute agreement",
            "3": "two-way mixed effects, consistency",
        }[self.value[0]]
        return f"{model}, {'mean of the readers' if self.value.endswith('k') else 'single reader'}"


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of a cases × readers table: between cases, between readers, residual, within cases."""

    rows: float
    columns: float
    error: float
    within: float
    n: int
    k: int


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Mean squares of a complete table, shape (n, k), n ≥ 2, k ≥ 2."""
    x = np.asarray(ratings, dtype=np.float64)
    n, k = x.shape
    grand = x.mean()
    rows = k * ((x.mean(axis=1) - grand) ** 2).sum()
    columns = n * ((x.mean(axis=0) - grand) ** 2).sum()
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum()
    error = max(within - columns, 0.0)
    return MeanSquares(
        float(rows / (n - 1)),
        float(columns / (k - 1)),
        float(error / ((n - 1) * (k - 1))),
        float(within / (n * (k - 1))),
        n,
        k,
    )


def icc(ratings: ArrayLike, form: str = "2,1") -> Estimate:
    """Intraclass correlation with its 95 % confidence interval.

    Parameters
    ----------
    ratings : array_like of float, shape (n, k)
        Cases × readers. A case with a missing (NaN) rating is left out; `Estimate.n` says how many stayed.
    form : str
        ``"1,1"``, ``"2,1"``, ``"3,1"``, ``"1,k"``, ``"2,k"`` or ``"3,k"``.

    Returns
    -------
    Estimate
        Without a value for fewer than two cases or readers, or where all cases have the same rating.
    """
    x = np.atleast_2d(np.asarray(ratings, dtype=np.float64))
    x = x[np.isfinite(x).all(axis=1)]
    n, k = x.shape
    if k < 2:
        return undefined("only one reader", n)
    if n < 2:
        return undefined("fewer than two cases were graded by all readers", n)
    squares = mean_squares(x)
    tiny = 1e-12 * max(1.0, float(np.abs(x).max()) ** 2)
    if squares.rows <= tiny and squares.within <= tiny:
        return undefined("all values are the same", n)
    chosen = IccForm(form)
    value = _value(squares, chosen, tiny)
    if value is None:
        return undefined("the readers' values vary, the cases do not", n)
    noise = squares.error if chosen.value[0] == "3" else squares.within
    if noise <= tiny:  # perfect: the F ratio is infinite and both limits meet the value
        return Estimate(value, value, value, n)
    low, high = _limits(squares, chosen)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Estimate(value, n=n, reason="no interval: the F distribution gives none for these values")
    return Estimate(value, float(low), float(high), n)


def _value(s: MeanSquares, form: IccForm, tiny: float = 0.0) -> float | None:
    noise = s.within if form.value[0] == "1" else s.error
    shift = (s.columns - s.error) / s.n if form.value[0] == "2" else 0.0
    single = not form.value.endswith("k")
    below = s.rows + (s.k - 1) * noise + s.k * shift if single else s.rows + shift
    return (s.rows - noise) / below if below > tiny else None


def _limits(s: MeanSquares, form: IccForm) -> tuple[float, float]:
    low, high = _agreement_limits(s) if form.value[0] == "2" else _f_limits(s, form)
    if form.value.endswith("k"):
        return _of_the_mean(low, s.k), _of_the_mean(high, s.k)
    return low, high


def _f_limits(s: MeanSquares, form: IccForm) -> tuple[float, float]:
    from scipy.special import fdtri  # far quicker to import than scipy.stats

    one_way = form.value[0] == "1"
    noise = s.within if one_way else s.error
    between, inside = s.n - 1, s.n * (s.k - 1) if one_way else (s.n - 1) * (s.k - 1)
    ratio = s.rows / noise
    lower = ratio / fdtri(between, inside, 0.975)
    upper = ratio * fdtri(inside, between, 0.975)
    return (lower - 1) / (lower + s.k - 1), (upper - 1) / (upper + s.k - 1)


def _agreement_limits(s: MeanSquares) -> tuple[float, float]:
    from scipy.special import fdtri  # far quicker to import than scipy.stats

    n, k = s.n, s.k
    value = _value(s, IccForm.TWO_ONE) or 0.0
    # Freedom of the combined error (Satterthwaite); multiplied through by error², which may be 0.
    part = (n * (1 + (k - 1) * value) - k * value) * s.error
    shift = k * value * s.columns
    spread_of_freedom = (n - 1) * shift**2 + part**2
    if spread_of_freedom <= 0:
        return float("nan"), float("nan")
    freedom = (k - 1) * (n - 1) * (shift + part) ** 2 / spread_of_freedom
    below = fdtri(n - 1, freedom, 0.975)
    above = fdtri(freedom, n - 1, 0.975)
    spread = k * s.columns + (k * n - k - n) * s.error
    low = n * (s.rows - below * s.error) / (below * spread + n * s.rows)
    high = n * (above * s.rows - s.error) / (spread + n * above * s.rows)
    return float(low), float(high)


def _of_the_mean(single: float, k: int) -> float:
    # Spearman–Brown; its pole at −1/(k − 1) is the least possible single value.
    below = 1 + (k - 1) * single
    return k * single / below if below > 0 else float("nan")
