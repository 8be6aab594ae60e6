"""Marks with what was before and after them: undo and redo outside a read, where no journal does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workstation.imaging.measurement import Mark

STEPS = 500


def _none() -> Mapping[str, Mark]:
    return MappingProxyType({})


@dataclass(frozen=True)
class MarkHistory:
    """Marks by their id in the order made, and the states that undo (nearest last) and redo return to."""

    marks: Mapping[str, Mark] = field(default_factory=_none)
    past: tuple[Mapping[str, Mark], ...] = ()
    undone: tuple[Mapping[str, Mark], ...] = ()

    def with_mark(self, mark_id: str, mark: Mark | None) -> MarkHistory:
        """A mark added or replaced in its place, or with None taken away; no change is no step."""
        if self.marks.get(mark_id) == mark:
            return self
        marks = {**self.marks}
        if mark is None:
            del marks[mark_id]
        else:
            marks[mark_id] = mark
        return MarkHistory(MappingProxyType(marks), (*self.past, self.marks)[-STEPS:])

    def undo(self) -> MarkHistory:
        """One step back; the same if there is none."""
        if not self.past:
            return self
        return MarkHistory(self.past[-1], self.past[:-1], (*self.undone, self.marks))

    def redo(self) -> MarkHistory:
        """One undone step again; the same if there is none."""
        if not self.undone:
            return self
        return MarkHistory(self.undone[-1], (*self.past, self.marks), self.undone[:-1])
