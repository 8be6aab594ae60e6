"""Scoring instruments: forms with the definition of every level, as data from ``resources/instruments``.

A released file is never changed, only followed by a new version; each read keeps id, version and digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from workstation.errors import ResourceError
from workstation.resources import resource_path

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Level:
    """One answer that an item offers.

    Attributes
    ----------
    grade : int
        What is stored, and what agreement is computed on.
    key : str
        The key that the reader presses, and the ``value`` in a CSV file.
    label : str
        As the paper writes it: ``"II"``, ``"2"``.
    points : float
        What a sum adds. Derived from the grade, never typed.
    tag : str
        Confidence of the definition: ``V`` read in the paper, ``K`` known, ``P`` decided by the project.
    """

    grade: int
    key: str
    label: str
    definition: str
    points: float
    tag: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One panel of the region diagram.

    Coordinates run from 0 to 100, x to the right and y down, drawn for a RIGHT joint in the radiologist's
    orientation. `mirrors` says that the panel is turned over for a left joint (front and axial panels;
    a panel seen from the side keeps anterior on the left).
    """

    id: str
    title: str
    left: str
    right: str
    mirrors: bool
    outlines: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Outline of a region in one view: a simple polygon, not closed by repetition."""

    view: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A place that is scored, with its outline in one or more views of the diagram."""

    id: str
    code: str
    label: str
    shapes: tuple[Shape, ...]

    @property
    def view(self) -> str:
        """The view in which the region is shown first."""
        return self.shapes[0].view

    @property
    def shape(self) -> tuple[Point, ...]:
        """Outline in the first view."""
        return self.shapes[0].points


@dataclass(frozen=True, slots=True)
class Column:
    """One set of answers of a form that is filled in several times for a case: a visit, a side, or both.

    Attributes
    ----------
    id : str
        What stands behind the ``@`` of its items: ``"2"``, ``"R"``, ``"2R"``.
    title, short : str
        ``"Time point 2"`` and, over a narrow column, ``"TP 2"``.
    label : str
        What a table calls its visit: the library's label, or the number of a time point.
    visit : str
        The library's label; empty where it is not known which visit a time point is.
    side : str
        ``R`` or ``L``; this and the others are empty where the column is not one of several.
    """

    id: str
    title: str
    short: str
    label: str = ""
    visit: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of the form: a feature in a region, with its levels in ascending order of grade.

    In a form with several columns `id` is ``"MFc@2"`` and `base` is ``"MFc"``, as the form itself names it.
    """

    id: str
    title: str
    region: str
    feature: str
    kind: str
    levels: tuple[Level, ...]
    tags: tuple[str, ...] = ()
    base: str = ""
    column: Column | None = None

    @property
    def row(self) -> str:
        """The item's name in the form, whatever the column."""
        return self.base or self.id

    @property
    def name(self) -> str:
        """What a sentence calls it: ``"MFc"``, ``"MFc of Time point 2"``."""
        return self.id if self.column is None else f"{self.row} of {self.column.title}"

    @property
    def full_title(self) -> str:
        """``"Medial femoral condyle"``, ``"Medial femoral condyle, visit B"``"""
        return self.title if self.column is None else f"{self.title}, {self.column.title}"

    def level(self, grade: int) -> Level:
        """The level of a grade.

        Raises
        ------
        ResourceError
            If the item has no such grade.
        """
        for level in self.levels:
            if level.grade == grade:
                return level
        raise ResourceError(
            "This answer was not kept", f"{self.id} has no grade {grade}", f"Use {self.allowed_keys}"
        )

    def level_of_key(self, key: str) -> Level | None:
        """The level that a key (or a CSV value) means, or None."""
        return next((level for level in self.levels if level.key == key), None)

    @property
    def allowed_keys(self) -> str:
        """The keys as a phrase: ``"0, 1, 2 or 3"``."""
        keys = [level.key for level in self.levels]
        return f"{', '.join(keys[:-1])} or {keys[-1]}" if len(keys) > 1 else keys[0]


@dataclass(frozen=True, slots=True)
class Derived:
    """A total computed from items: ``sum`` of points, ``max`` of points, ``count`` of grades above 0."""

    id: str
    title: str
    kind: str
    items: tuple[str, ...]
    minimum: float
    maximum: float
    hidden_while_scoring: bool = True
    base: str = ""
    column: Column | None = None


