"""The joint's diagram: one outline per region, the current one filled, each can be clicked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workstation.gui.theme import Theme
from workstation.imaging.study import Laterality
from workstation.scoring.diagram import BOX, mirrored
from workstation.scoring.instrument import Instrument, Point, Region, View

PANEL_GAP = 8
TITLE_HEIGHT = 16
COLUMNS = 2
ONE_ROW_PX, TWO_ROW_PX = 164, 124
SMALL_COLUMNS, SMALL_PX = 4, 120
WIDTH_PX = 340


class RegionDiagram(QWidget):
    """Regions of an instrument as schematic panels, drawn for the side that is read.

    ``region_clicked`` carries the region's identifier.
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
        self._instrument: Instrument | None = None
        self._is_left = self._is_small = False
        self._current = ""
        self._marks: dict[str, str] = {}

    def sizeHint(self) -> QSize:
        """As wide as the form, as high as its rows of panels: it does not change with the width."""
        return QSize(WIDTH_PX, self._rows() * (int(self._panel_side()) + TITLE_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """The same: the diagram does not shrink."""
        return QSize(240, self.sizeHint().height())

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def set_small(self, small: bool) -> None:
        """Leave room to what stands below, on a low screen."""
        if small != self._is_small:
            self._is_small = small
            self.updateGeometry()
            self.update()

    def set_instrument(self, instrument: Instrument, laterality: Laterality | None) -> None:
        """Show the regions of an instrument for a side."""
        self._instrument = instrument
        self._is_left = laterality == Laterality.LEFT
        self.updateGeometry()
        self.update()

    def set_state(self, current: str, marks: Mapping[str, str]) -> None:
        """Say which region is current, and the short mark (grade) of each region that has one."""
        self._current = current
        self._marks = dict(marks)
        self.update()

    def region_at(self, position: QPointF) -> str:
        """Identifier of the region under a widget position, ``""`` if none."""
        for region, polygon, _ in self._placed():
            if polygon.containsPoint(position, Qt.FillRule.OddEvenFill):
                return region.id
        return ""

    def centre_of(self, region_id: str) -> QPointF:
        """Widget position inside the first outline of a region."""
        for region, polygon, _ in self._placed():
            if region.id == region_id:
                return _centre(polygon)
        return QPointF()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw panels, outlines and marks."""
        del event
        if self._instrument is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for view, panel in self._panels():
            self._paint_view(painter, view, panel)
        # The current region is drawn last so that its edge is never covered by a neighbour.
        placed = sorted(self._placed(), key=lambda one: one[0].id == self._current)
        for region, polygon, is_first in placed:
            self._paint_region(painter, region, polygon, is_first)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left click goes to the region's item."""
        if event.button() == Qt.MouseButton.LeftButton:
            region = self.region_at(event.position())
            if region:
                self.region_clicked.emit(region)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Name the region under the pointer."""
        identifier = self.region_at(event.position())
        regions = self._instrument.regions if self._instrument else ()
        for region in regions:
            if region.id == identifier:
                QToolTip.showText(event.globalPosition().toPoint(), f"{region.code}  {region.label}", self)
                return
        QToolTip.hideText()

    def _rows(self) -> int:
        return -(-len(self._instrument.views) // self._columns()) if self._instrument else 1

    def _columns(self) -> int:
        """Panels in a row; a small diagram has them all in one, so that the list below keeps its rows."""
        return SMALL_COLUMNS if self._is_small else COLUMNS

    def _panel_side(self) -> float:
        if self._is_small:
            across = min(self._columns(), len(self._instrument.views)) if self._instrument else 1
            return min(SMALL_PX, (WIDTH_PX - (across - 1) * PANEL_GAP) / across)
        return ONE_ROW_PX if self._rows() == 1 else TWO_ROW_PX

    def _side_shown(self) -> float:
        """Smaller while a question under the form takes the room: nothing is cut off."""
        return min(self._panel_side(), max(1.0, self.height() / self._rows() - TITLE_HEIGHT))

    def _panels(self) -> Iterator[tuple[View, QRectF]]:
        if self._instrument is None:
            return
        views, side = self._instrument.views, self._side_shown()
        columns = min(self._columns(), len(views))
        step = (self.width() + PANEL_GAP) / columns
        for index, view in enumerate(views):
            row, column = divmod(index, columns)
            left = column * step + (step - PANEL_GAP - side) / 2
            yield view, QRectF(left, row * (side + TITLE_HEIGHT) + TITLE_HEIGHT, side, side)

    def _placed(self) -> Iterator[tuple[Region, QPolygonF, bool]]:
        """Every outline on the widget, and whether it is the region's first (which carries the mark)."""
        if self._instrument is None:
            return
        panels = {view.id: (view, panel) for view, panel in self._panels()}
        for region in self._instrument.regions:
            for index, shape in enumerate(region.shapes):
                view, panel = panels[shape.view]
                yield region, self._on_widget(shape.points, view, panel), index == 0

    def _on_widget(self, points: tuple[Point, ...], view: View, panel: QRectF) -> QPolygonF:
        if self._is_left and view.mirrors:
            points = mirrored(points)
        scale = panel.width() / BOX
        return QPolygonF([QPointF(panel.left() + x * scale, panel.top() + y * scale) for x, y in points])

    def _paint_view(self, painter: QPainter, view: View, panel: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.colour("line"), 1.2))
        for outline in view.outlines:
            painter.drawPolygon(self._on_widget(outline, view, panel))
        painter.setPen(self._theme.colour("secondary"))
        painter.setFont(self._small_font())
        left, right = view.left, view.right
        if self._is_left and view.mirrors:
            left, right = right, left
        wider = 16 if panel.width() < ONE_ROW_PX and not self._is_small else 0
        strip = QRectF(
            panel.left() - wider, panel.top() - TITLE_HEIGHT, panel.width() + 2 * wider, TITLE_HEIGHT
        )
        painter.drawText(strip, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, left)
        measure = painter.fontMetrics().horizontalAdvance
        if (
            measure(left) + measure(right) + PANEL_GAP // 2 <= strip.width()
        ):  # else the left one says it for both
            painter.drawText(strip, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)

    def _paint_region(self, painter: QPainter, region: Region, polygon: QPolygonF, has_mark: bool) -> None:
        mark = self._marks.get(region.id, "")
        is_current = region.id == self._current
        fill = QColor(0, 0, 0, 0)
        if is_current:
            fill = self._theme.colour("accent")
        elif mark:
            fill = self._theme.colour("raised")
        painter.setBrush(fill)
        painter.setPen(QPen(self._theme.colour("accent" if is_current else "secondary"), 1.2))
        painter.drawPolygon(polygon)
        if not has_mark:
            return
        painter.setFont(self._small_font(bold=bool(mark)))
        role = "on_accent" if is_current else "text" if mark else "secondary"
        painter.setPen(self._theme.colour(role))
        if (
            self._is_small
            and not mark
            and polygon.boundingRect().width() < painter.fontMetrics().horizontalAdvance(region.code)
        ):
            return  # the list and the tool tip name it
        centre = _centre(polygon)
        box = QRectF(centre.x() - 24, centre.y() - 8, 48, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark or region.code)

    def _small_font(self, *, bold: bool = False) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setBold(bold)
        return font


def _centre(polygon: QPolygonF) -> QPointF:
    return QPointF(*_centroid(tuple((point.x(), point.y()) for point in polygon.toList())))


@lru_cache(maxsize=512)  # the same at every paint of the form
def _centroid(points: tuple[Point, ...]) -> Point:
    """Area centroid of a simple polygon; the middle of its box where the area vanishes."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    if abs(area) < 1e-9:
        across, down = zip(*points, strict=True)
        return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2
    return x / (3 * area), y / (3 * area)
