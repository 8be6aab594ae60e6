"""An open reading study: who may see what of it, and when its reads may be compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from workstation.errors import ProtocolViolation, StoreError
from workstation.imaging.study import Case, Joint, Series
from workstation.reading.audit import Link
from workstation.reading.conduct import Scores
from workstation.reading.journal import Codec, Entry, PlainCodec, ReadKey
from workstation.reading.order import Presentation
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan, Unseal, parse_plan, require_same_instrument
from workstation.reading.session import ReadingSession
from workstation.reading.visibility import (
    ReadId,
    Role,
    Viewer,
    missing_reads,
    unsealed_cases,
)
from workstation.scoring.instrument import Instrument, instruments
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.library import Library
from workstation.store.study_file import PLAIN, SEALED
from workstation.store.study_store import PLAN, StudyStore
from workstation.workflow.acceptance import frozen_number
from workstation.workflow.calibrate import CalibrationState, note_outcomes
from workstation.workflow.case_forms import as_compared
from workstation.workflow.kept_read import as_scored
from workstation.workflow.late import UNSEALED, late_amendments
from workstation.workflow.open_read import session_of
from workstation.workflow.reader_desk import ReaderDesk
from workstation.workflow.study_status import StatusRow, read_id_of, status_rows
from workstation.workflow.vault import Vault


class Study:
    """An open study. Made by `open_study_folder`; not shared between threads.

    Attributes
    ----------
    plan : StudyPlan
        The one in force; `plan_number` is its number.
    plans : mapping of int to StudyPlan
        Every one that was in force, by its number.
    instruments : tuple of Instrument
        In the plan's order.
    codec : Codec
        Turns entries into what is kept.
    vault : Vault or None
        Who is signed in to a sealed study; None where the study is not sealed.
    """

    def __init__(
        self, store: StudyStore, library: Library | None = None, accounts: Path | None = None
    ) -> None:
        self.store = store
        self._library = library
        self.calibrated: dict[str, tuple[int, CalibrationState]] = {}  # by reader, as of so many locks
        self._noted: set[str] = set()  # scopes whose unsealing stands in the audit chain
        if store.codec not in (PLAIN, SEALED):
            raise StoreError(
                "The study was not opened", "its reads are sealed in a way this version does not know"
            )
        kept = store.plans()
        self.plans = {one.number: parse_plan(one.toml, instruments()) for one in kept}
        self.plan_number = kept[-1].number
        self.plan: StudyPlan = self.plans[self.plan_number]
        is_fitting = self.plan.is_sealed is (store.codec == SEALED)
        # A sealed study made to look like one that is not would have its readers write in the clear.
        if not is_fitting or (not self.plan.is_sealed and store.seals.were_ever_used):
            raise StoreError(
                "The study was not opened", "its plan and its entries do not fit", "Restore it from a backup"
            )
        self.vault: Vault | None = None
        self.codec: Codec = PlainCodec()
        if self.plan.is_sealed:
            self.vault = Vault(store, self.plan, AccountFolder(accounts or store.folder / FOLDER))
            self.codec = self.vault.codec
        self._public = Orders(self.plan)
        self.instruments: tuple[Instrument, ...] = require_same_instrument(self.plan, instruments())

    def close(self) -> None:
        """Close the study; the library stays open. Who was signed in is signed out."""
        if self.vault is not None:
            self.vault.sign_out_all()
        self.store.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def library(self) -> Library | None:
        """The library with the images; None when the study is read without one."""
        return self._library

    @property
    def orders(self) -> Orders:
        """What is known of the readers' orders now, which depends on who is signed in."""
        return self._public if self.vault is None else self.vault.orders

    def order(self, reader: str) -> tuple[Presentation, ...]:
        """A reader's order.

        Raises
        ------
        ProtocolViolation
            If it is secret, and nobody who may know it is signed in.
        """
        if not self.orders.are_secret:
            return self.store.order(reader)
        if self.vault is not None and not self.orders.knows(reader):
            self.plan.require_reader(reader)
            self.vault.person(reader)
            self.vault.require_signed_plan("The worklist was not opened")
        return self.orders.order(reader)

    @cached_property
    def joint(self) -> Joint:
        """The joint that the plan's instruments are for."""
        return Joint(self.instruments[0].joint)

    def note_calibration(self, reader: str) -> None:
        """Keep in the log how the reader's calibration stands."""
        note_outcomes(self, reader)

    def plan_of(self, session: ReadingSession) -> StudyPlan:
        """The plan under which a read was begun, or will be."""
        if len(self.plans) == 1 or not session.sequence:
            return self.plan
        # Journals of earlier versions do not say it, and then no plan was changed after the first read.
        return self.plans.get(session.replay.plan or frozen_number(self.store), self.plan)

    def reader(self, reader: str) -> ReaderDesk:
        """The desk of one reader.

        Raises
        ------
        ProtocolViolation
            If the plan does not name the reader.
        """
        return ReaderDesk(self, reader)

    def library_cases(self) -> Mapping[str, Case] | None:
        """The library's cases by code, or None when the study is read without a library."""
        return None if self._library is None else {case.code: case for case in self._library.cases()}

    def library_series(self, code: str) -> tuple[Series, ...]:
        """The series of one of the library's cases; none without a library or a rule that needs them."""
        needed = self._library is not None and self.plan.conduct.required_series
        return self._library.series(code) if self._library is not None and needed else ()

    def locked(self) -> frozenset[ReadId]:
        """Reads that are locked. One that is being amended before comparison does not count as locked."""
        locks = {lock.key for lock in self.store.reads.locks()}
        late = late_amendments(self.store)
        reopened = {one.key for one in self.store.reads.amendments() if one.key not in locks} - late
        return frozenset(read_id_of(key) for key in locks) - {read_id_of(key) for key in reopened}

    def actor(self, otherwise: str) -> str:
        """Who acts now, for the log.

        Raises
        ------
        ProtocolViolation
            If the study is sealed and nobody is signed in.
        """
        if self.vault is None:
            return otherwise
        if not self.vault.people:
            raise ProtocolViolation(
                "This needs a passphrase", "the study is sealed, and nobody is signed in", "Sign in first"
            )
        return self.vault.actor(otherwise)

    def entries(self, key: ReadKey, links: Sequence[Link]) -> tuple[Entry, ...]:
        """What a read's journal says, for someone who may know it.

        Raises
        ------
        ProtocolViolation
            If the study is sealed and the read is not open to anyone who is signed in.
        StoreError
            If an entry is damaged.
        """
        if self.vault is not None:
            return self.vault.entries(key, links)
        return tuple(self.codec.decode(key, link.sequence, link.payload) for link in links)

    def is_unsealed(self, case: str) -> bool:
        """Whether the reads of a case may be compared now."""
        return case in self.unsealed_cases()

    def ready_cases(self) -> tuple[str, ...]:
        """Cases whose required reads are all locked, in the plan's order.

        None on a reader's own machine: what the others read is not known there.
        """
        if self.plan.for_reader:
            return ()
        found = unsealed_cases(self.orders, self.locked())
        return tuple(case for case in self.plan.cases if case in found)

    def unsealed_cases(self) -> tuple[str, ...]:
        """Cases whose reads may be compared now, in the plan's order.

        In a sealed study somebody who can must have opened the sheets as well.
        """
        ready = self.ready_cases()
        if self.vault is None or not ready:
            return ready
        opened = self.vault.opened()
        closed = {key.case for key in self._counted_keys().values() if key not in opened}
        if self.plan.unseal is Unseal.STUDY and closed:  # of some it is told only now which cases they are
            return ()
        return tuple(case for case in ready if case not in closed)

    def has_unsealed_any(self) -> bool:
        """Whether any case's reads may be compared now."""
        return bool(self.unsealed_cases())

    def unseal(self, case: str, actor: str) -> None:
        """Open the reads of one case for comparison; see `unseal_cases`."""
        self.unseal_cases((case,), actor)

    def unseal_cases(self, cases: Collection[str], actor: str) -> None:
        """Open the reads of cases for comparison; the first time is an entry of the audit chain.

        Raises
        ------
        ProtocolViolation
            If a required read is not locked.
        """
        whole = self.plan.unseal is Unseal.STUDY
        ready = self.ready_cases()
        for case in cases:
            if case not in ready:
                scope = "every reader has locked all cases" if whole else "both readers have locked this case"
                raise ProtocolViolation(
                    f"The reconciliation of {case} is not available yet", f"it opens when {scope}"
                )
        if self.vault is not None:
            self._open_sheets(self.with_drift(ready if whole else cases))
            actor = self.vault.actor(actor)
        wanted = ({"all"} if whole else set(cases)) - self._noted
        if not wanted:
            return
        known = "".join(one.detail for one in self.store.audit(UNSEALED))
        for scope in sorted(wanted):
            if f'"scope":"{scope}"' not in known:
                self.store.record(actor, UNSEALED, {"scope": scope})
        self._noted |= wanted

    def with_drift(self, cases: Collection[str]) -> tuple[str, ...]:
        """Cases whose sheets are opened together: with the last ones also the known cases among them."""
        drift = self.plan.conduct.drift
        is_whole = drift is not None and set(cases) == set(self.plan.cases) and not self.outstanding
        return (*cases, *drift.cases) if drift is not None and is_whole else tuple(cases)

    def _open_sheets(self, cases: Collection[str]) -> None:
        vault = self.vault
        assert vault is not None
        self.actor("")
        vault.open_sheets(cases)
        needed = vault.still_needed(cases)
        if needed:
            # Who is signed in already follows by itself: the layers open from the outside inward.
            absent = [name for name in needed if name not in vault.people] or needed
            raise ProtocolViolation(
                "The reads are still sealed",
                "every read is locked, but what holds them closed is not open yet",
                f"Now {' and '.join(absent)} must sign in to unseal them",
            )

    def _counted_keys(self, case: str | None = None, *, known: bool = False) -> dict[ReadId, ReadKey]:
        """Of each locked read the version that counts: the latest not made after comparison.

        Reads of cases whose answers are known never count, unless `known` asks for them too.
        """
        compared = late_amendments(self.store)
        counted: dict[ReadId, ReadKey] = {}
        for lock in sorted(self.store.reads.locks(case), key=lambda one: one.key.version):
            if lock.key not in compared and (known or lock.key.case not in self.plan.conduct.known):
                counted[read_id_of(lock.key)] = lock.key
        return counted

    def known_reads(
        self, scores: Scores | None = None, *, as_met: bool = False
    ) -> dict[ReadId, ReadingSession]:
        """As `counted_reads`, with the drift cases among the others."""
        calibration = self.plan.conduct.calibration
        apart = calibration.cases if calibration is not None else ()
        found = self._reads(None, scores, known=True, as_met=as_met)
        return {one: read for one, read in found.items() if one[1] not in apart}

    def counted_reads(
        self, case: str | None = None, scores: Scores | None = None, *, as_met: bool = False
    ) -> dict[ReadId, ReadingSession]:
        """The locked reads that count: each the latest version that was not made after comparison.

        Where masks were shown after the own score, `scores` says which are meant; by default the plan does.
        Time points are the visits they were, or `as_met` the numbers under which they were read.
        This is for what happens after unsealing, and for a reader's own export; callers ask `who_sees` or
        `unseal` first. Of a sealed study only what someone who is signed in can open.
        """
        return self._reads(case, scores, known=False, as_met=as_met)

    def _reads(
        self, case: str | None, scores: Scores | None, *, known: bool, as_met: bool
    ) -> dict[ReadId, ReadingSession]:
        reads, vault = self.store.reads, self.vault
        locks = {lock.key: lock for lock in reads.locks(case)}
        journals = reads.journals(case=case)
        meant = scores or self.plan.conduct.scores

        def read(key: ReadKey) -> ReadingSession:
            session = as_scored(session_of(self, key, journals, locks), meant)
            return session if as_met else as_compared(self, session)

        return {
            read_id: read(key)
            for read_id, key in self._counted_keys(case, known=known).items()
            # What was handed out without saying which case it is was meddled with: verify says so.
            if vault is None or (key.case != key.slot and vault.can_open(key))
        }

    def status(self, viewer: Viewer | None = None) -> tuple[StatusRow, ...]:
        """Required reads and whether they are locked, limited to what the viewer may know.

        The default viewer is the coordinator, who sees which reads are locked and nothing else. A reader
        gets the own rows only, in the own order.
        """
        return status_rows(self, viewer or Viewer(Role.COORDINATOR))

    def sign_in(self, name: str, passphrase: str, accept_plan: str = "") -> None:
        """Sign in to a sealed study; see `Vault.sign_in`. In a study that is not sealed nothing is asked."""
        if self.vault is not None:
            self.vault.sign_in(name, passphrase, accept_plan)

    def sign_out(self, name: str) -> None:
        """Forget the keys of an account."""
        if self.vault is not None:
            self.vault.sign_out(name)

    @property
    def knows_progress(self) -> bool:
        """Whether it may be told here how far the readers are: not to one about the other.

        In a sealed study the coordinator may know, and everybody once the reads are open.
        """
        return all(self.orders.knows(reader) for reader in self.plan.readers)

    @property
    def not_locked_yet(self) -> str:
        """``"3 reads are not locked yet"``, or without a number where that would tell of another reader."""
        if not self.knows_progress:
            return "not every read is locked yet"
        return f"{self.outstanding} read{' is' if self.outstanding == 1 else 's are'} not locked yet"

    @property
    def outstanding(self) -> int:
        """How many required reads are not locked."""
        return missing_reads(self.orders, self.locked())

    @property
    def plan_file_differs(self) -> bool:
        """True when ``plan.toml`` in the folder is no longer the plan in force (which counts)."""
        try:
            return (self.store.folder / PLAN).read_text(encoding="utf-8") != self.store.plans()[-1].toml
        except (OSError, UnicodeDecodeError):
            return True
