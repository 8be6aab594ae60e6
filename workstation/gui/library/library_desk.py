"""The library desk: import, find, check and open cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from workstation.errors import WorkstationError
from workstation.gui.actions import Action, button, qt_action
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.empty_state import EmptyState
from workstation.gui.keymap import tell
from workstation.gui.library.case_decisions import CaseDecisions
from workstation.gui.library.case_preview import CasePreview
from workstation.gui.library.case_rows import CaseRow, State, case_rows, filter_counts
from workstation.gui.library.case_table import CaseModel, CaseTable
from workstation.gui.library.filter_panel import FilterPanel
from workstation.gui.library.import_options import ImportOptions, ImportRequest
from workstation.gui.library.import_report import ImportReportPanel, summary
from workstation.gui.library.import_strip import ImportStrip
from workstation.gui.library.join_banner import JoinBanner
from workstation.gui.library.side_control import COMMANDS
from workstation.gui.library.thumbnails import Thumbnails
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.import_report import ImportReport

_SEARCH_MS = 120
_EMPTY = (
    "Import a folder, a ZIP file or a disc with hip or knee MRI, or drop it anywhere on this window. "
    "The images are copied without names and dates; the originals stay as they are."
)


class LibraryDesk(Desk):
    """Filter list, table of cases, preview and import report."""

    id = "library"
    title = "Library"

    open_case = Signal(str)
    import_finished = Signal(object)
    listed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._queue: list[ImportRequest] = []
        self._last_request: ImportRequest | None = None
        self._decisions = CaseDecisions(context, self)
        self._chosen_code = ""
        keys = context.keymap.keys
        self._actions = (
            Action("import_folder", "Import folder…", keys["import_folder"], self.choose_folder, "folder",
                   "Import every image below a folder or disc"),
            Action("import_files", "Import files…", keys["import_files"], self.choose_files, "import",
                   "Import DICOM or ZIP files"),
            Action("import_options", "With options…", keys["import_options"], self.choose_options, "",
                   "Import with case codes of your own, another crosswalk, or approved secondary captures"),
        )  # fmt: skip
        self._search_action = Action(
            "search", "Search", keys["search"], self._focus_search, "search", "Search cases"
        )
        deciding = (
            Action(command, command, keys[command], partial(self._decide, command)) for command in COMMANDS
        )
        for action in (*self._actions, self._search_action, *deciding):
            qt_action(action, self, context.keymap)
        self._thumbnails = Thumbnails(context, self)
        self._model = CaseModel(self._thumbnails, self)
        self._build()
        self.open_case.connect(lambda code: self.asked_for.emit("reading", code))
        if context.has_workspace:
            self.refresh()

    # what the window calls --------------------------------------------------------------------

    def take(self, what: object) -> None:
        """A tuple of paths is imported; a case code is put into focus."""
        if isinstance(what, tuple):
            self.import_paths(what)
        elif isinstance(what, str):
            self._chosen_code = what
            self._table.choose(what)

    def entered(self) -> None:
        """The table has the focus, or the first thing to do."""
        if self._pages.currentWidget() is self._empty:
            self._pages.setFocus()
        else:
            self._table.setFocus()

    def workspace_opened(self) -> None:
        """List the cases."""
        self.refresh()

    def workspace_refused(self, error: WorkstationError) -> None:
        """Say why there is nothing to list."""
        self._empty.set_text(error.sentence)
        self._pages.setCurrentWidget(self._empty)

    def shut_down(self) -> None:
        """Stop the import: it resumes with the same files."""
        self.context.jobs.cancel("import")

    # listing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """List the cases again, off the GUI thread."""
        workspace = self.context.workspace

        def read(_progress: Progress) -> tuple[tuple[CaseRow, ...], Sequence[object], tuple[str, ...]]:
            library = workspace.library
            rows = case_rows(library.studies(), library.joined_cases(), library.suggested_joints())
            for row in rows:  # worked out here, once, and not while the table is filled
                _ = row.face, row.roles_text, row.warnings
            return rows, library.join_candidates(), library.warnings

        self.context.jobs.start("library-list", read, self._on_listed)

    def _on_listed(self, answer: tuple[tuple[CaseRow, ...], Sequence[object], tuple[str, ...]]) -> None:
        rows, candidates, warnings = answer
        current = self._table.current_row()
        code = self._chosen_code or (current.code if current else "")
        self._model.set_cases(rows)
        self._filters.set_counts(filter_counts(rows))
        self._banner.set_candidates(candidates)  # type: ignore[arg-type]
        self._empty.set_text(_EMPTY)
        self._pages.setCurrentWidget(self._work if rows or self._report.report else self._empty)
        if not (code and self._table.choose(code)) and self._table.proxy.rowCount():
            self._table.setCurrentIndex(self._table.proxy.index(0, 1))
        self._chosen_code = ""
        self._show_case(self._table.current_row())
        self._count()
        for text in warnings:
            self.context.messages.attention(text)
        self.listed.emit()

    def _count(self) -> None:
        total, shown = len(self._model.cases), self._table.proxy.rowCount()
        waiting = sum(row.state is State.SIDE for row in self._model.cases)
        text = f"{total:,} case{'' if total == 1 else 's'}"
        if shown != total:
            text = f"{shown:,} of {text}"
        if waiting:
            text += f" · {waiting:,} wait{'s' if waiting == 1 else ''} for a side"
        self._strip.set_idle_text(text)

    def _on_filter(self) -> None:
        self._table.proxy.set_filter(replace(self._filters.chosen, text=self._search.text()))
        if self._table.current_row() is None and self._table.proxy.rowCount():
            self._table.setCurrentIndex(self._table.proxy.index(0, 1))
        self._show_case(self._table.current_row())
        self._count()

    def _show_case(self, row: CaseRow | None) -> None:
        if row is not self._preview.row or row is None:
            self._preview.show_case(row)

    # import -----------------------------------------------------------------------------------

    def choose_folder(self) -> None:
        """Ask for a folder and import it."""
        name = QFileDialog.getExistingDirectory(self, "Import every image below this folder")
        if name:
            self.import_paths((Path(name),))

    def choose_files(self) -> None:
        """Ask for files and import them."""
        names, _ = QFileDialog.getOpenFileNames(self, "Import DICOM or ZIP files")
        if names:
            self.import_paths(tuple(Path(name) for name in names))

    def choose_options(self) -> None:
        """Ask for folder or files together with codes, crosswalk and approval, and import."""
        if not self.context.has_workspace:
            self.context.messages.inform("The library is still being opened.")
            return
        from workstation.store.crosswalk import default_path

        dialog = ImportOptions(str(default_path(self.context.workspace.library.folder)), self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.run_import(dialog.request)
        dialog.deleteLater()

    def import_paths(self, paths: tuple[Path, ...]) -> None:
        """Import folders, files and ZIP files; waits its turn while another import runs."""
        if paths:
            self.run_import(ImportRequest(paths, crosswalk=self._decisions.crosswalk))

    def run_import(self, request: ImportRequest) -> None:
        """Import as asked; waits its turn while another import runs."""
        if self.context.jobs.is_running("import"):
            self._queue.append(request)
            self.context.messages.inform("Noted. This is imported after the import that runs now.")
            return
        # Imported when used: the import is not needed to show the library.
        from workstation.workflow.import_files import import_paths

        work = self.context.jobs.in_gentle_process(
            import_paths,
            self.context.workspace,
            list(request.paths),
            codes=request.codes,
            crosswalk=request.crosswalk,
            approve_secondary=request.approve_secondary,
        )
        self._last_request = request
        self._decisions.crosswalk = request.crosswalk
        self._pages.setCurrentWidget(self._work)
        self._strip.begin("Looking for files…")
        self.context.jobs.start(
            "import", work, self._on_imported, self._on_import_refused,
            self._strip.show_progress, self._on_import_cancelled,
        )  # fmt: skip

    def _on_imported(self, report: ImportReport) -> None:
        self._strip.finish()
        self._report.show_report(report)
        self._tabs.setCurrentWidget(self._report if report.refused or not report.loaded else self._preview)
        self._tabs.setTabText(
            1, f"Import report ({report.refused} refused)" if report.refused else "Import report"
        )
        self._thumbnails.clear()
        say = self.context.messages.attention if report.refused else self.context.messages.inform
        say(f"{summary(report)}.", "Show report", self._show_report)
        self.import_finished.emit(report)
        self._go_on()

    def _on_import_refused(self, error: WorkstationError) -> None:
        self._strip.finish()
        self.context.messages.show(error)
        self._go_on()

    def _on_import_cancelled(self) -> None:
        self._strip.finish()
        self._queue.clear()
        self.context.messages.inform(
            "The import was stopped. What was imported is kept; import the same files again to go on."
        )
        self._go_on()

    def _go_on(self) -> None:
        self.refresh()
        if self._queue:
            self.run_import(self._queue.pop(0))

    def _show_report(self) -> None:
        self._pages.setCurrentWidget(self._work)
        self._tabs.setCurrentWidget(self._report)

    def _save_report(self, name: str) -> None:
        report = self._report.report
        if report is None:
            return
        self.context.jobs.start(
            "import-report",
            lambda _progress: report.write_csv(Path(name)),
            lambda _none: self.context.messages.inform(f"The report was saved as {Path(name).name}."),
        )

    def _approve(self) -> None:
        if self._last_request is not None:
            self.run_import(replace(self._last_request, approve_secondary=True))

    def _decide(self, command: str) -> None:
        self._preview.decide(command)

    def _on_decided(self, code: str) -> None:
        self._chosen_code = code
        self._tabs.setCurrentWidget(self._preview)
        self.refresh()

    # building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        appearance = self.context.appearance
        self._filters = FilterPanel()
        self._table = CaseTable(self._model, appearance)
        self._preview = CasePreview(self._thumbnails, self.context)
        self._report = ImportReportPanel(appearance)
        self._strip = ImportStrip(appearance)
        self._banner = JoinBanner(appearance)
        self._empty = EmptyState("library", "No cases yet", "Opening the library…", appearance, self._actions)
        self._tabs = QTabWidget()
        self._tabs.setObjectName("library_tabs")
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._tabs.tabBar().setAccessibleName("Case or import report")
        self._tabs.addTab(self._preview, "Case")
        self._tabs.addTab(self._report, "Import report")
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(12, 8, 12, 0)
        column.setSpacing(8)
        column.addLayout(self._toolbar())
        column.addWidget(self._banner)
        column.addWidget(self._table, 1)
        column.addWidget(self._strip)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(middle)
        split.addWidget(self._tabs)
        split.setStretchFactor(0, 1)
        split.setSizes([720, 376])
        self._tabs.setMinimumWidth(320)
        self._work = QWidget()
        line = QHBoxLayout(self._work)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self._filters)
        line.addWidget(split, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._work)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._connect()

    def _connect(self) -> None:
        self._filters.changed.connect(lambda _f: self._on_filter())
        self._table.opened.connect(self.open_case)
        self._table.chosen.connect(self._show_case)
        self._table.several_chosen.connect(self._preview.show_selection)
        self._table.clicked.connect(lambda _index: self._tabs.setCurrentWidget(self._preview))
        self._preview.opened.connect(self.open_case)
        self._preview.side_confirmed.connect(self._decisions.confirm)
        self._preview.part_wanted.connect(self._decisions.part)
        self._decisions.decided.connect(self._on_decided)
        self._report.approved.connect(self._approve)
        self._strip.cancelled.connect(lambda: self.context.jobs.cancel("import"))
        self._report.save_wanted.connect(self._save_report)
        self._banner.joined.connect(self._decisions.join)
        self._banner.kept_apart.connect(self._decisions.keep_apart)

    def _toolbar(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        for action in self._actions:
            line.addWidget(button(action, self.context.theme, keymap=self.context.keymap))
        line.addStretch(1)
        self._search = QLineEdit()
        self._search.setObjectName("search")
        self._search.setAccessibleName("Search cases")
        self._search.setPlaceholderText("Search code, side, series…")
        tell(self._search, self.context.keymap, "search", "Search cases")
        self._search.setClearButtonEnabled(True)
        self._search.setAcceptDrops(False)  # files dropped here are for the window
        self._search.setMinimumWidth(220)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_SEARCH_MS)
        self._wait.timeout.connect(self._on_filter)
        self._search.textChanged.connect(lambda _text: self._wait.start())
        self._search.returnPressed.connect(self._on_search_done)
        line.addWidget(self._search)
        return line

    def _on_search_done(self) -> None:
        self._on_filter()
        self._table.setFocus()

    def _focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()
