"""How far this machine has sent, and the logs of the other machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.keeping import keep_for_ever


def upgrade(op: Operations) -> None:
    """Make the tables. What is sent may be forgotten and found out anew; the logs are kept for ever."""
    op.create_table(
        "link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study_uid", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("reached_at", sa.Text, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("conflicts", sa.Text, nullable=False),
    )
    op.create_table(
        "sent",
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("up_to", sa.Integer, nullable=False),
    )
    op.create_table(
        "logs",
        sa.Column("machine", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    keep_for_ever(op, "logs", ("machine", "sequence"))
