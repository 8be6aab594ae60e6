"""The table of cases: holds thousands, asks for a picture only when its line is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)  # fmt: skip
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)  # fmt: skip

from workstation.gui import icons
from workstation.gui.library.case_rows import CaseFilter, CaseRow, State
from workstation.gui.library.thumbnails import Thumbnails, draw_inside
from workstation.gui.theme import Appearance

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("", "Case", "Joint", "Side", "Visits", "Series found", "State")
PICTURE, CODE, JOINT, SIDE, VISITS, ROLES, STATE = range(7)
ROW_PX, PICTURE_PX = 52, 44
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
PICTURE_ROLE = Qt.ItemDataRole.UserRole + 2
_WIDTHS = {PICTURE: 56, CODE: 128, JOINT: 56, SIDE: 60, VISITS: 52, STATE: 160}


class CaseModel(QAbstractTableModel):
    """Cases as lines; the row object itself is under `ROW_ROLE`."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[CaseRow, ...] = ()
        self._line_of: dict[str, int] = {}
        self._thumbnails = thumbnails
        thumbnails.ready.connect(self._on_picture)

    @property
    def cases(self) -> tuple[CaseRow, ...]:
        """All lines, filtered or not."""
        return self._rows

    def set_cases(self, rows: Sequence[CaseRow]) -> None:
        """Replace every line."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._line_of = {row.face.key: line for line, row in enumerate(rows) if row.face}
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """One line per case."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """See `COLUMNS`."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Names of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        """Text, tooltip, picture or the row itself."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, index.column())
        if role == PICTURE_ROLE and index.column() == PICTURE and row.face:
            return self._thumbnails.pixmap(row.code, row.face.key)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _text(row, index.column()) or f"Picture of {row.code}"
        return row if role == ROW_ROLE else None

    def _on_picture(self, series_key: str) -> None:
        line = self._line_of.get(series_key)
        if line is not None:
            index = self.index(line, PICTURE)
            self.dataChanged.emit(index, index, [PICTURE_ROLE])


def _text(row: CaseRow, column: int) -> str:
    if column == STATE:
        extra = f"{len(row.warnings)} warning{'' if len(row.warnings) == 1 else 's'}" if row.warnings else ""
        if row.state is State.READY:
            return extra or "ready"
        return f"{row.state.value}\n{extra}" if extra else row.state.value
    texts = {
        CODE: row.code,
        JOINT: row.joint_shown,
        SIDE: row.side_text,
        VISITS: str(len(row.visits)),
        ROLES: row.roles_text,
    }
    return texts.get(column, "")


def _tip(row: CaseRow, column: int) -> str | None:
    if column == STATE and row.warnings:
        return "\n".join(row.warnings)
    if column == ROLES:
        return row.roles_text
    if column == SIDE and row.state is State.SIDE:
        return "The files do not say the side, or contradict each other: confirm it at the right"
    if column == JOINT and row.joint_shown != row.joint_text:
        return "The files name no joint; the coil was built for it: confirm it at the right"
    if column == VISITS:
        return ", ".join(visit or "visit" for visit, _ in row.visits)
    return row.code if column == CODE else None


