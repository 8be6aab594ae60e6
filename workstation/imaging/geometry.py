"""Where voxels are in the patient: LPS millimetres (x to the left, y to posterior, z to the head).

DICOM PS3.3 C.7.6.2.1.1 gives the mapping of a pixel index to patient coordinates; this module keeps it
per slice, because slices of a real series are not always evenly spaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workstation.errors import DataError
from workstation.imaging.study import Plane

Vector = NDArray[np.float64]

UNIFORM_TOLERANCE = 0.01
"""Largest departure from even spacing, as a fraction of it, that still counts as one grid."""

OBLIQUE_DEGREES = 35.0
"""A normal farther than this from every patient axis is called oblique."""


def slice_normal(image_orientation_patient: ArrayLike) -> Vector:
    """Unit normal of a slice: row direction × column direction.

    Raises
    ------
    DataError
        If the six numbers are not two perpendicular directions.
    """
    orientation = np.asarray(image_orientation_patient, dtype=np.float64)
    if orientation.shape != (6,) or not np.isfinite(orientation).all():
        raise DataError("This slice has no usable orientation", "ImageOrientationPatient is damaged")
    along_row, along_column = orientation[:3], orientation[3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if min(lengths) < 0.5 or abs(along_row @ along_column) > 0.05 * lengths[0] * lengths[1]:
        raise DataError(
            "This slice has no usable orientation",
            "its row and column directions are not perpendicular",
        )
    normal = np.cross(along_row, along_column)
    return np.asarray(normal / np.linalg.norm(normal))


def plane_of(image_orientation_patient: ArrayLike) -> Plane:
    """Anatomical plane whose axis is nearest to the normal, or oblique beyond `OBLIQUE_DEGREES`."""
    normal = np.abs(slice_normal(image_orientation_patient))
    axis = int(np.argmax(normal))
    if np.degrees(np.arccos(min(1.0, normal[axis]))) > OBLIQUE_DEGREES:
        return Plane.OBLIQUE
    return (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)[axis]


def direction_letters(direction: ArrayLike) -> str:
    """Patient letters of a direction, strongest first: ``"L"``, ``"PS"``; at most two.

    L/R left/right, P/A posterior/anterior, S/I superior/inferior (head/foot). A second letter is given
    when the direction is tilted by more than about 18 degrees toward it.
    """
    vector = np.asarray(direction, dtype=np.float64)
    vector = vector / np.linalg.norm(vector)
    names = (("L", "R"), ("P", "A"), ("S", "I"))
    order = np.argsort(-np.abs(vector), kind="stable")
    letters = [names[axis][0 if vector[axis] > 0 else 1] for axis in order if abs(vector[axis]) > 0.31]
    return "".join(letters[:2])


@dataclass(frozen=True, eq=False)
class StackGeometry:
    """Geometry of ordered parallel slices, each with its own position.

    Attributes
    ----------
    shape : tuple of int
        (slices, rows, columns).
    origins : ndarray of float64, shape (slices, 3)
        Centre of each slice's first pixel, LPS mm; ascending along `normal` for axis ``"position"``.
    along_row, along_column : ndarray of float64, shape (3,)
        Unit directions of increasing column and increasing row.
    pixel_spacing : tuple of float
        (row spacing, column spacing) in mm, as in DICOM.
    slice_thickness : float or None
        mm; for display and the outside-badge only, never for volumes.
    frame_of_reference_uid : str
        ``""`` where unknown: then nothing links to it.
    """

    shape: tuple[int, int, int]
    origins: Vector
    along_row: Vector
    along_column: Vector
    pixel_spacing: tuple[float, float]
    slice_thickness: float | None = None
    frame_of_reference_uid: str = ""

    @cached_property
    def normal(self) -> Vector:
        """Unit normal, row direction × column direction."""
        return np.asarray(np.cross(self.along_row, self.along_column))

    @cached_property
    def positions(self) -> Vector:
        """Distance of each slice along the normal, mm, shape (slices,)."""
        return np.asarray(self.origins @ self.normal)

    @cached_property
    def slice_spacing(self) -> float:
        """Median distance between neighbouring slice centres, mm; thickness for a single slice.

        Volumes use this and never SliceThickness, which leaves out the gap.
        """
        if self.shape[0] > 1:
            steps = np.sort(np.abs(np.diff(self.positions)))
            # The median; np.median would import numpy.ma, 70 ms in the middle of the first scroll.
            spacing = float(steps[(len(steps) - 1) // 2] + steps[len(steps) // 2]) / 2
            if spacing > 0:
                return spacing
        return float(self.slice_thickness or 1.0)

    @cached_property
    def is_uniform(self) -> bool:
        """True when all slices lie on one regular grid (even spacing, no sideways shift)."""
        if self.shape[0] < 2:
            return True
        steps = np.diff(self.origins, axis=0)
        mean = (self.origins[-1] - self.origins[0]) / (self.shape[0] - 1)
        length = float(np.linalg.norm(mean))
        return bool(length > 0 and np.abs(steps - mean).max() <= UNIFORM_TOLERANCE * length)

    @cached_property
    def affine(self) -> Vector:
        """4 × 4 matrix from index (slice, row, column, 1) to LPS mm.

        Raises
        ------
        DataError
            If the slices are not on a regular grid.
        """
        if not self.is_uniform:
            raise DataError(
                "This series is not a regular volume",
                "its slices are missing or unevenly spaced",
                "It can be read slice by slice",
            )
        step = (
            (self.origins[-1] - self.origins[0]) / (self.shape[0] - 1)
            if self.shape[0] > 1
            else self.normal * self.slice_spacing
        )
        matrix = np.eye(4)
        matrix[:3, 0] = step
        matrix[:3, 1] = self.along_column * self.pixel_spacing[0]
        matrix[:3, 2] = self.along_row * self.pixel_spacing[1]
        matrix[:3, 3] = self.origins[0]
        return matrix

    @cached_property
    def voxel_volume_mm3(self) -> float:
        """Row spacing × column spacing × slice spacing, mm³."""
        return self.pixel_spacing[0] * self.pixel_spacing[1] * self.slice_spacing

    def point_at(self, slice_index: int, row: float, column: float) -> Vector:
        """LPS mm of a position on a slice; (0, 0) is the centre of the first pixel."""
        return np.asarray(
            self.origins[slice_index]
            + self.along_column * (row * self.pixel_spacing[0])
            + self.along_row * (column * self.pixel_spacing[1])
        )

    def in_plane(self, point: ArrayLike, slice_index: int) -> tuple[float, float]:
        """(row, column) of an LPS point projected on a slice; may lie outside the image."""
        offset = np.asarray(point, dtype=np.float64) - self.origins[slice_index]
        return (
            float(offset @ self.along_column) / self.pixel_spacing[0],
            float(offset @ self.along_row) / self.pixel_spacing[1],
        )

    def nearest_slice(self, point: ArrayLike) -> tuple[int, float]:
        """Index of the slice nearest to an LPS point along the normal, and the distance in mm."""
        distances = np.abs(self.positions - float(np.asarray(point, dtype=np.float64) @ self.normal))
        index = int(np.argmin(distances))
        return index, float(distances[index])

    def reaches(self, distance: float) -> bool:
        """True when a point `distance` mm from its nearest slice centre still belongs to the series.

        The limit is half of thickness + gap, i.e. half the centre-to-centre spacing (of a single slice
        half its thickness), with 1 % for rounding.
        """
        return distance <= 0.505 * self.slice_spacing

    def index_of(self, point: ArrayLike) -> tuple[int, float, float]:
        """(slice, row, column) of an LPS point: nearest slice, fractional row and column."""
        index, _ = self.nearest_slice(point)
        row, column = self.in_plane(point, index)
        return index, row, column


def same_grid(one: StackGeometry, other: StackGeometry, tolerance_mm: float = 0.05) -> bool:
    """True when two stacks have the same voxels at the same places (corner by corner)."""
    if one.shape != other.shape:
        return False
    rows, columns = one.shape[1] - 1, one.shape[2] - 1
    return all(
        np.allclose(one.point_at(i, r, c), other.point_at(i, r, c), atol=tolerance_mm)
        for i in range(one.shape[0])
        for r, c in ((0, 0), (rows, columns), (0, columns))
    )


def resample_nearest(
    labels: NDArray[np.uint8], source: StackGeometry, target: StackGeometry
) -> NDArray[np.uint8]:
    """Labels of `source` on the grid of `target`, nearest voxel, 0 outside.

    Parameters
    ----------
    labels : ndarray of uint8, shape ``source.shape``
    source, target : StackGeometry
        Both in the same frame of reference; the caller checks.

    Returns
    -------
    ndarray of uint8, shape ``target.shape``
    """
    result = np.zeros(target.shape, dtype=np.uint8)
    rows = np.arange(target.shape[1])[:, None, None] * target.pixel_spacing[0] * target.along_column
    columns = np.arange(target.shape[2])[None, :, None] * target.pixel_spacing[1] * target.along_row
    order = np.argsort(source.positions)
    positions = source.positions[order]
    limit = 0.505 * max(source.slice_spacing, source.slice_thickness or 0.0)
    for index in range(target.shape[0]):
        points = target.origins[index] + rows + columns
        along = points @ source.normal
        near = _nearest(positions, along)
        inside = np.abs(positions[near] - along) <= limit
        slices = order[near]
        offset = points - source.origins[slices]
        row = np.rint(offset @ source.along_column / source.pixel_spacing[0]).astype(np.int64)
        column = np.rint(offset @ source.along_row / source.pixel_spacing[1]).astype(np.int64)
        inside &= (row >= 0) & (row < source.shape[1]) & (column >= 0) & (column < source.shape[2])
        result[index][inside] = labels[slices[inside], row[inside], column[inside]]
    return result


def _nearest(sorted_positions: Vector, values: Vector) -> NDArray[np.int64]:
    right = np.clip(np.searchsorted(sorted_positions, values), 0, len(sorted_positions) - 1)
    left = np.clip(right - 1, 0, None)
    closer_left = np.abs(values - sorted_positions[left]) <= np.abs(sorted_positions[right] - values)
    return np.asarray(np.where(closer_left, left, right), dtype=np.int64)
