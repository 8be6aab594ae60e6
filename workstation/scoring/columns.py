"""A form with several columns: every item asked once for each visit, each side, or both.

The form of a case is made from the instrument. Its items are those of the first column, then those of the
second, and so on, each named ``<item>@<column>``; no item of an instrument has an ``@`` in its name. A sheet,
a journal and a comparison need to know nothing of it: they see a longer form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workstation.scoring.instrument import Column, Derived, Instrument, Item
from workstation.scoring.sheet import ScoreSheet

MOST_COLUMNS = 4
"""More do not fit beside the images."""

_SIDES = {"R": "right", "L": "left"}


_MADE: dict[tuple[str, str, str, tuple[Column, ...]], Instrument] = {}
"""Forms made before: a study has the same few for all its cases."""


def columned(instrument: Instrument, columns: tuple[Column, ...]) -> Instrument:
    """The instrument with columns; with one column or none the instrument itself.

    It keeps id, version and digest: what is asked is the same.
    """
    if len(columns) < 2:
        return instrument
    key = (instrument.id, instrument.version, instrument.digest, columns)
    if key not in _MADE:
        _MADE[key] = replace(
            instrument,
            items=tuple(_item(item, column) for column in columns for item in instrument.items),
            derived=tuple(_derived(rule, column) for column in columns for rule in instrument.derived),
            columns=columns,
        )
    return _MADE[key]


def renamed(sheet: ScoreSheet, form: Instrument, target: Mapping[str, Column]) -> ScoreSheet:
    """The same answers on another form of the same instrument.

    Parameters
    ----------
    target : mapping of column id to Column
        Which column of `form` each column of the sheet's form becomes.
    """
    if not sheet.instrument.columns:
        return sheet
    found = {}
    for answer in sheet.answers:
        item = sheet.instrument.item(answer.item_id)
        assert item.column is not None
        name = f"{item.row}@{target[item.column.id].id}"
        found[name] = replace(answer, item_id=name)
    return ScoreSheet(form, tuple(found[item.id] for item in form.items))


def numbered_columns(visits: Sequence[str], sides: Sequence[str], *, knows_order: bool) -> tuple[Column, ...]:
    """The columns as a reader meets them, numbered in the order of `visits`.

    Parameters
    ----------
    visits : sequence of str
        The library's labels in the order shown; fewer than two make no columns of their own.
    sides : sequence of str
        ``R`` and ``L``, or none.
    knows_order : bool
        Whether that order is the order of time and may be said.
    """
    if len(visits) < 2:
        return _with_sides((), sides)
    found = []
    for number, visit in enumerate(visits, start=1):
        title, short = _time_point(number, len(visits), knows_order=knows_order)
        found.append(Column(str(number), title, short, visit if knows_order else str(number), visit))
    return _with_sides(found, sides)


def visit_columns(visits: Sequence[str], sides: Sequence[str]) -> tuple[Column, ...]:
    """The columns as they are compared and exported: by the library's labels of the visits."""
    if len(visits) < 2:
        return _with_sides((), sides)
    return _with_sides([Column(visit, f"visit {visit}", visit, visit, visit) for visit in visits], sides)


def visit_titles(columns: Sequence[Column]) -> dict[str, str]:
    """What the visit of each column is called, without its side; empty where there is one visit."""
    return {
        one.visit: one.title.removesuffix(f", {_SIDES[one.side]}") if one.side else one.title
        for one in columns
        if one.visit
    }


def _with_sides(visits: Sequence[Column], sides: Sequence[str]) -> tuple[Column, ...]:
    if len(sides) < 2:
        return tuple(visits)
    if not visits:
        return tuple(Column(side, _SIDES[side].capitalize(), side, side=side) for side in sides)
    return tuple(
        replace(
            one,
            id=f"{one.id}{side}",
            title=f"{one.title}, {_SIDES[side]}",
            short=f"{one.short} {side}",
            side=side,
        )
        for one in visits
        for side in sides
    )


def _time_point(number: int, of: int, *, knows_order: bool) -> tuple[str, str]:
    if not knows_order:
        return f"Time point {number}", f"TP {number}"
    if number == 1:
        return "Baseline", "Base"
    return ("Follow-up", "F-up") if of == 2 else (f"Follow-up {number - 1}", f"F-up {number - 1}")


def _item(item: Item, column: Column) -> Item:
    return replace(item, id=f"{item.id}@{column.id}", base=item.id, column=column)


def _derived(rule: Derived, column: Column) -> Derived:
    return replace(
        rule,
        id=f"{rule.id}@{column.id}",
        title=f"{rule.title}, {column.title}",
        items=tuple(f"{item}@{column.id}" for item in rule.items),
        base=rule.id,
        column=column,
    )
