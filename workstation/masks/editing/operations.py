"""Edits of a whole label: holes, growing, islands, and slices filled from their neighbours."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.masks.editing.brush import BACKGROUND, Place
from workstation.masks.editing.change import Change, Labels, change_in, merged, nothing

Box = tuple[slice, slice, slice]


def holes_filled(labels: Labels, label: int, slice_index: int | None = None) -> Change:
    """Holes of a label filled, slice by slice; a hole is background or another label closed in by it.

    Parameters
    ----------
    slice_index : int or None
        On this slice only; None for every slice.
    """
    from scipy.ndimage import binary_fill_holes

    parts = []
    for index in range(labels.shape[0]) if slice_index is None else (slice_index,):
        box = _box_of(labels[index : index + 1] == label, 0)
        if box is not None:
            marked = labels[index][box[1:]] == label
            full = np.asarray(binary_fill_holes(marked))
            parts.append(change_in(labels, full[None], (index, box[1].start, box[2].start), label))
    return _together(labels, parts)


def grown(
    labels: Labels, geometry: StackGeometry, label: int, by_mm: float, slice_index: int | None = None
) -> Change:
    """A label grown on all sides, or shrunk where `by_mm` is negative.

    A voxel of the background joins when its centre is no farther than `by_mm` from the centre of a marked one
    (median slice spacing); other labels stay.

    Parameters
    ----------
    slice_index : int or None
        In the plane of this slice only; None in all three dimensions.
    """
    from scipy.ndimage import distance_transform_edt

    chosen = slice(None) if slice_index is None else slice(slice_index, slice_index + 1)
    start = 0 if slice_index is None else slice_index
    part = labels[chosen]
    spacing = (geometry.slice_spacing, *geometry.pixel_spacing)
    pad = tuple(math.ceil(abs(by_mm) / size) + 1 for size in spacing)
    box = _box_of(part == label, pad)
    if box is None or not by_mm:
        return nothing(geometry.shape)
    marked = part[box] == label
    corner = (box[0].start + start, box[1].start, box[2].start)
    reach = abs(by_mm) * (1 + 1e-6)
    if by_mm > 0:
        near = distance_transform_edt(~marked, sampling=spacing) <= reach
        return change_in(labels, near & (part[box] == BACKGROUND), corner, label)
    near = distance_transform_edt(marked, sampling=spacing) <= reach
    return change_in(labels, near & marked, corner, BACKGROUND)


def island_erased(labels: Labels, place: Place, *, in_3d: bool = False) -> Change:
    """The connected piece under a place taken away: on its slice, or in the whole series.

    Pixels that touch at a corner are connected. Nothing changes on the background.
    """
    from scipy.ndimage import label as pieces_of

    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    row, column = round(place.row), round(place.column)
    if not (0 <= row < shape[1] and 0 <= column < shape[2]):
        return nothing(shape)
    here = int(labels[place.slice_index, row, column])
    if here == BACKGROUND:
        return nothing(shape)
    start = 0 if in_3d else place.slice_index
    part = labels if in_3d else labels[start : start + 1]
    box = _box_of(part == here, 0)
    assert box is not None
    pieces, _ = pieces_of(part[box] == here, structure=np.ones((3, 3, 3)))
    number = pieces[place.slice_index - start - box[0].start, row - box[1].start, column - box[2].start]
    corner = (box[0].start + start, box[1].start, box[2].start)
    return change_in(labels, np.asarray(pieces == number), corner, BACKGROUND)


def copied(labels: Labels, label: int, source: int, target: int) -> Change:
    """A label of one slice laid over another; what the other slice had stays. Outside the series: nothing."""
    if not 0 <= target < labels.shape[0]:
        return nothing((labels.shape[0], labels.shape[1], labels.shape[2]))
    return change_in(labels, labels[source : source + 1] == label, (target, 0, 0), label)


def interpolated(labels: Labels, geometry: StackGeometry, label: int) -> Change:
    """Slices between marked ones filled by shape: signed distances to the outline, weighted by position.

    Raya and Udupa 1990, IEEE Trans Med Imaging 9:32-42. Only slices without the label that lie between two
    with it are filled, and only their background.
    """
    marked = np.flatnonzero((labels == label).any(axis=(1, 2)))
    parts = []
    for low, high in pairwise(int(one) for one in marked):
        if high - low > 1:
            parts += _between(labels, geometry, label, low, high)
    return _together(labels, parts)


def _between(labels: Labels, geometry: StackGeometry, label: int, low: int, high: int) -> list[Change]:
    ends = labels[[low, high]] == label
    box = _box_of(ends, 1)
    assert box is not None
    first, last = (_signed_distance(plane, geometry.pixel_spacing) for plane in ends[(slice(None), *box[1:])])
    positions = geometry.positions
    found = []
    for index in range(low + 1, high):
        share = (positions[index] - positions[low]) / (positions[high] - positions[low])
        inside = (1 - share) * first + share * last > 0
        free = labels[index][box[1:]] == BACKGROUND
        found.append(change_in(labels, (inside & free)[None], (index, box[1].start, box[2].start), label))
    return found


def _signed_distance(marked: NDArray[np.bool_], spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Distance to the outline in mm, positive inside."""
    from scipy.ndimage import distance_transform_edt

    inside = distance_transform_edt(marked, sampling=spacing)
    outside = distance_transform_edt(~marked, sampling=spacing)
    return np.asarray(inside - outside)


def _box_of(marked: NDArray[np.bool_], pad: int | tuple[int, ...]) -> Box | None:
    """The box of all marked voxels and `pad` voxels around it, inside the array; None without any."""
    pads = (pad,) * 3 if isinstance(pad, int) else pad
    sides = []
    for axis, more in enumerate(pads):
        others = tuple(one for one in range(3) if one != axis)
        there = np.flatnonzero(marked.any(axis=others))
        if not len(there):
            return None
        sides.append(slice(max(int(there[0]) - more, 0), min(int(there[-1]) + more + 1, marked.shape[axis])))
    return sides[0], sides[1], sides[2]


def _together(labels: Labels, parts: list[Change]) -> Change:
    found = [part for part in parts if not part.is_empty]
    return merged(found) if found else nothing((labels.shape[0], labels.shape[1], labels.shape[2]))
