"""Secret orders: each reader's sealed seed, and which reads stand for which cases once that is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.study.step_0002_seals import _keep


def upgrade(op: Operations) -> None:
    """Make the tables; studies whose orders are not secret keep them empty."""
    op.create_table(
        "order_seeds",
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("commitment", sa.Text, nullable=False),
        sa.Column("drawn_by", sa.Text, nullable=False),
        sa.Column("drawn_at", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "told_reads",
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("case_code", sa.Text, nullable=False),
        sa.Column("presentation", sa.Integer, nullable=False),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.Column("told_at", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    _keep(op, "order_seeds", ("reader", "recipient"))
    _keep(op, "told_reads", ("reader", "slot"))
