"""Which columns the form of a case has: its visits where they are read together, and its sides.

They stand in the plan, so that a journal is played the same way on a machine without the images.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from workstation.scoring.columns import MOST_COLUMNS
from workstation.scoring.toml_source import TomlSource

SIDES = ("R", "L")


@dataclass(frozen=True, slots=True)
class CaseColumns:
    """The visits of a case by the library's labels in order of time, and its sides where there are two."""

    case: str
    visits: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many columns the form has."""
        return max(1, len(self.visits)) * max(1, len(self.sides))


def columns_from(source: TomlSource, value: Any, cases: Collection[str]) -> tuple[CaseColumns, ...]:
    """What a plan says of columns.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    found: list[CaseColumns] = []
    for i, raw in enumerate(source.tables(("columns",), value)):
        where = ("columns", i)
        table = source.table(where, raw, ("case",), ("visits", "sides"))
        case = source.text((*where, "case"), table["case"])
        visits = source.texts((*where, "visits"), table.get("visits", []))
        sides = source.texts((*where, "sides"), table.get("sides", []))
        one = CaseColumns(case, visits, sides)
        if case not in cases:
            raise source.mistake((*where, "case"), f'"{case}" is no case of the plan')
        if case in [other.case for other in found]:
            raise source.mistake((*where, "case"), f'case "{case}" is named twice')
        if len(set(visits)) < len(visits):
            raise source.mistake((*where, "visits"), f'a visit of "{case}" is named twice')
        if sides not in ((), SIDES):
            raise source.mistake((*where, "sides"), f'the sides of "{case}" are R and L, or none are named')
        if one.count > MOST_COLUMNS:
            raise source.mistake(where, too_many(one))
        found.append(one)
    return tuple(found)


def columns_data(columns: Iterable[CaseColumns]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [
        {"case": one.case, "visits": list(one.visits), **({"sides": list(one.sides)} if one.sides else {})}
        for one in columns
    ]


def too_many(one: CaseColumns) -> str:
    """What is said of a case with more columns than a form can show."""
    sides = " of both sides" if one.sides else ""
    return (
        f'case "{one.case}" has {len(one.visits)} visits{sides}, {one.count} columns, '
        f"and a form has room for {MOST_COLUMNS}"
    )
