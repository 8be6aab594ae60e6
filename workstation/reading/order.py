"""The order in which each reader meets the cases, and other shuffles: reproducible from the plan's seed.

Everything is sorted by SHA-256 of the seed and the names. That is as good as a random shuffle, needs no
random generator whose output may change between versions, and any language can repeat it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

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
    return tuple(shown for batch in _batch_orders(plan, reader) for shown in batch)


def _batch_orders(plan: StudyPlan, reader: str) -> tuple[tuple[Presentation, ...], ...]:
    found: list[tuple[Presentation, ...]] = []
    for cases in batches_of(plan):
        order = _with_repeats(plan, reader, _order_of(cases, plan, reader))
        met = {shown.case for batch in found for shown in batch}
        found.append(_with_known(plan, reader, order, met, len(cases)))
    return tuple(found)


def batches_of(plan: StudyPlan) -> tuple[tuple[str, ...], ...]:
    """The cases that came with each version of the plan."""
    found, start = [], 0
    for number in plan.conduct.batches or (len(plan.cases),):
        found.append(plan.cases[start : start + number])
        start += number
    return tuple(found)


def _order_of(cases: tuple[str, ...], plan: StudyPlan, reader: str) -> tuple[str, ...]:
    taken: list[tuple[str, ...]] = []
    possible = math.factorial(min(len(cases), 10))
    for other in plan.readers:
        attempt = 0
        order = _shuffled(cases, plan, "order", other, "0")
        # With few cases two readers may draw the same order by chance: then draw again.
        while order in taken and len(set(taken)) < possible:
            attempt += 1
            order = _shuffled(cases, plan, "order", other, str(attempt))
        if other == reader:
            return order
        taken.append(order)
    raise AssertionError("require_reader lets only named readers pass")


def _with_known(
    plan: StudyPlan,
    reader: str,
    order: tuple[Presentation, ...],
    met: Collection[str],
    cases: int,
) -> tuple[Presentation, ...]:
    """The order with drift cases at places of their own; none that the reader has met before."""
    drift = plan.conduct.drift
    if drift is None:
        return order
    fresh = [case for case in _shuffled(drift.cases, plan, "drift", reader) if case not in met]
    found = list(order)
    for case in fresh[: drift.count(cases)]:
        # Not first: what a reader meets first is no drift.
        at = 1 + int.from_bytes(_weight(plan, "drift place", reader, case)[:8], "big") % max(1, len(found))
        found.insert(at, Presentation(case))
    return tuple(found)


def _with_repeats(plan: StudyPlan, reader: str, order: tuple[str, ...]) -> tuple[Presentation, ...]:
    """First readings in their order, and the repeats of early ones among the last quarter of them."""
    count = plan.conduct.repeats.count(len(order))
    early = order[: math.ceil(len(order) / 2)]
    repeated = _shuffled(_shuffled(early, plan, "repeated", reader)[:count], plan, "repeat order", reader)
    start = len(order) - len(order) // 4
    late = [Presentation(case) for case in order[start:]] + [Presentation(case, 2) for case in repeated]

    def place(shown: Presentation) -> bytes:
        return _weight(plan, "late", reader, shown.case, str(shown.number))

    if count:
        late.sort(key=place)
    return tuple(Presentation(case) for case in order[:start]) + tuple(late)


@lru_cache(maxsize=16)
def reading_codes(plan: StudyPlan, reader: str) -> Mapping[Presentation, str]:
    """The code under which a reader meets each presentation.

    It is the case's own code unless the plan hides repeats. Then every presentation has a code of its own,
    another for each reader, so that a repeat looks like any other case and readers cannot tell each other
    which case they mean.
    """
    order = case_order(plan, reader)
    if not plan.conduct.hides_repeats:
        return MappingProxyType({shown: shown.case for shown in order})
    codes: dict[Presentation, str] = {}
    taken: set[str] = set()
    known = plan.conduct.drift.cases if plan.conduct.drift is not None else ()
    place = {case: i for i, case in enumerate((*plan.cases, *known))}
    # Batch after batch, so that a later one leaves the codes as they are that a reader has met.
    for cases, batch in zip(batches_of(plan), _batch_orders(plan, reader), strict=True):
        taken |= {case.casefold() for case in (*cases, *known)}
        digits = max(4, len(str(20 * len(batch))))
        # By case and not by place: the code must not tell where in the order it stands.
        for shown in sorted(batch, key=lambda one: (place[one.case], one.number)):
            attempt = 0
            while True:
                weight = _weight(plan, "code", reader, shown.case, str(shown.number), str(attempt))
                code = f"S-{int.from_bytes(weight[:8], 'big') % 10**digits:0{digits}}"
                if code.casefold() not in taken:
                    break
                attempt += 1
            taken.add(code.casefold())
            codes[shown] = code
    return MappingProxyType(codes)


def effective_order(
    order: Sequence[Presentation], begun: Sequence[Presentation], held_back: Collection[Presentation]
) -> tuple[Presentation, ...]:
    """What a reader's worklist shows now.

    Parameters
    ----------
    begun : sequence of Presentation
        In the order in which they were begun. They stay where the reader has met them.
    held_back : collection of Presentation
        Repeats whose wash-out has not passed. They are not listed at all: an entry that must wait would
        tell that its case was read before. A repeat that has become due stands where it was drawn among
        what is still to be read.
    """
    started = [shown for shown in begun if shown in order]
    rest = [shown for shown in order if shown not in begun and shown not in held_back]
    return (*started, *rest)


def is_washed_out(plan: StudyPlan, locked_at: str | None, now: str) -> bool:
    """Whether a repeat may be read now.

    Parameters
    ----------
    locked_at : str or None
        When the first reading was locked last, ISO 8601 with an offset; None while it is open.
    now : str
        This moment. A clock that was set back before the lock never makes a repeat due.
    """
    if locked_at is None:
        return False
    passed = datetime.fromisoformat(now) - datetime.fromisoformat(locked_at)
    return passed >= timedelta(days=plan.conduct.repeats.washout_days) and passed >= timedelta(0)


def shown_as(plan: StudyPlan, case: str) -> tuple[str, ...]:
    """The readers in the order X, Y of one case; shuffled anew for each case."""
    return _shuffled(plan.readers, plan, "x-y", case)


def _shuffled(names: Iterable[str], plan: StudyPlan, *purpose: str) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: _weight(plan, *purpose, name)))


def _weight(plan: StudyPlan, *names: str) -> bytes:
    return hashlib.sha256("\0".join((str(plan.seed), plan.id, *names)).encode()).digest()
