"""The order in which each reader meets the cases, and other shuffles: reproducible from the plan's seed.

Everything is sorted by SHA-256 of the seed and the names. That is as good as a random shuffle, needs no
random generator whose output may change between versions, and any language can repeat it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from workstation.reading.plan import StudyPlan


@dataclass(frozen=True, slots=True)
class Presentation:
    """One showing of a case to a reader; `number` counts from 1, later ones are repeats."""

    case: str
    number: int = 1


@lru_cache(maxsize=16)
def case_order(plan: StudyPlan, reader: str) -> tuple[Presentation, ...]:
    """The order of one reader: all cases of the plan, different for each reader.

    Raises
    ------
    ProtocolViolation
        If the plan does not name the reader.
    """
    plan.require_reader(reader)
    taken: list[tuple[str, ...]] = []
    possible = math.factorial(min(len(plan.cases), 10))
    for other in plan.readers:
        attempt = 0
        order = _shuffled(plan.cases, plan, "order", other, "0")
        # With few cases two readers may draw the same order by chance: then draw again.
        while order in taken and len(set(taken)) < possible:
            attempt += 1
            order = _shuffled(plan.cases, plan, "order", other, str(attempt))
        if other == reader:
            return tuple(Presentation(case) for case in order)
        taken.append(order)
    raise AssertionError("require_reader lets only named readers pass")


def shown_as(plan: StudyPlan, case: str) -> tuple[str, ...]:
    """The readers in the order X, Y of one case; shuffled anew for each case."""
    return _shuffled(plan.readers, plan, "x-y", case)


def _shuffled(names: Iterable[str], plan: StudyPlan, *purpose: str) -> tuple[str, ...]:
    def weight(name: str) -> bytes:
        text = "\0".join((str(plan.seed), plan.id, *purpose, name))
        return hashlib.sha256(text.encode()).digest()

    return tuple(sorted(names, key=weight))
