"""Which plan an account has accepted, and whether the one in force may take its place."""

from __future__ import annotations

from workstation.errors import ProtocolViolation
from workstation.reading.audit import HEAD_CODE_LENGTH, head_code
from workstation.reading.cards import Card
from workstation.reading.plan import StudyPlan, parse_plan
from workstation.reading.signed_chain import words_of
from workstation.scoring.instrument import instruments
from workstation.store.study_file import PLAN_CHANGED, STUDY_MADE
from workstation.store.study_seals import PLAN_SIGNED
from workstation.store.study_store import StudyStore

ACCEPTED, PLAN_FROZEN = "plan accepted", "plan frozen"
_WORDS = (ACCEPTED, PLAN_SIGNED)


class PlanNotAccepted(ProtocolViolation):
    """The plan was changed before the first read since this account has accepted one: look, then accept.

    Attributes
    ----------
    code : str
        Of the plan in force, short; `Vault.sign_in` takes it back.
    fingerprints : tuple of str
        A line for each account, to compare aloud again.
    """

    def __init__(self, name: str, plan: StudyPlan) -> None:
        self.code = head_code(plan.digest)
        self.fingerprints = tuple(f"{card.name}   {card.spoken}" for card in plan.cards)
        super().__init__(
            f"{name} was not signed in",
            f"the plan was changed since {name} has accepted it ({self.code})",
            f"Compare the fingerprints again, then: marrow study plan accept {name} --code {self.code}",
        )


def has_accepted(store: StudyStore, card: Card, plan: StudyPlan) -> bool | None:
    """Whether the account's last word on a plan was on this one; None where it said none."""
    words = words_of(store.audit(*_WORDS), card, _WORDS)
    return f'"{plan.digest}"' in words[-1] if words else None


def require_accepted(store: StudyStore, card: Card, plan: StudyPlan, looked_at: str) -> None:
    """Refuse a plan that an account has not accepted, unless it lawfully follows the one it has.

    Parameters
    ----------
    looked_at : str
        Before the first read: the digest of the plan, or its short code, by which the person accepts it.

    Raises
    ------
    PlanNotAccepted
        Before the first read, if the plan is another than the account has accepted.
    ProtocolViolation
        If a code is given that is not the plan's. After the first read, if the later versions were not
        signed as the accepted plan asks.
    """
    is_looked_at = _is_code_of(plan, looked_at)
    if has_accepted(store, card, plan) is False:
        # That reading has begun the log says too, from which nothing can be taken without a trace.
        if not store.has_begun and not store.audit(PLAN_FROZEN):
            if not is_looked_at:
                raise PlanNotAccepted(card.name, plan)
        elif not _follows_accepted(store, card):
            raise ProtocolViolation(
                f"{card.name} was not signed in",
                f"the plan ({head_code(plan.digest)}) is not the one that {card.name} has accepted",
                "Run marrow study verify, and ask the coordinator",
            )
    if looked_at and not is_looked_at:
        raise ProtocolViolation(
            f"{card.name} was not signed in",
            f"the code that was given is not that of the plan in force ({head_code(plan.digest)})",
            "Compare code and fingerprints again with the coordinator",
        )


def _is_code_of(plan: StudyPlan, looked_at: str) -> bool:
    code = looked_at.replace("-", "").lower()
    return len(code) >= HEAD_CODE_LENGTH and plan.digest.startswith(code)


def frozen_number(store: StudyStore) -> int:
    """The number of the plan that was in force at the first read."""
    events = [one.event for one in store.audit(STUDY_MADE, PLAN_CHANGED, PLAN_FROZEN)]
    before = events[: events.index(PLAN_FROZEN)] if PLAN_FROZEN in events else events
    return max(1, sum(event in (STUDY_MADE, PLAN_CHANGED) for event in before))


def _follows_accepted(store: StudyStore, card: Card) -> bool:
    """Whether all plans since the one that the account has accepted were signed as that one asks."""
    words = words_of(store.audit(*_WORDS), card, _WORDS)
    plans = {one.number: parse_plan(one.toml, instruments()) for one in store.plans()}
    known = [number for number, plan in plans.items() if f'"{plan.digest}"' in words[-1]]
    if not known:
        return False
    accepted = plans[known[-1]].sealing
    return accepted is not None and all(
        plan.sealing == accepted
        and {one.name for one in accepted.signers} <= store.seals.plan_signers(number, plan.digest, accepted)
        for number, plan in plans.items()
        if number > known[-1]
    )
