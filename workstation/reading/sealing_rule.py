"""The part of a plan that says how reads are sealed, and whose keys take part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workstation.errors import ProtocolViolation
from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, SealMode, Seat
from workstation.scoring.toml_source import TomlSource, Where


@dataclass(frozen=True)
class Sealing:
    """How reads are encrypted, and the public keys of all who take part.

    Attributes
    ----------
    accounts : tuple of Card
        Empty in a plan as a person writes it; filled in when the study is made, so that nobody can put
        another key in a reader's place unseen.
    escrow : str
        Fingerprint of an escrow key that is kept offline, or empty.
    secret_orders : bool
        Each reader's order follows from an own sealed seed. False in studies of earlier versions.
    """

    mode: SealMode
    accounts: tuple[Card, ...] = ()
    escrow: str = ""
    secret_orders: bool = False

    def card(self, name: str) -> Card:
        """The card of an account.

        Raises
        ------
        ProtocolViolation
            If the plan names no such account.
        """
        found = self.find(name)
        if found is None:
            names = ", ".join(one.name for one in self.accounts)
            raise ProtocolViolation(
                f"{name} was not signed in", "the plan names no such account", f"Its accounts are {names}"
            )
        return found

    def find(self, name: str) -> Card | None:
        """The card of an account, or None."""
        return next((one for one in self.accounts if one.name == name), None)

    @property
    def readers(self) -> tuple[Card, ...]:
        """The readers' cards."""
        return tuple(one for one in self.accounts if one.seat is Seat.READER)

    @property
    def signers(self) -> tuple[Card, ...]:
        """Who signs the plan: the coordinator, or with both keys both readers."""
        coordinator = self.coordinator
        return self.readers if self.mode is SealMode.BOTH_KEYS or coordinator is None else (coordinator,)

    @property
    def layers(self) -> tuple[Card, ...]:
        """Whose layers close the key of every sheet, the outermost first."""
        return self.signers

    @property
    def coordinator(self) -> Card | None:
        """The account that holds the study key; None with both keys."""
        return next((one for one in self.accounts if one.seat is Seat.COORDINATOR), None)


def sealing_from(source: TomlSource, value: Any) -> Sealing:
    """The sealing that a plan asks for.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    where: Where = ("sealing",)
    table = source.table(where, value, ("mode",), ("accounts", "escrow", "secret_orders"))
    escrow = source.text((*where, "escrow"), table["escrow"]) if table.get("escrow") else ""
    if escrow and not KEY_HEX.fullmatch(escrow):
        raise source.mistake(
            (*where, "escrow"), "the escrow is named by the 64 characters of its fingerprint"
        )
    accounts = table.get("accounts") or []
    if accounts:
        source.tables((*where, "accounts"), accounts)
    cards = []
    for i, raw in enumerate(accounts):
        cards.append(_card(source, (*where, "accounts", i), raw))
    return Sealing(
        mode=SealMode(source.choice((*where, "mode"), table["mode"], list(SealMode))),
        accounts=tuple(cards),
        escrow=escrow,
        secret_orders=source.boolean((*where, "secret_orders"), table.get("secret_orders", False)),
    )


def _card(source: TomlSource, where: Where, value: Any) -> Card:
    table = source.table(where, value, ("name", "seat", "encryption_key", "signing_key", "fingerprint"), ())
    keys = [source.text((*where, name), table[name]) for name in ("encryption_key", "signing_key")]
    for name, key in zip(("encryption_key", "signing_key"), keys, strict=True):
        if not KEY_HEX.fullmatch(key):
            raise source.mistake((*where, name), "a public key has 64 characters of 0-9 and a-f")
    name = source.text((*where, "name"), table["name"])
    if not ACCOUNT_NAME.fullmatch(name):
        raise source.mistake((*where, "name"), f'"{name}" cannot be the name of an account')
    seat = Seat(source.choice((*where, "seat"), table["seat"], list(Seat)))
    card = Card(name, seat, keys[0], keys[1])
    if source.text((*where, "fingerprint"), table["fingerprint"]) != card.fingerprint:
        raise source.mistake((*where, "fingerprint"), f"the fingerprint is not that of {card.name}'s keys")
    return card


def sealing_data(sealing: Sealing) -> dict[str, Any]:
    """The sealing as the table of a TOML file."""
    accounts = [
        {
            "name": one.name,
            "seat": one.seat.value,
            "encryption_key": one.encryption_key,
            "signing_key": one.signing_key,
            "fingerprint": one.fingerprint,
        }
        for one in sealing.accounts
    ]
    secret = {"secret_orders": True} if sealing.secret_orders else {}
    return {"mode": sealing.mode.value, "escrow": sealing.escrow, **secret, "accounts": accounts}
