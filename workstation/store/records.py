"""What the library takes in and lists, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.imaging.study import Case, Instance, Joint, Laterality, Plane, Weighting


@dataclass(frozen=True, slots=True)
class NewFile:
    """One de-identified copy in its final place, ready to be recorded.

    `path` is relative to the library's folder; `subject` is the keyed pseudonym and `is_identified` says
    whether the original carried a usable PatientID. `shifted_date` is ``YYYYMMDD`` after the subject's
    shift, ``""`` if unknown. `source_digest` is a keyed digest of the original file's bytes.
    """

    path: str
    sop_instance_uid: str
    study_instance_uid: str
    subject: str
    is_identified: bool
    shifted_date: str
    source_digest: bytes
    size: int
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """What is in the library and whole on disk: digests of originals, and UIDs of copies."""

    source_digests: frozenset[bytes]
    sop_instance_uids: frozenset[str]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series as the listing shows it. Spacing in mm: between rows, columns and slices."""

    key: str
    series_number: int | None
    split: str
    modality: str
    plane: Plane | None
    weighting: Weighting | None
    fat_suppressed: bool
    laterality: Laterality | None
    slices: int
    rows: int
    columns: int
    row_spacing: float | None
    column_spacing: float | None
    slice_spacing: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study of one case as the listing shows it."""

    case: Case
    visit: str
    study_instance_uid: str
    series: tuple[SeriesRow, ...]


@dataclass(frozen=True, slots=True)
class JoinCandidate:
    """Two cases that an anonymiser may have torn apart, and why they are offered."""

    first: str
    second: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a case, who, and when (UTC)."""

    kind: str
    case_code: str
    detail: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class CaseStudy:
    """Where a study went: for the crosswalk."""

    study_instance_uid: str
    subject: str
    case_code: str
    visit: str
    joint: Joint | None
    laterality: Laterality | None
