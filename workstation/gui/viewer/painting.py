"""Draws a frame with a QPainter: pixels once, then lines, letters, text and badges on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTransform,
)

from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.words import CENTRE, RIGHT, SHADOW, Words
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
    ScaleBar,
)
from workstation.imaging.outline import Line

MARGIN = 8.0
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
DIMMED = QColor(0, 0, 0, 150)


class FramePainter:
    """Draws frames in one palette."""

    def __init__(self, palette: ViewerPalette) -> None:
        self.palette = palette
        self._background = QColor(palette.background)
        self._text = QColor(palette.text)
        self._attention = QColor(palette.attention)

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        frame: Frame,
        image: QImage,
        words: Words,
        *,
        warned: bool = False,
        over: Callable[[QPainter, QTransform], None] | None = None,
    ) -> None:
        """Draw everything of a viewport but its border.

        `image` wraps ``frame.pixels``; `warned` shows the ⚠ of a series with warnings; `over` draws what
        lies between the masks and the corner texts, given the map from image to viewport.
        """
        transform = paint_pixels(painter, area, frame, image, self._background)
        if frame.dimmed:
            painter.fillRect(area, DIMMED)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for outline in frame.outlines:
            self._paint_outline(painter, outline, transform)
        if over is not None:
            over(painter, transform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_texts(painter, area, frame, warned, words)

    def _paint_outline(self, painter: QPainter, outline: Outline, transform: QTransform) -> None:
        path = transform.map(outline_path(outline.lines))
        if outline.hatch:
            painter.fillPath(path, hatch(outline.color, outline.hatch))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor.fromRgb(outline.color), 1, PEN_STYLES[outline.line]))
        for across, down in OUTLINE_OFFSETS:
            painter.translate(across, down)
            painter.drawPath(path)
            painter.translate(-across, -down)

    def _paint_texts(self, painter: QPainter, area: QRectF, frame: Frame, warned: bool, words: Words) -> None:
        height, corners, letters = words.height, frame.corners, frame.letters
        left, right = area.left() + MARGIN, area.right() - MARGIN
        top, bottom = area.top() + MARGIN, area.bottom() - MARGIN - height
        slice_width = words.draw(painter, right, top, corners.top_right, self._text, RIGHT)
        room = area.width() - 3 * MARGIN - slice_width - (height if warned else 0)
        title = words.elided(corners.top_left, room)
        title_width = words.draw(painter, left, top, title, self._text)
        if warned:
            paint_warning(painter, warning_box(area, height, title_width), self._attention)
        width = words.draw(painter, left, bottom, corners.bottom_left, self._text)
        if width + words.width(corners.bottom_right) + 3 * MARGIN < area.width():
            words.draw(painter, right, bottom, corners.bottom_right, self._text, RIGHT)
        centre, middle = area.center().x(), area.center().y() - height / 2
        words.draw(painter, left, middle, letters.left, self._text)
        words.draw(painter, right, middle, letters.right, self._text, RIGHT)
        # On a line of their own, so that they never run into the corner text of a narrow tile.
        words.draw(painter, centre, top + height, letters.top, self._text, CENTRE)
        words.draw(painter, centre, bottom - height - 16, letters.bottom, self._text, CENTRE)
        if frame.scale_bar is not None:
            self._paint_scale_bar(painter, centre, bottom - height + 4, frame.scale_bar, words)
        down = top + height * 2 + 4
        for badge in frame.badges:
            colour = self._attention if badge.kind == "attention" else self._text
            down = paint_badge(painter, QPointF(centre, down), badge.text, colour, words)

    def _paint_scale_bar(
        self, painter: QPainter, centre: float, top: float, bar: ScaleBar, words: Words
    ) -> None:
        left = round(centre - bar.length_px / 2)
        right, y = left + round(bar.length_px), round(top)
        for pen in (QPen(SHADOW, 3), QPen(self._text, 1)):
            painter.setPen(pen)
            for x0, y0, x1, y1 in (
                (left, y, right, y),
                (left, y - 3, left, y + 3),
                (right, y - 3, right, y + 3),
            ):
                painter.drawLine(x0, y0, x1, y1)
        words.draw(painter, centre, y + 4, bar.text, self._text, CENTRE)


def paint_pixels(
    painter: QPainter, area: QRectF, frame: Frame, image: QImage, background: QColor
) -> QTransform:
    """Draw the picture of a frame and fill what it leaves; returns the map from image to viewport."""
    transform = QTransform(*frame.placement.matrix)
    inner = transform.mapRect(QRectF(image.rect())).adjusted(1, 1, -1, -1) & area
    # Filling the whole viewport first would cost a fifth more.
    for strip in _surround(area, inner) if inner.isValid() else (area,):
        if not strip.isEmpty():
            painter.fillRect(strip, background)
    painter.setTransform(transform, True)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(QPointF(0, 0), image)
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    return transform


def _surround(area: QRectF, inner: QRectF) -> tuple[QRectF, ...]:
    return (
        QRectF(area.topLeft(), QPointF(area.right(), inner.top())),
        QRectF(QPointF(area.left(), inner.bottom()), area.bottomRight()),
        QRectF(QPointF(area.left(), inner.top()), QPointF(inner.left(), inner.bottom())),
        QRectF(QPointF(inner.right(), inner.top()), QPointF(area.right(), inner.bottom())),
    )


def warning_box(area: QRectF, height: float, title_width: float) -> QRectF:
    """Where the ⚠ of a series stands: after its title."""
    side = height - 2
    return QRectF(area.left() + MARGIN + title_width + 6, area.top() + MARGIN, side, side)


def paint_warning(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """A triangle with an exclamation mark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = box.adjusted(1.5, 1.5, -1.5, -1.5)
    painter.drawPolygon(
        QPolygonF([QPointF(inner.center().x(), inner.top()), inner.bottomRight(), inner.bottomLeft()])
    )
    x = inner.center().x()
    painter.drawLine(QLineF(x, inner.top() + inner.height() * 0.42, x, inner.bottom() - 4.5))
    painter.drawPoint(QPointF(x, inner.bottom() - 2.2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_badge(painter: QPainter, top_centre: QPointF, text: str, colour: QColor, words: Words) -> float:
    """A word in a thin frame; returns where the next one may begin."""
    width = words.width(text) + 16
    box = QRectF(top_centre.x() - width / 2, top_centre.y(), width, words.height + 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(box, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    words.draw(painter, top_centre.x(), box.top() + 3, text, colour, CENTRE)
    return box.bottom() + 4


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


def wrap(pixels: NDArray[np.uint32]) -> QImage:
    """A QImage over an RGB32 buffer, without a copy; the buffer must outlive it."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
