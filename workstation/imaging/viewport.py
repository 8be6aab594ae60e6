"""What a reader asks of one viewport, as frozen data, and the pure moves that change it.

Viewports share points in patient space (LPS mm), never slice numbers. Two viewports are linked only when
both know their geometry and name the same frame of reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from workstation.imaging.geometry import StackGeometry, Vector
from workstation.imaging.windowing import LINEAR_EXACT, Window

PARALLEL_COSINE = 0.5
"""Stacks whose normals are farther apart than 60 degrees do not scroll together: a sagittal stack must
stay where it is while the coronal one beside it is read. Sign is ignored, so reversed stacks link."""

SMALLEST_SCALE, LARGEST_SCALE = 0.05, 200.0
"""Limits of the zoom, screen pixels per mm."""

Geometries = Sequence[StackGeometry | None]


@dataclass(frozen=True, slots=True)
class Links:
    """Which moves a viewport shares with the others."""

    scroll: bool = True
    zoom: bool = True
    pan: bool = True
    window: bool = True

    @property
    def text(self) -> str:
        """How the links are told in a corner: ``"linked"``, ``"unlinked"`` or what is still linked."""
        names = [field.name for field in fields(self) if getattr(self, field.name)]
        if len(names) == len(fields(self)):
            return "linked"
        return "linked: " + ", ".join(names) if names else "unlinked"


@dataclass(frozen=True, slots=True)
class Outside:
    """The shared point is not on any slice of this series.

    `beyond` is True past either end of the stack, False in a gap between its slices.
    """

    distance_mm: float
    beyond: bool = True

    @property
    def text(self) -> str:
        """The badge: ``"9 mm outside this series"``."""
        distance = f"{self.distance_mm:.0f}" if self.distance_mm >= 2 else f"{self.distance_mm:.1f}"
        return (
            f"{distance} mm outside this series" if self.beyond else f"no slice here, nearest {distance} mm"
        )


@dataclass(frozen=True, slots=True)
class ViewportState:
    """One viewport as the reader left it.

    Attributes
    ----------
    series_key : str
        What hangs here; ``""`` for an empty viewport.
    slice_index : int
        Slice shown, from 0.
    scale : float or None
        Screen pixels per mm; None fits the whole image.
    pan : tuple of float
        Point at the middle of the viewport, mm from the image centre: (along rows, along columns), i.e.
        (toward higher column, toward higher row).
    window : Window or None
        None for the start window of the series.
    rotation : int
        Quarter turns clockwise on top of the conventional orientation.
    mirrored : bool
        Left–right mirrored on top of the conventional orientation; badge and letters follow.
    outside : Outside or None
        Set by linked scrolling while the shared point is not on this series.
    """

    series_key: str = ""
    slice_index: int = 0
    scale: float | None = None
    pan: tuple[float, float] = (0.0, 0.0)
    window: Window | None = None
    inverted: bool = False
    rotation: int = 0
    mirrored: bool = False
    links: Links = Links()
    outside: Outside | None = None


def scrolled(state: ViewportState, steps: int, number_of_slices: int) -> ViewportState:
    """Move by slices; stops at both ends."""
    return at_slice(state, state.slice_index + steps, number_of_slices)


def at_slice(state: ViewportState, slice_index: int, number_of_slices: int) -> ViewportState:
    """Show a slice; an index past an end shows that end."""
    index = min(max(slice_index, 0), max(number_of_slices - 1, 0))
    return replace(state, slice_index=index, outside=None)


def cine_step(state: ViewportState, number_of_slices: int) -> ViewportState:
    """The next slice; after the last comes the first."""
    return replace(state, slice_index=(state.slice_index + 1) % max(number_of_slices, 1), outside=None)


def zoomed(
    state: ViewportState, factor: float, present_scale: float, anchor: tuple[float, float] | None = None
) -> ViewportState:
    """Zoom by a factor; the `anchor` (mm from the image centre) stays where it is on screen.

    `present_scale` is the scale in use, which a state that fits its image does not know.
    """
    scale = min(max(present_scale * factor, SMALLEST_SCALE), LARGEST_SCALE)
    if anchor is None:
        return replace(state, scale=scale)
    kept = present_scale / scale
    pan = tuple(a + (p - a) * kept for p, a in zip(state.pan, anchor, strict=True))
    return replace(state, scale=scale, pan=(pan[0], pan[1]))


def panned(state: ViewportState, along_row_mm: float, along_column_mm: float) -> ViewportState:
    """Move the middle of the viewport over the image."""
    return replace(state, pan=(state.pan[0] + along_row_mm, state.pan[1] + along_column_mm))


def flipped_horizontally(state: ViewportState) -> ViewportState:
    """Left and right of the screen change places, whatever the rotation."""
    return replace(state, rotation=-state.rotation % 4, mirrored=not state.mirrored)


def flipped_vertically(state: ViewportState) -> ViewportState:
    """Top and bottom of the screen change places, whatever the rotation."""
    return replace(state, rotation=(2 - state.rotation) % 4, mirrored=not state.mirrored)


def rotated(state: ViewportState, quarter_turns: int = 1) -> ViewportState:
    """Turn clockwise on the screen."""
    return replace(state, rotation=(state.rotation + quarter_turns) % 4)


def reset(state: ViewportState) -> ViewportState:
    """Start window, whole image, conventional orientation; slice and links stay."""
    return ViewportState(
        state.series_key, state.slice_index, links=state.links, outside=state.outside, window=None
    )


def share_frame(one: StackGeometry | None, other: StackGeometry | None) -> bool:
    """True when points of one stack have a meaning in the other: same, known frame of reference."""
    if one is None or other is None:
        return False
    return bool(one.frame_of_reference_uid) and one.frame_of_reference_uid == other.frame_of_reference_uid


def centre_point(state: ViewportState, geometry: StackGeometry) -> Vector:
    """LPS mm of the middle of what a viewport shows."""
    return _on_plane(geometry, state.slice_index, state.pan)


def synchronise(states: Sequence[ViewportState], geometries: Geometries, moved: int) -> list[ViewportState]:
    """Let every linked viewport follow the one that scrolled.

    The middle of the moved viewport is projected on the normal of each target, whose nearest slice is
    shown. Slice counts, directions, gaps and tilts may differ. Where the point is farther than half of
    thickness + gap from the nearest slice the target keeps that slice and is marked `Outside`.

    Parameters
    ----------
    states, geometries : sequence
        Of the same length; the geometry is None where a stack cannot be linked (no position in its
        files, time series, not loaded, empty viewport).
    moved : int
        Index of the viewport that the reader scrolled.
    """
    result = list(states)
    source = geometries[moved]
    if source is None or not states[moved].links.scroll:
        return result
    point = centre_point(states[moved], source)
    for index, (state, target) in enumerate(zip(states, geometries, strict=True)):
        if index == moved or target is None or not state.links.scroll or not share_frame(source, target):
            continue
        if abs(float(source.normal @ target.normal)) >= PARALLEL_COSINE:
            result[index] = at_point(state, target, point)
    return result


def at_point(state: ViewportState, geometry: StackGeometry, point: ArrayLike) -> ViewportState:
    """Show the slice nearest to an LPS point, marked `Outside` when the series does not reach it."""
    index, distance = geometry.nearest_slice(point)
    outside = None
    if not geometry.reaches(distance):
        along = float(np.asarray(point, dtype=np.float64) @ geometry.normal)
        beyond = along < geometry.positions.min() or along > geometry.positions.max()
        outside = Outside(distance, bool(beyond))
    return replace(state, slice_index=index, outside=outside)


def at_cursor(
    states: Sequence[ViewportState], geometries: Geometries, source: int, point: ArrayLike
) -> list[ViewportState]:
    """Every other viewport of the same frame of reference goes to a point, whatever its plane."""
    return [
        at_point(state, geometry, point)
        if index != source and geometry is not None and share_frame(geometries[source], geometry)
        else state
        for index, (state, geometry) in enumerate(zip(states, geometries, strict=True))
    ]


def zoom_together(states: Sequence[ViewportState], geometries: Geometries, moved: int) -> list[ViewportState]:
    """Give every linked viewport the scale of the moved one: 10 mm become equally long everywhere."""
    scale = states[moved].scale
    if geometries[moved] is None or not states[moved].links.zoom:
        return list(states)
    return [
        replace(state, scale=scale) if geometry is not None and state.links.zoom else state
        for state, geometry in zip(states, geometries, strict=True)
    ]


def pan_together(
    before: ViewportState, states: Sequence[ViewportState], geometries: Geometries, moved: int
) -> list[ViewportState]:
    """Carry the pan of one viewport to the others as a displacement in the patient.

    `before` is the moved viewport as it was. Only the part of the displacement that lies in a target's
    own plane moves it: heads of sagittal and coronal images rise together, sideways moves stay apart.
    """
    result = list(states)
    source, after = geometries[moved], states[moved]
    if source is None or not after.links.pan:
        return result
    shift = source.along_row * (after.pan[0] - before.pan[0])
    shift = shift + source.along_column * (after.pan[1] - before.pan[1])
    for index, (state, target) in enumerate(zip(states, geometries, strict=True)):
        if index != moved and target is not None and state.links.pan and share_frame(source, target):
            result[index] = panned(state, float(shift @ target.along_row), float(shift @ target.along_column))
    return result


def reference_line(
    active: StackGeometry, active_slice: int, target: StackGeometry, target_slice: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Where the active slice cuts the target slice.

    Returns
    -------
    tuple of two (x, y) or None
        In image coordinates of the target (x along columns, y along rows, the first pixel covers 0 to
        1), as long as the active image reaches. None when the planes are nearly parallel (closer than
        10 degrees), do not meet, or belong to different frames of reference.
    """
    if not share_frame(active, target) or abs(float(active.normal @ target.normal)) > 0.985:
        return None
    rows, columns = active.shape[1], active.shape[2]
    ends = ((-0.5, -0.5), (-0.5, columns - 0.5), (rows - 0.5, columns - 0.5), (rows - 0.5, -0.5))
    corners = [active.point_at(active_slice, row, column) for row, column in ends]
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


