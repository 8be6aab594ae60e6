"""The public card of an account as a small file: how a reader tells the coordinator the own keys."""

from __future__ import annotations

import json
from dataclasses import dataclass

from workstation.errors import DataError
from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, Seat

FORMAT = 1
_FIELD = "marrow card"


@dataclass(frozen=True, slots=True)
class CardFile:
    """A card, and the fingerprint of the escrow key that the account was made with; empty without one."""

    card: Card
    escrow: str = ""

    def to_json(self) -> str:
        """The text of the file: public keys only."""
        card = self.card
        return json.dumps(
            {
                _FIELD: FORMAT,
                "name": card.name,
                "seat": card.seat.value,
                "encryption_key": card.encryption_key,
                "signing_key": card.signing_key,
                "fingerprint": card.fingerprint,
                "escrow": self.escrow,
            },
            indent=1,
        )


def card_from_json(text: str) -> CardFile:
    """The card that `CardFile.to_json` wrote.

    Raises
    ------
    DataError
        If the text is no card, or was changed.
    """
    refusal = DataError(
        "The card was not taken in", "it is no account's card, or was changed", "Make it again"
    )
    try:
        data = json.loads(text)
        if data[_FIELD] != FORMAT:
            raise DataError("The card was not taken in", "it was made by a newer version of the program")
        keys = (data["encryption_key"], data["signing_key"])
        card = Card(data["name"], Seat(data["seat"]), *keys)
        shape = ACCOUNT_NAME.fullmatch(card.name) and all(KEY_HEX.fullmatch(one) for one in keys)
        escrow = str(data["escrow"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refusal from error
    if not shape or card.fingerprint != data.get("fingerprint") or (escrow and not KEY_HEX.fullmatch(escrow)):
        raise refusal
    return CardFile(card, escrow)
