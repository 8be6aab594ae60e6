"""Two or three locked reads of one case become one result; the originals stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.errors import ProtocolViolation
from workstation.reading.conduct import Triggers
from workstation.reading.plan import Resolution
from workstation.scoring.instrument import Derived, Instrument
from workstation.scoring.sheet import Answer, AnswerState, ScoreSheet, Total

NOT_ASSESSABLE = AnswerState.NOT_ASSESSABLE


class Source(StrEnum):
    """Where a final value comes from. The values are those of the reconciled CSV."""

    AGREED = "agreed"
    MEAN = "mean"
    CONSENSUS = "consensus"
    MEDIAN = "median"
    ADJUDICATED = "adjudicated"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What both readers agreed on, or an adjudicator decided, for one item. `grade` None: not assessable."""

    instrument: str
    item: str
    grade: int | None
    reason: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ItemPair:
    """One item as the readers answered it, shown as X and Y, and Z where there are three.

    Attributes
    ----------
    distance : int or None
        Largest difference in grades; None when a score stands against not assessable.
    differs : bool
        Beyond the plan's tolerance.
    settlement : Settlement or None
        The latest consensus or decision on it.
    z : Answer or None
        Of the third reader, under the rule of the median.
    """

    instrument: str
    item: str
    x: Answer
    y: Answer
    distance: int | None
    differs: bool
    settlement: Settlement | None = None
    z: Answer | None = None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What each reader said."""
        return (self.x, self.y) if self.z is None else (self.x, self.y, self.z)


@dataclass(frozen=True, slots=True)
class Final:
    """The result for one item.

    Attributes
    ----------
    grade : int or None
        Set where all gave the same grade, agreed on one, or one of them is the median. A mean is never a
        grade.
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


def compare(
    x: ScoreSheet, y: ScoreSheet, tolerance: int, z: ScoreSheet | None = None
) -> tuple[ItemPair, ...]:
    """Every item of two or three sheets of one instrument, the worst difference first.

    A score against not-assessable counts as a difference and stands before all others. Items that do not
    differ follow in the form's order.
    """
    order = [item.id for item in x.instrument.items]
    pairs = [
        pair_of(x.instrument, x.answer(item), y.answer(item), tolerance, z.answer(item) if z else None)
        for item in order
    ]
    return worst_first(pairs, {(x.instrument.id, item): i for i, item in enumerate(order)})


def worst_first(pairs: Iterable[ItemPair], order: Mapping[tuple[str, str], int]) -> tuple[ItemPair, ...]:
    """Pairs sorted by how far apart the readers are; `order` settles ties."""

    def weight(pair: ItemPair) -> tuple[bool, float, int]:
        far = float("inf") if pair.distance is None else float(pair.distance)
        return (not pair.differs, -far if pair.differs else 0.0, order[pair.instrument, pair.item])

    return tuple(sorted(pairs, key=weight))


def pair_of(
    instrument: Instrument, x: Answer, y: Answer, tolerance: int, z: Answer | None = None
) -> ItemPair:
    """One item of all readers. Distance is counted in steps of the item's scale."""
    answers = (x, y) if z is None else (x, y, z)
    if any(one.state is AnswerState.UNREAD for one in answers):
        raise ProtocolViolation(
            "These reads were not compared", f"{x.item_id} was not read by all", "Lock every read first"
        )
    scale = [level.grade for level in instrument.item(x.item_id).levels]
    steps = [scale.index(one.grade) for one in answers if one.grade is not None]
    if len(steps) < len(answers):
        return ItemPair(instrument.id, x.item_id, x, y, None if steps else 0, bool(steps), z=z)
    distance = max(steps) - min(steps)
    return ItemPair(instrument.id, x.item_id, x, y, distance, distance > tolerance, z=z)


def settled(pairs: Iterable[ItemPair], settlements: Iterable[Settlement]) -> tuple[ItemPair, ...]:
    """Pairs with the latest settlement of each item."""
    latest = {(one.instrument, one.item): one for one in settlements}
    return tuple(replace(pair, settlement=latest.get((pair.instrument, pair.item))) for pair in pairs)


def final_of(pair: ItemPair, instrument: Instrument, rule: Resolution, *, is_triggered: bool = True) -> Final:
    """The result of one item under the plan's rule.

    With ``mean`` the points of both are averaged; a score against not-assessable has no mean. With
    ``median`` the middle one of three grades counts. With ``consensus`` and ``adjudication`` a differing
    item stays open until it is settled; items that differ within the tolerance take the mean.

    Parameters
    ----------
    is_triggered : bool
        Under ``adjudication``: whether the case comes before the adjudicator at all. If not, its
        differences take the mean.
    """
    if rule is Resolution.MEDIAN and pair.z is not None:
        return _median(pair, instrument)
    is_decided = rule is Resolution.CONSENSUS or (rule is Resolution.ADJUDICATION and is_triggered)
    if is_decided and pair.settlement is not None:
        source = Source.CONSENSUS if rule is Resolution.CONSENSUS else Source.ADJUDICATED
        return _of_grade(pair, instrument, source, pair.settlement.grade, pair.settlement.reason)
    if pair.distance == 0:
        return _of_grade(pair, instrument, Source.AGREED, pair.x.grade)
    if is_decided and pair.differs:
        return Final(instrument.id, pair.item, Source.OPEN, AnswerState.UNREAD, None, None)
    if pair.x.grade is None or pair.y.grade is None:
        reason = "one reader could not assess it, so there is no mean"
        return Final(instrument.id, pair.item, Source.MEAN, NOT_ASSESSABLE, None, None, reason)
    item = instrument.item(pair.item)
    mean = (item.level(pair.x.grade).points + item.level(pair.y.grade).points) / 2
    return Final(instrument.id, pair.item, Source.MEAN, AnswerState.SCORED, None, mean)