class CaseProxy(QSortFilterProxyModel):
    """Filter and order; codes are ordered as a person counts (K-2 before K-10)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._filter = CaseFilter()
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._ranks: dict[int, list[int]] = {}

    def setSourceModel(self, model: QAbstractItemModel) -> None:
        """Order and filter the lines of `model`."""
        model.modelAboutToBeReset.connect(self._ranks.clear)
        super().setSourceModel(model)

    def set_filter(self, chosen: CaseFilter) -> None:
        """Show only the cases that `chosen` accepts."""
        self.beginFilterChange()
        self._filter = chosen
        self.endFilterChange()

    def filterAcceptsRow(self, line: int, _parent: Index) -> bool:
        """Ask the filter."""
        model = self.sourceModel()
        return self._filter.accepts(model.cases[line]) if isinstance(model, CaseModel) else True

    def lessThan(self, left: Index, right: Index) -> bool:
        """By text, numbers inside as numbers."""
        ranks = self._ranks.get(left.column())
        if ranks is None:
            ranks = self._ranks[left.column()] = self._ranked(left.column())
        return ranks[left.row()] < ranks[right.row()]

    def _ranked(self, column: int) -> list[int]:
        """Place of every line by a column, worked out once: sorting asks thousands of times."""
        model = self.sourceModel()
        keys = [_natural(str(model.index(line, column).data() or "")) for line in range(model.rowCount())]
        places = {key: place for place, key in enumerate(sorted(set(keys)))}
        return [places[key] for key in keys]


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


class CaseDelegate(QStyledItemDelegate):
    """Draws the picture on black and the state with its icon."""

    def __init__(self, appearance: Appearance, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """All lines are as high: the table need not ask each."""
        return QSize(60, ROW_PX)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Where a text is cut; the picture and the state's icon are drawn by `paint`."""
        super().initStyleOption(option, index)
        whole = index.column() in (ROLES, STATE)  # words on two lines; codes are cut in the middle
        option.textElideMode = Qt.TextElideMode.ElideRight if whole else Qt.TextElideMode.ElideMiddle

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        if index.column() == STATE:
            self._paint_state(painter, option, index)
            return
        super().paint(painter, option, index)
        if index.column() == PICTURE:
            rect: QRect = option.rect
            box = QRect(0, 0, PICTURE_PX, PICTURE_PX)
            box.moveCenter(rect.center())
            painter.fillRect(box, self._appearance.theme.colour("image.background"))
            picture = index.data(PICTURE_ROLE)
            if isinstance(picture, QPixmap):
                draw_inside(painter, box, picture)

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: CaseRow = index.data(ROW_ROLE)
        theme = self._appearance.theme
        name, role = ("check", "complete")
        if row.state is State.SIDE or row.warnings:
            name, role = ("warning", "attention")
        elif row.state is State.DISPLAY:
            name, role = ("eye", "secondary")
        rect: QRect = option.rect
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        text, inner.text = inner.text, ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, inner, painter, option.widget)
        picture = icons.pixmap(name, theme.roles[role], 16, painter.device().devicePixelRatioF())
        painter.drawPixmap(rect.left() + 8, rect.center().y() - 7, picture)
        room = rect.adjusted(30, 0, -6, 0)
        painter.setPen(theme.colour("text"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, text)


class CaseTable(QTableView):
    """The view. ``opened(code)`` on Enter or double click, ``chosen(row)`` as the line changes,
    ``several_chosen(rows)`` as the selection changes."""

    opened = Signal(str)
    chosen = Signal(object)
    several_chosen = Signal(object)

    def __init__(self, model: CaseModel, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("case_table")
        self.setAccessibleName("Cases of the library")
        self.proxy = CaseProxy(self)
        self.proxy.setSourceModel(model)
        self.setModel(self.proxy)
        self.setItemDelegate(CaseDelegate(appearance, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setSortingEnabled(True)
        self.sortByColumn(CODE, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(ROLES, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        self.doubleClicked.connect(self._on_open)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit(self.current_row()))
        self.selectionModel().selectionChanged.connect(
            lambda *_: self.several_chosen.emit(self.selected_rows())
        )

    def current_row(self) -> CaseRow | None:
        """The case of the line in focus."""
        index = self.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    def selected_rows(self) -> tuple[CaseRow, ...]:
        """The cases of every selected line, from the top."""
        lines = sorted(index.row() for index in self.selectionModel().selectedRows(CODE))
        return tuple(self.proxy.index(line, CODE).data(ROW_ROLE) for line in lines)

    def choose(self, code: str) -> bool:
        """Put the focus on a case; False if it is not shown."""
        for line in range(self.proxy.rowCount()):
            index = self.proxy.index(line, CODE)
            if index.data(ROW_ROLE).code == code:
                self.setCurrentIndex(index)
                self.scrollTo(index)
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the case."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_open()
            return
        super().keyPressEvent(event)

    def _on_open(self) -> None:
        row = self.current_row()
        if row is not None:
            self.opened.emit(row.code)
