"""Plans, orders, journal, locks, amendments, reconciliation and the audit chain; nothing is ever changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.keeping import keep_for_ever, refuse_insert

_READ = ("reader", "case_code", "presentation", "version")


def upgrade(op: Operations) -> None:
    """Make the first tables and the triggers that keep them append-only."""
    op.create_table(
        "study",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_uid", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("codec", sa.Text, nullable=False),
        sa.Column("library", sa.Text, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("toml", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("plan_number", sa.Integer, primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("case_code", sa.Text, nullable=False),
        sa.Column("presentation", sa.Integer, nullable=False),
    )
    _reads(op)
    _reconciliation(op)
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    _keep_for_ever(op)


def _read_key(*, primary: bool) -> list[sa.Column[object]]:
    return [
        sa.Column("reader", sa.Text, primary_key=primary, nullable=False),
        sa.Column("case_code", sa.Text, primary_key=primary, nullable=False),
        sa.Column("presentation", sa.Integer, primary_key=primary, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, primary_key=primary, nullable=False, autoincrement=False),
    ]


def _reads(op: Operations) -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer, primary_key=True),
        *_read_key(primary=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint(*_READ, "sequence", name="uq_journal_read_sequence"),
    )
    op.create_table(
        "locks",
        *_read_key(primary=True),
        sa.Column("signer", sa.Text, nullable=False),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("locked_at", sa.Text, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("blinding_held", sa.Boolean, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("after_unsealing", sa.Boolean, nullable=False),
    )
    op.create_table(
        "amendments",
        *_read_key(primary=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("post_comparison", sa.Boolean, nullable=False),
    )


def _reconciliation(op: Operations) -> None:
    op.create_table(
        "reconcile_journal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_code", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint("case_code", "sequence", name="uq_reconcile_case_sequence"),
    )
    op.create_table(
        "reconcile_signatures",
        sa.Column("case_code", sa.Text, primary_key=True),
        sa.Column("signer", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("signed_at", sa.Text, nullable=False),
    )
    op.create_table(
        "reconcile_closed",
        sa.Column("case_code", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("closed_at", sa.Text, nullable=False),
    )


# Each table with what tells its rows apart.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "study": (("id",),),
    "plans": (("number",),),
    "orders": (("plan_number", "reader", "position"),),
    "journal": (("id",), (*_READ, "sequence")),
    "locks": (_READ,),
    "amendments": (_READ,),
    "reconcile_journal": (("id",), ("case_code", "sequence")),
    "reconcile_signatures": (("case_code", "signer", "digest"),),
    "reconcile_closed": (("case_code",),),
    "audit": (("sequence",),),
}


def _keep_for_ever(op: Operations) -> None:
    for table, keys in _KEYS.items():
        keep_for_ever(op, table, *keys)
    same_read = " AND ".join(f"{column} = NEW.{column}" for column in _READ)
    refuse_insert(
        op,
        "journal_shut_by_lock",
        "journal",
        f"EXISTS (SELECT 1 FROM locks WHERE {same_read})",
        "this read is locked",
    )
    refuse_insert(
        op,
        "journal_version_needs_amendment",
        "journal",
        f"NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM amendments WHERE {same_read})",
        "this version has no amendment",
    )
    refuse_insert(
        op,
        "reconcile_shut_by_signatures",
        "reconcile_journal",
        "EXISTS (SELECT 1 FROM reconcile_closed WHERE case_code = NEW.case_code)",
        "this case is signed",
    )
