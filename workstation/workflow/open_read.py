"""A reader at work: the own worklist, and one read from its first answer to its lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workstation.errors import ProtocolViolation, ResourceError, StoreError
from workstation.imaging.study import Case
from workstation.reading.audit import Link
from workstation.reading.blinding import BlindedCase, blinded
from workstation.reading.journal import (
    Entry,
    Kind,
    ReadKey,
    Replay,
    answer_entry,
    evidence_to,
    replay,
    utc_now,
)
from workstation.reading.order import Presentation
from workstation.reading.session import (
    AMENDMENT,
    INITIAL_READ,
    Amendment,
    Lock,
    ReadingSession,
    ReadState,
)
from workstation.scoring.instrument import Level
from workstation.scoring.sheet import Answer, AnswerState, Evidence, ScoreSheet

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

    def worklist(self) -> tuple[WorklistEntry, ...]:
        """The reader's cases in the reader's own order, each with the state of the own read."""
        study, reads = self._study, self._study.store.reads
        order = study.store.order(self.reader)
        cases, locks = study.library_cases(), {lock.key: lock for lock in reads.locks()}
        journals = reads.journals(self.reader, unlocked=True)
        versions = _latest_versions(self.reader, reads.amendments())
        entries = []
        for position, shown in enumerate(order, start=1):
            key = ReadKey(self.reader, shown.case, shown.number, versions.get(shown, 1))
            state = ReadState.LOCKED
            if key not in locks:
                state = session_of(study, key, journals, locks).state
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

    def _session(self, key: ReadKey) -> ReadingSession:
        reads = self._study.store.reads
        earlier = (replace(key, version=version) for version in range(1, key.version + 1))
        journals = {one: reads.entries(one) for one in earlier}
        return session_of(self._study, key, journals, {lock.key: lock for lock in reads.locks(key.case)})


class OpenRead:
    """One read on screen. `session` is frozen; every entry is on disk before it is replaced.

    Attributes
    ----------
    case : BlindedCase
        All that the screen may know of the case.
    active : str
        The instrument that plain item names belong to; the screen sets it.
    """

    def __init__(self, study: Study, case: BlindedCase, session: ReadingSession) -> None:
        self._study = study
        self.case = case
        self.session = session
        self.active = study.instruments[0].id
        self.rules = study.plan.blinding

    @property
    def state(self) -> ReadState:
        """How far the read is."""
        return self.session.state

    @property
    def is_locked(self) -> bool:
        """True once signed: then nothing changes."""
        return self.session.lock is not None

    @property
    def sheets(self) -> tuple[ScoreSheet, ...]:
        """The sheets in the plan's order."""
        return tuple(self.session.content.sheets[one.id] for one in self._study.instruments)

    @property
    def marks(self) -> Mapping[str, Mapping[str, Any]]:
        """The reader's marks by their id."""
        return self.session.content.marks

    @property
    def view_state(self) -> Mapping[str, Any] | None:
        """The viewing state that was kept last."""
        return self.session.replay.view

    @property
    def shows_totals(self) -> bool:
        """Whether totals may be on screen: after the lock, or while scoring if the plan says so."""
        return self.is_locked or self.rules.totals

    def sheet(self, instrument: str | None = None) -> ScoreSheet:
        """The sheet of an instrument; of the active one unless named."""
        return self.session.content.sheet(instrument or self.active)

    def answer(
        self,
        item: str,
        value: Level | int | AnswerState | None,
        evidence: Evidence | None = None,
        *,
        instrument: str | None = None,
    ) -> ReadingSession:
        """Keep an answer; it is on disk before this returns.

        Parameters
        ----------
        value : Level, int, AnswerState or None
            A level or its grade; None or ``NOT_ASSESSABLE``; ``UNREAD`` takes the answer back.
        evidence : Evidence, optional
            The slice on screen (assumed) or one that the reader tied. A tied slice stays until another
            is tied.

        Raises
        ------
        ProtocolViolation
            If the read is locked.
        ResourceError
            If the item or grade does not exist.
        StoreError
            If it could not be written; nothing has changed then.
        """
        if isinstance(value, Level):
            answer = Answer.scored(item, value.grade, evidence)
        elif isinstance(value, AnswerState):
            answer = Answer(item, value, evidence=evidence)
        elif value is None:
            answer = Answer.not_assessable(item, evidence)
        else:
            answer = Answer.scored(item, value, evidence)
        return self._keep(answer_entry(self._instrument_of(item, instrument), answer))

    def flag(
        self, item: str, flagged: bool | None = None, *, instrument: str | None = None
    ) -> ReadingSession:
        """Flag an item to come back to; without `flagged` the flag is turned over."""
        name = self._instrument_of(item, instrument)
        wanted = not self.sheet(name).answer(item).flagged if flagged is None else flagged
        return self._keep(Entry(Kind.FLAG, {"instrument": name, "item": item, "flagged": wanted}, utc_now()))

    def tie_evidence(
        self, item: str, evidence: Evidence | None, *, instrument: str | None = None
    ) -> ReadingSession:
        """Tie a slice to an item, or untie it."""
        payload = {
            "instrument": self._instrument_of(item, instrument),
            "item": item,
            "evidence": evidence_to(evidence),
        }
        return self._keep(Entry(Kind.EVIDENCE, payload, utc_now()))

    def keep_mark(self, mark_id: str, mark: Mapping[str, Any] | None) -> ReadingSession:
        """Keep a measurement, annotation or corrected region (plain data); None removes it."""
        content = None if mark is None else dict(mark)
        return self._keep(Entry(Kind.MARK, {"id": mark_id, "mark": content}, utc_now()))

    def keep_view_state(self, view: Mapping[str, Any]) -> None:
        """Keep the viewing state (plain data) if it differs from the last; a locked read keeps its own."""
        if not self.is_locked and view != self.view_state:
            self._keep(Entry(Kind.VIEW, dict(view), utc_now()))

    def undo(self) -> ReadingSession:
        """Take back the last answer, flag, evidence or mark; an entry of its own. Nothing to undo: no-op."""
        self.session.require_open()
        if not self.session.replay.past:
            return self.session
        return self._keep(Entry(Kind.UNDO, {}, utc_now()))

    def redo(self) -> ReadingSession:
        """Bring back what undo took. Nothing to redo: no-op."""
        self.session.require_open()
        if not self.session.replay.undone:
            return self.session
        return self._keep(Entry(Kind.REDO, {}, utc_now()))

    def note(self, kind: Kind, payload: Mapping[str, Any]) -> None:
        """Keep what happened and changes no answer: the read was opened, a series was seen."""
        self._keep(Entry(kind, dict(payload), utc_now()))

    def note_series(self, series_keys: Iterable[str]) -> None:
        """Keep which series came on screen for the first time; a locked read keeps its own."""
        for key in series_keys:
            if not self.is_locked and key not in self.session.replay.seen:
                self.note(Kind.SERIES, {"series": key})

    def lock(self, signature: str, *, blinding_held: bool = True, remark: str = "") -> Lock:
        """Sign the read. Afterwards nothing changes it; in a sealed study it is sealed as well.

        Parameters
        ----------
        signature : str
            In a sealed study the reader's passphrase, typed again; otherwise the reader's own code.
        blinding_held : bool
            The reader's word; if it did not hold, `remark` must say why.

        Raises
        ------
        ProtocolViolation
            If an item is unread, the signature is another's, or the read is locked already.
        """
        before, vault = self.session, self._study.vault
        if vault is None:
            before.require_signable(signature, blinding_held, remark)
            lock = self._lock_now(blinding_held, remark.strip())
            self._study.store.reads.lock(lock)
        else:
            before.require_signable(before.key.reader, blinding_held, remark)
            vault.confirm(before.key.reader, signature)
            try:
                with self._study.store.batch():
                    said = {"blinding_held": blinding_held, "remark": remark.strip()}
                    self.note(Kind.SIGNED, said)
                    bare = self._lock_now(None, "")
                    self._study.store.reads.lock(bare, vault.seal(bare))
                    lock = replace(bare, blinding_held=blinding_held, remark=remark.strip())
            except BaseException:
                self.session = before  # nothing of it was kept
                raise
        self.session = replace(self.session, lock=lock)
        return lock

    def _lock_now(self, blinding_held: bool | None, remark: str) -> Lock:
        session = self.session
        return Lock(
            key=session.key,
            signer=session.key.reader,
            meaning=INITIAL_READ if session.key.version == 1 else AMENDMENT,
            locked_at=utc_now(),
            entries=session.sequence,
            digest=session.head,
            blinding_held=blinding_held,
            remark=remark,
            after_unsealing=self._study.has_unsealed_any(),
        )

    def _keep(self, entry: Entry) -> ReadingSession:
        session = self.session
        session.require_open()
        after: Replay = session.replay.after(entry)  # an answer that does not fit is refused unwritten
        payload = self._study.codec.encode(session.key, session.sequence + 1, entry)
        link = self._study.store.reads.append(session.key, payload, session.sequence)
        self.session = ReadingSession(session.key, after, link.sequence, link.digest)
        return self.session

    def _instrument_of(self, item: str, named: str | None) -> str:
        if named is not None:
            self.sheet(named).answer(item)
            return named
        owners = [one.id for one in self._study.instruments if one.has_item(item)]
        if self.active in owners:
            return self.active
        if len(owners) == 1:
            return owners[0]
        why = "is in two instruments" if owners else "is in no instrument of the plan"
        raise ResourceError("This answer was not kept", f"{item} {why}", "Check the item's name")


def session_of(
    study: Study,
    key: ReadKey,
    journals: Mapping[ReadKey, Sequence[Link]],
    locks: Mapping[ReadKey, Lock],
) -> ReadingSession:
    """The session of a read from what is kept; an amendment continues the version before it."""
    links = journals.get(key, ())
    entries = study.entries(key, links)
    if key.version > 1:
        before = session_of(study, replace(key, version=key.version - 1), journals, locks)
        state = replay(entries, study.instruments, Replay(before.content, view=before.replay.view))
    else:
        state = replay(entries, study.instruments)
    head = links[-1].digest if links else study.store.reads.root(key)
    return ReadingSession(key, state, len(links), head, _as_said(locks.get(key), state))


def _as_said(lock: Lock | None, state: Replay) -> Lock | None:
    """A lock with what its reader said; of a sealed read only the journal knows."""
    if lock is None or state.signed is None or lock.blinding_held is not None:
        return lock
    said = state.signed
    return replace(lock, blinding_held=bool(said["blinding_held"]), remark=str(said["remark"]))


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


def not_in_library(case: str) -> StoreError:
    """What a reader is told whose case has no images here."""
    return StoreError(
        f"Case {case} was not opened", "its images are not in the library", "Import them, or name --library"
    )
