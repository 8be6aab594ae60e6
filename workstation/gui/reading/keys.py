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
from shiboken6 import isValid

_TEXT = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)


class FormKeys(QObject):
    """Offers key presses inside `desk` to `act` first; what it does not want goes its usual way.

    It listens to the widget with the focus and to what that lies in. A filter on the application would hear
    every event of every widget, thousands of them at a change of theme.
    """

    def __init__(self, desk: QWidget, act: Callable[[QKeyEvent], bool]) -> None:
        super().__init__(desk)
        self._desk = desk
        self._act = act
        self._heard: list[QWidget] = []
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow)
            self._follow(None, application.focusWidget())

    def _follow(self, _before: QWidget | None, now: QWidget | None) -> None:
        for widget in self._heard:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._heard = self._up_to_desk(now) or self._window_around(now)
        for widget in self._heard:
            widget.installEventFilter(self)

    def _window_around(self, widget: QWidget | None) -> list[QWidget]:
        """The window of the desk where the focus is nowhere, or in the frame: keys come to it in the end."""
        window = self._desk.window()
        return [window] if widget is None or widget.window() is window else []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for a key that the form took."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        # What the focus passes on comes to its parents too: a field of text is asked, not what it lies in.
        asked = [one for one in (watched, QApplication.focusWidget()) if isinstance(one, QWidget)]
        if not self._desk.isVisible() or not all(self._may_take(one, event) for one in asked):
            return False
        return self._act(event)

    def _up_to_desk(self, widget: QWidget | None) -> list[QWidget]:
        """A widget of the desk and all that it lies in; nothing for a widget of elsewhere."""
        # Not isAncestorOf: a part of the desk may stand in a window of its own.
        found: list[QWidget] = []
        while widget is not None and widget is not self._desk:
            found.append(widget)
            widget = widget.parentWidget()
        return [*found, self._desk] if widget is self._desk else []

    @staticmethod
    def _may_take(widget: QWidget, event: QKeyEvent) -> bool:
        if isinstance(widget, _TEXT):
            return False
        # Space presses a button or opens a list that was reached by Tab.
        pressed = event.key() == Qt.Key.Key_Space and isinstance(widget, QAbstractButton | QComboBox)
        return not pressed
