"""Who may see which read now: one function, and nothing else decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from workstation.reading.order import Presentation
from workstation.reading.orders import Orders, orders_of
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


Known = StudyPlan | Orders
"""The plan of a study, or where orders are secret what is known of them here."""


def required_reads(given: Known) -> frozenset[ReadId]:
    """Every read that the plan asks for, of those readers whose order is known here."""
    orders = orders_of(given)
    return frozenset(read for reader in orders.plan.readers for read in _required_of(orders, reader))


def missing_reads(given: Known, locked: Collection[ReadId]) -> int:
    """How many reads that the plan asks for are not locked."""
    orders = orders_of(given)
    return sum(_missing_of(orders, reader, locked) for reader in orders.plan.readers)


def has_read_all(given: Known, reader: str, locked: Collection[ReadId]) -> bool:
    """Whether a reader has locked everything that the plan asks of that reader."""
    return not _missing_of(orders_of(given), reader, locked)


def hides_codes(given: Known, viewer: Viewer, locked: Collection[ReadId]) -> bool:
    """Whether a person must not learn which case a code of the reading stands for.

    True for a reader who has still to read, where cases come again.
    """
    plan = orders_of(given).plan
    reads = viewer.role is Role.READER and viewer.reader in plan.readers
    return reads and plan.conduct.hides_repeats and not has_read_all(given, viewer.reader, locked)


def unsealed_cases(given: Known, locked: Collection[ReadId]) -> frozenset[str]:
    """Cases whose reads may be compared now.

    With the default rule every read of the whole study must be locked, with ``unseal = "case"`` every
    read of that case. Of a reader whose order is secret here only the number of reads is known until it is
    told; by case such reads count once it was told which they are, which is when all of them are locked.

    By case nothing opens while any hidden repeat is outstanding, of whatever case: a case that both have
    locked and that stays closed would be known to come again.
    """
    orders = orders_of(given)
    plan = orders.plan
    if plan.unseal is Unseal.STUDY:
        return frozenset() if missing_reads(orders, locked) else frozenset(plan.cases)
    if any(not has_locked_repeats(orders, reader, locked) for reader in plan.readers):
        return frozenset()
    done = frozenset(plan.cases)
    for reader in plan.readers:
        if orders.knows(reader):
            done -= {case for _, case, _ in _required_of(orders, reader).difference(locked)}
        else:
            told = {(reader, shown.case, shown.number) for shown in orders.slots(reader)}
            done &= {case for _, case, _ in told} - {case for _, case, _ in told.difference(locked)}
    return done


def has_locked_repeats(given: Known, reader: str, locked: Collection[ReadId]) -> bool:
    """Whether no hidden repeat of a reader is outstanding, as far as the reader's order is known here."""
    return all(read in locked or read[2] == 1 for read in _required_of(orders_of(given), reader))


def _required_of(orders: Orders, reader: str) -> frozenset[ReadId]:
    if not orders.knows(reader):
        return frozenset()
    return frozenset((reader, shown.case, shown.number) for shown in orders.order(reader))


def _missing_of(orders: Orders, reader: str, locked: Collection[ReadId]) -> int:
    if orders.knows(reader):
        return len(_required_of(orders, reader).difference(locked))
    done = sum(read[0] == reader and not orders.calibrates(read[1]) for read in locked)
    return max(0, orders.length(reader) - done)


def is_unsealed(given: Known, locked: Collection[ReadId], case: str) -> bool:
    """Whether the reads of a case may be compared now."""
    return case in unsealed_cases(given, locked)


def who_sees(
    viewer: Viewer, owner: str, shown: Presentation, given: Known, locked: Collection[ReadId]
) -> Sight:
    """What `viewer` may see of the read that `owner` makes of a case.

    Before unsealing a reader sees the own read and nothing of another, not even that it exists; the
    coordinator sees which reads are locked and no more; an adjudicator sees nothing. After unsealing the
    scores open to all three, to the adjudicator without the reader's code.
    """
    if viewer.role is Role.READER and viewer.reader == owner:
        return EVERYTHING
    unsealed = is_unsealed(given, locked, shown.case)
    if viewer.role is Role.COORDINATOR:
        return EVERYTHING if unsealed else Sight(False, True, False, True)
    if viewer.role is Role.ADJUDICATOR:
        return Sight(True, True, False, False) if unsealed else NOTHING
    if viewer.reader not in orders_of(given).plan.readers:
        return NOTHING
    return EVERYTHING if unsealed else NOTHING
