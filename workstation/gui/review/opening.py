"""What is read from disk to reconcile a case, off the GUI thread, and how a case is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workstation.errors import WorkstationError
from workstation.gui.reading.opening import in_order_of_chance
from workstation.imaging.hanging import Layout, hang
from workstation.imaging.study import Series
from workstation.scoring.sheet import Answer
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.reader_masks import TwoMasks
    from workstation.workflow.reconcile_case import ReconcileCase
    from workstation.workflow.workspace import Workspace


@dataclass(frozen=True, eq=False)
class CaseImages:
    """The images of a case, hung for two readers, and what both drew; `problem` where they cannot be."""

    series: tuple[Series, ...]
    hung: Layout
    problem: WorkstationError | None = None
    masks: tuple[TwoMasks, ...] = ()


def case_images(
    workspace: Workspace, case: ReconcileCase, knows_order: bool, sees_masks: bool, progress: Progress
) -> CaseImages:
    """Find the images of a case; without them the answers can still be settled.

    `knows_order` tells whether by the plan the order of visits may show, `sees_masks` whether what both drew
    may: not to an adjudicator who sees neither answer.
    """
    from workstation.workflow.open_study import open_study
    from workstation.workflow.reader_masks import two_of

    series: tuple[Series, ...] = ()
    problem: WorkstationError | None = None
    masks: tuple[TwoMasks, ...] = ()
    try:
        opened = open_study(workspace, case.case, progress)
        series = opened.series if knows_order else in_order_of_chance(opened)
        masks = two_of(case.x, case.y, series) if sees_masks else ()
    except WorkstationError as error:
        problem = error
    return CaseImages(series, hang("two-readers", series), problem, masks)


def case_label(case: ReconcileCase) -> str:
    """``"K-0172 · 4 items differ · open"``"""
    return f"{case.case} · {differing_words(case)} · {case.status}"


def differing_words(case: ReconcileCase) -> str:
    """``"no items differ"``, ``"1 item differs"``, ``"4 items differ"``"""
    count = len(case.differing)
    return "1 item differs" if count == 1 else f"{count or 'no'} items differ"


def tile_of(answer: Answer, fallback: str) -> dict[str, Any]:
    """The viewport in which an answer was given, as plain values."""
    unlinked = {"scroll": False, "zoom": False, "pan": False, "window": False}
    evidence = answer.evidence
    if evidence is None:
        return {"series_key": fallback, "links": unlinked}
    view: Mapping[str, Any] = evidence.view or {}
    seen: Mapping[str, Any] = next(
        (t for t in view.get("tiles") or () if t.get("series_key") == evidence.series_key), {}
    )
    # The zoom belongs to another size of viewport; slice, window and turns are what was seen.
    return {
        **seen,
        "series_key": evidence.series_key,
        "slice_index": evidence.slice_index,
        "scale": None,
        "pan": [0.0, 0.0],
        "links": unlinked,
    }
