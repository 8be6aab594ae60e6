"""The password of a study's server for the command line: never an argument."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cli.main import named_path
from workstation.cli.passphrases import Passphrases
from workstation.errors import UsageError

if TYPE_CHECKING:
    from workstation.store.server_address import Login, ServerAddress


def add_server(parser: argparse.ArgumentParser, *, url: bool) -> None:
    """Add the options that every command on a server takes."""
    parser.add_argument("--study", type=named_path, required=True, metavar="DIR", help="the study folder")
    if url:
        parser.add_argument("url", metavar="URL", help="postgresql://ROLE@HOST/DATABASE, without a password")
    else:
        parser.add_argument(
            "--server", metavar="URL", default="", help="another server or role than server.toml names"
        )
    parser.add_argument(
        "--server-password-fd",
        type=int,
        metavar="N",
        help="read the server's passwords from this file descriptor, a line each, that of the URL first; "
        "otherwise PGPASSWORD, .pgpass, or a prompt",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def address_of(arguments: argparse.Namespace) -> ServerAddress:
    """The server that was named, or that the study's folder names.

    Raises
    ------
    UsageError
        If neither does.
    DataError
        If there is no study in the folder.
    """
    from workstation.store.server_address import parse_address
    from workstation.store.server_join import kept_address
    from workstation.workflow.read_case import require_study

    text = getattr(arguments, "url", "") or getattr(arguments, "server", "")
    found = parse_address(text) if text else kept_address(Path(arguments.study))
    if found is None:
        require_study(Path(arguments.study))
        raise UsageError(
            "No server was used", "the study's folder names none", "marrow study server set URL --study DIR"
        )
    return found


def login_of(arguments: argparse.Namespace, passwords: Passphrases | None = None) -> Login:
    """The server with the password, from where the person keeps it."""
    from workstation.store.server_address import Login, kept_password

    address = address_of(arguments)
    if passwords is None:
        passwords = Passphrases(arguments.server_password_fd)
    kept = kept_password(address) if arguments.server_password_fd is None else None
    if kept is None and address.socket and arguments.server_password_fd is None:
        return Login(address)  # who may use the socket is known to the system
    return Login(address, passwords.of(address.user) if kept is None else kept)
