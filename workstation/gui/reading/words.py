"""Words of the reading desk for what the core tells in codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.reading.session import ReadState

if TYPE_CHECKING:
    from workstation.workflow.open_study import OpenStudy

STATE_WORDS = {
    ReadState.NOT_STARTED: "not started",
    ReadState.OPEN: "draft",
    ReadState.COMPLETE: "complete",
    ReadState.LOCKED: "locked",
    ReadState.AMENDED: "amended",
}
_SIDES = {"L": "left", "R": "right", "B": "bilateral"}


def free_title(opened: OpenStudy) -> str:
    """``"K-0172 · right knee"``, from what is confirmed."""
    side = _SIDES.get(opened.laterality or "", "") if opened.laterality_confirmed else ""
    where = " ".join(word for word in (side, opened.joint or "") if word)
    return f"{opened.title} · {where}" if where else opened.title


def items_are(count: int) -> str:
    """``"1 item is"``, ``"3 items are"``"""
    return "1 item is" if count == 1 else f"{count} items are"
