"""What undo took or redo brought back, in words, and the item that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workstation.scoring.instrument import Instrument
    from workstation.scoring.sheet import Answer, ScoreSheet
    from workstation.workflow.open_read import OpenRead


@dataclass(frozen=True)
class Standing:
    """What a read holds at one moment."""

    sheets: tuple[ScoreSheet, ...]
    marks: Any
    drawn: Any


@dataclass(frozen=True)
class Change:
    """What differs between two moments.

    Attributes
    ----------
    text : str
        E.g. ``"MFc: the answer"``; empty where nothing differs.
    instrument, item : str
        Where the form should stand; empty unless a single item differs.
    """

    text: str = ""
    instrument: str = ""
    item: str = ""


def standing_of(read: OpenRead) -> Standing:
    """What the read holds now."""
    return Standing(tuple(read.sheets), read.marks, read.drawn)


def change_between(before: Standing, after: Standing) -> Change:
    """What undo or redo changed."""
    changed = [
        (new.instrument, item.id, old.answer(item.id), new.answer(item.id))
        for old, new in zip(before.sheets, after.sheets, strict=True)
        for item in new.instrument.items
        if old.answer(item.id) != new.answer(item.id)
    ]
    if len(changed) == 1:
        form, item, old_answer, new_answer = changed[0]
        return Change(f"{_code(form, item)}: {_part(old_answer, new_answer)}", form.id, item)
    if changed:
        return Change(f"the answers of {len(changed)} items")
    if before.marks != after.marks:
        return Change("a measurement")
    if before.drawn != after.drawn:
        return Change("a step of drawing a mask")
    return Change()


def _code(form: Instrument, item_id: str) -> str:
    item = form.item(item_id)
    code = next((region.code for region in form.regions if region.id == item.region), item.row)
    return code if item.column is None else f"{code} of {item.column.title}"


def _part(old: Answer, new: Answer) -> str:
    if (old.state, old.grade) != (new.state, new.grade):
        return "the answer"
    return "the flag" if old.flagged != new.flagged else "the slice tied to it"
