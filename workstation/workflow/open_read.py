"""A reader at work: the own worklist, and one read from its first answer to its lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.errors import ProtocolViolation, ResourceError
from workstation.masks.editing.strokes import Stroke, Strokes, stroke_data
from workstation.reading.audit import Link
from workstation.reading.blinding import BlindedCase
from workstation.reading.blinding_rule import Overlays
from workstation.reading.journal import Entry, Kind, ReadKey, answer_entry, evidence_to, utc_now
from workstation.reading.replaying import Replay, continued, replay
from workstation.reading.session import AMENDMENT, INITIAL_READ, Lock, ReadingSession, ReadState
from workstation.scoring.instrument import Level
from workstation.scoring.sheet import Answer, AnswerState, Evidence, ScoreSheet
from workstation.workflow.case_forms import forms_met, visits_of
from workstation.workflow.emergency import unblinded_cases
from workstation.workflow.kept_read import as_said, require_whole

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study


class OpenRead:
    """One read on screen. `session` is frozen; every entry is on disk before it is replaced.

    Attributes
    ----------
    case : BlindedCase
        All that the screen may know of the case.
    forms : tuple of Instrument
        The plan's, with the columns that the case has.
    active : str
        The instrument that plain item names belong to; the screen sets it.
    missing : tuple of str
        Series that the plan requires and the case does not have; then it can only be called not readable.
    """

    def __init__(
        self, study: Study, case: BlindedCase, session: ReadingSession, missing: tuple[str, ...] = ()
    ) -> None:
        self._study = study
        self.case = case
        self.session = session
        self.forms = forms_met(study, session.key)
        self.active = self.forms[0].id
        self.rules = study.plan_of(session).blinding
        self.missing = missing

    @property
    def images_of(self) -> str:
        """The library's code of the case, to load its images; never shown."""
        return self.session.key.case

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
        return tuple(self.session.content.sheets[one.id] for one in self.forms)

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
            If the read is locked, or the case lacks a series that the plan requires.
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
        if self.missing and answer.grade is not None:
            raise ProtocolViolation(
                f"{self.case.code} was not scored",
                f"it has no {' and no '.join(self.missing)} series, which the plan requires",
                "Call it not readable, with the reason",
            )
        return self._keep(answer_entry(self._instrument_of(item, instrument), answer))

    def call_not_readable(self, reason: str) -> ReadingSession:
        """Say that the whole case cannot be read: every item becomes not assessable. Undo takes it back.

        Raises
        ------
        ProtocolViolation
            If no reason is given, or the read is locked.
        """
        if not reason.strip():
            raise ProtocolViolation(
                f"{self.case.code} was not called not readable",
                "no reason is given",
                "Say why in a few words",
            )
        return self._keep(Entry(Kind.NOT_READABLE, {"reason": reason.strip()}, utc_now()))

    @property
    def not_readable(self) -> str:
        """Why the case was called not readable; empty when it was not."""
        return self.session.content.not_readable

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
        """Keep a measurement or note (plain data); None removes it."""
        content = None if mark is None else dict(mark)
        return self._keep(Entry(Kind.MARK, {"id": mark_id, "mark": content}, utc_now()))

    @property
    def drawn(self) -> Strokes:
        """What the reader drew."""
        return self.session.content.drawn

    def keep_stroke(self, stroke: Stroke) -> ReadingSession:
        """Keep an edit of a drawn mask, all of it or nothing; one undo takes all of it back.

        Raises
        ------
        ProtocolViolation
            If the read is locked.
        StoreError
            If it could not be written; nothing has changed then.
        """
        before = self.session
        try:
            with self._study.store.batch():
                for part in stroke_data(stroke):
                    self._keep(Entry(Kind.MASK, part, utc_now()))
        except BaseException:
            self.session = before
            raise
        return self.session

    def keep_view_state(self, view: Mapping[str, Any]) -> None:
        """Keep the viewing state (plain data) if it differs from the last; a locked read keeps its own."""
        if not self.is_locked and view != self.view_state:
            self._keep(Entry(Kind.VIEW, dict(view), utc_now()))

    def undo(self) -> ReadingSession:
        """Take back the last answer, flag, evidence, mark or stroke; an entry of its own, or no-op."""
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

    def pause(self, paused: bool) -> None:
        """Pause, or go on; kept with its moment, so that pauses do not count as time of reading."""
        self.note(Kind.PAUSE, {"paused": paused})

    def note(self, kind: Kind, payload: Mapping[str, Any]) -> None:
        """Keep what happened and changes no answer: the read was opened, a series was seen."""
        self._keep(Entry(kind, dict(payload), utc_now()))

    def note_series(self, series_keys: Iterable[str]) -> None:
        """Keep which series came on screen for the first time; a locked read keeps its own."""
        new = [key for key in dict.fromkeys(series_keys) if key not in self.session.replay.seen]
        if self.is_locked or not new:
            return
        before = self.session
        try:
            with self._study.store.batch():  # the disk is waited for once, not once for each
                for key in new:
                    self.note(Kind.SERIES, {"series": key})
        except BaseException:
            self.session = before  # nothing of it was kept
            raise

    @property
    def meaning(self) -> str:
        """What a signature under it says."""
        return INITIAL_READ if self.session.key.version == 1 else AMENDMENT

    @property
    def masks_shown(self) -> str:
        """The rule by which masks and proposed grades came on screen; empty while none did."""
        return self.session.replay.masks

    @property
    def waits_for_masks(self) -> bool:
        """True where the plan shows masks and they are not on screen yet."""
        return self.rules.overlays is not Overlays.NEVER and not self.masks_shown and not self.is_locked

    @property
    def masks_at_once(self) -> bool:
        """True where the plan shows masks from the beginning."""
        return self.rules.overlays is Overlays.ALWAYS

    def show_masks(self) -> None:
        """Keep that masks and proposed grades come on screen now; what was scored before is kept apart.

        Raises
        ------
        ProtocolViolation
            If the plan never shows them, or not before every item has its own score.
        """
        what = f"No mask was shown for {self.case.code}"
        if self.rules.overlays is Overlays.NEVER:
            raise ProtocolViolation(what, "in this study readers never see masks or proposed grades")
        if self.rules.overlays is Overlays.AFTER_OWN_SCORE and not self.session.content.is_complete:
            raise ProtocolViolation(
                what,
                "the own score comes first, and an item is not yet read",
                "Read every item, then ask again",
            )
        if not self.masks_shown:
            self.note(Kind.AIDS, {"rule": self.rules.overlays.value})

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
                    said: dict[str, Any] = {"blinding_held": blinding_held, "remark": remark.strip()}
                    if visits := visits_of(self._study, before.key, before.replay):
                        said["visits"] = list(visits)
                    self.note(Kind.SIGNED, said)
                    bare = self._lock_now(None, "")
                    self._study.store.reads.lock(bare, vault.seal(bare))
                    vault.unsealing.tell_when_locked(bare.key)
                    lock = replace(bare, blinding_held=blinding_held, remark=remark.strip())
            except BaseException:
                self.session = before  # nothing of it was kept
                raise
        self.session = replace(self.session, lock=lock)
        if self._study.plan.conduct.calibration is not None:
            self._study.note_calibration(before.key.reader)
        return lock

    def _lock_now(self, blinding_held: bool | None, remark: str) -> Lock:
        session = self.session
        return Lock(
            key=session.key,
            signer=session.key.reader,
            meaning=self.meaning,
            locked_at=utc_now(),
            entries=session.sequence,
            digest=session.head,
            blinding_held=blinding_held,
            remark=remark,
            after_unsealing=self._study.has_unsealed_any()
            or session.key.case in unblinded_cases(self._study.store),
        )

    def _keep(self, entry: Entry) -> ReadingSession:
        session = self.session
        session.require_open()
        entry = replace(entry, plan=None if session.sequence else self._study.plan_number)
        after: Replay = session.replay.after(entry)  # an answer that does not fit is refused unwritten
        entry = replace(entry, left=after.content.left)
        payload = self._study.codec.encode(session.key, session.sequence + 1, entry)
        link = self._study.store.reads.append(session.key, payload, session.sequence)
        self.session = ReadingSession(session.key, after, link.sequence, link.digest)
        return self.session

    def _instrument_of(self, item: str, named: str | None) -> str:
        if named is not None:
            self.sheet(named).answer(item)
            return named
        owners = [one.id for one in self.forms if one.has_item(item)]
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
    """The session of a read from what is kept; an amendment continues the version before it.

    Raises
    ------
    StoreError
        If entries are missing, or it is not what was locked.
    """
    links = journals.get(key, ())
    require_whole(
        key, links, locks.get(key), is_cut=study.vault is not None and study.vault.is_cut(key, links)
    )
    entries, forms = study.entries(key, links), forms_met(study, key)
    if key.version > 1:
        before = session_of(study, replace(key, version=key.version - 1), journals, locks)
        state = replay(entries, forms, continued(before.replay))
    else:
        state = replay(entries, forms)
    head = links[-1].digest if links else study.store.reads.root(key)
    return ReadingSession(key, state, len(links), head, as_said(locks.get(key), state))
