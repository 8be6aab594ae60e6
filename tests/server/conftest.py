"""A real PostgreSQL server of the tests' own: one for a session, in a temporary folder, never as root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.server_address import Login, parse_address
from workstation.workflow.accounts import make_account
from workstation.workflow.publish_study import publish_study
from workstation.workflow.read_case import create_study

_DEBIAN = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """The folder with ``initdb``; Debian keeps it off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def _nobodys_group() -> int:
    import pwd

    return pwd.getpwnam("nobody").pw_gid


@dataclass
class Postgres:
    """A server that is running."""

    programs: Path
    folder: Path
    port: int

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c max_connections=40 -c shared_buffers=16MB -c autovacuum=off -c log_statement=ddl"
        )
        self._run(
            "pg_ctl", "-w", "-t", "30", "-D", self.data, "-l", f"{self.folder}/log", "-o", options, "start"
        )

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-w", "-D", self.data, "-m", how, "stop")

    @property
    def data(self) -> str:
        return f"{self.folder}/data"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def initialise(self) -> None:
        auth = ("--auth-local=trust", "--auth-host=scram-sha-256")
        self._run(
            "initdb", "-D", self.data, "-U", "postgres", *auth, "--no-sync", "-E", "UTF8", "--no-locale"
        )

    def url(self, user: str, database: str = "postgres", options: str = "") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}{options}"

    def login(self, user: str, password: str = "") -> Login:
        return Login(parse_address(self.url(user)), password or f"password of {user}")

    @property
    def admin_url(self) -> str:
        """Trusted on the socket in the server's own folder."""
        return f"postgresql://postgres@:{self.port}/postgres?host={self.folder}"

    @property
    def admin(self) -> Login:
        return Login(parse_address(self.admin_url))

    def _run(self, program: str, *arguments: str) -> None:
        nobody = (
            {"user": "nobody", "group": _nobodys_group(), "extra_groups": []} if os.geteuid() == 0 else {}
        )
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            timeout=60,
            **(nobody if os.geteuid() == 0 else {}),  # type: ignore[arg-type] - PostgreSQL refuses to run as root
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server; skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None or os.name != "posix":
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # Where an unprivileged user gets to, and short enough for the name of a socket.
    folder = Path(tempfile.mkdtemp(prefix="marrow-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", _nobodys_group())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Postgres(programs, folder, port)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def word(name: str) -> str:
    return f"four plain words {name}"


PLAN = """\
id = "{id}"
title = "Knee"
cases = {cases}
readers = {readers}
instruments = ["recht"]
[reconciliation]
rule = "{rule}"
unseal = "{unseal}"
[sealing]
mode = "{mode}"
"""


@pytest.fixture(scope="session")
def publish(postgres: Postgres) -> Callable[..., Path]:
    """``publish(folder, id, mode="coordinator", cases=2)``: a study that is on the server; its folder."""

    def made(
        folder: Path,
        study: str,
        mode: str = "coordinator",
        cases: int = 2,
        readers: int = 2,
        unseal: str = "study",
        more: str = "",
    ) -> Path:
        people = AccountFolder(folder / "study" / FOLDER)
        names = [f"R{number}" for number in range(1, readers + 1)]
        seats = dict.fromkeys(names, Seat.READER)
        if mode == "coordinator":
            seats["C1"] = Seat.COORDINATOR
        for name, seat in seats.items() if mode != "none" else ():
            make_account(people, name, seat, word(name), cost=LEAST_COST)
        codes = [f"K-{number}" for number in range(1, cases + 1)]
        rule = "median" if readers == 3 else "consensus"
        said = {"mode": mode, "cases": codes, "readers": names, "rule": rule, "unseal": unseal}
        plan = PLAN.format(id=study, **said).replace("'", '"')
        (folder / "plan.toml").write_text(plan + more, encoding="utf-8")
        create_study(folder / "plan.toml", folder / "study", passphrase_of=word).close()
        publish_study(folder / "study", postgres.admin, lambda role: f"password of {role}")
        return folder / "study"

    return made
