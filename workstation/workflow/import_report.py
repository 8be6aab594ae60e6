"""What an import did: every file with what became of it, and the series that are now in the library."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import StoreError
from workstation.imaging.dicom_kinds import AWAITS_APPROVAL, WHY_LEFT_OUT
from workstation.imaging.study import Case
from workstation.store.records import SeriesRow, StudyRow
from workstation.workflow.import_duplicates import ALREADY_THERE
from workstation.workflow.import_worker import Status


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """One file given to the import: its path, its status with the reason, and its series if loaded."""

    path: str
    status: Status
    reason: str = ""
    series: str = ""

    @property
    def awaits_approval(self) -> bool:
        """Whether it is a picture that was kept out until a person approves it."""
        return self.status is Status.SKIPPED and self.reason in _UNTIL_APPROVED


_UNTIL_APPROVED = frozenset(WHY_LEFT_OUT[kind] for kind in AWAITS_APPROVAL)


@dataclass(frozen=True)
class ImportReport:
    """Every file given, and the studies that got files.

    Attributes
    ----------
    files : tuple of FileOutcome
        In the order in which they were found; `loaded`, `skipped` and `refused` add up to their number.
    studies : tuple of StudyRow
        Studies that got files in this import.
    notes : tuple of str
        What the coordinator should look at, one sentence each.
    crosswalk : Path
        Where identities were kept.
    """

    files: tuple[FileOutcome, ...]
    studies: tuple[StudyRow, ...]
    notes: tuple[str, ...]
    crosswalk: Path

    def _count(self, status: Status) -> int:
        return sum(file.status is status for file in self.files)

    @property
    def loaded(self) -> int:
        """Files that can be viewed now."""
        return self._count(Status.LOADED)

    @property
    def skipped(self) -> int:
        """Files not wanted, or there already."""
        return self._count(Status.SKIPPED)

    @property
    def refused(self) -> int:
        """Files damaged or not decodable."""
        return self._count(Status.REFUSED)

    @property
    def awaiting_approval(self) -> int:
        """Skipped files that a person may still let in (secondary captures, burned-in text)."""
        return sum(file.awaits_approval for file in self.files)

    @property
    def series(self) -> tuple[SeriesRow, ...]:
        """Series of the studies that got files."""
        return tuple(series for study in self.studies for series in study.series)

    @property
    def cases(self) -> tuple[Case, ...]:
        """Cases that got files."""
        return tuple({study.case.code: study.case for study in self.studies}.values())

    @property
    def found_images(self) -> bool:
        """Whether any file was an image that is in the library now."""
        return any(f.status is Status.LOADED or f.reason.startswith(ALREADY_THERE) for f in self.files)

    @property
    def reasons(self) -> tuple[tuple[Status, str, int], ...]:
        """How often each reason was given, the most frequent first."""
        counts = Counter((file.status, file.reason) for file in self.files if file.reason)
        return tuple((status, reason, n) for (status, reason), n in counts.most_common())

    def write_csv(self, path: Path) -> None:
        """Write ``path, status, reason, series``, one line per file.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("path", "status", "reason", "series"))
        writer.writerows((f.path, f.status, f.reason, f.series) for f in self.files)
        try:
            path.write_bytes(("\ufeff" + out.getvalue()).encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise StoreError(
                "The import report was not written",
                error.strerror or "disk",
                "The import itself is done; choose another place and import again to get the report",
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "loaded": self.loaded,
            "skipped": self.skipped,
            "refused": self.refused,
            "files": [
                {"path": _printable(f.path), "status": f.status, "reason": f.reason, "series": f.series}
                for f in self.files
            ],
            "series": [series_json(study, series) for study in self.studies for series in study.series],
            "cases": [case_json(case) for case in self.cases],
            "notes": list(self.notes),
            "crosswalk": str(self.crosswalk),
        }


def _printable(path: str) -> str:
    # A file name need not be valid text on Linux; the JSON must be.
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def case_json(case: Case) -> dict[str, Any]:
    """A case as plain values, as ``import`` and ``library`` print it."""
    return {
        "case": case.code,
        "joint": case.joint,
        "side": case.laterality,
        "side_confirmed": case.laterality_confirmed,
        "visits": list(case.visits),
        "series": len(case.series_keys),
    }


def series_json(study: StudyRow, series: SeriesRow) -> dict[str, Any]:
    """A series as plain values, as ``import`` and ``library`` print it; spacing in mm."""
    return {
        "case": study.case.code,
        "visit": study.visit,
        "study": study.study_instance_uid,
        "key": series.key,
        "series_number": series.series_number,
        "split": series.split,
        "modality": series.modality,
        "plane": series.plane,
        "weighting": series.weighting,
        "fat_suppressed": series.fat_suppressed,
        "side": series.laterality,
        "slices": series.slices,
        "rows": series.rows,
        "columns": series.columns,
        "row_spacing": series.row_spacing,
        "column_spacing": series.column_spacing,
        "slice_spacing": series.slice_spacing,
        "warnings": list(series.warnings),
    }
