"""Who may see which read now: one function, and nothing else decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from workstation.reading.order import Presentation, case_order
from workstation.reading.plan import StudyPlan, Unseal


class Role(StrEnum):
    """In which capacity a person looks."""

    READER = "reader"
    COORDINATOR = "coordinator"
    ADJUDICATOR = "adjudicator"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person at the screen. `reader` is the reader code, empty for the other roles."""

    role: Role
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be seen of one read.

    Attributes
    ----------
    scores : bool
        Answers, evidence, marks, views, comments.
    lock : bool
        Whether it is locked.
    progress : bool
        Whether it was begun, how far it is, when it was worked on.
    identity : bool
        Whose read it is.
    """

    scores: bool
    lock: bool
    progress: bool
    identity: bool


EVERYTHING = Sight(True, True, True, True)
NOTHING = Sight(False, False, False, False)

ReadId = tuple[str, str, int]
"""Reader, case code, presentation number."""


@lru_cache(maxsize=8)
def required_reads(plan: StudyPlan) -> frozenset[ReadId]:
    """Every read that the plan asks for."""
    return frozenset(
        (reader, shown.case, shown.number) for reader in plan.readers for shown in case_order(plan, reader)
    )


def has_read_all(plan: StudyPlan, reader: str, locked: Collection[ReadId]) -> bool:
    """Whether a reader has locked everything that the plan asks of that reader."""
    return not {read for read in required_reads(plan) if read[0] == reader}.difference(locked)


def hides_codes(plan: StudyPlan, viewer: Viewer, locked: Collection[ReadId]) -> bool:
    """Whether a person must not learn which case a code of the reading stands for.

    True for a reader who has still to read, where cases come again.
    """
    reads = viewer.role is Role.READER and viewer.reader in plan.readers
    return reads and plan.conduct.hides_repeats and not has_read_all(plan, viewer.reader, locked)


def unsealed_cases(plan: StudyPlan, locked: Collection[ReadId]) -> frozenset[str]:
    """Cases whose reads may be compared now.

    With the default rule every read of the whole study must be locked, with ``unseal = "case"`` every
    read of that case.
    """
    missing = required_reads(plan).difference(locked)
    if plan.unseal is Unseal.CASE:
        return frozenset(plan.cases) - {case for _, case, _ in missing}
    return frozenset() if missing else frozenset(plan.cases)


def is_unsealed(plan: StudyPlan, locked: Collection[ReadId], case: str) -> bool:
    """Whether the reads of a case may be compared now."""
    return case in unsealed_cases(plan, locked)


def who_sees(
    viewer: Viewer, owner: str, shown: Presentation, plan: StudyPlan, locked: Collection[ReadId]
) -> Sight:
    """What `viewer` may see of the read that `owner` makes of a case.

    Before unsealing a reader sees the own read and nothing of another, not even that it exists; the
    coordinator sees which reads are locked and no more; an adjudicator sees nothing. After unsealing the
    scores open to all three, to the adjudicator without the reader's code.
    """
    if viewer.role is Role.READER and viewer.reader == owner:
        return EVERYTHING
    unsealed = is_unsealed(plan, locked, shown.case)
    if viewer.role is Role.COORDINATOR:
        return EVERYTHING if unsealed else Sight(False, True, False, True)
    if viewer.role is Role.ADJUDICATOR:
        return Sight(True, True, False, False) if unsealed else NOTHING
    if viewer.reader not in plan.readers:
        return NOTHING
    return EVERYTHING if unsealed else NOTHING
