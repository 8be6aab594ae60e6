"""From what a reader asks to a picture ready to show.

`resolve` turns state, voxels and overlays into a `Frame`; whoever draws it needs to know nothing else.
It decides every pixel, letter, badge and number, so what is on the screen can be tested without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.outline import Line, Outlines, bounding_box
from workstation.imaging.pixels import Ahead, Fill, Picture, PixelBuffer, PixelBuffers
from workstation.imaging.placement import EdgeLetters, Placement, edge_letters, place, usable_spacing
from workstation.imaging.viewport import ViewportState
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window, percentile_window

DASHED, DOTTED = "dashed", "dotted"
"""Lines of an outline that is not solid."""

FORWARD, BACKWARD, CROSSED, UPRIGHT, LEVEL = "forward", "backward", "crossed", "upright", "level"
"""Hatch leaning like ⟋ and like ⟍, both of them, upright and level lines."""


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How one label is drawn: colour 0xRRGGBB; outline, fill or hatch, each on its own.

    `outline_only` keeps a label an outline whatever the reader chooses for the rest (bone regions).
    `hatch` is always drawn where others are filled; `pattern` is the hatch of a label while the reader
    asks for hatches, so that labels are told apart without their colours. `line` is how the outline is drawn.
    """

    color: int
    hatch: str = ""
    pattern: str = ""
    outline_only: bool = False
    line: str = ""

    def hatch_in(self, hatched: bool) -> str:
        """The hatch to draw, if any."""
        return "" if self.outline_only else self.hatch or (self.pattern if hatched else "")


@dataclass(frozen=True, eq=False)
class Overlay:
    """Labels to draw over a stack.

    Attributes
    ----------
    labels : ndarray of uint8, shape (slices, rows, columns)
        On the grid of the stack; 0 is background. Where it changes, `touched` must say on which slices.
    styles : mapping of int to LabelStyle
        A label without a style is not drawn.
    filled : bool
        Fill as well as outline (outline alone is the default).
    opacity : float
        Of the fill, 0 to 1.
    hatched : bool
        Hatch instead of fill.
    """

    labels: NDArray[np.uint8]
    styles: Mapping[int, LabelStyle]
    filled: bool = False
    opacity: float = 0.35
    outlines: Outlines | None = None
    hatched: bool = False

    @cached_property
    def traced(self) -> Outlines:
        """The outlines: those given, which another look at the same labels may share, or new ones."""
        return self.outlines or Outlines(self.labels)

    @cached_property
    def blend(self) -> NDArray[np.uint32]:
        """0xFFRRGGBB for ``label * 256 + grey``, shape (65536,)."""
        grey = np.arange(256, dtype=np.float64)
        table = np.empty((256, 256), dtype=np.uint32)
        table[:] = np.uint32(0xFF000000) | np.arange(256, dtype=np.uint32) * np.uint32(0x010101)
        for label, style in self.styles.items():
            if not style.outline_only and not style.hatch_in(self.hatched):
                channels = [
                    np.rint(grey * (1 - self.opacity) + self.opacity * (style.color >> shift & 255))
                    for shift in (16, 8, 0)
                ]
                red, green, blue = (channel.astype(np.uint32) for channel in channels)
                table[label] = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
        return table.ravel()

    @cached_property
    def _filled_labels(self) -> NDArray[np.uint8]:
        return np.array(
            [n for n, s in self.styles.items() if not s.outline_only and not s.hatch_in(self.hatched)],
            dtype=np.uint8,
        )

    @cached_property
    def _fills(self) -> dict[int, Fill | None]:
        return {}

    def touched(self, slices: Iterable[int] | None = None) -> None:
        """The labels of these slices (None: of any) have changed."""
        self.traced.forget(slices)
        if slices is None:
            self._fills.clear()
        for index in slices or ():
            self._fills.pop(index, None)

    def fill_of(self, slice_index: int) -> Fill | None:
        """What to blend into a slice; None if nothing. Kept, because a reader comes back to a slice."""
        if not self.filled or not len(self._filled_labels):
            return None
        if slice_index not in self._fills:
            plane = self.labels[slice_index]
            kept = np.where(np.isin(plane, self._filled_labels), plane, np.uint8(0))
            box = bounding_box(kept)
            inside = kept[box] if box else None
            self._fills[slice_index] = (
                Fill(box, inside.astype(np.uint16) << np.uint16(8)) if box and inside is not None else None
            )
        return self._fills[slice_index]


@dataclass(frozen=True, eq=False)
class Outline:
    """Closed lines of one label in image coordinates, and how to draw them."""

    lines: tuple[Line, ...]
    color: int
    hatch: str
    opacity: float
    line: str = ""


