"""Open a database file, keep it durable, and say in plain words what went wrong.

SQLite runs in WAL mode with ``synchronous=FULL``: a committed write survives the loss of power. Writes are
short ``BEGIN IMMEDIATE`` transactions, so that two processes wait for each other instead of failing midway.
"""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import exc

from workstation.errors import StoreError

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process before it says that the database is in use."""

_MIGRATIONS = "workstation.store.migrations"
SCHEMA_VERSION = sa.Table(
    "schema_version",
    sa.MetaData(),
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)


class Migratable(Protocol):
    """A database whose schema `migrate` can bring up to date."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def read_only(self) -> bool:
        """True where nothing can be changed."""

    def read(self) -> AbstractContextManager[sa.Connection]:
        """One consistent view."""

    def write(self) -> AbstractContextManager[sa.Connection]:
        """One transaction."""


class Database:
    """An open database. Made by `open_database`; safe to use from several threads.

    Attributes
    ----------
    path : Path
        The database file.
    name : str
        What a person calls it, e.g. ``"library"``; used in messages.
    read_only : bool
        True where the disk or the permissions allow reading only: every write is then refused.
    """

    def __init__(self, path: Path, name: str, engine: sa.Engine, read_only: bool) -> None:
        self.path = path
        self.name = name
        self.read_only = read_only
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of the database; nothing can be changed through it.

        Raises
        ------
        StoreError
            If the database cannot be read.
        """
        with spoken(self.name, "read"), self._engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One short transaction: on disk when the block ends, undone when it raises.

        Raises
        ------
        StoreError
            If the disk is full, the database is in use by another process, or may only be read.
        """
        if self.read_only:
            raise _read_only(self.name)
        with spoken(self.name, "changed"), self._engine.connect() as plain:
            connection = plain.execution_options(immediate=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        self._engine.dispose()


def open_database(
    path: Path,
    chain: str,
    name: str,
    *,
    create: bool = True,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> Database:
    """Open the database at `path`, make it if asked, and bring its schema up to date.

    Parameters
    ----------
    chain : str
        Which steps of ``store/migrations`` belong to it: ``"library"`` or ``"study"``.
    name : str
        What a person calls it.
    create : bool
        Make a missing database (and its folder); otherwise a missing one is refused.

    Raises
    ------
    StoreError
        If it is missing, damaged, locked, of a newer program version, or cannot be made or migrated.
    """
    path = path.absolute()
    if not _exists(path, name):
        if not create:
            raise StoreError(
                f"The {name} was not opened", f"there is none in {path.parent}", "Check the folder"
            )
        _make_folder(path.parent, name)
    read_only = path.exists() and not _is_writable(path)
    database = Database(path, name, _connect(path, read_only, busy_timeout_s), read_only)
    try:
        migrate(database, chain)
    except BaseException:
        database.close()
        raise
    return database


def insert_row(connection: sa.Connection, table: sa.Table, **values: Any) -> int:
    """Insert one row and return its integer key."""
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


@contextmanager
def spoken(name: str, verb: str) -> Iterator[None]:
    """Turn a database failure inside the block into a `StoreError` in plain words.

    Broken constraints (``sqlalchemy.exc.IntegrityError``) pass through: the caller knows what they mean.
    """
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.DBAPIError, sqlite3.Error) as error:
        cause = str(error.orig) if isinstance(error, exc.DBAPIError) else str(error)
        raise _explain(name, verb, cause.lower()) from error


def _explain(name: str, verb: str, cause: str) -> StoreError:
    what = f"The {name} was not {verb}"
    if "disk is full" in cause:
        return StoreError(what, "the disk is full", "Free some space and try again; nothing kept was lost")
    if "locked" in cause or "busy" in cause:
        return StoreError(what, "another program is using it", "Wait until that is done and try again")
    if "readonly" in cause or "read-only" in cause:
        return _read_only(name)
    if "malformed" in cause or "not a database" in cause:
        return StoreError(what, "its database file is damaged", "Restore it from a backup")
    if "unable to open" in cause:
        return StoreError(what, "its folder cannot be read or written", "Check the permissions of the folder")
    if "disk i/o" in cause:
        return StoreError(what, "the disk reported an error", "Check the disk and its connection")
    return StoreError(what, f"the database said: {cause}", "Restore it from a backup if this stays")


def _read_only(name: str) -> StoreError:
    return StoreError(
        f"The {name} was not changed",
        "its folder may only be read",
        "Copy it to a folder that you may write to, or change its permissions",
    )


def _exists(path: Path, name: str) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a folder above it that may not be entered
        raise StoreError(
            f"The {name} was not opened",
            f"its folder cannot be read ({error.strerror or 'disk'})",
            "Choose another folder or check its permissions",
        ) from error


def _make_folder(folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The {name} was not made",
            f"its folder cannot be made ({error.strerror or 'disk'})",
            "Choose another folder or check its permissions",
        ) from error


def _is_writable(path: Path) -> bool:
    # os.access does not know read-only mounts of every system; opening for append changes nothing. SQLite
    # also needs to make its -wal file beside the database.
    try:
        with path.open("ab"):
            pass
        probe = path.with_name(path.name + "-probe")
        probe.touch()
        probe.unlink(missing_ok=True)  # another opener may have made and removed it meanwhile
    except OSError:
        return False
    return True


def _connect(path: Path, read_only: bool, busy_timeout_s: float) -> sa.Engine:
    uri = path.as_uri() + ("?mode=ro" if read_only else "?mode=rwc")
    wal = path.with_name(path.name + "-wal")
    if read_only and not (wal.exists() and wal.stat().st_size):
        # A read-only folder has no room for SQLite's shared-memory file; without a log none is needed.
        uri = path.as_uri() + "?immutable=1"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA secure_delete=ON")  # free pages hold nothing of what was there
            connection.execute("PRAGMA temp_store=MEMORY")
            if not read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.QueuePool)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _steps(chain: str) -> list[str]:
    """Names of the step modules of a chain, in order; the n-th brings the schema to version n."""
    package = importlib.import_module(f"{_MIGRATIONS}.{chain}")
    return sorted(
        found.name for found in pkgutil.iter_modules(package.__path__) if found.name.startswith("step_")
    )


