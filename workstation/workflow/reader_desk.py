"""A reader at work: the own worklist, and the way into each of the own reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation
from workstation.imaging.study import Case
from workstation.reading.audit import Link, head_code, head_of
from workstation.reading.blinding import blinded
from workstation.reading.conduct import missing_series
from workstation.reading.journal import Kind, ReadKey, utc_now
from workstation.reading.order import Presentation, effective_order, is_washed_out
from workstation.reading.session import Amendment, Lock, ReadingSession, ReadState
from workstation.reading.visibility import has_read_all
from workstation.workflow.calibrate import CalibrationState, calibration_state
from workstation.workflow.case_forms import require_same_columns
from workstation.workflow.kept_read import not_in_library
from workstation.workflow.open_read import OpenRead, session_of

if TYPE_CHECKING:
    from workstation.scoring.sheet import Evidence
    from workstation.workflow.read_case import Study
    from workstation.workflow.sign_reads import Draft, Word


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
    position: int
    total: int
    state: ReadState
    version: int = 1
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cases that come later, and when the first of them may; `due` is None while that is not known."""

    cases: int
    due: datetime | None

    @property
    def sentence(self) -> str:
        """``"2 more cases come later, the first on 5 December 2026."``"""
        what = "1 more case comes" if self.cases == 1 else f"{self.cases} more cases come"
        if self.due is None:
            return f"{what} later."
        day = self.due.astimezone()
        first = "" if self.cases == 1 else ", the first"
        return f"{what} later{first} on {day.day} {day:%B %Y} after {day:%H:%M}."


