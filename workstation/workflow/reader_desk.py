"""A reader at work: the own worklist, and the way into each of the own reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation
from workstation.imaging.study import Case
from workstation.reading.audit import Link, head_code, head_of
from workstation.reading.blinding import blinded
from workstation.reading.journal import Kind, ReadKey, utc_now
from workstation.reading.order import Presentation
from workstation.reading.session import Amendment, ReadingSession, ReadState
from workstation.workflow.open_read import OpenRead, not_in_library, session_of

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """One line of a reader's own worklist.

    Attributes
    ----------
    position, total : int
        Place in the reader's own order, from 1.
    version : int
        Above 1 while or after an amendment.
    blocked : str
        Why it cannot be scored yet, as a sentence; empty when it can.
    """

    code: str
    presentation: int
    position: int
    total: int
    state: ReadState
    version: int = 1
    blocked: str = ""


class ReaderDesk:
    """What one reader may see of a study: the own cases in the own order, and the own reads."""

    def __init__(self, study: Study, reader: str) -> None:
        study.plan.require_reader(reader)
        self._study = study
        self.reader = reader

    @property
    def title(self) -> str:
        """``"Sichuan KOA plan · reader R2"``"""
        return f"{self._study.plan.title} · reader {self.reader}"

    @property
    def is_sealed(self) -> bool:
        """False while what is entered lies readable on the disk: the screen says so."""
        return self._study.codec.is_sealed

    @property
    def head_code(self) -> str:
        """The head of the study's log as a short code: written down, it proves later that nothing was cut."""
        return head_code(head_of(self._study.store.audit(), self._study.store.audit_root))

    def worklist(self) -> tuple[WorklistEntry, ...]:
        """The reader's cases in the reader's own order, each with the state of the own read."""
        study, reads = self._study, self._study.store.reads
        order = study.store.order(self.reader)
        cases, locked = study.library_cases(), {lock.key for lock in reads.locks()}
        newest = reads.newest(self.reader)
        versions = _latest_versions(self.reader, reads.amendments())
        entries = []
        for position, shown in enumerate(order, start=1):
            key = ReadKey(self.reader, shown.case, shown.number, versions.get(shown, 1))
            state = ReadState.LOCKED if key in locked else self._state(key, newest.get(key))
            blocked = _why_blocked(cases, shown)
            entries.append(
                WorklistEntry(shown.case, shown.number, position, len(order), state, key.version, blocked)
            )
        return tuple(entries)

    def next_case(self, after: str | None = None) -> str | None:
        """The next case that is not locked and not blocked, going round once; None when all are done."""
        entries = self.worklist()
        start = next((i + 1 for i, one in enumerate(entries) if one.code == after), 0)
        for entry in entries[start:] + entries[:start]:
            if entry.state is not ReadState.LOCKED and not entry.blocked:
                return entry.code
        return None

    def open_read(self, case: str, presentation: int = 1) -> OpenRead:
        """Open the reader's own read of a case, where it was left.

        Raises
        ------
        ProtocolViolation
            If the plan does not name the case, or its side is not confirmed.
        """
        self._study.plan.require_case(case)
        if self._study.vault is not None:
            self._study.vault.person(self.reader)
            self._study.vault.require_signed_plan()
        order = self._study.store.order(self.reader)
        shown = Presentation(case, presentation)
        if shown not in order:
            raise ProtocolViolation(
                "This case was not opened", f"the plan shows {case} fewer than {presentation} times"
            )
        where = blinded(
            self._study.library_case(case), shown, self._study.joint, order.index(shown) + 1, len(order)
        )
        version = _latest_versions(self.reader, self._study.store.reads.amendments()).get(shown, 1)
        key = ReadKey(self.reader, case, presentation, version)
        return OpenRead(self._study, where, self._session(key))

    def amend(self, case: str, reason: str, presentation: int = 1) -> OpenRead:
        """Open a locked read again as a new version; the old one stays.

        Once the reads could be compared the new version is marked and left out of agreement.

        Raises
        ------
        ProtocolViolation
            If the read is not locked or no reason is given.
        """
        open_read = self.open_read(case, presentation)
        old = open_read.session.key
        if open_read.session.lock is None:
            raise ProtocolViolation(
                f"The read of {case} was not amended", "it is not locked", "Change it and lock it"
            )
        if not reason.strip():
            raise ProtocolViolation(
                f"The read of {case} was not amended", "no reason is given", "Say why in a few words"
            )
        key = ReadKey(old.reader, old.case, old.presentation, old.version + 1)
        compared = self._study.is_unsealed(case)
        if self._study.vault is None:
            self._study.store.reads.amend(Amendment(key, reason.strip(), utc_now(), compared))
            return OpenRead(self._study, open_read.case, self._session(key))
        with self._study.store.batch():  # of a sealed read the reason is sealed too
            self._study.store.reads.amend(Amendment(key, "", utc_now(), compared))
            amended = OpenRead(self._study, open_read.case, self._session(key))
            amended.note(Kind.AMENDED, {"reason": reason.strip()})
        return amended

    def require_readable(self) -> None:
        """Play every journal of the reader from its beginning.

        Raises
        ------
        StoreError
            If one is damaged or does not fit the instruments.
        """
        reads = self._study.store.reads
        journals = reads.journals(self.reader)
        locks = {lock.key: lock for lock in reads.locks()}
        for key in journals:
            session_of(self._study, key, journals, locks)

    def _state(self, key: ReadKey, newest: Link | None) -> ReadState:
        """How far a read is that is not locked, by its last entry alone where that says it."""
        if newest is not None:
            (entry,) = self._study.entries(key, (newest,))
            if entry.left is not None:
                return ReadState.OPEN if entry.left else ReadState.COMPLETE
        elif key.version == 1:
            return ReadState.NOT_STARTED
        return self._session(key).state

    def _session(self, key: ReadKey) -> ReadingSession:
        reads = self._study.store.reads
        earlier = (replace(key, version=version) for version in range(1, key.version + 1))
        journals = {one: reads.entries(one) for one in earlier}
        return session_of(self._study, key, journals, {lock.key: lock for lock in reads.locks(key.case)})


def _latest_versions(reader: str, amendments: tuple[Amendment, ...]) -> dict[Presentation, int]:
    found: dict[Presentation, int] = {}
    for one in amendments:
        if one.key.reader == reader:
            shown = Presentation(one.key.case, one.key.presentation)
            found[shown] = max(found.get(shown, 1), one.key.version)
    return found


def _why_blocked(cases: Mapping[str, Case] | None, shown: Presentation) -> str:
    if cases is None:
        return ""
    case = cases.get(shown.case)
    if case is None:
        return not_in_library(shown.case).sentence
    try:
        blinded(case, shown, None, 0, 0)
    except ProtocolViolation as refusal:
        return refusal.sentence
    return ""
