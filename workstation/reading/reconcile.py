"""Two locked reads of one case become one result; both originals stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.errors import ProtocolViolation
from workstation.reading.plan import Resolution
from workstation.scoring.instrument import Derived, Instrument
from workstation.scoring.sheet import Answer, AnswerState, ScoreSheet, Total

NOT_ASSESSABLE = AnswerState.NOT_ASSESSABLE


class Source(StrEnum):
    """Where a final value comes from. The values are those of the reconciled CSV."""

    AGREED = "agreed"
    MEAN = "mean"
    CONSENSUS = "consensus"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What both readers agreed on for one item. `grade` None means not assessable."""

    instrument: str
    item: str
    grade: int | None
    reason: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ItemPair:
    """One item as both readers answered it, shown as X and Y.

    Attributes
    ----------
    distance : int or None
        Difference in grades; None when a score stands against not assessable.
    differs : bool
        Beyond the plan's tolerance.
    settlement : Settlement or None
        The latest consensus on it.
    """

    instrument: str
    item: str
    x: Answer
    y: Answer
    distance: int | None
    differs: bool
    settlement: Settlement | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """The result for one item.

    Attributes
    ----------
    grade : int or None
        Set only where both gave the same grade or agreed on one. A mean is never a grade.
    points : float or None
        What is analysed: the points of the grade, or the mean of both readers' points, never rounded.
    """

    instrument: str
    item: str
    source: Source
    state: AnswerState
    grade: int | None
    points: float | None
    reason: str = ""


def compare(x: ScoreSheet, y: ScoreSheet, tolerance: int) -> tuple[ItemPair, ...]:
    """Every item of two sheets of one instrument, the worst difference first.

    A score against not-assessable counts as a difference and stands before all others. Items that do not
    differ follow in the form's order.
    """
    order = [item.id for item in x.instrument.items]
    pairs = [pair_of(x.instrument, x.answer(item), y.answer(item), tolerance) for item in order]
    return worst_first(pairs, {(x.instrument.id, item): i for i, item in enumerate(order)})


def worst_first(pairs: Iterable[ItemPair], order: Mapping[tuple[str, str], int]) -> tuple[ItemPair, ...]:
    """Pairs sorted by how far apart the readers are; `order` settles ties."""

    def weight(pair: ItemPair) -> tuple[bool, float, int]:
        far = float("inf") if pair.distance is None else float(pair.distance)
        return (not pair.differs, -far if pair.differs else 0.0, order[pair.instrument, pair.item])

    return tuple(sorted(pairs, key=weight))


def pair_of(instrument: Instrument, x: Answer, y: Answer, tolerance: int) -> ItemPair:
    """One item of both readers. Distance is counted in steps of the item's scale."""
    if x.state is AnswerState.UNREAD or y.state is AnswerState.UNREAD:
        raise ProtocolViolation(
            "These reads were not compared", f"{x.item_id} was not read by both", "Lock both reads first"
        )
    if x.grade is None or y.grade is None:
        both_none = x.grade is None and y.grade is None
        return ItemPair(instrument.id, x.item_id, x, y, 0 if both_none else None, not both_none)
    grades = [level.grade for level in instrument.item(x.item_id).levels]
    distance = abs(grades.index(x.grade) - grades.index(y.grade))
    return ItemPair(instrument.id, x.item_id, x, y, distance, distance > tolerance)


def settled(pairs: Iterable[ItemPair], settlements: Iterable[Settlement]) -> tuple[ItemPair, ...]:
    """Pairs with the latest settlement of each item."""
    latest = {(one.instrument, one.item): one for one in settlements}
    return tuple(replace(pair, settlement=latest.get((pair.instrument, pair.item))) for pair in pairs)


def final_of(pair: ItemPair, instrument: Instrument, rule: Resolution) -> Final:
    """The result of one item under the plan's rule.

    With ``mean`` the points of both are averaged; a score against not-assessable has no mean. With
    ``consensus`` a differing item stays open until it is settled; items that differ within the tolerance
    take the mean.
    """
    item = instrument.item(pair.item)

    def of_grade(source: Source, grade: int | None, reason: str = "") -> Final:
        if grade is None:
            return Final(instrument.id, item.id, source, NOT_ASSESSABLE, None, None, reason)
        points = item.level(grade).points
        return Final(instrument.id, item.id, source, AnswerState.SCORED, grade, points, reason)

    if rule is Resolution.CONSENSUS and pair.settlement is not None:
        return of_grade(Source.CONSENSUS, pair.settlement.grade, pair.settlement.reason)
    if pair.distance == 0:
        return of_grade(Source.AGREED, pair.x.grade)
    if pair.x.grade is None or pair.y.grade is None:
        if rule is Resolution.CONSENSUS:
            return Final(instrument.id, item.id, Source.OPEN, AnswerState.UNREAD, None, None)
        reason = "one reader could not assess it, so there is no mean"
        return Final(instrument.id, item.id, Source.MEAN, NOT_ASSESSABLE, None, None, reason)
    if rule is Resolution.CONSENSUS and pair.differs:
        return Final(instrument.id, item.id, Source.OPEN, AnswerState.UNREAD, None, None)
    mean = (item.level(pair.x.grade).points + item.level(pair.y.grade).points) / 2
    return Final(instrument.id, item.id, Source.MEAN, AnswerState.SCORED, None, mean)


def final_totals(finals: Iterable[Final], instrument: Instrument) -> dict[str, Total]:
    """Totals of the results of one instrument.

    Rule for partial reads: a total with an item that has no result stays without a value, because a sum
    over fewer regions is no mean of two sums. `answered` and `of` say how many there are. A count has no
    mean either and stays without a value.
    """
    points = {final.item: final.points for final in finals if final.instrument == instrument.id}
    return {derived.id: _total(derived, points) for derived in instrument.derived}


def require_settlement(instrument: Instrument, item_id: str, grade: int | None, reason: str) -> None:
    """Check one consensus value.

    Raises
    ------
    ResourceError
        If the item or the grade does not exist.
    ProtocolViolation
        If no reason is given.
    """
    item = instrument.item(item_id)
    if grade is not None:
        item.level(grade)
    if not reason.strip():
        raise ProtocolViolation(
            f"The consensus on {item_id} was not kept", "it has no reason", "Say why in a few words"
        )


def _total(derived: Derived, points: Mapping[str, float | None]) -> Total:
    found = [points.get(item) for item in derived.items]
    values = [one for one in found if one is not None]
    is_partial = len(values) < len(derived.items)
    value: float | None = None
    if not is_partial:
        if derived.kind == "sum":
            value = sum(values)
        elif derived.kind == "max":
            value = max(values)
    return Total(value, is_partial, len(values), len(derived.items))
