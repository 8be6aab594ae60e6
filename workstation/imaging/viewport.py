"""What a reader asks of one viewport, as frozen data, and the pure moves that change it.

How viewports follow one another stands in `imaging.linking`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from workstation.imaging.windowing import LINEAR_EXACT, Window

SMALLEST_SCALE, LARGEST_SCALE = 0.05, 200.0
"""Limits of the zoom, screen pixels per mm."""


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
    side : str
        ``"L"`` or ``"R"`` where the viewport is read for one side of the body, for linking right with left.
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
    side: str = ""


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
        state.series_key, state.slice_index, links=state.links, outside=state.outside, side=state.side
    )


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
        "side": state.side,
        "outside": [state.outside.distance_mm, state.outside.beyond] if state.outside else None,
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
        window=window_from(window),
        inverted=values.get("inverted") is True,
        rotation=int(_number(values.get("rotation")) or 0) % 4,
        mirrored=values.get("mirrored") is True,
        links=Links(**{k: v is True for k, v in links.items() if k in known})
        if isinstance(links, dict)
        else start.links,
        side=side if (side := values.get("side")) in ("L", "R") else "",
        outside=_outside(values.get("outside")),
    )


def _outside(value: object) -> Outside | None:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], bool):
        distance = _number(value[0])
        if distance is not None and distance >= 0:
            return Outside(distance, value[1])
    return None


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


def window_from(value: object) -> Window | None:
    """A window kept as [center, width, function]; None if it makes no sense."""
    if isinstance(value, list | tuple) and len(value) >= 2:
        center, width = _number(value[0]), _number(value[1])
        if center is not None and width is not None and width > 0:
            return Window(center, width, str(value[2]) if len(value) > 2 else LINEAR_EXACT)
    return None
