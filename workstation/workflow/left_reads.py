"""How a reader left the open reads: signed into the log at sign-out, so that a cut tail of a draft shows.

A lock commits to a whole journal. A read that is not locked yet has nothing like it: whoever can write to the
folder could take its last entries away, and it would look as if the reader had stopped earlier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from workstation.reading.audit import AuditEntry, Link
from workstation.reading.cards import Card
from workstation.reading.journal import ReadKey
from workstation.reading.signed_chain import words_of
from workstation.store.study_store import StudyStore

SIGNED_OUT = "signed out"

Left = Mapping[tuple[str, str, int, int], tuple[int, str]]
"""By a read as it is kept: how many entries it had, and the digest of the last."""


def open_heads(store: StudyStore, reader: str) -> dict[str, list[list[object]]]:
    """What the log says at sign-out: each open read of a reader with its number of entries and its head."""
    heads = [[*key.kept[1:], link.sequence, link.digest] for key, link in store.reads.newest(reader).items()]
    return {"open": sorted(heads, key=str)} if heads else {}


def left_reads(events: Sequence[AuditEntry], card: Card) -> Left:
    """How the owner of a card left each read last; nobody else can have written it."""
    found: dict[tuple[str, str, int, int], tuple[int, str]] = {}
    for detail in words_of(events, card, (SIGNED_OUT,)):
        for case, presentation, version, sequence, digest in _heads(detail):
            found[card.name, case, presentation, version] = sequence, digest
    return found


def is_cut(key: ReadKey, links: Sequence[Link], left: Left) -> bool:
    """Whether a read no longer holds what its reader left."""
    if key.kept not in left:
        return False
    sequence, digest = left[key.kept]
    return len(links) < sequence or links[sequence - 1].digest != digest


def _heads(detail: str) -> list[tuple[str, int, int, int, str]]:
    try:
        return [
            (str(case), int(presentation), int(version), int(sequence), str(digest))
            for case, presentation, version, sequence, digest in json.loads(detail).get("open", [])
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []  # verification reports this entry
