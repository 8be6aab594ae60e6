"""The items of one case as X and Y answered them, the worst difference first."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workstation.gui.theme import Theme
from workstation.reading.reconcile import Final, ItemPair, Source
from workstation.scoring.instrument import Instrument, Level
from workstation.scoring.sheet import Answer, AnswerState, number_text

HEADINGS = ("item", "X", "Y", "final", "why")
ITEM_PX, MORE_PX = 112, 28
"""Width of an item's name, and what the name of a visit adds."""
OPEN_MARK = "[   ]"
MOST_LETTERS = 4
"""Labels that are longer stand in the table as the key that gives them."""


def answer_text(instrument: Instrument, answer: Answer, *, short: bool = False) -> str:
    """The level's label, ``n/a`` for not assessable, a dash where the answer is not shown."""
    if not answer.is_answered:
        return "–"
    if answer.state == AnswerState.NOT_ASSESSABLE or answer.grade is None:
        return "n/a"
    return _label(instrument.item(answer.item_id).level(answer.grade), short)


def _label(level: Level, short: bool) -> str:
    return level.key if short and len(level.label) > MOST_LETTERS else level.label


def final_text(instrument: Instrument, final: Final, *, short: bool = False) -> str:
    """The grade's label, a mean of points as a number, ``n/a``, or an empty box while open."""
    if final.source == Source.OPEN:
        return OPEN_MARK
    if final.grade is not None:
        return _label(instrument.item(final.item).level(final.grade), short)
    if final.points is None:
        return "n/a"
    return f"{number_text(final.points)} {'point' if final.points == 1 else 'points'}"


class ItemTable(QTableWidget):
    """One row per item; the current row is the item in hand. ``item_chosen`` carries its row."""

    item_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADINGS), parent)
        self.setObjectName("reconcile_items")
        self.setAccessibleName("Items as X and Y answered them")
        self.setHorizontalHeaderLabels(HEADINGS)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((ITEM_PX, 44, 44, 76)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        self.currentCellChanged.connect(lambda row, *_: self.item_chosen.emit(row) if row >= 0 else None)

    def show_items(
        self,
        pairs: tuple[ItemPair, ...],
        instruments: dict[str, Instrument],
        finals: dict[tuple[str, str], Final],
        theme: Theme,
    ) -> None:
        """Fill the table; the current row stays."""
        row_now = self.currentRow()
        three = any(pair.z is not None for pair in pairs)
        self.setHorizontalHeaderLabels(("item", "X  Y  Z", *HEADINGS[2:]) if three else HEADINGS)
        self.setColumnHidden(2, three)
        self.setColumnWidth(1, 88 if three else 44)
        has_columns = any(form.columns for form in instruments.values())
        self.setColumnWidth(0, ITEM_PX + (MORE_PX if has_columns else 0))
        with QSignalBlocker(self):
            self.setRowCount(len(pairs))
            for row, pair in enumerate(pairs):
                instrument = instruments[pair.instrument]
                final = finals[pair.instrument, pair.item]
                item = instrument.item(pair.item)
                name = instrument.region_of(pair.item).code
                name += f" · {item.column.short}" if item.column is not None else ""
                prefix = f"{pair.instrument.split('-')[0].upper()} " if len(instruments) > 1 else ""
                said = [answer_text(instrument, one, short=True) for one in pair.answers]
                whole = [answer_text(instrument, one) for one in pair.answers]
                texts = (
                    prefix + name,
                    "  ".join(said) if three else said[0],
                    said[1],
                    final_text(instrument, final, short=True),
                    final.reason,
                )
                tips = (
                    item.full_title,
                    ", ".join(whole) if three else whole[0],
                    whole[1],
                    final_text(instrument, final),
                    final.reason,
                )
                for column, (text, tip) in enumerate(zip(texts, tips, strict=True)):
                    cell = QTableWidgetItem(text)
                    cell.setToolTip(tip)
                    if pair.differs:
                        role = "attention" if final.source == Source.OPEN else "text"
                    else:
                        role = "secondary"
                    cell.setForeground(QColor(theme.colour(role)))
                    self.setItem(row, column, cell)
            if 0 <= row_now < len(pairs):
                self.setCurrentCell(row_now, 0)
