"""Draws the outlines of masks: thin lines without stairs, kept as pixels while the picture stays in place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from workstation.gui.viewer.kept_lines import KeptLines, Layer
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


class OutlinePainter:
    """Draws outlines, and keeps the pixels of those that may come again."""

    def __init__(self) -> None:
        self._kept = KeptLines()

    def paint(self, painter: QPainter, area: QRectF, frame: Frame, transform: QTransform) -> None:
        """Draw the outlines of a frame into a viewport that covers `area`."""
        outlines = frame.outlines
        if not outlines:
            return

        def reach() -> QRectF:
            found = QRectF()
            for outline in outlines:
                found |= transform.mapRect(outline_path(outline.lines).boundingRect())
            return found.adjusted(-2, -2, 2, 2)

        look = tuple((id(one.lines), one.color, one.hatch, one.line) for one in outlines)
        layer = Layer(frame.placement.matrix, look, outlines, lambda to: draw(to, outlines, transform), reach)
        self._kept.paint(painter, area, layer)


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
