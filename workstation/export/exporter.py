"""What is offered for export, and the registry of what can be made of it.

An exporter is one file of this room with one ``EXPORTER``; command line, menus and contract tests read
the registry.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workstation import export
from workstation.analysis.reads import ReadRow
from workstation.analysis.report import AgreementReport
from workstation.errors import StoreError, UsageError
from workstation.export.conduct_table import ConductRow
from workstation.export.mask_table import MaskPair
from workstation.export.measurement_table import ReaderMark
from workstation.imaging.study import Series
from workstation.masks.mask import Mask
from workstation.tasks import Progress


@dataclass(frozen=True, eq=False)
class CaseMask:
    """A mask with the series it lies on.

    Attributes
    ----------
    name : str
        What the file is named after: the recipe, ``"regions"``, or ``"drawn"`` by hand.
    reader : str
        Code of the reader whose mask it is, ``""`` for a recipe's own.
    visit : str
        Of the series, where the case has several.
    """

    case: str
    name: str
    series: Series
    mask: Mask
    reader: str = ""
    visit: str = ""


@dataclass(frozen=True, slots=True)
class FinalValue:
    """The reconciled result of one item.

    Attributes
    ----------
    points : float or None
        What is analysed; the mean of two readers may be x.5 and is never rounded.
    grade : float or None
        Set only where both gave the same grade or agreed on one.
    source : str
        ``agreed``, ``mean``, ``consensus`` or ``open``.
    """

    instrument: str
    item: str
    state: str
    grade: float | None
    points: float | None
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FinalTotal:
    """A total of reconciled results; without a value where an item has none."""

    instrument: str
    id: str
    title: str
    value: float | None
    answered: int
    of: int


@dataclass(frozen=True)
class ReconciledCase:
    """The result of one case under the plan's rule.

    `status` is ``"signed"``, ``"open"`` or ``"not available"`` (not both reads are locked).
    """

    case: str
    rule: str
    status: str
    values: tuple[FinalValue, ...] = ()
    totals: tuple[FinalTotal, ...] = ()
    side: str = ""
    visit: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered picture for the report, PNG. Its caption names nothing but the case code."""

    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Bundle:
    """Everything that may leave in one export. It holds no name, date or number of a patient.

    Attributes
    ----------
    title : str
        Of the study, or the case code.
    facts : tuple of (str, str)
        Plan facts in reading order, for the report.
    audit_head : str
        Digest of the last audit entry, ``""`` if there is no study.
    conduct : tuple of ConductRow
        How each read was made.
    unaided, aided : tuple of ReadRow
        Where masks were shown after the own score: the scores before that, and the last ones. One of them
        is `reads`.
    limits : str
        What is left out because it may not be seen yet, in one sentence; ``""`` if nothing is.
    """

    title: str
    study: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    reads: tuple[ReadRow, ...] = ()
    measurements: tuple[ReaderMark, ...] = ()
    conduct: tuple[ConductRow, ...] = ()
    unaided: tuple[ReadRow, ...] = ()
    aided: tuple[ReadRow, ...] = ()
    reconciled: tuple[ReconciledCase, ...] = ()
    agreement: AgreementReport | None = None
    masks: tuple[CaseMask, ...] = ()
    mask_pairs: tuple[MaskPair, ...] = ()
    pictures: tuple[Picture, ...] = ()
    audit_head: str = ""
    limits: str = ""


Write = Callable[[Bundle, Path, Progress], list[Path]]


@dataclass(frozen=True, slots=True)
class Exporter:
    """One way out.

    Attributes
    ----------
    id : str
        The word of ``--format``.
    needs : str
        What the bundle must hold, in words, for the refusal when it does not.
    write : callable
        ``write(bundle, folder, progress) -> list of Path``: the files made, in the folder.
    """

    id: str
    title: str
    suffix: str
    needs: str
    write: Write


@lru_cache(maxsize=1)
def exporters() -> tuple[Exporter, ...]:
    """All exporters, by id."""
    found = []
    for module in pkgutil.iter_modules(export.__path__):
        one = getattr(importlib.import_module(f"{export.__name__}.{module.name}"), "EXPORTER", None)
        if isinstance(one, Exporter):
            found.append(one)
    return tuple(sorted(found, key=lambda exporter: exporter.id))


def exporter(format_id: str) -> Exporter:
    """The exporter of a format.

    Raises
    ------
    UsageError
        Naming the formats that there are.
    """
    for one in exporters():
        if one.id == format_id:
            return one
    there = ", ".join(one.id for one in exporters())
    raise UsageError("Nothing was exported", f"there is no format {format_id!r}", f"Formats are {there}")


def mask_stem(series: Series, name: str) -> str:
    """File name of a mask without suffix: ``<SeriesNumber>[-<split>]-<name>``."""
    number = "series" if series.series_number is None else str(series.series_number)
    return "-".join(file_word(part) for part in (number, series.split, name) if part)


def file_word(text: str) -> str:
    """Text as part of a file name on any system."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", text).strip("._-") or "_"


def mask_paths(masks: tuple[CaseMask, ...], folder: Path, suffix: str) -> list[Path]:
    """A path for each mask, ``<folder>/<case>/<stem><suffix>``, no two alike."""
    paths: list[Path] = []
    for one in masks:
        stem = mask_stem(one.series, one.name)
        stem += "".join(
            f"-{file_word(word)}" for word in (f"visit{one.visit}" if one.visit else "", one.reader) if word
        )
        path = folder / file_word(one.case) / f"{stem}{suffix}"
        again = 2
        while path in paths:
            path = path.with_name(f"{stem}-{again}{suffix}")
            again += 1
        paths.append(path)
    return paths


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; moved there at the end, removed if anything fails.

    Raises
    ------
    StoreError
        One sentence if the disk refuses.
    """
    beside = path.with_name(f".new-{path.name}")  # keeps the suffix, by which libraries choose a format
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path.name} was not written",
            error.strerror or "the disk refused",
            "Free some space or choose another folder",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
