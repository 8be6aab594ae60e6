"""The series of the case as thumbnails: picture, role, slices, warnings; click or drag to hang one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QMimeData, QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QDrag, QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.viewer.captions import captions_of
from workstation.gui.viewer.contents import SeriesContent
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.painting import paint_pixels, paint_warning, wrap
from workstation.gui.viewer.tile import SERIES_MIME
from workstation.gui.viewer.words import Words
from workstation.imaging.frame import resolve
from workstation.imaging.study import Series
from workstation.imaging.viewport import ViewportState

STRIP_PX = 104
PICTURE_PX = 80
PADDING_PX = 8
LINE_PX = 16
SEPARATOR = " · "
"""Between the parts of a caption: role, side, visit."""


class SeriesStrip(QScrollArea):
    """Thumbnails of the series that a `ViewerGrid` shows, in the order given.

    Parameters
    ----------
    grid : ViewerGrid
        Where a chosen series is hung: in its active viewport.
    """

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("series_strip")
        self.setAccessibleName("Series of this case")
        self._grid = grid
        self._cards: dict[str, SeriesCard] = {}
        self._waiting: list[SeriesCard] = []  # for their picture: one in each turn of the window
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._picture_next)
        self._column = QWidget(self)
        self._column.setObjectName("series_strip_column")
        self._rows = QVBoxLayout(self._column)
        self._rows.setContentsMargins(0, 4, 0, 4)
        self._rows.setSpacing(0)
        self._rows.addStretch(1)
        self.setWidget(self._column)
        self.setWidgetResizable(True)
        self.setFixedWidth(STRIP_PX)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        grid.presenter.pictured.connect(self._on_pictured)
        grid.layout_changed.connect(self.mark_hung)
        grid.active_changed.connect(lambda _tile: self.mark_hung())

    @property
    def cards(self) -> tuple[SeriesCard, ...]:
        """The thumbnails, from the top."""
        return tuple(self._cards.values())

    def show_series(self, series: Iterable[Series], captions: Mapping[str, str] | None = None) -> None:
        """Replace the thumbnails; `captions` are blinded words by series key, else the role."""
        self._waiting.clear()
        for card in self._cards.values():
            self._rows.removeWidget(card)
            card.hide()
            card.deleteLater()
        offered = tuple(series)
        names = {**captions_of(offered), **(captions or {})}
        # Side and visit stand on lines of their own: shortened in the middle they would be lost.
        lines = max((len(names[one.key].split(SEPARATOR)) for one in offered), default=1)
        self._cards = {
            one.key: SeriesCard(one, names[one.key], self._grid, self._column, lines) for one in offered
        }
        for place, card in enumerate(self._cards.values()):
            self._rows.insertWidget(place, card)
        for key in self._cards:
            self._on_pictured(key)
        self.mark_hung()

    def mark_hung(self) -> None:
        """Mark what hangs on the screen, and what hangs in the active viewport."""
        keys = [state.series_key for state in self._grid.presenter.states]
        active = keys[self._grid.active_tile] if keys else ""
        for key, card in self._cards.items():
            card.set_hung(key in keys, key == active)

    def _on_pictured(self, key: str) -> None:
        content = self._grid.presenter.contents.get(key)
        if key in self._cards and content is not None:
            self._cards[key].set_content(content)
            if not self._cards[key].has_picture and self._cards[key] not in self._waiting:
                self._waiting.append(self._cards[key])
                self._idle.start()
        self.mark_hung()

    def _picture_next(self) -> None:
        if self._waiting:
            self._waiting.pop(0).make_picture()
        if not self._waiting:
            self._idle.stop()


class SeriesCard(QAbstractButton):
    """One thumbnail."""

    def __init__(
        self, series: Series, caption: str, grid: ViewerGrid, parent: QWidget, lines: int = 1
    ) -> None:
        super().__init__(parent)
        self.series_key = series.key
        self.setObjectName(f"series_{series.key}")
        self._grid = grid
        self._caption = caption
        self._count = len(series.instances)
        self._warnings = series.warnings
        self._content: SeriesContent | None = None
        self._picture: QImage | None = None
        self._is_hung = self._is_active = False
        self._pressed_at = QPoint()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(STRIP_PX - 10, PICTURE_PX + (lines + 1) * LINE_PX + 3 * PADDING_PX // 2)
        self.clicked.connect(self._hang)
        self._tell()

    @property
    def has_picture(self) -> bool:
        """True once a slice has been read."""
        return self._picture is not None

    def sizeHint(self) -> QSize:
        """Fixed: nothing moves when a picture arrives."""
        return self.size()

    def set_content(self, content: SeriesContent) -> None:
        """Take warnings, and later the picture, from what the viewer holds."""
        self._content = content
        self._warnings = content.warnings
        self._tell()
        self.update()

    def make_picture(self) -> None:
        """Draw the thumbnail, if a slice is there."""
        if self._picture is None and self._content is not None:
            self._picture = thumbnail(self._content, round(PICTURE_PX * self.devicePixelRatioF()))
            self.update()

    def set_hung(self, is_hung: bool, is_active: bool) -> None:
        """Mark it as on the screen, or in the active viewport."""
        if (is_hung, is_active) != (self._is_hung, self._is_active):
            self._is_hung, self._is_active = is_hung, is_active
            self._tell()
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Picture on black, role, slices, and ⚠ where there is something to know."""
        palette = self.palette()
        painter = QPainter(self)
        frame = QRectF((self.width() - PICTURE_PX) / 2, PADDING_PX / 2, PICTURE_PX, PICTURE_PX)
        painter.fillRect(frame, Qt.GlobalColor.black)
        if self._picture is not None:
            painter.drawImage(frame, self._picture)
        line = palette.color(QPalette.ColorRole.Mid)
        accent = palette.color(QPalette.ColorRole.Highlight)
        marked = self._is_active or self.hasFocus()
        painter.setPen(QPen(accent if marked else line, 2 if self._is_active else 1))
        painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
        words = Words(11, self.devicePixelRatioF())
        top = frame.bottom() + 4
        colour = palette.color(QPalette.ColorRole.WindowText)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        room = self.width() - 8
        for part in self._caption.split(SEPARATOR):
            words.draw(painter, frame.left(), top, words.elided(part, room), colour, shadow=False)
            top += LINE_PX
        told = f"{self._count} slices" if self._count != 1 else "1 image"
        words.draw(painter, frame.left(), top, told, quiet, shadow=False)
        if self._warnings:
            box = QRectF(frame.right() - 18, frame.bottom() - 18, 15, 15)
            painter.fillRect(box.adjusted(-1, -1, 1, 1), QColor(0, 0, 0, 190))
            paint_warning(painter, box, QColor(self._grid.palette_used.attention))
        if self._is_hung and not self._is_active:
            painter.fillRect(QRectF(frame.left() - 4, frame.top(), 2, frame.height()), accent)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press may become a drag."""
        self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the series to a viewport."""
        moved = (event.position().toPoint() - self._pressed_at).manhattanLength()
        if not event.buttons() & Qt.MouseButton.LeftButton or moved < QApplication.startDragDistance():
            return
        self.setDown(False)
        drag = QDrag(self)
        mime = QMimeData()
        mime.setData(SERIES_MIME, self.series_key.encode("utf-8"))
        drag.setMimeData(mime)
        drag.setPixmap(self.grab())
        drag.exec(Qt.DropAction.CopyAction)

    def _hang(self) -> None:
        self._grid.hang_in_active(self.series_key)

    def _tell(self) -> None:
        place = "; in the active viewport" if self._is_active else "; on the screen" if self._is_hung else ""
        warned = f"; {len(self._warnings)} notes" if self._warnings else ""
        self.setAccessibleName(f"{self._caption}, {self._count} slices{place}{warned}")
        notes = "\n".join(("", *self._warnings)) if self._warnings else ""
        self.setToolTip(f"{self._caption}, {self._count} slices\nClick or drag to hang it{notes}")


def thumbnail(content: SeriesContent, side: int) -> QImage | None:
    """The middle slice of a series (or the one that was read first) in a square of `side` pixels."""
    reading = content.reading or (content.preview[1] if content.preview else None)
    if reading is None:
        return None
    middle = reading.stack.number_of_slices // 2
    state = ViewportState(slice_index=middle)
    spacing = content.series.first.pixel_spacing
    frame = resolve(state, reading.stack, (side, side), start=reading.start, pixel_spacing=spacing)
    picture = QImage(side, side, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    image = wrap(frame.pixels)
    paint_pixels(painter, QRectF(0, 0, side, side), frame, image, QColor(Qt.GlobalColor.black))
    painter.end()
    return picture
