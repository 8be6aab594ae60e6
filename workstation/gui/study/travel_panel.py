"""The part of the set-up desk for studies on two machines: what goes out, what comes in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from workstation.gui.desk import DeskContext
from workstation.gui.main_window import TRAVELLING
from workstation.gui.study.take_in_form import TakeInForm
from workstation.gui.study.travel_dialog import TravelDialog
from workstation.gui.study.travel_forms import (
    AccountForm,
    PackageForm,
    ReturnForm,
    travel_button,
)

TEXT = (
    "Readers need not share a disk: each gets a package, reads on the own machine and sends a sealed return. "
    "What one reader does is then hidden from the other altogether."
)
SEND_BACK, TAKE_IN = "send back", "take in"
"""What other desks ask for; see `TravelPanel.take`."""


class TravelPanel(QWidget):
    """``read_wanted(folder)`` when a package was taken in and its study is to be read."""

    read_wanted = Signal(object)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.form: TravelDialog | None = None
        heading = QLabel("Two machines")
        heading.setProperty("text_role", "title")
        note = QLabel(TEXT)
        note.setProperty("text_role", "quiet")
        note.setWordWrap(True)
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, (name, text, tip, run) in enumerate(
            (
                ("make_package", "Make reading package…", "For a reader's own machine", self._make_package),
                (
                    "take_in",
                    "Take in a file…",
                    "A package, a return, a reader's card or an urgent finding",
                    self._take_in,
                ),
                ("send_back", "Send back…", "On a reader's machine: what is locked", self._send_back),
                (
                    "make_account",
                    "Make my account…",
                    "On a reader's machine, before the study",
                    self._account,
                ),
            )
        ):
            button = travel_button(name, text, tip)
            button.clicked.connect(lambda _=False, act=run: act())
            grid.addWidget(button, *divmod(place, 2))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addWidget(note)
        layout.addLayout(grid)

    def take(self, what: object) -> None:
        """Open the form for dropped files, or for what another desk asks: ``(SEND_BACK, folder)``."""
        match what:
            case (str(word), Path() | None as folder) if word == SEND_BACK:
                self._send_back(folder)
            case (str(word), _) if word == TAKE_IN:
                self._take_in()
            case (Path() as file, *_):
                self._take_in(file)

    def lock_session(self) -> bool:
        """Close a form that shows an urgent finding; whether there was one."""
        if not (isinstance(self.form, TakeInForm) and self.form.shows_message):
            return False
        self.form.close()
        return True

    def _make_package(self) -> None:
        self._open(PackageForm(self._context, parent=self.window()))

    def _take_in(self, file: Path | None = None) -> None:
        form = TakeInForm(self._context, file, self.window())
        form.came_in.connect(self._on_came_in)
        self._open(form)

    def _send_back(self, folder: Path | None = None) -> None:
        self._open(ReturnForm(self._context, folder, self.window()))

    def _account(self) -> None:
        self._open(AccountForm(self._context, self.window()))

    def _open(self, form: TravelDialog) -> None:
        if self.form is not None:
            self.form.close()
        self.form = form
        form.finished.connect(form.deleteLater)
        form.finished.connect(self._forget)
        form.open()
        form.focus_first()

    def _forget(self) -> None:
        self.form = None

    def _on_came_in(self, folder: Path) -> None:
        self._context.messages.inform(
            f"The study in {folder.name} can be read here", "Start reading", lambda: self._read(folder)
        )

    def _read(self, folder: Path) -> None:
        if self.form is not None:
            self.form.close()
        self.read_wanted.emit(folder)


def travels(paths: tuple[Path, ...]) -> bool:
    """Whether files are packages, returns or cards."""
    return bool(paths) and all(path.suffix in TRAVELLING for path in paths)
