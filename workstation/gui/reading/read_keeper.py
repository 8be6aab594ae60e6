"""The open read behind the form: every wish of the reader is kept at once, the view soon after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.masks.free_drawing import FreeDrawing
from workstation.gui.reading.column_tiles import ColumnTiles
from workstation.gui.reading.edit_order import EditOrder
from workstation.gui.reading.score_form import ScoreForm
from workstation.gui.reading.taken_back import change_between, standing_of
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.measurement import marks_of
from workstation.imaging.study import Series
from workstation.masks.editing.strokes import Stroke
from workstation.scoring.sheet import Evidence
from workstation.workflow.free_view import FreeView, view_of_case, view_of_folder

if TYPE_CHECKING:
    from workstation.workflow.open_read import OpenRead

KEEP_VIEW_MS = 800
"""The viewing state is kept when the reader has rested this long."""

LOCKED = "This read is locked: its masks stay as they are"
BEING_SIGNED = "This read is being signed"

LONGEST_WAIT_MS = 5000
"""It is kept after this time also while something moves on and on (cine)."""


class ReadKeeper(QObject):
    """Carries answers, flags, evidence and viewing state from the screen into the read.

    A refusal is told and nothing has changed; the form always shows what the read says. ``changed`` says
    that something was kept.
    """

    changed = Signal()

    def __init__(self, grid: ViewerGrid, form: ScoreForm, context: DeskContext, parent: QObject) -> None:
        super().__init__(parent)
        self.read: OpenRead | None = None
        self._grid = grid
        self._form = form
        self._messages, self._jobs = context.messages, context.jobs
        self._book, self._masks = grid.measuring.book, grid.drawing.book
        self._book.edited.connect(self._on_marks_edited)
        self._drawing = FreeDrawing(self._masks, context.jobs, self)
        self._order = EditOrder(self._book, self._masks)
        self._warns = False  # that what is drawn is not kept, at the first stroke
        self._masks.made.connect(self._on_stroke_made)
        grid.drawing.told.connect(self._messages.attention)
        self._free: FreeView | None = None
        self._restoring = False
        self._columns = ColumnTiles(grid, form, self)
        self._waiting = QElapsedTimer()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(KEEP_VIEW_MS)
        self._rest.timeout.connect(self._keep_view)
        grid.state_changed.connect(self._on_state_changed)
        form.answered.connect(self._on_answered)
        form.flag_wanted.connect(lambda name, item: self._act(lambda read: read.flag(item, instrument=name)))
        form.evidence_wanted.connect(self._on_evidence)

    @property
    def unread(self) -> int:
        """How many items the reader has still to read."""
        return sum(len(sheet.unread_items) for sheet in self.read.sheets) if self.read is not None else 0

    def show(self, visits: Mapping[str, str] | None = None) -> None:
        """Put the read on the form, and what was measured and drawn on the screen; the view is there.

        `visits` is the visit of each series, where another case is opened.
        """
        if self.read is None:
            return
        if visits is not None:
            self._columns.open(visits)
        read = self.read
        self._form.set_read(
            read.sheets, read.case.laterality, locked=read.is_locked, totals=read.shows_totals
        )
        self._jobs.in_turns("note-series", self._note_series)  # waits for the disk
        self._book.keeper = self._masks.keeper = self
        self._masks.refusal = LOCKED if self.read.is_locked else ""
        if damaged := self._show_marks():
            lost = f"{damaged} of your measurements or strokes not shown"
            self._messages.attention(f"{lost}: damaged, or drawn on other images")
        if self._is_paused:
            self.pause(False)  # the case was left in a pause; opening it again ends it

    def show_view(self, kept: Mapping[str, Any] | None) -> None:
        """Bring back the screen as it was left."""
        if kept:
            self._restoring = True
            self._grid.restore(kept)
            self._restoring = False

    def pause(self, paused: bool) -> None:
        """Keep that the reader pauses or goes on; a locked read is only looked at."""
        self.flush()
        if self.read is not None and not self.read.is_locked:
            self._act(lambda read: read.pause(paused))

    def show_free(self, library: Path, code: str) -> None:
        """Put a case outside any study on the screen as this person left it, and keep how it is left."""
        self._show_view(view_of_case(library, code))

    def show_drawn(self, library: Path, code: str) -> None:
        """Bring back what was drawn on such a case."""
        try:
            self._drawing.open(library, code)
        except WorkstationError as error:
            self._messages.show(error)

    def show_folder(self, series: Iterable[Series]) -> None:
        """The same for pictures that were not imported; what is drawn there is not kept, and that is said."""
        self._show_view(view_of_folder(series))
        self._warns = True

    def _on_stroke_made(self) -> None:
        if self._warns:
            self._messages.attention("Masks drawn on a folder are not kept; import it to keep them")
        self._warns = False

    def _show_view(self, view: FreeView) -> None:
        self._free = view
        self.show_view(view.kept())

    def undo(self) -> None:
        """Take back the last entry; outside a read, what was measured or drawn last; nothing in a pause."""
        if self.read is None:
            self._order.undo()
        elif not self._is_paused:
            self._turn("Undone", "undo", lambda read: read.undo())

    def redo(self) -> None:
        """Bring back what undo took."""
        if self.read is None:
            self._order.redo()
        elif not self._is_paused:
            self._turn("Brought back", "bring back", lambda read: read.redo())

    def _turn(self, done: str, verb: str, change: Callable[[OpenRead], object]) -> None:
        """Undo or redo, say what it was, and stand where it was: it may be far from the item in hand."""
        if self.read is None:
            return
        before = standing_of(self.read)
        if self._act(change):
            turned = change_between(before, standing_of(self.read))
            if turned.item:
                self._form.show_item(turned.instrument, turned.item)
            self._messages.inform(f"{done}: {turned.text}" if turned.text else f"There is nothing to {verb}")

    def keep_mark(self, mark_id: str, mark: Mapping[str, Any] | None) -> None:
        """Keep a measurement in the read's journal; None takes it away."""
        self._act(lambda read: read.keep_mark(mark_id, mark))

    def keep_stroke(self, stroke: Stroke) -> None:
        """Keep an edit of a drawn mask in the read's journal."""
        self._act(lambda read: read.keep_stroke(stroke))

    def call_not_readable(self, reason: str) -> bool:
        """Close all items of the case with a reason; False when that was refused."""
        return self._act(lambda read: read.call_not_readable(reason))

    def flush(self) -> None:
        """Keep the viewing state and what is drawn now, if they wait to be kept."""
        self._masks.drop()  # a stroke that the hand has not finished
        try:
            self._drawing.flush()
        except WorkstationError as error:
            self._messages.show(error)
        if self._rest.isActive():
            self._rest.stop()
            self._keep_view()

    def hold(self) -> OpenRead | None:
        """Keep nothing more in the read until it is taken back: it is being signed as it stands."""
        self.flush()
        read, self.read = self.read, None
        self._book.keeper = self._masks.keeper = None
        self._masks.refusal = BEING_SIGNED
        return read

    def take_back(self, read: OpenRead) -> None:
        """Go on keeping in a read that was not signed after all."""
        self.read = read
        self._book.keeper = self._masks.keeper = self
        self._masks.refusal = ""
        self._form.set_sheets(read.sheets)
        self._show_marks()

    def close(self) -> None:
        """Let go of the read; everything is kept."""
        self.flush()
        self._drawing.close()
        self._columns.close()
        self.read = self._free = self._book.keeper = self._masks.keeper = None
        self._masks.refusal = ""
        self._book.clear()
        self._masks.clear()
        self._order.clear()
        self._warns = False

    @property
    def _is_paused(self) -> bool:
        return self.read is not None and self.read.session.replay.paused

    # private -------------------------------------------------------------------------------------

    def _act(self, change: Callable[[OpenRead], object]) -> bool:
        if self.read is None:
            return False
        try:
            change(self.read)
        except WorkstationError as error:
            self._messages.show(error)
            return False
        finally:
            self._form.set_sheets(self.read.sheets)
            self._show_marks()
        self.changed.emit()
        return True

    def _show_marks(self) -> int:
        """Show the marks and masks of the read; how many could not be."""
        if self.read is None:
            return 0
        marks, damaged = marks_of(self.read.marks)
        self._book.show(marks)
        return damaged + self._masks.show(self.read.drawn)

    def _on_marks_edited(self) -> None:
        if self._free is not None:  # a read has kept it already
            self._rest.stop()
            self._keep_view()

    def _on_answered(self, name: str, item: str, grade: int | None) -> None:
        self._act(lambda read: read.answer(item, grade, self.evidence(), instrument=name))

    def _on_evidence(self, name: str, item: str) -> None:
        if missing := self._columns.missing:
            self._messages.attention(missing)
            return
        evidence = self.evidence(assumed=False)
        if evidence is not None and self._act(
            lambda read: read.tie_evidence(item, evidence, instrument=name)
        ):
            self._messages.inform("This slice is tied to the item as its evidence")

    def evidence(self, *, assumed: bool = True) -> Evidence | None:
        """The slice on screen, of the column in hand where visits have columns; None without one."""
        position = self._columns.position()
        if position is None:
            return None
        return Evidence(*position, assumed=assumed, view=self._grid.states())

    def _on_state_changed(self) -> None:
        is_open = self.read is not None and not self.read.is_locked
        if (is_open or self._free is not None) and not self._restoring:
            if not self._rest.isActive():
                self._waiting.start()
            if self._waiting.elapsed() < LONGEST_WAIT_MS:
                self._rest.start()

    def _note_series(self) -> None:
        """Keep which series came on screen for the first time."""
        if self.read is not None and not self.read.is_locked:
            tiles = self._grid.states()["tiles"]
            shown = dict.fromkeys(str(tile["series_key"]) for tile in tiles if tile.get("series_key"))
            try:
                self.read.note_series(shown)
            except WorkstationError as error:
                self._messages.show(error)

    def _keep_view(self) -> None:
        self._note_series()
        try:
            if self.read is not None and not self.read.is_locked:
                self.read.keep_view_state(self._grid.states())
            elif self.read is None and self._free is not None:
                self._free.keep(self._grid.states())
        except WorkstationError as error:
            self._messages.show(error)
