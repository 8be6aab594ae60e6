"""One number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic as it is printed: never a silent NaN.

    Attributes
    ----------
    value : float or None
        None where the statistic is not defined for these ratings; `reason` then says why.
    low, high : float or None
        95 % confidence limits, None where none was asked for or none can be given.
    n : int
        How many cases (or pairs) the number rests on.
    reason : str
        Why there is no value, or why there is a value without an interval. ``""`` if nothing to say.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if number is not None and not math.isfinite(number):
                raise ValueError("an estimate is a finite number or None with a reason")

    @property
    def is_defined(self) -> bool:
        """True when there is a value."""
        return self.value is not None

    def text(self, decimals: int = 2) -> str:
        """As a table shows it: ``"0.82 (0.61 to 0.93)"``, ``"0.82"`` or ``"n/a"``."""
        if self.value is None:
            return "n/a"
        shown = _fixed(self.value, decimals)
        if self.low is None or self.high is None:
            return shown
        return f"{shown} ({_fixed(self.low, decimals)} to {_fixed(self.high, decimals)})"

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; ``null`` where not defined."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "reason": self.reason}


def undefined(reason: str, n: int = 0) -> Estimate:
    """An estimate without a value."""
    return Estimate(None, n=n, reason=reason)


def _fixed(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
