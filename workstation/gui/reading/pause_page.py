"""What covers the images and the form while a reader pauses: nothing can be read, or answered, meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workstation.gui.actions import Action
from workstation.gui.empty_state import EmptyState
from workstation.gui.theme import Appearance

_TEXT = (
    "Images and form are covered, and the time does not count. Everything entered is kept; the read goes on "
    "where you left it."
)


class PausePage(EmptyState):
    """One way out: going on."""

    go_on = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        action = Action("go_on_reading", "Go on reading", "", self._emit, "read", "Uncover the case")
        super().__init__("pause", "Paused", _TEXT, appearance, (action,), parent)
        self.setObjectName("pause_page")

    def _emit(self) -> None:
        self.go_on.emit()
