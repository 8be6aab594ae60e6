"""Bone regions from one click per bone.

The marrow cavity is followed slice by slice from the click. On each slice a watershed on the landscape of
dark lines (`landscape.py`) parts the bones from each other and from what surrounds them; its markers
are the neighbouring slice's region, shrunk, so that nothing passes between slices where thick slices skip
the cortex. A slice whose region has no dark rim is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.codes import region_segment
from workstation.masks.growing import Growth, Grower, Placed
from workstation.masks.mask import Mask
from workstation.tasks import Progress

Labels = NDArray[np.uint8]
Region = NDArray[np.bool_]
Seeds = Mapping[str, Sequence[Sequence[float]]]

VERSION = "1"


def bone_region(
    stack: Stack,
    seeds: Seeds,
    progress: Progress,
    *,
    growth: Growth | None = None,
) -> Mask:
    """Marrow cavity of each clicked bone on the grid of a series.

    Lesions inside the bone belong to the region, whatever their signal.

    Parameters
    ----------
    stack : Stack
        T1 or fat-suppressed fluid-sensitive images.
    seeds : mapping of str to points
        Clicks per bone, LPS mm, in marrow. Labels are numbered in the order of the names. A bone none of
        whose clicks lies in this series is left out.
    progress : Progress

    Returns
    -------
    Mask
        One segment per bone found.

    Raises
    ------
    DataError
        If the series has no geometry; if no click lies in it; if a click is outside the body or on cortex;
        if a region leaks out of its bone.
    """
    geometry = geometry_of(stack)
    placed = place_seeds(geometry, seeds)
    labels = {bone: number for number, bone in enumerate(seeds, start=1) if bone in placed}
    return Mask(
        series_key=stack.series_key,
        labels=Grower(stack, geometry, placed, growth or Growth()).run(labels, progress),
        geometry=geometry,
        segments=tuple(region_segment(label, bone) for bone, label in labels.items()),
        recipe="bone region",
        recipe_version=VERSION,
    )


def geometry_of(stack: Stack) -> StackGeometry:
    """Geometry of a series on which something is to be measured.

    Raises
    ------
    DataError
        If the series has none, or its planes are times and not places.
    """
    if stack.geometry is None:
        raise DataError(
            "Nothing was measured on this series",
            "its files do not say where the slices are",
            "Choose another series",
        )
    if stack.axis != "position":
        raise DataError(
            "Nothing was measured on this series",
            "it shows one place at many times, not neighbouring slices",
            "Choose another series",
        )
    return stack.geometry


def place_seeds(geometry: StackGeometry, seeds: Seeds) -> Placed:
    """(slice, row, column) of every click that lies within a series.

    Raises
    ------
    DataError
        If none does.
    """
    placed: Placed = {}
    for bone, points in seeds.items():
        for point in points:
            nearest, distance = geometry.nearest_slice(point)
            row, column = (round(value) for value in geometry.in_plane(point, nearest))
            if (
                geometry.reaches(distance)
                and 0 <= row < geometry.shape[1]
                and 0 <= column < geometry.shape[2]
            ):
                placed.setdefault(bone, []).append((nearest, row, column))
    if not placed:
        raise DataError(
            "No bone region was made",
            "none of the clicks lies inside this series",
            "Click inside each bone on one of its slices",
        )
    return placed
