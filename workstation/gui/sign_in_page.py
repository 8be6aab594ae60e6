"""Who is there? One account and its passphrase, before a desk opens a sealed study."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

TEXT_PX = 520


class SignInPage(QWidget):
    """Asks for a passphrase; ``given`` carries the account's name and what was typed."""

    given = Signal(str, str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sign_in_page")
        self.setAccessibleName("Sign in")
        self._title = QLabel()
        self._title.setProperty("text_role", "title")
        self._text = QLabel()
        self._text.setObjectName("sign_in_text")
        self._text.setWordWrap(True)
        self._text.setProperty("text_role", "quiet")
        self._text.setFixedWidth(TEXT_PX)
        self._passphrase = passphrase_line("passphrase", "Passphrase")
        self._name = QComboBox()
        self._name.setObjectName("sign_in_name")
        self._name.setAccessibleName("Account")
        self._name.setToolTip("Who signs in")
        self._name.currentIndexChanged.connect(lambda _index: self._passphrase.setFocus())
        self._passphrase.setToolTip("The passphrase of this account (Enter)")
        self._passphrase.returnPressed.connect(self._on_given)
        self._passphrase.textChanged.connect(self._on_changed)
        self._enter = QPushButton("Sign in")
        self._enter.setObjectName("sign_in")
        self._enter.setProperty("emphasis", "primary")
        self._enter.setToolTip("Sign in (Enter)")
        self._enter.clicked.connect(self._on_given)
        back = QPushButton("Back")
        back.setObjectName("sign_in_back")
        back.setToolTip("Do not sign in (Esc)")
        back.clicked.connect(self.cancelled)
        row = QWidget()
        row.setFixedWidth(TEXT_PX)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self._name)
        line.addWidget(self._passphrase, 1)
        line.addWidget(self._enter)
        line.addWidget(back)
        self._refusal = QLabel()
        self._refusal.setObjectName("sign_in_refusal")
        self._refusal.setWordWrap(True)
        self._refusal.setFixedWidth(TEXT_PX)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        for widget in (self._title, self._text, row, self._refusal):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def ask(self, title: str, names: Sequence[str], text: str) -> None:
        """Ask for the passphrase of one of several accounts."""
        self._title.setText(title)
        _say(self._text, text)
        self._name.blockSignals(True)
        self._name.clear()
        self._name.addItems(list(names))
        self._name.blockSignals(False)
        self._name.setEnabled(len(names) > 1)
        self._passphrase.setText("")
        self._refusal.clear()
        self._on_changed()
        self.focus_first()

    def wait(self, waiting: bool) -> None:
        """Nothing can be typed while a passphrase is tried: that takes a moment on purpose."""
        for part in (self._passphrase, self._enter):
            part.setEnabled(not waiting)
        self._enter.setText("Signing in…" if waiting else "Sign in")
        if not waiting:
            self._on_changed()

    def refuse(self, sentence: str) -> None:
        """Say why it was not taken, and ask again."""
        _say(self._refusal, f"⚠ {sentence}")
        self._passphrase.setText("")
        self.focus_first()

    def focus_first(self) -> None:
        """Put the cursor where the passphrase is typed."""
        self._passphrase.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)

    def _on_changed(self) -> None:
        self._enter.setEnabled(bool(self._passphrase.text()))

    def _on_given(self) -> None:
        if self._passphrase.text():
            typed = self._passphrase.text()
            self._passphrase.setText("")
            self.given.emit(self._name.currentText(), typed)


def passphrase_line(name: str, title: str) -> QLineEdit:
    """A field that shows dots and offers nothing to remember."""
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(title)
    line.setPlaceholderText(title)
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setInputMethodHints(
        Qt.InputMethodHint.ImhSensitiveData
        | Qt.InputMethodHint.ImhNoAutoUppercase
        | Qt.InputMethodHint.ImhNoPredictiveText
    )
    return line


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    # A wrapped label in a centred line is not asked how high it must be.
    label.ensurePolished()
    label.setFixedHeight(label.heightForWidth(TEXT_PX))
