"""Urgent incidental findings: sealed at once to the plan's safety contact, while the scores stay sealed."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, Seat
from workstation.scoring.toml_source import TomlSource, Where

if TYPE_CHECKING:
    from workstation.reading import seal

URGENT, URGENT_SEEN = "urgent finding", "urgent finding read"
"""Events of the study's log. The first carries the sealed message and the name of the contact."""
MOST_CHARACTERS = 1000
"""Of a message, so that every one is padded to the same size on disk."""
SIZE = 16_384


@dataclass(frozen=True, slots=True)
class Safety:
    """Whom a reader tells of an urgent finding.

    Attributes
    ----------
    contact : str
        Name of an account that does not read.
    card : Card or None
        Its public keys; None in a plan as a person writes it.
    """

    contact: str
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class UrgentFinding:
    """What the contact gets to know: the case as the library names it, the reader's words and the slice.

    Attributes
    ----------
    shown_as : str
        The code under which the reader met the case.
    series, instance : str
        Series key and SOP Instance UID of the slice on screen; empty without one.
    slice_number : int
        From 1; 0 without a slice.
    """

    case: str
    shown_as: str
    reader: str
    text: str
    at: str
    series: str = ""
    instance: str = ""
    slice_number: int = 0


def sealed_finding(finding: UrgentFinding, card: Card) -> str:
    """The finding, padded to one size and sealed to the contact, base64."""
    from workstation.reading import seal  # the form asks this file for its limit; libsodium can wait

    content = json.dumps(
        {name: getattr(finding, name) for name in UrgentFinding.__slots__}, ensure_ascii=False
    ).encode()
    return base64.b64encode(seal.seal_to(card.encryption_key, seal.padded_to(content, (SIZE,)))).decode()


def opened_finding(box: str, keys: seal.Keys) -> UrgentFinding:
    """What `sealed_finding` sealed.

    Raises
    ------
    NotOpened
        If it was changed, or sealed to another account.
    """
    from workstation.reading import seal

    try:
        data = json.loads(seal.unpadded(keys.open(base64.b64decode(box, validate=True))))
        return UrgentFinding(
            **{name: str(data[name]) for name in UrgentFinding.__slots__ if name != "slice_number"},
            slice_number=int(data["slice_number"]),
        )
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise seal.not_opened("an urgent finding") from error


def safety_from(source: TomlSource, value: Any) -> Safety:
    """The safety contact that a plan names.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    where: Where = ("safety",)
    table = source.table(where, value, ("contact",), ("seat", "encryption_key", "signing_key"))
    contact = source.text((*where, "contact"), table["contact"])
    if not ACCOUNT_NAME.fullmatch(contact):
        raise source.mistake((*where, "contact"), f'"{contact}" cannot be the name of an account')
    names = ("encryption_key", "signing_key")
    if not any(name in table for name in names):
        return Safety(contact)
    keys = [source.text((*where, name), table.get(name, "")) for name in names]
    for name, key in zip(names, keys, strict=True):
        if not KEY_HEX.fullmatch(key):
            raise source.mistake((*where, name), "a public key has 64 characters of 0-9 and a-f")
    seat = Seat(source.choice((*where, "seat"), table.get("seat", Seat.SAFETY.value), list(Seat)))
    return Safety(contact, Card(contact, seat, *keys))


def safety_data(safety: Safety) -> dict[str, Any]:
    """The safety contact as the table of a TOML file."""
    card = safety.card
    if card is None:
        return {"contact": safety.contact}
    return {
        "contact": safety.contact,
        "seat": card.seat.value,
        "encryption_key": card.encryption_key,
        "signing_key": card.signing_key,
    }
