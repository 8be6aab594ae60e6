"""Agreement over the joint's diagram, or over a grid of items where there is none; each can be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workstation.analysis.estimate import Estimate
from workstation.export.figures import tint
from workstation.gui.analysis.label_place import label_place
from workstation.gui.theme import SMALL_PX, Appearance, interface_font
from workstation.scoring.instrument import Instrument, View

_TITLE_PX, _GAP_PX, _LEGEND_PX, _CELL_PX, _LINE_PX = 20, 12, 36, 76, 13
_AROUND = 4.0
_DARK_TEXT = QColor("#1B1D21")
_STEPS = ((0.1, "< 0.2"), (0.3, "0.2"), (0.5, "0.4"), (0.7, "0.6"), (0.9, "≥ 0.8"))


@dataclass(frozen=True)
class Place:
    """One field of the map: a region, or an item where there is no diagram.

    Attributes
    ----------
    items : tuple of str
        The items behind the number.
    """

    id: str
    code: str
    label: str
    items: tuple[str, ...]
    estimate: Estimate | None

    @property
    def text(self) -> str:
        """The number as shown, ``"n/a"`` where it is not defined."""
        return self.estimate.text().partition(" (")[0] if self.estimate else "n/a"

    @property
    def tip(self) -> str:
        """Name, number with interval, and why there is none."""
        if self.estimate is None:
            return f"{self.label}: not computed for several items together"
        reason = f": {self.estimate.reason}" if self.estimate.reason else ""
        return f"{self.label}: {self.estimate.text()}, n = {self.estimate.n}{reason}"


@dataclass(frozen=True)
class _Panel:
    """One view of the diagram on the widget: where it is, and how its drawing gets there."""

    view: View
    area: QRectF
    scale: float
    origin: QPointF

    def placed(self, points: Sequence[tuple[float, float]]) -> QPolygonF:
        """An outline of the drawing in widget coordinates."""
        return QPolygonF([self.origin + QPointF(x, y) * self.scale for x, y in points])


class AgreementMap(QWidget):
    """``chosen(place id)`` by mouse, or by the arrow keys."""

    chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("agreement_map")
        self.setAccessibleName("Agreement by region")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 260)
        self._appearance = appearance
        self._instrument: Instrument | None = None
        self._places: tuple[Place, ...] = ()
        self._current = ""
        appearance.changed.connect(lambda _theme: self.update())

    @property
    def places(self) -> tuple[Place, ...]:
        """The fields shown."""
        return self._places

    def sizeHint(self) -> QSize:
        """Room for two panels side by side."""
        return QSize(480, 420)

    def show_places(self, places: Sequence[Place], instrument: Instrument | None) -> None:
        """Show the numbers; with an instrument over its diagram, where a place is a region."""
        self._places = tuple(places)
        self._instrument = instrument
        if self._current not in {place.id for place in places}:
            self._current = ""
        self.setAccessibleDescription(". ".join(place.tip for place in places))
        self.update()

    def choose(self, place_id: str) -> None:
        """Mark a field without telling."""
        self._current = place_id
        self.update()

    def place_at(self, position: QPointF) -> Place | None:
        """The field under a widget position."""
        for place, polygon in self._drawn():
            if polygon.containsPoint(position, Qt.FillRule.OddEvenFill):
                return place
        return None

    def centre_of(self, place_id: str) -> QPointF:
        """Middle of the first outline of a field, in widget coordinates."""
        for place, polygon in self._drawn():
            if place.id == place_id:
                return _middle(polygon)
        return QPointF()

    # events -----------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Outlines of the joint, the fields with their numbers, the scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(SMALL_PX))
        for panel in self._panels():
            self._paint_panel(painter, panel)
        for place, polygon in sorted(self._drawn(), key=lambda one: one[0].id == self._current):
            self._paint_place(painter, place, polygon)
        self._paint_scale(painter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the field under the pointer."""
        place = self.place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._take(place.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go through the fields in the form's order."""
        step = {
            Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1,
        }.get(Qt.Key(event.key()), 0)  # fmt: skip
        if not step or not self._places:
            super().keyPressEvent(event)
            return
        ids = [place.id for place in self._places]
        at = ids.index(self._current) + step if self._current in ids else 0
        self._take(ids[at % len(ids)])

    def event(self, event: QEvent) -> bool:
        """Tooltips name the field under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), place.tip if place else "", self)
            return True
        return super().event(event)

    # private ----------------------------------------------------------------------------------

    def _take(self, place_id: str) -> None:
        self._current = place_id
        self.update()
        self.chosen.emit(place_id)

    def _panels(self) -> Iterator[_Panel]:
        """The panels of the diagram, all at one scale, cut to where the regions are."""
        if self._instrument is None:
            return
        views = self._instrument.views
        boxes = [_box(self._instrument, view) for view in views]
        width, height = max(box.width() for box in boxes), max(box.height() for box in boxes)
        room = QRectF(self.rect()).adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_LEGEND_PX - _GAP_PX)
        columns = max(range(1, len(views) + 1), key=lambda n: _scale(room, len(views), n, width, height))
        scale = max(_scale(room, len(views), columns, width, height), 0.1)
        rows = -(-len(views) // columns)
        step_x, step_y = width * scale + _GAP_PX, height * scale + _TITLE_PX + _GAP_PX
        left = room.center().x() - (columns * step_x - _GAP_PX) / 2
        top = room.center().y() - (rows * step_y - _GAP_PX) / 2
        for index, (view, box) in enumerate(zip(views, boxes, strict=True)):
            row, column = divmod(index, columns)
            area = QRectF(
                left + column * step_x, top + row * step_y + _TITLE_PX, width * scale, height * scale
            )
            middle = box.center()
            yield _Panel(view, area, scale, area.center() - QPointF(middle.x() * scale, middle.y() * scale))

    def _drawn(self) -> Iterator[tuple[Place, QPolygonF]]:
        if self._instrument is None:
            yield from self._cells()
            return
        panels = {panel.view.id: panel for panel in self._panels()}
        places = {place.id: place for place in self._places}
        for region in self._instrument.regions:
            if region.id in places:
                for shape in region.shapes:
                    yield places[region.id], panels[shape.view].placed(shape.points)

    def _cells(self) -> Iterator[tuple[Place, QPolygonF]]:
        columns = max(1, (self.width() - 2 * _GAP_PX) // _CELL_PX)
        for index, place in enumerate(self._places):
            row, column = divmod(index, columns)
            height = _CELL_PX * 0.66
            cell = QRectF(_GAP_PX + column * _CELL_PX, _GAP_PX + row * (height + 4), _CELL_PX - 4, height)
            yield place, QPolygonF(cell)

    def _paint_panel(self, painter: QPainter, panel: _Panel) -> None:
        theme = self._appearance.theme
        painter.setPen(theme.colour("secondary"))
        strip = QRectF(panel.area.left(), panel.area.top() - _TITLE_PX, panel.area.width(), _TITLE_PX)
        whole = f"{panel.view.title}, {panel.view.left} on the left"
        metrics = painter.fontMetrics()
        title = whole if metrics.horizontalAdvance(whole) <= strip.width() else panel.view.title
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, int(strip.width()))
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, shown)
        painter.save()
        painter.setClipRect(panel.area)
        painter.setPen(QPen(theme.colour("disabled"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for outline in panel.view.outlines:
            painter.drawPolygon(panel.placed(outline))
        painter.restore()

    def _paint_place(self, painter: QPainter, place: Place, polygon: QPolygonF) -> None:
        theme = self._appearance.theme
        is_current = place.id == self._current
        value = place.estimate.value if place.estimate else None
        painter.setBrush(QColor(tint(value)) if value is not None else theme.colour("raised"))
        width = 2.5 if is_current else 1
        painter.setPen(QPen(theme.colour("accent" if is_current else "disabled"), width))
        painter.drawPolygon(polygon)
        painter.setPen(_DARK_TEXT if value is not None else theme.colour("secondary"))
        corners = tuple((point.x(), point.y()) for point in polygon.toList())
        metrics = painter.fontMetrics()
        both = (place.code, place.text)
        # Where a region is too small for two lines its name is left to the tooltip.
        for lines in (both, both[1:], (place.text.replace("0.", ".", 1),)):
            width = max(metrics.horizontalAdvance(text) for text in lines)
            x, y, fits = label_place(corners, width, _LINE_PX * len(lines) - 2)
            if fits:
                break
        for number, text in enumerate(lines):
            top = y + (number - len(lines) / 2) * _LINE_PX
            painter.drawText(QRectF(x - 40, top, 80, _LINE_PX), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_scale(self, painter: QPainter) -> None:
        theme = self._appearance.theme
        width, top = 44, self.height() - _LEGEND_PX + 6
        left = (self.width() - width * (len(_STEPS) + 1)) / 2
        for index, (value, text) in enumerate((*_STEPS, (None, "n/a"))):
            box = QRectF(left + index * width, top, width - 2, 10)
            painter.fillRect(box, QColor(tint(value)) if value is not None else theme.colour("raised"))
            painter.setPen(theme.colour("secondary"))
            painter.drawText(box.translated(0, 12), Qt.AlignmentFlag.AlignCenter, text)


def _box(form: Instrument, view: View) -> QRectF:
    """Where the regions of a view lie in its drawing, with a little of the joint around them."""
    points = [
        QPointF(*point)
        for region in form.regions
        for shape in region.shapes
        if shape.view == view.id
        for point in shape.points
    ]
    box = QPolygonF(points).boundingRect() if points else QRectF(0, 0, 100, 100)
    return box.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)


def _scale(room: QRectF, count: int, columns: int, width: float, height: float) -> float:
    rows = -(-count // columns)
    return min(
        ((room.width() + _GAP_PX) / columns - _GAP_PX) / width,
        ((room.height() + _GAP_PX) / rows - _GAP_PX - _TITLE_PX) / height,
    )


def _middle(polygon: QPolygonF) -> QPointF:
    count = max(1, polygon.count())
    points = [polygon.at(index) for index in range(polygon.count())]
    return QPointF(sum(p.x() for p in points) / count, sum(p.y() for p in points) / count)
