"""How far two masks agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def dice(one: ArrayLike, other: ArrayLike) -> float | None:
    """Dice coefficient (Dice 1945), 2·|A∩B| / (|A| + |B|).

    Parameters
    ----------
    one, other : array_like of bool
        Same shape and grid.

    Returns
    -------
    float or None
        0 to 1; None where both are empty and the coefficient is not defined.
    """
    a, b = np.asarray(one, dtype=bool), np.asarray(other, dtype=bool)
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else None
