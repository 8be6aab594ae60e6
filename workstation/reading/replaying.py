"""A journal played entry by entry: what a read says now, what undo returns to, what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workstation.errors import StoreError, WorkstationError
from workstation.reading.blinding_rule import Overlays
from workstation.reading.journal import NOTES, Content, Entry, Kind, applied, goes_on
from workstation.scoring.instrument import Instrument


@dataclass(frozen=True, eq=False)
class Replay:
    """The journal played up to some entry.

    Attributes
    ----------
    content : Content
        What the read says now.
    past, undone : tuple of Content
        States that undo returns to, and states that redo returns to; nearest last.
    view : mapping or None
        The last viewing state; not part of undo.
    seen : frozenset of str
        Keys of the series that were on screen.
    signed : mapping or None
        What the reader said with the lock of a sealed read.
    paused : bool
        The reader has covered the case; not part of undo.
    plan : int or None
        Number of the study's plan under which the read was begun; None in journals of earlier versions.
    masks : str
        The rule by which masks came on screen; empty while none did.
    unaided : Content or None
        What the read said when masks came on screen after the own score; undo does not reach it.
    """

    content: Content
    past: tuple[Content, ...] = ()
    undone: tuple[Content, ...] = ()
    view: Mapping[str, Any] | None = None
    seen: frozenset[str] = frozenset()
    signed: Mapping[str, Any] | None = None
    paused: bool = False
    entries: int = 0
    plan: int | None = None
    masks: str = ""
    unaided: Content | None = None

    def after(self, entry: Entry) -> Replay:
        """The replay with one more entry.

        Undo and redo with nothing to undo or redo change nothing.

        Raises
        ------
        WorkstationError
            If the entry does not fit the instruments.
        """
        counted = replace(self, entries=self.entries + 1, plan=self.plan if self.entries else entry.plan)
        if entry.kind is Kind.VIEW:
            return replace(counted, view=entry.payload)
        if entry.kind is Kind.PAUSE:
            return replace(counted, paused=bool(entry.payload["paused"]))
        if entry.kind is Kind.SERIES:
            return replace(counted, seen=self.seen | {str(entry.payload["series"])})
        if entry.kind is Kind.AIDS:
            return counted if self.masks else counted._with_masks(str(entry.payload["rule"]))
        if entry.kind is Kind.SIGNED:
            return replace(counted, signed=entry.payload)
        if entry.kind in NOTES:
            return counted
        if entry.kind is Kind.UNDO:
            if not self.past:
                return counted
            return replace(
                counted, content=self.past[-1], past=self.past[:-1], undone=(*self.undone, self.content)
            )
        if entry.kind is Kind.REDO:
            if not self.undone:
                return counted
            return replace(
                counted, content=self.undone[-1], past=(*self.past, self.content), undone=self.undone[:-1]
            )
        past = self.past if goes_on(self.content, entry) else (*self.past, self.content)
        return replace(counted, content=applied(self.content, entry), past=past, undone=())

    def _with_masks(self, rule: str) -> Replay:
        return replace(self, masks=rule, unaided=self.content if rule == Overlays.AFTER_OWN_SCORE else None)


def continued(before: Replay) -> Replay:
    """Where an amendment goes on: with what the version before it said, and nothing to undo."""
    return Replay(before.content, view=before.view, masks=before.masks, unaided=before.unaided)


def replay(
    entries: Iterable[Entry], instruments: Sequence[Instrument], start: Replay | None = None
) -> Replay:
    """Play a journal from its beginning, or from where an earlier version of the read ended.

    Raises
    ------
    StoreError
        If an entry does not fit the instruments, naming its number.
    """
    state = start or Replay(Content.empty(instruments))
    for number, entry in enumerate(entries, start=1):
        try:
            state = state.after(entry)
        except (WorkstationError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                "This read was not opened",
                f"entry {number} of its journal does not fit the study's instruments",
                "Run marrow study verify",
            ) from error
    return state
