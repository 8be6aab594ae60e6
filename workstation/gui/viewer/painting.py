"""Draws a frame with a QPainter: pixels once, then lines, letters, text and badges on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)

from workstation.gui.viewer.palette import ViewerPalette
from workstation.imaging.frame import FORWARD, Frame, Outline, ScaleBar
from workstation.imaging.outline import Line

MARGIN = 8.0
OUTLINE_PX = 1.5
HATCH_PX = 8
DIMMED = QColor(0, 0, 0, 150)
SHADOW = QColor(0, 0, 0, 200)

ImageLine = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Extras:
    """What is drawn over a frame but depends on other viewports.

    Positions are image coordinates. `warned` shows the ⚠ of a series with warnings.
    """

    reference: ImageLine | None = None
    cursor: tuple[float, float] | None = None
    markers: tuple[tuple[float, float, str], ...] = ()
    warned: bool = False


class FramePainter:
    """Draws frames in one palette."""

    def __init__(self, palette: ViewerPalette) -> None:
        self.palette = palette
        self._text = QColor(palette.text)
        self._attention = QColor(palette.attention)
        self._accent = QColor(palette.accent)

    def paint(
        self, painter: QPainter, area: QRectF, frame: Frame, image: QImage, extras: Extras, font: QFont
    ) -> None:
        """Draw everything of a viewport but its border. `image` wraps ``frame.pixels``."""
        transform = QTransform(*frame.placement.matrix)
        painter.setTransform(transform, True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QPointF(0, 0), image)
        painter.resetTransform()
        if frame.dimmed:
            painter.fillRect(area, DIMMED)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for outline in frame.outlines:
            self._paint_outline(painter, outline, transform)
        self._paint_extras(painter, extras, transform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_texts(painter, area, frame, extras, font)

    def _paint_outline(self, painter: QPainter, outline: Outline, transform: QTransform) -> None:
        path = transform.map(outline_path(outline.lines))
        colour = QColor.fromRgb(outline.color)
        painter.setPen(QPen(colour, OUTLINE_PX))
        painter.setBrush(hatch(outline.color, outline.hatch) if outline.hatch else Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _paint_extras(self, painter: QPainter, extras: Extras, transform: QTransform) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if extras.reference is not None:
            one, two = (transform.map(QPointF(*end)) for end in extras.reference)
            painter.setPen(QPen(self._accent, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(one, two))
        if extras.cursor is not None:
            at = transform.map(QPointF(*extras.cursor))
            painter.setPen(QPen(self._accent, 1))
            for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(at + QPointF(across, down) * 4, at + QPointF(across, down) * 14)
        for x, y, text in extras.markers:
            at = transform.map(QPointF(x, y))
            painter.setPen(QPen(self._accent, 1.5))
            painter.drawEllipse(at, 4, 4)
            draw_text(painter, at + QPointF(7, 4), text, self._accent)

    def _paint_texts(
        self, painter: QPainter, area: QRectF, frame: Frame, extras: Extras, font: QFont
    ) -> None:
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        top, bottom = area.top() + MARGIN + metrics.ascent(), area.bottom() - MARGIN - metrics.descent()
        left, right = area.left() + MARGIN, area.right() - MARGIN
        corners, letters = frame.corners, frame.letters
        slice_width = metrics.horizontalAdvance(corners.top_right)
        draw_text(painter, QPointF(right - slice_width, top), corners.top_right, self._text)
        room = area.width() - 3 * MARGIN - slice_width
        if extras.warned:
            room -= metrics.height()
        title = elided(metrics, corners.top_left, room)
        draw_text(painter, QPointF(left, top), title, self._text)
        if extras.warned:
            paint_warning(painter, warning_box(area, metrics, title), self._attention)
        link_width = metrics.horizontalAdvance(corners.bottom_right)
        fits = link_width + metrics.horizontalAdvance(corners.bottom_left) + 3 * MARGIN < area.width()
        draw_text(painter, QPointF(left, bottom), corners.bottom_left, self._text)
        if fits:
            draw_text(painter, QPointF(right - link_width, bottom), corners.bottom_right, self._text)
        middle = area.center().y() + metrics.ascent() / 2
        draw_text(painter, QPointF(left, middle), letters.left, self._text)
        width = metrics.horizontalAdvance(letters.right)
        draw_text(painter, QPointF(right - width, middle), letters.right, self._text)
        centre = area.center().x()
        width = metrics.horizontalAdvance(letters.top)
        # Under the corner text where the tile is narrow, so that they never run into each other.
        draw_text(painter, QPointF(centre - width / 2, top + metrics.height()), letters.top, self._text)
        width = metrics.horizontalAdvance(letters.bottom)
        base = bottom - metrics.height()
        draw_text(painter, QPointF(centre - width / 2, base - 14), letters.bottom, self._text)
        if frame.scale_bar is not None:
            self._paint_scale_bar(painter, QPointF(centre, base + 2), frame.scale_bar, metrics)
        down = top + metrics.height() * 2
        for badge in frame.badges:
            colour = self._attention if badge.kind == "attention" else self._text
            down = paint_badge(painter, QPointF(centre, down), badge.text, colour, metrics)

    def _paint_scale_bar(
        self, painter: QPainter, centre: QPointF, bar: ScaleBar, metrics: QFontMetricsF
    ) -> None:
        half = bar.length_px / 2
        left, right = round(centre.x() - half), round(centre.x() - half) + round(bar.length_px)
        y = round(centre.y() - 8)
        for colour, shift in ((SHADOW, 1), (self._text, 0)):
            painter.setPen(QPen(colour, 1))
            painter.drawLine(left, y + shift, right, y + shift)
            painter.drawLine(left, y - 3 + shift, left, y + 3 + shift)
            painter.drawLine(right, y - 3 + shift, right, y + 3 + shift)
        width = metrics.horizontalAdvance(bar.text)
        draw_text(painter, QPointF(centre.x() - width / 2, y + metrics.ascent() + 5), bar.text, self._text)


def draw_text(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """Text with a thin dark shadow, legible on bright bone as well as on black."""
    if text:
        painter.setPen(SHADOW)
        painter.drawText(at + QPointF(1, 1), text)
        painter.setPen(colour)
        painter.drawText(at, text)


def elided(metrics: QFontMetricsF, text: str, room: float) -> str:
    """The text, shortened in the middle when it is wider than `room`."""
    if metrics.horizontalAdvance(text) <= room:
        return text
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(room, 0))


def warning_box(area: QRectF, metrics: QFontMetricsF, title: str) -> QRectF:
    """Where the ⚠ of a series stands: after its title."""
    side = metrics.height() - 2
    left = area.left() + MARGIN + metrics.horizontalAdvance(title) + 6
    return QRectF(left, area.top() + MARGIN, side, side)


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


def paint_badge(
    painter: QPainter, top_centre: QPointF, text: str, colour: QColor, metrics: QFontMetricsF
) -> float:
    """A word in a thin frame; returns where the next one may begin."""
    width = metrics.horizontalAdvance(text) + 16
    box = QRectF(top_centre.x() - width / 2, top_centre.y(), width, metrics.height() + 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(box, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
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


@lru_cache(maxsize=512)
def _path(lines: tuple[_ByIdentity, ...]) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for kept in lines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in np.asarray(kept.line).tolist()]))
    return path


@lru_cache(maxsize=16)
def hatch(color: int, leaning: str) -> QBrush:
    """A texture of parallel lines, ``forward`` ⟋ or ``backward`` ⟍."""
    tile = QPixmap(HATCH_PX, HATCH_PX)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor.fromRgb(color), 2))
    size = HATCH_PX
    for shift in (-size, 0, size):
        if leaning == FORWARD:
            painter.drawLine(QLineF(shift, size, shift + size, 0))
        else:
            painter.drawLine(QLineF(shift, 0, shift + size, size))
    painter.end()
    return QBrush(tile)


def wrap(pixels: NDArray[np.uint32]) -> QImage:
    """A QImage over an RGB32 buffer, without a copy; the buffer must outlive it."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
