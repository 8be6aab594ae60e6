"""Where a label lies inside an outline, as far from the rim as it can."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_STEPS = 12

Points = tuple[tuple[float, float], ...]
Floats = NDArray[np.float64]


@lru_cache(maxsize=512)
def label_place(points: Points, width: float, height: float) -> tuple[float, float, bool]:
    """Middle of a box of text inside an outline.

    Parameters
    ----------
    points : tuple of (float, float)
        The outline in pixels.
    width, height : float
        Size of the text in pixels.

    Returns
    -------
    (float, float, bool)
        The middle, and whether the whole box is inside; if none is, the place where most of it is.
    """
    corners, centre = np.array(points), np.array(centroid(points))
    if _inside(corners, centre[None, :], width, height)[0] == len(_AROUND):
        return float(centre[0]), float(centre[1]), True  # nothing is nearer to the centre
    low, high = corners.min(axis=0), corners.max(axis=0)
    part = np.arange(_STEPS + 1) / _STEPS
    down, across = np.meshgrid(part, part, indexing="ij")
    middles = low + np.column_stack([across.ravel(), down.ravel()]) * (high - low)
    middles = np.vstack([centre, middles])
    inside = _inside(corners, middles, width, height)
    # Of places that hold equally much of the text the nearest to the centre.
    order = np.lexsort((((middles - centre) ** 2).sum(axis=1), -inside))
    best = order[0]
    return float(middles[best, 0]), float(middles[best, 1]), bool(inside[best] == len(_AROUND))


def centroid(points: Points) -> tuple[float, float]:
    """Centre of the area of an outline; of its corners where it has no area."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    if abs(area) < 1e-9:
        return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)
    return x / (3 * area), y / (3 * area)


_AROUND = np.array([(x, y) for x in (-1.0, -0.5, 0.0, 0.5, 1.0) for y in (-1.0, 0.0, 1.0)])


def _inside(corners: Floats, middles: Floats, width: float, height: float) -> NDArray[np.int64]:
    """How many spots of the box of text around each middle lie inside the outline (even-odd rule)."""
    spots = middles[:, None, :] + _AROUND * (width / 2, height / 2)
    x, y = spots[..., 0], spots[..., 1]
    found = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            found ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return np.asarray(found.sum(axis=1))
