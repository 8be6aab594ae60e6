"""Half the resolution within slices, for outlines of bones on very fine images.

Pixels much finer than half a millimetre are mostly interpolated by the scanner: they add no detail, and their
noise is smooth, so that it looks like texture. Averages of two by two pixels show bones as well, with less
noise.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack

FINE_MM = 0.45
"""Pixels finer than this, both ways, are averaged; project value, unvalidated."""


def finer(geometry: StackGeometry) -> bool:
    """True where pixels are fine enough to be averaged."""
    return max(geometry.pixel_spacing) < FINE_MM and min(geometry.shape[1:]) > 3


def halved(stack: Stack) -> Stack:
    """A series averaged over two by two pixels, an odd last row or column left out.

    Voxel values are doubled and the slope is halved, so that rounding loses nothing that matters, unless that
    would not fit into 16 bits.
    """
    rows, columns = (n // 2 * 2 for n in stack.voxels.shape[1:])
    even = stack.voxels[:, :rows, :columns]
    total = np.zeros((len(even), rows // 2, columns // 2), dtype=np.uint32)
    for row in (0, 1):
        for column in (0, 1):
            total += even[:, row::2, column::2]
    share = 2 if int(total.max(initial=0)) // 2 <= np.iinfo(np.uint16).max else 4
    voxels = ((total + share // 2) // share).astype(np.uint16)
    voxels.setflags(write=False)
    geometry = None if stack.geometry is None else halved_geometry(stack.geometry)
    return replace(stack, voxels=voxels, slope=stack.slope * share / 4, geometry=geometry)


def halved_geometry(geometry: StackGeometry) -> StackGeometry:
    """Positions of pixels averaged two by two: the first lies between the first two, both ways."""
    down, across = geometry.pixel_spacing
    shift = geometry.along_row * across / 2 + geometry.along_column * down / 2
    slices, rows, columns = geometry.shape
    return replace(
        geometry,
        shape=(slices, rows // 2, columns // 2),
        origins=geometry.origins + shift,
        pixel_spacing=(2 * down, 2 * across),
    )


def doubled(labels: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Labels of averaged pixels on the pixels themselves; an odd last row or column stays empty."""
    fine = labels.repeat(2, axis=1).repeat(2, axis=2)
    result = np.zeros(shape, dtype=np.uint8)
    result[:, : fine.shape[1], : fine.shape[2]] = fine
    return result
