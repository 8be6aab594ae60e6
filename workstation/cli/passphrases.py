"""Passphrases for the command line: from a file descriptor or a prompt, never an argument."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation, UsageError

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study

HELP = (
    "read passphrases from this file descriptor, one line for each account in the order asked; "
    "otherwise they are prompted for"
)


def add_passphrases(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command on a sealed study takes."""
    parser.add_argument("--passphrase-fd", type=int, metavar="N", help=HELP)
    parser.add_argument(
        "--accounts", metavar="DIR", help="folder of the accounts; otherwise accounts/ in the study folder"
    )


def add_as(parser: argparse.ArgumentParser) -> None:
    """Add the option that says who is at work."""
    parser.add_argument(
        "--as",
        dest="signed_in_as",
        action="append",
        default=[],
        metavar="NAME",
        help="sign in to a sealed study as this account; may be given several times",
    )


def sign_in_coordinator(study: Study, names: list[str], passphrases: Passphrases) -> None:
    """Sign in who asks for what only a coordinator may know.

    Raises
    ------
    ProtocolViolation
        If another account is named.
    """
    sealing = study.plan.sealing if study.vault is not None else None
    for name in names:
        if sealing is not None and (sealing.coordinator is None or name != sealing.coordinator.name):
            raise ProtocolViolation(
                f"{name} was not signed in",
                "this is told to the coordinator only",
                "Give the coordinator's account with --as",
            )
    passphrases.sign_in(study, names)


class Passphrases:
    """Asks once for each account. `accounts` names another folder of accounts than the study's own."""

    def __init__(self, descriptor: int | None, accounts: str | None = None) -> None:
        self._accounts = accounts
        self._known: dict[str, str] = {}
        self._descriptor = descriptor
        if descriptor is not None:
            try:
                os.fstat(descriptor)
            except OSError as error:
                raise UsageError(
                    "The passphrase was not read",
                    f"file descriptor {descriptor} is not open",
                    "Give it as in: --passphrase-fd 3 3<file",
                ) from error

    def of(self, name: str) -> str:
        """The passphrase of an account."""
        if name not in self._known:
            self._known[name] = (
                self._line(name) if self._descriptor is not None else self._prompt(f"Passphrase of {name}: ")
            )
        return self._known[name]

    def new(self, name: str) -> str:
        """A passphrase that is being chosen; a prompt asks for it twice."""
        if self._descriptor is not None:
            return self._line(name)
        first = self._prompt(f"New passphrase of {name}: ")
        if self._prompt("Again: ") != first:
            raise UsageError("The passphrase was not taken", "the two differ", "Try again")
        return first

    def sign_in(self, study: Study, names: Iterable[str]) -> None:
        """Sign in to a sealed study; nothing to do where the study is not sealed."""
        from workstation.store.account_files import AccountFolder

        if study.vault is not None:
            if self._accounts:
                study.vault.accounts = AccountFolder(Path(self._accounts))
            for name in dict.fromkeys(names):
                self._sign_in(study, name)

    def _sign_in(self, study: Study, name: str) -> None:
        from workstation.workflow.acceptance import PlanNotAccepted

        try:
            study.sign_in(name, self.of(name))
        except PlanNotAccepted as changed:
            if not sys.stdin.isatty():
                raise
            print(
                f"The plan was changed since {name} has accepted one. Compare the fingerprints aloud again:"
            )
            print("\n".join(f"  {line}" for line in changed.fingerprints))
            if input("Accept it? [y/N] ").strip().lower() not in ("y", "yes"):
                raise
            study.sign_in(name, self.of(name), changed.code)

    def _line(self, name: str) -> str:
        assert self._descriptor is not None
        taken = bytearray()
        while len(taken) < 8192:  # byte by byte: what follows belongs to the next account
            byte = os.read(self._descriptor, 1)
            if not byte or byte == b"\n":
                break
            taken += byte
        try:
            text = taken.decode().rstrip("\r")
        except UnicodeDecodeError as error:
            raise UsageError("The passphrase was not read", "it is not UTF-8 text") from error
        if not text:
            raise UsageError(
                "The passphrase was not read",
                f"there is no line for {name}",
                "Write one line for each account in the order asked",
            )
        return text

    def _prompt(self, text: str) -> str:
        if not sys.stdin.isatty():
            raise UsageError(
                "The passphrase was not read", "there is no terminal to ask on", "Use --passphrase-fd N"
            )
        return getpass.getpass(text)
