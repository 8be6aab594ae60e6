"""When a server opens what, what it refuses to have changed, and its tables from every version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from workstation.store import engine
from workstation.store.engine import migrate, newest_version, open_database
from workstation.store.server_engine import Server, ServerAway, ServerRefused
from workstation.store.server_schema import schema_of
from workstation.store.study_store import StudyStore
from workstation.store.study_tables import METADATA
from workstation.tasks import SilentProgress
from workstation.workflow.publish_study import join_study
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.replicate import synchronise
from workstation.workflow.verify_study import verify_study

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
QUIET = SilentProgress()


def read(folder: Path, reader: str, case: str, grade: int = 1) -> None:
    with open_study_folder(folder) as study:
        opened = study.reader(reader).open_read(case)
        for item in ITEMS:
            opened.answer(item, grade)
        opened.lock(reader)


def journals_of(folder: Path) -> set[tuple[str, str, int]]:
    with open_study_folder(folder) as study:
        return {(key.reader, key.case, key.version) for key in study.store.reads.journals()}


def server_of(folder: Path, login: Any) -> Server:
    store = StudyStore.open(folder)
    schema = schema_of(store.study_uid)
    store.close()
    return Server(login, schema)


def two(tmp_path: Path, postgres: Any, publish: Callable[..., Path], study: str, **more: str) -> list[Any]:
    """Two machines of a study that is not sealed, with a way to exchange each."""
    publish(tmp_path, study, "none", **more)
    found = []
    for reader in ("R1", "R2"):
        login = postgres.login(f"{study}.{reader}")
        folder = tmp_path / reader
        join_study(folder, login, "", QUIET)
        found.append((folder, lambda f=folder, one=login: synchronise(f, one, QUIET)))
    return found


def test_by_case_a_case_opens_when_both_have_locked_it(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    (one, first), (other, second) = two(tmp_path, postgres, publish, "bycase", unseal="case")
    for case in ("K-1", "K-2"):
        read(one, "R1", case)
    read(other, "R2", "K-1")
    first()
    second()
    first()
    assert journals_of(one) == {("R1", "K-1", 1), ("R1", "K-2", 1), ("R2", "K-1", 1)}
    second()
    assert journals_of(other) == {("R2", "K-1", 1), ("R1", "K-1", 1)}
    with open_study_folder(one) as study:
        assert study.unsealed_cases() == ("K-1",)
        assert verify_study(study).is_intact


def test_an_amendment_shuts_again_what_was_not_opened_yet(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    (one, first), (other, second) = two(tmp_path, postgres, publish, "amended")
    for case in ("K-1", "K-2"):
        read(one, "R1", case)
    first()
    with open_study_folder(one) as study:
        study.reader("R1").amend("K-1", "typed into the wrong row")
    first()
    for case in ("K-1", "K-2"):
        read(other, "R2", case)
    second()
    assert {reader for reader, _, _ in journals_of(other)} == {"R2"}
    read(one, "R1", "K-1", grade=2)
    first()
    second()
    assert ("R1", "K-1", 2) in journals_of(other)
    with open_study_folder(other) as study:
        report = verify_study(study)
        assert report.is_intact, report.findings


def test_two_signatures_given_apart_close_a_case(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    (one, first), (other, second) = two(tmp_path, postgres, publish, "closing")
    for folder, reader, grade in ((one, "R1", 1), (other, "R2", 2)):
        for case in ("K-1", "K-2"):
            read(folder, reader, case, grade)
    first()
    second()
    first()
    with open_study_folder(one) as study:
        case = reconciliation(study, "K-1")
        for item in ITEMS:
            case.settle(item, 2, "seen together")
    first()
    second()
    for folder, reader in ((one, "R1"), (other, "R2")):  # neither sees the other's signature
        with open_study_folder(folder) as study:
            reconciliation(study, "K-1").sign(reader)
    for exchange in (first, second, first):
        exchange()
    for folder in (one, other):
        with open_study_folder(folder) as study:
            assert reconciliation(study, "K-1").is_signed
            report = verify_study(study)
            assert report.is_intact, report.findings


def test_what_was_changed_on_the_server_is_not_taken(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    folder = publish(tmp_path, "changed", "none")
    join_study(tmp_path / "R1", postgres.login("changed.R1"), "", QUIET)
    read(tmp_path / "R1", "R1", "K-1")
    synchronise(tmp_path / "R1", postgres.login("changed.R1"), QUIET)
    server = server_of(folder, postgres.admin)
    with server.write() as connection:
        for text in (
            "ALTER TABLE journal DISABLE TRIGGER journal_keep",
            "UPDATE journal SET payload = 'x' WHERE sequence = 2",
            "ALTER TABLE journal ENABLE TRIGGER journal_keep",
        ):
            connection.execute(sa.text(text))
    server.close()
    with pytest.raises(ServerRefused, match="entry 2 of the read of K-1 was changed there"):
        synchronise(folder, postgres.login("changed.coordinator"), QUIET)
    assert journals_of(folder) == set()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("53100", "its disk is full"),
        ("53300", "too many connections"),
        ("25006", "only reading is allowed"),
        ("57014", "it stopped this"),
        ("40P01", "it stopped this"),
        ("55P03", "it stopped this"),
    ],
)
def test_a_server_that_cannot_now_is_tried_again(postgres: Any, state: str, said: str) -> None:
    server = Server(postgres.admin)
    text = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(ServerAway, match=said), server.write() as connection:
        connection.execute(sa.text(text))
    server.close()


def columns_of(connection: sa.Connection) -> dict[str, set[str]]:
    found = sa.inspect(connection)
    names = [name for name in found.get_table_names() if name != "schema_version"]
    return {name: {column["name"] for column in found.get_columns(name)} for name in names}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_tables_from_nothing_and_from_every_version(
    tmp_path: Path, postgres: Any, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    wanted = {table.name: set(table.c.keys()) for table in METADATA.sorted_tables}
    steps, newest = engine._steps, newest_version("study")
    for oldest in range(newest + 1):
        if dialect == "sqlite":
            monkeypatch.setattr(engine, "_steps", lambda chain, n=oldest: steps(chain)[:n])
            database: Any = open_database(tmp_path / f"{oldest}.sqlite", "study", "study")
        else:
            database = Server(postgres.admin)
            with database.write() as connection:
                connection.execute(sa.text(f"CREATE SCHEMA from_{oldest}"))
            database.close()
            database = Server(postgres.admin, f"from_{oldest}")
            monkeypatch.setattr(engine, "_steps", lambda chain, n=oldest: steps(chain)[:n])
            migrate(database, "study")
        monkeypatch.setattr(engine, "_steps", steps)
        if oldest:
            with database.write() as connection:
                connection.execute(sa.text("INSERT INTO plans VALUES (1, 'toml', 'digest', 'now')"))
        migrate(database, "study")
        with database.read() as connection:
            assert columns_of(connection) == wanted
            kept = connection.execute(sa.text("SELECT toml FROM plans")).all()
            assert [tuple(row) for row in kept] == ([("toml",)] if oldest else [])
        database.close()
