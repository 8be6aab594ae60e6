"""The items of a form with their answers, a line for each; a cell for each column where there are several."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from workstation.gui.layouts import empty
from workstation.gui.reading.column_strip import ColumnHeads
from workstation.gui.reading.item_row import ItemRow
from workstation.gui.theme import Theme
from workstation.scoring.instrument import Instrument, Item
from workstation.scoring.sheet import ScoreSheet


class ItemList(QWidget):
    """A list that keeps the item in hand in sight. ``chosen`` carries the item that was clicked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[str, ItemRow] = {}
        self._in_hand = ""
        self._margin = 0
        self._list = QWidget()
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._list)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setAccessibleName("Items of the form")
        # Rows laid out later, longer definitions and the lock panel all change what can be seen of the list.
        self._scroll.verticalScrollBar().rangeChanged.connect(lambda *_: self.keep_in_sight())
        self._heads = ColumnHeads(theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._heads)
        layout.addWidget(self._scroll, 1)

    @property
    def margin(self) -> int:
        """How far from the right edge the answers of the last column end, in pixels."""
        return self._margin

    def show_form(self, form: Instrument) -> None:
        """List the items of a form."""
        self.clear()
        codes = {region.id: region.code for region in form.regions}
        columns = form.columns or (None,)
        for item in form.rows:
            across = [form.item_at(item.row, column) for column in columns]
            row = ItemRow(across, codes.get(item.region, item.row), self._theme, self._list)
            row.clicked.connect(self.chosen)
            self._lines.addWidget(row)
            self._rows[item.row] = row
        self._lines.addStretch(1)
        # Always there with columns, so that their heads stand over the answers whether it scrolls or not.
        policy = Qt.ScrollBarPolicy
        self._scroll.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if form.columns else policy.ScrollBarAsNeeded
        )

    def show_answers(self, sheet: ScoreSheet, item: Item) -> None:
        """Show what is answered, and which item is in hand."""
        form = sheet.instrument
        columns = form.columns or (None,)
        place = columns.index(item.column)
        for name, row in self._rows.items():
            answers = [sheet.answer(form.item_at(name, column).id) for column in columns]
            row.set_answers(answers, column=place, current=name == item.row)
        self._margin = self._scroll.verticalScrollBar().sizeHint().width() if form.columns else 0
        self._heads.setContentsMargins(0, 0, self._margin, 0)
        self._heads.show_columns(form.columns, item.column)
        self._in_hand = item.row

    def keep_in_sight(self) -> None:
        """Scroll to the item in hand."""
        row = self._rows.get(self._in_hand)
        if row is not None:
            self._scroll.ensureWidgetVisible(row, 0, 60)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self._heads.set_theme(theme)
        for row in self._rows.values():
            row.set_theme(theme)

    def clear(self) -> None:
        """List nothing."""
        self._in_hand = ""
        self._rows.clear()
        empty(self._lines)
