"""Before a case is open: what this desk is for, and the two ways in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.layouts import empty

TEXT_PX = 520
_ACCOUNTS = "Fingerprints; make an account, change a passphrase, restore with an escrow key"

_OFFICE = "For coordinator and safety contact: progress, urgent findings, emergencies, log, export"


class StartPage(QWidget):
    """Teaches the empty desk, and asks who reads once a study was chosen."""

    study_wanted = Signal()
    library_wanted = Signal()
    reader_chosen = Signal(str)
    accounts_wanted = Signal()
    office_wanted = Signal()
    travel_wanted = Signal(str)
    """``"take in"`` or ``"send back"``: a study on two machines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reading_start")
        self._title = QLabel()
        self._title.setProperty("text_role", "title")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setProperty("text_role", "quiet")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setFixedWidth(TEXT_PX)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        for widget in (self._title, self._text):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addLayout(self._buttons)
        layout.addStretch(3)
        self.show_empty()

    def show_empty(self) -> None:
        """Nothing is open."""
        self._title.setText("Read a case")
        self._say(
            "Open a case from the library to look at it freely and to make masks, "
            "or open a reading study to score your cases blind to the other reader."
        )
        self._set_buttons(
            [
                ("Go to the library", "go_to_library", "Choose a case", self.library_wanted.emit),
                ("Open a reading study…", "open_study", "Choose a study folder", self.study_wanted.emit),
                (
                    "Take in a package…",
                    "take_in_package",
                    "A reading package that came on a stick",
                    lambda: self.travel_wanted.emit("take in"),
                ),
                ("Accounts…", "accounts", _ACCOUNTS, self.accounts_wanted.emit),
            ]
        )

    def ask_reader(
        self,
        title: str,
        readers: Sequence[str],
        note: str = "",
        sealing: str = "",
        *,
        own_machine: bool = False,
        sealed: bool = False,
    ) -> None:
        """A study is open: who reads? `sealing` says how what is entered is protected.

        On a reader's `own_machine` what is locked can be sent back.
        """
        self._title.setText(title)
        said = note or "Who reads? You see your own cases in your own order, and nothing else."
        self._say(f"{said}\n\n{sealing}" if sealing else said)
        self._set_buttons(
            [
                (
                    f"I am {code}",
                    f"reader_{code}",
                    f"Read as {code}",
                    lambda c=code: self.reader_chosen.emit(c),
                )
                for code in readers
            ]
            + (
                [
                    (
                        "Send back…",
                        "send_back",
                        "Write what is locked into a file for the coordinator",
                        lambda: self.travel_wanted.emit("send back"),
                    )
                ]
                if own_machine
                else []
            )
            + ([("Accounts…", "accounts", _ACCOUNTS, self.accounts_wanted.emit)] if sealed else [])
            + [("Look after it…", "look_after_it", _OFFICE, self.office_wanted.emit)]
            + [("Another study…", "open_study", "Choose a study folder", self.study_wanted.emit)]
        )

    def focus_first(self) -> None:
        """Put the keyboard on the thing to do next."""
        for row in range(self._buttons.count()):
            entry = self._buttons.itemAt(row)
            button = entry.widget() if entry is not None else None
            if isinstance(button, QPushButton):
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _say(self, text: str) -> None:
        self._text.setText(text)
        # A wrapped label in a centred line is not asked how high it must be.
        self._text.ensurePolished()
        self._text.setFixedHeight(self._text.heightForWidth(TEXT_PX))

    def _set_buttons(self, buttons: list) -> None:  # type: ignore[type-arg]  # (text, name, tip, run)
        empty(self._buttons)
        self._buttons.addStretch(1)
        for number, (text, name, tip, run) in enumerate(buttons):
            button = QPushButton(text)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            if number == 0:
                button.setProperty("emphasis", "primary")
            button.clicked.connect(lambda _=False, act=run: act())
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
