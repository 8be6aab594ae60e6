"""Windows of their own for what a person wants on another screen: the form, or a viewport."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMoveEvent,
    QResizeEvent,
    QScreen,
    QShortcut,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget


class OwnWindow(QWidget):
    """Holds a widget that was taken out of its place, and gives it back when it is closed.

    Parameters
    ----------
    guest : QWidget
        What is shown.
    title : str
        Never an identity: the role of a series, or what the form is.
    home : QWidget
        The widget that the guest belongs to; keys that the guest does not want go there.
    give_back : callable
        Puts the guest back into its place.

    Signals
    -------
    stood()
        Its place or size has changed.
    """

    stood = Signal()

    def __init__(
        self, guest: QWidget, title: str, home: QWidget, give_back: Callable[[QWidget], None]
    ) -> None:
        # A parent, so that it closes with the program; a window, so that it can stand on another screen.
        super().__init__(home, Qt.WindowType.Window)
        self.setObjectName("own_window")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._guest: QWidget | None = guest
        self._home, self._give_back = home, give_back
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(guest)
        guest.show()

    @property
    def guest(self) -> QWidget | None:
        """What it holds; None once it was given back."""
        return self._guest

    def stand(self, wanted: QSize, *, right: bool = False, at: QRect | None = None) -> None:
        """Show it on another screen where there is one, at its left or right; else at the right of this.

        `at` is where it stood before, and counts while that screen is still there.
        """
        if at is not None and any(screen.geometry().contains(at.center()) for screen in _screens()):
            self.setGeometry(at)
            self.show()
            return
        here, there = self._home.screen(), other_screen(self._home.screen())
        room = (there or here).availableGeometry()
        self.resize(wanted.boundedTo(room.size()))
        is_left = there is not None and not right
        corner = room.topLeft() if is_left else room.topRight() - QPoint(self.width() - 1, 0)
        self.move(corner)
        self.show()

    def release(self) -> None:
        """Give the guest back and close."""
        guest, self._guest = self._guest, None
        if guest is not None:
            self._give_back(guest)
        self.close()
        self.deleteLater()

    def drop(self) -> None:
        """Close together with the guest, which is no longer wanted anywhere."""
        self._guest = None
        self.close()
        self.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing loses nothing: the guest goes back."""
        event.accept()
        if self._guest is not None:
            self.release()

    def moveEvent(self, event: QMoveEvent) -> None:
        """It was put elsewhere."""
        super().moveEvent(event)
        self.stood.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """It became larger or smaller."""
        super().resizeEvent(event)
        self.stood.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys mean here what they mean in the main window."""
        shortcut = _shortcut_of(self._home, QKeySequence(event.keyCombination()))
        if shortcut is not None:
            shortcut.activated.emit()  # Qt itself hears a shortcut in its own window only
        else:
            QGuiApplication.sendEvent(self._home, event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The end of a held key too."""
        QGuiApplication.sendEvent(self._home, event)


def _shortcut_of(widget: QWidget | None, key: QKeySequence) -> QShortcut | None:
    """The nearest shortcut with a key, of a widget or of what it lies in."""
    while widget is not None:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for shortcut in widget.findChildren(QShortcut, options=direct):
            if shortcut.isEnabled() and shortcut.key() == key:
                return shortcut
        widget = widget.parentWidget()
    return None


def other_screen(here: QScreen | None) -> QScreen | None:
    """A screen other than this one; None where there is one only."""
    return next((screen for screen in _screens() if screen is not here), None)


def _screens() -> list[QScreen]:
    return QGuiApplication.screens()
