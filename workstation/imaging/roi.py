"""Statistics of a region of one picture, by pixel centres, in real values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.measurement import (
    REGIONS,
    Calibration,
    Point,
    Quantity,
    Result,
    Shape,
    angle_of,
    length_of,
    problem_of,
)

CROSSES = "the outline crosses itself: area is that of the pixels counted"
BEYOND = "reaches beyond the picture: only what is inside counts"
EMPTY = "covers no pixel centre"
SQUARE = "pixels taken as square"


@dataclass(frozen=True, eq=False)
class PictureValues:
    """The values of one picture.

    Attributes
    ----------
    stored : ndarray of uint16, shape (rows, columns)
    slope, intercept : float
        Real value = ``stored * slope + intercept``.
    calibration : Calibration
    unit : str
        Of the real values, see `Quantity`.
    """

    stored: NDArray[np.uint16]
    slope: float
    intercept: float
    calibration: Calibration
    unit: str


def measure(shape: Shape, points: tuple[Point, ...], picture: PictureValues) -> Result:
    """The numbers of a shape on a picture.

    Lengths and areas are geometric, in mm by the pixel spacing (row, column), also where pixels are not
    square. A pixel belongs to a region when its centre does; mean, SD (n - 1), min and max are of the real
    values of those pixels.

    Parameters
    ----------
    points : tuple of (x, y)
        Image coordinates, the first pixel covers 0 to 1.

    Returns
    -------
    Result
        No quantities, and why in the note, where the points make no such shape.
    """
    if problem := problem_of(shape, points):
        return Result(note=problem)
    calibration = picture.calibration
    spacing, unit = calibration.spacing, calibration.unit
    if shape is Shape.LENGTH:
        return Result((Quantity("length", length_of(points, spacing), unit),), calibration.note)
    if shape is Shape.ANGLE:
        note = SQUARE if unit == "px" else ""  # an angle is the same at any size
        return Result((Quantity("angle", angle_of(points, spacing), "deg"),), note)
    return _region(shape, points, picture) if shape in REGIONS else Result()


def polygon_of(shape: Shape, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The corners of a rectangle or outline."""
    if shape is not Shape.RECTANGLE:
        return points
    (x0, y0), (x1, y1) = points
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def polygon_area(points: tuple[Point, ...]) -> float:
    """Area of a simple polygon in pixels (shoelace formula)."""
    across, down = np.array(points, dtype=np.float64).T
    # About its own centre, so that large coordinates cost no digits.
    across, down = across - across.mean(), down - down.mean()
    return 0.5 * abs(float(across @ np.roll(down, -1) - down @ np.roll(across, -1)))


