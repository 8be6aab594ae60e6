"""Bone regions from one click per bone.

The marrow cavity is followed slice by slice from the click. On each slice a watershed on the landscape of
dark lines (`landscape.py`) parts the bones from each other and from what surrounds them; its markers
are the neighbouring slice's region, shrunk, so that nothing passes between slices where thick slices skip
the cortex. A slice whose region has no dark rim is not taken.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry, same_grid
from workstation.imaging.volume import Stack
from workstation.masks.coarse import doubled, finer, halved, halved_geometry
from workstation.masks.codes import region_segment
from workstation.masks.growing import Grower
from workstation.masks.growth import Growth
from workstation.masks.mask import Mask
from workstation.masks.placing import Seeds, place_seeds
from workstation.tasks import Progress

Depth = NDArray[np.float32]
Start = tuple[int, int, int]

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
    seen, coarse = (halved(stack), halved_geometry(geometry)) if finer(geometry) else (stack, geometry)
    placed = place_seeds(coarse, seeds)
    labels = {bone: number for number, bone in enumerate(seeds, start=1) if bone in placed}
    found = Grower(seen, coarse, placed, growth or Growth()).run(labels, progress)
    return Mask(
        series_key=stack.series_key,
        labels=found if seen is stack else doubled(found, geometry.shape),
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
        The segments that lie on the other series; where a bone is not covered by `regions` nothing is
        labelled.

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
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    nearest = np.zeros(geometry.shape, dtype=np.float32)
    for label, (depth, start) in _depths(regions).items():
        window, carried = _carried(depth, start, source, geometry)
        better = carried > nearest[window]
        labels[window][better] = label
        nearest[window][better] = carried[better]
    present = set(np.unique(labels).tolist())
    segments = tuple(segment for segment in regions.segments if segment.label in present)
    return replace(regions, series_key=series_key, geometry=geometry, labels=labels, segments=segments)


_MARGIN_MM = 4.0
"""How far around a bone its distance is carried; more than half a thick slice."""


def _depths(regions: Mask) -> dict[int, tuple[Depth, Start]]:
    # Distance of each point to the outline of each bone, mm, positive inside, around the bone only.
    from scipy import ndimage

    spacing = (regions.geometry.slice_spacing, *regions.geometry.pixel_spacing)
    found: dict[int, tuple[Depth, Start]] = {}
    for label, box in enumerate(ndimage.find_objects(regions.labels), start=1):
        if box is None:
            continue
        margins = [1 + int(_MARGIN_MM / mm) for mm in spacing]
        window = tuple(
            slice(max(0, ends.start - n), ends.stop + n) for ends, n in zip(box, margins, strict=True)
        )
        region = regions.labels[window] == label
        depth = ndimage.distance_transform_edt(region, sampling=spacing)
        depth -= ndimage.distance_transform_edt(~region, sampling=spacing)
        depth = np.clip(depth, -_MARGIN_MM, _MARGIN_MM).astype(np.float32)
        found[label] = depth, (window[0].start, window[1].start, window[2].start)
    return found


def _carried(
    depth: Depth, start: Start, source: StackGeometry, target: StackGeometry
) -> tuple[tuple[slice, ...], Depth]:
    # The distance at the voxels of another grid, within the window where it is known.
    from scipy import ndimage

    to_source = np.linalg.inv(source.affine) @ target.affine
    back = np.linalg.inv(to_source)
    corners = np.stack(np.meshgrid(*((0, n - 1) for n in depth.shape), indexing="ij"), -1)
    there = (corners.reshape(-1, 3) + start) @ back[:3, :3].T + back[:3, 3]
    first = np.clip(np.floor(there.min(axis=0)).astype(int), 0, target.shape)
    last = np.clip(np.ceil(there.max(axis=0)).astype(int) + 1, first, target.shape)
    window = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    if not all(part.stop > part.start for part in window):
        return window, np.zeros(tuple(last - first), dtype=np.float32)
    said = ndimage.affine_transform(
        depth,
        to_source[:3, :3],
        to_source[:3, :3] @ first + to_source[:3, 3] - start,
        output_shape=tuple(last - first),
        order=1,
        mode="constant",
        cval=-_MARGIN_MM,
    )
    return window, np.asarray(said, dtype=np.float32)
