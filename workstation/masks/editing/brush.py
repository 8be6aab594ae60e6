"""Painting by hand: a disc or a ball that is moved, and a polygon; all sizes in true millimetres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.measurement import Point, Shape
from workstation.imaging.roi import region_mask
from workstation.masks.editing.change import Change, Labels, change_in, merged, nothing

BACKGROUND = 0
"""The label of the eraser."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a series: slice, and row and column; a whole number is the centre of a pixel."""

    slice_index: int
    row: float
    column: float


@dataclass(frozen=True, eq=False)
class Within:
    """Only voxels with such values are painted.

    Attributes
    ----------
    voxels : ndarray of uint16, shape (slices, rows, columns)
        As stored in the stack.
    low, high : float
        Stored values, both included.
    """

    voxels: NDArray[np.uint16]
    low: float
    high: float

    def of(self, box: tuple[slice, slice, slice]) -> NDArray[np.bool_]:
        """Where a box may be painted."""
        part = self.voxels[box]
        return np.asarray((part >= self.low) & (part <= self.high))


def swept(
    labels: Labels,
    geometry: StackGeometry,
    start: Place,
    end: Place,
    radius_mm: float,
    label: int,
    *,
    in_3d: bool = False,
    within: Within | None = None,
) -> Change:
    """The brush moved from one place to another of a slice.

    A voxel is painted when its centre is no farther than the radius from the way; the voxels that the way
    goes through always are, so that no brush is too small to paint.

    Parameters
    ----------
    labels : ndarray of uint8, shape (slices, rows, columns)
        Left as it is.
    geometry : StackGeometry
        Spacing and the position of each slice, mm.
    start, end : Place
        On one slice; may lie outside the image.
    label : int
        `BACKGROUND` erases.
    in_3d : bool
        A ball, which reaches other slices by their true positions, instead of a disc.
    """
    here = start.slice_index
    distances = np.abs(geometry.positions - geometry.positions[here])
    reached = np.flatnonzero(distances <= radius_mm) if in_3d else np.array([here])
    parts = []
    for index in sorted({int(one) for one in reached} | {here}):
        radius = math.sqrt(max(radius_mm**2 - (distances[index] if in_3d else 0.0) ** 2, 0.0))
        # Slices that step sideways: the same place of the patient has another row and column there.
        ends = [_seen_on(geometry, one, index) for one in (start, end)]
        parts.append(_capsule(labels, geometry, index, ends, radius, label, within, through=index == here))
    return merged([part for part in parts if not part.is_empty] or [nothing(geometry.shape)])


def polygon(
    labels: Labels, slice_index: int, corners: Sequence[Point], label: int, *, within: Within | None = None
) -> Change:
    """The pixels of a slice whose centres lie in a closed polygon (even-odd rule).

    Parameters
    ----------
    corners : sequence of (x, y)
        Image coordinates: x along columns, y along rows, the first pixel covers 0 to 1.
    """
    if len(corners) < 3:
        return nothing((labels.shape[0], labels.shape[1], labels.shape[2]))
    inside, top, left = region_mask(Shape.FREEHAND, tuple(corners), (labels.shape[1], labels.shape[2]))
    chosen = inside[None]
    if within is not None:
        box = _box((slice_index, top, left), chosen)
        chosen = chosen & within.of(box)
    return change_in(labels, chosen, (slice_index, top, left), label)


def _seen_on(geometry: StackGeometry, place: Place, slice_index: int) -> tuple[float, float]:
    if slice_index == place.slice_index:
        return place.row, place.column
    point = geometry.point_at(place.slice_index, place.row, place.column)
    return geometry.in_plane(point, slice_index)


def _capsule(
    labels: Labels,
    geometry: StackGeometry,
    index: int,
    ends: list[tuple[float, float]],
    radius: float,
    label: int,
    within: Within | None,
    *,
    through: bool,
) -> Change:
    """All within `radius` of a straight way on one slice."""
    tall, wide = geometry.pixel_spacing
    rows, columns = geometry.shape[1:]
    reach = radius / tall, radius / wide
    top, bottom = _clipped([end[0] for end in ends], reach[0], rows)
    left, right = _clipped([end[1] for end in ends], reach[1], columns)
    if top >= bottom or left >= right:
        return nothing(geometry.shape)
    down = (np.arange(top, bottom) * tall)[:, None]
    across = (np.arange(left, right) * wide)[None, :]
    (y0, x0), (y1, x1) = ((row * tall, column * wide) for row, column in ends)
    way = (y1 - y0, x1 - x0)
    length = way[0] ** 2 + way[1] ** 2
    part = ((down - y0) * way[0] + (across - x0) * way[1]) / length if length else np.zeros((1, 1))
    part = np.clip(part, 0.0, 1.0)
    apart = (down - y0 - part * way[0]) ** 2 + (across - x0 - part * way[1]) ** 2
    inside = apart <= radius**2 * (1 + 1e-9)
    if through:
        steps = max(math.ceil(2 * math.dist(*ends)), 1)
        row, column = (np.rint(np.linspace(a, b, steps + 1)).astype(int) for a, b in zip(*ends, strict=True))
        seen = (row >= top) & (row < bottom) & (column >= left) & (column < right)
        inside[row[seen] - top, column[seen] - left] = True
    chosen = inside[None]
    if within is not None:
        chosen = chosen & within.of(_box((index, top, left), chosen))
    return change_in(labels, chosen, (index, top, left), label)


def _clipped(ends: list[float], reach: float, size: int) -> tuple[int, int]:
    first, last = math.floor(min(ends) - reach), math.ceil(max(ends) + reach) + 1
    return min(max(first, 0), size), min(max(last, 0), size)


def _box(corner: tuple[int, int, int], inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    depth, row, column = (
        slice(first, first + size) for first, size in zip(corner, inside.shape, strict=True)
    )
    return depth, row, column
