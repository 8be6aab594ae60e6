"""``marrow study server`` and ``study sync``: the way of a person, and every refusal in one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from workstation.cli.main import OK, REFUSED
from workstation.cli.main import run as run_command
from workstation.store.engine import newest_version
from workstation.store.server_address import kept_password, parse_address
from workstation.store.server_engine import Server
from workstation.store.server_schema import schema_of
from workstation.store.study_store import StudyStore
from workstation.workflow.read_case import open_study_folder

SECRET = "SENTINELSECRET"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, publish: Callable[..., Path]) -> Path:
    return publish(tmp_path_factory.mktemp("command"), "cmd", "none")


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(text: str) -> None:
        monkeypatch.setenv("PGPASSWORD", text)

    yield use


def run(*arguments: object) -> int:
    return run_command(["study", *map(str, arguments)], None)  # type: ignore[arg-type] - asks for no screen


def test_from_init_to_verify(
    tmp_path: Path,
    study: Path,
    postgres: Any,
    password: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("server", "init", postgres.admin_url, "--study", study) == OK
    assert "cmd.R1" in capsys.readouterr().out
    here = tmp_path / "machine"
    password("password of cmd.R1")
    assert run("server", "join", postgres.url("cmd.R1"), "--study", here, "--json") == OK
    assert json.loads(capsys.readouterr().out)["account"] == "R1"
    with open_study_folder(here) as opened:
        opened.reader("R1").open_read("K-1").answer("patella", 1)
    assert run("server", "status", "--study", here) == OK
    assert "Not yet sent:" in capsys.readouterr().out
    assert run("sync", "--study", here) == OK
    assert "not sent: 0" in capsys.readouterr().out
    assert run("server", "status", "--study", here, "--json") == OK
    assert json.loads(capsys.readouterr().out)["not_sent"] == 0
    password("password of cmd.coordinator")
    assert run("server", "verify", "--study", study) == OK
    assert "Intact: what coordinator may see" in capsys.readouterr().out


def test_a_password_comes_from_a_descriptor_or_pgpass(
    tmp_path: Path, study: Path, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{postgres.port}:*:cmd.R2:with\\:colon\n", encoding="utf-8")
    file.chmod(0o644)
    monkeypatch.setenv("PGPASSFILE", str(file))
    address = parse_address(postgres.url("cmd.R2"))
    assert kept_password(address) is None  # others may read it
    file.chmod(0o600)
    assert kept_password(address) == "with:colon"
    reading, writing = os.pipe()
    os.write(writing, b"password of cmd.coordinator\n")
    os.close(writing)
    assert run("sync", "--study", study, "--server-password-fd", reading) == OK


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://cmd.R1:{SECRET}@127.0.0.1/postgres", "it holds a password"),
        (f"postgresql://cmd.R1@127.0.0.1/postgres?password={SECRET}", "it holds a password"),
        (f"mysql://cmd.R1@127.0.0.1/{SECRET}", "does not begin with postgresql"),
        ("postgresql://127.0.0.1/postgres", "does not name a role"),
        ("postgresql://cmd.R1@127.0.0.1:1/postgres", "it was not reached"),
        ("postgresql://cmd.R1@127.0.0.1:{port}/postgres?sslmode=require", "it does not encrypt"),
        ("postgresql://cmd.R1@127.0.0.1:{port}/absent", "it has no database absent"),
        ("postgresql://cmd.R9@127.0.0.1:{port}/postgres", "it does not let cmd.R9 in"),
        ("postgresql://cmd.R2@127.0.0.1:{port}/postgres", "it does not let cmd.R2 in"),
    ],
)
def test_a_wrong_server_is_one_sentence(
    study: Path,
    postgres: Any,
    password: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    url: str,
    said: str,
) -> None:
    password("password of cmd.R1")
    assert run("sync", "--study", study, "--server", url.format(port=postgres.port)) == REFUSED
    heard = capsys.readouterr()
    assert said in heard.err and len(heard.err.strip().splitlines()) == REFUSED
    assert SECRET not in heard.err + heard.out and "password of" not in heard.err


def test_another_study_an_unknown_version_and_no_member(
    tmp_path: Path,
    study: Path,
    postgres: Any,
    publish: Callable[..., Path],
    password: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = StudyStore.open(study)
    schema = schema_of(store.study_uid)
    store.close()
    other = publish(tmp_path, "other", "none")
    password("password of other.R1")
    assert run("sync", "--study", study, "--server", postgres.url("other.R1")) == REFUSED
    assert "does not hold this study" in capsys.readouterr().err
    server = Server(postgres.admin, schema)
    for version, said in ((99, "newer version of the program"), (0, "older version of the program")):
        with server.write() as connection:
            change = sa.text("UPDATE schema_version SET version = :v WHERE chain = 'server'")
            connection.execute(change, {"v": version})
        password("password of cmd.R1")
        assert run("sync", "--study", study, "--server", postgres.url("cmd.R1")) == REFUSED
        assert said in capsys.readouterr().err
    with server.write() as connection:
        connection.execute(change, {"v": newest_version("server")})
        connection.execute(sa.text('GRANT USAGE ON SCHEMA "' + schema + '" TO "other.R1"'))
        connection.execute(sa.text('GRANT SELECT ON schema_version TO "other.R1"'))
    server.close()
    password("password of other.R1")
    assert run("sync", "--study", study, "--server", postgres.url("other.R1")) == REFUSED
    assert "takes no part in this study" in capsys.readouterr().err
    assert other.is_dir()
