"""The plan as one reader sees it on a machine of the own: without the other readers and without the seed."""

from __future__ import annotations

from dataclasses import replace

from workstation.errors import ProtocolViolation
from workstation.reading.cards import Card, SealMode
from workstation.reading.conduct import Conduct
from workstation.reading.plan import StudyPlan


def plan_for(plan: StudyPlan, reader: str) -> StudyPlan:
    """What a reader is given of a plan.

    Left out are the other readers, their accounts, the adjudicator, and the seed, from which every
    reader's order and codes follow. With both keys the other reader's public keys stay, and with them that
    reader's code: without them nothing could be sealed to both.

    Raises
    ------
    ProtocolViolation
        If the study is not sealed, or its plan does not name the reader.
    """
    plan.require_reader(reader)
    sealing = plan.sealing
    if sealing is None or not plan.is_sealed:
        raise ProtocolViolation(
            "The package was not made",
            "the study is not sealed, and what a reader enters would lie readable on a stick",
            "Make accounts, and the study with them; docs/reading-study.md says how",
        )
    kept = {reader, *(card.name for card in sealing.layers)}
    own = replace(sealing, accounts=tuple(card for card in sealing.accounts if card.name in kept))
    return replace(
        plan,
        readers=(reader,),
        seed=0,
        sealing=own,
        conduct=_conduct_for(plan.conduct, reader),
        for_reader=reader,
    )


def _conduct_for(conduct: Conduct, reader: str) -> Conduct:
    """Without the adjudicator, and of known answers only the copy that is sealed to this reader."""
    calibration = conduct.calibration
    if calibration is not None:
        own = tuple(box for box in calibration.answers.boxes if box[0] == reader)
        calibration = replace(calibration, answers=replace(calibration.answers, boxes=own))
    return replace(conduct, adjudication=None, calibration=calibration)


def require_whole(plan: StudyPlan, what: str) -> None:
    """Refuse on a reader's own machine what needs the reads of all.

    Raises
    ------
    ProtocolViolation
        Beginning with `what`.
    """
    if plan.for_reader:
        raise ProtocolViolation(
            what,
            f"this is the machine of {plan.for_reader}, and reads are compared where the study was made",
            "Send back what is locked: marrow study package --return",
        )


def shown_cases(plan: StudyPlan) -> tuple[str, ...]:
    """Every case whose images a reader meets: those of the study, of calibration and drift."""
    return (*plan.cases, *plan.conduct.known)


def others_named(plan: StudyPlan) -> tuple[Card, ...]:
    """The other reader whose keys a plan for one reader must hold: with both keys, otherwise none."""
    sealing = plan.sealing
    if sealing is None or sealing.mode is not SealMode.BOTH_KEYS:
        return ()
    return tuple(card for card in sealing.readers if card.name != plan.for_reader)
