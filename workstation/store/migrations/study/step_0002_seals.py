"""Signatures of entries, sealed sheets, their openings, and signatures under the plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.keeping import keep_for_ever

_READ = ("reader", "case_code", "presentation", "version")


def upgrade(op: Operations) -> None:
    """Make the tables of sealed studies; studies that are not sealed keep them empty."""
    for table in ("journal", "audit"):
        op.add_column(table, sa.Column("signature", sa.LargeBinary, nullable=False, server_default=""))
    op.create_table(
        "sheets",
        *_read_key(),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("key_box", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "openings",
        *_read_key(),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("opener", sa.Text, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "plan_signatures",
        sa.Column("plan_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("signer", sa.Text, primary_key=True),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.Text, nullable=False),
    )
    _keep(op, "sheets", _READ)
    _keep(op, "openings", (*_READ, "recipient", "stage"))
    _keep(op, "plan_signatures", ("plan_number", "signer"))


def _read_key() -> list[sa.Column[object]]:
    return [
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("case_code", sa.Text, primary_key=True),
        sa.Column("presentation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    ]


def _keep(op: Operations, table: str, key: tuple[str, ...]) -> None:
    keep_for_ever(op, table, key)