def _of_grade(
    pair: ItemPair, instrument: Instrument, source: Source, grade: int | None, reason: str = ""
) -> Final:
    if grade is None:
        return Final(instrument.id, pair.item, source, NOT_ASSESSABLE, None, None, reason)
    points = instrument.item(pair.item).level(grade).points
    return Final(instrument.id, pair.item, source, AnswerState.SCORED, grade, points, reason)


def _median(pair: ItemPair, instrument: Instrument) -> Final:
    """Middle grade of three; where one could not assess it, only what the other two agree on."""
    if pair.distance == 0:
        return _of_grade(pair, instrument, Source.AGREED, pair.x.grade)
    scale = [level.grade for level in instrument.item(pair.item).levels]
    steps = sorted(scale.index(one.grade) for one in pair.answers if one.grade is not None)
    if len(steps) == 3:
        return _of_grade(pair, instrument, Source.MEDIAN, scale[steps[1]])
    if len(steps) == 2 and steps[0] == steps[1]:
        return _of_grade(pair, instrument, Source.MEDIAN, scale[steps[0]], "one reader could not assess it")
    reason = (
        "one reader could not assess it and the others differ, so there is no median"
        if len(steps) == 2
        else "two of three readers could not assess it"
    )
    return Final(instrument.id, pair.item, Source.MEDIAN, NOT_ASSESSABLE, None, None, reason)


def triggers_of(x: ScoreSheet, y: ScoreSheet, triggers: Triggers) -> tuple[str, ...]:
    """Why a case comes before the adjudicator, one phrase each; empty when it does not.

    A score against not-assessable always does. A sum that is partial in one sheet is not compared.
    """
    name = x.instrument.item
    found = [f"{name(item).name}: {why}" for item, why in _item_triggers(x, y, triggers).items()]
    if triggers.total is not None:
        found += _total_triggers(x, y, triggers.total)
    return tuple(found)


def to_decide(
    pairs: Iterable[ItemPair], x: ScoreSheet, y: ScoreSheet, triggers: Triggers
) -> tuple[ItemPair, ...]:
    """Pairs of one instrument as an adjudicator gets them: what is a trigger differs, whatever the tolerance.

    Where the total alone is a trigger, every item on which the readers differ at all is to be decided.
    """
    items = _item_triggers(x, y, triggers)
    by_total = triggers.total is not None and bool(_total_triggers(x, y, triggers.total))
    alone = by_total and not items
    return tuple(
        replace(pair, differs=pair.differs or pair.item in items or (alone and pair.distance != 0))
        for pair in pairs
    )


def _item_triggers(x: ScoreSheet, y: ScoreSheet, triggers: Triggers) -> dict[str, str]:
    """Why an item brings its case before the adjudicator, by item."""
    found: dict[str, str] = {}
    for item in x.instrument.items:
        one, two = x.answer(item.id), y.answer(item.id)
        if one.grade is None or two.grade is None:
            if one.state is not two.state:
                found[item.id] = "a score against not assessable"
            continue
        scale = [level.grade for level in item.levels]
        low, high = sorted((scale.index(one.grade), scale.index(two.grade)))
        if triggers.grades and high - low >= triggers.grades:
            found[item.id] = f"{high - low} grades apart"
        elif triggers.absent_present and low == 0 < high:
            found[item.id] = "absent against present"
    return found


def _total_triggers(x: ScoreSheet, y: ScoreSheet, limit: float) -> list[str]:
    """The sum over most items is the total of a form; sums of its parts are not looked at."""
    sums = [rule for rule in x.instrument.derived if rule.kind == "sum"]
    if not sums:
        return []
    most, found = max(len(rule.items) for rule in sums), []
    mine, theirs = x.totals(), y.totals()
    for column in x.instrument.columns or (None,):
        whole = next((rule for rule in sums if rule.column == column and len(rule.items) == most), None)
        if whole is None:
            continue
        one, two = mine[whole.id], theirs[whole.id]
        if one.partial or two.partial or one.value is None or two.value is None:
            continue
        apart = abs(one.value - two.value)
        if apart > limit:
            found.append(f"{whole.title}: {apart:g} points apart")
    return found


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
            f"The consensus on {item.name} was not kept", "it has no reason", "Say why in a few words"
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
