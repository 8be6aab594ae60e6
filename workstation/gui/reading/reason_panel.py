"""A question under the form that wants a reason: what will happen, a line, Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget


class ReasonPanel(QWidget):
    """``given(reason)`` when one was; ``closed`` when it goes away.

    Parameters
    ----------
    name : str
        Object names begin with it.
    question : str
        Asks for the reason.
    verb, tip : str
        On the button, and what it does.
    """

    given = Signal(str)
    closed = Signal()

    def __init__(
        self, name: str, title: str, question: str, verb: str, tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}_panel")
        self.setAccessibleName(title)
        self._text = QLabel()
        self._text.setObjectName(f"{name}_text")
        self._text.setWordWrap(True)
        self._reason = QLineEdit()
        self._reason.setObjectName(f"{name}_reason")
        self._reason.setAccessibleName(question)
        self._reason.setPlaceholderText(question)
        self._reason.setToolTip("Say it in a few words (Enter)")
        self._reason.textChanged.connect(lambda _text: self._on_changed())
        self._reason.returnPressed.connect(self._on_given)
        self._give = QPushButton(verb)
        self._give.setObjectName(f"call_{name}")
        self._give.setProperty("emphasis", "primary")
        self._give.setToolTip(tip)
        self._give.clicked.connect(self._on_given)
        cancel = QPushButton("Go back")
        cancel.setObjectName(f"cancel_{name}")
        cancel.setToolTip("Change nothing (Esc)")
        cancel.clicked.connect(self.put_away)
        buttons = QHBoxLayout()
        buttons.addWidget(cancel)
        buttons.addWidget(self._give, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addWidget(self._reason)
        layout.addLayout(buttons)
        self.hide()

    def ask_for(self, text: str, proposed: str = "") -> None:
        """Show what will happen and wait for the reason."""
        self._text.setText(text)
        self._reason.setText(proposed)
        self._on_changed()
        self.show()
        self.activateWindow()  # the panel may stand in a window of its own
        self._reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_away(self) -> None:
        """Nothing is done."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """The reason is the reader's own; nothing of it stays in a hidden field."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._reason.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
            return
        super().keyPressEvent(event)

    def _on_changed(self) -> None:
        self._give.setEnabled(bool(self._reason.text().strip()))

    def _on_given(self) -> None:
        if reason := self._reason.text().strip():
            self.given.emit(reason)
