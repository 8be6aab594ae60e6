"""Settle what two readers scored differently: once both reads are locked, never before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.audit import Link, root_digest
from workstation.reading.conduct import Sees
from workstation.reading.journal import Entry, Kind, ReadKey, utc_now
from workstation.reading.order import shown_as
from workstation.reading.plan import Resolution
from workstation.reading.reader_plan import require_whole
from workstation.reading.reconcile import (
    Final,
    ItemPair,
    Settlement,
    compare,
    final_of,
    final_totals,
    require_settlement,
    settled,
    to_decide,
    triggers_of,
    worst_first,
)
from workstation.reading.session import ReadingSession
from workstation.scoring.instrument import Instrument
from workstation.scoring.sheet import Answer, AnswerState, Total
from workstation.store.study_reconciling import ReconcileSignature
from workstation.workflow.case_forms import forms_compared
from workstation.workflow.read_case import Study

__all__ = ["ReconcileCase", "reconciliation", "reconciliations"]

COMPUTED, OPEN, SETTLED, SIGNED = "computed", "open", "settled", "signed"


class ReconcileCase:
    """The reads of one case, shown as X and Y (and Z), and what is settled between them.

    Which reader is X is shuffled for each case; it is told once the case is signed. Only of an adjudicator
    is identity-blindness claimed: readers know their own answers. The originals are never touched.

    Attributes
    ----------
    case : str
    forms : tuple of Instrument
        With the columns of the case: its visits by the library's labels.
    x, y, z : ReadingSession
        The locked reads that count; `z` only under the rule of the median.
    """

    def __init__(
        self, study: Study, case: str, reads: Mapping[str, ReadingSession], links: tuple[Link, ...]
    ) -> None:
        self._study = study
        self.case = case
        self.rule = study.plan.resolution
        self._sides = shown_as(study.plan, case)
        sessions = [reads[reader] for reader in self._sides]
        self.x, self.y = sessions[:2]
        self.z = sessions[2] if len(sessions) > 2 else None
        self.forms = forms_compared(study.plan, study.instruments, case)
        self._adjudication = study.plan.conduct.adjudication
        self._links = links

    @property
    def is_sealed(self) -> bool:
        """Whether a signature needs a passphrase."""
        return self._study.vault is not None

    @property
    def items(self) -> tuple[ItemPair, ...]:
        """Every item of every instrument: differing ones first and the worst of them first.

        Where an adjudicator decides without seeing the answers: only what is to be decided, in the order of
        the form and with empty answers, until the case is signed.
        """
        whole = settled(self._pairs, self.settlements)
        if not self.hides_answers:
            return whole
        order = [(one.id, item.id) for one in self.forms for item in one.items]
        differing = {(pair.instrument, pair.item): pair for pair in whole if pair.differs}
        hidden = ((differing[at], Answer(at[1])) for at in order if at in differing)
        return tuple(replace(pair, x=none, y=none, distance=None) for pair, none in hidden)

    @property
    def differing(self) -> tuple[ItemPair, ...]:
        """Items that differ beyond the plan's tolerance, the worst first."""
        return tuple(pair for pair in self.items if pair.differs)

    @property
    def unsettled(self) -> tuple[ItemPair, ...]:
        """Differing items that still need a consensus or a decision; none where the rule computes."""
        if self.is_computed:
            return ()
        return tuple(pair for pair in self.differing if pair.settlement is None)

    @cached_property
    def triggers(self) -> tuple[str, ...]:
        """Why the case comes before the adjudicator; empty when it does not."""
        if self._adjudication is None:
            return ()
        return tuple(
            phrase
            for one in self.forms
            for phrase in triggers_of(
                self.x.content.sheet(one.id), self.y.content.sheet(one.id), self._adjudication.triggers
            )
        )

    @property
    def is_computed(self) -> bool:
        """True where nobody has to decide: mean, median, or no trigger of adjudication."""
        return self.rule.is_computed or (self.rule is Resolution.ADJUDICATION and not self.triggers)

    @property
    def hides_answers(self) -> bool:
        """True while an adjudicator decides who, by the plan, sees neither answer."""
        adjudication = self._adjudication
        blind = adjudication is not None and adjudication.sees is Sees.NONE
        return blind and not self.is_computed and not self.is_signed

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signs: both readers, or the adjudicator alone."""
        return self._study.plan.readers if self._adjudication is None else (self._adjudication.adjudicator,)

    @property
    def settlements(self) -> tuple[Settlement, ...]:
        """Every settlement in the order made; a later one of the same item counts."""
        key = ReadKey("", self.case)
        decode = self._study.codec.decode
        entries = (decode(key, link.sequence, link.payload) for link in self._links)
        return tuple(
            Settlement(
                instrument=entry.payload["instrument"],
                item=entry.payload["item"],
                grade=entry.payload["grade"],
                reason=entry.payload["reason"],
                by=entry.payload["by"],
                at=entry.at,
            )
            for entry in entries
        )

    @property
    def finals(self) -> tuple[Final, ...]:
        """The result of every item, in the order of the forms."""
        pairs = settled(self._pairs, self.settlements)
        by_item = {(pair.instrument, pair.item): pair for pair in pairs}
        triggered = bool(self.triggers)
        return tuple(
            final_of(by_item[one.id, item.id], one, self.rule, is_triggered=triggered)
            for one in self.forms
            for item in one.items
        )

    @property
    def totals(self) -> dict[str, dict[str, Total]]:
        """Totals of the results, by instrument and total id."""
        finals = self.finals
        return {one.id: final_totals(finals, one) for one in self.forms}

    @property
    def status(self) -> str:
        """``"computed"`` (nobody decides), ``"open"``, ``"settled"`` or ``"signed"``."""
        if self.is_signed:
            return SIGNED
        if self.is_computed:
            return COMPUTED
        return OPEN if self.unsettled else SETTLED

    @property
    def is_signed(self) -> bool:
        """True once all readers signed: then nothing changes."""
        return self.case in self._study.store.reconciling.closed()

    @property
    def wants_signature(self) -> bool:
        """False once it is signed, and where an adjudicator has nothing to decide."""
        return not self.is_signed and not (self.rule is Resolution.ADJUDICATION and self.is_computed)

    @property
    def signed_by(self) -> tuple[str, ...]:
        """Readers who signed the present state."""
        digest = self._digest
        return tuple(
            one.signer
            for one in self._study.store.reconciling.signatures()
            if one.case == self.case and one.digest == digest
        )

    def close_if_signed_apart(self) -> None:
        """Close the case where all have signed its present state, each on another machine."""
        if not self.is_signed and set(self.signers) <= set(self.signed_by):
            self._study.store.reconciling.close(self.case, self._digest)

    @property
    def identities(self) -> tuple[str, ...] | None:
        """Reader codes of X and Y, once the case is signed; None before."""
        return self._sides if self.is_signed else None

    @property
    def views(self) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
        """The viewing state that X and Y left."""
        return self.x.replay.view, self.y.replay.view

    def instrument(self, instrument_id: str) -> Instrument:
        """One of the study's instruments, with the columns that the case has."""
        return next(one for one in self.forms if one.id == instrument_id)

    def name_of(self, pair: ItemPair) -> str:
        """``"MFc"``, ``"MFc of visit B"``"""
        return self.instrument(pair.instrument).item(pair.item).name

    def settle(
        self, item: str, value: int | AnswerState | None, reason: str, *, instrument: str = "", by: str = ""
    ) -> ItemPair:
        """Keep a consensus on a differing item; on disk before this returns. It can be settled again.

        Parameters
        ----------
        value : int, AnswerState or None
            A grade; None or ``NOT_ASSESSABLE``.
        by : str
            Who entered it; by default those who sign.

        Raises
        ------
        ProtocolViolation
            If nobody has to decide, the item does not differ, no reason is given, or all signed.
        ResourceError
            If the item or grade does not exist.
        """
        grade = value if isinstance(value, int) else None
        pair = self.require_settleable(item, grade, reason, instrument)
        payload = {
            "instrument": pair.instrument,
            "item": item,
            "grade": grade,
            "reason": reason.strip(),
            "by": by or " and ".join(self.signers),
        }
        entry, number = Entry(Kind.SETTLE, payload, utc_now()), len(self._links) + 1
        data = self._study.codec.encode(ReadKey("", self.case), number, entry)
        # The coordinator may type what the readers agree on.
        here = self._study.vault.people if self._study.vault is not None else ()
        signers = (*self.signers, *here)
        link = self._study.store.reconciling.append(self.case, data, len(self._links), signers)
        self._links = (*self._links, link)
        return next(one for one in self.items if (one.instrument, one.item) == (pair.instrument, item))

    def require_settleable(self, item: str, grade: int | None, reason: str, instrument: str = "") -> ItemPair:
        """The pair of an item that may be settled so; raises as `settle` does, and keeps nothing."""
        pair = self._pair(item, instrument)
        what = f"The consensus on {self.name_of(pair)} was not kept"
        if self.rule.is_computed:
            name = "mean of both" if self.rule is Resolution.MEAN else "median of three"
            raise ProtocolViolation(what, f"this study's rule is the {name} readers")
        if self.is_computed:
            raise ProtocolViolation(what, f"nothing in {self.case} comes before the adjudicator")
        if self.is_signed:
            raise ProtocolViolation(what, f"case {self.case} is signed by {_all(self.signers)}")
        if not pair.differs:
            raise ProtocolViolation(what, "both readers agree on it")
        require_settlement(self.instrument(pair.instrument), item, grade, reason)
        return pair

    def sign(self, signature: str, passphrase: str = "") -> None:
        """Sign the present state as one of the readers; when both have, the case is closed.

        Parameters
        ----------
        signature : str
            The reader code.
        passphrase : str
            Of a sealed study, where that reader is signed in: typed again.

        Raises
        ------
        ProtocolViolation
            If an item is unsettled, the signature is no reader's, or it was given already.
        """
        signer = signature.strip()
        what = f"The reconciliation of {self.case} was not signed"
        if signer not in self.signers:
            if self._adjudication is not None:
                raise ProtocolViolation(
                    what, "the adjudicator decides and signs", f"Sign as {self._adjudication.adjudicator}"
                )
            raise ProtocolViolation(what, f'"{signer}" is no reader of this study', "Sign with a reader code")
        if self._adjudication is not None and self.is_computed:
            raise ProtocolViolation(what, "nothing in it comes before the adjudicator")
        if self.unsettled:
            names = ", ".join(self.name_of(pair) for pair in self.unsettled)
            raise ProtocolViolation(what, f"not yet settled: {names}", "Settle these items first")
        if self.is_signed:
            raise ProtocolViolation(what, f"{_all(self.signers)} signed it already")
        if self._study.vault is not None:
            self._study.vault.confirm(signer, passphrase)
        signed = ReconcileSignature(self.case, signer, self._digest, utc_now())
        self._study.store.reconciling.sign(signed, self.signers)

    @cached_property
    def _pairs(self) -> tuple[ItemPair, ...]:
        pairs: list[ItemPair] = []
        order: dict[tuple[str, str], int] = {}
        for one in self.forms:
            order.update({(one.id, item.id): len(order) + i for i, item in enumerate(one.items)})
            sheets = self.x.content.sheet(one.id), self.y.content.sheet(one.id)
            third = None if self.z is None else self.z.content.sheet(one.id)
            compared = compare(*sheets, self._study.plan.tolerance, third)
            if self._adjudication is not None and self.triggers:
                compared = to_decide(compared, *sheets, self._adjudication.triggers)
            pairs += compared
        return worst_first(pairs, order)

    def _pair(self, item: str, instrument: str) -> ItemPair:
        found = [
            pair
            for pair in settled(self._pairs, self.settlements)
            if pair.item == item and (not instrument or pair.instrument == instrument)
        ]
        if len(found) != 1:
            why = "is in two instruments" if found else "is in no instrument of the plan"
            raise ResourceError("This consensus was not kept", f"{item} {why}", "Name the instrument")
        return found[0]

    @property
    def _digest(self) -> str:
        # What is signed: every read and every settlement.
        head = self._links[-1].digest if self._links else self._study.store.reconciling.root(self.case)
        heads = [one.head for one in (self.x, self.y, self.z) if one is not None]
        return root_digest("reconciled", head, *heads)


