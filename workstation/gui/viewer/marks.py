"""What other viewports add to a picture: the active slice as a line, the 3-D cursor, and markers."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.gui.viewer.overlay import TileView
from workstation.imaging import linking


class ReferenceLine:
    """Where the slice of the active viewport cuts the others."""

    def paint(self, painter: QPainter, view: TileView) -> None:
        """A dashed line as long as the active image reaches."""
        presenter, target = view.presenter, view.geometry
        if not presenter.show_reference_lines or view.tile == presenter.active:
            return
        source = presenter.linkable(presenter.active)
        if source is None or target is None or linking.are_nearly_parallel(source, target):
            return
        way = presenter.bridge(presenter.active, view.tile)
        if way is None:
            return
        slice_index = min(presenter.states[presenter.active].slice_index, source.shape[0] - 1)
        line = linking.reference_line(source, slice_index, target, view.slice_index, way)
        if line is not None:
            painter.setPen(QPen(QColor(view.palette.accent), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(view.to_screen(*line[0]), view.to_screen(*line[1])))


class CursorCross:
    """The point under the pointer of another viewport, while Shift is held."""

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Four short strokes that leave the point itself free."""
        cursor = view.presenter.cursor
        if cursor is None or cursor[0] == view.tile:
            return
        way = view.presenter.bridge(cursor[0], view.tile)
        at = view.point_to_screen(way.point(cursor[1])) if way is not None else None
        if at is not None:
            painter.setPen(QPen(QColor(view.palette.accent), 1))
            for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(at + QPointF(across, down) * 4, at + QPointF(across, down) * 14)


class Markers:
    """Small circles with a word at points of the patient, near their slice."""

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Those that the slice shown reaches."""
        markers, geometry = view.presenter.markers, view.geometry
        if not markers or geometry is None:
            return
        colour = QColor(view.palette.accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for point, frame_uid, text in markers:
            height = abs(float((point - geometry.origins[view.slice_index]) @ geometry.normal))
            at = view.point_to_screen(point)
            if at is None or frame_uid != geometry.frame_of_reference_uid or not geometry.reaches(height):
                continue
            painter.setPen(QPen(colour, 1.5))
            painter.drawEllipse(at, 4, 4)
            view.words.draw(painter, at.x() + 8, at.y() - view.words.height / 2, text, colour)
