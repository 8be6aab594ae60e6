"""Accounts on disk: one small file each, beside the study; wrong passphrases counted next to it.

::

    accounts/
      R1.json          public keys, and the secret ones wrapped by the passphrase
      R1.tries.json    wrong passphrases since the last right one
      R2.card          public keys only, of an account that lies on its owner's machine
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from workstation.errors import StoreError
from workstation.reading.account import Account, Tries, WrongPassphrase, account_from_json, must_wait
from workstation.reading.card_file import CardFile, card_from_json
from workstation.reading.cards import ACCOUNT_NAME, Card
from workstation.reading.seal import Keys

FOLDER = "accounts"
_MOST_BYTES = 64 * 1024


class AccountFolder:
    """The accounts of one folder.

    Parameters
    ----------
    clock : callable
        Gives the moment in UTC; tests turn it.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder = folder
        self._clock = clock

    def names(self) -> tuple[str, ...]:
        """Names of the accounts, sorted."""
        try:
            found = [path.stem for path in self.folder.glob("*.json")]
        except OSError as error:
            raise _disk("The accounts were not listed", error) from error
        return tuple(sorted(name for name in found if not name.endswith(".tries") and _is_name(name)))

    def cards(self) -> tuple[Card, ...]:
        """The public part of every account, also of those whose secret part lies on another machine."""
        here = {name: self.load(name).card for name in self.names()}
        away = {path.stem: self._card(path).card for path in self._card_paths()}
        return tuple(card for _, card in sorted({**away, **here}.items()))

    def away(self) -> tuple[str, ...]:
        """Names of accounts of which only the card is here."""
        here = self.names()
        return tuple(path.stem for path in self._card_paths() if path.stem not in here)

    def escrow_of(self, name: str) -> str:
        """Fingerprint of the escrow key that an account was made with; empty without one.

        Raises
        ------
        StoreError
            If there is no account and no card of this name.
        """
        if name not in self.names() and self._card_path(name).is_file():
            return self._card(self._card_path(name)).escrow
        escrow = self.load(name).escrow
        return escrow.fingerprint if escrow else ""

    def add_card(self, card: CardFile) -> bool:
        """Keep the card of an account that lies elsewhere; False if it is here already.

        Raises
        ------
        StoreError
            If another account or card of this name is here, or the disk refuses.
        """
        same = [one for one in self.cards() if one.name.casefold() == card.card.name.casefold()]
        if same and same != [card.card]:
            raise StoreError(
                "The card was not taken in",
                f"there is an account {same[0].name} with other keys already",
                "Compare the fingerprints with its owner",
            )
        if not same:
            self._write(self._card_path(card.card.name), card.to_json())
        return not same

    def load(self, name: str) -> Account:
        """Read an account.

        Raises
        ------
        StoreError
            If there is none of this name, or its file is damaged.
        """
        return account_from_json(small_text(self._path(name), f"The account {name} was not opened"), name)

    def add(self, account: Account) -> None:
        """Keep a new account.

        Raises
        ------
        StoreError
            If one of this name is there already, or the disk refuses.
        """
        known = [one.name for one in self.cards() if one != account.card] + list(self.names())
        taken = next((one for one in known if one.casefold() == account.card.name.casefold()), None)
        if taken is not None:
            raise StoreError(
                f"The account {account.card.name} was not made",
                f"there is an account {taken} already",
                "Choose another name; its passphrase can be changed",
            )
        self._write(self._path(account.card.name), account.to_json())

    def replace(self, account: Account) -> None:
        """Keep an account anew, after its passphrase was changed."""
        self._write(self._path(account.card.name), account.to_json())

    def keys(self, name: str, passphrase: str) -> tuple[Account, Keys]:
        """Open an account; a wrong passphrase is counted on disk and slows the next try.

        Raises
        ------
        WrongPassphrase
            If it is wrong, or the account has to wait.
        StoreError
            If the account cannot be read, or a wrong try cannot be counted.
        """
        account = self.load(name)
        tries = self.require_no_wait(name)
        self._keep_tries(
            name, tries.failed(self._clock())
        )  # counted before the try: stopping it midway gains nothing
        keys = account.keys(passphrase)
        with suppress(OSError):
            self._tries_path(name).unlink(missing_ok=True)
        return account, keys

    def require_no_wait(self, name: str) -> Tries:
        """The wrong passphrases so far, when the next may be tried now.

        Raises
        ------
        WrongPassphrase
            If the account has to wait.
        """
        tries, now = self.tries(name), self._clock()
        if tries.is_ahead_of(now):
            tries = Tries(tries.wrong, now.isoformat())
            self._keep_tries(name, tries)
        wait = tries.wait_s(now)
        if wait:
            raise must_wait(name, wait)
        return tries

    def heed(self, name: str, logged: Tries) -> None:
        """Count at least the wrong passphrases that a log has: taking the count away gains nothing."""
        if logged.wrong > self.tries(name).wrong:
            self._keep_tries(name, logged)

    def count_wrong(self, name: str) -> None:
        """Count a wrong passphrase that was found without opening the account."""
        self._keep_tries(name, self.tries(name).failed(self._clock()))

    def tries(self, name: str) -> Tries:
        """Wrong passphrases since the last right one; an unreadable count stands for many."""
        try:
            data = json.loads(self._tries_path(name).read_text(encoding="utf-8"))
            kept = Tries(max(0, int(data["wrong"])), str(data["last"]))
            kept.wait_s(self._clock())
        except FileNotFoundError:
            return Tries()
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            kept = Tries(8, self._clock().isoformat())
            self._keep_tries(name, kept)
        return kept

    def _keep_tries(self, name: str, tries: Tries) -> None:
        self._write(self._tries_path(name), json.dumps({"wrong": tries.wrong, "last": tries.last}))

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise StoreError("The account was not opened", f'"{name}" is no name of an account')
        return self.folder / f"{name}.json"

    def _card_path(self, name: str) -> Path:
        return self._path(name).with_name(f"{name}.card")

    def _card_paths(self) -> tuple[Path, ...]:
        try:
            return tuple(sorted(path for path in self.folder.glob("*.card") if _is_name(path.stem)))
        except OSError as error:
            raise _disk("The accounts were not listed", error) from error

    def _card(self, path: Path) -> CardFile:
        return card_from_json(small_text(path, f"The card {path.name} was not read"))

    def _tries_path(self, name: str) -> Path:
        return self.folder / f"{name}.tries.json"

    def _make_folder(self) -> int:
        """Make the folder; returns the mode of files in it.

        Both are for their owner alone, unless the folder around them is shared on purpose: then a reader
        with another name on this computer must be able to open the own account.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        shared = self.folder.parent.stat().st_mode & 0o022
        shared |= shared << 1  # who may write there may read here
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if hasattr(os, "fchmod"):
                self.folder.chmod(0o700 | shared | shared >> 1)
        return 0o600 | shared

    def _write(self, path: Path, text: str) -> None:
        new = path.with_name(path.name + ".new")
        try:
            private = self._make_folder()
            new.unlink(missing_ok=True)
            with open(new, "w", encoding="utf-8", newline="\n", opener=_opener(private)) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise _disk("The account was not kept", error) from error


def small_text(path: Path, what: str) -> str:
    """The text of an account's or a card's file.

    Raises
    ------
    StoreError
        Beginning with `what`, if it is missing, far too large, or no text.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StoreError(what, "its file is damaged or was changed")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StoreError(
            what,
            f"there is no {path.name} in the folder {path.parent.name}",
            "Bring the account's file there from where it was made, or name its folder with --accounts",
        ) from error
    except OSError as error:
        raise _disk(what, error) from error
    except UnicodeDecodeError as error:
        raise StoreError(what, "its file is damaged or was changed") from error


def _opener(mode: int) -> Callable[[str, int], int]:
    def opened(path: str, flags: int) -> int:
        number = os.open(path, flags, mode)
        if hasattr(os, "fchmod"):
            os.fchmod(number, mode)  # whatever the person's umask takes away
        return number

    return opened


def wrong_passphrase_of(name: str) -> WrongPassphrase:
    """What a person is told whose passphrase does not match the one that is signed in."""
    return WrongPassphrase(f"{name} did not sign", "the passphrase is wrong", "Type your passphrase again")


def _is_name(name: str) -> bool:
    return ACCOUNT_NAME.fullmatch(name) is not None and not name.casefold().endswith(".tries")


def _disk(what: str, error: OSError) -> StoreError:
    return StoreError(
        what, error.strerror or "the disk refused", "Check the disk and the permissions of the folder"
    )
