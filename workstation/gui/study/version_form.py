"""A new version of a plan after the first read: chosen, looked at, signed, put in force."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.jobs import Work
from workstation.gui.study.travel_dialog import TravelDialog, path_of
from workstation.tasks import Progress

TEXT = (
    "New cases stand behind the others in the plan's file; rules count for reads that are begun later, and "
    "every read keeps the version it was begun under. It is signed like the first one, and the reason stands "
    "in the study's log, which everybody can read."
)

LOOKED_PX = 320


class VersionForm(TravelDialog):
    """Asks for the study, the plan's file, the reason and the passphrases of those who sign."""

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, "version_form", "New version of a plan", TEXT, "Put it in force", parent)
        self._signers: tuple[str, ...] = ()
        self._study = self.add_path(
            "version_study", "Study folder", "The folder of the study", lambda: self.choose_folder("Study")
        )
        self._plan = self.add_path("version_plan", "Plan", "The whole plan, as TOML", self._choose_plan)
        self._reason = QLineEdit()
        self._reason.setObjectName("version_reason")
        self._reason.setAccessibleName("Reason")
        self._reason.setPlaceholderText("Why is it changed?")
        self._reason.setToolTip("Everybody with the study's folder can read it")
        self.add_row("Reason", self._reason)
        self._first, self._whose_first = self.add_passphrase("version_passphrase_1", "Passphrase")
        self._second, self._whose_second = self.add_passphrase("version_passphrase_2", "Passphrase")
        self._looked = QLabel()
        self._looked.setObjectName("version_changes")
        self._looked.setWordWrap(True)
        self._looked.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.add_row("", self._looked)
        for line in (self._study, self._plan):
            line.textChanged.connect(self._look)
        for line in (self._reason, self._first, self._second):
            line.textChanged.connect(lambda _text: self.refresh())
        self._show_signers()
        self.refresh()

    def missing(self) -> str:
        """What is still needed."""
        if not self._study.text().strip():
            return "Choose the study"
        if not self._plan.text().strip():
            return "Choose the plan's file"
        if not self._reason.text().strip():
            return "Say why it is changed"
        lines = (self._first, self._second)[: len(self._signers)]
        return "" if all(line.text() for line in lines) else "Type the passphrases of those who sign"

    def work(self) -> Work:
        """Sign it and put it in force."""
        folder, file = path_of(self._study), path_of(self._plan)
        reason = self._reason.text().strip()
        words = dict(zip(self._signers, (self._first.text(), self._second.text()), strict=False))
        self._first.clear()
        self._second.clear()

        def changed(_progress: Progress) -> object:
            from workstation.workflow.change_plan import change_plan, load_changed
            from workstation.workflow.read_case import open_study_with_library

            with open_study_with_library(folder) as study:
                plan = load_changed(study, file)
                change_plan(study, plan, reason, lambda name: words.get(name, ""))
                return plan.version

        return changed

    def outcome(self, result: object) -> str:
        """It is in force."""
        from workstation.store.server_join import kept_address

        text = f"Version {result} is in force. Reads that were begun keep theirs."
        if kept_address(path_of(self._study)) is not None:
            text += " Tell the server, which opens no more reads until then: marrow study server init."
        return text

    def _choose_plan(self) -> str:
        return QFileDialog.getOpenFileName(self, "Plan", "", "Plans (*.toml)")[0]

    def _look(self) -> None:
        folder, file = path_of(self._study), path_of(self._plan)
        self.context.jobs.start("version-facts", lambda _progress: looked_at(folder, file), self._show_looked)

    def _show_looked(self, found: tuple[tuple[str, ...], str]) -> None:
        self._signers, told = found
        self._looked.setText(told)
        # A wrapped label in a grid is not asked how high it must be.
        self._looked.setMinimumHeight(self._looked.heightForWidth(LOOKED_PX) if told else 0)
        self.adjustSize()
        self._show_signers()
        self.refresh()

    def _show_signers(self) -> None:
        pairs = ((self._first, self._whose_first), (self._second, self._whose_second))
        for number, (line, label) in enumerate(pairs):
            is_asked = number < len(self._signers)
            line.setVisible(is_asked)
            label.setVisible(is_asked)
            label.setText(f"Passphrase of {self._signers[number]}" if is_asked else "")
            line.setAccessibleName(label.text() or "Passphrase")


def looked_at(folder: Path, file: Path) -> tuple[tuple[str, ...], str]:
    """Who signs a new version of a study's plan, and what it would change, in words."""
    from workstation.reading.plan_change import changes
    from workstation.store.file_names import STUDY_DATABASE
    from workstation.workflow.change_plan import load_changed
    from workstation.workflow.read_case import open_study_with_library

    signers: tuple[str, ...] = ()
    told: list[str] = []
    if not (folder / STUDY_DATABASE).is_file():
        return signers, ""
    try:
        with open_study_with_library(folder) as study:
            sealing = study.plan.sealing
            if study.vault is not None and sealing is not None:
                signers = tuple(card.name for card in sealing.signers)
                told.append("Compare the fingerprints aloud again:")
                told += [f"{card.name}   {card.spoken}" for card in study.plan.cards]
            if file.is_file():
                told.insert(0, f"Changes: {', '.join(changes(study.plan, load_changed(study, file)))}.")
    except WorkstationError as error:
        told.insert(0, f"⚠ {error.sentence}")
    return signers, "\n".join(told)


class VersionPanel(QWidget):
    """For a study that was begun: look after it, or give its plan a new version.

    ``office_wanted(folder)`` when its page is wanted.
    """

    office_wanted = Signal(object)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.form: VersionForm | None = None
        heading = QLabel("A study that was begun")
        heading.setProperty("text_role", "title")
        note = QLabel(
            "Coordinator and safety contact look after it: progress, known cases, urgent findings. "
            "Its plan is frozen; more cases, or other rules for later reads, are a new version."
        )
        note.setProperty("text_role", "quiet")
        note.setWordWrap(True)
        after = QPushButton("Look after a study…")
        after.setObjectName("look_after")
        after.setAccessibleName("Look after a study")
        after.setToolTip("Progress, orders, times, known cases, urgent findings, emergencies, log, export")
        after.clicked.connect(self._on_look_after)
        button = QPushButton("New version…")
        button.setObjectName("new_version")
        button.setAccessibleName("New version of a plan")
        button.setToolTip("More cases or later rules for a study that was begun, with a reason and signed")
        button.clicked.connect(self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(after, 1)
        row.addWidget(button, 1)
        for widget in (heading, note):
            layout.addWidget(widget)
        layout.addLayout(row)

    def _on_look_after(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Folder of the study"):
            self.office_wanted.emit(Path(folder))

    def open(self) -> None:
        """Show the form."""
        if self.form is not None:
            self.form.close()
        self.form = VersionForm(self._context, self.window())
        self.form.finished.connect(self.form.deleteLater)
        self.form.finished.connect(self._forget)
        self.form.open()
        self.form.focus_first()

    def _forget(self) -> None:
        self.form = None
