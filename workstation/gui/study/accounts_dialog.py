"""Accounts outside the wizard: fingerprints to compare, a passphrase changed, an account made or restored."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.jobs import Jobs
from workstation.gui.sign_in_page import passphrase_line
from workstation.reading.account import NO_WAY_BACK
from workstation.reading.cards import Seat

if TYPE_CHECKING:
    from workstation.reading.cards import Card

SLOT = "accounts"
WIDTH = 620


class Way(IntEnum):
    """What can be done."""

    CHANGE = 0
    MAKE = 1
    RESTORE = 2


_TITLES = {
    Way.CHANGE: "Change a passphrase",
    Way.MAKE: "Make an account",
    Way.RESTORE: "Restore an account with an escrow key",
}
_SAID = {
    Way.CHANGE: (
        "What was sealed to the account still opens. A copy of the old account file still opens with the old "
        "passphrase: change a passphrase that became known on every copy."
    ),
    Way.MAKE: (
        f"{NO_WAY_BACK} Only an escrow key, made first, kept offline and named by the plan, can give "
        "an account a new passphrase, and the study's log then says so."
    ),
    Way.RESTORE: "Gives an account a new passphrase. The study's log says so before the account is changed.",
}
_SEATS = {
    Seat.READER: "reader",
    Seat.COORDINATOR: "coordinator, who does not read",
    Seat.ADJUDICATOR: "adjudicator",
    Seat.SAFETY: "safety contact, who does not read",
    Seat.ESCROW: "escrow key, kept offline",
}


class AccountsDialog(QDialog):
    """Works on the accounts of one study's folder, before or after the study was made.

    Parameters
    ----------
    folder : Path
        The study's folder; accounts lie in ``accounts`` inside it.
    """

    def __init__(self, folder: Path, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("accounts_dialog")
        self.setWindowTitle(f"Accounts of {folder.name}")
        self.setMinimumWidth(WIDTH)
        self._folder, self._jobs = folder, jobs
        self._cards = _quiet_label("account_cards")
        self._cards.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._cards.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._way = _choice("account_way", "What to do", [(title, way) for way, title in _TITLES.items()])
        self._said = _quiet_label("account_said")
        self._known = _choice("account_known", "Account", [])
        self._name = QLineEdit()
        self._name.setObjectName("account_name")
        self._name.setPlaceholderText("a code such as R1, not a person's name")
        self._seat = _choice("account_seat", "What the account is for", [(t, s) for s, t in _SEATS.items()])
        self._escrow = QLineEdit()
        self._escrow.setObjectName("escrow_file")
        self._old = passphrase_line("old_passphrase", "Old passphrase")
        self._escrow_word = passphrase_line("escrow_passphrase", "Passphrase of the escrow key")
        self._new = passphrase_line("new_passphrase", "New passphrase")
        self._again = passphrase_line("new_passphrase_again", "New passphrase, again")
        self._answer = _quiet_label("account_answer")
        self._do = QPushButton()
        self._do.setObjectName("account_do")
        self._do.setProperty("emphasis", "primary")
        self._do.setDefault(True)
        self._lay_out()
        self._way.currentIndexChanged.connect(self._on_way)
        self._do.clicked.connect(self._on_do)
        for line in self._lines():
            line.textChanged.connect(self._refresh)
        self._on_way()
        self._list()

    @property
    def way(self) -> Way:
        """What is chosen."""
        return Way(self._way.currentData())

    def choose(self, way: Way) -> None:
        """Choose what to do."""
        self._way.setCurrentIndex(int(way))

    def done(self, result: int) -> None:
        """Closed: nothing that was typed stays."""
        self._jobs.forget(SLOT)
        self._clear()
        super().done(result)

    def _lay_out(self) -> None:
        browse = QPushButton("Choose…")
        browse.setObjectName("choose_escrow")
        browse.setToolTip("The account file of an escrow key")
        browse.clicked.connect(self._on_browse)
        escrow = QWidget()
        row = QHBoxLayout(escrow)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._escrow, 1)
        row.addWidget(browse)
        self._form = QFormLayout()
        self._rows: dict[QWidget, frozenset[Way]] = {}
        for title, widget, ways in (
            ("Account", self._known, {Way.CHANGE, Way.RESTORE}),
            ("Name", self._name, {Way.MAKE}),
            ("For", self._seat, {Way.MAKE}),
            ("Old passphrase", self._old, {Way.CHANGE}),
            ("Escrow key", escrow, {Way.MAKE, Way.RESTORE}),
            ("Its passphrase", self._escrow_word, {Way.RESTORE}),
            ("New passphrase", self._new, set(Way)),
            ("Again", self._again, set(Way)),
        ):
            self._form.addRow(title, widget)
            self._rows[widget] = frozenset(ways)
        for line in (self._name, self._escrow):
            line.setAccessibleName("Name of the account" if line is self._name else "File of the escrow key")
            line.setToolTip(line.accessibleName())
        close = QPushButton("Close")
        close.setObjectName("account_close")
        close.setToolTip("Close (Esc)")
        close.clicked.connect(self.reject)
        feet = QHBoxLayout()
        feet.addStretch(1)
        feet.addWidget(self._do)
        feet.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        for part in (QLabel("Compare the fingerprints aloud once:"), self._cards, self._way, self._said):
            layout.addWidget(part)
        layout.addLayout(self._form)
        layout.addWidget(self._answer)
        layout.addLayout(feet)

    def _lines(self) -> tuple[QLineEdit, ...]:
        return (self._name, self._escrow, self._old, self._escrow_word, self._new, self._again)

    def _clear(self) -> None:
        for line in (self._old, self._escrow_word, self._new, self._again):
            line.setText("")

    def _list(self) -> None:
        from workstation.workflow.accounts import accounts_of

        try:
            people = accounts_of(self._folder)
            cards, names = people.cards(), people.names()
        except WorkstationError as error:
            self._answer.setText(f"⚠ {error.sentence}")
            cards, names = (), ()
        self._cards.setText("\n".join(_card_text(card) for card in cards) or "There are no accounts yet.")
        chosen = self._known.currentText()
        self._known.clear()
        self._known.addItems(list(names))
        self._known.setCurrentText(chosen)

    def _on_way(self) -> None:
        for widget, ways in self._rows.items():
            self._form.setRowVisible(widget, self.way in ways)
        self._said.setText(_SAID[self.way])
        self._do.setText(_TITLES[self.way].split(" with")[0])
        self._do.setToolTip(f"{_TITLES[self.way]} (Enter)")
        self._escrow.setPlaceholderText("not needed" if self.way is Way.MAKE else "its account file")
        self._answer.clear()
        self._refresh()

    def _refresh(self) -> None:
        same = bool(self._new.text()) and self._new.text() == self._again.text()
        needed = {
            Way.CHANGE: bool(self._old.text()) and bool(self._known.currentText()),
            Way.MAKE: bool(self._name.text().strip()),
            Way.RESTORE: bool(self._escrow.text().strip()) and bool(self._escrow_word.text()),
        }[self.way]
        self._do.setEnabled(same and needed)

    def _on_browse(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Account file of the escrow key", "", "Accounts (*.json)")
        if file:
            self._escrow.setText(file)

    def _on_do(self) -> None:
        work = self._work()
        self._do.setEnabled(False)
        self._answer.setText("One moment: a passphrase is slow to check on purpose.")
        self._jobs.start(SLOT, lambda _progress: work(), self._on_done, self._on_refused)

    def _work(self) -> Callable[[], str]:
        folder, way, new = self._folder, self.way, self._new.text()
        name = self._name.text().strip() if way is Way.MAKE else self._known.currentText()
        seat, escrow = Seat(self._seat.currentData()), self._escrow.text().strip()
        old, escrow_word = self._old.text(), self._escrow_word.text()
        self._clear()

        def work() -> str:
            from workstation.workflow import accounts

            people = accounts.accounts_of(folder)
            if way is Way.CHANGE:
                accounts.change_passphrase(folder, people, name, old, new)
                return f"The passphrase of {name} was changed."
            if way is Way.RESTORE:
                accounts.restore_account(folder, people, name, Path(escrow), escrow_word, lambda: new)
                return f"{name} has a new passphrase. The study's log says how it got it."
            card = accounts.escrow_account(Path(escrow)).card if escrow else None
            made = accounts.make_account(people, name, seat, new, card).card
            told = f"{name} was made: {made.spoken}."
            if seat is not Seat.ESCROW:
                return told
            return f'{told} Keep its file offline, and name it in the plan: escrow = "{made.fingerprint}"'

        return work

    def _on_done(self, said: str) -> None:
        self._list()
        self._refresh()
        self._answer.setText(said)

    def _on_refused(self, error: WorkstationError) -> None:
        self._refresh()
        self._answer.setText(f"⚠ {error.sentence}")


def show_accounts(folder: Path, jobs: Jobs, parent: QWidget) -> AccountsDialog:
    """Open the dialog over a desk."""
    dialog = AccountsDialog(folder, jobs, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog


def _card_text(card: Card) -> str:
    return f"{card.name:<12} {card.seat.value:<12} {card.spoken}"


def _quiet_label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("text_role", "secondary")
    return label


def _choice(name: str, title: str, entries: list[tuple[str, object]]) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setToolTip(title)
    for text, data in entries:
        box.addItem(text, data.value if isinstance(data, Seat) else data)
    return box
