"""Take in a file that came from another machine; an urgent finding may also be read here by its contact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QPlainTextEdit, QWidget

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.idle import IdleWatch
from workstation.gui.jobs import Work
from workstation.gui.study.travel_dialog import TravelDialog, path_of

if TYPE_CHECKING:
    from workstation.workflow.urgent_file import OpenedFile

TAKE_TEXT = (
    "A reading package on the reader's own machine, or a sealed return, a reader's card or an urgent finding "
    "where the study is. A file that is damaged, older or of another study is refused; nothing is changed. "
    "Its safety contact reads an urgent finding here with the own account alone."
)
PUT_AWAY = "The message was put away, because nobody was there. Type the passphrase to read it again."
MESSAGE_PX = 140


class TakeInForm(TravelDialog):
    """Take in a package, a return, a card or an urgent finding.

    ``came_in(folder)`` when a study can be read here.
    """

    came_in = Signal(object)

    def __init__(self, context: DeskContext, file: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(context, "take_in_form", "Take in a file", TAKE_TEXT, "Take it in", parent)
        self._kind = ""
        self._file = self.add_path(
            "travel_file", "File", "A .marrow-package, -return, -card or -urgent", self._choose_file
        )
        self._file.textChanged.connect(self._look)
        self._contact = QCheckBox("I am the safety contact: read it here, without the study")
        self._contact.setObjectName("travel_contact")
        self._contact.setToolTip("It needs nothing but your account and its passphrase")
        self._contact.toggled.connect(self._show_kind)
        self.add_row("", self._contact)
        self._study = self.add_path(
            "travel_study", "Study folder", "The study's folder; a new one for a package",
            lambda: self.choose_folder("Study folder"),
        )  # fmt: skip
        self._account = self.add_path(
            "travel_account", "My account", "The file with your account, for example S1.json",
            lambda: QFileDialog.getOpenFileName(self, "My account", "", "Accounts (*.json)")[0],
        )  # fmt: skip
        self._passphrase, self._whose = self.add_passphrase("travel_passphrase", "Passphrase")
        self._message = QPlainTextEdit()
        self._message.setObjectName("travel_message")
        self._message.setAccessibleName("Urgent finding")
        self._message.setToolTip("What the reader wrote; it is kept nowhere when this closes")
        self._message.setReadOnly(True)
        self._message.setTabChangesFocus(True)
        self._message.setFixedHeight(MESSAGE_PX)
        self.add_wide(self._message)
        self._watch = IdleWatch(float(context.settings.get("idle_lock_min", 10)), self)
        self._watch.idle.connect(self._on_idle)
        self._name = ""
        self._show_kind()
        if file is not None:
            self._file.setText(str(file))
        self.refresh()

    @property
    def reads_message(self) -> bool:
        """Whether an urgent finding is to be read here, and not taken into a study."""
        return self._kind == "message" and self._contact.isChecked()

    @property
    def _needs_passphrase(self) -> bool:
        return self.reads_message or self._kind not in ("account", "message")

    @property
    def shows_message(self) -> bool:
        """Whether an urgent finding can be read on the screen."""
        return not self._message.isHidden()

    def put_away(self) -> None:
        """Nothing of a message stays on the screen."""
        self._watch.stop()
        self._message.clear()
        self._message.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        """A form that is closed holds nothing."""
        self.put_away()
        super().hideEvent(event)

    def _on_idle(self) -> None:
        self.put_away()
        self.say(PUT_AWAY)

    def _choose_file(self) -> str:
        kinds = (
            "Files of a study (*.marrow-package *.marrow-return *.marrow-card *.marrow-urgent);;All files (*)"
        )
        return QFileDialog.getOpenFileName(self, "Take in a file", "", kinds)[0]

    def _look(self) -> None:
        from workstation.workflow.take_in import is_account, is_message, whose_passphrase
        from workstation.workflow.urgent_file import check_message

        file, self._kind, self._name = path_of(self._file), "", ""
        try:
            if file.is_file():
                if is_message(file):
                    check_message(file)
                    self._kind = "message"
                else:
                    self._kind, self._name = ("account", "") if is_account(file) else whose_passphrase(file)
            self.say(
                {
                    "package": f"A reading package for {self._name}.",
                    "return": f"A return for {self._name}.",
                    "message": "An urgent finding, sealed to the safety contact.",
                }.get(self._kind, "")
            )
        except WorkstationError as error:
            self.say(error.sentence, refused=True)
        self._show_kind()

    def _show_kind(self) -> None:
        """Ask for what this kind of file needs."""
        self.put_away()
        self._whose.setText(f"Passphrase of {self._name}" if self._name else "Passphrase")
        self._contact.setVisible(self._kind == "message")
        self.show_row(self._study, shown=not self.reads_message)
        self.show_row(self._account, shown=self.reads_message)
        self.show_row(self._passphrase, shown=self._needs_passphrase)
        self.set_verb("Read it" if self.reads_message else "Take it in")
        self.refresh()

    def missing(self) -> str:
        """What is still needed."""
        if not self._kind:
            return "Choose a package, a return, a card or an urgent finding"
        if self.reads_message:
            if not path_of(self._account).is_file():
                return "Choose the file with your account"
        elif not self._study.text().strip():
            return "Choose the study's folder"
        return "Type the passphrase" if self._needs_passphrase and not self._passphrase.text() else ""

    def work(self) -> Work:
        """Take the file in, or read the message."""
        from workstation.workflow.accounts import accounts_of, take_account
        from workstation.workflow.take_in import take_in
        from workstation.workflow.urgent_file import open_with, take_urgent

        file, folder, words = path_of(self._file), path_of(self._study), self._passphrase.text()
        library = self.context.workspace.library.folder
        self._passphrase.clear()
        if self.reads_message:
            account = path_of(self._account)
            self.put_away()
            return lambda _progress: open_with(file, account, words)
        if self._kind == "account":
            return lambda _progress: take_account(file, accounts_of(folder))
        if self._kind == "message":
            return lambda _progress: take_urgent(file, folder)
        return lambda progress: take_in(file, folder, library, lambda _name: words, progress=progress)

    def outcome(self, result: object) -> str:
        """It came in, or was here already, or is read."""
        from workstation.workflow.take_in import said_of_account, said_of_message, said_of_taken
        from workstation.workflow.urgent_file import OpenedFile

        if isinstance(result, OpenedFile):
            return self._show_message(result)
        if isinstance(result, bool):
            return said_of_message(is_new=result)
        if isinstance(result, tuple):
            return said_of_account(result[0], is_new=result[1])
        if self._kind == "package":
            self.came_in.emit(path_of(self._study))
        return said_of_taken(result)  # type: ignore[arg-type]  # what `work` returned

    def _show_message(self, opened: OpenedFile) -> str:
        """Show what was found; gives whose keys signed it."""
        from workstation.gui.study.office.urgent_part import message_of

        self._message.setPlainText(f"Study: {opened.title}\n{message_of(opened.finding)}")
        self._message.show()
        self._watch.start()
        if opened.sender is None:
            return "The study is not sealed, so nobody signed it: ask the reader."
        return f"Signed by {opened.finding.reader}; compare the fingerprint aloud: {opened.sender.spoken}."
