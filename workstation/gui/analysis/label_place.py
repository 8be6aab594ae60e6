"""Where a label lies inside an outline, as far from the rim as it can."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF

_STEPS = 12

Points = tuple[tuple[float, float], ...]


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
    outline = QPolygonF([QPointF(*point) for point in points])
    bounds, centre = outline.boundingRect(), centroid(points)
    best, best_rank = centre, (-1, 0.0)
    for row in range(_STEPS + 1):
        for column in range(_STEPS + 1):
            middle = QPointF(
                bounds.left() + bounds.width() * column / _STEPS,
                bounds.top() + bounds.height() * row / _STEPS,
            )
            away = middle - centre
            rank = (_inside(outline, middle, width, height), -(away.x() ** 2 + away.y() ** 2))
            if rank > best_rank:
                best, best_rank = middle, rank
    if _inside(outline, centre, width, height) >= best_rank[0]:
        best = centre
    return best.x(), best.y(), best_rank[0] == len(_AROUND)


def centroid(points: Points) -> QPointF:
    """Centre of the area of an outline; of its corners where it has no area."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    if abs(area) < 1e-9:
        return QPointF(sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))
    return QPointF(x / (3 * area), y / (3 * area))


_AROUND = tuple((x, y) for x in (-1.0, -0.5, 0.0, 0.5, 1.0) for y in (-1.0, 0.0, 1.0))


def _inside(outline: QPolygonF, middle: QPointF, width: float, height: float) -> int:
    spots = (QPointF(middle.x() + x * width / 2, middle.y() + y * height / 2) for x, y in _AROUND)
    return sum(outline.containsPoint(spot, Qt.FillRule.OddEvenFill) for spot in spots)