@dataclass(frozen=True, slots=True)
class Corners:
    """The four corner texts. Nothing that names a person comes here: the caller gives blinded words."""

    top_left: str = ""
    top_right: str = ""
    bottom_left: str = ""
    bottom_right: str = ""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of `length_mm` that is `length_px` screen pixels long."""

    length_mm: float
    length_px: float

    @property
    def text(self) -> str:
        """The label: ``"10 mm"``, ``"5 cm"``."""
        if self.length_mm >= 100:
            return f"{self.length_mm / 10:g} cm"
        return f"{self.length_mm:g} mm"


@dataclass(frozen=True, slots=True)
class Badge:
    """A word over the picture that must not be missed. `kind`: ``"attention"`` or ``"neutral"``."""

    text: str
    kind: str = "attention"


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture, ready to show.

    Attributes
    ----------
    pixels : ndarray of uint32, shape (rows, columns)
        0xFFRRGGBB, fills already blended. It is the buffer given to `resolve` and holds until that
        buffer is used again.
    placement : Placement
        Where the pixels lie in the viewport.
    dimmed : bool
        The reader's point is outside this series; the picture shown is only its nearest end.
    stamp : int
        Alike for two frames only if their pixels are.
    """

    pixels: NDArray[np.uint32]
    placement: Placement
    slice_index: int
    outlines: tuple[Outline, ...]
    letters: EdgeLetters
    corners: Corners
    scale_bar: ScaleBar | None
    badges: tuple[Badge, ...]
    dimmed: bool
    stamp: int


def resolve(
    state: ViewportState,
    stack: Stack,
    size: tuple[float, float],
    *,
    overlays: Sequence[Overlay] = (),
    start: Window | None = None,
    title: str = "",
    pixel_spacing: tuple[float, float] | None = None,
    lossy: bool = False,
    linked_by: str = "",
    buffer: PixelBuffer | PixelBuffers | Ahead | None = None,
) -> Frame:
    """The picture of a viewport.

    Parameters
    ----------
    state : ViewportState
        A slice past the end shows the end.
    size : tuple of float
        Width and height of the viewport, screen pixels.
    overlays : sequence of Overlay
        Drawn in order; empty while the reader peeks under them.
    start : Window or None
        Window of a state that has none; found from the stack when not given.
    title : str
        Role and time point, already blinded.
    pixel_spacing : tuple of float or None
        (row, column) spacing where the stack has no geometry but its files give one.
    lossy : bool
        Some pixels were compressed with loss: said in a badge.
    linked_by : str
        What else than the frame of reference links this viewport, said in a badge.
    buffer : PixelBuffer, PixelBuffers, Ahead or None
        Reused memory; without it each picture gets its own.
    """
    picture, buffer = picture_of(state, stack, overlays, start), buffer or PixelBuffer()
    index, window = picture.slice_index, picture.window
    rows, columns = stack.voxels.shape[1:]
    geometry = stack.geometry
    spacing = geometry.pixel_spacing if geometry is not None else pixel_spacing
    drawn_spacing = usable_spacing(spacing)
    is_measured = spacing is not None and drawn_spacing == spacing
    placement = place(state, (rows, columns), drawn_spacing, geometry, size)
    return Frame(
        pixels=buffer.show(picture),
        placement=placement,
        slice_index=index,
        outlines=tuple(line for overlay in overlays for line in _outlines(overlay, index)),
        letters=edge_letters(placement, geometry),
        corners=Corners(
            title,
            f"{index + 1}/{stack.number_of_slices}",
            window_text(window),
            f"{placement.scale * min(drawn_spacing):.0%}  {_link_text(state, stack)}",
        ),
        scale_bar=scale_bar(placement.scale, size[0]) if is_measured else None,
        badges=_badges(state, lossy, linked_by),
        dimmed=state.outside is not None,
        stamp=buffer.stamp,
    )


def picture_of(
    state: ViewportState, stack: Stack, overlays: Sequence[Overlay] = (), start: Window | None = None
) -> Picture:
    """What `resolve` looks up for a viewport; see there."""
    index = min(state.slice_index, stack.number_of_slices - 1)
    fills = ((fill, overlay.blend) for overlay in overlays if (fill := overlay.fill_of(index)) is not None)
    window = state.window or start or percentile_window(stack)
    return Picture(stack, index, window, state.inverted, tuple(fills))


@lru_cache(maxsize=64)
def window_text(window: Window) -> str:
    """Width and centre with as many decimals as the numbers need: ``"W 812 C 400"``."""
    decimals = 0 if window.width >= 20 else 2 if window.width >= 0.2 else 4
    return f"W {window.width:.{decimals}f}  C {window.center:.{decimals}f}"


@lru_cache(maxsize=64)
def scale_bar(scale: float, width: float) -> ScaleBar | None:
    """The longest round length (1, 2, 5 × 10ⁿ mm) whose bar takes at most a quarter of the width."""
    longest = width / 4 / scale
    if not 1e-3 < longest < 1e5:
        return None
    power = 10.0 ** np.floor(np.log10(longest))
    length = float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest * 1.0001))
    return ScaleBar(length, length * scale)


def _outlines(overlay: Overlay, index: int) -> list[Outline]:
    return [
        Outline(
            lines,
            style.color,
            style.hatch_in(overlay.hatched) if overlay.filled else "",
            overlay.opacity,
            style.line,
        )
        for label, lines in overlay.traced.of(index).items()
        if (style := overlay.styles.get(label)) is not None
    ]


def _badges(state: ViewportState, lossy: bool, linked_by: str) -> tuple[Badge, ...]:
    found = []
    if state.outside is not None:
        found.append(Badge(state.outside.text))
    if state.mirrored:
        found.append(Badge("MIRRORED"))
    if linked_by:
        found.append(Badge(linked_by, "neutral"))
    if lossy:
        found.append(Badge("LOSSY", "neutral"))
    return tuple(found)


def _link_text(state: ViewportState, stack: Stack) -> str:
    if stack.axis == "time":
        return "not linked: time series"
    return state.links.text if stack.geometry is not None else "not linked: no position"
