"""Distances to simple bodies, in mm, negative inside: the clay of the phantoms.

Every function takes broadcastable coordinates (float32) and returns an approximate signed distance, exact
enough near the surface to peel cortex and cartilage off it. The ellipsoid form is the first-order distance
``k0 (k0 - 1) / k1`` used in distance-field modelling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Point = tuple[float, float, float]
Box = tuple[Point, Point]


def ellipsoid(x: Field, y: Field, z: Field, center: Point, radii: Point) -> Field:
    """Distance to an ellipsoid with axes along the coordinates."""
    dx, dy, dz = ((a - np.float32(c)) for a, c in zip((x, y, z), center, strict=True))
    square = [np.float32(1 / r**2) for r in radii]
    k0 = np.sqrt(dx * dx * square[0] + dy * dy * square[1] + dz * dz * square[2])
    k1 = np.sqrt(dx * dx * square[0] ** 2 + dy * dy * square[1] ** 2 + dz * dz * square[2] ** 2)
    return np.asarray(k0 * (k0 - 1) / np.maximum(k1, np.float32(1e-6)), dtype=np.float32)


def capsule(x: Field, y: Field, z: Field, start: Point, end: Point, radii: tuple[float, float]) -> Field:
    """Distance to a straight limb from `start` to `end` whose radius changes linearly."""
    a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
    along = b - a
    length = np.float32(along @ along)
    dx, dy, dz = x - a[0], y - a[1], z - a[2]
    share = np.clip((dx * along[0] + dy * along[1] + dz * along[2]) / length, 0, 1)
    dx, dy, dz = dx - share * along[0], dy - share * along[1], dz - share * along[2]
    radius = np.float32(radii[0]) + share * np.float32(radii[1] - radii[0])
    return np.asarray(np.sqrt(dx * dx + dy * dy + dz * dz) - radius, dtype=np.float32)


def column(
    x: Field,
    y: Field,
    z: Field,
    levels: tuple[float, ...],
    centers: tuple[tuple[float, float], ...],
    radii: tuple[tuple[float, float], ...],
) -> Field:
    """Distance to an upright elliptical column whose centre and radii change with height.

    `levels` ascend; between them everything is interpolated, beyond them the ends go on.
    """
    heights = np.asarray(levels)
    z64 = np.asarray(z, dtype=np.float64)
    cx, cy = (np.interp(z64, heights, [c[i] for c in centers]).astype(np.float32) for i in (0, 1))
    rx, ry = (np.interp(z64, heights, [r[i] for r in radii]).astype(np.float32) for i in (0, 1))
    dx, dy = (x - cx) / rx, (y - cy) / ry
    return np.asarray((np.sqrt(dx * dx + dy * dy) - 1) * np.minimum(rx, ry), dtype=np.float32)


def union(*fields: Field, blend_mm: float = 0.0) -> Field:
    """Nearest surface of several bodies; with `blend_mm` their seams are rounded."""
    result = fields[0]
    for other in fields[1:]:
        if blend_mm > 0:
            share = np.maximum(np.float32(blend_mm) - np.abs(result - other), 0) / np.float32(blend_mm)
            result = np.minimum(result, other) - share * share * np.float32(blend_mm / 4)
        else:
            result = np.minimum(result, other)
    return np.asarray(result, dtype=np.float32)


def ripple(x: Field, y: Field, z: Field, wavelength_mm: float, phase: float) -> Field:
    """A smooth irregular field in about -1..1, the same at the same place: makes lesion edges uneven."""
    k = np.float32(2 * np.pi / wavelength_mm)
    p = np.float32(phase)
    return np.asarray(
        (
            np.sin(k * (x + np.float32(0.6) * y) + p)
            + np.sin(k * (np.float32(1.3) * y - np.float32(0.5) * z) + np.float32(2.1) * p)
            + np.sin(k * (np.float32(0.9) * z + np.float32(0.7) * x) + np.float32(3.7) * p)
        )
        / np.float32(3),
        dtype=np.float32,
    )
