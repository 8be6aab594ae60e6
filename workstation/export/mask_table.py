"""How far readers' masks agree, as a table: a row for each label that either of two reads drew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workstation.analysis.reads import write_table
from workstation.imaging.study import Series
from workstation.masks.overlap import LabelAgreement

HEADER: tuple[str, ...] = (
    "study", "case", "visit", "reader_x", "repeat_x", "reader_y", "repeat_y",
    "series", "series_number", "label",
    "volume_x_ml", "volume_y_ml", "both_ml", "difference_ml", "dice", "surface_mm", "surface_p95_mm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MaskPair:
    """One label as two reads drew it.

    Attributes
    ----------
    readers : (str, str)
        Codes of the readers; the same twice for a repeated reading.
    repeats : (int, int)
        0 for the first presentation of a case.
    """

    study: str
    case: str
    readers: tuple[str, str]
    repeats: tuple[int, int]
    series: Series
    agreement: LabelAgreement
    visit: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """``("R1", "R2")`` or ``("R1", "R1 again")``"""
        first, second = (
            f"{reader} again" if repeat else reader
            for reader, repeat in zip(self.readers, self.repeats, strict=True)
        )
        return first, second


def write_mask_agreement(path: Path, pairs: Iterable[MaskPair]) -> None:
    """Write ``mask_agreement.csv``.

    `difference_ml` is X minus Y. `surface_mm` is the mean distance between the two surfaces, `surface_p95_mm`
    its 95th percentile; empty where one of the two drew nothing.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, HEADER, (_cells(one) for one in pairs))


def _cells(one: MaskPair) -> list[str]:
    number, series = one.agreement, one.series
    x, y, both = number.volumes_ml
    who = [one.readers[0], str(one.repeats[0]), one.readers[1], str(one.repeats[1])]
    where = [series.key, "" if series.series_number is None else str(series.series_number)]
    told = (x, y, both, x - y, number.dice, number.surface_mm, number.farthest_mm)
    return [one.study, one.case, one.visit, *who, *where, number.segment.name, *map(_text, told)]


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
