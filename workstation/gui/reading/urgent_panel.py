"""An urgent incidental finding, inline below the form: what was found, and a second press to send it.

On a reader's own machine the sealed message can then be saved as a file: nobody else sees that machine.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.reading.safety import MOST_CHARACTERS


class UrgentPanel(QWidget):
    """Asks what was found. ``sent`` carries the words once confirmed; ``closed`` when it goes away.

    ``save_wanted`` asks for the sealed message as a file, after it was sent.
    """

    sent = Signal(str)
    save_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("urgent_panel")
        self.setAccessibleName("Urgent finding")
        self._contact = ""
        self._is_sure = False
        self._text = QLabel()
        self._text.setObjectName("urgent_text")
        self._text.setWordWrap(True)
        self._words = QLineEdit()
        self._words.setObjectName("urgent_words")
        self._words.setAccessibleName("What was found, and where")
        self._words.setPlaceholderText("What was found, and where?")
        self._words.setToolTip("The slice on screen goes with it (Enter)")
        self._words.setMaxLength(MOST_CHARACTERS)
        self._words.textChanged.connect(self._on_changed)
        self._words.returnPressed.connect(self._on_send)
        self._send = QPushButton()
        self._send.setObjectName("send_urgent")
        self._send.setProperty("emphasis", "primary")
        self._send.clicked.connect(self._on_send)
        self._save = QPushButton("Save sealed message…")
        self._save.setObjectName("save_urgent")
        self._save.setProperty("emphasis", "primary")
        self._save.setToolTip("As a file for the safety contact, who alone can open it")
        self._save.clicked.connect(self.save_wanted)
        self._cancel = QPushButton()
        self._cancel.setObjectName("cancel_urgent")
        self._cancel.setToolTip("Go on reading (Esc)")
        self._cancel.clicked.connect(self.put_away)
        buttons = QHBoxLayout()
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._send, 1)
        buttons.addWidget(self._save, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addWidget(self._words)
        layout.addLayout(buttons)
        self.hide()

    def ask(self, case_code: str, contact: str) -> None:
        """Wait for the reader's words on a case."""
        self._contact = contact
        self._text.setText(
            f"<b>Urgent finding in {case_code}.</b> Your words and the slice on screen go to {contact} at "
            "once, encrypted; your scores stay sealed. Telephone as well."
        )
        self._words.setText("")
        self._on_changed()
        self._show_stage(is_sent=False)
        self.show()
        self.activateWindow()  # the panel may stand in a window of its own
        self._words.setFocus(Qt.FocusReason.OtherFocusReason)

    def offer_file(self) -> None:
        """After it was sent on a machine that nobody else sees: offer the sealed message as a file."""
        self._words.setText("")
        self._text.setText(
            f"<b>Sent</b>, and here until the next return. Save it for {self._contact} as a sealed file, and "
            "telephone."
        )
        self._show_stage(is_sent=True)
        self._save.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_away(self) -> None:
        """Go back to reading."""
        if not self.isHidden():
            self.hide()
            self._words.setText("")  # nothing of it stays in a hidden field
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to reading."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
            return
        super().keyPressEvent(event)

    def _show_stage(self, *, is_sent: bool) -> None:
        for widget in (self._words, self._send):
            widget.setVisible(not is_sent)
        self._save.setVisible(is_sent)
        self._cancel.setText("Done" if is_sent else "Do not send")

    def _on_changed(self) -> None:
        self._show_sure(sure=False)
        self._send.setEnabled(bool(self._words.text().strip()))

    def _on_send(self) -> None:
        words = self._words.text().strip()
        if not words:
            return
        if not self._is_sure:
            self._show_sure(sure=True)
            return
        self.sent.emit(words)

    def _show_sure(self, *, sure: bool) -> None:
        self._is_sure = sure
        word = f"Yes, send it to {self._contact} now" if sure else f"Send to {self._contact}…"
        self._send.setText(word)
        self._send.setAccessibleName(word)
        self._send.setToolTip("It cannot be taken back (Enter)" if sure else "Asks once more (Enter)")
