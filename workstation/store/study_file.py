"""The open database of a study: transactions, and the audit chain that every other part adds to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.reading.audit import AuditEntry, Sign, next_entry, root_digest, signed_entry
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.orders import Orders
from workstation.store.engine import Database
from workstation.store.study_tables import AUDIT, MACHINE, STUDY

PLAIN, SEALED = "plain", "sealed"
"""Codecs of a study."""
STUDY_MADE, PLAN_CHANGED = "study made", "plan changed"
"""Events."""
SYSTEM = "program"
"""Actor of what no person signed."""


class StudyFile:
    """An open study database.

    Attributes
    ----------
    study_uid : str
        Random; binds every chain to this study.
    codec, library : str
        Which codec made the payloads, and where the images were when the study was made.
    machine_of : str
        The reader on whose own machine this copy lies; empty for the study itself.
    signers : dict
        How those sign who are signed in, by account name.
    orders : Orders or None
        What is known now of the readers' orders; it names the reads that are kept under slots.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.orders: Orders | None = None
        self._batches = threading.local()  # what another thread reads meanwhile has its own connection
        self.signers: dict[str, Sign] = {}
        with database.read() as connection:
            row = connection.execute(sa.select(STUDY)).mappings().first()
            machine = connection.execute(sa.select(MACHINE.c.reader)).scalar()
        if row is None:
            raise StoreError(
                "The study was not opened", "it was never completely made", "Make it again: marrow study new"
            )
        self.study_uid: str = row["study_uid"]
        self.codec: str = row["codec"]
        self.library: str = row["library"]
        self.machine_of: str = machine or ""

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def named(self, key: ReadKey) -> ReadKey:
        """A read's key with its case and its slot, as far as they are known."""
        return key if self.orders is None else self.orders.named(key)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make everything written inside one transaction: all of it is kept, or none."""
        with self.writing() as connection:
            outer, self._batches.open = self._batch, connection
            try:
                yield
            finally:
                self._batches.open = outer

    @property
    def _batch(self) -> sa.Connection | None:
        """The transaction that this thread has open."""
        connection: sa.Connection | None = getattr(self._batches, "open", None)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with."""
        if self._batch is not None:
            yield self._batch
            return
        with self._database.read() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction: on disk when the block ends, undone when it raises."""
        if self._batch is not None:
            yield self._batch
            return
        with self._database.write() as connection:
            yield connection

    @property
    def audit_root(self) -> str:
        """Where the study's chain starts."""
        return log_root(self.study_uid, self.machine_of)

    def record(self, actor: str, event: str, detail: dict[str, Any]) -> AuditEntry:
        """Add an event to the study's chain; on disk before this returns."""
        with self.writing() as connection:
            return self.record_in(connection, actor, event, detail)

    def audit(self, *events: str, after: int | None = None) -> tuple[AuditEntry, ...]:
        """The study's chain, or what it has of some kinds; a long one is not read for a few entries."""
        query = sa.select(AUDIT).order_by(AUDIT.c.sequence)
        if after is not None:
            query = query.where(AUDIT.c.sequence > after)
        if events:
            query = query.where(AUDIT.c.event.in_(events))
        with self.reading() as connection:
            return tuple(audit_entry_of(row) for row in connection.execute(query))

    def last_signed(self, actor: str) -> int:
        """The number of the last event that an account signed; 0 where it signed none."""
        query = (
            sa.select(AUDIT.c.sequence)
            .where(AUDIT.c.actor == actor, sa.func.length(AUDIT.c.signature) > 0)
            .order_by(AUDIT.c.sequence.desc())
        )
        with self.reading() as connection:
            return int(connection.execute(query.limit(1)).scalar() or 0)

    def record_in(
        self, connection: sa.Connection, actor: str, event: str, detail: dict[str, Any], at: str = ""
    ) -> AuditEntry:
        """Add an event within a transaction that is already open."""
        row = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.sequence.desc()).limit(1)).first()
        last = audit_entry_of(row) if row else None
        entry = next_entry(last, self.audit_root, at or utc_now(), actor, event, detail)
        entry = signed_entry(entry, self.signers.get(actor))
        connection.execute(
            sa.insert(AUDIT).values(**{column.name: getattr(entry, column.name) for column in AUDIT.c})
        )
        return entry


def log_root(study_uid: str, machine_of: str) -> str:
    """Where the log of a study starts, or that of the copy on a reader's own machine."""
    return root_digest("study", study_uid, *(("machine of", machine_of) if machine_of else ()))


def audit_entry_of(row: Any) -> AuditEntry:
    """A row of the audit chain as kept. A meddled row may hold other types than were written."""
    entry = AuditEntry(*row)
    return entry if isinstance(entry.signature, bytes) else replace(entry, signature=b"")