class ReaderDesk:
    """What one reader may see of a study: the own cases in the own order, and the own reads."""

    def __init__(self, study: Study, reader: str) -> None:
        study.plan.require_reader(reader)
        self._study = study
        self.reader = reader

    @property
    def title(self) -> str:
        """The study's title: ``"Sichuan KOA plan"``."""
        return self._study.plan.title

    @property
    def is_sealed(self) -> bool:
        """False while what is entered lies readable on the disk: the screen says so."""
        return self._study.codec.is_sealed

    @property
    def is_own_machine(self) -> bool:
        """Whether this is the reader's own machine, from which what is locked is sent back."""
        return bool(self._study.store.machines.machine_of)

    @property
    def head_code(self) -> str:
        """The head of the study's log as a short code: written down, it proves later that nothing was cut."""
        return head_code(head_of(self._study.store.audit(), self._study.store.audit_root))

    def worklist(self) -> tuple[WorklistEntry, ...]:
        """The reader's cases in the reader's own order, each with the state of the own read."""
        study, reads = self._study, self._study.store.reads
        order = self._listed()
        cases, locked = study.library_cases(), {lock.key for lock in reads.locks()}
        newest = reads.newest(self.reader)
        total, codes = self._total, self._codes
        versions = _latest_versions(self.reader, reads.amendments())
        entries = []
        for position, shown in enumerate(order, start=1):
            key = study.orders.key(self.reader, shown, versions.get(shown, 1))
            shut = ReadState.LOCKED if key.version == 1 else ReadState.AMENDED
            state = shut if key in locked else self._state(key, newest.get(key))
            code = codes[shown]
            blocked = _why_blocked(study, cases, shown.case, code)
            entries.append(WorklistEntry(code, position, total, state, key.version, blocked))
        return tuple(entries)

    def still_to_come(self) -> Waiting | None:
        """What is not in the worklist yet; None when nothing is held back.

        Cases that come later are never told apart from others, only counted.
        """
        order, listed = self._study.order(self.reader), self._listed()
        if self._calibrates:
            return None
        held = [shown for shown in order if shown not in listed]
        if not held:
            return None
        days = timedelta(days=self._study.plan.conduct.repeats.washout_days)
        times = [self._locked_at(shown.case) for shown in held]
        due = min((datetime.fromisoformat(at) + days for at in times if at), default=None)
        return Waiting(len(held), due)

    def next_case(self, after: str | None = None) -> str | None:
        """The next case that is not locked and not blocked, going round once; None when all are done."""
        entries = self.worklist()
        start = next((i + 1 for i, one in enumerate(entries) if one.code == after), 0)
        for entry in entries[start:] + entries[:start]:
            if not entry.state.is_shut and not entry.blocked:
                return entry.code
        return None

    def next_images(self, after: str | None = None) -> str | None:
        """The library's code of the next case, to read its images ahead; never shown."""
        code = self.next_case(after)
        return next((shown.case for shown, name in self._codes.items() if name == code), None)

    def open_read(self, case: str) -> OpenRead:
        """Open the reader's own read of a case, where it was left.

        Parameters
        ----------
        case : str
            The code in the reader's worklist.

        Raises
        ------
        ProtocolViolation
            If the worklist has no such case, or its side is not confirmed, or it is locked while cases
            may come again.
        """
        opened = self._opened(case)
        if opened.is_locked and self._study.plan.conduct.hides_repeats and not self._is_done():
            raise ProtocolViolation(
                f"{case} was not opened",
                "it is locked, and in this study earlier reads stay closed until you have read everything",
                "Go on with the next case",
            )
        return opened

    def any_read(self, case: str) -> OpenRead:
        """The reader's own read of a case whatever its state, to speak of the case and not to look at it."""
        return self._opened(case)

    @property
    def safety_contact(self) -> str:
        """Name of the account that is told urgent findings; empty where the plan names none."""
        safety = self._study.plan.conduct.safety
        return "" if safety is None else safety.contact

    def send_urgent(self, read: OpenRead, text: str, evidence: Evidence | None) -> int:
        """Send an urgent finding to the safety contact; see `workflow.urgent.send_urgent`."""
        from workstation.workflow.urgent import send_urgent

        return send_urgent(self._study, read, text, evidence)

    def save_urgent(self, number: int, target: Path) -> Path:
        """Save one that was sent as a sealed file; see `workflow.urgent_file.save_urgent`."""
        from workstation.workflow.urgent_file import save_urgent

        return save_urgent(self._study, self.reader, number, target)

    def drafts(self) -> tuple[Draft, ...]:
        """The complete reads that wait for a signature."""
        from workstation.workflow.sign_reads import complete_drafts

        return complete_drafts(self._study, self.reader)

    def sign(self, words: Mapping[Draft, Word], signature: str) -> tuple[Lock, ...]:
        """Sign several of them with one passphrase; see `workflow.sign_reads.sign_drafts`."""
        from workstation.workflow.sign_reads import sign_drafts

        return sign_drafts(self._study, self.reader, words, signature)

    def amend(self, case: str, reason: str) -> OpenRead:
        """Open a locked read again as a new version; the old one stays.

        Once the reads could be compared the new version is marked and left out of agreement.

        Raises
        ------
        ProtocolViolation
            If the read is not locked or no reason is given.
        """
        open_read = self._opened(case)
        old = open_read.session.key
        if old.case in self._study.plan.conduct.known and self._calibrates:
            raise ProtocolViolation(
                f"The read of {case} was not amended",
                "it belongs to the calibration",
                "Go on with the next case",
            )
        if open_read.session.lock is None:
            raise ProtocolViolation(
                f"The read of {case} was not amended", "it is not locked", "Change it and lock it"
            )
        if not reason.strip():
            raise ProtocolViolation(
                f"The read of {case} was not amended", "no reason is given", "Say why in a few words"
            )
        key = replace(old, version=old.version + 1)
        compared = self._study.is_unsealed(old.case)
        if self._study.vault is None:
            self._study.store.reads.amend(Amendment(key, reason.strip(), utc_now(), compared))
            return OpenRead(self._study, open_read.case, self._session(key), open_read.missing)
        with self._study.store.batch():  # of a sealed read the reason is sealed too
            self._study.store.reads.amend(Amendment(key, "", utc_now(), compared))
            amended = OpenRead(self._study, open_read.case, self._session(key), open_read.missing)
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

    @property
    def calibration(self) -> CalibrationState | None:
        """How far the reader is with the calibration; None where the plan asks for none."""
        return calibration_state(self._study, self.reader)

    @property
    def _calibrates(self) -> bool:
        """Whether cases of the study are not offered yet."""
        state = self.calibration
        return state is not None and not state.is_passed

    @property
    def _total(self) -> int:
        state = self.calibration
        return len(state.rule.cases) if state and self._calibrates else self._study.orders.length(self.reader)

    @property
    def _codes(self) -> Mapping[Presentation, str]:
        state = self.calibration
        if state is not None and self._calibrates:
            return {shown: state.code(shown) for shown in state.listed}
        return self._study.orders.codes(self.reader)

    def _listed(self) -> tuple[Presentation, ...]:
        """What the worklist shows now: without repeats whose wash-out has not passed."""
        store, plan = self._study.store, self._study.plan
        order = self._study.order(self.reader)
        state = self.calibration
        if state is not None and not state.is_passed:
            return state.listed
        if not plan.conduct.hides_repeats:
            return order
        begun, now = store.reads.begun(self.reader), utc_now()
        held = {
            shown
            for shown in order
            if shown.number > 1
            and shown not in begun
            and not is_washed_out(plan, self._locked_at(shown.case), now)
        }
        return effective_order(order, begun, held)

    def _locked_at(self, case: str) -> str | None:
        """When the first reading of a case was locked; None while it, or an amendment of it, is open."""
        reads = self._study.store.reads
        version = _latest_versions(self.reader, reads.amendments()).get(Presentation(case), 1)
        locks = {lock.key: lock for lock in reads.locks(case)}
        lock = locks.get(ReadKey(self.reader, case, 1, version))
        return None if lock is None else lock.locked_at

    def _is_done(self) -> bool:
        """Whether this reader has locked all that the plan asks for."""
        return has_read_all(self._study.orders, self.reader, self._study.locked())

    def _opened(self, code: str) -> OpenRead:
        study = self._study
        listed = self._listed()
        codes = self._codes
        shown = next((one for one in listed if codes[one] == code), None)
        if shown is None:
            if self._calibrates and self.calibration is not None:
                raise ProtocolViolation(f"{code} was not opened", self.calibration.sentence.rstrip("."))
            if not study.plan.conduct.hides_repeats:
                study.plan.require_case(code)
            raise ProtocolViolation(
                "This case was not opened", f'your worklist has no case "{code}"', "Check the case code"
            )
        if study.vault is not None:
            study.vault.person(self.reader)
            study.vault.require_signed_plan()
        cases = study.library_cases()
        if cases is not None and shown.case not in cases:
            raise not_in_library(code)
        if cases is not None:
            require_same_columns(study, cases[shown.case], code)
        version = _latest_versions(self.reader, study.store.reads.amendments()).get(shown, 1)
        session = self._session(
            study.orders.key(self.reader, shown, version, "" if code == shown.case else code)
        )
        where = blinded(
            None if cases is None else cases[shown.case],
            code,
            study.joint,
            listed.index(shown) + 1,
            self._total,
            study.plan_of(session).blinding.told_of(shown.case),
        )
        missing = missing_series(study.plan.conduct.required_series, study.library_series(shown.case))
        return OpenRead(study, where, session, missing if cases is not None else ())

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


def _why_blocked(study: Study, cases: Mapping[str, Case] | None, case_code: str, shown_as: str) -> str:
    if cases is None:
        return ""
    case = cases.get(case_code)
    if case is None:
        return not_in_library(shown_as).sentence
    try:
        blinded(case, shown_as, None, 0, 0)
        require_same_columns(study, case, shown_as)
    except ProtocolViolation as refusal:
        return refusal.sentence
    return ""
