"""A session's complete reads on one page: ticked, each with a word on blinding, signed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.layouts import empty

if TYPE_CHECKING:
    from workstation.workflow.sign_reads import Draft, Word

WIDTH, LEAST_LIST = 720, 120


class SignPage(QWidget):
    """Lists drafts. ``signed`` carries ``{Draft: Word}`` and what was typed; ``closed`` goes back."""

    signed = Signal(object, str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sign_page")
        self.setAccessibleName("Sign several reads")
        self._rows: list[tuple[Draft, QCheckBox, QComboBox, QLineEdit]] = []
        self._title = QLabel("Sign complete reads")
        self._title.setProperty("text_role", "title")
        self._text = QLabel()
        self._text.setObjectName("sign_page_text")
        self._text.setWordWrap(True)
        self._text.setFixedWidth(WIDTH)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._grid.setColumnStretch(2, 1)
        listed = QWidget()
        holder = QVBoxLayout(listed)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addLayout(self._grid)
        holder.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(listed)
        scroll.setWidgetResizable(True)
        scroll.setFixedWidth(WIDTH)
        scroll.setMinimumHeight(LEAST_LIST)
        scroll.setAccessibleName("Complete reads")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._signature = QLineEdit()
        self._signature.setObjectName("sign_page_signature")
        self._signature.textChanged.connect(self._on_changed)
        self._signature.returnPressed.connect(self._on_sign)
        self._sign = QPushButton()
        self._sign.setObjectName("sign_several")
        self._sign.setProperty("emphasis", "primary")
        self._sign.setToolTip("Lock every ticked read; each gets a lock of its own (Enter)")
        self._sign.clicked.connect(self._on_sign)
        back = QPushButton("Not yet")
        back.setObjectName("sign_page_back")
        back.setToolTip("Go on reading (Esc)")
        back.clicked.connect(self.closed)
        self._refusal = QLabel()
        self._refusal.setObjectName("sign_page_refusal")
        self._refusal.setWordWrap(True)
        self._refusal.setFixedWidth(WIDTH)
        self._place(scroll, back)

    def _place(self, scroll: QScrollArea, back: QPushButton) -> None:
        foot = QWidget()
        foot.setFixedWidth(WIDTH)
        line = QHBoxLayout(foot)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self._signature, 1)
        line.addWidget(self._sign)
        line.addWidget(back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 32, 24, 32)
        layout.setSpacing(12)
        for widget in (self._title, self._text, scroll, foot, self._refusal):
            layout.addWidget(widget, 1000 if widget is scroll else 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def ask(self, drafts: Sequence[Draft], reader: str, *, sealed: bool) -> None:
        """Show the drafts, all ticked, and wait for one signature."""
        after = " Each is sealed until all may be compared." if sealed else ""
        self._text.setText(
            f"You sign as reader {reader} what is ticked here, exactly as it is now. Afterwards nothing in "
            f"these reads can change; each gets a lock of its own.{after}"
        )
        # A wrapped label in a centred line is not asked how high it must be.
        self._text.ensurePolished()
        self._text.setFixedHeight(self._text.heightForWidth(WIDTH))
        what = "Your passphrase" if sealed else "Your reader code"
        self._signature.setEchoMode(QLineEdit.EchoMode.Password if sealed else QLineEdit.EchoMode.Normal)
        self._signature.setPlaceholderText(what)
        self._signature.setAccessibleName(what)
        self._signature.setToolTip(f"{what}: signs all of them (Enter)")
        self._signature.setText("")
        self._refusal.setText("")
        empty(self._grid)
        self._rows = [self._row(number, draft) for number, draft in enumerate(drafts)]
        self._scroll.setMaximumHeight(max(LEAST_LIST, 40 * len(drafts)))
        self._on_changed()
        self._signature.setFocus(Qt.FocusReason.OtherFocusReason)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The cursor belongs where one signs."""
        super().focusInEvent(event)
        self._signature.setFocus(event.reason())

    def refuse(self, sentence: str) -> None:
        """Say why nothing was signed."""
        self._refusal.setText(f"⚠ {sentence}")
        self._refusal.setFixedHeight(self._refusal.heightForWidth(WIDTH))
        self._signature.setText("")
        self._signature.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing that was typed stays in a hidden field."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._signature.setText("")
            empty(self._grid)
            self._rows = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to reading."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    @property
    def words(self) -> dict[Draft, Word]:
        """The ticked drafts with the reader's word on blinding."""
        from workstation.workflow.sign_reads import Word

        return {
            draft: Word(bool(held.currentData()), remark.text().strip())
            for draft, tick, held, remark in self._rows
            if tick.isChecked()
        }

    def _row(self, number: int, draft: Draft) -> tuple[Draft, QCheckBox, QComboBox, QLineEdit]:
        tick = QCheckBox(f"{draft.code}   complete   {draft.meaning}")
        tick.setObjectName(f"sign_{draft.code}")
        tick.setAccessibleName(f"Sign {draft.code}, complete, as {draft.meaning}")
        tick.setToolTip("Space ticks it or not")
        tick.setChecked(True)
        held = QComboBox()
        held.setObjectName(f"held_{draft.code}")
        held.setAccessibleName(f"Did the blinding hold for {draft.code}?")
        held.setToolTip("Say whether you learned anything about this case or the other reader")
        for text, is_held in (("Blinding held", True), ("Blinding did not hold", False)):
            held.addItem(text, is_held)
        remark = QLineEdit()
        remark.setObjectName(f"remark_{draft.code}")
        remark.setAccessibleName(f"What you learned about {draft.code}")
        remark.setPlaceholderText("What did you learn, and how?")
        remark.setToolTip("Say in a few words what you saw")
        remark.hide()
        tick.toggled.connect(self._on_changed)
        remark.textChanged.connect(self._on_changed)
        held.currentIndexChanged.connect(lambda _i: remark.setVisible(not held.currentData()))
        held.currentIndexChanged.connect(lambda _i: self._on_changed())
        for column, widget in enumerate((tick, held, remark)):
            self._grid.addWidget(widget, number, column)
        return draft, tick, held, remark

    def _on_changed(self) -> None:
        words = self.words
        is_whole = all(word.held or word.remark for word in words.values())
        number = len(words)
        text = "Sign and lock 1 read" if number == 1 else f"Sign and lock {number} reads"
        self._sign.setText(text)
        self._sign.setAccessibleName(text)
        self._sign.setEnabled(bool(number and is_whole and self._signature.text().strip()))

    def _on_sign(self) -> None:
        if self._sign.isEnabled():
            typed = self._signature.text()
            self._signature.setText("")
            self.signed.emit(self.words, typed)
