"""What readers measured, as a long table: one row per number, notes and key images one row each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workstation.analysis.reads import write_table
from workstation.imaging.measurement import Mark, Quantity

HEADER: tuple[str, ...] = (
    "study", "case", "visit", "repeat", "reader", "read_version", "mark", "kind", "name",
    "series", "sop_instance_uid", "frame_number", "points",
    "quantity", "value", "unit", "note", "locked_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReaderMark:
    """One mark of a locked read.

    Attributes
    ----------
    repeat : int
        0 for the first presentation of a case.
    visit : str
        Of its series, where the case has several.
    """

    study: str
    case: str
    repeat: int
    reader: str
    read_version: int
    locked_at: str
    mark: Mark
    visit: str = ""


def write_measurements(path: Path, marks: Iterable[ReaderMark]) -> None:
    """Write ``measurements.csv``.

    Frames count from 1, as in DICOM. Points are image coordinates ``x y``, separated by semicolons: the
    first pixel covers 0 to 1. Values are as the reader saw them, units ``mm``, ``mm2``, ``deg``, ``HU``,
    ``stored`` or ``rescaled`` (values of the file), ``px`` and ``px2`` where an image is not calibrated.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, HEADER, (row for one in marks for row in _rows(one)))


def _rows(one: ReaderMark) -> Iterable[list[str]]:
    mark = one.mark
    points = "; ".join(f"{x:g} {y:g}" for x, y in mark.points)
    start = [one.study, one.case, one.visit, str(one.repeat), one.reader, str(one.read_version), mark.id]
    start += [
        mark.shape.value,
        mark.name,
        mark.series_key,
        mark.sop_instance_uid,
        str(mark.frame + 1),
        points,
    ]
    for quantity in mark.result.quantities or (None,):
        yield [*start, *_number(quantity), mark.result.note, one.locked_at]


def _number(quantity: Quantity | None) -> tuple[str, str, str]:
    return (quantity.name, f"{quantity.value:.6g}", quantity.unit) if quantity else ("", "", "")
