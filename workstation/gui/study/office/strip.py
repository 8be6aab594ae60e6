"""The strip above the office: who is signed in, and one line to sign in with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.sign_in_page import passphrase_line

if TYPE_CHECKING:
    from workstation.workflow.office import Seated


class OfficeStrip(QFrame):
    """``sign_in_wanted(name, passphrase)``, ``sign_out_wanted()``, ``leave_wanted()``.

    Attributes
    ----------
    accepted : str
        Code of a changed plan whose fingerprints are on screen: who signs in again accepts it.
    """

    sign_in_wanted = Signal(str, str)
    sign_out_wanted = Signal()
    leave_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("office_strip")
        self.setProperty("part", "panel")
        self.accepted = ""
        self._people = QLabel()
        self._people.setObjectName("office_people")
        self._people.setProperty("text_role", "heading")
        self._who = QComboBox()
        self._who.setObjectName("office_who")
        self._who.setAccessibleName("Account")
        self._who.setToolTip("Who signs in")
        self._passphrase = passphrase_line("office_passphrase", "Passphrase")
        self._passphrase.setToolTip("The passphrase of this account (Enter)")
        self._passphrase.setFixedWidth(200)
        self._passphrase.textChanged.connect(lambda _text: self._changed())
        self._passphrase.returnPressed.connect(self._on_given)
        self._enter = _button("office_sign_in", "Sign in", "Sign in (Enter)")
        self._enter.setProperty("emphasis", "primary")
        self._enter.clicked.connect(self._on_given)
        self._out = _button("office_sign_out", "Sign out", "Forget the keys of all who are signed in here")
        self._out.clicked.connect(self.sign_out_wanted)
        leave = _button("office_leave", "Back to set-up", "Close the study (Esc)")
        leave.clicked.connect(self.leave_wanted)
        self._refusal = QLabel()
        self._refusal.setObjectName("office_refusal")
        self._refusal.setWordWrap(True)
        self._refusal.setTextFormat(Qt.TextFormat.PlainText)
        self._refusal.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._people, 1)
        for widget in (self._who, self._passphrase, self._enter, self._out, leave):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._refusal)

    def show_study(self, accounts: Sequence[Seated], *, sealed: bool) -> None:
        """Another study is open."""
        self.clear()
        self._who.clear()
        for one in accounts:
            self._who.addItem(f"{one.name}, {one.words}", one.name)
        for widget in (self._who, self._passphrase, self._enter):
            widget.setVisible(bool(accounts))
        self._is_sealed = sealed

    def show_people(self, names: Sequence[str]) -> None:
        """Say who is signed in."""
        nobody = "Nobody is signed in" if self._is_sealed else "Not sealed: no passphrase is needed"
        self._people.setText(f"Signed in: {', '.join(names)}" if names else nobody)
        self._out.setVisible(bool(names))
        self.wait(False)

    def wait(self, waiting: bool) -> None:
        """Nothing can be typed while a passphrase is tried: that takes a moment on purpose."""
        for widget in (self._who, self._passphrase):
            widget.setEnabled(not waiting)
        self._enter.setText("Signing in…" if waiting else "Sign in")
        self._enter.setEnabled(not waiting and bool(self._passphrase.text()))

    def refuse(self, error: WorkstationError) -> None:
        """Say why it was not taken; a plan that was changed is accepted by signing in once more."""
        from workstation.gui.reading.door import changed_plan
        from workstation.workflow.acceptance import PlanNotAccepted

        self.wait(False)
        is_new_plan = isinstance(error, PlanNotAccepted)
        self.accepted = error.code if isinstance(error, PlanNotAccepted) else ""
        said = changed_plan(error) if isinstance(error, PlanNotAccepted) else error.sentence
        self._refusal.setText(said if is_new_plan else f"⚠ {said}")
        self._refusal.setAccessibleDescription(said)
        self._refusal.show()
        self.focus_first()

    def focus_first(self) -> None:
        """Put the cursor where the passphrase is typed."""
        self._passphrase.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Nothing that was typed stays."""
        self._passphrase.setText("")
        self._refusal.clear()
        self._refusal.hide()
        self.accepted = ""

    def _changed(self) -> None:
        self._enter.setEnabled(bool(self._passphrase.text()))

    def _on_given(self) -> None:
        typed = self._passphrase.text()
        if typed:
            self._passphrase.setText("")
            self._refusal.hide()
            self.sign_in_wanted.emit(str(self._who.currentData()), typed)


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button
