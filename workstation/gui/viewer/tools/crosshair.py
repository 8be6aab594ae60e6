"""The crosshair: a press or a drag takes every viewport to that point; lines show where the planes meet."""

from __future__ import annotations

from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.tools.base import Pointer, PointerTool
from workstation.imaging import linking


class CrosshairTool(PointerTool):
    """Goes to points; the viewport under the pointer keeps its slice."""

    id = "crosshair"
    tip = "Drag: every viewport shows the point under the pointer"

    def __init__(self, presenter: ViewerPresenter) -> None:
        super().__init__(presenter)
        self._is_chosen = False

    def choose(self) -> None:
        """Draw the lines of all planes."""
        self._is_chosen = True
        self.presenter.redraw()

    def cancel(self) -> None:
        """The lines go with the tool."""
        self._is_chosen = False
        self.presenter.redraw()

    def press(self, at: Pointer) -> None:
        """Go there."""
        point = self.presenter.point_at(at.tile, at.across, at.down)
        if point is not None:
            self.presenter.go_to_point(point, at.tile)

    def move(self, at: Pointer) -> None:
        """Follow the pointer."""
        self.press(at)

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Where the planes of the other viewports cut this one; that of the active one is drawn anyway."""
        target = view.geometry
        if not self._is_chosen or target is None:
            return
        presenter = view.presenter
        colour = QColor(view.palette.accent)
        colour.setAlpha(150)
        painter.setPen(QPen(colour, 1, Qt.PenStyle.SolidLine))
        for other, state in enumerate(presenter.states):
            source = presenter.linkable(other)
            if other in (view.tile, presenter.active) or source is None:
                continue
            way = presenter.bridge(other, view.tile)
            index = min(state.slice_index, source.shape[0] - 1)
            line = linking.reference_line(source, index, target, view.slice_index, way) if way else None
            if line is not None:
                painter.drawLine(QLineF(view.to_screen(*line[0]), view.to_screen(*line[1])))
