"""What an empty desk says: what it is for, the one thing to do next, its key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.gui import icons
from workstation.gui.actions import Action, button
from workstation.gui.theme import Appearance, Theme

_PICTURE_PX = 48
_TEXT_WIDTH_PX = 420


class EmptyState(QWidget):
    """Icon, title, one or two sentences, and the next action; the first is the primary one."""

    def __init__(
        self,
        icon: str,
        title: str,
        text: str,
        appearance: Appearance,
        actions: Sequence[Action] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("empty_state")
        self.setAccessibleName(title)
        self._icon_name = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        heading = QLabel(title)
        heading.setProperty("text_role", "title")
        heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel()
        self._text.setObjectName("empty_text")
        self._text.setProperty("text_role", "quiet")
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setFixedWidth(_TEXT_WIDTH_PX)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        for widget in (self._picture, heading):
            layout.addWidget(widget)
        layout.addWidget(self._text, 0, Qt.AlignmentFlag.AlignHCenter)
        for place, action in enumerate(actions):
            line, made = _line(action, appearance.theme, primary=place == 0)
            layout.addLayout(line)
            if place == 0:
                self.setFocusProxy(made)
        layout.addStretch(3)
        self.set_text(text)
        self._on_theme(appearance.theme)
        appearance.changed.connect(self._on_theme)

    def set_text(self, text: str) -> None:
        """Say something else below the title."""
        self._text.setText(text)
        self.setAccessibleDescription(text)
        # A wrapped label in a centred line is not asked how high it must be.
        self._text.ensurePolished()
        self._text.setFixedHeight(self._text.heightForWidth(_TEXT_WIDTH_PX))

    def _on_theme(self, theme: Theme) -> None:
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(icons.pixmap(self._icon_name, theme.roles["secondary"], _PICTURE_PX, ratio))


def _line(action: Action, theme: Theme, *, primary: bool) -> tuple[QHBoxLayout, QWidget]:
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addStretch(1)
    made = button(action, theme, primary=primary)
    made.setObjectName(f"empty_{action.id}")
    line.addWidget(made)
    if action.key:
        key = QLabel(QKeySequence(action.key).toString(QKeySequence.SequenceFormat.NativeText))
        key.setProperty("text_role", "key")
        line.addWidget(key)
    line.addStretch(1)
    return line, made
