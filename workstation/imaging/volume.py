"""Decoded voxels of one series with the geometry of every slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices of one series, decoded, in display order.

    Attributes
    ----------
    series_key : str
        `Series.key` of what is shown.
    voxels : ndarray of uint16, shape (slices, rows, columns)
        Read-only. Real value = ``voxels * slope + intercept`` (signed and rescaled data are offset to
        uint16 so that one 65,536-entry table windows every series).
    slope, intercept : float
        From voxel to real value.
    geometry : StackGeometry or None
        None where the files carry no usable position: the series is shown, but never linked or measured.
    axis : str
        ``"position"`` or ``"time"`` (one location at many times).
    inverted : bool
        True for MONOCHROME1.
    """

    series_key: str
    voxels: NDArray[np.uint16]
    slope: float
    intercept: float
    geometry: StackGeometry | None
    axis: str = "position"
    inverted: bool = False

    @property
    def number_of_slices(self) -> int:
        """How many planes the stack has."""
        return int(self.voxels.shape[0])

    def values(self, slice_index: int) -> NDArray[np.float32]:
        """Real values of one slice, shape (rows, columns)."""
        stored = self.voxels[slice_index].astype(np.float32)
        return np.asarray(stored * np.float32(self.slope) + np.float32(self.intercept))
