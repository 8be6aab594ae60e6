"""A plain table of numbers: right-aligned, tabular figures, "n/a" with its reason on hover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workstation.analysis.estimate import Estimate

UNDEFINED_MARK, BARE_MARK = "*", "†"
"""No value, and a value without an interval; `legend` says why."""

ID_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Cell:
    """Text with what is said on hover."""

    text: str
    tip: str = ""


def estimate_cell(estimate: Estimate, *, interval: bool = True, percent: bool = False) -> Cell:
    """A statistic as a cell; where it is not defined, ``n/a`` and why.

    Parameters
    ----------
    interval : bool
        Show the 95 % limits in the cell; otherwise only on hover.
    percent : bool
        Show the value as whole percent.
    """
    if estimate.value is None:
        if not estimate.reason:
            return Cell("n/a", "Not defined")
        return Cell(f"n/a {UNDEFINED_MARK}", f"Not defined: {estimate.reason}")
    whole = f"{signed(estimate.text(3))}, n = {estimate.n}"
    tip = f"{whole}. {estimate.reason}" if estimate.reason else whole
    if percent:
        return Cell(f"{100 * estimate.value:.0f} %", tip)
    text = signed(estimate.text())
    if interval and estimate.low is None and estimate.reason:
        return Cell(f"{text} {BARE_MARK}", tip)
    return Cell(text if interval else text.partition(" (")[0], tip)


def legend(estimates: Iterable[Estimate]) -> str:
    """What the marks of the cells mean here: ``"* Not defined: …  † No interval: …"``, or ``""``."""
    told = [one for one in estimates if one.reason]
    undefined = dict.fromkeys(one.reason for one in told if one.value is None)
    bare = dict.fromkeys(one.reason for one in told if one.value is not None and one.low is None)
    parts = []
    if undefined:
        parts.append(f"{UNDEFINED_MARK} Not defined: {'; '.join(undefined)}.")
    if bare:
        parts.append(f"{BARE_MARK} {'; '.join(bare)}.".replace("no interval", "No interval", 1))
    return "  ".join(parts)


def signed(text: str) -> str:
    """Numbers with the minus sign of typography, as wide as the plus."""
    return text.replace("-", "\u2212")


class NumberTable(QTableWidget):
    """Read-only lines; the first column stretches and is words."""

    def __init__(
        self, name: str, title: str, columns: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(0, len(columns), parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.set_columns(columns)

    def set_columns(self, columns: Sequence[tuple[str, str]]) -> None:
        """Name the columns: (title, what it means, shown on hover)."""
        self.setColumnCount(len(columns))
        for column, (title, tip) in enumerate(columns):
            item = QTableWidgetItem(title)
            item.setToolTip(tip or title)
            item.setTextAlignment(_alignment(column))
            self.setHorizontalHeaderItem(column, item)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(44)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def set_lines(self, lines: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Show lines: (id, cells)."""
        self.setRowCount(len(lines))
        for row, (line_id, cells) in enumerate(lines):
            for column, cell in enumerate(cells):
                item = QTableWidgetItem(cell.text)
                item.setData(ID_ROLE, line_id)
                item.setToolTip(cell.tip or cell.text)
                item.setTextAlignment(_alignment(column))
                self.setItem(row, column, item)

    def current_id(self) -> str:
        """Id of the line in focus, ``""`` if none."""
        item = self.item(self.currentRow(), 0)
        return str(item.data(ID_ROLE)) if item is not None else ""

    def choose(self, line_id: str) -> None:
        """Put the focus on a line."""
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            if item is not None and item.data(ID_ROLE) == line_id:
                self.setCurrentCell(row, 0)
                return


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
