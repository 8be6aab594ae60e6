"""Where a study's server is: a URL without a password, and where the password may be kept instead."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from workstation.errors import StoreError

TLS = ("disable", "prefer", "require", "verify-full")
_SCHEMES = ("postgresql", "postgres")
_HERE = ("localhost", "127.0.0.1", "::1", "")
_PORT = 5432


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A PostgreSQL server, the database there and the role to connect as; never a password.

    Attributes
    ----------
    host : str
        Name or address; empty where `socket` is used.
    tls : str
        ``"disable"``, ``"prefer"``, ``"require"`` (encrypted, whoever answers) or ``"verify-full"``
        (encrypted, and the server shows a certificate for its name).
    root_certificate : str
        File with the authority that signed the server's certificate; empty: the system's own.
    socket : str
        Folder of a Unix socket; empty for TCP.
    """

    host: str
    port: int
    database: str
    user: str
    tls: str
    root_certificate: str = ""
    socket: str = ""

    @property
    def text(self) -> str:
        """The URL."""
        options = {"sslmode": self.tls}
        if self.root_certificate:
            options["sslrootcert"] = self.root_certificate
        if self.socket:
            options["host"] = self.socket
        name = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{quote(self.user, safe='')}@{name}:{self.port}/{quote(self.database, safe='')}"
        return f"postgresql://{place}?{urlencode(options, safe='/')}"

    @property
    def spoken(self) -> str:
        """What a person calls it: ``"db.example.org:5432"``."""
        return self.socket or f"{self.host}:{self.port}"

    def of(self, user: str) -> ServerAddress:
        """The same server as another role."""
        return ServerAddress(
            self.host, self.port, self.database, user, self.tls, self.root_certificate, self.socket
        )


@dataclass(frozen=True, slots=True)
class Login:
    """An address with the password to use; never printed or kept."""

    address: ServerAddress
    password: str = field(default="", repr=False)


def parse_address(text: str) -> ServerAddress:
    """Read a URL ``postgresql://USER@HOST[:PORT]/DATABASE[?sslmode=…&sslrootcert=…]``.

    Other than on this computer TLS is required unless the URL says otherwise.

    Raises
    ------
    StoreError
        If it is no such URL, or holds a password: arguments and files are seen by others.
    """
    try:
        parts = urlsplit(text.strip())
        host, port, password = parts.hostname or "", parts.port or _PORT, parts.password
    except ValueError as error:
        raise _refused("it is not a URL") from error
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if password is not None or "password" in options:
        raise _refused(
            "it holds a password, which others could see",
            "Leave it out; it is asked for, or read from --server-password-fd, PGPASSWORD or .pgpass",
        )
    if parts.scheme not in _SCHEMES:
        raise _refused("it does not begin with postgresql://")
    unknown = sorted(options.keys() - {"sslmode", "sslrootcert", "host"})
    if unknown:
        raise _refused(
            f"the option {unknown[0]} is not known here", "Known are sslmode, sslrootcert and host"
        )
    socket = options.get("host", "") if options.get("host", "").startswith("/") else ""
    database, user = unquote(parts.path.lstrip("/")), unquote(parts.username or "")
    if not user or not database or not (host or socket):
        raise _refused("it does not name a role, a host and a database")
    tls = options.get("sslmode") or ("prefer" if socket or host in _HERE else "require")
    if tls not in TLS:
        raise _refused(f"sslmode={tls} is not known here", f"Known are {', '.join(TLS)}")
    return ServerAddress(host, port, database, user, tls, options.get("sslrootcert", ""), socket)


def kept_password(address: ServerAddress) -> str | None:
    """The password that the person has put aside for this server: PGPASSWORD, or a line of .pgpass."""
    said = os.environ.get("PGPASSWORD")
    if said is not None:
        return said
    path = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return None  # as psql does: a file that others may read is not used
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    host = "localhost" if address.socket else address.host
    wanted = (host, str(address.port), address.database, address.user)
    for line in lines:
        fields = _pgpass_fields(line)
        if len(fields) == 5 and all(one in ("*", said) for one, said in zip(fields[:4], wanted, strict=True)):
            return fields[4]
    return None


def _pgpass_fields(line: str) -> list[str]:
    fields, current, escaped = [], "", False
    for character in "" if line.startswith("#") else line:
        if escaped or character not in "\\:":
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        else:
            fields.append(current)
            current = ""
    return [*fields, current]


def _refused(why: str, remedy: str = "") -> StoreError:
    # Never the URL itself: what is wrong with it may be that it holds a password.
    form = "Write postgresql://ROLE@HOST/DATABASE"
    return StoreError("The server's URL was not taken", why, remedy or form)
