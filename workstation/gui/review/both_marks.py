"""What the readers measured, on the pictures they measured it on, named X and Y."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.measurement import Mark, marks_of

if TYPE_CHECKING:
    from workstation.workflow.reconcile_case import ReconcileCase


class Unchanged:
    """Keeps nothing: what a locked read says stays as it is."""

    def keep_mark(self, mark_id: str, mark: Mapping[str, Any] | None) -> None:
        """Nothing changes."""


def show_marks(grid: ViewerGrid, case: ReconcileCase, names: Collection[str]) -> None:
    """Show the marks of the locked reads of these sides; none can be moved, removed or added.

    An adjudicator who by the plan sees neither answer sees no mark either.
    """
    book = grid.measuring.book
    book.keeper = Unchanged()
    grid.drawing.book.refusal = "The reads are locked: their masks stay as they are"
    shown = []
    sides = () if case.hides_answers else (("X", case.x), ("Y", case.y), ("Z", case.z))
    for side, read in sides:
        for mark in marks_of(read.content.marks)[0] if read is not None and side in names else ():
            name = f"{side} · {mark.name}" if mark.name else side
            shown.append(replace(mark, id=f"{side}{mark.id}", name=name))
    book.show(shown)


def go_to_mark(grid: ViewerGrid) -> Mark | None:
    """Show the next measurement's picture in both viewports; None where nobody measured."""
    book, presenter = grid.measuring.book, grid.presenter
    keys = list(presenter.contents)
    places = sorted(
        (keys.index(mark.series_key), index, mark.name, mark.id)
        for mark in book.marks.values()
        if mark.series_key in keys and (index := book.slice_of(mark)) is not None
    )
    if not places:
        return None
    now = next((i for i, place in enumerate(places) if place[-1] == book.selected), -1)
    number, index, _, mark_id = places[(now + 1) % len(places)]
    for tile in range(len(presenter.states)):
        presenter.hang_series(tile, keys[number])
        presenter.show_slice(tile, index)
    book.select(mark_id)
    return book.marks[mark_id]
