"""Keys of the form, caught before any widget: a digit scores wherever the mouse or the focus is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_TEXT = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)


class FormKeys(QObject):
    """Offers key presses inside `desk` to `act` first; what it does not want goes its usual way.

    It hears every event of the program, thousands while a window is built: so it listens only while the
    desk is on the screen, and while there is something to score if it is told by `set_wanted`.
    """

    def __init__(self, desk: QWidget, act: Callable[[QKeyEvent], bool], *, wanted: bool = True) -> None:
        super().__init__(desk)
        self._desk = desk
        self._act = act
        self._wanted = wanted
        desk.installEventFilter(self)
        self._listen(desk.isVisible())

    def set_wanted(self, wanted: bool) -> None:
        """Whether there is something to score."""
        self._wanted = wanted
        self._listen(self._desk.isVisible())

    def _listen(self, is_shown: bool) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
            if is_shown and self._wanted:
                application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for a key that the form took."""
        if watched is self._desk and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._listen(event.type() == QEvent.Type.Show)
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if not isinstance(watched, QWidget) or not self._is_mine(watched):
            return False
        return self._act(event) if self._may_take(watched, event) else False

    def _is_mine(self, widget: QWidget) -> bool:
        # Not isAncestorOf: a part of the desk may stand in a window of its own.
        above: QWidget | None = widget
        while above is not None and above is not self._desk:
            above = above.parentWidget()
        return above is not None and self._desk.isVisible()

    @staticmethod
    def _may_take(widget: QWidget, event: QKeyEvent) -> bool:
        if isinstance(widget, _TEXT):
            return False
        # Space presses a button or opens a list that was reached by Tab.
        pressed = event.key() == Qt.Key.Key_Space and isinstance(widget, QAbstractButton | QComboBox)
        return not pressed
