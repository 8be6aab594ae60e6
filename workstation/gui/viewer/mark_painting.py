"""Draws marks over a picture: thin lines with a dark edge, legible on bright bone as on black."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.words import Words
from workstation.imaging.measurement import Mark, Shape, lines_of
from workstation.imaging.roi import polygon_of

LINE_PX, EDGE_PX, HANDLE_PX = 1.5, 3.5, 3.5
GAP_PX, PAD_PX, EDGE_OF_TILE_PX = 10.0, 4.0, 4.0
EDGE = QColor(0, 0, 0)
"""Opaque: Qt strokes a translucent edge two to four times slower."""

BACK = QColor(0, 0, 0, 150)
KEY_WORD = "KEY IMAGE"


def path_of(mark: Mark, view: TileView) -> QPainterPath:
    """The lines of a mark in viewport coordinates."""
    path = QPainterPath()
    if mark.shape in (Shape.LENGTH, Shape.ANGLE):
        path.addPolygon(QPolygonF([view.to_screen(*point) for point in mark.points]))
    elif mark.shape is Shape.ELLIPSE:
        (x0, y0), (x1, y1) = mark.points
        path.addEllipse(QRectF(QPointF(x0, y0), QPointF(x1, y1)).normalized())
        path = view.transform.map(path)
    elif mark.shape in (Shape.RECTANGLE, Shape.FREEHAND):
        path.addPolygon(QPolygonF([view.to_screen(*point) for point in polygon_of(mark.shape, mark.points)]))
        path.closeSubpath()
    return path


def handles_of(mark: Mark) -> tuple[tuple[float, float], ...]:
    """Image positions that can be taken hold of; an outline is moved as a whole."""
    if mark.shape in (Shape.FREEHAND, Shape.KEY):
        return ()
    if mark.shape in (Shape.RECTANGLE, Shape.ELLIPSE):
        return polygon_of(Shape.RECTANGLE, mark.points)
    return mark.points


def paint_marks(
    painter: QPainter, view: TileView, marks: Sequence[Mark], selected: str, draft: Mark | None
) -> None:
    """Draw marks with their words beside them; the selected one has handles."""
    paths = [path_of(mark, view) for mark in marks]
    bounds = [_bounds(mark, path, view) for mark, path in zip(marks, paths, strict=True)]
    taken: list[QRectF] = []
    for number, (mark, path) in enumerate(zip(marks, paths, strict=True)):
        is_held = mark.id == selected or mark is draft
        colour = QColor(view.palette.accent if is_held else view.palette.text)
        if mark.shape is Shape.KEY:
            _paint_key(painter, view, colour)
            continue
        _paint_lines(painter, path, colour)
        if mark.shape in (Shape.LENGTH, Shape.TEXT):
            _paint_ends(painter, [view.to_screen(*point) for point in mark.points], colour)
        if mark.id == selected and mark is not draft:
            for point in handles_of(mark):
                _paint_handle(painter, view.to_screen(*point), colour)
        others = [box for other, box in enumerate(bounds) if other != number]
        _paint_words(painter, view, lines_of(mark), bounds[number], others, taken, colour)


def _paint_lines(painter: QPainter, path: QPainterPath, colour: QColor) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(EDGE, EDGE_PX), QPen(colour, LINE_PX)):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)


def _bounds(mark: Mark, path: QPainterPath, view: TileView) -> QRectF:
    """Where a mark lies in the viewport; of a note a little around its place."""
    if not path.isEmpty():
        return path.boundingRect()
    if not mark.points:
        return QRectF()
    at = view.to_screen(*mark.points[0])
    return QRectF(at.x() - 3, at.y() - 3, 6, 6)


def _paint_ends(painter: QPainter, points: Sequence[QPointF], colour: QColor) -> None:
    for pen in (QPen(EDGE, EDGE_PX), QPen(colour, LINE_PX)):
        painter.setPen(pen)
        for at in points:
            painter.drawLine(QLineF(at.x() - 3, at.y(), at.x() + 3, at.y()))
            painter.drawLine(QLineF(at.x(), at.y() - 3, at.x(), at.y() + 3))


def _paint_handle(painter: QPainter, at: QPointF, colour: QColor) -> None:
    painter.setPen(QPen(EDGE, 1))
    painter.setBrush(colour)
    painter.drawRect(QRectF(at.x() - HANDLE_PX, at.y() - HANDLE_PX, 2 * HANDLE_PX, 2 * HANDLE_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_key(painter: QPainter, view: TileView, colour: QColor) -> None:
    words, (wide, _) = view.words, view.presenter.sizes[view.tile]
    size = words.width(KEY_WORD)
    box = QRectF(wide - size - 16, words.height * 2 + 12, size + 8, words.height + 2)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(BACK)
    painter.drawRoundedRect(box, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    words.draw(painter, box.left() + 4, box.top() + 1, KEY_WORD, colour)


def _paint_words(
    painter: QPainter,
    view: TileView,
    lines: Sequence[str],
    around: QRectF,
    others: Sequence[QRectF],
    taken: list[QRectF],
    colour: QColor,
) -> None:
    """Words beside a mark on a dark ground, inside the viewport; `taken` are the boxes that stand there."""
    if not lines:
        return
    words, (wide, high) = view.words, view.presenter.sizes[view.tile]
    # Corner texts and the scale bar have the upper line and the two lower ones for themselves.
    top, bottom = words.height + EDGE_OF_TILE_PX * 3, words.height * 2 + EDGE_OF_TILE_PX * 5
    area = QRectF(0, 0, wide, high)
    if high >= 3 * (top + bottom):
        area = QRectF(0, top, wide, high - top - bottom)
    room = area.width() - 2 * (PAD_PX + EDGE_OF_TILE_PX)
    shown = [words.elided(line, room) for line in lines]
    box = _place(_size(words, shown), around, area, others, taken)
    taken.append(box)
    painter.fillRect(box, BACK)
    for number, line in enumerate(shown):
        words.draw(painter, box.left() + PAD_PX, box.top() + 1 + number * words.height, line, colour)


def _size(words: Words, lines: Sequence[str]) -> tuple[float, float]:
    return max(words.width(line) for line in lines) + 2 * PAD_PX + 2, len(lines) * words.height + 3


def _place(
    size: tuple[float, float],
    around: QRectF,
    area: QRectF,
    others: Sequence[QRectF],
    taken: Sequence[QRectF],
) -> QRectF:
    """Right of the mark, else left, below, above, inside the viewport: the first place that hides least."""
    wide, high = size
    middle, centre = around.center().y() - high / 2, around.center().x() - wide / 2
    right, left = around.right() + GAP_PX, around.left() - GAP_PX - wide
    starts = [
        QPointF(right, middle),
        QPointF(left, middle),
        QPointF(centre, around.bottom() + GAP_PX),
        QPointF(centre, around.top() - GAP_PX - high),
    ]
    for step in (1, 2, 4, 6):  # farther and farther up and down at both sides
        for down in (middle + step * high, middle - step * high):
            starts += [QPointF(right, down), QPointF(left, down)]
    inner = area.adjusted(EDGE_OF_TILE_PX, EDGE_OF_TILE_PX, -EDGE_OF_TILE_PX, -EDGE_OF_TILE_PX)
    best, least = QRectF(), math.inf
    for start in starts:
        box = _inside(QRectF(start.x(), start.y(), wide, high), inner)
        hides = sum(4 for other in taken if box.intersects(other))
        hides += 2 * box.intersects(around) + sum(box.intersects(other) for other in others)
        if hides < least:  # of equals the first
            best, least = box, hides
        if not hides:
            break
    return best


def _inside(box: QRectF, area: QRectF) -> QRectF:
    left = max(area.left(), min(box.left(), area.right() - box.width()))
    top = max(area.top(), min(box.top(), area.bottom() - box.height()))
    return QRectF(left, top, box.width(), box.height())
