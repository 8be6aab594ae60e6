"""What a reader can do with the own role and any SQL: nothing that tells of another reader, and no change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from workstation.reading.journal import ReadKey
from workstation.store.server_engine import RowConflict, Server, ServerRefused
from workstation.store.server_schema import schema_of, scram_verifier
from workstation.store.shared_tables import NOT_SHARED, SHARED
from workstation.store.study_store import StudyStore
from workstation.store.study_tables import METADATA
from workstation.tasks import SilentProgress
from workstation.workflow.publish_study import publish_study
from workstation.workflow.replicate import synchronise

QUIET = SilentProgress()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, postgres: Any, publish: Callable[..., Path]) -> Path:
    """A study to which R1 sent three entries and R2 five, without a lock."""
    folder = publish(tmp_path_factory.mktemp("attack"), "attack")
    store = StudyStore.open(folder)
    for reader, count in (("R1", 3), ("R2", 5)):
        for number in range(count):
            store.reads.append(ReadKey(reader, "K-1"), b"payload %d" % number, number)
    store.close()
    for account in ("R1", "R2", "C1"):
        synchronise(folder, postgres.login(f"attack.{account}"), QUIET)
    return folder


@pytest.fixture
def as_role(filled: Path, postgres: Any) -> Iterator[Callable[[str], Server]]:
    store = StudyStore.open(filled)
    schema = schema_of(store.study_uid)
    store.close()
    opened = []

    def connect(account: str) -> Server:
        login = postgres.admin if account == "admin" else postgres.login(f"attack.{account}")
        opened.append(Server(login, schema))
        return opened[-1]

    yield connect
    for server in opened:
        server.close()


def ask(server: Server, query: str) -> list[Any]:
    with server.read() as connection:
        return list(connection.execute(sa.text(query)))


def test_every_table_of_a_study_has_a_rule() -> None:
    ruled = {one.table.name for one in SHARED}
    assert ruled.isdisjoint(NOT_SHARED)
    assert ruled | NOT_SHARED.keys() == set(METADATA.tables)


def test_a_reader_sees_the_own_rows_only(as_role: Callable[[str], Server]) -> None:
    mine = as_role("R1")
    assert ask(mine, "SELECT reader, count(sequence) FROM journal GROUP BY reader") == [("R1", 3)]
    assert ask(mine, "SELECT count(sequence) FROM journal WHERE reader = 'R2'") == [(0,)]
    assert ask(as_role("C1"), "SELECT count(sequence) FROM journal") == [(8,)]
    # Nor how long the log of a machine is that others sent from: only who has the log learns that.
    asked = [f"SELECT is_log_end('first', {end}, 'x'), log_end('first', ARRAY['x'])" for end in range(1, 9)]
    assert {tuple(ask(mine, one)[0]) for one in asked} == {(False, None)}
    logs = {row[0] for row in ask(mine, "SELECT DISTINCT pushed_by FROM logs")}
    assert logs == {"R1"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ctid FROM journal",
        "SELECT xmin FROM journal",
        "SELECT * FROM required",
        "SELECT * FROM members",
        "SELECT * FROM orders",
        "SELECT * FROM audit",
        "UPDATE journal SET payload = ''",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "DROP TABLE locks",
        "CREATE TABLE more (n integer)",
        "SET ROLE postgres",
        "INSERT INTO members VALUES ('attack.R1', 'R1', 'coordinator')",
        "INSERT INTO rules VALUES (2, 'none', true)",
        "COPY journal TO PROGRAM 'cat'",
    ],
)
def test_a_reader_may_only_add(as_role: Callable[[str], Server], query: str) -> None:
    server = as_role("R1")
    with pytest.raises((ServerRefused, RowConflict)), server.write() as connection:
        connection.execute(sa.text(query))


ENTRY = (
    "INSERT INTO journal (reader, case_code, presentation, version, sequence, payload, digest, signature) "
)
LOG = (
    "INSERT INTO logs (machine, sequence, at, actor, event, detail, previous, digest, signature, pushed_by) "
)
OPENING = (
    "INSERT INTO openings (reader, case_code, presentation, version, recipient, stage, box, opener, "
    "opened_at, signature) "
)


@pytest.mark.parametrize(
    "query",
    [
        ENTRY + "VALUES ('R2', 'K-1', 1, 1, 6, 'x', 'd', '')",  # in the name of another
        ENTRY + "VALUES ('R1', 'K-1', 1, 1, 9, 'x', 'd', '')",  # a gap
        ENTRY + "VALUES ('R1', 'K-1', 1, 1, 2, 'x', 'd', '')",  # over an entry that is there
        ENTRY + "VALUES ('R1', 'K-1', 1, 2, 1, 'x', 'd', '')",  # a version without amendment
        OPENING + "VALUES ('R2', 'K-1', 1, 1, 'R1', 'key', 'x', 'R1', 'now', '')",
        OPENING + "VALUES ('R2', 'K-1', 1, 1, 'R1', 'key', 'x', 'C1', 'now', '')",
        "INSERT INTO plans (number, toml, digest, made_at) VALUES (9, 'x', 'y', 'z')",
        LOG + "VALUES ('first', 1, 'now', 'C1', 'e', 'd', 'p', 'x', '', 'R1')",
        LOG + "VALUES ('first', 99, 'now', 'C1', 'e', 'd', 'p', 'x', '', 'R1')",
        LOG + "VALUES ('other', 1, 'now', 'R1', 'e', 'd', 'p', 'x', '', 'C1')",  # sent by another
    ],
)
def test_what_a_reader_may_not_add(as_role: Callable[[str], Server], query: str) -> None:
    server = as_role("R1")
    with pytest.raises((ServerRefused, RowConflict)), server.write() as connection:
        connection.execute(sa.text(query))
    assert ask(as_role("C1"), "SELECT count(sequence) FROM journal") == [(8,)]


@pytest.mark.parametrize("verb", ["UPDATE journal SET digest = ''", "DELETE FROM locks", "TRUNCATE logs"])
def test_even_the_owner_meets_the_triggers(as_role: Callable[[str], Server], verb: str) -> None:
    server = as_role("admin")
    with pytest.raises(RowConflict, match="kept for ever"), server.write() as connection:
        connection.execute(sa.text(verb))


def test_no_password_comes_into_the_servers_log(filled: Path, postgres: Any) -> None:
    assert 'ALTER ROLE "attack.R1" PASSWORD' in postgres.log
    assert "password of attack.R1" not in postgres.log
    verifier = scram_verifier("pencil", bytes(16))
    assert verifier.startswith("SCRAM-SHA-256$4096:") and "pencil" not in verifier


def test_made_twice_is_made_once(filled: Path, postgres: Any) -> None:
    again = publish_study(filled, postgres.admin, lambda role: pytest.fail(f"asked for {role}"))
    assert again.new == ()
