"""A magnifying glass under the pointer: the same picture, larger, where the reader looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPainterPath, QPen, QTransform

from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.painting import wrap
from workstation.gui.viewer.tile import TileWidget

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid

RADIUS_PX = 90.0
ENLARGED = 2.5


class Magnifier(QObject):
    """Draws over the viewport that the pointer is in while it is on."""

    def __init__(self, grid: ViewerGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._is_on = False
        self._at: tuple[int, QPointF] | None = None
        grid.layout_changed.connect(self._watch)
        grid.add_overlay(self)

    @property
    def is_on(self) -> bool:
        """True while the glass follows the pointer."""
        return self._is_on

    def set_on(self, on: bool) -> None:
        """Take the glass, or put it away."""
        self._is_on = on
        self._at = self._under_pointer() if on else None
        self._watch()
        self._grid.presenter.redraw()
        self._grid.look_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the pointer; the event goes its usual way."""
        if self._is_on and isinstance(watched, TileWidget):
            if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                self._at = (watched.index, event.position())
                watched.update()
            elif event.type() == QEvent.Type.Leave:
                self._at = None
                watched.update()
        return False

    def paint(self, painter: QPainter, view: TileView) -> None:
        """The picture about the pointer, enlarged inside a circle; masks and marks stay as they are."""
        if self._at is None or self._at[0] != view.tile:
            return
        at = self._at[1]
        glass = QPainterPath()
        glass.addEllipse(at, RADIUS_PX, RADIUS_PX)
        painter.save()
        painter.setClipPath(glass)
        painter.fillPath(glass, QColor(view.palette.background))
        about = QTransform.fromTranslate(-at.x(), -at.y()) * QTransform.fromScale(ENLARGED, ENLARGED)
        painter.setTransform(view.transform * about * QTransform.fromTranslate(at.x(), at.y()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QPointF(0, 0), wrap(view.frame.pixels))
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(view.palette.accent), 1.5))
        painter.drawPath(glass)

    def _watch(self) -> None:
        for tile in self._grid.tiles:
            tile.removeEventFilter(self)
            if self._is_on:
                tile.installEventFilter(self)

    def _under_pointer(self) -> tuple[int, QPointF] | None:
        for tile in self._grid.tiles:
            at = tile.mapFromGlobal(QCursor.pos())
            if tile.isVisible() and tile.rect().contains(at):
                return tile.index, QPointF(at)
        active = self._grid.tiles[self._grid.active_tile]
        return active.index, QPointF(active.rect().center())