@dataclass(frozen=True)
class Instrument:
    """A scoring form.

    Attributes
    ----------
    status : str
        ``"validated"`` or ``"unvalidated"``; the latter is said wherever the form is shown.
    notes : tuple of str
        Decisions of the project where the paper is silent, one sentence each.
    digest : str
        SHA-256 of the content (not of the spelling of the file), hex.
    columns : tuple of Column
        Several, where every item is asked once for each; see `scoring.columns`.
    """

    id: str
    version: str
    title: str
    joint: str
    citation: str
    status: str
    notes: tuple[str, ...]
    views: tuple[View, ...]
    regions: tuple[Region, ...]
    items: tuple[Item, ...]
    derived: tuple[Derived, ...]
    digest: str
    columns: tuple[Column, ...] = ()

    @cached_property
    def _items_by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _regions_by_id(self) -> dict[str, Region]:
        return {region.id: region for region in self.regions}

    def item(self, item_id: str) -> Item:
        """The item with an id.

        Raises
        ------
        ResourceError
            If the form has no such item.
        """
        try:
            return self._items_by_id[item_id]
        except KeyError:
            raise ResourceError(
                "This answer was not kept", f"{self.title} has no item {item_id}", "Check the item's name"
            ) from None

    def has_item(self, item_id: str) -> bool:
        """True when the form asks this item."""
        return item_id in self._items_by_id

    def region_of(self, item_id: str) -> Region:
        """The region an item asks about."""
        return self._regions_by_id[self.item(item_id).region]

    def items_in(self, region_id: str) -> tuple[Item, ...]:
        """The items of one region, in the form's order."""
        return tuple(item for item in self.items if item.region == region_id)

    def item_at(self, row: str, column: Column | None) -> Item:
        """The item that a row of the form has in a column.

        Raises
        ------
        ResourceError
            If the form has no such item.
        """
        return self.item(row if column is None or not self.columns else f"{row}@{column.id}")

    @property
    def rows(self) -> tuple[Item, ...]:
        """The items of one column, in the form's order."""
        if not self.columns:
            return self.items
        return tuple(item for item in self.items if item.column == self.columns[0])

    @property
    def asks_both_sides(self) -> bool:
        """True for a form whose regions are those of the right and of the left joint."""
        return {"R.", "L."} <= {region.id[:2] for region in self.regions}

    @property
    def is_validated(self) -> bool:
        """False for a project scale that no study has validated."""
        return self.status == "validated"


def load_instrument(path: Path) -> Instrument:
    """Read one instrument file.

    Raises
    ------
    ResourceError
        Naming the file, the line and what is wrong.
    """
    from workstation.scoring.schema import instrument_from
    from workstation.scoring.toml_source import read_source

    return instrument_from(read_source(path, "instrument"))


@lru_cache(maxsize=1)
def instruments() -> tuple[Instrument, ...]:
    """All shipped instruments, by id, newest version last.

    Raises
    ------
    ResourceError
        If a file has a mistake or two files claim the same id and version.
    """
    found: dict[tuple[str, str], Instrument] = {}
    for path in sorted(resource_path("instruments").glob("*.toml")):
        loaded = load_instrument(path)
        if (loaded.id, loaded.version) in found:
            raise ResourceError(
                "Two instruments have the same name", f"{path.name} repeats {loaded.id} {loaded.version}"
            )
        found[loaded.id, loaded.version] = loaded
    return tuple(sorted(found.values(), key=lambda one: (one.id, _version_order(one.version))))


def instrument(instrument_id: str, version: str | None = None) -> Instrument:
    """One shipped instrument; the newest version unless one is named.

    Raises
    ------
    ResourceError
        If there is none, naming those that there are.
    """
    same = [one for one in instruments() if one.id == instrument_id]
    if not same:
        known = ", ".join(sorted({one.id for one in instruments()}))
        raise ResourceError(
            "This instrument is not known", f'there is no "{instrument_id}"', f"Known are {known}"
        )
    if version is None:
        return same[-1]
    for one in same:
        if one.version == version:
            return one
    versions = ", ".join(one.version for one in same)
    raise ResourceError(
        "This instrument is not known",
        f'"{instrument_id}" has no version {version}',
        f"Known versions are {versions}",
    )


def _version_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
