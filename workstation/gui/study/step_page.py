"""The steps of the set-up below each other, each with its title and a sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

PAGE_WIDTH = 640


class StepPage(QScrollArea):
    """A page that grows by a step at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        page = QWidget()
        page.setMaximumWidth(PAGE_WIDTH)
        self._page = QVBoxLayout(page)
        self._page.setContentsMargins(24, 16, 24, 24)
        self._page.setSpacing(8)
        self._page.addStretch(1)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setAccessibleName("Steps of the set-up")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, title: str, text: str, step: QWidget) -> None:
        """Put a step below those that are there."""
        heading = QLabel(title)
        heading.setProperty("text_role", "title")
        note = QLabel(text)
        note.setProperty("text_role", "quiet")
        note.setWordWrap(True)
        end = self._page.count() - 1  # the stretch
        for place, widget in enumerate((heading, note, step)):
            self._page.insertWidget(end + place, widget)
        self._page.insertSpacing(end + 3, 8)
