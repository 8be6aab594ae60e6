"""Subjects, visits, studies, series, files, instances, cases, decisions and imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Make the first tables."""
    op.create_table(
        "library",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("library_uid", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
    )
    _identities(op)
    _images(op)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_code", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.Text, nullable=False),
    )
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER decisions_keep_{event.lower()} BEFORE {event} ON decisions "
            "BEGIN SELECT RAISE(ABORT, 'a recorded decision is never changed'); END"
        )
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("finished_at", sa.Text),
        sa.Column("loaded", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
    )


def _identities(op: Operations) -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pseudonym", sa.Text, nullable=False, unique=True),
        sa.Column("identified", sa.Boolean, nullable=False),
    )
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject_id", sa.Integer, sa.ForeignKey("subjects.id"), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.UniqueConstraint("subject_id", "label", name="uq_visits_subject_label"),
    )
    op.create_table(
        "studies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_instance_uid", sa.Text, nullable=False, unique=True),
        sa.Column("subject_id", sa.Integer, sa.ForeignKey("subjects.id"), nullable=False, index=True),
        sa.Column("origin_subject_id", sa.Integer, sa.ForeignKey("subjects.id"), nullable=False),
        sa.Column("visit_id", sa.Integer, sa.ForeignKey("visits.id")),
        sa.Column("shifted_date", sa.Text, nullable=False),
        sa.Column("stale", sa.Boolean, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject_id", sa.Integer, sa.ForeignKey("subjects.id"), nullable=False, index=True),
        sa.Column("joint", sa.Text),
        sa.Column("laterality", sa.Text),
        sa.Column("laterality_confirmed", sa.Boolean, nullable=False),
        sa.Column("code", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "case_aliases",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
    )


def _images(op: Operations) -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_id", sa.Integer, sa.ForeignKey("studies.id"), nullable=False, index=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), index=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("series_instance_uid", sa.Text, nullable=False),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("axis", sa.Text, nullable=False),
        sa.Column("plane", sa.Text),
        sa.Column("weighting", sa.Text),
        sa.Column("fat_suppressed", sa.Boolean, nullable=False),
        sa.Column("joint", sa.Text),
        sa.Column("laterality", sa.Text),
        sa.Column("laterality_contradicted", sa.Boolean, nullable=False),
        sa.Column("confirmed_joint", sa.Text),
        sa.Column("confirmed_laterality", sa.Text),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("series_number", sa.Integer),
        sa.Column("frame_of_reference_uid", sa.Text, nullable=False),
        sa.Column("slices", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("columns", sa.Integer, nullable=False),
        sa.Column("row_spacing", sa.Float),
        sa.Column("column_spacing", sa.Float),
        sa.Column("slice_spacing", sa.Float),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_id", sa.Integer, sa.ForeignKey("studies.id"), nullable=False, index=True),
        sa.Column("sop_instance_uid", sa.Text, nullable=False, unique=True),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("source_digest", sa.LargeBinary, nullable=False, index=True),
        sa.Column("size", sa.Integer, nullable=False),
    )
    op.create_table(
        "instances",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
        sa.Column("study_id", sa.Integer, sa.ForeignKey("studies.id"), nullable=False, index=True),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("series_id", sa.Integer, sa.ForeignKey("series.id", ondelete="SET NULL")),
        sa.Column("position", sa.Integer),
        sa.UniqueConstraint("file_id", "frame", name="uq_instances_file_frame"),
    )
    op.create_index("ix_instances_series_position", "instances", ["series_id", "position"])
