"""Which reads of a study are locked, as far as the asking person may know it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation
from workstation.reading.journal import ReadKey
from workstation.reading.session import Lock
from workstation.reading.visibility import ReadId, Role, Viewer, hides_codes, who_sees
from workstation.workflow.case_forms import hides_visits

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One required read, as far as the asking person may know it."""

    case: str
    presentation: int
    reader: str
    locked: bool
    locked_at: str
    version: int


def status_rows(study: Study, viewer: Viewer) -> tuple[StatusRow, ...]:
    """Required reads and whether they are locked, limited to what the viewer may know."""
    locked = study.locked()
    latest: dict[ReadId, Lock] = {}
    for lock in study.store.reads.locks():
        latest[read_id_of(lock.key)] = lock
    rows = []
    is_reader, is_hidden = viewer.role is Role.READER, hides_codes(study.orders, viewer, locked)
    for reader in study.plan.readers:
        if not study.orders.knows(reader):
            continue  # how far that reader is must not be told here
        order, codes = study.order(reader), study.orders.codes(reader)
        # The order of a reader is nobody else's business: others get the plan's.
        known = study.plan.conduct.drift.cases if study.plan.conduct.drift is not None else ()
        place = {case: i for i, case in enumerate((*study.plan.cases, *known))}
        listed = order if is_reader else sorted(order, key=lambda shown: place[shown.case])
        for shown in listed:
            sight = who_sees(viewer, reader, shown, study.orders, locked)
            if not sight.lock or (is_reader and viewer.reader != reader):
                continue
            read_id = (reader, shown.case, shown.number)
            lock_or_none = latest.get(read_id) if read_id in locked else None
            rows.append(
                StatusRow(
                    case=codes[shown] if is_hidden else shown.case,
                    presentation=1 if is_hidden else shown.number,
                    reader=reader if sight.identity else "",
                    locked=lock_or_none is not None,
                    locked_at=lock_or_none.locked_at if lock_or_none and sight.progress else "",
                    version=lock_or_none.key.version if lock_or_none and sight.progress else 1,
                )
            )
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One showing of a case to a reader; `reading` 2 is a hidden repeat, and `is_known` a drift case.

    `visits` are those of the time points 1, 2, …, where these come in an order of chance.
    """

    reader: str
    position: int
    code: str
    case: str
    reading: int
    is_known: bool = False
    visits: tuple[str, ...] = ()


def reading_orders(study: Study) -> tuple[OrderRow, ...]:
    """Every reader's order with the codes that the reader meets, for the coordinator.

    Raises
    ------
    ProtocolViolation
        In a sealed study with a coordinator, unless the coordinator is signed in; with both keys, before
        the reads are open.
    """
    vault = study.vault
    if vault is not None and not study.has_unsealed_any():
        coordinator = vault.sealing.coordinator
        if coordinator is None:
            raise ProtocolViolation(
                "The order was not told",
                "this study has no coordinator",
                "It is told once the reads are open",
            )
        vault.person(coordinator.name)
    known = study.plan.conduct.known
    return tuple(
        OrderRow(
            reader,
            position,
            study.orders.codes(reader)[shown],
            shown.case,
            shown.number,
            shown.case in known,
            study.orders.visits(reader, shown, knows_order=False) if hides_visits(study) else (),
        )
        for reader in study.plan.readers
        for position, shown in enumerate(study.order(reader), start=1)
    )


def read_id_of(key: ReadKey) -> ReadId:
    """The read that a key is a version of."""
    return (key.reader, key.case, key.presentation)


def unconfirmed_sides(study: Study) -> tuple[str, ...]:
    """Cases of the plan, known ones among them, whose side the coordinator has still to confirm.

    Looked up in the library that the study was made with; empty where there is none.
    """
    from workstation.store.library import Library

    place = Path(study.store.library) if study.store.library else None
    if place is None or not place.is_dir():
        return ()
    library = Library.open(place, create=False)
    try:
        found = {case.code: case for case in library.cases()}
    finally:
        library.close()
    wanted = (*study.plan.cases, *study.plan.conduct.known)
    return tuple(case for case in wanted if case in found and not found[case].laterality_confirmed)
