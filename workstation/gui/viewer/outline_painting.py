"""Draws the outlines of masks: thin lines without stairs, kept as pixels while the picture stays in place.

Stroking the outlines of a slice takes as long as its picture. While a reader scrolls to and fro only the
slice changes, so the pixels of the lines are kept, and only they: some kilobytes for a slice.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from workstation.imaging.frame import (
    BACKWARD,
    CROSSED,
    DASHED,
    DOTTED,
    FORWARD,
    LEVEL,
    UPRIGHT,
    Frame,
    Outline,
)
from workstation.imaging.outline import Line

OUTLINE_PX = 1.5
OUTLINE_OFFSETS = tuple(
    (0.29 * math.cos(angle), 0.29 * math.sin(angle))
    for angle in (0.5, 0.5 + math.tau / 3, 0.5 - math.tau / 3)
)
"""Three one-pixel lines around a circle of 0.29 px look like one of `OUTLINE_PX` in any direction, and Qt
draws them three times faster than a line wider than one pixel."""

HATCH_PX = 8
PEN_STYLES = {
    "": Qt.PenStyle.SolidLine,
    DASHED: Qt.PenStyle.DashLine,
    DOTTED: Qt.PenStyle.DotLine,
}
KEPT_BYTES = 32 * 2**20
"""For the lines of sixteen viewports of forty slices."""

KEPT_PLACES = 64

Key = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Pixels of the outlines of one slice: their box in device pixels, where in it, and ARGB there."""

    box: QRect
    where: NDArray[np.intp]
    colours: NDArray[np.uint32]
    outlines: tuple[Outline, ...]
    """Keeps the arrays alive whose identity is the key."""

    @property
    def nbytes(self) -> int:
        return self.where.nbytes + self.colours.nbytes


class OutlinePainter:
    """Draws outlines, and keeps the pixels of those that may come again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Drawn] = OrderedDict()
        self._places: OrderedDict[Key, None] = OrderedDict()
        self._bytes = 0
        self._canvas = np.zeros(0, dtype=np.uint32)  # always empty between two drawings

    def paint(self, painter: QPainter, area: QRectF, frame: Frame, transform: QTransform) -> None:
        """Draw the outlines of a frame into a viewport that covers `area`."""
        if not frame.outlines:
            return
        device = painter.deviceTransform()
        ratio = device.m11()
        if not is_on_pixels(device):
            draw(painter, frame.outlines, transform)  # kept pixels fit only on whole ones
            return
        place: Key = (frame.placement.matrix, area.width(), area.height(), ratio)
        key = (place, *((id(one.lines), one.color, one.hatch, one.line) for one in frame.outlines))
        drawn = self._kept.get(key)
        if drawn is not None:
            self._kept.move_to_end(key)
        else:
            drawn = self._draw(area, frame.outlines, transform, ratio)
            if self._was_here(place):  # a picture that is being zoomed or dragged never comes again
                self._keep(key, drawn)
        if len(drawn.where):
            self._put(painter, drawn, ratio)

    def _was_here(self, place: Key) -> bool:
        known = place in self._places
        self._places[place] = None
        self._places.move_to_end(place)
        if len(self._places) > KEPT_PLACES:
            self._places.popitem(last=False)
        return known

    def _keep(self, key: Key, drawn: _Drawn) -> None:
        self._kept[key] = drawn
        self._bytes += drawn.nbytes
        while self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes

    def _image(self, box: QRect) -> tuple[NDArray[np.uint32], QImage]:
        """An empty picture of the size of a box, and its pixels, in memory that is used again and again."""
        wide, high = box.width(), box.height()
        if wide * high > len(self._canvas):
            self._canvas = np.zeros(wide * high, dtype=np.uint32)
        pixels = self._canvas[: wide * high]
        return pixels, QImage(pixels.data, wide, high, wide * 4, QImage.Format.Format_ARGB32_Premultiplied)

    def _draw(
        self, area: QRectF, outlines: tuple[Outline, ...], transform: QTransform, ratio: float
    ) -> _Drawn:
        reach = QRectF()
        for outline in outlines:
            reach |= transform.mapRect(outline_path(outline.lines).boundingRect())
        reach = reach.adjusted(-2, -2, 2, 2) & area
        box = QRectF(reach.topLeft() * ratio, reach.size() * ratio).toAlignedRect()
        if reach.isEmpty() or box.isEmpty():
            return _Drawn(QRect(), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint32), outlines)
        pixels, image = self._image(box)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.translate(-box.x(), -box.y())
        painter.scale(ratio, ratio)
        painter.setClipRect(area)
        draw(painter, outlines, transform)
        painter.end()
        where = np.flatnonzero(pixels)
        colours = pixels[where]
        pixels[where] = 0
        return _Drawn(box, where, colours, outlines)

    def _put(self, painter: QPainter, drawn: _Drawn, ratio: float) -> None:
        pixels, image = self._image(drawn.box)
        pixels[drawn.where] = drawn.colours
        if ratio == 1.0:
            painter.drawImage(drawn.box.topLeft(), image)
        else:  # one pixel of the picture is one of the screen
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(drawn.box.topLeft(), image)
            painter.resetTransform()
        pixels[drawn.where] = 0


def is_on_pixels(device: QTransform) -> bool:
    """True when a viewport begins on a whole pixel of the screen."""
    return (
        device.m11() == device.m22() > 0
        and device.m12() == device.m21() == 0
        and device.dx() == round(device.dx())
        and device.dy() == round(device.dy())
    )


def draw(painter: QPainter, outlines: Sequence[Outline], transform: QTransform) -> None:
    """Draw outlines, with their hatches; the painter is antialiased."""
    for outline in outlines:
        path = transform.map(outline_path(outline.lines))
        if outline.hatch:
            painter.fillPath(path, hatch(outline.color, outline.hatch))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor.fromRgb(outline.color), 1, PEN_STYLES[outline.line]))
        for across, down in OUTLINE_OFFSETS:
            painter.translate(across, down)
            painter.drawPath(path)
            painter.translate(-across, -down)


def outline_path(lines: Sequence[Line]) -> QPainterPath:
    """A path in image coordinates; kept, because the same arrays come back for the same slice."""
    return _path(tuple(_ByIdentity(line) for line in lines))


class _ByIdentity:
    """Makes an array usable as a key by which array it is (and keeps it alive meanwhile)."""

    __slots__ = ("line",)

    def __init__(self, line: Line) -> None:
        self.line = line

    def __hash__(self) -> int:
        return id(self.line)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.line is self.line


@lru_cache(maxsize=4096)  # sixteen viewports of forty slices with several labels, some kB each
def _path(lines: tuple[_ByIdentity, ...]) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for kept in lines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in np.asarray(kept.line).tolist()]))
    return path


@lru_cache(maxsize=16)
def hatch(color: int, leaning: str) -> QBrush:
    """A texture of lines: ``forward`` ⟋, ``backward`` ⟍, ``crossed`` of both, ``upright``, ``level``."""
    tile = QImage(HATCH_PX, HATCH_PX, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor.fromRgb(color), 2))
    size = HATCH_PX
    if leaning == UPRIGHT:
        painter.drawLine(QLineF(size / 2, 0, size / 2, size))
    elif leaning == LEVEL:
        painter.drawLine(QLineF(0, size / 2, size, size / 2))
    for shift in (-size, 0, size):
        if leaning in (FORWARD, CROSSED):
            painter.drawLine(QLineF(shift, size, shift + size, 0))
        if leaning in (BACKWARD, CROSSED):
            painter.drawLine(QLineF(shift, 0, shift + size, size))
    painter.end()
    return QBrush(tile)