def newest_version(chain: str) -> int:
    """The schema version that this program makes of a chain."""
    return len(_steps(chain))


def _version(connection: sa.Connection, chain: str, name: str, beside: str = "") -> int:
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return 0
    found = (
        dict(connection.execute(sa.select(SCHEMA_VERSION.c.chain, SCHEMA_VERSION.c.version)).all())
        if SCHEMA_VERSION.name in tables
        else {}
    )
    if chain not in found:
        if beside in found:
            return 0
        raise StoreError(
            f"The {name} was not opened", "its database file belongs to something else", "Check the folder"
        )
    return int(found[chain])


def migrate(database: Migratable, chain: str, beside: str = "") -> None:
    """Bring the schema of an open database up to date, in one transaction.

    Parameters
    ----------
    beside : str
        Another chain that may be in the database before this one is.

    Raises
    ------
    StoreError
        If it is of a newer program version, of another kind, or may only be read.
    """
    steps = _steps(chain)
    with database.read() as connection:
        version = _version(connection, chain, database.name, beside)
    if version > len(steps):
        raise StoreError(
            f"The {database.name} was not opened",
            f"it was made by a newer version of the program (schema {version}, this one knows {len(steps)})",
            "Install the newer version; nothing was changed",
        )
    if version == len(steps):
        return
    if database.read_only:
        raise StoreError(
            f"The {database.name} was not opened",
            "it must be updated for this version and its folder may only be read",
            "Copy it to a folder that you may write to",
        )
    # Alembic costs a quarter of a second to import: only when there is something to do.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with database.write() as connection:
        version = _version(connection, chain, database.name, beside)  # another process may have been first
        operations = Operations(MigrationContext.configure(connection))
        if version == 0:
            SCHEMA_VERSION.create(connection, checkfirst=True)
            connection.execute(sa.insert(SCHEMA_VERSION).values(chain=chain, version=0))
        for step in steps[version:]:
            importlib.import_module(f"{_MIGRATIONS}.{chain}.{step}").upgrade(operations)
        connection.execute(
            sa.update(SCHEMA_VERSION).where(SCHEMA_VERSION.c.chain == chain).values(version=len(steps))
        )