def _on_plane(geometry: StackGeometry, slice_index: int, pan: tuple[float, float]) -> Vector:
    row = (geometry.shape[1] - 1) / 2 + pan[1] / geometry.pixel_spacing[0]
    column = (geometry.shape[2] - 1) / 2 + pan[0] / geometry.pixel_spacing[1]
    return geometry.point_at(min(slice_index, geometry.shape[0] - 1), row, column)


def as_dict(state: ViewportState) -> dict[str, Any]:
    """The state as plain values, to be kept with a reading."""
    window = state.window
    return {
        "series_key": state.series_key,
        "slice_index": state.slice_index,
        "scale": state.scale,
        "pan": list(state.pan),
        "window": [window.center, window.width, window.function] if window else None,
        "inverted": state.inverted,
        "rotation": state.rotation,
        "mirrored": state.mirrored,
        "links": {field.name: getattr(state.links, field.name) for field in fields(state.links)},
    }


def from_dict(values: dict[str, Any]) -> ViewportState:
    """The state again; what is missing or damaged takes its start value, so an old record still opens."""
    start = ViewportState()
    window, pan, links = values.get("window"), values.get("pan"), values.get("links")
    scale = _number(values.get("scale"))
    known = {field.name for field in fields(Links)}
    return ViewportState(
        series_key=str(values.get("series_key") or ""),
        slice_index=max(0, int(_number(values.get("slice_index")) or 0)),
        scale=min(max(scale, SMALLEST_SCALE), LARGEST_SCALE) if scale else None,
        pan=_pair(pan) or start.pan,
        window=_window(window),
        inverted=values.get("inverted") is True,
        rotation=int(_number(values.get("rotation")) or 0) % 4,
        mirrored=values.get("mirrored") is True,
        links=Links(**{k: v is True for k, v in links.items() if k in known})
        if isinstance(links, dict)
        else start.links,
    )


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value):
        return float(value)
    return None


def _pair(value: object) -> tuple[float, float] | None:
    if isinstance(value, list | tuple) and len(value) == 2:
        one, two = _number(value[0]), _number(value[1])
        if one is not None and two is not None:
            return one, two
    return None


def _window(value: object) -> Window | None:
    if isinstance(value, list | tuple) and len(value) >= 2:
        center, width = _number(value[0]), _number(value[1])
        if center is not None and width is not None and width > 0:
            return Window(center, width, str(value[2]) if len(value) > 2 else LINEAR_EXACT)
    return None
