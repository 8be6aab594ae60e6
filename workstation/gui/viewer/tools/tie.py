"""Same place: a click in each of two viewports ties frames of reference, or right with left."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.gui.viewer.hung import Point
from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.tools.base import Pointer, PointerTool
from workstation.gui.viewer.tools.basic import CLICK_PX
from workstation.gui.viewer.words import CENTRE

FIRST = "Same place: click a landmark, or the centre of the joint"
SECOND = "Click the same place in another viewport"


class TieTool(PointerTool):
    """The reader's own statement of where two patient spaces meet."""

    id = "tie"
    tip = "Click the same place in two viewports to link them; the joint centre links right with left"

    def __init__(self, presenter: ViewerPresenter) -> None:
        super().__init__(presenter)
        self._is_chosen = False
        self._start: Pointer | None = None
        self._first: tuple[int, Point] | None = None
        self._said = FIRST

    def choose(self) -> None:
        """Ask for the first place."""
        self._is_chosen, self._first, self._said = True, None, FIRST
        self.presenter.redraw()

    def cancel(self) -> None:
        """Forget the first place."""
        self._is_chosen, self._first = False, None
        self.presenter.redraw()

    def forget(self) -> None:
        """Another case: its places mean nothing there."""
        self._first = None

    def press(self, at: Pointer) -> None:
        """Remember where, to tell a click from a drag."""
        self._start = at

    def release(self, at: Pointer) -> None:
        """Take the place, and tie when it is the second one."""
        start, self._start = self._start, None
        if start is None or math.hypot(at.across - start.across, at.down - start.down) > CLICK_PX:
            return
        point = self.presenter.point_at(start.tile, start.across, start.down)
        if point is None:
            self._said = "This series has no known position and cannot be linked."
        elif self._first is None or self._first[0] == start.tile:
            self._first, self._said = (start.tile, point), SECOND
        else:
            self._said = self.presenter.tie_points(self._first, (start.tile, point))
            self._first = None
        self.presenter.redraw()

    def paint(self, painter: QPainter, view: TileView) -> None:
        """What to do next, and a ring at the first place."""
        if not self._is_chosen:
            return
        colour = QColor(view.palette.accent)
        if view.tile == view.presenter.active:
            area = painter.viewport()
            view.words.draw(painter, area.width() / 2, area.height() * 0.75, self._said, colour, CENTRE)
        if self._first is not None and self._first[0] == view.tile:
            at = view.point_to_screen(self._first[1])
            if at is not None:
                painter.setPen(QPen(colour, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 7.0, 7.0)
                painter.drawPoint(QPointF(at))
