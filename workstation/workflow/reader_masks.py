"""What readers drew, on the grids of their series: for comparing, and to leave as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from workstation.errors import DataError
from workstation.export.exporter import CaseMask
from workstation.export.mask_table import MaskPair
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.load import stack_geometry
from workstation.imaging.study import Series
from workstation.masks.editing.labels import LABELS, used
from workstation.masks.editing.strokes import Strokes
from workstation.masks.mask import Mask
from workstation.masks.overlap import LabelAgreement, label_agreements
from workstation.reading.session import ReadingSession
from workstation.reading.visibility import Viewer, hides_codes
from workstation.store.mask_files import DRAWN
from workstation.workflow.read_case import Study
from workstation.workflow.reads_csv import seen_reads
from workstation.workflow.visit_words import visits_told
from workstation.workflow.workspace import Workspace


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
        found.append(Mask(one.key, labels, geometry, used(labels)))
    return tuple(found)


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


def masks_of_reads(
    study: Study, workspace: Workspace | None, viewer: Viewer | None = None
) -> tuple[CaseMask, ...]:
    """What was drawn in every locked read that counts, seen by whom its answers are seen.

    Like a measurement a mask tells its series, by which a reader would know a case that comes again: readers
    get theirs once they have read everything.

    Raises
    ------
    DataError
        If a series has gained or lost slices since.
    """
    return tuple(
        CaseMask(one.key.case, _name_of(one), series, mask, one.key.reader, visits.get(series.key, ""))
        for one, there, visits in _with_images(study, workspace, viewer)
        for series in there
        for mask in drawn_masks(one.content.drawn, (series,), one.key.case)
    )


def mask_pairs(
    study: Study, workspace: Workspace | None, viewer: Viewer | None = None
) -> tuple[MaskPair, ...]:
    """How far the masks of every two reads of a case agree: of two readers, and of a repeated reading.

    Raises
    ------
    DataError
        If a series has gained or lost slices since.
    """
    found = []
    seen = _with_images(study, workspace, viewer)
    for (one, there, visits), (other, _, _) in combinations(seen, 2):
        keys = one.key, other.key
        is_repeat = keys[0].reader == keys[1].reader
        is_first = keys[0].presentation == keys[1].presentation == 1
        if keys[0].case != keys[1].case or not (is_repeat or is_first):
            continue
        for pair in two_of(one, other, there, with_surfaces=True):
            found += [
                MaskPair(
                    study.plan.id,
                    keys[0].case,
                    (keys[0].reader, keys[1].reader),
                    (keys[0].presentation - 1, keys[1].presentation - 1),
                    pair.series,
                    agreement,
                    visits.get(pair.series.key, ""),
                )
                for agreement in pair.agreements
            ]
    return tuple(found)


def drawn_elsewhere(
    study: Study, workspace: Workspace | None, viewer: Viewer | None = None
) -> tuple[tuple[str, str], ...]:
    """Case and reader of reads with something drawn on images that this library does not have.

    Where each machine imported the images itself they have other UIDs on each, and nothing drawn is found
    again: a package brings the same ones.
    """
    found = []
    for session, there, _ in _with_images(study, workspace, viewer):
        if not session.content.drawn.sizes.keys() <= {one.key for one in there}:
            found.append((session.key.case, session.key.reader))
    return tuple(found)


def _with_images(
    study: Study, workspace: Workspace | None, viewer: Viewer | None
) -> list[tuple[ReadingSession, tuple[Series, ...], Mapping[str, str]]]:
    """Reads with something drawn, with the series of their case and the visits; none without a library."""
    if workspace is None or (viewer is not None and hides_codes(study.orders, viewer, study.locked())):
        return []
    library = workspace.library
    return [
        (
            session,
            library.series(session.key.case),
            visits_told(study, library, session.key, viewer),
        )
        for session, _ in seen_reads(study, viewer)
        if session.content.drawn.count and library.find(session.key.case) is not None
    ]


def _name_of(session: ReadingSession) -> str:
    return DRAWN if session.key.presentation == 1 else f"{DRAWN}-repeat"


def _require_fit(shape: tuple[int, ...], geometry: StackGeometry, series: Series, code: str) -> None:
    if shape != geometry.shape:
        raise DataError(
            f"What was drawn on {code} cannot be shown",
            f"{series.label} has gained or lost slices since",
            "Open it with the library that the read was made with",
        )
