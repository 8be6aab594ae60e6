"""Bone regions from one click per bone.

The marrow cavity is followed slice by slice from the click. On each slice a watershed on the landscape of
dark lines (`landscape.py`) parts the bones from each other and from what surrounds them; its markers
are the neighbouring slice's region, shrunk, so that nothing passes between slices where thick slices skip
the cortex. A slice whose region has no dark rim is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry, same_grid
from workstation.imaging.volume import Stack
from workstation.masks.codes import region_segment
from workstation.masks.growing import Grower, Growth, Placed
from workstation.masks.mask import Mask
from workstation.tasks import Progress

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


def transferred(regions: Mask, series_key: str, geometry: StackGeometry) -> Mask:
    """Regions of one series on the grid of another, through patient space.

    The outline is carried as a distance in mm and interpolated, so that thick slices of one plane do not
    leave stairs on another.

    Parameters
    ----------
    regions : Mask
    series_key : str
        The other series.
    geometry : StackGeometry
        Its grid.

    Returns
    -------
    Mask
        The same segments; where a bone is not covered by `regions` nothing is labelled.

    Raises
    ------
    DataError
        If the two series do not share a frame of reference, or one is not a regular volume.
    """
    from scipy import ndimage

    source = regions.geometry
    frame = source.frame_of_reference_uid
    if not frame or frame != geometry.frame_of_reference_uid:
        raise DataError(
            "The bone regions were not carried over",
            "the two series do not share a frame of reference",
            "Click the bones on this series itself",
        )
    if same_grid(source, geometry):
        return replace(regions, series_key=series_key, geometry=geometry)
    to_source = np.linalg.inv(source.affine) @ geometry.affine
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    nearest = np.zeros(geometry.shape, dtype=np.float32)
    spacing = (source.slice_spacing, *source.pixel_spacing)
    for segment in regions.segments:
        region = regions.labels == segment.label
        if not region.any():
            continue
        window = tuple(
            slice(max(0, ends.start - 3), ends.stop + 3)
            for ends in ndimage.find_objects(region.astype(np.uint8))[0]
        )
        part = region[window]
        inside = ndimage.distance_transform_edt(part, sampling=spacing)
        inside -= ndimage.distance_transform_edt(~part, sampling=spacing)
        start = np.asarray([ends.start for ends in window], dtype=float)
        depth = ndimage.affine_transform(
            inside.astype(np.float32),
            to_source[:3, :3],
            to_source[:3, 3] - start,
            output_shape=geometry.shape,
            order=1,
            mode="constant",
            cval=-1000.0,
        )
        better = depth > np.maximum(nearest, 0)
        labels[better] = segment.label
        nearest[better] = depth[better]
    return replace(regions, series_key=series_key, geometry=geometry, labels=labels)
