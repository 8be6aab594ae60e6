"""The folder of a study on a machine that takes part through a server."""

from __future__ import annotations

import json
import secrets
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tomli_w

from workstation.errors import StoreError
from workstation.reading.audit import AuditEntry
from workstation.store.engine import open_database
from workstation.store.file_names import STUDY_DATABASE
from workstation.store.server_address import ServerAddress, parse_address
from workstation.store.study_file import StudyFile
from workstation.store.study_store import StudyStore
from workstation.store.study_tables import STUDY

SERVER = "server.toml"
JOINED, PLAN_RECEIVED = "machine joined", "plan received"
FIRST = "first"
"""The machine on which the study was made."""
_BESIDE = "joining"


@contextmanager
def new_machine(folder: Path, study: dict[str, Any]) -> Iterator[StudyStore]:
    """A study's database on a machine that joins, put in its place when the block ends.

    Its log begins with a random name of the machine, so that no machine's log can pass for another's.
    Whatever happens before the end leaves the folder without a study.

    Raises
    ------
    StoreError
        If there is a study already, or the folder cannot be written.
    """
    if (folder / STUDY_DATABASE).exists():
        raise StoreError(
            "The study was not joined", f"there is a study in the folder {folder.name}", "Name a new folder"
        )
    beside = folder / _BESIDE
    shutil.rmtree(beside, ignore_errors=True)
    database = open_database(beside / STUDY_DATABASE, "study", "study")
    try:
        with database.write() as connection:
            connection.execute(sa.insert(STUDY).values(study))
        store = StudyStore(folder, StudyFile(database))
        with store.batch():
            store.rows.note(JOINED, {"machine": secrets.token_hex(8)})
            yield store
        database.close()
        (beside / STUDY_DATABASE).replace(folder / STUDY_DATABASE)
    except OSError as error:
        raise StoreError(
            "The study was not joined",
            error.strerror or "the disk refused",
            "Check the disk and the permissions of the folder",
        ) from error
    finally:
        database.close()
        shutil.rmtree(beside, ignore_errors=True)


def machine_of(log: tuple[AuditEntry, ...]) -> str:
    """The machine that wrote a log, by what the log begins with."""
    if not log or log[0].event != JOINED:
        return FIRST
    try:
        return str(json.loads(log[0].detail)["machine"])
    except (ValueError, KeyError, TypeError):
        return ""  # meddled with; the chain says so


def kept_address(folder: Path) -> ServerAddress | None:
    """The server that a study's folder names; None where there is none.

    Raises
    ------
    StoreError
        If the file cannot be read or names no server.
    """
    path = folder / SERVER
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged() from error
    try:
        return parse_address(str(tomllib.loads(text)["url"]))
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise _damaged() from error


def keep_address(folder: Path, address: ServerAddress) -> None:
    """Write which server a study's folder belongs to.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    path = folder / SERVER
    new = path.with_name(path.name + ".new")
    try:
        new.write_text(tomli_w.dumps({"url": address.text}), encoding="utf-8", newline="\n")
        new.replace(path)
    except OSError as error:
        raise StoreError(
            "The server was not kept",
            f"{SERVER} cannot be written ({error.strerror or 'disk'})",
            "Check the disk and the permissions of the folder",
        ) from error


def _damaged() -> StoreError:
    return StoreError(
        "The server was not used", f"{SERVER} in the study's folder is damaged", "marrow study server set URL"
    )
