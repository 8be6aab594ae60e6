"""The order in which each reader meets the cases, and other shuffles: reproducible from a seed.

Everything is sorted by a digest of the seed and the names. That is as good as a random shuffle, needs no
random generator whose output may change between versions, and any language can repeat it.

The seed is the plan's, which everybody can read; or, where the plan says that orders are secret, one of the
reader's own, which is sealed to that reader and to the coordinator (`reading.secret_order`).
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from workstation.errors import ProtocolViolation
from workstation.reading.cards import canonical
from workstation.reading.plan import StudyPlan


@dataclass(frozen=True, slots=True)
class Presentation:
    """One showing of a case to a reader; `number` counts from 1, later ones are repeats."""

    case: str
    number: int = 1


def case_order(plan: StudyPlan, reader: str, seed: bytes | None = None) -> tuple[Presentation, ...]:
    """The order of one reader: all cases of the plan, different for each reader.

    Parameters
    ----------
    seed : bytes, optional
        The reader's own, where the plan says that orders are secret.

    Raises
    ------
    ProtocolViolation
        If the plan does not name the reader, or the order is secret and the seed not known here.
    """
    plan.require_reader(reader)
    if not plan.has_secret_orders:
        return _public_order(plan, reader)
    if seed is None:
        raise order_is_secret(reader)
    return _joined(_batch_orders(plan, reader, _secret_weight(seed, reader)))


def order_is_secret(reader: str) -> ProtocolViolation:
    """What a person is told who may not know an order."""
    return ProtocolViolation(
        f"The order of {reader} was not told",
        "in this study it is sealed for that reader and the coordinator",
        f"Sign in as {reader} or as the coordinator",
    )


@lru_cache(maxsize=16)
def _public_order(plan: StudyPlan, reader: str) -> tuple[Presentation, ...]:
    return _joined(_batch_orders(plan, reader, _public_weight(plan)))


Batches = tuple[tuple[Presentation, ...], ...]


def _joined(batches: Batches) -> tuple[Presentation, ...]:
    return tuple(shown for batch in batches for shown in batch)


def _batch_orders(plan: StudyPlan, reader: str, weigh: Weigh) -> Batches:
    found: list[tuple[Presentation, ...]] = []
    for cases in batches_of(plan):
        order = _with_repeats(plan, reader, _order_of(cases, plan, reader, weigh), weigh)
        met = {shown.case for batch in found for shown in batch}
        found.append(_with_known(plan, reader, order, met, len(cases), weigh))
    return tuple(found)


def batches_of(plan: StudyPlan) -> tuple[tuple[str, ...], ...]:
    """The cases that came with each version of the plan."""
    found, start = [], 0
    for number in plan.conduct.batches or (len(plan.cases),):
        found.append(plan.cases[start : start + number])
        start += number
    return tuple(found)


def reads_of_each(plan: StudyPlan) -> int:
    """How many reads the plan asks of each reader, repeats and drift cases among them: that is no secret."""
    total = known = 0
    drift = plan.conduct.drift
    for cases in batches_of(plan):
        fresh = 0 if drift is None else min(drift.count(len(cases)), len(drift.cases) - known)
        known += fresh
        total += len(cases) + plan.conduct.repeats.count(len(cases)) + fresh
    return total


def _order_of(cases: tuple[str, ...], plan: StudyPlan, reader: str, weigh: Weigh) -> tuple[str, ...]:
    if plan.has_secret_orders:  # those of the others are not known
        return _shuffled(cases, weigh, "order", reader)
    taken: list[tuple[str, ...]] = []
    possible = math.factorial(min(len(cases), 10))
    for other in plan.readers:
        attempt = 0
        order = _shuffled(cases, weigh, "order", other, "0")
        # With few cases two readers may draw the same order by chance: then draw again.
        while order in taken and len(set(taken)) < possible:
            attempt += 1
            order = _shuffled(cases, weigh, "order", other, str(attempt))
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
    weigh: Weigh,
) -> tuple[Presentation, ...]:
    """The order with drift cases at places of their own; none that the reader has met before."""
    drift = plan.conduct.drift
    if drift is None:
        return order
    fresh = [case for case in _shuffled(drift.cases, weigh, "drift", reader) if case not in met]
    found = list(order)
    for case in fresh[: drift.count(cases)]:
        # Not first: what a reader meets first is no drift.
        at = 1 + int.from_bytes(weigh("drift place", reader, case)[:8], "big") % max(1, len(found))
        found.insert(at, Presentation(case))
    return tuple(found)


def _with_repeats(
    plan: StudyPlan, reader: str, order: tuple[str, ...], weigh: Weigh
) -> tuple[Presentation, ...]:
    """First readings in their order, and the repeats of early ones among the last quarter of them."""
    count = plan.conduct.repeats.count(len(order))
    early = order[: math.ceil(len(order) / 2)]
    repeated = _shuffled(_shuffled(early, weigh, "repeated", reader)[:count], weigh, "repeat order", reader)
    start = len(order) - len(order) // 4
    late = [Presentation(case) for case in order[start:]] + [Presentation(case, 2) for case in repeated]

    def place(shown: Presentation) -> bytes:
        return weigh("late", reader, shown.case, str(shown.number))

    if count:
        late.sort(key=place)
    return tuple(Presentation(case) for case in order[:start]) + tuple(late)


def reading_codes(plan: StudyPlan, reader: str, seed: bytes | None = None) -> Mapping[Presentation, str]:
    """The code under which a reader meets each presentation.

    It is the case's own code unless the plan hides repeats. Then every presentation has a code of its own,
    another for each reader, so that a repeat looks like any other case and readers cannot tell each other
    which case they mean.

    Parameters
    ----------
    seed : bytes, optional
        As for `case_order`.
    """
    if not plan.has_secret_orders:
        return _public_codes(plan, reader)
    plan.require_reader(reader)
    if seed is None:
        raise order_is_secret(reader)
    return _codes(plan, reader, _secret_weight(seed, reader))


@lru_cache(maxsize=16)
def _public_codes(plan: StudyPlan, reader: str) -> Mapping[Presentation, str]:
    return _codes(plan, reader, _public_weight(plan))


def _codes(plan: StudyPlan, reader: str, weigh: Weigh) -> Mapping[Presentation, str]:
    batches = _batch_orders(plan, reader, weigh)
    if not plan.conduct.hides_repeats:
        return MappingProxyType({shown: shown.case for shown in _joined(batches)})
    codes: dict[Presentation, str] = {}
    taken: set[str] = set()
    known = plan.conduct.drift.cases if plan.conduct.drift is not None else ()
    place = {case: i for i, case in enumerate((*plan.cases, *known))}
    # Batch after batch, so that a later one leaves the codes as they are that a reader has met.
    for cases, batch in zip(batches_of(plan), batches, strict=True):
        taken |= {case.casefold() for case in (*cases, *known)}
        digits = max(4, len(str(20 * len(batch))))
        # By case and not by place: the code must not tell where in the order it stands.
        for shown in sorted(batch, key=lambda one: (place[one.case], one.number)):
            attempt = 0
            while True:
                weight = weigh("code", reader, shown.case, str(shown.number), str(attempt))
                code = f"S-{int.from_bytes(weight[:8], 'big') % 10**digits:0{digits}}"
                if code.casefold() not in taken:
                    break
                attempt += 1
            taken.add(code.casefold())
            codes[shown] = code
    return MappingProxyType(codes)


OF_CALIBRATION = "c~"
"""How slots of the calibration begin, which no code of a case can; that a read belongs to it is no secret."""


def slot_of(seed: bytes, reader: str, shown: Presentation, *, calibrates: bool = False) -> str:
    """The name under which a presentation is kept where orders are secret: ``"r-k5wq3mzd4tfa"``.

    It says neither which case it is nor whether it comes again, and stays the same when a plan gets more
    cases. Reads of the calibration are told apart: they do not count as reads that the plan asks for.
    """
    weight = _secret_weight(seed, reader)("slot", shown.case, str(shown.number))
    return (OF_CALIBRATION if calibrates else "r-") + base64.b32encode(weight).decode().lower()[:12]


def calibration_order(
    plan: StudyPlan, reader: str, attempt: int, cases: Iterable[str]
) -> tuple[Presentation, ...]:
    """The known cases of a calibration, shuffled anew for each reader and each attempt."""
    order = _shuffled(cases, _public_weight(plan), "calibration", reader, str(attempt))
    return tuple(Presentation(case, attempt) for case in order)


def visit_order(
    plan: StudyPlan, reader: str, shown: Presentation, *, knows_order: bool, seed: bytes | None = None
) -> tuple[str, ...]:
    """The visits of a case as a reader meets them: in order of time, or in one of chance.

    That of chance is drawn anew for each reader, case and presentation, from the same seed as the order of
    the cases.

    Parameters
    ----------
    knows_order : bool
        By the plan under which it is read.
    seed : bytes, optional
        As for `case_order`.
    """
    visits = plan.columns_of(shown.case).visits
    if knows_order or len(visits) < 2:
        return visits
    if plan.has_secret_orders and seed is None:
        raise order_is_secret(reader)
    weigh = _secret_weight(seed, reader) if plan.has_secret_orders and seed else _public_weight(plan)
    names = (reader, shown.case, str(shown.number))
    return tuple(sorted(visits, key=lambda visit: weigh("visits", *names, visit)))


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
    return _shuffled(plan.readers, _public_weight(plan), "x-y", case)


Weigh = Callable[..., bytes]
"""``weigh(*names)`` gives what names are sorted by."""


def _shuffled(names: Iterable[str], weigh: Weigh, *purpose: str) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: weigh(*purpose, name)))


def _public_weight(plan: StudyPlan) -> Weigh:
    def weigh(*names: str) -> bytes:
        return hashlib.sha256("\0".join((str(plan.seed), plan.id, *names)).encode()).digest()

    return weigh


def _secret_weight(seed: bytes, reader: str) -> Weigh:
    def weigh(*names: str) -> bytes:
        return hashlib.blake2b(canonical([reader, *names]), digest_size=32, key=seed).digest()

    return weigh