def crosses_itself(points: tuple[Point, ...]) -> bool:
    """True if two edges of a closed outline that are not neighbours meet inside each other."""
    start = np.array(points, dtype=np.float64)
    end = np.roll(start, -1, axis=0)
    way = end - start

    def side(of: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each edge (row) on which side each point (column) lies."""
        apart = of[None, :, :] - start[:, None, :]
        return np.asarray(way[:, None, 0] * apart[..., 1] - way[:, None, 1] * apart[..., 0])

    splits = side(start) * side(end) < 0
    return bool((splits & splits.T).any())


def thinned(points: tuple[Point, ...], tolerance: float) -> tuple[Point, ...]:
    """An outline without the points that lie within `tolerance` (pixels) of what is left.

    A hand leaves hundreds of points where a few dozen say the same (Ramer 1972, Douglas and Peucker 1973);
    a short record also tells less of itself by its size.
    """
    line = np.array(points, dtype=np.float64)
    keep = np.zeros(len(line), dtype=np.bool_)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        way, apart = line[last] - line[first], line[first + 1 : last] - line[first]
        along = np.clip(apart @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
        distance = np.hypot(*(apart - along[:, None] * way).T)
        farthest = int(np.argmax(distance))
        if distance[farthest] > tolerance:
            middle = first + 1 + farthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return tuple((float(x), float(y)) for x, y in np.round(line[keep], 2))


def region_mask(
    shape: Shape, points: tuple[Point, ...], size: tuple[int, int]
) -> tuple[NDArray[np.bool_], int, int]:
    """Pixels whose centres lie in a region: a mask of its bounding box, and the box's first row and column.

    Edges are half open (even-odd rule), so that regions that share an edge share no pixel.

    Parameters
    ----------
    size : (int, int)
        Rows and columns of the picture.
    """
    across, down = np.array(points, dtype=np.float64).T
    top, bottom = _clipped(down, size[0])
    left, right = _clipped(across, size[1])
    rows = np.arange(top, bottom, dtype=np.float64) + 0.5
    columns = np.arange(left, right, dtype=np.float64) + 0.5
    if not rows.size or not columns.size:
        return np.zeros((len(rows), len(columns)), dtype=np.bool_), top, left
    if shape is Shape.ELLIPSE:
        half_wide, half_high = np.ptp(across) / 2, np.ptp(down) / 2
        along = ((columns - (across.min() + half_wide)) / half_wide) ** 2
        inside = along[None, :] + (((rows - (down.min() + half_high)) / half_high) ** 2)[:, None] <= 1.0
        return np.asarray(inside), top, left
    corners = np.array(polygon_of(shape, points), dtype=np.float64)
    return _even_odd(corners, rows, columns), top, left


def _even_odd(
    corners: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Where each row of centres enters and leaves the polygon, counted along the row."""
    ends = np.roll(corners, -1, axis=0)
    cut = (corners[:, 1:] <= rows[None, :]) != (ends[:, 1:] <= rows[None, :])
    edge, row = np.nonzero(cut)
    low, high = corners[edge], ends[edge]
    at = low[:, 0] + (rows[row] - low[:, 1]) / (high[:, 1] - low[:, 1]) * (high[:, 0] - low[:, 0])
    turns = np.zeros((len(rows), len(columns) + 1), dtype=np.int64)
    np.add.at(turns, (row, np.searchsorted(columns, at)), 1)
    return np.asarray(np.cumsum(turns, axis=1)[:, :-1] % 2 == 1)


def _clipped(values: NDArray[np.float64], limit: int) -> tuple[int, int]:
    first, last = math.floor(float(values.min())), math.ceil(float(values.max()))
    return min(max(first, 0), limit), min(max(last, 0), limit)


def _region(shape: Shape, points: tuple[Point, ...], picture: PictureValues) -> Result:
    spacing, unit = picture.calibration.spacing, picture.calibration.unit
    mask, top, left = region_mask(shape, points, picture.stored.shape)
    inside = picture.stored[top : top + mask.shape[0], left : left + mask.shape[1]][mask]
    notes = [picture.calibration.note]
    rows, columns = picture.stored.shape
    if any(not (0 <= x <= columns and 0 <= y <= rows) for x, y in points):
        notes.append(BEYOND)
    area = _area(shape, points, inside.size, notes) * spacing[0] * spacing[1]
    quantities = [Quantity("area", area, f"{unit}2")]
    if inside.size:
        quantities += _statistics(inside, picture)
    else:
        notes.append(EMPTY)
    quantities.append(Quantity("n", float(inside.size), "pixels"))
    return Result(tuple(quantities), "; ".join(note for note in notes if note))


def _area(shape: Shape, points: tuple[Point, ...], counted: int, notes: list[str]) -> float:
    """Area in pixels."""
    if shape is Shape.ELLIPSE:
        (x0, y0), (x1, y1) = points
        return math.pi / 4 * abs((x1 - x0) * (y1 - y0))
    corners = polygon_of(shape, points)
    if shape is Shape.FREEHAND and crosses_itself(corners):
        notes.append(CROSSES)
        return float(counted)
    return polygon_area(corners)


def _statistics(inside: NDArray[np.uint16], picture: PictureValues) -> list[Quantity]:
    stored = inside.astype(np.float64)
    ends = [float(end) * picture.slope + picture.intercept for end in (stored.min(), stored.max())]
    found = [Quantity("mean", float(stored.mean()) * picture.slope + picture.intercept, picture.unit)]
    if stored.size > 1:
        found.append(Quantity("sd", float(stored.std(ddof=1)) * abs(picture.slope), picture.unit))
    found += [Quantity("min", min(ends), picture.unit), Quantity("max", max(ends), picture.unit)]
    return found
