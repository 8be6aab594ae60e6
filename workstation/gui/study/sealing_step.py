"""How a new study is sealed, and the passphrases of those who take part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.layouts import empty
from workstation.gui.sign_in_page import passphrase_line
from workstation.reading.cards import SealMode, Seat

COORDINATOR = "C1"
NO_WAY_BACK = (
    "Each types the own passphrase twice; at least ten characters, four or five unrelated words are good. "
    "<b>Nobody can recover a passphrase:</b> without it, what its owner entered or may open is lost. "
    "On a shared disk the other reader can still see how many entries there are and when they were made; "
    "reading on two machines (packages) hides that too."
)
EXPLAINED = {
    SealMode.COORDINATOR: (
        "What a reader enters is encrypted to that reader, and a locked read to a coordinator who does not "
        "read; a reader's forgotten passphrase loses no locked read. Between the readers it is mathematics, "
        "but that the coordinator waits until every read is locked is audited procedure, not mathematics."
    ),
    SealMode.BOTH_KEYS: (
        "What a reader enters is encrypted to that reader, and a locked read to both, one layer inside the "
        "other, so that neither reader and nobody else opens it alone. Both must sign in to compare, and a "
        "forgotten passphrase loses the study."
    ),
    SealMode.NONE: ("What readers enter lies readable in the study's folder. Take this for teaching only."),
}
FINGERPRINTS = (
    " The plan lists the fingerprints of everybody's keys, signed by the coordinator, with both keys by both "
    "readers: compare them aloud once; they are shown where the study is opened."
)
ESCROW = (
    "Optional. Made before (Reading, Accounts…) and kept offline, it gives an account a new passphrase; "
    "the log then says so."
)
_TITLES = {
    SealMode.COORDINATOR: "Sealed; opened by a coordinator",
    SealMode.BOTH_KEYS: "Sealed; opened by both readers together",
    SealMode.NONE: "Not sealed",
}


class SealingStep(QWidget):
    """Asks for the mode and for each account's passphrase. ``changed`` when either did."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._readers: tuple[str, ...] = ()
        self._adjudicator = ""
        self._away: tuple[str, ...] = ()
        self._contact = ""
        self._lines: dict[str, tuple[QLineEdit, QLineEdit]] = {}
        self._mode = QComboBox()
        self._mode.setObjectName("seal_mode")
        self._mode.setAccessibleName("Sealing of the reads")
        self._mode.setToolTip("Who can open the reads once all are locked")
        for mode, title in _TITLES.items():
            self._mode.addItem(title, mode.value)
        self._mode.currentIndexChanged.connect(self._on_mode)
        self._explained = QLabel()
        self._explained.setObjectName("seal_explained")
        self._warning = QLabel(NO_WAY_BACK + FINGERPRINTS)
        for label in (self._explained, self._warning):
            label.setProperty("text_role", "secondary")
            label.setWordWrap(True)
        self._escrow: Path | None = None
        self._choose_escrow = QPushButton("Escrow key…")
        self._choose_escrow.setObjectName("seal_escrow")
        self._choose_escrow.setToolTip(
            "Made beforehand (Reading, Accounts…) and kept offline: it can save the study from a forgotten "
            "passphrase, and the log tells its use"
        )
        self._choose_escrow.clicked.connect(self._on_escrow)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._mode)
        layout.addWidget(self._explained)
        layout.addLayout(self._grid)
        self._escrow_note = QLabel(ESCROW)
        self._escrow_note.setProperty("text_role", "secondary")
        self._escrow_note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._choose_escrow)
        row.addWidget(self._escrow_note, 1)
        layout.addLayout(row)
        layout.addWidget(self._warning)
        self._on_mode()

    @property
    def mode(self) -> SealMode:
        """The chosen way."""
        return SealMode(self._mode.currentData())

    @property
    def seats(self) -> dict[str, Seat]:
        """Who takes part, by account name; nobody where the study is not sealed."""
        contact = {self._contact: Seat.SAFETY} if self._contact else {}
        if self.mode is SealMode.NONE:
            return contact
        seats = {name: Seat.READER for name in self._readers if name not in self._away}
        if self._adjudicator:
            seats[self._adjudicator] = Seat.ADJUDICATOR
        if self.mode is SealMode.COORDINATOR:
            seats[COORDINATOR] = Seat.COORDINATOR
        return {**contact, **seats}  # who takes part already needs no second account to be the contact

    @property
    def passphrases(self) -> dict[str, str]:
        """What was typed, by account name."""
        return {name: first.text() for name, (first, _) in self._lines.items()}

    @property
    def escrow(self) -> Path | None:
        """Account file of an escrow key, where one was chosen."""
        return self._escrow if self.mode is not SealMode.NONE else None

    def _on_escrow(self) -> None:
        if self._escrow is not None:
            self.set_escrow(None)
            return
        file, _ = QFileDialog.getOpenFileName(self, "Account file of the escrow key", "", "Accounts (*.json)")
        if file:
            self.set_escrow(Path(file))

    def set_escrow(self, file: Path | None) -> None:
        """Choose an escrow key, or none."""
        self._escrow = file
        self._choose_escrow.setText("Escrow key…" if file is None else f"Without escrow key {file.stem}")

    @property
    def missing(self) -> list[str]:
        """What is still needed, in words."""
        return [
            f"the passphrase of {name}, twice the same"
            for name, (first, second) in self._lines.items()
            if len(first.text()) < 1 or first.text() != second.text()
        ]

    def set_readers(self, readers: Sequence[str], adjudicator: str = "", contact: str = "") -> None:
        """The readers' codes changed, or that of the adjudicator or the safety contact."""
        wanted = tuple(readers), adjudicator, contact
        if wanted != (self._readers, self._adjudicator, self._contact):
            self._readers, self._adjudicator, self._contact = wanted
            self._fill()

    def set_away(self, names: Sequence[str]) -> None:
        """Accounts that lie on their owners' machines: of them the folder has the cards."""
        if tuple(names) != self._away:
            self._away = tuple(names)
            self._fill()

    def clear(self) -> bool:
        """Forget what was typed.

        Returns
        -------
        bool
            Whether anything was.
        """
        lines = [line for pair in self._lines.values() for line in pair if line.text()]
        for line in lines:
            line.setText("")
        return bool(lines)

    def _on_mode(self) -> None:
        self._explained.setText(EXPLAINED[self.mode])
        self._fill()
        self.changed.emit()

    def _fill(self) -> None:
        kept = {name: pair[0].text() for name, pair in self._lines.items()}
        again = {name: pair[1].text() for name, pair in self._lines.items()}
        empty(self._grid)
        self._lines = {}
        for row, (name, seat) in enumerate(self.seats.items()):
            words = "safety contact" if seat is Seat.SAFETY else seat.value
            title = f"Passphrase of {words} {name}"
            pair = (
                passphrase_line(f"passphrase_{name}", title),
                passphrase_line(f"passphrase_again_{name}", f"{title}, again"),
            )
            for column, (line, text) in enumerate(zip(pair, (kept, again), strict=True)):
                line.setToolTip(f"{line.accessibleName()}; nobody can recover it")
                line.setText(text.get(name, ""))
                line.textChanged.connect(lambda _text: self.changed.emit())
                self._grid.addWidget(line, row, column)
            self._lines[name] = pair
        away = [name for name in self._readers if name in self._away and self.mode is not SealMode.NONE]
        if away:
            note = QLabel(f"{' and '.join(away)}: the account is on the own machine, its card is here.")
            note.setObjectName("seal_away")
            note.setWordWrap(True)
            self._grid.addWidget(note, self._grid.rowCount(), 0, 1, 2)
        self._warning.setVisible(bool(self._lines))
        self._choose_escrow.setVisible(bool(self._lines))
        self._escrow_note.setVisible(bool(self._lines))
