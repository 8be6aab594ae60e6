"""Nobody there: a signal when neither key nor mouse was used for a while, and how all is hidden then."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

NOBODY_THERE = "Locked, because nobody was there. Everything entered is kept."
ON_DEMAND = "Locked. Everything entered is kept."

_SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TabletMove,
        QEvent.Type.TouchUpdate,
    }
)


class IdleWatch(QObject):
    """Emits ``idle`` once after `minutes` without input; 0 minutes never."""

    idle = Signal()

    def __init__(self, minutes: float, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(int(minutes * 60_000))
        self._timer.timeout.connect(self._on_idle)

    def start(self) -> None:
        """Begin to watch."""
        application = QApplication.instance()
        if self._timer.interval() and application is not None:
            application.installEventFilter(self)
            self._timer.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Every sign of life starts the wait anew."""
        if event.type() in _SIGNS_OF_LIFE:
            self._timer.start()
        return False

    def _on_idle(self) -> None:
        self.stop()
        self.idle.emit()


def put_away_windows(desk: QWidget) -> None:
    """Close everything that stands beside the main window: what a locked session shows nowhere else.

    Viewports and form in windows of their own go back to their place, which the desk covers; dialogs, menus
    and tooltips close. The clipboard is emptied: not every system says whether what is there came from here.
    """
    QToolTip.hideText()
    clipboard = QGuiApplication.clipboard()
    for mode in (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection):
        if mode is QClipboard.Mode.Clipboard or clipboard.supportsSelection():
            clipboard.clear(mode)
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()
        if popup.isVisible():  # one that will not close is at least not seen
            popup.hide()
    main = desk.window()
    for window in QApplication.topLevelWidgets():
        if window is not main and window.isVisible() and _belongs_to(window, main):
            window.close()


def _belongs_to(window: QWidget, main: QWidget) -> bool:
    above = window.parentWidget()
    while above is not None and above is not main:
        above = above.parentWidget()
    return above is main
