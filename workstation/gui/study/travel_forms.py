"""Three forms for two machines: make a package, send back, make an account of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton, QWidget

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.jobs import Work
from workstation.gui.study.sealing_step import NO_WAY_BACK
from workstation.gui.study.travel_dialog import FACTS, TravelDialog, path_of

if TYPE_CHECKING:
    from workstation.workflow.take_in import TravelFacts

PACKAGE_TEXT = (
    "One encrypted file for a stick: the images and the plan as that reader may see it, and nothing of "
    "anybody else. A run that was stopped goes on when it is begun again."
)
RETURN_TEXT = (
    "One encrypted file with the reads that are locked; drafts stay here. It may be sent in parts: the next "
    "one holds everything that is locked by then."
)
ACCOUNT_TEXT = (
    "For a reader on the own machine: the account stays here, and the coordinator gets a card with its "
    "public keys. " + NO_WAY_BACK
)


class _FromStudy(TravelDialog):
    """A form that begins with a study's folder and looks into it."""

    def _begin(self, folder: Path | None) -> None:
        self._facts: TravelFacts | None = None
        self._study = self.add_path(
            "travel_study",
            "Study folder",
            "The folder of the study",
            lambda: self.choose_folder("Study folder"),
        )
        self._study.textChanged.connect(self._look)
        self._given = str(folder) if folder is not None else ""

    def _started(self) -> None:
        """Everything is built: show the folder that was given."""
        if self._given:
            self._study.setText(self._given)
        self.refresh()

    def _look(self) -> None:
        from workstation.workflow.take_in import travel_facts

        self._facts = None
        folder = path_of(self._study)
        if folder.is_dir():
            self.context.jobs.start(
                FACTS, lambda _progress: travel_facts(folder), self._on_facts, self._on_no_facts
            )
        self.refresh()

    def _on_facts(self, facts: TravelFacts) -> None:
        self._facts = facts
        self.say("")
        self.show_facts(facts)
        self.refresh()

    def _on_no_facts(self, error: WorkstationError) -> None:
        self.say(error.sentence, refused=True)

    def show_facts(self, facts: TravelFacts) -> None:
        """The folder holds a study."""


class PackageForm(_FromStudy):
    """Make the reading package of one reader."""

    def __init__(
        self, context: DeskContext, folder: Path | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            context, "package_form", "Make a reading package", PACKAGE_TEXT, "Make the package", parent
        )
        self._begin(folder)
        self._reader = _choice("travel_reader", "Reader", "Who gets the package")
        self._signer = _choice("travel_signer", "Signed by", "Whose passphrase signs the package")
        self.add_row("Reader", self._reader)
        self.add_row("Signed by", self._signer)
        self._passphrase, _ = self.add_passphrase("travel_passphrase", "Passphrase")
        self._target = self.add_path(
            "travel_target",
            "Put it into",
            "A folder, for example on a stick",
            lambda: self.choose_folder("Folder"),
        )
        self._approve = QCheckBox("Also secondary captures, burned-in text and overlays")
        self._approve.setObjectName("travel_approve")
        self._approve.setToolTip("A person has looked at them: no name is shown")
        self.add_row("", self._approve)
        self._started()

    def show_facts(self, facts: TravelFacts) -> None:
        """Offer the plan's readers."""
        for box, names in ((self._reader, facts.readers), (self._signer, facts.signers)):
            box.clear()
            box.addItems(list(names))
        if facts.machine_of:
            self.say("This is a reader's own machine: send back what is locked instead.", refused=True)
        elif not facts.signers:
            self.say("This study is not sealed; it does not travel.", refused=True)

    def missing(self) -> str:
        """What is still needed."""
        facts = self._facts
        if facts is None or facts.machine_of or not facts.signers:
            return "Choose the folder of a sealed study"
        if not self._passphrase.text():
            return "Type the passphrase"
        return "" if self._target.text().strip() else "Choose where to put it"

    def work(self) -> Work:
        """Sign in, make the package, sign out."""
        from workstation.workflow.make_package import make_package
        from workstation.workflow.read_case import open_study_with_library

        folder, target, words = path_of(self._study), path_of(self._target), self._passphrase.text()
        reader, signer = self._reader.currentText(), self._signer.currentText()
        approved, workspace = self._approve.isChecked(), self.context.workspace
        self._passphrase.clear()

        def made(progress: object) -> object:
            with open_study_with_library(folder) as study:
                study.sign_in(signer, words)
                library = study.library or workspace.library
                return make_package(
                    study,
                    library,
                    reader,
                    signer,
                    target,
                    approve_secondary=approved,
                    progress=progress,  # type: ignore[arg-type]  # a Work is given a Progress
                )

        return made

    def outcome(self, result: object) -> str:
        """The package is there."""
        from workstation.workflow.take_in import said_of_package

        return said_of_package(result)  # type: ignore[arg-type]  # what `work` returned


