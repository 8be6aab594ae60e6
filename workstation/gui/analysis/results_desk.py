"""The results desk: open reads, see where readers agree, take the tables away."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.actions import Action, button, qt_action
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.empty_state import EmptyState
from workstation.gui.idle import NOBODY_THERE, ON_DEMAND, IdleWatch, put_away_windows
from workstation.gui.messages import ElidedLabel
from workstation.gui.sign_in_page import SignInPage
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.gui.analysis.agreement_view import AgreementView
    from workstation.workflow.deliver import SignIn
    from workstation.workflow.open_results import Results

_EMPTY = (
    "See how well the readers agree: per item, region and total, with intervals. Open a long table of reads "
    "(CSV), or a study: it opens when every read of the study is locked."
)


class ResultsDesk(Desk):
    """Agreement of a study or of a table of reads."""

    id = "results"
    title = "Results"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.results: Results | None = None
        self._view: AgreementView | None = None
        self._waiting: Path | None = None  # the sealed study that somebody is to open
        self._accounts: tuple[str, ...] = ()  # who may
        self._watch = IdleWatch(float(context.settings.get("idle_lock_min", 10)), self)
        self._watch.idle.connect(lambda: self.lock_session(NOBODY_THERE))
        keys = context.keymap.keys
        self._open = (
            Action("open_reads", "Open reads…", keys["open_reads"], self.choose_reads, "file",
                   "Open a long table of reads (CSV)"),
            Action("open_study", "Open study…", keys["open_study"], self.choose_study, "open",
                   "Open the folder of a study whose reads are locked"),
        )  # fmt: skip
        self._save = (
            Action("save_tables", "Save tables…", keys["save_tables"], self.choose_tables, "export",
                   "Write reads, reconciled values and agreement as CSV into a folder"),
            Action("save_report", "Save report…", keys["save_report"], self.choose_report, "export",
                   "Write the report as HTML into a folder"),
        )  # fmt: skip
        for action in (*self._open, *self._save):
            qt_action(action, self, context.keymap)
        self._build()

    # what the window calls --------------------------------------------------------------------

    def take(self, what: object) -> None:
        """Open a CSV file or a study folder."""
        paths = what if isinstance(what, tuple) else (what,)
        if paths and isinstance(paths[0], str | Path):
            self.open_path(Path(paths[0]))

    def takes_drop(self, paths: tuple[Path, ...]) -> bool:
        """A single table of reads may be dropped here."""
        return len(paths) == 1 and paths[0].suffix.lower() == ".csv"

    # what a person does -----------------------------------------------------------------------

    def choose_reads(self) -> None:
        """Ask for a CSV file."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a table of reads", "", "Tables (*.csv *.tsv *.txt)")
        if name:
            self.open_path(Path(name))

    def choose_study(self) -> None:
        """Ask for the folder of a study."""
        name = QFileDialog.getExistingDirectory(self, "Open the folder of a study")
        if name:
            self.open_path(Path(name))

    def choose_tables(self) -> None:
        """Write reads, reconciled values and agreement as CSV."""
        self.choose_target("csv")

    def choose_report(self) -> None:
        """Write the HTML report."""
        self.choose_target("html")

    def choose_target(self, format_id: str) -> None:
        """Ask where to write, and write."""
        if self.results is None:
            self.context.messages.attention("Open reads first; then there is something to save.")
            return
        name = QFileDialog.getExistingDirectory(self, "Save into this folder")
        if name:
            self.save_into(format_id, Path(name))

    def open_path(self, path: Path) -> None:
        """Read and compare, off the GUI thread."""

        def work(_progress: Progress) -> tuple[str, ...]:
            from workstation.workflow.unseal_study import who_opens

            return who_opens(path) if path.is_dir() else ()

        self.context.jobs.start("results", work, lambda names: self._on_names(path, names), self._on_refused)

    def lock_session(self, why: str = ON_DEMAND) -> bool:
        """Put away what an account has opened, until it signs in again; tables of reads stay."""
        results = self.results
        if results is None or results.sign_in is None:
            return False
        self._watch.stop()
        self.context.jobs.forget("results")
        self.context.jobs.forget("save-results")
        self._put_away()
        put_away_windows(self)
        self._ask(results.source, self._accounts, why)
        return True

    def shut_down(self) -> None:
        """The window closes: nobody is to come back."""
        self._watch.stop()

    def _put_away(self) -> None:
        self.results = None
        if self._view is not None:
            self._pages.removeWidget(self._view)
            self._view.deleteLater()
            self._view = None
        self._part.hide()
        self._part.clear()
        for made in self._save_buttons:
            made.setEnabled(False)
        self._show_title()
        self.titled.emit("")

    def _ask(self, path: Path, names: tuple[str, ...], text: str) -> None:
        self._waiting, self._accounts = path, names
        self._pages.setCurrentWidget(self._sign_in)
        self._sign_in.ask(path.name, names, text)

    def _on_names(self, path: Path, names: tuple[str, ...]) -> None:
        if names:
            self._ask(path, names, "The reads are sealed: an account of the study opens them.")
        else:
            self._compare(path, None)

    def sign_in(self, name: str, passphrase: str) -> None:
        """Open the sealed study that waits, with an account."""
        if self._waiting is not None:
            self._compare(self._waiting, lambda study: study.sign_in(name, passphrase))

    def _compare(self, path: Path, sign_in: SignIn | None) -> None:
        context = self.context
        workspace = context.workspace if context.has_workspace else None

        def work(progress: Progress) -> Results:
            from workstation.workflow.open_results import open_results

            importlib.import_module("pyqtgraph")  # 0.7 s that the window does not wait for
            importlib.import_module("workstation.gui.analysis.agreement_view")
            return open_results(path, workspace, progress, sign_in)

        self._title.set_whole_text("Comparing the reads…")
        context.jobs.start("results", work, self._on_opened, self._on_refused, on_cancelled=self._show_title)

    def save_into(self, format_id: str, folder: Path) -> None:
        """Write the tables or the report into a folder."""
        results = self.results
        if results is None:
            return
        workspace = self.context.workspace if self.context.has_workspace else None

        def work(progress: Progress) -> list[Path]:
            from workstation.workflow.open_results import save_results

            return save_results(results, format_id, folder, workspace, progress)

        def done(files: list[Path]) -> None:
            names = ", ".join(path.name for path in files)
            self.context.messages.inform(f"Written to {folder.name}: {names}.")

        self.context.jobs.start("save-results", work, done)

    # slots ------------------------------------------------------------------------------------

    def _on_opened(self, results: Results) -> None:
        # The view is made in one turn of the window and filled in others.
        self.context.jobs.in_turns("results", self._make_view, partial(self._show_results, results))

    def _make_view(self) -> None:
        from workstation.gui.analysis.agreement_view import AgreementView

        if self._view is None:
            self._view = AgreementView(self.context.appearance)
            self._view.case_opened.connect(lambda code: self.asked_for.emit("reading", code))

    def _show_results(self, results: Results) -> None:
        if self._view is None:
            return
        if self._pages.indexOf(self._view) < 0:
            self._pages.addWidget(self._view)
        self.results = results
        self._part.blockSignals(True)
        self._part.clear()
        for part in results.report.parts:
            words = [part.title, *((part.comparison,) if part.comparison else ())]
            self._part.addItem(" · ".join(words))
        self._part.blockSignals(False)
        self._part.setVisible(True)
        for made in self._save_buttons:
            made.setEnabled(True)
        self._pages.setCurrentWidget(self._view)
        if results.sign_in is not None:
            self._watch.start()
        self._show_title()
        self._show_part()
        self.titled.emit(results.title)
        if results.bundle.limits:
            self.context.messages.attention(results.bundle.limits)

    def _on_refused(self, error: WorkstationError) -> None:
        self._show_title()
        if self._pages.currentWidget() is self._sign_in:
            self._sign_in.refuse(error.sentence)
        else:
            self.context.messages.show(error)

    def _show_part(self) -> None:
        if self.results is not None and self._view is not None and self._part.currentIndex() >= 0:
            part = self.results.report.parts[self._part.currentIndex()]
            steps = self._view.steps_to_show(part, self.results.bundle.reads)
            self.context.jobs.in_turns("show-results", *steps)
            self._show_title()

    def _show_title(self) -> None:
        if self.results is None or self._part.currentIndex() < 0:
            self._title.set_whole_text("")
            return
        part = self.results.report.parts[self._part.currentIndex()]
        readers = " and ".join(part.readers)
        cases = "1 case" if part.cases == 1 else f"{part.cases} cases"
        self._title.set_whole_text(f"{cases}, readers {readers}")

    # building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        theme = self.context.theme
        self._title = ElidedLabel()
        self._title.setObjectName("results_title")
        self._title.setProperty("text_role", "quiet")
        self._part = QComboBox()
        self._part.setObjectName("instrument")
        self._part.setAccessibleName("Instrument and comparison")
        self._part.setToolTip("Which form, and whether readers or repeated readings are compared")
        self._part.setMinimumWidth(200)
        self._part.hide()
        self._part.currentIndexChanged.connect(lambda _i: self._show_part())
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 0)
        bar.setSpacing(8)
        for action in self._open:
            bar.addWidget(button(action, theme, keymap=self.context.keymap))
        bar.addSpacing(8)
        bar.addWidget(self._part)
        bar.addWidget(self._title, 1)
        self._save_buttons: list[QWidget] = []
        for action in self._save:
            made = button(action, theme, keymap=self.context.keymap)
            made.setEnabled(False)
            self._save_buttons.append(made)
            bar.addWidget(made)
        empty = EmptyState("results", "No results open", _EMPTY, self.context.appearance, self._open)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._sign_in = SignInPage(self)
        self._sign_in.given.connect(self.sign_in)
        self._sign_in.cancelled.connect(lambda: self._pages.setCurrentWidget(self._view or empty))
        self._pages.addWidget(self._sign_in)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._pages, 1)
