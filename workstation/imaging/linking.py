"""How viewports follow one another: they share points of the patient, never slice numbers.

Every function takes the states of all viewports, the geometry of each (None where it cannot be linked: no
position in its files, time series, not loaded, empty, or outside the link group) and what the reader
stated about frames of reference (`imaging.ties`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from workstation.imaging.geometry import StackGeometry, Vector
from workstation.imaging.ties import BY_HAND, SAME, SIDES, Bridge, Ties
from workstation.imaging.viewport import Outside, ViewportState, panned

PARALLEL_COSINE = 0.5
"""Stacks whose normals are farther apart than 60 degrees do not scroll together: a sagittal stack must
stay where it is while the coronal one beside it is read. Sign is ignored, so reversed stacks link."""

Geometries = Sequence[StackGeometry | None]
States = Sequence[ViewportState]
_NO_TIES = Ties()


def centre_point(state: ViewportState, geometry: StackGeometry) -> Vector:
    """LPS mm of the middle of what a viewport shows."""
    row = (geometry.shape[1] - 1) / 2 + state.pan[1] / geometry.pixel_spacing[0]
    column = (geometry.shape[2] - 1) / 2 + state.pan[0] / geometry.pixel_spacing[1]
    return geometry.point_at(min(state.slice_index, geometry.shape[0] - 1), row, column)


def bridge(
    states: States, geometries: Geometries, source: int, target: int, ties: Ties = _NO_TIES
) -> Bridge | None:
    """How points of one viewport are found in another; None where nobody knows."""
    sides = states[source].side, states[target].side
    return ties.bridge(geometries[source], geometries[target], sides)


def synchronise(
    states: States, geometries: Geometries, moved: int, ties: Ties = _NO_TIES
) -> list[ViewportState]:
    """Let every linked viewport follow the one that scrolled.

    The middle of the moved viewport is projected on the normal of each target, whose nearest slice is
    shown. Slice counts, directions, gaps and tilts may differ. Where the point is farther than half of
    thickness + gap from the nearest slice the target keeps that slice and is marked `Outside`.

    Parameters
    ----------
    moved : int
        Index of the viewport that the reader scrolled.
    """
    result = list(states)
    source = geometries[moved]
    if source is None or not states[moved].links.scroll:
        return result
    point = centre_point(states[moved], source)
    for index, (state, target) in enumerate(zip(states, geometries, strict=True)):
        if index == moved or target is None or not state.links.scroll:
            continue
        way = bridge(states, geometries, moved, index, ties)
        if way is not None and abs(float(way.direction(source.normal) @ target.normal)) >= PARALLEL_COSINE:
            result[index] = at_point(state, target, way.point(point))
    return result


def at_point(state: ViewportState, geometry: StackGeometry, point: ArrayLike) -> ViewportState:
    """Show the slice nearest to an LPS point, marked `Outside` when the series does not reach it."""
    index, distance = geometry.nearest_slice(point)
    outside = None
    if not geometry.reaches(distance):
        along = float(np.asarray(point, dtype=np.float64) @ geometry.normal)
        beyond = along < geometry.positions.min() or along > geometry.positions.max()
        outside = Outside(distance, bool(beyond))
    if index == state.slice_index and outside == state.outside:
        return state  # nothing to draw again
    return replace(state, slice_index=index, outside=outside)


def at_cursor(
    states: States, geometries: Geometries, source: int, point: ArrayLike, ties: Ties = _NO_TIES
) -> list[ViewportState]:
    """Every other viewport that knows the source's points goes to one, whatever its plane."""
    result = list(states)
    for index, (state, geometry) in enumerate(zip(states, geometries, strict=True)):
        way = bridge(states, geometries, source, index, ties) if index != source else None
        if way is not None and geometry is not None:
            result[index] = at_point(state, geometry, way.point(point))
    return result


def zoom_together(states: States, geometries: Geometries, moved: int) -> list[ViewportState]:
    """Give every linked viewport the scale of the moved one: 10 mm become equally long everywhere."""
    scale = states[moved].scale
    if geometries[moved] is None or not states[moved].links.zoom:
        return list(states)
    return [
        replace(state, scale=scale) if geometry is not None and state.links.zoom else state
        for state, geometry in zip(states, geometries, strict=True)
    ]