class ReturnForm(_FromStudy):
    """Send back what is locked on a reader's own machine."""

    def __init__(
        self, context: DeskContext, folder: Path | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            context, "return_form", "Send back what is locked", RETURN_TEXT, "Make the return", parent
        )
        self._begin(folder)
        self._passphrase, self._whose = self.add_passphrase("travel_passphrase", "Passphrase")
        self._target = self.add_path(
            "travel_target",
            "Put it into",
            "A folder, for example on a stick",
            lambda: self.choose_folder("Folder"),
        )
        self._started()

    def show_facts(self, facts: TravelFacts) -> None:
        """Say whose passphrase it needs."""
        self._whose.setText(f"Passphrase of {facts.machine_of}" if facts.machine_of else "Passphrase")
        if not facts.machine_of:
            self.say("A return is made where a package was taken in.", refused=True)

    def missing(self) -> str:
        """What is still needed."""
        if self._facts is None or not self._facts.machine_of:
            return "Choose the folder of the study on this machine"
        if not self._passphrase.text():
            return "Type the passphrase"
        return "" if self._target.text().strip() else "Choose where to put it"

    def work(self) -> Work:
        """Sign in, make the return, sign out."""
        from workstation.workflow.read_case import open_study_folder
        from workstation.workflow.sealed_return import make_return

        assert self._facts is not None
        folder, target, words = path_of(self._study), path_of(self._target), self._passphrase.text()
        reader = self._facts.machine_of
        self._passphrase.clear()

        def made(progress: object) -> object:
            with open_study_folder(folder) as study:
                study.sign_in(reader, words)
                return make_return(study, target, progress)  # type: ignore[arg-type]  # a Progress

        return made

    def outcome(self, result: object) -> str:
        """The return is there."""
        from workstation.workflow.take_in import said_of_return

        return said_of_return(result)  # type: ignore[arg-type]  # what `work` returned


class AccountForm(TravelDialog):
    """Make a reader's account on the own machine, with the card for the coordinator."""

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, "account_form", "Make my account", ACCOUNT_TEXT, "Make the account", parent)
        self._name = QLineEdit()
        self._name.setObjectName("travel_name")
        self._name.setAccessibleName("My code")
        self._name.setPlaceholderText("A code, as the coordinator will write it; no name")
        self._name.setToolTip("Letters, digits, dot, dash and underscore")
        self._name.textChanged.connect(self.refresh)
        self.add_row("My code", self._name)
        self._first, _ = self.add_passphrase("travel_passphrase", "Passphrase")
        self._second, _ = self.add_passphrase("travel_again", "Again")
        self._study = self.add_path(
            "travel_study", "Study folder", "A new folder; the package will be taken in there",
            lambda: self.choose_folder("Study folder"),
        )  # fmt: skip
        self._target = self.add_path(
            "travel_target",
            "Card into",
            "A folder, for example on a stick",
            lambda: self.choose_folder("Folder"),
        )
        self.refresh()

    def missing(self) -> str:
        """What is still needed."""
        if not self._name.text().strip():
            return "Type your code"
        if not self._first.text() or self._first.text() != self._second.text():
            return "Type the passphrase, twice the same"
        folders = self._study.text().strip() and self._target.text().strip()
        return "" if folders else "Choose both folders"

    def work(self) -> Work:
        """Make account and card."""
        from workstation.reading.cards import Seat
        from workstation.workflow.accounts import accounts_of, give_card, make_account

        name, words = self._name.text().strip(), self._first.text()
        people, target = accounts_of(path_of(self._study)), path_of(self._target)
        for line in (self._first, self._second):
            line.clear()

        def made(_progress: object) -> object:
            card = make_account(people, name, Seat.READER, words).card
            return card, give_card(people, name, target)

        return made

    def outcome(self, result: object) -> str:
        """Both are there."""
        assert isinstance(result, tuple)  # what `work` returned
        card, path = result
        return f"{path.name} is for the coordinator. Compare the fingerprint aloud: {card.spoken}."


def _choice(name: str, title: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setToolTip(tip)
    return box


def travel_button(name: str, text: str, tip: str) -> QPushButton:
    """A button that opens one of the forms."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    return button
