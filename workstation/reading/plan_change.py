"""A plan that is changed after the first read: what may change, and what begun reads rest on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workstation.errors import ProtocolViolation
from workstation.reading.conduct import Conduct
from workstation.reading.order import case_order, reading_codes
from workstation.reading.plan import StudyPlan

WHAT = "The plan was not changed"
OF_COMPARISON = ("the rule of reconciliation", "the tolerance", "adjudication", "which scores are compared")
"""What may not change once any reads were opened for comparison."""


def next_version(old: StudyPlan, new: StudyPlan) -> StudyPlan:
    """The new plan as the version after the old one, after the first read.

    New cases come behind all others, in an order of their own; rules count for reads that are begun later.

    Raises
    ------
    ProtocolViolation
        Naming the first thing that may no longer change, or if nothing was changed.
    """
    known = replace(
        new,
        version=old.version + 1,
        sealing=old.sealing,
        columns=old.columns,
        conduct=_with_kept_keys(old, new),
    )
    for what in _fixed(old, known, asked=new):
        raise ProtocolViolation(
            WHAT, f"reading has begun, so {what} stays as it is", "Make a new study for another design"
        )
    if known.cases[: len(old.cases)] != old.cases:
        raise ProtocolViolation(
            WHAT,
            "reading has begun, so no case goes away or changes its place",
            "Name new cases behind the others",
        )
    added = len(known.cases) - len(old.cases)
    batches = old.conduct.batches or (len(old.cases),)
    whole = (*batches, added) if added else old.conduct.batches
    changed = replace(known, conduct=replace(known.conduct, batches=whole))
    if replace(changed, version=old.version) == old:
        raise ProtocolViolation(WHAT, "it says the same as the one in force")
    _require_same_orders(old, changed)
    return changed


def with_kept_facts(old: StudyPlan, new: StudyPlan) -> StudyPlan:
    """What was known of cases stays, unless the new plan says it itself or reveals other things."""
    before, after = old.blinding, new.blinding
    if before.reveal != after.reveal or not before.facts:
        return new
    said = {one.case for one in after.facts}
    kept = (one for one in before.facts if one.case not in said)
    return replace(new, blinding=replace(after, facts=(*kept, *after.facts)))


def changes(old: StudyPlan, new: StudyPlan) -> tuple[str, ...]:
    """What differs between two versions, a phrase each, without any case code."""
    told = []
    if added := len(new.cases) - len(old.cases):
        told.append(f"{added} more case{'s' if added > 1 else ''}")
    for what, before, after in (
        ("the title", old.title, new.title),
        (OF_COMPARISON[0], old.resolution, new.resolution),
        (OF_COMPARISON[1], old.tolerance, new.tolerance),
        ("blinding", old.blinding, new.blinding),
        ("the wash-out", old.conduct.repeats, new.conduct.repeats),
        ("required series", old.conduct.required_series, new.conduct.required_series),
        (OF_COMPARISON[2], old.conduct.adjudication, new.conduct.adjudication),
        ("calibration", old.conduct.calibration, new.conduct.calibration),
        ("the safety contact", old.conduct.safety, new.conduct.safety),
        (OF_COMPARISON[3], old.conduct.scores, new.conduct.scores),
    ):
        if before != after:
            told.append(what)
    return tuple(told)


def _with_kept_keys(old: StudyPlan, new: StudyPlan) -> Conduct:
    """The new conduct with the known answers and the batches of the old one: a person does not write them."""
    mine, kept = new.conduct, old.conduct
    calibration, drift, safety = mine.calibration, mine.drift, mine.safety
    if (
        calibration is not None
        and kept.calibration is not None
        and calibration.cases == kept.calibration.cases
    ):
        calibration = replace(calibration, answers=kept.calibration.answers)
    if drift is not None and kept.drift is not None and drift.cases == kept.drift.cases:
        drift = replace(drift, answers=kept.drift.answers)
    if safety is not None and kept.safety is not None and safety.contact == kept.safety.contact:
        safety = safety if safety.card is not None else kept.safety
    return replace(mine, calibration=calibration, drift=drift, safety=safety, batches=kept.batches)


def _fixed(old: StudyPlan, new: StudyPlan, asked: StudyPlan) -> Iterator[str]:
    """What was changed and must not be, in words."""
    mode = old.sealing.mode if old.sealing else None
    wanted = asked.sealing.mode if asked.sealing else mode
    before, after = old.conduct, new.conduct
    calibration = [None if one.calibration is None else one.calibration.cases for one in (before, after)]
    for what, is_changed in (
        ("the id of the study", old.id != new.id),
        ("the seed of the orders", old.seed != new.seed),
        ("who reads", old.readers != new.readers),
        ("the list of forms", old.instruments != new.instruments),
        ("the way of sealing", mode != wanted),
        ("whether time points are paired", _pairing(old) != _pairing(asked)),
        ("when reads may be compared", old.unseal != new.unseal),
        ("the share of hidden repeats", before.repeats.share != after.repeats.share),
        ("the set of drift cases", before.drift != after.drift),
        ("the calibration set", calibration[0] != calibration[1]),
    ):
        if is_changed:
            yield what


def _pairing(plan: StudyPlan) -> str:
    """How time points are paired; otherwise the rule may change for reads that are begun later."""
    return plan.blinding.time_points if plan.blinding.is_paired else ""


def _require_same_orders(old: StudyPlan, new: StudyPlan) -> None:
    for reader in () if old.has_secret_orders else old.readers:  # there no code or order rests on another
        before, codes = case_order(old, reader), reading_codes(new, reader)
        same = case_order(new, reader)[: len(before)] == before
        if not same or any(codes[shown] != code for shown, code in reading_codes(old, reader).items()):
            raise ProtocolViolation(
                WHAT, "an order or a code that was met would change", "Give the new cases other codes"
            )
