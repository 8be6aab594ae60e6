"""Saying that a whole case cannot be read, inline below the form: the reason, and Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.gui.reading.read_keeper import ReadKeeper


class NotReadablePanel(QWidget):
    """Asks why a case cannot be read and closes all its items with that. ``closed`` when it goes away.

    Attributes
    ----------
    keeper : ReadKeeper or None
        Holds the open read.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("not_readable_panel")
        self.setAccessibleName("Case not readable")
        self.keeper: ReadKeeper | None = None
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._reason = QLineEdit()
        self._reason.setObjectName("not_readable_reason")
        self._reason.setAccessibleName("Why it cannot be read")
        self._reason.setPlaceholderText("Why can it not be read?")
        self._reason.setToolTip("Say in a few words what is missing or wrong (Enter)")
        self._reason.textChanged.connect(self._on_changed)
        self._reason.returnPressed.connect(self._on_given)
        self._give = QPushButton("Not readable")
        self._give.setObjectName("call_not_readable")
        self._give.setProperty("emphasis", "primary")
        self._give.setToolTip("Call every item of the case not assessable (Enter); undo takes it back")
        self._give.clicked.connect(self._on_given)
        cancel = QPushButton("Go on reading")
        cancel.setObjectName("cancel_not_readable")
        cancel.setToolTip("Go on reading (Esc)")
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

    def ask(self) -> None:
        """Show what will happen and wait for the reason."""
        read = self.keeper.read if self.keeper is not None else None
        if read is None or read.is_locked:
            return
        missing = f"It has no {' and no '.join(read.missing)} series. " if read.missing else ""
        self._text.setText(
            f"{missing}Every item of {read.case.code} becomes not assessable, and the reason is kept."
        )
        lacking = ", ".join(f"no {one}" for one in read.missing)
        self._reason.setText(read.not_readable or lacking)
        self._on_changed()
        self.show()
        self._reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_away(self) -> None:
        """Go back to reading."""
        if not self.isHidden():
            self.hide()
            self._reason.setText("")  # it is the reader's own; nothing of it stays in a hidden field
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to reading."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
            return
        super().keyPressEvent(event)

    def _on_changed(self) -> None:
        self._give.setEnabled(bool(self._reason.text().strip()))

    def _on_given(self) -> None:
        reason = self._reason.text().strip()
        if reason and self.keeper is not None and self.keeper.call_not_readable(reason):
            self.put_away()
