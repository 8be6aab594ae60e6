"""The scaled pictures of a viewport with the outlines on them: the one shown, the one before and the next.

Most of a viewport's time goes into scaling. Where a crosshair, a cursor or a measurement moves, the picture
under it stays; where a reader scrolls, the next one was drawn while the hand rested.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from workstation.gui.viewer.kept_lines import is_on_pixels
from workstation.imaging.frame import Frame, Outline
from workstation.imaging.pixels import KEPT

LARGE_BYTES, KEPT_LARGE = 4 * 2**20, 2
"""Of larger pictures, as of a whole screen, only the one shown and the next are kept."""

Draw = Callable[[QPainter, bool], None]
"""Draws a picture; True where what lies around it is there already."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the picture of a viewport depends on: kept pictures are found by it.

    Attributes
    ----------
    ratio : float
        Device pixels per screen pixel.
    background : int
        Colour beside the picture.
    outlines : tuple
        Which arrays are drawn, by identity, and how.
    """

    stamp: int
    shape: tuple[int, ...]
    matrix: tuple[float, ...]
    wide: float
    high: float
    ratio: float
    background: int
    is_dimmed: bool
    outlines: tuple[tuple[object, ...], ...]

    def lies_like(self, other: Sight | None) -> bool:
        """Whether two leave the same places beside them, in the same colour."""
        return (
            other is not None
            and (self.shape, self.matrix) == (other.shape, other.matrix)
            and (self.wide, self.high, self.ratio) == (other.wide, other.high, other.ratio)
            and self.background == other.background
            and not (self.is_dimmed or other.is_dimmed)
        )


def sight_of(frame: Frame, area: QRectF, ratio: float, background: int) -> Sight:
    """What a viewport of the size of `area` shows of a frame."""
    return Sight(
        frame.stamp,
        frame.pixels.shape,
        frame.placement.matrix,
        area.width(),
        area.height(),
        ratio,
        background,
        frame.dimmed,
        tuple((id(one.lines), one.color, one.hatch, one.line) for one in frame.outlines),
    )


@dataclass(eq=False, slots=True)
class _Kept:
    sight: Sight | None = None
    outlines: tuple[Outline, ...] = ()
    """Keeps the arrays alive whose identity is in the sight."""
    picture: QImage = field(default_factory=QImage)
    """In device pixels."""


class KeptPictures:
    """Draws the picture of a viewport, and copies it where it is there already."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []  # the least recently used first
        self._last: Sight | None = None
        self._fits = False

    def paint(self, painter: QPainter, area: QRectF, frame: Frame, background: int, draw: Draw) -> None:
        """Paint what `draw` draws of a frame into a viewport that covers `area`: the same pixels.

        What is shown for the first time is only drawn: keeping it costs a copy, and it may not come again.
        """
        ratio = painter.device().devicePixelRatioF()
        sight = sight_of(frame, area, ratio, background)
        # Between the pixels of the screen a copy would not lie as it was drawn.
        self._fits = area.topLeft() == QPointF() and is_on_pixels(painter.deviceTransform())
        kept, is_new = self._find(sight), sight != self._last
        self._last = sight
        if not self._fits or (kept is None and is_new):
            draw(painter, False)
            return
        kept = kept or self._draw(sight, frame, draw)
        self._used(kept)
        painter.scale(1 / ratio, 1 / ratio)  # one pixel of the picture is one of the screen
        painter.drawImage(0, 0, kept.picture)
        painter.resetTransform()

    def get_ready(self, area: QRectF, ratio: float, frame: Frame, background: int, draw: Draw) -> None:
        """Draw a picture that probably comes next; the one that is shown stays."""
        sight = sight_of(frame, area, ratio, background)
        if self._fits and self._find(sight) is None:
            self._used(self._draw(sight, frame, draw))

    def _find(self, sight: Sight) -> _Kept | None:
        return next((one for one in self._kept if one.sight == sight), None)

    def _used(self, kept: _Kept) -> None:
        self._kept.remove(kept)
        self._kept.append(kept)

    def _draw(self, sight: Sight, frame: Frame, draw: Draw) -> _Kept:
        """Draw into memory that held another picture; nothing is kept if this goes wrong."""
        wide, high = math.ceil(sight.wide * sight.ratio), math.ceil(sight.high * sight.ratio)
        kept = self._room(KEPT if wide * high * 4 <= LARGE_BYTES else KEPT_LARGE)
        is_framed, kept.sight = sight.lies_like(kept.sight), None
        if (kept.picture.width(), kept.picture.height()) != (wide, high):
            kept.picture = QImage(wide, high, QImage.Format.Format_RGB32)
        kept.picture.setDevicePixelRatio(sight.ratio)
        painter = QPainter(kept.picture)
        draw(painter, is_framed)
        painter.end()
        kept.picture.setDevicePixelRatio(1.0)
        kept.sight, kept.outlines = sight, frame.outlines
        return kept

    def _room(self, most: int) -> _Kept:
        """Where a picture can be drawn, when so many are kept at most: never over the one shown."""
        if len(self._kept) < most:
            self._kept.append(_Kept())
            return self._kept[-1]
        others = [one for one in self._kept if one.sight is None or one.sight != self._last]
        too_many = len(self._kept) - most
        for one in others[:too_many]:
            self._kept.remove(one)
        return others[too_many]
