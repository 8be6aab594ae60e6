"""What can be answered, as data: the grades of each item and the totals made of them."""

from __future__ import annotations

from dataclasses import dataclass, field

SUM, MAXIMUM, COUNT = "sum", "max", "count"


@dataclass(frozen=True, slots=True)
class ItemScale:
    """The scale of one item.

    Attributes
    ----------
    categories : tuple of float
        All possible grades in their order, also those nobody gave. Empty where they are not known:
        then what depends on their number (AC1, AC2, PABAK) is not given.
    points : tuple of float
        What each category adds to a total, same order. Empty means the grade itself.
    """

    id: str
    title: str = ""
    region: str = ""
    categories: tuple[float, ...] = ()
    points: tuple[float, ...] = ()

    def points_of(self, grade: float) -> float:
        """Points of a grade."""
        return self.points[self.categories.index(grade)] if self.points else grade


@dataclass(frozen=True, slots=True)
class TotalRule:
    """A total over items: their sum, their maximum, or how many are above 0 points."""

    id: str
    title: str
    kind: str
    items: tuple[str, ...]

    def of(self, points: list[float]) -> float:
        """The total of the points of all its items."""
        if self.kind == MAXIMUM:
            return max(points)
        if self.kind == COUNT:
            return float(sum(1 for point in points if point > 0))
        return float(sum(points))


@dataclass(frozen=True, slots=True)
class Form:
    """All scales of one instrument, and its totals."""

    id: str
    version: str = ""
    title: str = ""
    items: tuple[ItemScale, ...] = ()
    totals: tuple[TotalRule, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def item(self, item_id: str) -> ItemScale:
        """The scale of an item (`KeyError` if the form has none)."""
        for scale in self.items:
            if scale.id == item_id:
                return scale
        raise KeyError(item_id)
