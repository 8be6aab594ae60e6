"""All slices of the active series as a strip of small pictures: where one is, and a click to go elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.viewer.contents import SeriesContent
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.painting import paint_pixels, wrap
from workstation.gui.viewer.words import Words
from workstation.imaging.frame import resolve
from workstation.imaging.viewport import ViewportState

STRIP_PX = 76
PICTURE_PX = 64


class OverviewStrip(QWidget):
    """Evenly chosen slices of the series in the active viewport; the one on screen is framed.

    Parameters
    ----------
    grid : ViewerGrid
        Whose active viewport it follows and moves.
    """

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overview_strip")
        self.setAccessibleName("Overview of the slices of the active series")
        self.setToolTip("Click a slice to go there; Left and Right step")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(STRIP_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._grid = grid
        self._pictures: dict[tuple[str, int], QImage] = {}
        self._of: tuple[str, bool] = ("", False)
        self.hide()
        grid.overview_wanted.connect(lambda: self.setVisible(self.isHidden()))
        grid.active_changed.connect(lambda _tile: self.update())
        grid.layout_changed.connect(self.update)
        grid.presenter.changed.connect(lambda _tiles: self.update() if self.isVisible() else None)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, STRIP_PX)

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices that are pictured, from 0."""
        content = self._content()
        if content is None:
            return ()
        count, places = content.number_of_slices, max(1, self.width() // (PICTURE_PX + 2))
        if count <= places:
            return tuple(range(count))
        last = max(places - 1, 1)
        return tuple(round(place * (count - 1) / last) for place in range(places))

    def slice_at(self, across: float) -> int | None:
        """The pictured slice under a position; None beside them."""
        place = int(across // (PICTURE_PX + 2))
        return self.slices[place] if 0 <= place < len(self.slices) else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Pictures on black with their numbers, as far as the series has been read."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        content = self._content()
        if content is None or content.reading is None:
            self._forget()
            painter.end()
            return
        if self._of != (content.series.key, True):
            self._forget()
            self._of = (content.series.key, True)
        now = self._grid.presenter.states[self._grid.active_tile].slice_index
        shown = self.slices
        nearest = min(shown, key=lambda index: abs(index - now))
        words = Words(11, self.devicePixelRatioF())
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        for place, index in enumerate(shown):
            box = QRectF(place * (PICTURE_PX + 2), (STRIP_PX - PICTURE_PX) / 2, PICTURE_PX, PICTURE_PX)
            painter.drawImage(box, self._picture(content, index))
            words.draw(painter, box.left() + 3, box.top() + 1, str(index + 1), QColor("#E6E8EB"))
            if index == nearest:
                painter.setPen(QPen(accent, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(box.adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(accent, 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the slice under the pointer."""
        index = self.slice_at(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grid.presenter.show_slice(self._grid.active_tile, index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go to the neighbouring pictures; other keys are those of the images."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        shown = self.slices
        if event.key() not in steps or not shown:
            super().keyPressEvent(event)
            return
        now = self._grid.presenter.states[self._grid.active_tile].slice_index
        place = min(range(len(shown)), key=lambda one: abs(shown[one] - now)) + steps[Qt.Key(event.key())]
        self._grid.presenter.show_slice(self._grid.active_tile, shown[min(max(place, 0), len(shown) - 1)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other slices fit."""
        super().resizeEvent(event)
        self.update()

    def _content(self) -> SeriesContent | None:
        return self._grid.presenter.content(self._grid.active_tile)

    def _forget(self) -> None:
        self._pictures.clear()
        self._of = ("", False)

    def _picture(self, content: SeriesContent, index: int) -> QImage:
        key = (content.series.key, index)
        if key not in self._pictures:
            self._pictures[key] = _small(content, index, round(PICTURE_PX * self.devicePixelRatioF()))
        return self._pictures[key]


def _small(content: SeriesContent, index: int, side: int) -> QImage:
    assert content.reading is not None
    spacing = content.series.first.pixel_spacing
    stack, start = content.reading.stack, content.reading.start
    frame = resolve(ViewportState(slice_index=index), stack, (side, side), start=start, pixel_spacing=spacing)
    picture = QImage(side, side, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    paint_pixels(painter, QRectF(0, 0, side, side), frame, wrap(frame.pixels), QColor(Qt.GlobalColor.black))
    painter.end()
    return picture
