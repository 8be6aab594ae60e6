"""Whose machine a study lies on, and the logs that came back from other machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.keeping import keep_for_ever


def upgrade(op: Operations) -> None:
    """Make both tables; a study that stays on one machine keeps them empty."""
    op.create_table(
        "machine",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.Text, nullable=False),
    )
    op.create_table(
        "returned",
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False, server_default=""),
    )
    keep_for_ever(op, "machine", ("id",))
    keep_for_ever(op, "returned", ("reader", "sequence"))
