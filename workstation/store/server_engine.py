"""A connection to a study's server, with every failure in plain words.

Nothing waits for ever: connecting, statements, locks and transactions left open all have a limit, so that a
server that hangs is one that is not reached.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from workstation.errors import StoreError
from workstation.store.server_address import Login, ServerAddress

CONNECT_S = 6.0
ANSWER_S = 30.0
_LIMITS_MS = {
    "statement_timeout": 20_000,
    "lock_timeout": 8_000,
    "idle_in_transaction_session_timeout": 20_000,
}
UNREACHED = "it was not reached"
_NO_TLS = "Server refuses SSL"
SCHEMA_PREFIX = "study_"

_AWAY = ("08", "57", "53", "40", "55", "58")
"""SQLSTATE classes that pass: connection, shutdown, resources, deadlock, locks, system error."""


class ServerAway(StoreError):
    """The server was not reached, or cannot take anything now: what was to be sent is kept here."""


class ServerRefused(StoreError):
    """The server does not let this role do it, or holds something else than expected."""


class RowConflict(Exception):
    """The server keeps another row under this key, or refuses it by a rule of the study."""


class Server:
    """A study's database on a server. Made by `open_server`; used by one thread at a time.

    Attributes
    ----------
    name : str
        What a person calls it.
    read_only : bool
        Always False; roles decide.
    schema : str
        Schema of the study; empty before one is chosen.
    """

    name = "server's copy of the study"
    read_only = False

    def __init__(self, login: Login, schema: str = "") -> None:
        self.address = login.address
        self.schema = schema
        self._login = login
        self._engine = sa.create_engine(
            "postgresql+pg8000://", creator=self._connect, pool_size=1, max_overflow=0, pool_pre_ping=False
        )

        # Before SQLAlchemy asks for the default schema, which it remembers.
        @sa.event.listens_for(self._engine, "connect", insert=True)
        def _choose(raw: Any, _: Any) -> None:
            cursor = raw.cursor()
            for name, value in _LIMITS_MS.items():
                cursor.execute(f"SET {name} = {value}")
            if self.schema:
                cursor.execute(f'SET search_path = "{self.schema}", pg_temp')
            raw.commit()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of what this role may see.

        Raises
        ------
        ServerAway, ServerRefused
        """
        with self._spoken(), self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: on the server's disk when the block ends, undone when it raises.

        Raises
        ------
        ServerAway, ServerRefused
        RowConflict
            If the server keeps another row under a key, or a rule of the study forbids the row.
        """
        with self._spoken(), self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()

    def _connect(self) -> Any:
        import pg8000.dbapi

        address = self.address
        place = (
            {"unix_sock": f"{address.socket}/.s.PGSQL.{address.port}"}
            if address.socket
            else {"host": address.host, "port": address.port}
        )
        given = {
            "user": address.user,
            "password": self._login.password,
            "database": address.database,
            "timeout": CONNECT_S,
            "application_name": "marrow",
            **place,
        }
        try:
            raw = pg8000.dbapi.connect(ssl_context=_tls(address), **given)
        except pg8000.dbapi.InterfaceError as error:
            if address.tls != "prefer" or _NO_TLS not in str(error):
                raise
            raw = pg8000.dbapi.connect(ssl_context=False, **given)
        # The limit for connecting is also that of every answer; a batch may take longer than a handshake.
        raw._usock.settimeout(ANSWER_S)
        return raw

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except exc.DBAPIError as error:
            self._engine.dispose()
            raise self._explain(error.orig) from None  # its text may hold the statement's values
        except (OSError, struct.error) as error:
            self._engine.dispose()
            raise self._explain(error) from None

    @property
    def _what(self) -> str:
        return f"The server {self.address.spoken} was not used"

    def _explain(self, cause: BaseException | None) -> Exception:
        details = cause.args[0] if cause is not None and cause.args else {}
        if not isinstance(details, dict):
            return self._unreached(str(cause))
        state, said = str(details.get("C", "")), str(details.get("M", ""))
        user, database = self.address.user, self.address.database
        if state.startswith("23"):
            return RowConflict(said)
        if state in ("28P01", "28000"):
            why = f"it does not let {user} in: the role, the password or the kind of connection is wrong"
            return ServerRefused(self._what, why, "Check the role, the password and the TLS setting")
        if state == "3D000":
            return ServerRefused(self._what, f"it has no database {database}", "Check the URL")
        if state in ("3F000", "42P01", "42883"):
            return ServerRefused(
                self._what,
                "its database does not hold this study",
                "Check the URL, or make it there: marrow study server init",
            )
        if state == "42501":
            return ServerRefused(
                self._what,
                f"the role {user} may not do this ({said})",
                "Ask the coordinator which role is yours",
            )
        if state == "53100":
            return ServerAway(self._what, "its disk is full", "Everything is kept here and sent later")
        if state == "53300":
            return ServerAway(self._what, "it has too many connections now", "It is tried again")
        if state == "25006":
            return ServerAway(self._what, "it takes nothing now, only reading is allowed")
        if state.startswith(_AWAY):
            return ServerAway(self._what, f"it stopped this ({said})", "It is tried again")
        return ServerRefused(self._what, f"it said: {said}", "")

    def _unreached(self, said: str) -> StoreError:
        lower = said.lower()
        if _NO_TLS.lower() in lower:
            return ServerRefused(
                self._what,
                "it does not encrypt the connection, and the URL asks for that",
                "Have TLS switched on there; sslmode=disable in the URL only where the network is yours",
            )
        if "certificate" in lower or "hostname mismatch" in lower:
            return ServerRefused(
                self._what,
                "its certificate is not the one expected",
                "Name the authority with sslrootcert=FILE in the URL",
            )
        return ServerAway(self._what, UNREACHED, "Check the network and the URL")


def _tls(address: ServerAddress) -> Any:
    if address.tls == "disable":
        return False
    if address.tls == "prefer" or (address.tls == "require" and not address.root_certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's authorities takes a while
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=address.root_certificate or None)
    except OSError as error:
        raise ServerRefused(
            f"The server {address.spoken} was not used",
            f"the file {address.root_certificate} with its authority cannot be read",
            "Check sslrootcert in the URL",
        ) from error
