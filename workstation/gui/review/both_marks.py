"""What the readers measured, on the pictures they measured it on, named X and Y."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.measurement import marks_of

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
