"""A study's rows on its server: what is there that this role may see, and adding what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from workstation.reading.audit import AuditEntry
from workstation.store import shared_tables
from workstation.store.server_engine import RowConflict, Server, ServerRefused
from workstation.store.server_schema import LOGS, Member, member_of, require_version
from workstation.store.shared_tables import SharedTable
from workstation.store.study_file import audit_entry_of
from workstation.store.study_rows import ChainName, Head, Row, digest_at, heads_of, row_of

_ROWS = 200
_ASKED = 500
_LOG = [column for column in LOGS.c if column.name not in ("machine", "pushed_by")]


class ServerView:
    """What one role sees at one moment, and may add to. Made by `reading` and `adding`."""

    def __init__(self, connection: sa.Connection, member: Member) -> None:
        self._connection = connection
        self.member = member

    @property
    def is_any_opened(self) -> bool:
        """Whether reads of others may be seen at all."""
        return bool(self._connection.scalar(sa.text("SELECT any_opened() OR is_coordinator()")))

    @property
    def knows_rules(self) -> bool:
        """Whether the server was told what the newest plan asks for; before that it opens nothing more."""
        return bool(self._connection.scalar(sa.text("SELECT rules_fit()")))

    def heads(self, shared: SharedTable, owner: str = "") -> dict[ChainName, Head]:
        """The last entry of each chain, of one owner or of all that may be seen."""
        return heads_of(self._connection, shared, owner)

    def digest_at(self, shared: SharedTable, chain: ChainName, sequence: int) -> str:
        """Digest of one entry; empty where there is none."""
        return digest_at(self._connection, shared, chain, sequence)

    def entries(self, shared: SharedTable, chain: ChainName, after: int) -> list[Row]:
        """The entries of a chain behind one."""
        table = shared.table
        columns = [table.c[name] for name in shared.columns]
        of_chain = [table.c[name] == value for name, value in zip(shared.chain, chain, strict=True)]
        query = sa.select(*columns).where(*of_chain, table.c.sequence > after).order_by(table.c.sequence)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def rows(self, shared: SharedTable, owner: str = "") -> dict[ChainName, Row]:
        """Keys of the rows that may be seen, each with the columns in which two rows must agree."""
        names = (*shared.key, *shared.same)
        query = sa.select(*(shared.table.c[name] for name in dict.fromkeys(names)))
        if owner and shared.owner:
            query = query.where(shared.table.c[shared.owner] == owner)
        rows = self._connection.execute(query).mappings()
        return {tuple(row[name] for name in shared.key): dict(row) for row in rows}

    def row(self, shared: SharedTable, key: ChainName) -> Row:
        """One whole row."""
        return row_of(self._connection, shared, key)

    def log_heads(self) -> dict[str, int]:
        """How far each machine's log goes, of those that may be seen whole."""
        last = sa.func.max(LOGS.c.sequence)
        query = sa.select(LOGS.c.machine, last).group_by(LOGS.c.machine)
        query = query.having(sa.func.count() == last)
        return {row[0]: int(row[1]) for row in self._connection.execute(query)}

    def log_end(self, machine: str, log: Sequence[AuditEntry]) -> int:
        """How much of this machine's log the server has, whoever sent it.

        Only digests of it are asked about: who does not have the log learns nothing.
        """
        query = sa.text("SELECT log_end(:machine, string_to_array(:known, ' '))")
        for end in range(len(log), 0, -_ASKED):
            known = " ".join(one.digest for one in log[max(0, end - _ASKED) : end])
            found = self._connection.scalar(query, {"machine": machine, "known": known})
            if found is not None:
                return int(found)
        return 0

    def can_follow(self, machine: str, sequence: int, digest: str) -> bool:
        """Whether an entry is the last of a machine's log, so that the next may be added; 0: it has none."""
        query = sa.text("SELECT is_log_end(:machine, :sequence, :digest)")
        named = {"machine": machine, "sequence": sequence, "digest": digest}
        return bool(self._connection.scalar(query, named))

    def log(self, machine: str, after: int) -> tuple[AuditEntry, ...]:
        """A machine's log behind an entry."""
        query = sa.select(*_LOG).where(LOGS.c.machine == machine, LOGS.c.sequence > after)
        rows = self._connection.execute(query.order_by(LOGS.c.sequence))
        return tuple(audit_entry_of(row) for row in rows)

    def log_digest(self, machine: str, sequence: int) -> str:
        """Digest of an entry of a machine's log; empty where there is none."""
        query = sa.select(LOGS.c.digest).where(LOGS.c.machine == machine, LOGS.c.sequence == sequence)
        return str(self._connection.scalar(query) or "")

    def study(self) -> Row:
        """Which study it is."""
        return self.row(shared_tables.STUDY, (1,))

    # adding ------------------------------------------------------------------------------------

    def take_turn(self, *names: str) -> None:
        """Wait until nobody else adds under these names; they are free again at the end.

        Two machines of one reader so never see each other's half. Always taken in one order.
        """
        for name in names:
            query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :name, 0))")
            self._connection.execute(query, {"name": f"/{name}"})

    def add(self, shared: SharedTable, rows: Sequence[Row]) -> int:
        """Add rows that are not there; returns how many were.

        Raises
        ------
        RowConflict
            If another row is there under a key.
        """
        added = 0
        for first in range(0, len(rows), _ROWS):
            part = [{name: row[name] for name in shared.columns} for row in rows[first : first + _ROWS]]
            statement = insert(shared.table).values(part)
            if not shared.chain:
                statement = statement.on_conflict_do_nothing(index_elements=list(shared.key))
            added += self._connection.execute(statement).rowcount
        return added

    def add_log(self, machine: str, entries: Iterable[AuditEntry]) -> int:
        """Add to a machine's log; returns how many entries were."""
        rows = [
            {
                "machine": machine,
                "pushed_by": self.member.account,
                **{column.name: getattr(entry, column.name) for column in _LOG},
            }
            for entry in entries
        ]
        for first in range(0, len(rows), _ROWS):
            self._connection.execute(sa.insert(LOGS).values(rows[first : first + _ROWS]))
        return len(rows)


def require_same_study(view: ServerView, study_uid: str) -> None:
    """Refuse a schema that holds another study.

    Raises
    ------
    ServerRefused
    """
    if view.study()["study_uid"] != study_uid:
        raise ServerRefused(
            "The server was not used", "it holds another study", "Check which server belongs to this study"
        )


def view_of(server: Server, connection: sa.Connection, study_uid: str) -> ServerView:
    """What the role of a connection sees, after everything was checked that must fit.

    Raises
    ------
    ServerRefused
        If the tables are of another version, the role takes no part, or it is another study.
    """
    require_version(connection)
    view = ServerView(connection, member_of(connection, server.address.user))
    if study_uid:
        require_same_study(view, study_uid)
    return view


def differing(shared: SharedTable, here: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether two rows of one key are not the same row."""
    return any(here[name] != there[name] for name in shared.same)


__all__ = ["RowConflict", "ServerView", "differing", "require_same_study", "view_of"]
