"""How far two masks agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.masks.mask import Segment

X_ONLY, Y_ONLY, BOTH, OTHERWISE = 1, 2, 3, 4
"""Labels of two masks laid over each other: marked by one, by the other, by both alike, by both as another
thing."""

Labels = NDArray[np.uint8]


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
    return dice_of(int(a.sum()), int(b.sum()), int((a & b).sum()))


def dice_of(one: int, other: int, both: int) -> float | None:
    """Dice coefficient of counted voxels."""
    return 2 * both / (one + other) if one + other else None


def compared(x: Labels, y: Labels) -> Labels:
    """Two masks on one grid, laid over each other: `X_ONLY`, `Y_ONLY`, `BOTH`, `OTHERWISE`."""
    found = (x > 0).view(np.uint8) * np.uint8(X_ONLY) + (y > 0).view(np.uint8) * np.uint8(Y_ONLY)
    found[(found == BOTH) & (x != y)] = OTHERWISE
    return np.asarray(found)


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label as two readers drew it on one series.

    Attributes
    ----------
    x, y, both : int
        Voxels.
    voxel_ml : float
        Volume of one.
    surface_mm : float or None
        Mean distance between the two surfaces, symmetric; None unless both marked something and it was
        asked for.
    farthest_mm : float or None
        95th percentile of these distances.
    """

    segment: Segment
    x: int
    y: int
    both: int
    voxel_ml: float
    surface_mm: float | None = None
    farthest_mm: float | None = None

    @property
    def dice(self) -> float | None:
        """Dice coefficient."""
        return dice_of(self.x, self.y, self.both)

    @property
    def volumes_ml(self) -> tuple[float, float, float]:
        """Of X, of Y, and of what both marked, ml."""
        return self.x * self.voxel_ml, self.y * self.voxel_ml, self.both * self.voxel_ml


def label_agreements(
    x: Labels,
    y: Labels,
    geometry: StackGeometry,
    segments: tuple[Segment, ...],
    *,
    with_surfaces: bool = False,
) -> tuple[LabelAgreement, ...]:
    """Agreement on every label that at least one of two masks has.

    Parameters
    ----------
    x, y : ndarray of uint8, shape (slices, rows, columns)
        On the same grid.
    """
    found = []
    for segment in segments:
        mine, theirs = x == segment.label, y == segment.label
        x_count, y_count, both = (int(np.count_nonzero(one)) for one in (mine, theirs, mine & theirs))
        if not x_count + y_count:
            continue
        surfaces = surface_distances(mine, theirs, geometry) if with_surfaces else None
        mean, far = surfaces or (None, None)
        voxel_ml = geometry.voxel_volume_mm3 / 1000
        found.append(LabelAgreement(segment, x_count, y_count, both, voxel_ml, mean, far))
    return tuple(found)


def surface_distances(
    one: NDArray[np.bool_], other: NDArray[np.bool_], geometry: StackGeometry
) -> tuple[float, float] | None:
    """Mean and 95th percentile of the distances between two surfaces, mm, both ways taken together.

    The surface of a mask is its voxels with a neighbour (of six) outside it; distances are between voxel
    centres, with the median slice spacing.

    Returns
    -------
    (float, float) or None
        None where one of the masks is empty.
    """
    from scipy.ndimage import binary_erosion, distance_transform_edt

    if not one.any() or not other.any():
        return None
    box = tuple(
        slice(max(int(places.min()) - 1, 0), int(places.max()) + 2) for places in np.nonzero(one | other)
    )
    spacing = (geometry.slice_spacing, *geometry.pixel_spacing)
    edges = [part[box] & ~binary_erosion(part[box]) for part in (one, other)]
    away = [distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    distances = np.concatenate([away[1][edges[0]], away[0][edges[1]]])
    return float(distances.mean()), float(np.percentile(distances, 95))
