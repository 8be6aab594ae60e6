"""An account: public keys to show, secret keys wrapped by a passphrase, and wrong passphrases slowed.

There is no way around a forgotten passphrase unless the account was made with an escrow that its study's
plan names. A screen that makes an account shows `NO_WAY_BACK`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workstation.errors import ProtocolViolation, StoreError, UsageError
from workstation.reading import seal
from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, Seat, canonical

FORMAT = 1
SHORTEST_PASSPHRASE = 10
LONGEST_PASSPHRASE = 1024
FREE_TRIES = 3
LONGEST_WAIT_S = 300

NO_WAY_BACK = (
    "Nobody can recover this passphrase: without it, what this account has entered or may open is lost. "
    "Write it down and keep it in a safe place."
)


class WrongPassphrase(ProtocolViolation):
    """The passphrase is not that of the account, or it must wait after wrong ones."""


@dataclass(frozen=True, slots=True)
class Escrow:
    """The account's keys, sealed to an escrow key that is kept offline.

    Attributes
    ----------
    fingerprint : str
        Of the escrow's card.
    """

    fingerprint: str
    box: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """What is kept of an account."""

    card: Card
    salt: bytes
    cost: seal.Cost
    wrapped: bytes
    made_at: str
    escrow: Escrow | None = None

    def to_json(self) -> str:
        """The account as the text of its file."""
        return json.dumps(
            {
                "format": FORMAT,
                "name": self.card.name,
                "seat": self.card.seat.value,
                "encryption_key": self.card.encryption_key,
                "signing_key": self.card.signing_key,
                "made_at": self.made_at,
                "kdf": {
                    "name": "argon2id13",
                    "passes": self.cost.passes,
                    "memory_bytes": self.cost.memory_bytes,
                    "salt": self.salt.hex(),
                },
                "wrapped": self.wrapped.hex(),
                "escrow": None
                if self.escrow is None
                else {"fingerprint": self.escrow.fingerprint, "box": self.escrow.box.hex()},
            },
            indent=1,
        )

    def keys(self, passphrase: str) -> seal.Keys:
        """The secret keys. This takes the account's `cost`.

        Raises
        ------
        WrongPassphrase
            If it is not the passphrase, or the file was changed: the two cannot be told apart.
        """
        bound = _bound(self.card)
        try:
            keys = seal.unwrapped(self.wrapped, passphrase, self.salt, self.cost, bound)
        except seal.NotOpened as error:
            raise WrongPassphrase(
                f"{self.card.name} was not signed in",
                "the passphrase is wrong",
                "Try again; after several wrong ones each try has to wait",
            ) from error
        if (keys.encryption_key, keys.signing_key) != (self.card.encryption_key, self.card.signing_key):
            raise damaged(self.card.name)
        return keys

    def with_passphrase(self, keys: seal.Keys, passphrase: str, cost: seal.Cost | None = None) -> Account:
        """The same keys under a new passphrase; `keys` are those of the account."""
        require_passphrase(passphrase, self.card.name)
        chosen, salt = cost or self.cost, seal.new_salt()
        return replace(
            self,
            salt=salt,
            cost=chosen,
            wrapped=keys.wrapped(passphrase, salt, chosen, _bound(self.card)),
        )


def new_account(
    name: str,
    seat: Seat,
    passphrase: str,
    escrow: Card | None = None,
    cost: seal.Cost = seal.COST,
) -> Account:
    """Make an account with new keys.

    Raises
    ------
    UsageError
        If the name cannot be a code, or the passphrase is too short.
    """
    if not ACCOUNT_NAME.fullmatch(name):
        raise UsageError(
            "The account was not made",
            f'"{name}" cannot be its name',
            "Use a code of letters, digits, dot, dash and underscore, not a person's name",
        )
    require_passphrase(passphrase, name)
    keys, salt = seal.Keys.generate(), seal.new_salt()
    card = Card(name, seat, keys.encryption_key, keys.signing_key)
    handed = None
    if escrow is not None:
        handed = Escrow(escrow.fingerprint, keys.handed_to(escrow.encryption_key))
    wrapped = keys.wrapped(passphrase, salt, cost, _bound(card))
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Account(card, salt, cost, wrapped, made_at, handed)


def account_from_json(text: str, name: str) -> Account:
    """The account that `Account.to_json` wrote.

    Raises
    ------
    StoreError
        If the text is no account, or is of another name or of a newer version of the program.
    """
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise StoreError(
                f"The account {name} was not opened",
                "it was made by a newer version of the program",
                "Install the newer version",
            )
        account = _account_of(data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(name) from error
    if account.card.name != name:
        raise damaged(name)
    return account


def require_passphrase(passphrase: str, name: str) -> None:
    """Refuse a passphrase that is soon guessed.

    Raises
    ------
    UsageError
    """
    if not SHORTEST_PASSPHRASE <= len(passphrase.strip()) <= LONGEST_PASSPHRASE:
        raise UsageError(
            "The passphrase was not taken",
            f"it needs at least {SHORTEST_PASSPHRASE} characters",
            "Four or five unrelated words are good",
        )
    if len(set(passphrase)) < 4 or passphrase.strip().casefold() == name.casefold():
        raise UsageError(
            "The passphrase was not taken", "it is soon guessed", "Four or five unrelated words are good"
        )


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong passphrases since the last right one."""

    wrong: int = 0
    last: str = ""

    def wait_s(self, now: datetime) -> int:
        """Whole seconds before the next try; 0 when it may be made now."""
        if self.wrong < FREE_TRIES or not self.last:
            return 0
        wait = min(1 << min(self.wrong - FREE_TRIES + 1, 16), LONGEST_WAIT_S)
        left = datetime.fromisoformat(self.last) + timedelta(seconds=wait) - now
        return max(0, min(wait, -(-int(left.total_seconds() * 1000) // 1000)))

    def failed(self, now: datetime) -> Tries:
        """One more wrong passphrase."""
        return Tries(self.wrong + 1, now.isoformat())

    def is_ahead_of(self, now: datetime) -> bool:
        """True when the clock was set back since: waiting then starts anew."""
        return bool(self.last) and datetime.fromisoformat(self.last) > now


def must_wait(name: str, seconds: int) -> WrongPassphrase:
    """What a person is told who tries again too soon."""
    return WrongPassphrase(
        f"{name} was not signed in", f"after wrong passphrases the next try has to wait {seconds} s"
    )


def damaged(name: str) -> StoreError:
    """What a person is told whose account file was changed."""
    return StoreError(
        f"The account {name} was not opened", "its file is damaged or was changed", "Restore it from a backup"
    )


def _bound(card: Card) -> bytes:
    # The wrapped keys open only beside the public part that they belong to.
    return canonical(["account", FORMAT, card.name, card.seat.value, card.encryption_key, card.signing_key])


def _account_of(data: dict[str, Any]) -> Account:
    kdf = data["kdf"]
    if kdf["name"] != "argon2id13":
        raise ValueError("kdf")
    keys = (data["encryption_key"], data["signing_key"])
    if not all(isinstance(one, str) and KEY_HEX.fullmatch(one) for one in keys):
        raise ValueError("keys")
    escrow = data.get("escrow")
    return Account(
        card=Card(str(data["name"]), Seat(data["seat"]), *keys),
        salt=bytes.fromhex(kdf["salt"]),
        cost=seal.Cost(int(kdf["passes"]), int(kdf["memory_bytes"])),
        wrapped=bytes.fromhex(data["wrapped"]),
        made_at=str(data["made_at"]),
        escrow=None if escrow is None else Escrow(str(escrow["fingerprint"]), bytes.fromhex(escrow["box"])),
    )
