"""What came from another machine after the reads could be compared: taken, marked, and told apart.

A reader's own machine cannot know that the reads were opened meanwhile, and two clocks cannot be compared. So
not the time counts but what was there: an amendment whose sheet was not among those opened together with the
read that it amends came afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from workstation.reading.audit import AuditEntry
from workstation.reading.journal import ReadKey
from workstation.store.replica_file import has_replica, open_replica
from workstation.store.study_file import PLAIN, SYSTEM
from workstation.store.study_reads import read_detail
from workstation.store.study_seals import Stage
from workstation.store.study_store import StudyStore

CAME_LATE = "reads came after opening"
"""Event of the log of the machine to which they came, signed by who took a return in."""
UNSEALED = "reads opened for comparison"


def late_amendments(store: StudyStore) -> frozenset[ReadKey]:
    """Versions of reads that were made, or came here, once the reads could be compared.

    They are left out of agreement and of the reconciled result, and do not close again what is open. In a
    sealed study it follows from the signed openings, on every machine alike; otherwise from the logs here.
    """
    amendments = store.reads.amendments()
    if not amendments:
        return frozenset()
    told = {one.key for one in amendments if one.post_comparison}
    unsure = [one.key for one in amendments if not one.post_comparison]
    late = {key for key in unsure for opened in _openings(store) if _came_after(key.kept, opened)}
    if unsure and store.codec == PLAIN:
        noted = {(one["reader"], *one["read"]) for one in noted_late(store)}
        late |= {key for key in unsure if key.kept in noted}
    return frozenset(told | late)


def noted_late(store: StudyStore) -> list[dict[str, Any]]:
    """Reads that the logs here say came after opening: ``reader``, ``read`` as it is kept, ``opened``."""
    found = []
    for entry in (*store.audit(CAME_LATE), *_of_other_machines(store)):
        if entry.event != CAME_LATE:
            continue
        try:
            detail = json.loads(entry.detail)
            found += [
                {
                    "reader": str(reader),
                    "read": [str(case), int(presentation), int(version)],
                    "opened": bool(opened),
                }
                for opened in [detail["opened"]]
                for reader, case, presentation, version in detail["reads"]
            ]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # verification reports this entry
    return found


def _of_other_machines(store: StudyStore) -> list[AuditEntry]:
    if not has_replica(store.folder):
        return []
    replica = open_replica(store.folder, store.study_uid)
    try:
        return [entry for entries in replica.logs().values() for entry in entries]
    finally:
        replica.close()


def note_late(store: StudyStore, keys: Iterable[ReadKey], opened: bool, by: str = SYSTEM) -> None:
    """Keep in the log that reads came after opening.

    Parameters
    ----------
    opened : bool
        False where only an emergency had opened reads of one case: then it says so of that case alone.
    by : str
        Who took them in, signed in; otherwise nobody signs it.
    """
    names = sorted([key.reader, *read_detail(key).values()] for key in keys)
    if names:
        store.record(by, CAME_LATE, {"reads": names, "opened": opened})


def was_opened(store: StudyStore) -> bool:
    """Whether any reads were opened for comparison, as far as it is known here."""
    return bool(store.seals.opened(Stage.KEY) or store.audit(UNSEALED))


def opened_before(store: StudyStore, key: ReadKey) -> bool:
    """Whether the read that a version amends was opened for comparison here."""
    found = _openings(store)
    if any(found):
        return any(_came_after(key.kept, opened) for opened in found)
    scopes = {json.loads(one.detail).get("scope") for one in store.audit(UNSEALED)}
    return key.version > 1 and not scopes.isdisjoint({"all", key.case})


_OpenedAt = Mapping[tuple[str, str, int, int], Collection[str]]


def _openings(store: StudyStore) -> tuple[_OpenedAt, ...]:
    """When reads could be compared: once opened; with both keys for who holds the inner key already before.

    From the moment that the outer layers are open, the second reader's key opens the first reader's reads,
    and when that reader says so is that reader's own word. The layers are signed by the other.
    """
    return store.seals.opened_at(Stage.KEY), store.seals.opened_at(Stage.LAYER)


def _came_after(kept: tuple[str, str, int, int], opened: _OpenedAt) -> bool:
    first = opened.get((*kept[:3], 1))
    return first is not None and kept[3] > 1 and opened.get(kept) != first
