"""What is read from disk to reconcile a case, off the GUI thread, and how a case is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workstation.errors import WorkstationError
from workstation.gui.reading.opening import in_order_of_chance
from workstation.gui.viewer.captions import captions_of
from workstation.imaging.hanging import Layout, hang
from workstation.imaging.study import Series
from workstation.scoring.instrument import Item
from workstation.scoring.sheet import Answer
from workstation.tasks import Progress

PAIRS = (("X", "Y"), ("X", "Z"), ("Y", "Z"))
"""Which two readers are side by side; only a median has more than the first."""

LINKS = {"scroll": True, "zoom": True, "pan": True, "window": False}
"""Both go to the same place of the patient; each keeps the window its reader had."""

if TYPE_CHECKING:
    from workstation.workflow.reader_masks import TwoMasks
    from workstation.workflow.reconcile_case import ReconcileCase
    from workstation.workflow.workspace import Workspace


@dataclass(frozen=True, eq=False)
class CaseImages:
    """The images of a case, hung for two readers, and what they drew; `problem` where they cannot be.

    Attributes
    ----------
    masks : tuple
        For each two readers of `PAIRS` that the case has, their masks series by series; empty where none
        may be seen.
    captions, visits : mapping of str to str
        By series key, where it may be known which visit a series is of.
    """

    series: tuple[Series, ...]
    hung: Layout
    problem: WorkstationError | None = None
    masks: tuple[tuple[TwoMasks, ...], ...] = ()
    captions: Mapping[str, str] = field(default_factory=dict)
    visits: Mapping[str, str] = field(default_factory=dict)

    def hung_for(self, side: int, item: Item) -> str:
        """What hangs left (0) or right (1) where no slice was kept: of the item's visit where it has one."""
        key = self.hung.tiles[side].series_key or ""
        visit = item.column.visit if item.column is not None else ""
        if not visit or self.visits.get(key) == visit:
            return key
        label = next((one.label for one in self.series if one.key == key), "")
        there = [one for one in self.series if self.visits.get(one.key) == visit]
        return next((one.key for one in there if one.label == label), there[0].key if there else key)


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
    masks: tuple[tuple[TwoMasks, ...], ...] = ()
    captions: Mapping[str, str] = {}
    visits: Mapping[str, str] = {}
    try:
        opened = open_study(workspace, case.case, progress)
        series = opened.series if knows_order else in_order_of_chance(opened)
        visits = opened.visits if knows_order else {}
        captions = captions_of(series, visits)
        reads = {"X": case.x, "Y": case.y} | ({"Z": case.z} if case.z is not None else {})
        pairs = [(reads[one], reads[other]) for one, other in pairs_of(case)] if sees_masks else []
        masks = tuple(two_of(one, other, series) for one, other in pairs)
    except WorkstationError as error:
        problem = error
    return CaseImages(series, hang("two-readers", series), problem, masks, captions, visits)


def case_label(case: ReconcileCase) -> str:
    """``"K-0172 · 4 items differ · open"``"""
    return f"{case.case} · {differing_words(case)} · {case.status}"


def differing_words(case: ReconcileCase) -> str:
    """``"no items differ"``, ``"1 item differs"``, ``"4 items differ"``"""
    count = len(case.differing)
    return "1 item differs" if count == 1 else f"{count or 'no'} items differ"


def pairs_of(case: ReconcileCase) -> tuple[tuple[str, str], ...]:
    """Which two readers of a case can stand side by side."""
    return PAIRS if case.z is not None else PAIRS[:1]


def tiles_of(answers: Sequence[Answer], fallback: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """The two viewports in which answers were given, as plain values.

    A reader without a slice for this item (answers from a table) gets what the other one looked at; where
    neither has one, each side shows its `fallback`: a series and one of its slices.
    """
    left = [_tile_of(answer) for answer in answers]
    instead = next((tile for tile in left if tile is not None), None)
    return [
        tile or instead or {"series_key": key, "slice_index": index, "links": LINKS}
        for tile, (key, index) in zip(left, fallback, strict=True)
    ]


def _tile_of(answer: Answer) -> dict[str, Any] | None:
    evidence = answer.evidence
    if evidence is None:
        return None
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
        "links": LINKS,
    }


def place_words(answer: Answer, series_key: str, slice_index: int) -> str:
    """Whether a viewport shows what its reader left: ``"own slice"``, ``"left at 31"``; ``""`` if hidden."""
    left = answer.evidence
    if not answer.is_answered:
        return ""
    if left is None:
        return "kept no slice"
    if (left.series_key, left.slice_index) == (series_key, slice_index):
        return "own slice"
    return f"left at {left.slice_index + 1}" if left.series_key == series_key else "left elsewhere"
