"""How long a case and its items took, told from the journal, with pauses left out.

Every entry of a journal says when it was made. The time between two entries belongs to the later one: the
reader looked, and then answered. A longer gap than `IDLE_AFTER_S` is a pause and counts for nothing, as do
the time in which the reader had covered the case and the time between two openings of a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from workstation.reading.journal import Entry, Kind

IDLE_AFTER_S = 300.0
"""Nobody looks at one case for five minutes without a key, a mark or another slice kept."""


@dataclass(frozen=True, slots=True)
class ReadTimes:
    """Seconds of one read.

    Attributes
    ----------
    case_s : float
        All that was not a pause.
    items : mapping of (instrument, item) to seconds
        What led to the answers, flags and slices of an item, corrections included. The rest of `case_s` was
        spent on marks, views and undoing.
    pauses : int
        Pauses that the reader asked for, and gaps that were left out.
    """

    case_s: float
    items: Mapping[tuple[str, str], float]
    pauses: int


def read_times(entries: Iterable[Entry], idle_after_s: float = IDLE_AFTER_S) -> ReadTimes:
    """Time of a read from its journal.

    A clock that was set back between two entries makes no negative time: that gap is left out as a pause.
    """
    whole, pauses = 0.0, 0
    items: dict[tuple[str, str], float] = {}
    before: datetime | None = None
    is_paused = False
    for entry in entries:
        now = datetime.fromisoformat(entry.at)
        if before is not None and entry.kind is not Kind.OPENED:
            gap = (now - before).total_seconds()
            if is_paused:
                pauses += entry.kind is Kind.PAUSE
                gap = 0.0
            elif not 0 <= gap <= idle_after_s:
                pauses += 1
                gap = 0.0
            whole += gap
            if "item" in entry.payload and "instrument" in entry.payload:
                key = (str(entry.payload["instrument"]), str(entry.payload["item"]))
                items[key] = items.get(key, 0.0) + gap
        if entry.kind is Kind.PAUSE:
            is_paused = bool(entry.payload.get("paused"))
        before = now
    return ReadTimes(whole, MappingProxyType(items), pauses)
