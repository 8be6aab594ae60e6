"""The rows of a study as they are kept, for copying them to and from other machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from workstation.reading.audit import AuditEntry
from workstation.store.shared_tables import SharedTable
from workstation.store.study_file import SYSTEM, StudyFile, audit_entry_of
from workstation.store.study_tables import AUDIT

Row = dict[str, Any]
ChainName = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain goes, and the digest of its last entry."""

    sequence: int
    digest: str


class StudyRows:
    """Rows of a study's own database. Nothing here looks into a payload."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one moment; what is written is kept together or not at all."""
        with self._file.batch():
            yield

    def heads(self, shared: SharedTable, owner: str = "") -> dict[ChainName, Head]:
        """The last entry of each chain, of one owner or of all."""
        with self._file.reading() as connection:
            return heads_of(connection, shared, owner)

    def digest_at(self, shared: SharedTable, chain: ChainName, sequence: int) -> str:
        """Digest of one entry; empty where there is none."""
        with self._file.reading() as connection:
            return digest_at(connection, shared, chain, sequence)

    def newer(
        self, shared: SharedTable, owner: str, known: Mapping[ChainName, Head], most_bytes: int
    ) -> Iterator[list[tuple[int, Row]]]:
        """Entries of one owner that `known` does not have, with their row numbers, in the order written."""
        table = shared.table
        columns = [table.c[name] for name in shared.columns]
        behind = 0
        while True:
            query = sa.select(table.c.id, *columns).where(table.c.id > behind).order_by(table.c.id)
            if owner:
                query = query.where(table.c[shared.owner] == owner)
            batch: list[tuple[int, Row]] = []
            size = 0
            with self._file.reading() as connection:
                for found in connection.execute(query).mappings():
                    row = dict(found)
                    behind = row.pop("id")
                    chain = tuple(row[name] for name in shared.chain)
                    if chain in known and row["sequence"] <= known[chain].sequence:
                        continue
                    batch.append((behind, row))
                    size += len(row["payload"])
                    if size >= most_bytes:
                        break
            if not batch:
                return
            yield batch

    def rows(self, shared: SharedTable, owner: str = "") -> dict[ChainName, Row]:
        """The rows of a table that is no chain, of one owner or of all, in the order kept.

        Each by its key, with the columns in which two rows must agree; `row` gives a whole one.
        """
        names = dict.fromkeys((*shared.key, *shared.same))
        query = sa.select(*(shared.table.c[name] for name in names)).order_by(sa.text("rowid"))
        if owner and shared.owner:
            query = query.where(shared.table.c[shared.owner] == owner)
        with self._file.reading() as connection:
            rows = connection.execute(query).mappings()
            return {tuple(row[name] for name in shared.key): dict(row) for row in rows}

    def row(self, shared: SharedTable, key: ChainName) -> Row:
        """One whole row."""
        with self._file.reading() as connection:
            return row_of(connection, shared, key)

    def add(self, shared: SharedTable, rows: Sequence[Row]) -> None:
        """Keep rows that came from elsewhere and were checked."""
        with self._file.writing() as connection:
            for row in rows:
                connection.execute(sa.insert(shared.table).values(row))

    def add_orders(self, rows: Sequence[Row]) -> None:
        """Keep the orders that follow from a plan that came from elsewhere."""
        from workstation.store.study_tables import ORDERS

        with self._file.writing() as connection:
            if rows:
                connection.execute(sa.insert(ORDERS), list(rows))

    def note(self, event: str, detail: dict[str, Any]) -> None:
        """Add an event that no person signs to this machine's log."""
        with self._file.writing() as connection:
            self._file.record_in(connection, SYSTEM, event, detail)

    def log_from(self, sequence: int) -> tuple[AuditEntry, ...]:
        """This machine's log after an entry."""
        query = sa.select(AUDIT).where(AUDIT.c.sequence > sequence).order_by(AUDIT.c.sequence)
        with self._file.reading() as connection:
            return tuple(audit_entry_of(row) for row in connection.execute(query))

    def log_digest(self, sequence: int) -> str:
        """Digest of an entry of this machine's log; empty where there is none."""
        with self._file.reading() as connection:
            found = connection.scalar(sa.select(AUDIT.c.digest).where(AUDIT.c.sequence == sequence))
            return str(found or "")

    def last_row(self, shared: SharedTable) -> int:
        """Number of the last row that was kept."""
        with self._file.reading() as connection:
            found = connection.scalar(sa.text(f"SELECT max(rowid) FROM {shared.table.name}"))
            return int(found or 0)

    def count_after(self, shared: SharedTable, owner: str, row: int) -> int:
        """How many rows of one owner were kept after a row."""
        query = sa.select(sa.func.count()).select_from(shared.table).where(sa.text("rowid > :row"))
        if shared.owner:
            query = query.where(shared.table.c[shared.owner] == owner)
        with self._file.reading() as connection:
            return int(connection.scalar(query, {"row": row}) or 0)


def heads_of(connection: sa.Connection, shared: SharedTable, owner: str = "") -> dict[ChainName, Head]:
    """The last entry of each chain of a table, here or on a server."""
    table = shared.table
    names = [table.c[name] for name in shared.chain]
    last = sa.select(*names, sa.func.max(table.c.sequence).label("sequence"))
    if owner and shared.owner:
        last = last.where(table.c[shared.owner] == owner)
    found = last.group_by(*names).subquery()
    same = [table.c[name] == found.c[name] for name in (*shared.chain, "sequence")]
    query = sa.select(*names, table.c.sequence, table.c.digest).join(found, sa.and_(*same))
    if owner and shared.owner:
        query = query.where(table.c[shared.owner] == owner)
    rows = connection.execute(query)
    return {tuple(row[:-2]): Head(int(row[-2]), str(row[-1])) for row in rows}


def row_of(connection: sa.Connection, shared: SharedTable, key: ChainName) -> Row:
    """One whole row of a table, here or on a server."""
    table = shared.table
    of_key = [table.c[name] == value for name, value in zip(shared.key, key, strict=True)]
    query = sa.select(*(table.c[name] for name in shared.columns)).where(*of_key)
    return dict(connection.execute(query).mappings().one())


def digest_at(connection: sa.Connection, shared: SharedTable, chain: ChainName, sequence: int) -> str:
    """Digest of one entry of a chain, here or on a server; empty where there is none."""
    table = shared.table
    of_chain = [table.c[name] == value for name, value in zip(shared.chain, chain, strict=True)]
    found = connection.scalar(sa.select(table.c.digest).where(*of_chain, table.c.sequence == sequence))
    return str(found or "")
