"""Signing a read, inline below the form: the reader's code again, and the word on blinding."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.reading.session import INITIAL_READ


class LockPanel(QWidget):
    """Asks for the signature. ``signed`` carries what was typed, whether blinding held, and why not."""

    signed = Signal(str, bool, str)
    several_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lock_panel")
        self.setAccessibleName("Lock this read")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._signature = QLineEdit()
        self._signature.setObjectName("signature")
        self._signature.setAccessibleName("Your reader code")
        self._signature.setPlaceholderText("Your reader code")
        self._signature.setToolTip("Type your reader code to sign (Enter)")
        self._signature.textChanged.connect(self._on_changed)
        self._signature.returnPressed.connect(self._on_sign)
        self._blinding = QComboBox()
        self._blinding.setObjectName("blinding_held")
        self._blinding.setAccessibleName("Did the blinding hold?")
        self._blinding.setToolTip("Say whether you learned anything about this case or the other reader")
        for text, held in (("Blinding held", True), ("Blinding did not hold", False)):
            self._blinding.addItem(text, held)
        self._blinding.currentIndexChanged.connect(self._on_changed)
        self._remark = QLineEdit()
        self._remark.setObjectName("blinding_remark")
        self._remark.setAccessibleName("What you learned")
        self._remark.setPlaceholderText("What did you learn, and how?")
        self._remark.setToolTip("Say in a few words what you saw")
        self._remark.textChanged.connect(self._on_changed)
        self._remark.returnPressed.connect(self._on_sign)
        self._sign = QPushButton("Sign and lock")
        self._sign.setObjectName("sign_and_lock")
        self._sign.setProperty("emphasis", "primary")
        self._sign.setToolTip("Lock the read (Enter)")
        self._sign.clicked.connect(self._on_sign)
        cancel = QPushButton("Not yet")
        cancel.setObjectName("cancel_lock")
        cancel.setToolTip("Go on reading (Esc)")
        cancel.clicked.connect(self.closed)
        buttons = QHBoxLayout()
        buttons.addWidget(cancel)
        buttons.addWidget(self._sign, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addWidget(self._signature)
        layout.addWidget(self._blinding)
        layout.addWidget(self._remark)
        layout.addLayout(buttons)
        self.several = self._several_button()
        layout.addWidget(self.several)

    def _several_button(self) -> QPushButton:
        several = QPushButton("Sign several reads at once…")
        several.setObjectName("sign_several_wanted")
        several.setAccessibleName("Sign several reads at once")
        several.clicked.connect(self.several_wanted)
        return several

    def ask(self, case_code: str, reader: str, *, sealed: bool = False, meaning: str = INITIAL_READ) -> None:
        """Show what will be signed and wait for the reader's code, or where it is sealed the passphrase."""
        after = " and it is sealed until both may be compared" if sealed else ""
        self._text.setText(
            f"You sign {case_code} as reader {reader}, meaning: {meaning}. "
            f"After this nothing in the read can change{after}."
        )
        what = "passphrase" if sealed else "reader code"
        self._signature.setEchoMode(QLineEdit.EchoMode.Password if sealed else QLineEdit.EchoMode.Normal)
        self._signature.setAccessibleName(f"Your {what}")
        self._signature.setPlaceholderText(f"Your {what}")
        self._signature.setToolTip(f"Type your {what} to sign (Enter)")
        self._signature.setText("")
        self._remark.setText("")
        self._blinding.setCurrentIndex(0)
        self._on_changed()
        self.show()
        self.focus_first()

    def focus_first(self) -> None:
        """The cursor belongs where one signs."""
        self.activateWindow()  # the panel may stand in a window of its own
        self._signature.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing that was typed stays in a hidden field."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._signature.setText("")
            self._remark.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to reading."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    @property
    def _is_ready(self) -> bool:
        held = bool(self._blinding.currentData())
        return bool(self._signature.text().strip() and (held or self._remark.text().strip()))

    def _on_changed(self) -> None:
        self._remark.setVisible(not self._blinding.currentData())
        self._sign.setEnabled(self._is_ready)

    def _on_sign(self) -> None:
        if self._is_ready:
            held = bool(self._blinding.currentData())
            typed = self._signature.text()
            self._signature.setText("")
            self.signed.emit(typed, held, self._remark.text().strip())
