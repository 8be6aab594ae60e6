"""Who takes part, what is required, one log for each machine; chains without gaps on the server too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from workstation.store.migrations.keeping import keep_for_ever, refuse_insert

_READ = ("reader", "case_code", "presentation", "version")


def upgrade(op: Operations) -> None:
    """Add to the tables of a study what only a server needs."""
    op.create_table(
        "members",
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("seat", sa.Text, nullable=False),
    )
    op.create_table(
        "required",
        sa.Column("plan_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("case_code", sa.Text, primary_key=True),
        sa.Column("presentation", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "rules",
        sa.Column("plan_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("by_case", sa.Boolean, nullable=False),
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
        sa.Column("pushed_by", sa.Text, nullable=False),
    )
    keep_for_ever(op, "logs", ("machine", "sequence"))
    # A number that counts the entries of all readers would tell each how far the others are.
    for table in ("journal", "reconcile_journal"):
        op.drop_column(table, "id")
    _without_gaps(op)


def _without_gaps(op: Operations) -> None:
    same = " AND ".join(f"o.{column} = NEW.{column}" for column in _READ)
    last = f"SELECT coalesce(max(o.sequence), 0) FROM journal o WHERE {same}"
    refuse_insert(op, "journal_gap", "journal", f"NEW.sequence <> 1 + ({last})", "not the next entry")
    last = "SELECT coalesce(max(o.sequence), 0) FROM reconcile_journal o WHERE o.case_code = NEW.case_code"
    refuse_insert(
        op, "reconcile_gap", "reconcile_journal", f"NEW.sequence <> 1 + ({last})", "not the next entry"
    )
    last = "SELECT coalesce(max(o.sequence), 0) FROM logs o WHERE o.machine = NEW.machine"
    before = (
        "SELECT 1 FROM logs o WHERE o.machine = NEW.machine AND o.sequence = NEW.sequence - 1 "
        "AND o.digest = NEW.previous"
    )
    broken = f"NEW.sequence <> 1 + ({last}) OR (NEW.sequence > 1 AND NOT EXISTS ({before}))"
    refuse_insert(op, "logs_gap", "logs", broken, "not the next entry")
    head = f"SELECT 1 FROM journal o WHERE {same} AND o.sequence = NEW.entries AND o.digest = NEW.digest"
    beyond = f"SELECT 1 FROM journal o WHERE {same} AND o.sequence > NEW.entries"
    refuse_insert(
        op,
        "locks_fit",
        "locks",
        f"(NEW.entries > 0 AND NOT EXISTS ({head})) OR EXISTS ({beyond})",
        "this lock is not the end of its read",
    )