def _all(signers: Sequence[str]) -> str:
    return "all readers" if len(signers) > 1 else signers[0]


def reconciliation(study: Study, case: str, actor: str = "readers") -> ReconcileCase:
    """Open the reconciliation of a case.

    Raises
    ------
    ProtocolViolation
        If the plan does not name the case, has one reader only, or a required read is not locked.
    """
    study.plan.require_case(case)
    if len(study.plan.readers) < 2:
        raise ProtocolViolation(
            f"The reconciliation of {case} is not available", "this study has one reader only"
        )
    study.unseal(case, actor)
    return _opened(study, (case,))[0]


def reconciliations(study: Study, actor: str = "readers") -> tuple[ReconcileCase, ...]:
    """Every case that can be reconciled now, in the plan's order.

    Raises
    ------
    ProtocolViolation
        If none can, saying why.
    """
    require_whole(study.plan, "Nothing was compared")
    ready = study.ready_cases()
    if not ready or len(study.plan.readers) < 2:
        return (reconciliation(study, study.plan.cases[0], actor),)  # raises with the reason
    study.unseal_cases(ready, actor)
    return _opened(study, ready)


def _opened(study: Study, cases: tuple[str, ...]) -> tuple[ReconcileCase, ...]:
    counted = study.counted_reads(cases[0] if len(cases) == 1 else None)
    journals = study.store.reconciling.journals()
    for case in cases:
        if any((reader, case, 1) not in counted for reader in study.plan.readers):
            raise ProtocolViolation(
                f"The reads of {case} were not opened",
                "what was handed out to open them is no longer there",
                "Run marrow study verify",
            )
    found = tuple(
        ReconcileCase(
            study,
            case,
            {reader: counted[reader, case, 1] for reader in study.plan.readers},
            journals.get(case, ()),
        )
        for case in cases
    )
    for one in found:
        one.close_if_signed_apart()
    return found
