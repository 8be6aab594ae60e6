"""Study set-up: five steps on one page, and beside them what a reader will and will not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.study.case_step import CaseStep
from workstation.gui.study.conduct_step import ConductStep
from workstation.gui.study.office.page import LOOK_AFTER, OfficePage
from workstation.gui.study.rule_step import RuleStep
from workstation.gui.study.sealing_step import SealingStep
from workstation.gui.study.step_page import StepPage
from workstation.gui.study.summary import identifier, summary
from workstation.gui.study.summary_panel import SummaryPanel
from workstation.gui.study.travel_panel import travels
from workstation.reading.plan import Resolution, StudyPlan
from workstation.reading.sealing_rule import Sealing
from workstation.scoring.columns import MOST_COLUMNS
from workstation.scoring.instrument import Instrument, instruments
from workstation.workflow.accounts import away_accounts
from workstation.workflow.case_forms import columns_found

CONDUCT_TEXT = "What a reader may see, known cases, and whom a reader tells of an urgent finding."


class SetupDesk(Desk):
    """Makes a plan and its study folder from the cases of the library."""

    id: ClassVar[str] = "setup"
    title: ClassVar[str] = "Set-up"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._is_built = False
        self.office: OfficePage | None = None  # made when a study is first looked after
        self._waiting: list[Callable[[], object]] = []  # what was asked for before all steps were there
        self._frame()
        context.jobs.in_turns("setup-build", self._add_beside, *self._steps(), self._on_built)

    # what is set ---------------------------------------------------------------------------------

    @property
    def chosen_cases(self) -> tuple[str, ...]:
        """Codes of the ticked cases."""
        return self._case_step.chosen

    @property
    def chosen_instruments(self) -> tuple[Instrument, ...]:
        """The ticked forms of the joint."""
        return tuple(
            one for one, box in self._boxes if box.isChecked() and one.joint == self._case_step.joint
        )

    def plan(self) -> StudyPlan:
        """The plan as the page stands."""
        return self._plan_and_unknown()[0]

    def _plan_and_unknown(self) -> tuple[StudyPlan, list[str]]:
        """The plan, and what it reveals of cases that no table tells, in words."""
        title = self._title.text().strip() or "Reading study"
        plan = StudyPlan(
            id=identifier(title),
            title=title,
            version=1,
            cases=self.chosen_cases,
            readers=self._reader_codes(),
            instruments=tuple((one.id, one.version) for one in self.chosen_instruments),
            resolution=self._rules.resolution,
            tolerance=self._rules.tolerance,
            unseal=self._rules.unseal,
            seed=self._rules.seed,
            blinding=self._conduct.blinding,
            conduct=self._conduct.added_to(self._rules.conduct),
            sealing=Sealing(self._sealing.mode),
        )
        known = self._case_step.known
        columns = columns_found(plan, known, self.chosen_instruments)
        place = self.context.workspace.library.folder if self.context.has_workspace else None
        return self._conduct.reveal.added_to(replace(plan, columns=columns), place)

    def _reader_codes(self) -> tuple[str, ...]:
        codes = [edit.text().strip() for edit in self._readers]
        if self._rules.resolution is Resolution.MEDIAN:
            codes.append(self._rules.third)
        return tuple(code for code in codes if code)

    def entered(self) -> None:
        """Cases may have been imported meanwhile."""
        self._when_built(self._focus_first)

    def _focus_first(self) -> None:
        office = self.office
        if office is not None and self._pages.currentWidget() is office:
            office.focus_first()
            return
        self._title.setFocus(Qt.FocusReason.OtherFocusReason)
        self._list_cases()

    def _list_cases(self) -> None:
        if self.context.has_workspace:
            self.context.jobs.start(
                "setup-cases",
                lambda _progress: self.context.workspace.library.cases(),
                self._case_step.show_cases,
            )

    def workspace_opened(self) -> None:
        """The library can be listed now."""
        self._when_built(self._list_cases)

    # building --------------------------------------------------------------------------------------

    def _frame(self) -> None:
        self._pages = QStackedWidget()
        self._page = StepPage(self)
        self._wizard = QWidget()
        layout = QHBoxLayout(self._wizard)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._page, 3)
        self._pages.addWidget(self._wizard)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)

    def _steps(self) -> Iterator[Callable[[], None]]:
        """Making one step after the other: together they would hold the window."""
        for title, text, make in (
            ("1  Name", "How the study is called on screens and exports.", self._name_step),
            ("2  Cases", "Which cases are read. Readers meet them by code, never by name.", self._cases_step),
            (
                "3  Readers and forms",
                "Two readers by code, not by name, and the forms that both fill in.",
                self._reader_step,
            ),
            (
                "4  Rules",
                "How differing reads become one result, when they may be compared, and what is read twice.",
                self._rule_step,
            ),
            ("5  Conduct", CONDUCT_TEXT, self._conduct_step),
            ("6  Sealing", "Who can open the reads, and when.", self._sealing_step),
            ("7  Folder", "Where the study is kept. It must be new or empty.", self._folder_step),
        ):
            yield partial(self._add, title, text, make)

    def _add(self, title: str, text: str, make: Callable[[], QWidget]) -> None:
        self._page.add(title, text, make())

    def _add_beside(self) -> None:
        self._beside = SummaryPanel(self.context, self)
        self._beside.read_wanted.connect(lambda folder: self.asked_for.emit("reading", folder))
        self._beside.office_wanted.connect(self.look_after)
        layout = self._wizard.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.addWidget(self._beside, 2)

    def _make_office(self) -> OfficePage:
        office = OfficePage(self.context, self)
        office.opened.connect(lambda: self._pages.setCurrentWidget(office))
        office.left.connect(lambda: self._pages.setCurrentWidget(self._wizard))
        office.titled.connect(self.titled)
        self._pages.addWidget(office)
        self.office = office
        return office

    def _on_built(self) -> None:
        self._is_built = True
        self._refresh()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    def _when_built(self, act: Callable[[], object]) -> None:
        if self._is_built:
            act()
        else:
            self._waiting.append(act)

    def _name_step(self) -> QWidget:
        self._title = QLineEdit("Reading study")
        self._title.setObjectName("study_title")
        self._title.setAccessibleName("Name of the study")
        self._title.setToolTip("Name of the study")
        self._title.textChanged.connect(self._refresh)
        return self._title

    def _cases_step(self) -> QWidget:
        self._case_step = CaseStep(self)
        self._case_list = self._case_step.list
        self._case_step.changed.connect(self._refresh)
        self._case_step.filled.connect(self._show_forms)
        self._case_step.library_wanted.connect(lambda: self.asked_for.emit("library", None))
        return self._case_step

    def _reader_step(self) -> QWidget:
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        self._readers = []
        for number in (1, 2):
            edit = QLineEdit(f"R{number}")
            edit.setObjectName(f"reader_{number}")
            edit.setAccessibleName(f"Code of reader {number}")
            edit.setToolTip("Letters, digits, dot, dash and underscore")
            edit.setMaximumWidth(160)
            edit.textChanged.connect(self._refresh)
            self._readers.append(edit)
            row.addWidget(edit)
        row.addStretch(1)
        layout.addLayout(row)
        self._boxes: list[tuple[Instrument, QCheckBox]] = []
        for one in instruments():
            text = one.title if one.is_validated else f"{one.title} (unvalidated)"
            check = QCheckBox(f"{text}: {len(one.items)} items")
            check.setObjectName(f"instrument_{one.id}")
            check.setAccessibleName(text)
            check.setToolTip(one.citation)
            check.toggled.connect(self._refresh)
            self._boxes.append((one, check))
            layout.addWidget(check)
        return box

    def _rule_step(self) -> QWidget:
        self._rules = RuleStep(self)
        self._rules.changed.connect(self._refresh)
        return self._rules

    def _conduct_step(self) -> QWidget:
        self._conduct = ConductStep(self)
        self._conduct.changed.connect(self._refresh)
        return self._conduct

    def _sealing_step(self) -> QWidget:
        self._sealing = SealingStep(self)
        self._sealing.changed.connect(self._refresh)
        return self._sealing

    def _folder_step(self) -> QWidget:
        self._folder = QLineEdit()
        self._folder.setObjectName("study_folder")
        self._folder.setAccessibleName("Folder of the study")
        self._folder.setPlaceholderText("A new folder")
        self._folder.setToolTip("A new or empty folder")
        self._folder.textChanged.connect(self._refresh)
        browse = QPushButton("Choose…")
        browse.setObjectName("browse_study_folder")
        browse.setToolTip("Choose the folder")
        browse.clicked.connect(self._on_browse)
        self._create = QPushButton("Make the study")
        self._create.setObjectName("make_study")
        self._create.setProperty("emphasis", "primary")
        self._create.setToolTip("Write the plan and make the study folder")
        self._create.clicked.connect(self._on_create)
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        layout.addLayout(row)
        layout.addWidget(self._create)
        return box

    def take(self, what: object) -> None:
        """A file that travelled was dropped, or a study is to be looked after."""
        match what:
            case (str(word), Path() as folder) if word == LOOK_AFTER:
                self.look_after(folder)
            case _:
                self._when_built(lambda: self._beside.travel.take(what))

    def look_after(self, folder: Path) -> None:
        """Open the page of those who look after a study."""
        self._when_built(lambda: (self.office or self._make_office()).open(folder))

    def lock_session(self) -> bool:
        """Cover the study that is looked after and what is read here; forget passphrases that were typed."""
        if not self._is_built:
            return False
        typed = self._sealing.clear()
        read = self._beside.travel.lock_session()
        signed_in = self.office is not None and self.office.lock_session()
        return signed_in or read or typed

    def shut_down(self) -> None:
        """Close the study that is looked after."""
        if self.office is not None:
            self.office.shut_down()

    def takes_drop(self, paths: tuple[Path, ...]) -> bool:
        """Packages, returns and cards are for this desk."""
        return travels(paths)

    # events ------------------------------------------------------------------------------------------

    def _show_forms(self) -> None:
        for one, box in self._boxes:
            box.setVisible(one.joint == self._case_step.joint)
        self._refresh()

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the study")
        if folder:
            self._folder.setText(folder)

    def _on_create(self) -> None:
        from workstation.workflow.set_up_study import set_up_study

        folder = Path(self._folder.text().strip()).expanduser()
        plan, context = self.plan(), self.context
        if not context.has_workspace:
            return
        workspace, seats, said = context.workspace, self._sealing.seats, self._sealing.passphrases
        answers, escrow = self._conduct.answers_folder, self._sealing.escrow
        self._create.setEnabled(False)
        context.jobs.start(
            "make-study",
            lambda _progress: set_up_study(plan, folder, workspace, said, seats, answers, escrow=escrow),
            lambda _made: self._on_created(folder),
            self._on_refused,
        )

    def _on_refused(self, error: WorkstationError) -> None:
        self.context.messages.show(error)
        self._refresh()

    def _on_created(self, folder: Path) -> None:
        self.context.messages.inform(
            f"The study was made in {folder.name}",
            "Start reading",
            lambda: self.asked_for.emit("reading", folder),
        )
        self._folder.clear()
        self._conduct.reveal.clear()
        self._sealing.clear()

    def _refresh(self) -> None:
        if not self._is_built:
            return
        plan, unknown = self._plan_and_unknown()
        adjudication = plan.conduct.adjudication
        third = adjudication.adjudicator if adjudication else ""
        self._rules.set_sealed(plan.is_sealed)
        self._sealing.set_readers(plan.readers, third, self._conduct.contact)
        self._sealing.set_away(away_accounts(Path(self._folder.text().strip() or ".").expanduser()))
        missing = []
        if not plan.cases:
            missing.append("at least one case")
        wanted = 3 if plan.resolution is Resolution.MEDIAN else 2
        if len(set(plan.readers)) != wanted:
            missing.append(f"{'three' if wanted == 3 else 'two'} different readers")
        if not plan.instruments:
            missing.append("at least one form")
        if not self._folder.text().strip():
            missing.append("a folder")
        crowded = [one for one in plan.columns if one.count > MOST_COLUMNS]
        missing += [f"{one.case} left out ({one.count} columns, room for {MOST_COLUMNS})" for one in crowded]
        missing += [*self._rules.missing, *self._conduct.missing, *unknown, *self._sealing.missing]
        self._create.setEnabled(not missing)
        self._beside.show_summary(summary(plan, self.chosen_instruments, missing))
