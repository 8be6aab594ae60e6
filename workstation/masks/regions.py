"""Bone regions from one click per bone.

The marrow cavity is followed slice by slice from the click. On each slice a watershed on the landscape of
dark lines (`landscape.py`) parts the bones from each other and from what surrounds them; its markers
are the neighbouring slice's region, shrunk, so that nothing passes between slices where thick slices skip
the cortex. A slice whose region has no dark rim is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry, same_grid
from workstation.imaging.volume import Stack
from workstation.masks.codes import region_segment
from workstation.masks.growing import Grower, Growth, Placed
from workstation.masks.mask import Mask
from workstation.tasks import Progress

Seeds = Mapping[str, Sequence[Sequence[float]]]
Depth = NDArray[np.float32]

VERSION = "2"


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
    carried = agreed(outlined(regions), series_key, geometry)
    return replace(carried, recipe=regions.recipe, recipe_version=regions.recipe_version)


@dataclass(frozen=True, eq=False)
class Outline:
    """One bone as one series shows it: how deep each point around it lies inside, mm.

    Attributes
    ----------
    depth : ndarray of float32
        Within `_SURE_MM` of the outline, positive inside; only the surroundings of the bone.
    start : tuple of int
        Index of the first voxel of `depth` in the series.
    geometry : StackGeometry
        Of the series.
    weight : float
        How much the series is trusted.
    """

    bone: str
    depth: Depth
    start: tuple[int, int, int]
    geometry: StackGeometry
    weight: float


def outlined(regions: Mask, weight: float = 1.0) -> tuple[Outline, ...]:
    """The outline of every bone of a series that is on it."""
    from scipy import ndimage

    geometry = regions.geometry
    spacing = (geometry.slice_spacing, *geometry.pixel_spacing)
    boxes = ndimage.find_objects(regions.labels)
    found = []
    for segment in regions.segments:
        if segment.label > len(boxes) or boxes[segment.label - 1] is None:
            continue
        window = tuple(
            slice(max(0, ends.start - margin), ends.stop + margin)
            for ends, margin in zip(
                boxes[segment.label - 1], (1 + int(_SURE_MM / mm) for mm in spacing), strict=True
            )
        )
        region = regions.labels[window] == segment.label
        depth = ndimage.distance_transform_edt(region, sampling=spacing)
        depth -= ndimage.distance_transform_edt(~region, sampling=spacing)
        depth = np.clip(depth, -_SURE_MM, _SURE_MM).astype(np.float32)
        start = (window[0].start, window[1].start, window[2].start)
        found.append(Outline(segment.name, depth, start, geometry, weight))
    return tuple(found)


def agreed(outlines: Sequence[Outline], series_key: str, geometry: StackGeometry) -> Mask:
    """The bones on which several series of a visit agree, on the grid of one of them.

    Each series sees its own slices well and the ends of a bone across them badly, and an outline may leak or
    stop short on one of them. Every series says how deep inside or outside each point lies, at most
    `_SURE_MM`; the weighted mean decides. A series has no say beyond its own field.

    Parameters
    ----------
    outlines : sequence of Outline
        Of the same clicks, all in one frame of reference.
    series_key : str
    geometry : StackGeometry
        Grid of the answer.

    Returns
    -------
    Mask
        One segment per bone.

    Raises
    ------
    DataError
        If a series is not a regular volume.
    """
    bones = {bone: n for n, bone in enumerate(dict.fromkeys(one.bone for one in outlines), start=1)}
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    nearest = np.zeros(geometry.shape, dtype=np.float32)
    for bone, label in bones.items():
        total = np.zeros(geometry.shape, dtype=np.float32)
        for one in outlines:
            if one.bone == bone:
                _add(total, one, geometry)
        better = total > nearest
        labels[better] = label
        nearest[better] = total[better]
    return Mask(
        series_key=series_key,
        labels=labels,
        geometry=geometry,
        segments=tuple(region_segment(label, bone) for bone, label in bones.items()),
        recipe="bone region",
        recipe_version=VERSION,
    )


_SURE_MM = 4.0


def _add(total: Depth, outline: Outline, geometry: StackGeometry) -> None:
    # Adds what one series says of every voxel of a grid that lies in its field.
    from scipy import ndimage

    to_source = np.linalg.inv(outline.geometry.affine) @ geometry.affine
    seen = _within(outline.geometry.shape, to_source, geometry.shape)
    start = np.asarray(outline.start)
    corners = np.stack(np.meshgrid(*((0, n - 1) for n in outline.depth.shape), indexing="ij"), -1)
    back = np.linalg.inv(to_source)
    there = (corners.reshape(-1, 3) + start) @ back[:3, :3].T + back[:3, 3]
    first = np.clip(np.floor(there.min(axis=0)).astype(int), 0, geometry.shape)
    last = np.clip(np.ceil(there.max(axis=0)).astype(int) + 1, first, geometry.shape)
    said = np.full(geometry.shape, -_SURE_MM, dtype=np.float32)
    window = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    if all(part.stop > part.start for part in window):
        said[window] = ndimage.affine_transform(
            outline.depth,
            to_source[:3, :3],
            to_source[:3, :3] @ first + to_source[:3, 3] - start,
            output_shape=tuple(last - first),
            order=1,
            mode="constant",
            cval=-_SURE_MM,
        )
    total += np.float32(outline.weight) * said * seen


def _within(
    source: tuple[int, ...], to_source: NDArray[np.float64], shape: tuple[int, int, int]
) -> NDArray[np.bool_]:
    axes = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
    inside = np.ones(shape, dtype=bool)
    for row, size in zip(to_source[:3], source, strict=True):
        index = sum((np.float32(row[k]) * axes[k] for k in range(3)), np.float32(row[3]))
        inside &= (index > -0.5) & (index < size - 0.5)
    return inside
