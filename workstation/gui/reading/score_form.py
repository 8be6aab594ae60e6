"""The form: one item has the focus, a digit answers it and moves on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.commands import make_keymap
from workstation.gui.keymap import Keymap, tell
from workstation.gui.layouts import empty
from workstation.gui.reading.column_strip import ColumnStrip
from workstation.gui.reading.definitions import Definitions
from workstation.gui.reading.item_list import ItemList
from workstation.gui.reading.item_row import answer_mark
from workstation.gui.reading.level_buttons import LevelButtons
from workstation.gui.reading.region_diagram import RegionDiagram
from workstation.gui.reading.totals_strip import TotalsStrip
from workstation.gui.theme import Theme
from workstation.imaging.study import Laterality
from workstation.scoring.instrument import Column, Instrument, Item
from workstation.scoring.sheet import AnswerState, ScoreSheet

FORM_WIDTH, MARGIN_PX = 372, 12
LOW_PX, ROOMY_PX = 720, 900
"""Below the one the diagram is smaller, and the list keeps its rows; from the other on every sum shows."""
NOT_ASSESSABLE_KEYS = (Qt.Key.Key_Minus, Qt.Key.Key_Period)


class ScoreForm(QWidget):
    """Shows the sheets of one read and says which answer the reader wants.

    The form keeps no answers: it is given sheets and emits wishes. ``answered`` carries instrument
    identifier, item identifier and the grade, or None for not assessable; ``column_changed`` the column that
    a digit answers now, None where the form has no columns.
    """

    answered = Signal(str, str, object)
    flag_wanted = Signal(str, str)
    evidence_wanted = Signal(str, str)
    column_changed = Signal(object)
    undo_wanted = Signal()
    redo_wanted = Signal()
    lock_wanted = Signal()
    item_changed = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, keymap: Keymap | None = None) -> None:
        super().__init__(parent)
        self._keymap = keymap or make_keymap({})
        self.setObjectName("score_form")
        self.setAccessibleName("Score form")
        self.setFixedWidth(FORM_WIDTH)
        self._theme = theme
        self._sheets: tuple[ScoreSheet, ...] = ()
        self._tab = 0
        self._item = ""
        self._locked = False
        self._told: Column | None = None
        self._shows_totals = False
        self._build()

    # what is shown ---------------------------------------------------------------------------

    @property
    def instrument(self) -> Instrument:
        """The instrument whose items are listed."""
        return self._sheets[self._tab].instrument

    @property
    def current_item(self) -> str:
        """Identifier of the item that a digit would answer."""
        return self._item

    @property
    def lock_button(self) -> QPushButton:
        """Asks for the signature; of no use while something is asked."""
        return self._lock

    def set_read(
        self,
        sheets: Sequence[ScoreSheet],
        laterality: Laterality | None,
        *,
        locked: bool,
        totals: bool = False,
    ) -> None:
        """Show the sheets of a read from its first unread item; `totals` if sums may be seen."""
        self._shows_totals = totals
        self._sheets = tuple(sheets)
        self._laterality = laterality
        self._locked = locked
        self._told = None  # another case may begin in the same column
        self._fill_tabs()
        tab = next((i for i, sheet in enumerate(self._sheets) if not sheet.is_complete), 0)
        self._show_tab(tab)
        first = self._sheets[tab].next_unanswered(None)
        self.go_to(first or self.instrument.items[0].id)

    def set_sheets(self, sheets: Sequence[ScoreSheet]) -> None:
        """Show new answers of the same read."""
        self._sheets = tuple(sheets)
        self._refresh()

    def clear(self) -> None:
        """Show no read."""
        self._sheets = ()
        self._item = ""
        self._list.clear()
        self._shows_totals = False
        self._totals.show_sheet(None)
        self._tell_column()
        self._title.setText("")
        self._counter.setText("")
        self._summary.setText("")

    def set_locked(self, locked: bool) -> None:
        """A locked read can be looked at and not answered."""
        self._locked = locked
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self._diagram.set_theme(theme)
        self._list.set_theme(theme)
        self._totals.set_theme(theme)

    def go_to(self, item_id: str) -> None:
        """Give an item of the shown instrument the focus of the form."""
        self._item = item_id
        self._refresh()
        self._list.keep_in_sight()
        self._tell_column()
        self.item_changed.emit(self.instrument.id, item_id)

    def show_item(self, instrument_id: str, item_id: str) -> None:
        """Go to an item of any of the forms."""
        if instrument_id != self.instrument.id:
            self._show_tab(next(i for i, s in enumerate(self._sheets) if s.instrument.id == instrument_id))
        self.go_to(item_id)

    @property
    def column(self) -> Column | None:
        """The column that a digit would answer; None where the form has one."""
        return self._current().column if self._sheets and self._item else None

    # what the reader does --------------------------------------------------------------------

    def handle_key(self, event: QKeyEvent) -> bool:
        """Act on a key of the form; False leaves it to the viewer."""
        if not self._sheets:
            return False
        held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        if event.modifiers() & held:
            return self._act(self._keymap.action_of(event, "form"))
        key, text = event.key(), event.text()
        level = next((one for one in self._current().levels if one.key == text), None)
        action = self._keymap.action_of(event, "form")
        if event.isAutoRepeat() and action not in ("form_back", "form_next"):
            # A key that is held down answers one item, never the rest of the form.
            return level is not None or bool(action) or key in NOT_ASSESSABLE_KEYS
        if level is not None:
            self.answer(level.grade)
        elif key in NOT_ASSESSABLE_KEYS:
            self.answer(None)
        else:
            # A digit that is no level must not fall through to a window preset of the viewer.
            return self._act(action) or text.isdigit()
        return True

    def _act(self, action: str) -> bool:
        """Do a command of the form; False if there is none of that name."""
        if action == "form_back":
            self._step(-1)
        elif action == "form_next":
            self._to_unanswered()
        elif action == "form_column":
            self._turn_column()
        elif action == "form_flag":
            self.flag_wanted.emit(self.instrument.id, self._item)
        elif action == "form_evidence":
            self.evidence_wanted.emit(self.instrument.id, self._item)
        return bool(action)

    def answer(self, grade: int | None) -> None:
        """Wish an answer for the current item and move on."""
        if self._locked:
            return
        item = self._item
        self.answered.emit(self.instrument.id, item, grade)
        if self._sheets[self._tab].answer(item).state != AnswerState.UNREAD:
            self._advance(item)

    # building --------------------------------------------------------------------------------

    def _build(self) -> None:
        self._tabs = QHBoxLayout()
        self._tabs.setSpacing(4)
        self._tab_buttons = QButtonGroup(self)
        self._tab_buttons.idClicked.connect(self._on_tab)
        self._title = QLabel()
        self._title.setProperty("text_role", "title")
        self._title.setWordWrap(True)
        self._counter = QLabel()
        self._counter.setProperty("text_role", "secondary")
        self._counter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._diagram = RegionDiagram(self._theme, self)
        self._diagram.region_clicked.connect(self._on_region)
        self._item_title = QLabel()
        self._item_title.setObjectName("item_title")
        self._item_title.setWordWrap(True)
        heading = QHBoxLayout()
        heading.addWidget(self._title, 1)
        heading.addWidget(self._counter)
        self._strip = ColumnStrip(self._keymap, self)
        self._strip.chosen.connect(self._on_column)
        self._levels = LevelButtons(self)
        self._levels.chosen.connect(self.answer)
        self._definitions = Definitions(FORM_WIDTH - 2 * MARGIN_PX, self)
        self._list = ItemList(self._theme, self)
        self._list.chosen.connect(self.go_to)
        self._totals = TotalsStrip(self._theme, self)
        self._note = QLabel()
        self._note.setProperty("text_role", "secondary")
        self._note.setWordWrap(True)
        self._summary = QLabel()
        self._summary.setProperty("text_role", "secondary")
        self._lock = QPushButton("Lock this read…")
        self._lock.setObjectName("lock_read")
        tell(self._lock, self._keymap, "lock", "Sign this read; nothing changes after")
        self._keymap.changed.connect(self._refresh)
        self._lock.setAccessibleName("Lock this read")
        self._lock.clicked.connect(self.lock_wanted)
        self._lay_out(heading)

    def _lay_out(self, heading: QHBoxLayout) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        layout.setSpacing(8)
        layout.addLayout(self._tabs)
        layout.addLayout(heading)
        layout.addWidget(self._diagram)
        layout.addWidget(self._strip)
        layout.addWidget(self._item_title)
        layout.addWidget(self._levels)
        layout.addWidget(self._definitions)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._totals)
        layout.addWidget(self._note)
        layout.addWidget(self._summary)
        layout.addWidget(self._lock)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low form has a smaller diagram, a high one a line for every sum."""
        super().resizeEvent(event)
        self._diagram.set_small(self.height() < LOW_PX)
        self._totals.set_roomy(self.height() >= ROOMY_PX)

    def set_asking(self, asking: bool) -> None:
        """A question under the form takes the room of what the grades mean: none is given meanwhile."""
        self._definitions.setVisible(not asking)

    def _fill_tabs(self) -> None:
        for old in self._tab_buttons.buttons():
            self._tab_buttons.removeButton(old)
        empty(self._tabs)
        if len(self._sheets) < 2:
            return
        for index, sheet in enumerate(self._sheets):
            button = QPushButton(sheet.instrument.title)
            button.setObjectName("form_tab")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(f"Show the form {sheet.instrument.title}")
            button.setAccessibleName(f"Form {sheet.instrument.title}")
            self._tab_buttons.addButton(button, index)
            self._tabs.addWidget(button, 1)

    def _show_tab(self, tab: int) -> None:
        self._tab = tab
        button = self._tab_buttons.button(tab)
        if button is not None:
            button.setChecked(True)
        self._list.show_form(self.instrument)
        self._strip.show_columns(self.instrument.columns)
        self._diagram.set_instrument(self.instrument, self._laterality)
        self._title.setText(self.instrument.title)
        for one in (self._title, self._counter):
            one.setVisible(len(self._sheets) == 1)
        self._definitions.show_form(self.instrument)
        unvalidated = self.instrument.status != "validated"
        self._note.setText("⚠ Unvalidated scale: for research only" if unvalidated else "")
        self._note.setVisible(unvalidated)

    def _refresh(self) -> None:
        if not self._sheets or not self._item:
            return
        sheet, item = self._sheets[self._tab], self._current()
        self._list.show_answers(sheet, item)
        self._totals.show_sheet(sheet if self._shows_totals else None, self._list.margin)
        if item.column is not None:
            self._strip.show_state(sheet, item.column)
            self._diagram.set_instrument(self.instrument, self._side_of(item.column))
        marks: dict[str, str] = {}
        for one in self.instrument.items:
            if one.column != item.column:
                continue
            mark = answer_mark(one, sheet.answer(one.id))
            if one.region and mark and (one.region not in marks or one.id == item.id):
                marks[one.region] = mark
        self._diagram.set_state(item.region, marks)
        code = next((r.code for r in self.instrument.regions if r.id == item.region), item.row)
        self._item_title.setText(f"<b>{code}</b>&nbsp; {item.title}")
        answer = sheet.answer(item.id)
        self._levels.show_item(item, answer, locked=self._locked)
        self._definitions.show_item(item, answer)
        answers = [sheet.answer(one.id) for one in self.instrument.items]
        done = sum(answer.state != AnswerState.UNREAD for answer in answers)
        self._counter.setText(f"{done} of {len(answers)}")
        here = f" · {done} of {len(answers)} here" if len(self._sheets) > 1 else ""
        every = [s.answer(one.id) for s in self._sheets for one in s.instrument.items]
        answered = sum(answer.state != AnswerState.UNREAD for answer in every)
        flagged = sum(answer.flagged for answer in every)
        self._summary.setText(
            "Locked: nothing changes after"
            if self._locked
            else f"{answered} of {len(every)} answered{here} · {flagged} flagged"
        )
        self._lock.setEnabled(not self._locked and answered == len(every))
        self._lock.setText("Locked" if self._locked else f"Lock this read…   {self._keymap.key_of('lock')}")

    # moving ----------------------------------------------------------------------------------

    def _current(self) -> Item:
        return self.instrument.item(self._item)

    def _turn_column(self) -> None:
        """The same item in the next column, the first one after the last."""
        if columns := self.instrument.columns:
            place = columns.index(self._current().column)
            self._on_column((place + 1) % len(columns))

    def _on_column(self, place: int) -> None:
        columns = self.instrument.columns
        self.go_to(self.instrument.item_at(self._current().row, columns[place]).id)

    def _side_of(self, column: Column) -> Laterality | None:
        """For which side the diagram is drawn."""
        return Laterality(column.side) if column.side else self._laterality

    def _tell_column(self) -> None:
        if self.column != self._told:
            self._told = self.column
            self.column_changed.emit(self._told)

    def _step(self, by: int) -> None:
        ids = [item.id for item in self.instrument.items]
        index = ids.index(self._item) + by
        if 0 <= index < len(ids):
            self.go_to(ids[index])
        elif 0 <= self._tab + by < len(self._sheets):
            self._show_tab(self._tab + by)
            self.go_to(self.instrument.items[0 if by > 0 else -1].id)

    def _advance(self, item: str) -> None:
        ids = [one.id for one in self.instrument.items if one.column == self._current().column]
        if item != ids[-1]:
            self.go_to(ids[ids.index(item) + 1])
        else:
            self._to_unanswered()

    def _to_unanswered(self) -> None:
        """Next unread item after the current one, through all forms of the read, round once."""
        for step in range(len(self._sheets) + 1):
            tab = (self._tab + step) % len(self._sheets)
            after = self._item if step == 0 else None
            item = self._sheets[tab].next_unanswered(after)
            if item is not None:
                if tab != self._tab:
                    self._show_tab(tab)
                self.go_to(item)
                return

    def _on_region(self, region: str) -> None:
        for item in self.instrument.items:
            if item.region == region and item.column == self._current().column:
                self.go_to(item.id)
                return

    def _on_tab(self, tab: int) -> None:
        self._show_tab(tab)
        self.go_to(self._sheets[tab].next_unanswered(None) or self.instrument.items[0].id)
