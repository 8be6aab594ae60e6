"""The list of a case's measurements: a click shows the picture, the box hides, a name can be given."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.keymap import tell
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.measurement import Mark, Shape, lines_of, quantity_text

ROW_PX, MOST_ROWS = 26, 4
NAME, VALUE, WHERE = 0, 1, 2
GAP = "\u2002"
"""An en space before the slice, so that it stands apart from the value."""


class MarkList(QFrame):
    """A line that opens to the list of marks of a viewer."""

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mark_list")
        self._grid, self._book = grid, grid.measuring.book
        self._head = self._header()
        self._key = self._button("key_image", "Key image", "Make the slice shown a key image, or no longer")
        self._remove = self._button("delete_mark", "Remove", "Remove the selected measurement")
        self._key.clicked.connect(lambda: self._book.toggle_key_image(grid.active_tile))
        self._remove.clicked.connect(self._book.remove_selected)
        self._table = self._make_table()
        self._empty = QLabel("Nothing yet: choose a tool under the images")
        self._empty.setProperty("text_role", "secondary")
        top = QHBoxLayout()
        top.setContentsMargins(8, 2, 8, 2)
        top.addWidget(self._head, 1)
        top.addWidget(self._key)
        top.addWidget(self._remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._table)
        layout.addWidget(self._empty)
        self._empty.setContentsMargins(12, 2, 12, 8)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._book.changed.connect(self._fill)
        self.set_open(False)

    @property
    def table(self) -> QTableWidget:
        """The rows."""
        return self._table

    @property
    def is_open(self) -> bool:
        """True while the rows are shown."""
        return self._head.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or fold the rows."""
        self._head.setChecked(is_open)
        self._head.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return shows the picture of a row; the rest is the desk's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._table.hasFocus():
            self._on_row(self._table.currentRow())
        else:
            super().keyPressEvent(event)

    # --- building --------------------------------------------------------------------------------

    def _header(self) -> QToolButton:
        head = QToolButton(self)
        head.setObjectName("marks_open")
        head.setCheckable(True)
        head.setProperty("emphasis", "quiet")
        head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        head.setAccessibleName("List of measurements")
        head.setToolTip("Measurements, notes and key images of this case")
        head.toggled.connect(self.set_open)
        return head

    def _button(self, action: str, title: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"marks_{action}")
        button.setText(title)
        button.setProperty("emphasis", "quiet")
        button.setAccessibleName(title)
        tell(button, self._grid.keymap, action, tip)
        return button

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 3, self)
        table.setObjectName("marks")
        table.setAccessibleName("Measurements of this case")
        table.setToolTip("Click: show it. Box: show or hide. Double click: give it a name.")
        table.setHorizontalHeaderLabels(["name", "value", "slice"])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setTabKeyNavigation(False)
        table.verticalHeader().setDefaultSectionSize(ROW_PX)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = table.horizontalHeader()
        header.hide()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (VALUE, WHERE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        table.cellClicked.connect(lambda row, _: self._on_row(row))
        table.itemChanged.connect(self._on_item)
        return table

    # --- showing ---------------------------------------------------------------------------------

    def _fill(self) -> None:
        marks = tuple(self._book.marks.values())
        count = f"  {len(marks)}" if marks else ""
        self._head.setText(f"Measurements{count}")
        self._remove.setEnabled(bool(self._book.selected))
        self._table.setVisible(self.is_open and bool(marks))
        self._empty.setVisible(self.is_open and not marks)
        if not self.is_open:
            return
        with QSignalBlocker(self._table):
            self._table.setRowCount(len(marks))
            self._table.setFixedHeight(ROW_PX * min(len(marks), MOST_ROWS) + 2)
            for row, mark in enumerate(marks):
                self._fill_row(row, mark)
            selected = next((i for i, one in enumerate(marks) if one.id == self._book.selected), -1)
            if selected >= 0:
                self._table.selectRow(selected)
            else:
                self._table.clearSelection()

    def _fill_row(self, row: int, mark: Mark) -> None:
        name = QTableWidgetItem(mark.title)
        name.setData(Qt.ItemDataRole.UserRole, mark.id)
        shown = mark.id not in self._book.hidden
        name.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
        numbers = mark.result.quantities
        value = QTableWidgetItem(quantity_text(numbers[0]) if numbers else "")
        value.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        where = QTableWidgetItem(self._where(mark))
        for item in (value, where):
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
        for column, item in enumerate((name, value, where)):
            item.setToolTip("\n".join(dict.fromkeys((mark.title, *lines_of(mark)))))
            self._table.setItem(row, column, item)

    def _where(self, mark: Mark) -> str:
        index = self._book.slice_of(mark)
        content = self._grid.presenter.contents.get(mark.series_key)
        if content is None or index is None:
            return f"{GAP}not in this case"
        return f"{GAP}{content.caption} {index + 1}"

    # --- events ----------------------------------------------------------------------------------

    def _on_row(self, row: int) -> None:
        item = self._table.item(row, NAME)
        if item is not None:
            self._grid.measuring.go_to(str(item.data(Qt.ItemDataRole.UserRole)))

    def _on_item(self, item: QTableWidgetItem) -> None:
        mark = self._book.marks.get(str(item.data(Qt.ItemDataRole.UserRole)))
        if mark is None or item.column() != NAME:
            return
        is_hidden = item.checkState() == Qt.CheckState.Unchecked
        if is_hidden != (mark.id in self._book.hidden):
            self._book.set_hidden(mark.id, is_hidden)
        elif item.text() != mark.title and not (mark.shape is Shape.TEXT and not item.text().strip()):
            self._book.rename(mark.id, item.text())
        else:
            self._fill()
