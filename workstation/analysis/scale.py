"""What can be answered, as data: the grades of each item and the totals made of them."""

from __future__ import annotations

from dataclasses import dataclass

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
    """A total over items: sum or maximum of their points, or how many have a grade above 0."""

    id: str
    title: str
    kind: str
    items: tuple[str, ...]

    def of(self, grades: list[float], points: list[float]) -> float:
        """The total of all its items, from their grades and the points of these."""
        if self.kind == MAXIMUM:
            return max(points)
        if self.kind == COUNT:
            return float(sum(1 for grade in grades if grade > 0))
        return float(sum(points))


@dataclass(frozen=True, slots=True)
class Group:
    """Items whose agreement is also given together: a region or a compartment."""

    id: str
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """All scales of one instrument, its groups of items and its totals."""

    id: str
    version: str = ""
    title: str = ""
    items: tuple[ItemScale, ...] = ()
    totals: tuple[TotalRule, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()

    def item(self, item_id: str) -> ItemScale:
        """The scale of an item (`KeyError` if the form has none)."""
        for scale in self.items:
            if scale.id == item_id:
                return scale
        raise KeyError(item_id)
