"""Every file of an import with what became of it and why; saved as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from workstation.gui.library.approval_control import ApprovalControl
from workstation.gui.theme import Appearance

if TYPE_CHECKING:
    from workstation.workflow.import_report import ImportReport

LOADED, SKIPPED, REFUSED = "loaded", "skipped", "refused"
KEPT_OUT = "kept out"
_CHOICES = (
    ("", "All files"),
    (REFUSED, "Refused"),
    (SKIPPED, "Skipped"),
    (LOADED, "Loaded"),
    (KEPT_OUT, "Waiting for approval"),
)
COLUMNS = ("Status", "File and reason")
Index = QModelIndex | QPersistentModelIndex


class Outcome(Protocol):
    """What became of one file."""

    @property
    def path(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def awaits_approval(self) -> bool: ...


class OutcomeModel(QAbstractTableModel):
    """Files as lines, those of one status only if asked."""

    def __init__(self, appearance: Appearance, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._all: tuple[Outcome, ...] = ()
        self._shown: tuple[Outcome, ...] = ()
        self._status = ""

    def set_outcomes(self, files: Sequence[Outcome]) -> None:
        """Replace every line."""
        self.beginResetModel()
        self._all = tuple(files)
        self._choose()
        self.endResetModel()

    def set_status(self, status: str) -> None:
        """Show one status, ``""`` for all."""
        self.beginResetModel()
        self._status = status
        self._choose()
        self.endResetModel()

    def outcome(self, line: int) -> Outcome:
        """The file of a line."""
        return self._shown[line]

    def rowCount(self, parent: Index | None = None) -> int:
        """One line per file."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index | None = None) -> int:
        """See `COLUMNS`."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Names of the columns."""
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return COLUMNS[section] if shown else None

    def data(self, index: Index, role: int = 0) -> Any:
        """Status as a word, file and reason on two lines; the whole path in the tooltip."""
        file = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            text = f"{_short(file.path)}\n{file.reason}" if file.reason else _short(file.path)
            return (file.status, text)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{file.path}\n{file.reason}" if file.reason else file.path
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            roles = {LOADED: "complete", REFUSED: "refused"}
            return self._appearance.theme.colour(roles.get(file.status, "secondary"))
        return None

    def _choose(self) -> None:
        if self._status == KEPT_OUT:
            self._shown = tuple(file for file in self._all if file.awaits_approval)
        else:
            self._shown = tuple(file for file in self._all if self._status in ("", file.status))


def _short(path: str) -> str:
    """Last two parts of a path: enough to find the file, short enough to read."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


class ImportReportPanel(QFrame):
    """The report of the last import. ``save_wanted(path)`` with the file to write; ``approved()``
    when a person lets in what was kept out."""

    save_wanted = Signal(str)
    approved = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_report")
        self.setProperty("part", "panel")
        self.report: ImportReport | None = None
        self._summary = QLabel("No import yet in this session.")
        self._summary.setObjectName("import_summary")
        self._summary.setWordWrap(True)
        self._crosswalk = QLabel()
        self._crosswalk.setObjectName("crosswalk_note")
        self._crosswalk.setProperty("text_role", "secondary")
        self._crosswalk.setWordWrap(True)
        self._status = QComboBox()
        self._status.setObjectName("import_status")
        self._status.setAccessibleName("Show files that were")
        self._status.setToolTip("Show only files that were loaded, skipped or refused")
        for value, word in _CHOICES:
            self._status.addItem(word, value)
        self._save = QPushButton("Save as CSV…")
        self._save.setObjectName("save_report")
        self._save.setAccessibleName("Save the report as CSV")
        self._save.setToolTip("Write file, status, reason and series of every file")
        self._save.setEnabled(False)
        self._save.clicked.connect(self._on_save)
        self._approval = ApprovalControl()
        self._approval.approved.connect(self.approved)
        self._approval.look_wanted.connect(lambda: self._status.setCurrentIndex(len(_CHOICES) - 1))
        self.model = OutcomeModel(appearance, self)
        self._status.currentIndexChanged.connect(lambda _i: self.model.set_status(self._status.currentData()))
        self._table = self._make_table()
        self._detail = QLabel()
        self._detail.setObjectName("import_detail")
        self._detail.setProperty("text_role", "quiet")
        self._detail.setWordWrap(True)
        self._detail.setMinimumHeight(48)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._status, 1)
        line.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._summary)
        layout.addWidget(self._crosswalk)
        layout.addWidget(self._approval)
        layout.addLayout(line)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._detail)

    def show_report(self, report: ImportReport) -> None:
        """Show what became of each file; refused ones first if there are any."""
        self.report = report
        self.model.set_outcomes(report.files)
        self._summary.setText(summary(report))
        self._summary.setToolTip("\n".join(report.notes))
        self._crosswalk.setText(f"Names and codes are kept apart, in {report.crosswalk.name}.")
        self._crosswalk.setToolTip(str(report.crosswalk))
        self._save.setEnabled(True)
        self._approval.set_count(report.awaiting_approval)
        self._detail.clear()
        self._status.setCurrentIndex(1 if report.refused else 0)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("import_table")
        table.setAccessibleName("Files of the import")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(40)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(0, 72)
        table.selectionModel().currentRowChanged.connect(self._on_line)
        return table

    def _on_line(self, index: QModelIndex) -> None:
        if index.isValid():
            file = self.model.outcome(index.row())
            self._detail.setText(f"{_short(file.path)}: {file.reason}" if file.reason else _short(file.path))

    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the import report", "import-report.csv", "CSV (*.csv)"
        )
        if name:
            self.save_wanted.emit(name)


def summary(report: ImportReport) -> str:
    """``"312 files: 300 loaded, 10 skipped, 2 refused"``."""
    total = report.loaded + report.skipped + report.refused
    return (
        f"{total:,} file{'' if total == 1 else 's'}: {report.loaded:,} loaded, "
        f"{report.skipped:,} skipped, {report.refused:,} refused"
    )
