"""What a machine remembers of its study's server: how far it has sent, and the other machines' logs.

It lies beside the study's database and not in it: there nothing is ever changed, here the state is. If the
file is lost, nothing is: the next time the server is asked what it has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from workstation.reading.audit import AuditEntry
from workstation.store.engine import Database, open_database
from workstation.store.study_file import audit_entry_of

DATABASE = "server.sqlite"
_META = sa.MetaData()
_LINK = sa.Table(
    "link",
    _META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("study_uid", sa.Text),
    sa.Column("account", sa.Text),
    sa.Column("reached_at", sa.Text),
    sa.Column("trouble", sa.Text),
    sa.Column("conflicts", sa.Text),
)
_SENT = sa.Table(
    "sent", _META, sa.Column("table_name", sa.Text, primary_key=True), sa.Column("up_to", sa.Integer)
)
_LOGS = sa.Table(
    "logs",
    _META,
    sa.Column("machine", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text),
    sa.Column("actor", sa.Text),
    sa.Column("event", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("previous", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("signature", sa.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class LinkState:
    """What is known of the server without asking it.

    Attributes
    ----------
    account : str
        Whose role this machine sends as.
    reached_at : str
        UTC of the last time that everything was exchanged; empty: never.
    trouble : str
        Why the last try failed; empty when it did not.
    conflicts : tuple of str
        What was entered on two machines, one sentence each.
    """

    account: str = ""
    reached_at: str = ""
    trouble: str = ""
    conflicts: tuple[str, ...] = ()


class ReplicaFile:
    """The open file. Made by `open_replica`."""

    def __init__(self, database: Database, study_uid: str) -> None:
        self._database = database
        self._uid = study_uid

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def state(self) -> LinkState:
        """What the last exchange left."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(_LINK)).mappings().first()
        if row is None or row["study_uid"] != self._uid:
            return LinkState()
        conflicts = tuple(str(one) for one in json.loads(row["conflicts"]))
        return LinkState(row["account"], row["reached_at"], row["trouble"], conflicts)

    def keep_state(self, state: LinkState) -> None:
        """Remember how the last exchange ended."""
        values = {
            "id": 1,
            "study_uid": self._uid,
            "account": state.account,
            "reached_at": state.reached_at,
            "trouble": state.trouble,
            "conflicts": json.dumps(state.conflicts),
        }
        with self._database.write() as connection:
            connection.execute(sa.delete(_LINK))
            connection.execute(sa.insert(_LINK).values(values))

    def sent(self) -> dict[str, int]:
        """Up to which row of each table the server has everything, by name of the table."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_SENT.c.table_name, _SENT.c.up_to))
            return {row[0]: int(row[1]) for row in rows}

    def keep_sent(self, up_to: Mapping[str, int]) -> None:
        """Remember up to which rows the server has said to have everything."""
        with self._database.write() as connection:
            for name, row in up_to.items():
                connection.execute(sa.delete(_SENT).where(_SENT.c.table_name == name))
                connection.execute(sa.insert(_SENT).values(table_name=name, up_to=row))

    def logs(self) -> dict[str, tuple[AuditEntry, ...]]:
        """The other machines' logs that this role was given, by machine."""
        query = sa.select(_LOGS).order_by(_LOGS.c.machine, _LOGS.c.sequence)
        found: dict[str, list[AuditEntry]] = {}
        with self._database.read() as connection:
            for machine, *entry in connection.execute(query):
                found.setdefault(machine, []).append(audit_entry_of(entry))
        return {machine: tuple(entries) for machine, entries in found.items()}

    def log_heads(self) -> dict[str, AuditEntry]:
        """The last entry kept of each other machine's log."""
        return {machine: entries[-1] for machine, entries in self.logs().items()}

    def add_log(self, machine: str, entries: Sequence[AuditEntry]) -> None:
        """Keep more of another machine's log."""
        names = [column.name for column in _LOGS.c if column.name != "machine"]
        rows = [{"machine": machine, **{name: getattr(entry, name) for name in names}} for entry in entries]
        with self._database.write() as connection:
            connection.execute(sa.insert(_LOGS), rows)


def open_replica(folder: Path, study_uid: str) -> ReplicaFile:
    """Open the file in a study's folder; it is made where there is none.

    Raises
    ------
    StoreError
        If it cannot be opened or made.
    """
    return ReplicaFile(open_database(folder / DATABASE, "replica", "server's state"), study_uid)


def has_replica(folder: Path) -> bool:
    """Whether this study was ever exchanged with a server."""
    return (folder / DATABASE).is_file()
