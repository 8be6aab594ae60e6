"""The region diagram as plain geometry: hit tests, mirroring, and the checks a drawing must pass."""

from __future__ import annotations

from workstation.scoring.instrument import Instrument, Point, Region

BOX = 100.0


def mirrored(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The outline for the other side of the body: x turned over, point order kept."""
    return tuple((BOX - x, y) for x, y in points)


def contains(points: tuple[Point, ...], x: float, y: float) -> bool:
    """True when (x, y) lies inside a polygon (even-odd rule)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def area(points: tuple[Point, ...]) -> float:
    """Area of a polygon in square units of the 100 × 100 box."""
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def is_simple(points: tuple[Point, ...]) -> bool:
    """True when no two sides of a polygon cross."""
    sides = list(zip(points, points[1:] + points[:1], strict=True))
    count = len(sides)
    for i in range(count):
        for j in range(i + 1, count):
            neighbours = j == i + 1 or (i == 0 and j == count - 1)
            if not neighbours and _cross(*sides[i], *sides[j]):
                return False
    return True


def region_at(instrument: Instrument, view: str, x: float, y: float) -> Region | None:
    """The region under a point of a view, in the coordinates of the drawing (right joint)."""
    for region in instrument.regions:
        for shape in region.shapes:
            if shape.view == view and contains(shape.points, x, y):
                return region
    return None


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def turn(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return turn(a, b, c) * turn(a, b, d) <= 0 and turn(c, d, a) * turn(c, d, b) <= 0
