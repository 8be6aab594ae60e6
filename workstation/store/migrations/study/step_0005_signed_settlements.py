"""Settlements of a sealed study are signed by who entered them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Add the signature; entries of earlier versions keep it empty."""
    op.add_column(
        "reconcile_journal", sa.Column("signature", sa.LargeBinary, nullable=False, server_default="")
    )
