"""What readers drew, on the grids of their series: for comparing, and to leave as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.load import stack_geometry
from workstation.imaging.study import Series
from workstation.masks.editing.labels import LABELS
from workstation.masks.editing.strokes import Strokes
from workstation.masks.mask import Mask, Segment
from workstation.masks.overlap import LabelAgreement, Labels, label_agreements
from workstation.reading.session import ReadingSession
from workstation.workflow.reconcile_case import ReconcileCase


@dataclass(frozen=True, eq=False)
class TwoMasks:
    """Two readers' masks of one series; one that drew nothing has an empty mask.

    Attributes
    ----------
    agreements : tuple of LabelAgreement
        One for each label that either of them drew.
    """

    series: Series
    x: Mask
    y: Mask
    agreements: tuple[LabelAgreement, ...]

    @property
    def differing_slices(self) -> tuple[int, ...]:
        """Slices on which the two are not the same."""
        differs = (self.x.labels != self.y.labels).any(axis=(1, 2))
        return tuple(int(one) for one in np.flatnonzero(differs))


def drawn_masks(drawn: Strokes, series: Iterable[Series], code: str = "This case") -> tuple[Mask, ...]:
    """The masks that strokes make, of every series that has something marked.

    Raises
    ------
    DataError
        If a series has gained or lost slices since.
    """
    sizes = drawn.sizes
    found = []
    for one in series:
        geometry = stack_geometry(one) if one.key in sizes else None
        labels = drawn.labels_of(one.key) if geometry is not None else None
        if geometry is None or labels is None or not labels.any():
            continue
        _require_fit(labels.shape, geometry, one, code)
        found.append(Mask(one.key, labels, geometry, _used(labels)))
    return tuple(found)


def two_masks(case: ReconcileCase, series: Sequence[Series]) -> tuple[TwoMasks, ...]:
    """What X and Y drew, series by series; nothing where an adjudicator sees neither answer.

    Raises
    ------
    DataError
        If a series has gained or lost slices since.
    """
    return () if case.hides_answers else two_of(case.x, case.y, series)


def two_of(
    x: ReadingSession, y: ReadingSession, series: Sequence[Series], *, with_surfaces: bool = False
) -> tuple[TwoMasks, ...]:
    """What two reads of one case drew, series by series."""
    drawn = [
        {mask.series_key: mask for mask in drawn_masks(one.content.drawn, series, one.key.name)}
        for one in (x, y)
    ]
    found = []
    for one in series:
        masks = [side.get(one.key) for side in drawn]
        there = next((mask for mask in masks if mask is not None), None)
        if there is None:
            continue
        full = [mask or replace(there, labels=np.zeros_like(there.labels)) for mask in masks]
        agreements = label_agreements(
            full[0].labels, full[1].labels, there.geometry, LABELS, with_surfaces=with_surfaces
        )
        found.append(TwoMasks(one, full[0], full[1], agreements))
    return tuple(found)


def _used(labels: Labels) -> tuple[Segment, ...]:
    there = set(np.unique(labels).tolist())
    return tuple(one for one in LABELS if one.label in there)


def _require_fit(shape: tuple[int, ...], geometry: StackGeometry, series: Series, code: str) -> None:
    if shape != geometry.shape:
        raise DataError(
            f"What was drawn on {code} cannot be shown",
            f"{series.label} has gained or lost slices since",
            "Open it with the library that the read was made with",
        )
