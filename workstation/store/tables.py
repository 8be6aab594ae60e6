"""Tables of the library: subject > visit > study > series > instance, and the cases made of them.

No name, number, date, path or UID of the original files is in any column: UIDs and pseudonyms are keyed
hashes, dates are shifted per subject, paths are those of the de-identified copies.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

LIBRARY = Table(
    "library",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("library_uid", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

SUBJECTS = Table(
    "subjects",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("pseudonym", Text, nullable=False, unique=True),
    # False where the originals carry no usable PatientID: then every study is a subject of its own.
    Column("identified", Boolean, nullable=False),
)

VISITS = Table(
    "visits",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("subject_id", Integer, ForeignKey("subjects.id"), nullable=False),
    Column("label", Text, nullable=False),
    UniqueConstraint("subject_id", "label", name="uq_visits_subject_label"),
)

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study_instance_uid", Text, nullable=False, unique=True),
    Column("subject_id", Integer, ForeignKey("subjects.id"), nullable=False, index=True),
    # The subject that the files name. It differs from subject_id after a join and brings an undo back.
    Column("origin_subject_id", Integer, ForeignKey("subjects.id"), nullable=False),
    Column("visit_id", Integer, ForeignKey("visits.id")),
    Column("shifted_date", Text, nullable=False),
    # True from the first new file until its series were built again: an interrupted import shows here.
    Column("stale", Boolean, nullable=False),
)

CASES = Table(
    "cases",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("subject_id", Integer, ForeignKey("subjects.id"), nullable=False, index=True),
    Column("joint", Text),
    Column("laterality", Text),
    Column("laterality_confirmed", Boolean, nullable=False),
    Column("code", Text, nullable=False, unique=True),
)

CASE_ALIASES = Table(
    "case_aliases",
    METADATA,
    # A code that was given once always leads somewhere: to the case that took its series over.
    Column("code", Text, primary_key=True),
    Column("case_id", Integer, ForeignKey("cases.id"), nullable=False),
)

SERIES = Table(
    "series",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study_id", Integer, ForeignKey("studies.id"), nullable=False, index=True),
    Column("case_id", Integer, ForeignKey("cases.id"), index=True),
    Column("key", Text, nullable=False, unique=True),
    Column("series_instance_uid", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("axis", Text, nullable=False),
    Column("plane", Text),
    Column("weighting", Text),
    Column("fat_suppressed", Boolean, nullable=False),
    Column("joint", Text),
    Column("laterality", Text),
    # True where the tags or the place in the scanner name more than one side.
    Column("laterality_contradicted", Boolean, nullable=False),
    # A person's word on joint and side; it stands above the tags.
    Column("confirmed_joint", Text),
    Column("confirmed_laterality", Text),
    Column("warnings", Text, nullable=False),
    # For the listing, without reading the instances.
    Column("modality", Text, nullable=False),
    Column("series_number", Integer),
    Column("frame_of_reference_uid", Text, nullable=False),
    Column("slices", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("columns", Integer, nullable=False),
    Column("row_spacing", Float),
    Column("column_spacing", Float),
    Column("slice_spacing", Float),
)

FILES = Table(
    "files",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study_id", Integer, ForeignKey("studies.id"), nullable=False, index=True),
    Column("sop_instance_uid", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False, unique=True),
    # Keyed digest of the original file: the same file is known again without being read as DICOM.
    Column("source_digest", LargeBinary, nullable=False, index=True),
    Column("size", Integer, nullable=False),
)

INSTANCES = Table(
    "instances",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("file_id", Integer, ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
    Column("study_id", Integer, ForeignKey("studies.id"), nullable=False, index=True),
    Column("frame", Integer, nullable=False),
    Column("facts", Text, nullable=False),
    Column("series_id", Integer, ForeignKey("series.id", ondelete="SET NULL")),
    Column("position", Integer),
    UniqueConstraint("file_id", "frame", name="uq_instances_file_frame"),
)
Index("ix_instances_series_position", INSTANCES.c.series_id, INSTANCES.c.position)

DECISIONS = Table(
    "decisions",
    METADATA,
    # Append only (triggers refuse update and delete): who confirmed a side, joined or parted studies, when.
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("case_code", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
)

IMPORTS = Table(
    "imports",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("loaded", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)
