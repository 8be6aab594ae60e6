"""The case in focus: its visits and series with plane, weighting, spacing, slices and warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from workstation.gui import icons
from workstation.gui.desk import DeskContext
from workstation.gui.library.case_rows import CaseRow, ListedSeries, series_facts, series_label
from workstation.gui.library.side_control import SideControl
from workstation.gui.library.thumbnails import Thumbnails, draw_inside
from workstation.gui.messages import ElidedLabel
from workstation.gui.theme import SMALL_PX, Appearance, interface_font

_SERIES = Qt.ItemDataRole.UserRole + 1
_CODE = Qt.ItemDataRole.UserRole + 2
_ROW_PX, _PICTURE_PX, _HEADING_PX = 60, 52, 30


class CasePreview(QFrame):
    """``opened(code)`` when the person wants to read it, ``side_confirmed(codes, side, joint)``,
    ``part_wanted(code)``."""

    opened = Signal(str)
    side_confirmed = Signal(object, object, object)
    part_wanted = Signal(str)

    def __init__(self, thumbnails: Thumbnails, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        appearance = context.appearance
        self.setObjectName("case_preview")
        self.setProperty("part", "panel")
        self._row: CaseRow | None = None
        self._asking = False
        self._title = ElidedLabel("No case chosen")
        self._title.setObjectName("preview_title")
        self._title.setProperty("text_role", "title")
        self._facts = ElidedLabel()
        self._facts.setProperty("text_role", "secondary")
        self._side = SideControl(context.keymap)
        self._side.confirmed.connect(self.side_confirmed)
        self._change = _quiet("change_side", self._on_change)
        self._part = _quiet("part_case", self._on_part)
        self._list = QListWidget()
        self._list.setObjectName("series_list")
        self._list.setAccessibleName("Series of the case")
        self._list.setItemDelegate(_SeriesDelegate(thumbnails, appearance, self._list))
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentItemChanged.connect(self._on_series)
        self._list.itemActivated.connect(lambda _item: self._on_open())
        self._warnings = QLabel()
        self._warnings.setObjectName("series_warnings")
        self._warnings.setProperty("text_role", "attention")
        self._warnings.setWordWrap(True)
        self._warnings.setMinimumHeight(48)
        self._warnings.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._open = _opening(appearance)
        self._open.clicked.connect(self._on_open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        for widget in (self._title, self._facts, self._side):
            layout.addWidget(widget)
        links = QHBoxLayout()
        links.setContentsMargins(0, 0, 0, 0)
        links.addWidget(self._change)
        links.addWidget(self._part)
        links.addStretch(1)
        layout.addLayout(links)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._warnings)
        layout.addWidget(self._open)
        thumbnails.ready.connect(lambda _key: self._list.viewport().update())

    @property
    def row(self) -> CaseRow | None:
        """The case shown."""
        return self._row

    def show_case(self, row: CaseRow | None) -> None:
        """Show one case, or say that none is chosen."""
        self._row = row
        self._list.clear()
        self._warnings.clear()
        self._side.show_case(row)
        self._show_links(row)
        self._open.setEnabled(row is not None)
        if row is None:
            self._title.set_whole_text("No case chosen")
            self._facts.set_whole_text("Choose a line to see its series.")
            return
        self._title.set_whole_text(row.code)
        count = len(row.series)
        self._facts.set_whole_text(
            f"{row.joint_shown} · side {row.side_text} · {count} series"
            f" · {len(row.visits)} visit{'' if len(row.visits) == 1 else 's'}"
        )
        for visit, found in row.visits:
            if len(row.visits) > 1:
                self._add_heading(f"Visit {visit}")
            for series in found:
                self._add_series(row.code, series)
        first = next((n for n in range(self._list.count()) if self._list.item(n).data(_SERIES)), -1)
        self._list.setCurrentRow(first)

    def show_selection(self, rows: Sequence[CaseRow]) -> None:
        """Ask joint and side of several cases at once; one alone is asked as before."""
        if len(rows) > 1:
            self._title.set_whole_text(f"{len(rows)} cases chosen")
            self._facts.set_whole_text(", ".join(row.code for row in rows))
            self._list.clear()
            self._side.show_several(rows)
            self._change.hide()
            self._part.hide()
            self._open.setEnabled(False)
        elif self._side.asks_several:
            self.show_case(self._row)

    def decide(self, command: str) -> None:
        """A key that chooses joint or side, where one is asked for."""
        self._side.decide(command)

    def _show_links(self, row: CaseRow | None) -> None:
        self._change.setVisible(row is not None and not self._side.isVisibleTo(self))
        self._part.setVisible(row is not None and row.is_joined)
        self._asking = False
        if row is None:
            return
        words = "Change joint or side…" if row.case.joint else "Set joint and side…"
        _word(self._change, words, "Say which joint and side it is; kept with who and when")
        _word(self._part, "Part again…", "Undo the join: each examination gets its own case back")

    def _on_change(self) -> None:
        self._change.hide()
        self._side.open()

    def _on_part(self) -> None:
        if self._row is None:
            return
        if self._asking:
            self.part_wanted.emit(self._row.code)
            return
        self._asking = True
        _word(self._part, "Yes, part it", "The images go back to the cases they came from; this is kept too")

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setSizeHint(QSize(100, _HEADING_PX))
        self._list.addItem(item)

    def _add_series(self, code: str, series: ListedSeries) -> None:
        item = QListWidgetItem(series_label(series))
        item.setData(_SERIES, series)
        item.setData(_CODE, code)
        item.setSizeHint(QSize(100, _ROW_PX))
        spoken = [series_label(series), series_facts(series), *series.warnings]
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ". ".join(spoken))
        item.setToolTip("\n".join((series_facts(series), *series.warnings)))
        self._list.addItem(item)

    def _on_series(self, item: QListWidgetItem | None) -> None:
        series: ListedSeries | None = item.data(_SERIES) if item is not None else None
        self._warnings.setText("\n".join(series.warnings) if series is not None else "")

    def _on_open(self) -> None:
        if self._row is not None:
            self.opened.emit(self._row.code)


def _opening(appearance: Appearance) -> QPushButton:
    made = QPushButton("Read this case")
    made.setObjectName("open_case")
    made.setAccessibleName("Read this case")
    made.setToolTip("Open it on the reading desk  (Enter)")
    made.setProperty("emphasis", "primary")
    icons.dress(made, "read", appearance.theme, "on_accent")
    made.setEnabled(False)
    return made


def _quiet(name: str, run: Callable[[], None]) -> QPushButton:
    made = QPushButton()
    made.setObjectName(name)
    made.setProperty("emphasis", "quiet")
    made.clicked.connect(lambda _checked=False: run())
    made.hide()
    return made


def _word(button: QPushButton, words: str, tip: str) -> None:
    button.setText(words)
    button.setAccessibleName(words.rstrip("…"))
    button.setToolTip(tip)


class _SeriesDelegate(QStyledItemDelegate):
    """Picture on black, name, facts below it, a warning sign with its count."""

    def __init__(self, thumbnails: Thumbnails, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._appearance = appearance
        self._small = interface_font(SMALL_PX)
        self._normal = interface_font()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One series, or the heading of a visit."""
        series: ListedSeries | None = index.data(_SERIES)
        rect: QRect = option.rect
        theme = self._appearance.theme
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        heading, inner.text = inner.text, ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, inner, painter, option.widget)
        if series is None:
            painter.setFont(self._small)
            painter.setPen(theme.colour("secondary"))
            painter.drawText(rect.adjusted(8, 0, -8, -2), Qt.AlignmentFlag.AlignBottom, heading)
            return
        self._paint_picture(painter, rect, index.data(_CODE), series)
        left = rect.left() + _PICTURE_PX + 16
        right = rect.right() - 8
        if series.warnings:
            ratio = painter.device().devicePixelRatioF()
            sign = icons.pixmap("warning", theme.roles["attention"], 16, ratio)
            right -= 24
            painter.drawPixmap(right + 8, rect.top() + 12, sign)
        number = f"{series.series_number}  " if series.series_number is not None else ""
        lines = (
            (self._normal, "text", f"{number}{series_label(series)}", 10),
            (self._small, "secondary", series_facts(series), 32),
        )
        for font, role, text, top in lines:
            painter.setFont(font)
            painter.setPen(theme.colour(role))
            room = QRect(left, rect.top() + top, right - left, 18)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_picture(self, painter: QPainter, rect: QRect, code: str, series: ListedSeries) -> None:
        box = QRect(rect.left() + 6, rect.top() + (_ROW_PX - _PICTURE_PX) // 2, _PICTURE_PX, _PICTURE_PX)
        painter.fillRect(box, self._appearance.theme.colour("image.background"))
        picture = self._thumbnails.pixmap(code, series.key)
        if picture is not None:
            draw_inside(painter, box, picture)
