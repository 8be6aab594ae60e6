"""The marks of the case on screen: kept, changed, selected, hidden, and found again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.imaging.mark_history import MarkHistory
from workstation.imaging.measurement import (
    Mark,
    Point,
    Shape,
    calibration_of,
    problem_of,
    to_dict,
    value_unit,
)
from workstation.imaging.roi import PictureValues, measure

REFORMAT = "Not on a reformat: a double click goes to the slice"


Picture = tuple[str, str, int]
"""Series key, SOP instance and frame."""


class MarkKeeper(Protocol):
    """Who keeps marks for good, and then says with `MarkBook.show` what is kept."""

    def keep_mark(self, mark_id: str, mark: Mapping[str, Any] | None) -> None:
        """Keep a mark as plain values; None takes it away."""


class MarkBook(QObject):
    """Marks by their id. Without a keeper it keeps them itself and knows undo.

    Signals
    -------
    changed()
        Marks, selection or hiding changed.
    edited()
        A mark was made, changed or taken away, or undo did so; not while a read is opened.
    made()
        A step was made that only this book keeps.
    text_wanted(int, object)
        A note is to be written in a viewport at an image position (x, y).
    """

    changed = Signal()
    edited = Signal()
    made = Signal()
    text_wanted = Signal(int, object)

    def __init__(self, presenter: ViewerPresenter) -> None:
        super().__init__(presenter)
        self.presenter = presenter
        self.keeper: MarkKeeper | None = None
        self.selected = ""
        self.hidden: frozenset[str] = frozenset()
        self.draft: Mark | None = None
        self.is_drawing = False
        self.said = ""
        self._history = MarkHistory()
        self._sorted: tuple[object, object, dict[Picture, tuple[Mark, ...]]] = (None, None, {})

    # --- questions -------------------------------------------------------------------------------

    @property
    def marks(self) -> Mapping[str, Mark]:
        """Every mark of the case, in the order made."""
        return self._history.marks

    def place_of(self, tile: int) -> tuple[str, str, int] | None:
        """(series key, SOP instance, frame) that a mark in a viewport lies on.

        None where nothing hangs, and on a reformat, which is no image of its own.
        """
        content, position = self.presenter.content(tile), self.presenter.position(tile)
        if content is None or content.source or position is None:
            return None
        return position[:3]

    def on_tile(self, tile: int) -> tuple[Mark, ...]:
        """The marks that a viewport shows now, the draft in place of what it changes."""
        if not self.marks and self.draft is None:
            return ()
        where = self.place_of(tile)
        if where is None or self.presenter.peeking:
            return ()
        found, draft = self._on_pictures().get(where, ()), self.draft
        if draft is None or _picture_of(draft) != where:
            return found
        known = any(one.id == draft.id for one in found)
        return (*(draft if one.id == draft.id else one for one in found), *[draft] * (not known))

    def _on_pictures(self) -> dict[Picture, tuple[Mark, ...]]:
        """The marks that are not hidden by the picture they lie on; asked at every paint, so kept."""
        if self._sorted[0] is not self.marks or self._sorted[1] is not self.hidden:
            found: dict[Picture, tuple[Mark, ...]] = {}
            for one in self.marks.values():
                if one.id not in self.hidden:
                    found[_picture_of(one)] = (*found.get(_picture_of(one), ()), one)
            self._sorted = self.marks, self.hidden, found
        return self._sorted[2]

    def slice_of(self, mark: Mark) -> int | None:
        """Slice of its series that a mark lies on; None if the case does not have it."""
        content = self.presenter.contents.get(mark.series_key)
        if content is None:
            return None
        wanted = (mark.sop_instance_uid, mark.frame)
        return next(
            (
                index
                for index, one in enumerate(content.series.instances)
                if (one.sop_instance_uid, one.frame) == wanted
            ),
            None,
        )

    def new_mark(self, tile: int, shape: Shape, points: tuple[Point, ...] = ()) -> Mark | None:
        """A mark on the picture of a viewport, not yet kept; None where there is no picture."""
        where = self.place_of(tile)
        content = self.presenter.content(tile)
        self.say(REFORMAT if where is None and content is not None and content.source else "")
        return None if where is None else Mark(uuid.uuid4().hex[:12], shape, *where, points)

    def measured(self, mark: Mark) -> Mark:
        """The mark with its numbers found anew; unchanged while its picture is not loaded."""
        picture = self._picture(mark)
        result = measure(mark.shape, mark.points, picture) if picture is not None else mark.result
        return replace(mark, result=result)

    # --- changes ---------------------------------------------------------------------------------

    def keep(self, mark: Mark, *, measured: bool = True) -> bool:
        """Make or replace a mark; False if its points make no such shape, or it was refused."""
        self.say(problem_of(mark.shape, mark.points))
        if self.said:
            return False
        now = self.measured(mark) if measured else mark
        if self.marks.get(now.id) != now:
            self._change(now.id, now)
        if now.id in self.marks:
            self.select(now.id)
        return now.id in self.marks

    def remove(self, mark_id: str) -> None:
        """Take a mark away."""
        if mark_id in self.marks:
            self._change(mark_id, None)

    def remove_selected(self) -> None:
        """Take the selected mark away."""
        self.remove(self.selected)

    def rename(self, mark_id: str, name: str) -> None:
        """Call a mark something; a note without a word is taken away."""
        mark = self.marks.get(mark_id)
        if mark is None or mark.name == name.strip():
            return
        if mark.shape is Shape.TEXT and not name.strip():
            self.remove(mark_id)
        else:
            self._change(mark_id, replace(mark, name=name.strip()))

    def toggle_key_image(self, tile: int) -> None:
        """Make what a viewport shows a key image, or no longer."""
        made = self.new_mark(tile, Shape.KEY)
        if made is None:
            return
        there = [one for one in self.on_tile(tile) if one.shape is Shape.KEY]
        if there:
            self.remove(there[0].id)
        else:
            self._change(made.id, made)

    def undo(self) -> None:
        """Take back the last change; in a read its journal does that instead."""
        self._turn(self._history.undo())

    def redo(self) -> None:
        """Bring back what undo took."""
        self._turn(self._history.redo())

    def show(self, marks: Iterable[Mark]) -> None:
        """Show what is kept, with nothing to undo."""
        kept = {one.id: one for one in marks}
        if kept != dict(self.marks) or self._history.past:
            self._history = MarkHistory(MappingProxyType(kept))
            self._drop_stale()
            self._tell()

    def clear(self) -> None:
        """Another case is shown: nothing of this one remains."""
        self._history, self.draft, self.selected, self.hidden = MarkHistory(), None, "", frozenset()
        self._tell()

    # --- looking ---------------------------------------------------------------------------------

    def set_draft(self, draft: Mark | None) -> None:
        """What is being drawn or dragged."""
        keys = {one.series_key for one in (self.draft, draft) if one is not None}
        self.draft = draft
        states = self.presenter.states
        self.presenter.changed.emit({tile for tile, state in enumerate(states) if state.series_key in keys})

    def say(self, sentence: str) -> None:
        """Why nothing was drawn, in the active viewport while a drawing tool is chosen."""
        if sentence != self.said:
            self.said = sentence
            self.presenter.redraw()

    def select(self, mark_id: str) -> None:
        """Show the handles of a mark; ``""`` of none."""
        if mark_id != self.selected:
            self.selected = mark_id
            self._tell()

    def set_hidden(self, mark_id: str, hidden: bool) -> None:
        """Hide a mark on the pictures; it stays in the list."""
        self.hidden = self.hidden | {mark_id} if hidden else self.hidden - {mark_id}
        self._tell()

    # --- private ---------------------------------------------------------------------------------

    def _change(self, mark_id: str, mark: Mark | None) -> None:
        if self.keeper is not None:
            self.keeper.keep_mark(mark_id, None if mark is None else to_dict(mark))
        else:
            self._history = self._history.with_mark(mark_id, mark)
            self.made.emit()
        self._drop_stale()
        self._tell()
        self.edited.emit()

    def _turn(self, history: MarkHistory) -> None:
        if self.keeper is None and history is not self._history:
            self._history = history
            self._drop_stale()
            self._tell()
            self.edited.emit()

    def _drop_stale(self) -> None:
        if self.selected not in self.marks:
            self.selected = ""

    def _tell(self) -> None:
        self.presenter.redraw()
        self.changed.emit()

    def _picture(self, mark: Mark) -> PictureValues | None:
        index = self.slice_of(mark)
        content = self.presenter.contents.get(mark.series_key)
        if index is None or content is None:
            return None
        reading, plane = content.reading, index
        if reading is None and content.preview is not None and content.preview[0] == index:
            reading, plane = content.preview[1], 0
        if reading is None or plane >= reading.stack.number_of_slices:
            return None
        instance, stack = content.series.instances[index], reading.stack
        return PictureValues(
            stack.voxels[plane], stack.slope, stack.intercept, calibration_of(instance), value_unit(instance)
        )


def _picture_of(mark: Mark) -> Picture:
    return mark.series_key, mark.sop_instance_uid, mark.frame
