"""Triggers that keep every row of a study for ever, in the words of SQLite and of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.operations import Operations

POSTGRESQL = "postgresql"


def keep_for_ever(op: Operations, table: str, *keys: Sequence[str]) -> None:
    """Refuse every change and removal of a row; `keys` are the columns that tell rows apart."""
    if _is_postgresql(op):
        op.execute(
            "CREATE OR REPLACE FUNCTION kept_for_ever() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'kept for ever' USING ERRCODE = 'check_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION kept_for_ever()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_keep_{event.lower()} BEFORE {event} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'kept for ever'); END"
        )
    # INSERT OR REPLACE deletes without firing the trigger above.
    same = " OR ".join("(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys)
    refuse_insert(op, f"{table}_keep_replace", table, f"EXISTS (SELECT 1 FROM {table} WHERE {same})")


def refuse_insert(
    op: Operations, name: str, table: str, condition: str, message: str = "kept for ever"
) -> None:
    """Refuse a new row where a condition on ``NEW`` holds, in the words of `message`."""
    if not _is_postgresql(op):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    # As the owner, so that the condition sees every row, whatever the role that writes may read.
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path FROM CURRENT AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _is_postgresql(op: Operations) -> bool:
    return op.get_context().dialect.name == POSTGRESQL
