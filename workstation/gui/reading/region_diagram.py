"""The joint's diagram: one outline per region, the current one filled, each can be clicked."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workstation.gui.theme import Theme
from workstation.imaging.study import Laterality
from workstation.scoring.instrument import Instrument, Region

PANEL_GAP = 8
TITLE_HEIGHT = 14


class RegionDiagram(QWidget):
    """Regions of an instrument as schematic panels, drawn for the side that is read.

    Region shapes are polygons in a 0–100 box of their view, drawn for a right joint; a left joint is
    mirrored in the views where left and right appear.
    """

    region_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("region_diagram")
        self.setAccessibleName("Diagram of the regions")
        self.setAccessibleDescription("Click a region to go to its item")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._theme = theme
        self._regions: tuple[Region, ...] = ()
        self._mirrored = False
        self._current = ""
        self._marks: dict[str, str] = {}

    def sizeHint(self) -> QSize:
        """Wide as the form, high enough for the panels."""
        return QSize(340, 150)

    def minimumSizeHint(self) -> QSize:
        """Readable down to a narrow form."""
        return QSize(240, 150)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def set_instrument(self, instrument: Instrument, laterality: Laterality | None) -> None:
        """Show the regions of an instrument for a side."""
        self._regions = instrument.regions
        self._mirrored = laterality == Laterality.LEFT
        self.update()

    def set_state(self, current: str, marks: Mapping[str, str]) -> None:
        """Say which region is current and what short mark each region carries (grade, ``–`` or ``""``)."""
        self._current = current
        self._marks = dict(marks)
        self.update()

    def region_at(self, position: QPointF) -> str:
        """Identifier of the region under a widget position, ``""`` if none."""
        for region, polygon in self._polygons():
            if polygon.containsPoint(position, Qt.FillRule.OddEvenFill):
                return region.id
        return ""

    def centre_of(self, region_id: str) -> QPointF:
        """Widget position inside a region, for its mark (and for whoever clicks it)."""
        for region, polygon in self._polygons():
            if region.id == region_id:
                return _centroid(polygon)
        return QPointF()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw panels, outlines and marks."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_titles(painter)
        current: tuple[Region, QPolygonF] | None = None
        for region, polygon in self._polygons():
            if region.id == self._current:
                current = (region, polygon)
            else:
                self._paint_region(painter, region, polygon, is_current=False)
        if current is not None:
            self._paint_region(painter, *current, is_current=True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left click goes to the region's item."""
        if event.button() == Qt.MouseButton.LeftButton:
            region = self.region_at(event.position())
            if region:
                self.region_clicked.emit(region)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Name the region under the pointer."""
        identifier = self.region_at(event.position())
        for region in self._regions:
            if region.id == identifier:
                QToolTip.showText(event.globalPosition().toPoint(), f"{region.code}  {region.label}", self)
                return
        QToolTip.hideText()

    def _views(self) -> list[str]:
        return list(dict.fromkeys(region.view for region in self._regions))

    def _panels(self) -> dict[str, QRectF]:
        views = self._views()
        if not views:
            return {}
        width = (self.width() - PANEL_GAP * (len(views) - 1)) / len(views)
        side = min(width, self.height() - TITLE_HEIGHT)
        panels = {}
        for index, view in enumerate(views):
            left = index * (width + PANEL_GAP) + (width - side) / 2
            panels[view] = QRectF(left, TITLE_HEIGHT, side, side)
        return panels

    def _polygons(self) -> list[tuple[Region, QPolygonF]]:
        panels = self._panels()
        placed = []
        for region in self._regions:
            panel = panels[region.view]
            # Side views show front and back; only views across the body swap with the side.
            flip = self._mirrored and not region.view.startswith("sagittal")
            points = [
                QPointF(
                    panel.left() + (100 - x if flip else x) * panel.width() / 100,
                    panel.top() + y * panel.height() / 100,
                )
                for x, y in region.shape
            ]
            placed.append((region, QPolygonF(points)))
        return placed

    def _paint_titles(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.colour("secondary")))
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        for view, panel in self._panels().items():
            title = QRectF(panel.left() - 10, 0, panel.width() + 20, TITLE_HEIGHT)
            painter.drawText(title, Qt.AlignmentFlag.AlignCenter, view.replace("-", " "))

    def _paint_region(
        self, painter: QPainter, region: Region, polygon: QPolygonF, *, is_current: bool
    ) -> None:
        mark = self._marks.get(region.id, "")
        accent = QColor(self._theme.colour("accent"))
        if is_current:
            fill, ink = accent, QColor(self._theme.colour("on_accent"))
        elif mark:
            fill, ink = QColor(self._theme.colour("raised")), QColor(self._theme.colour("text"))
        else:
            fill, ink = QColor(0, 0, 0, 0), QColor(self._theme.colour("secondary"))
        painter.setBrush(fill)
        painter.setPen(QPen(accent if is_current else QColor(self._theme.colour("secondary")), 1.2))
        painter.drawPolygon(polygon)
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setBold(bool(mark))
        painter.setFont(font)
        painter.setPen(ink)
        centre = _centroid(polygon)
        box = QRectF(centre.x() - 20, centre.y() - 8, 40, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark or region.code)


def _centroid(polygon: QPolygonF) -> QPointF:
    """Area centroid of a simple polygon; the mean of the corners where the area vanishes."""
    points = [polygon.at(i) for i in range(polygon.count())]
    area = x = y = 0.0
    for one, two in zip(points, points[1:] + points[:1], strict=True):
        cross = one.x() * two.y() - two.x() * one.y()
        area += cross
        x += (one.x() + two.x()) * cross
        y += (one.y() + two.y()) * cross
    if abs(area) < 1e-9:
        return polygon.boundingRect().center()
    return QPointF(x / (3 * area), y / (3 * area))