def pan_together(
    before: ViewportState, states: States, geometries: Geometries, moved: int, ties: Ties = _NO_TIES
) -> list[ViewportState]:
    """Carry the pan of one viewport to the others as a displacement in the patient.

    `before` is the moved viewport as it was. Only the part of the displacement that lies in a target's
    own plane moves it: heads of sagittal and coronal images rise together, sideways moves stay apart.
    Between right and left the displacement is mirrored: both move toward the midline.
    """
    result = list(states)
    source, after = geometries[moved], states[moved]
    if source is None or not after.links.pan:
        return result
    shift = source.along_row * (after.pan[0] - before.pan[0])
    shift = shift + source.along_column * (after.pan[1] - before.pan[1])
    for index, (state, target) in enumerate(zip(states, geometries, strict=True)):
        way = bridge(states, geometries, moved, index, ties) if index != moved else None
        if way is not None and target is not None and state.links.pan:
            carried = way.direction(shift)
            along = float(carried @ target.along_row), float(carried @ target.along_column)
            result[index] = panned(state, *along)
    return result


def reference_line(
    active: StackGeometry,
    active_slice: int,
    target: StackGeometry,
    target_slice: int,
    way: Bridge | None = None,
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Where the active slice cuts the target slice.

    Parameters
    ----------
    way : Bridge or None
        From the active stack to the target, when they do not share a frame of reference.

    Returns
    -------
    tuple of two (x, y) or None
        In image coordinates of the target (x along columns, y along rows, the first pixel covers 0 to
        1), as long as the active image reaches. None when the planes are nearly parallel (closer than
        10 degrees), do not meet, lie on different sides of the body, or nobody knows how they lie.
    """
    way = way or Ties().bridge(active, target)
    if way is None or way.kind == SIDES or are_nearly_parallel(active, target):
        return None
    rows, columns = active.shape[1], active.shape[2]
    ends = ((-0.5, -0.5), (-0.5, columns - 0.5), (rows - 0.5, columns - 0.5), (rows - 0.5, -0.5))
    corners = [way.point(active.point_at(active_slice, row, column)) for row, column in ends]
    height = [float((corner - target.origins[target_slice]) @ target.normal) for corner in corners]
    crossing = []
    for one in range(4):
        two = (one + 1) % 4
        if (height[one] < 0) != (height[two] < 0):
            part = height[one] / (height[one] - height[two])
            crossing.append(corners[one] + (corners[two] - corners[one]) * part)
    if len(crossing) != 2:
        return None
    (r0, c0), (r1, c1) = (target.in_plane(point, target_slice) for point in crossing)
    return (c0 + 0.5, r0 + 0.5), (c1 + 0.5, r1 + 0.5)


@lru_cache(maxsize=1024)  # asked for every viewport at every step of a scroll
def are_nearly_parallel(one: StackGeometry, two: StackGeometry) -> bool:
    """True when the slices of two stacks are closer than 10 degrees and cut each other nowhere useful."""
    return abs(float(one.normal @ two.normal)) > 0.985


def tie_slices(states: States, geometries: Geometries, source: int, ties: Ties) -> Ties:
    """Tie the frame of one viewport to the others by the slices shown now.

    Only what the slices tell is changed: the distance along the common normal. What was stated along
    other directions, or by clicks, stays. Viewports that share a frame of reference, or whose planes are
    not nearly parallel, take no part.
    """
    own = geometries[source]
    if own is None or not own.frame_of_reference_uid:
        return ties
    for index, target in enumerate(geometries):
        if index == source or target is None or not target.frame_of_reference_uid:
            continue
        if target.frame_of_reference_uid == own.frame_of_reference_uid:
            continue
        if abs(float(own.normal @ target.normal)) < PARALLEL_COSINE:
            continue
        known = ties.bridge(own, target)
        shift = known.end if known is not None and known.kind == BY_HAND else np.zeros(3)
        here = target.positions[min(states[index].slice_index, target.shape[0] - 1)]
        along = float((centre_point(states[source], own) + shift) @ target.normal)
        ties = ties.tied(
            own.frame_of_reference_uid,
            target.frame_of_reference_uid,
            shift + target.normal * (float(here) - along),
        )
        break
    return ties


def link_words(states: States, geometries: Geometries, tile: int, ties: Ties) -> str:
    """By what else than the same frame of reference a viewport is linked; ``""`` if by nothing else."""
    return " · ".join(ties_of(states, geometries, tile, ties).values())


def ties_of(states: States, geometries: Geometries, tile: int, ties: Ties) -> dict[str, str]:
    """What links a viewport beyond its frame of reference, in words, by `BY_HAND` and `SIDES`."""
    found: dict[str, str] = {}
    for other in range(len(states)):
        way = bridge(states, geometries, tile, other, ties) if other != tile else None
        if way is None or way.kind == SAME:
            continue
        if way.kind == SIDES:
            found[SIDES] = "right–left by joint centres"
        else:
            found[BY_HAND] = f"offset {float(np.linalg.norm(way.end - way.start)):.1f} mm by hand"
    return {kind: found[kind] for kind in (BY_HAND, SIDES) if kind in found}
