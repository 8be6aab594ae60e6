"""Emergency unblinding: one case opened before all is locked, with a reason, logged, told in exports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation
from workstation.reading.replaying import Replay, continued, replay
from workstation.reading.sealed_sheet import is_committed, open_layer, open_sheet
from workstation.store.study_store import StudyStore
from workstation.workflow.case_forms import content_compared, forms_met

if TYPE_CHECKING:
    from workstation.reading.journal import Content, Entry
    from workstation.reading.session import Lock
    from workstation.workflow.read_case import Study

UNBLINDED = "emergency unblinding"
_WHAT = "Nothing was unblinded"


@dataclass(frozen=True, eq=False)
class OpenedRead:
    """A locked read that was opened in an emergency."""

    reader: str
    presentation: int
    version: int
    locked_at: str
    replay: Replay
    content: Content


def unblinded_cases(store: StudyStore) -> frozenset[str]:
    """Cases that were opened in an emergency; reads of them that are locked later are flagged."""
    return frozenset(str(json.loads(one.detail).get("case")) for one in store.audit(UNBLINDED))


def unblind(study: Study, case: str, reason: str, by: str = "coordinator") -> tuple[OpenedRead, ...]:
    """Open the locked reads of one case now; the log says so before anything is shown.

    In a sealed study the coordinator must be signed in, with both keys both readers. Nothing is opened for
    anybody else: the sheets stay sealed, and the study is compared only when everything is locked. What a
    reader has not locked stays closed.

    Parameters
    ----------
    reason : str
        Stands in the study's log, which everybody can read, and in every export.
    by : str
        Who does it, where the study is not sealed.

    Raises
    ------
    ProtocolViolation
        If no reason is given, a reader asks, or who holds the reads closed is not signed in.
    """
    study.plan.require_case(case)
    if not reason.strip():
        raise ProtocolViolation(_WHAT, "no reason is given", "Say why in a few words, without a finding")
    names: Sequence[str] = [by]
    if study.vault is not None:
        names = [card.name for card in study.vault.sealing.layers]
        for name in names:
            study.vault.person(name)
        study.vault.require_signed_plan(_WHAT)
    elif by in study.plan.readers:
        raise ProtocolViolation(_WHAT, f"{by} reads in this study", "The coordinator does it")
    locks = [lock for lock in study.store.reads.locks() if lock.key.case == case]
    if not locks:
        raise ProtocolViolation(_WHAT, f"no read of {case} is locked yet")
    for name in names:
        study.store.record(name, UNBLINDED, {"case": case, "reason": reason.strip(), "reads": len(locks)})
    found: dict[tuple[str, int], OpenedRead] = {}
    for lock in sorted(locks, key=lambda one: one.key.version):
        key, before = lock.key, found.get((lock.key.reader, lock.key.presentation))
        start = None if before is None else continued(before.replay)
        state = replay(_entries(study, lock), forms_met(study, key), start)
        found[key.reader, key.presentation] = OpenedRead(
            key.reader,
            key.presentation,
            key.version,
            lock.locked_at,
            state,
            content_compared(study, key, state),
        )
    return tuple(found.values())


def _entries(study: Study, lock: Lock) -> tuple[Entry, ...]:
    vault, store = study.vault, study.store
    if vault is None:
        return study.entries(lock.key, store.reads.entries(lock.key))
    sheet, card = store.seals.sheet(lock.key), vault.sealing.find(lock.key.reader)
    if sheet is None or card is None or not is_committed(store.study_uid, lock, sheet, card):
        raise ProtocolViolation(
            _WHAT,
            f"the lock of {lock.key.case} is not what {lock.key.reader} signed",
            "Run marrow study verify",
        )
    box = sheet.key_box
    for holder in vault.sealing.layers:
        box = open_layer(store.study_uid, sheet, box, vault.person(holder.name).keys)
    return open_sheet(store.study_uid, sheet, box)
