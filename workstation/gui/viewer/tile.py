"""One viewport on the screen: shows frames and turns mouse events into moves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from workstation.gui.viewer.gestures import Gestures
from workstation.gui.viewer.kept_pictures import KeptPictures
from workstation.gui.viewer.overlay import OverlayPainter, TileView
from workstation.gui.viewer.painting import FramePainter, warning_box, wrap
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.showing import frame_of
from workstation.gui.viewer.words import Words, corner_font
from workstation.imaging.frame import Frame
from workstation.imaging.pixels import PixelBuffers, Pixels
from workstation.imaging.viewport import ViewportState

SERIES_MIME = "application/x-marrow-series"
ACTIVE_PX = 2


class TileWidget(QWidget):
    """A viewport. It asks the presenter for its frame when it is painted, so moves in between cost nothing.

    Signals
    -------
    maximise_wanted(int)
    menu_wanted(int, QPoint)
        A right click that was no drag, or the menu key, at a place of the screen.
    """

    maximise_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(
        self,
        presenter: ViewerPresenter,
        gestures: Gestures,
        painter: FramePainter,
        overlays: Sequence[OverlayPainter],
        index: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.index = index
        self._presenter, self._gestures, self._painter = presenter, gestures, painter
        self._overlays = overlays
        self._buffers = PixelBuffers()
        self._pixels: Pixels | None = None
        self._image: QImage | None = None
        self._kept = KeptPictures()
        self._pressed_at = QPointF()
        self.setObjectName(f"viewport_{index + 1}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setMinimumSize(48, 48)
        self.name_it()

    @property
    def image(self) -> QImage | None:
        """The pixels shown last, before placement."""
        return self._image

    def set_painter(self, painter: FramePainter) -> None:
        """Draw in other colours."""
        self._painter = painter
        self.update()

    def get_ready(self, state: ViewportState) -> None:
        """Draw now what probably comes next: another state of the series that hangs here."""
        area = QRectF(self.rect())
        size = area.width(), area.height()
        frame = frame_of(self._presenter, self.index, size, self._buffers.ahead, state)
        if frame is not None:
            ratio = self.devicePixelRatioF()
            self._painter.get_ready(self._kept, area, ratio, frame, wrap(frame.pixels))

    def name_it(self) -> None:
        """Tell assistive technology what hangs here."""
        presenter = self._presenter
        content = presenter.content(self.index)
        tile = presenter.layout.tiles[self.index]
        what = content.caption if content else tile.missing or "empty"
        note = f", {content.note}" if content and content.note else ""
        self.setAccessibleName(f"Viewport {self.index + 1} of {len(presenter.states)}: {what}{note}")
        warnings = content.warnings if content else ()
        self.setAccessibleDescription(" ".join((*warnings, content.problem if content else "")).strip())

    # --- events ----------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Black, the frame, and the border of the active viewport."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        frame = frame_of(self._presenter, self.index, (area.width(), area.height()), self._buffers)
        if frame is None:
            self._paint_words(painter, area)
        else:
            if self._image is None or self._pixels is not frame.pixels:
                self._pixels, self._image = frame.pixels, wrap(frame.pixels)
            self._paint_frame(painter, area, frame, self._image)
        if self.index == self._presenter.active:
            painter.setPen(QPen(QColor(self._painter.palette.accent), ACTIVE_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Slices; with Ctrl zoom about the pointer."""
        self._presenter.set_active(self.index)
        self._gestures.wheel(self.index, event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        self._pressed_at = event.position()
        self._presenter.set_active(self.index)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._gestures.press(self.index, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag, or point the 3-D cursor while Shift is held."""
        self._gestures.move(self.index, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or click."""
        self._gestures.release(self.index, event)
        moved = (event.position() - self._pressed_at).manhattanLength()
        if event.button() == Qt.MouseButton.RightButton and moved < QApplication.startDragDistance():
            self.menu_wanted.emit(self.index, event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key; the right button zooms, so its menu waits for the release."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(self.index, self.mapToGlobal(self.rect().center()))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fill the grid with this viewport, or give the others back."""
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and not self._gestures.double_click(self.index, event):
            self.maximise_wanted.emit(self.index)

    def leaveEvent(self, event: QEvent) -> None:
        """The 3-D cursor leaves with the pointer."""
        self._presenter.point_cursor(self.index, None)
        self._gestures.leave()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tab makes a viewport active."""
        self._presenter.set_active(self.index)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus leaves is released elsewhere: stop peeking."""
        if self._presenter.peeking:
            self._presenter.set_hidden(peeking=False)
        super().focusOutEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a series from the strip."""
        if event.mimeData().hasFormat(SERIES_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hang the dropped series here."""
        key = bytes(event.mimeData().data(SERIES_MIME).data()).decode("utf-8")
        self._presenter.set_active(self.index)
        self._presenter.hang_series(self.index, key)
        event.acceptProposedAction()

    def event(self, event: QEvent) -> bool:
        """Show the warnings of a series where its ⚠ stands."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._warning_at(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # --- private ---------------------------------------------------------------------------------

    def _text_px(self) -> int:
        return 13 if self.width() >= 320 else 11

    def _warning_at(self, at: QPointF) -> str:
        content = self._presenter.content(self.index)
        if content is None or not content.warnings:
            return ""
        words = Words(self._text_px(), self.devicePixelRatioF())
        title = words.elided(content.caption, self.width() * 0.6)
        box = warning_box(QRectF(self.rect()), words.height, words.width(title)).adjusted(-6, -6, 6, 6)
        return "\n".join(content.warnings) if box.contains(at) else ""

    def _paint_frame(self, painter: QPainter, area: QRectF, frame: Frame, image: QImage) -> None:
        words = Words(self._text_px(), self.devicePixelRatioF())
        content = self._presenter.content(self.index)

        def over(painter: QPainter, transform: QTransform) -> None:
            palette = self._painter.palette
            view = TileView(self._presenter, self.index, frame, transform, words, palette)
            for overlay in self._overlays:
                overlay.paint(painter, view)

        warned = bool(content and content.warnings)
        self._painter.paint(painter, area, frame, image, words, kept=self._kept, warned=warned, over=over)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        """What an empty viewport waits for, that a series is being read, or why it cannot be shown."""
        content = self._presenter.content(self.index)
        palette = self._painter.palette
        painter.fillRect(area, QColor(palette.background))
        inner = area.adjusted(24, 24, -24, -24)
        painter.setFont(corner_font(self._text_px()))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        if content is None:
            missing = self._presenter.layout.tiles[self.index].missing or "Choose a series"
            text = f"{missing}\n\nDrag a series here, or choose one with a right click"
            painter.setPen(QColor(palette.secondary))
        elif content.problem:
            text = f"{content.caption}\n\n{content.problem}"
            painter.setPen(QColor(palette.attention))
        else:
            text = f"{content.caption}\n\nReading the images"
            painter.setPen(QColor(palette.secondary))
        painter.drawText(inner, flags, text)
