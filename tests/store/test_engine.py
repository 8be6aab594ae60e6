"""Databases open durably, step by step, and refuse in plain words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.store import engine
from workstation.store.engine import Database, open_database
from workstation.store.tables import IMPORTS, METADATA


def opened(path: Path, **options: float | bool) -> Database:
    return open_database(path, "library", "library", **options)  # type: ignore[arg-type]


def add_row(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.insert(IMPORTS).values(started_at="now", loaded=1, skipped=0, refused=0))


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(IMPORTS)).scalar_one())


def test_a_new_database_has_every_table_of_the_program(tmp_path: Path) -> None:
    with opened(tmp_path / "new" / "a b" / "x.sqlite").read() as connection:
        inspector = sa.inspect(connection)
        for table in METADATA.sorted_tables:
            made = {column["name"]: column for column in inspector.get_columns(table.name)}
            assert set(made) == set(table.c.keys()), table.name
            for column in table.c:
                assert made[column.name]["nullable"] == column.nullable, f"{table.name}.{column.name}"
                assert str(made[column.name]["type"]) == str(column.type.compile(connection.dialect))


def test_a_commit_survives_the_loss_of_power(tmp_path: Path) -> None:
    with opened(tmp_path / "x.sqlite").read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path / "x.sqlite")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(sa.insert(IMPORTS).values(started_at="now", loaded=1, skipped=0, refused=0))
        raise ZeroDivisionError
    assert count(database) == 0
    add_row(database)
    assert count(database) == 1


def test_a_missing_database_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is none in "):
        opened(tmp_path / "x.sqlite", create=False)
    assert not list(tmp_path.iterdir())


def test_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    database = opened(path)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version = 99"))
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version of the program \(schema 99"):
        opened(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"this is no database, it is a letter to somebody" * 100, "database file is damaged"),
        (b"SQLite format 3\x00" + bytes(5000), "database file is damaged"),
    ],
)
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said):
        opened(path)
    assert path.read_bytes() == content


def test_a_page_overwritten_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    database = opened(path)
    for _ in range(50):
        add_row(database)
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        count(opened(path))


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE photos (a)")
    with pytest.raises(StoreError, match="belongs to something else"):
        opened(path)


def test_a_study_is_not_opened_as_a_library(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    database = opened(path)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE schema_version SET chain = 'other'"))
    database.close()
    with pytest.raises(StoreError, match="belongs to something else"):
        opened(path)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path / "x.sqlite")
    add_row(database)
    with pytest.raises(StoreError, match="disk is full"), database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(
            sa.insert(IMPORTS),
            [{"started_at": "x" * 5000, "loaded": 1, "skipped": 0, "refused": 0} for _ in range(20)],
        )
    assert count(database) == 1


def test_another_program_writing_is_waited_for_and_then_said(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    first = opened(path)
    second = opened(path, busy_timeout_s=0.1)
    with (
        first.write(),
        pytest.raises(StoreError, match="another program is using it"),
        second.write(),
    ):
        pass
    add_row(second)
    assert count(first) == 1


def test_reading_goes_on_while_another_writes(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    first, second = opened(path), opened(path, busy_timeout_s=0.1)
    with first.write() as connection:
        connection.execute(sa.insert(IMPORTS).values(started_at="now", loaded=1, skipped=0, refused=0))
        assert count(second) == 0
    assert count(second) == 1


def test_where_nothing_can_be_written_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.sqlite"
    database = opened(path)
    add_row(database)
    database.close()
    monkeypatch.setattr(engine, "_is_writable", lambda _path: False)
    reader = opened(path)
    assert reader.read_only
    assert count(reader) == 1
    with pytest.raises(StoreError, match="may only be read"), reader.write():
        pass
    assert {file.name for file in tmp_path.iterdir()} == {"x.sqlite"}


def test_an_older_schema_on_a_read_only_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.sqlite"
    database = opened(path)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version = 0"))
    database.close()
    monkeypatch.setattr(engine, "_is_writable", lambda _path: False)
    with pytest.raises(StoreError, match="must be updated"):
        opened(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to become another user")
def test_a_folder_without_permission_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o755)
    for part in (tmp_path, *tmp_path.parents):
        if part == Path(tempfile.gettempdir()):
            break
        part.chmod(0o755)
    shut = tmp_path / "shut"
    shut.mkdir(mode=0)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from workstation.store.engine import open_database\n"
        "from workstation.errors import StoreError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for folder in sys.argv[1:]:\n"
        "    try: open_database(Path(folder) / 'new' / 'x.sqlite', 'library', 'library')\n"
        "    except StoreError as error: print(error.sentence)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(shut)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(engine.__file__).parents[2],
    )
    assert "cannot be made" in run.stdout, run.stderr
    assert "cannot be read" in run.stdout, run.stderr


def test_alembic_is_not_imported_when_nothing_is_due(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    opened(path).close()
    code = (
        "import sys; from pathlib import Path; from workstation.store.engine import open_database\n"
        "open_database(Path(sys.argv[1]), 'library', 'library'); print('alembic' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(engine.__file__).parents[2],
    )
    assert run.stdout.strip() == "False"


def test_a_step_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.sqlite"
    real = engine._steps
    monkeypatch.setattr(engine, "_steps", lambda chain: [*real(chain), "step_9999_missing"])
    with pytest.raises(ModuleNotFoundError):
        opened(path)
    monkeypatch.undo()
    database = opened(path)
    add_row(database)
    assert count(database) == 1
