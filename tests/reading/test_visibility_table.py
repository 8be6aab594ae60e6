"""Who may see which read: the whole table."""

from __future__ import annotations

import pytest

from workstation.reading.order import Presentation
from workstation.reading.plan import StudyPlan, Unseal
from workstation.reading.visibility import (
    EVERYTHING,
    NOTHING,
    ReadId,
    Role,
    Sight,
    Viewer,
    is_unsealed,
    required_reads,
    who_sees,
)

OWN, OTHER = Viewer(Role.READER, "R1"), Viewer(Role.READER, "R2")
STRANGER = Viewer(Role.READER, "R9")
COORDINATOR, ADJUDICATOR = Viewer(Role.COORDINATOR), Viewer(Role.ADJUDICATOR)
LOCK_ONLY = Sight(scores=False, lock=True, progress=False, identity=True)
ANONYMOUS = Sight(scores=True, lock=True, progress=False, identity=False)

NONE: frozenset[ReadId] = frozenset()
ONE = frozenset({("R1", "A", 1)})
BOTH_OF_A = ONE | {("R2", "A", 1)}
ALL_BUT_ONE = BOTH_OF_A | {("R1", "B", 1)}
ALL = ALL_BUT_ONE | {("R2", "B", 1)}


def plan(unseal: Unseal) -> StudyPlan:
    return StudyPlan("s", "S", 1, ("A", "B"), ("R1", "R2"), (("recht", "1.0"),), unseal=unseal)


# the read that is looked at is always R1's read of case A
TABLE = [
    (OWN, Unseal.STUDY, NONE, EVERYTHING),
    (OWN, Unseal.STUDY, ONE, EVERYTHING),
    (OWN, Unseal.STUDY, ALL, EVERYTHING),
    (OTHER, Unseal.STUDY, NONE, NOTHING),
    (OTHER, Unseal.STUDY, ONE, NOTHING),
    (OTHER, Unseal.STUDY, BOTH_OF_A, NOTHING),
    (OTHER, Unseal.STUDY, ALL_BUT_ONE, NOTHING),
    (OTHER, Unseal.STUDY, ALL, EVERYTHING),
    (OTHER, Unseal.CASE, ONE, NOTHING),
    (OTHER, Unseal.CASE, BOTH_OF_A, EVERYTHING),
    (OTHER, Unseal.CASE, ALL, EVERYTHING),
    (COORDINATOR, Unseal.STUDY, NONE, LOCK_ONLY),
    (COORDINATOR, Unseal.STUDY, BOTH_OF_A, LOCK_ONLY),
    (COORDINATOR, Unseal.STUDY, ALL_BUT_ONE, LOCK_ONLY),
    (COORDINATOR, Unseal.STUDY, ALL, EVERYTHING),
    (COORDINATOR, Unseal.CASE, BOTH_OF_A, EVERYTHING),
    (ADJUDICATOR, Unseal.STUDY, NONE, NOTHING),
    (ADJUDICATOR, Unseal.STUDY, ALL_BUT_ONE, NOTHING),
    (ADJUDICATOR, Unseal.STUDY, ALL, ANONYMOUS),
    (ADJUDICATOR, Unseal.CASE, BOTH_OF_A, ANONYMOUS),
    (STRANGER, Unseal.STUDY, ALL, NOTHING),
    (STRANGER, Unseal.CASE, ALL, NOTHING),
    (Viewer(Role.READER), Unseal.CASE, ALL, NOTHING),
]


@pytest.mark.parametrize(("viewer", "unseal", "locked", "sight"), TABLE)
def test_table(viewer: Viewer, unseal: Unseal, locked: frozenset[ReadId], sight: Sight) -> None:
    assert who_sees(viewer, "R1", Presentation("A"), plan(unseal), locked) == sight


def test_a_case_whose_reads_are_open_says_nothing_of_another() -> None:
    by_case = plan(Unseal.CASE)
    assert is_unsealed(by_case, BOTH_OF_A, "A")
    assert not is_unsealed(by_case, BOTH_OF_A, "B")
    assert who_sees(OTHER, "R1", Presentation("B"), by_case, ALL_BUT_ONE) == NOTHING


def test_a_case_that_the_plan_does_not_name_is_never_open() -> None:
    assert not is_unsealed(plan(Unseal.CASE), ALL, "Z")


def test_reads_that_nobody_asked_for_open_nothing() -> None:
    strangers = frozenset({("R8", "A", 1), ("R9", "A", 1), ("R8", "B", 1), ("R9", "B", 1)})
    assert not is_unsealed(plan(Unseal.STUDY), strangers, "A")
    assert len(required_reads(plan(Unseal.STUDY))) == 4
