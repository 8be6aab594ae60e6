"""Decoded voxels of one series with the geometry of every slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A table over whole input values.

    Attributes
    ----------
    first : int
        Input value of the first entry; lower ones get the first entry, higher ones the last.
    entries : ndarray of uint16
    bits : int
        Significant bits of an entry: white is ``2 ** bits - 1``.
    """

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def of(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Entries of input values."""
        places = np.rint(values).astype(np.int64) - self.first
        return np.asarray(self.entries[np.clip(places, 0, len(self.entries) - 1)])


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
    tables : tuple of LookupTable
        VOI LUTs of the file, over real values.
    """

    series_key: str
    voxels: NDArray[np.uint16]
    slope: float
    intercept: float
    geometry: StackGeometry | None
    axis: str = "position"
    inverted: bool = False
    tables: tuple[LookupTable, ...] = ()

    @property
    def number_of_slices(self) -> int:
        """How many planes the stack has."""
        return int(self.voxels.shape[0])

    def values(self, slice_index: int) -> NDArray[np.float32]:
        """Real values of one slice, shape (rows, columns)."""
        stored = self.voxels[slice_index].astype(np.float32)
        return np.asarray(stored * np.float32(self.slope) + np.float32(self.intercept))
