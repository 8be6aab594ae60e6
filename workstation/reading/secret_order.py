"""The secret seed of a reader's order: who drew it, for whom it is sealed, and what everybody is told later.

With a coordinator that account's program draws every seed at random, and each is sealed to its reader and
to the coordinator. With both keys each reader's program makes the own one from that reader's secret key. The
commitment is signed and stands in the study's log from the beginning: a seed told later can be checked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from workstation.reading import seal
from workstation.reading.cards import Card, SealMode, canonical
from workstation.reading.sealing_rule import Sealing

SEED_PURPOSE, TOLD_PURPOSE = "order seed", "read told"
EVERYBODY = ""
"""Recipient of a seed that was told; then its box is the seed itself."""


@dataclass(frozen=True, slots=True)
class OrderSeed:
    """A reader's seed for one recipient.

    Attributes
    ----------
    recipient : str
        Account that opens `box`, or `EVERYBODY`.
    commitment : str
        SHA-256 (hex) over the seed and what it belongs to.
    by : str
        Who drew or told it, and signed this.
    """

    reader: str
    recipient: str
    box: bytes
    commitment: str
    by: str
    at: str
    signature: bytes = b""

    def signed_bytes(self, study_uid: str) -> bytes:
        """What `by` signs."""
        said = [self.reader, self.recipient, self.box.hex(), self.commitment, self.by, self.at]
        return canonical([study_uid, *said])


@dataclass(frozen=True, slots=True)
class ToldRead:
    """Which case a kept read stands for, told to everybody by `by`."""

    reader: str
    slot: str
    case: str
    presentation: int
    by: str
    at: str
    signature: bytes = b""

    def signed_bytes(self, study_uid: str) -> bytes:
        """What `by` signs."""
        said = [self.reader, self.slot, self.case, self.presentation, self.by, self.at]
        return canonical([study_uid, *said])


def drawers(sealing: Sealing, reader: str) -> tuple[Card, ...]:
    """Who may draw and tell the order of a reader: the coordinator, or with both keys the reader."""
    if sealing.mode is SealMode.BOTH_KEYS or sealing.coordinator is None:
        return tuple(card for card in sealing.readers if card.name == reader)
    return (sealing.coordinator,)


def own_seed(keys: seal.Keys, study_uid: str, reader: str) -> bytes:
    """The seed that a reader draws with both keys: the same on every machine of that reader."""
    return keys.derive("order", study_uid, reader)


def sealed_seeds(
    study_uid: str, sealing: Sealing, reader: str, seed: bytes, by: Card, at: str
) -> tuple[OrderSeed, ...]:
    """A seed for a reader, sealed to those who may know it; not signed yet."""
    commitment = commitment_of(study_uid, reader, seed)
    wanted = {card.name: card for card in (*sealing.readers, by) if card.name in (reader, by.name)}
    return tuple(
        OrderSeed(reader, card.name, _sealed(card, seed, commitment), commitment, by.name, at)
        for card in wanted.values()
    )


def opened_seed(one: OrderSeed, sealing: Sealing, study_uid: str, keys: seal.Keys | None) -> bytes:
    """The seed that was sealed to the owner of `keys`, or told to everybody.

    Raises
    ------
    NotOpened
        If it was not drawn by who may, was changed, or is sealed to another.
    """
    refusal = seal.not_opened(f"the order of {one.reader}")
    if not is_drawn(one, sealing, study_uid):
        raise refusal
    seed = one.box
    if one.recipient != EVERYBODY:
        if keys is None:
            raise refusal
        content = keys.open(one.box)
        seed, bound = content[: seal.KEY_BYTES], content[seal.KEY_BYTES :]
        if bound.decode(errors="replace") != one.commitment:
            raise refusal
    if commitment_of(study_uid, one.reader, seed) != one.commitment:
        raise refusal
    return seed


def commitment_of(study_uid: str, reader: str, seed: bytes) -> str:
    """What says later that a seed is the one that was drawn."""
    return hashlib.sha256(canonical(["order", study_uid, reader, seed.hex()])).hexdigest()


def is_drawn(one: OrderSeed, sealing: Sealing, study_uid: str) -> bool:
    """Whether a seed was drawn, or told, by one who may."""
    return _is_by(sealing, one.reader, one.by, SEED_PURPOSE, one.signed_bytes(study_uid), one.signature)


def is_told(one: ToldRead, sealing: Sealing, study_uid: str) -> bool:
    """Whether which case a read stands for was told by one who may."""
    return _is_by(sealing, one.reader, one.by, TOLD_PURPOSE, one.signed_bytes(study_uid), one.signature)


def seed_data(one: OrderSeed) -> list[str]:
    """A seed as JSON values, to travel to another machine."""
    return [
        one.reader,
        one.recipient,
        one.box.hex(),
        one.commitment,
        one.by,
        one.at,
        one.signature.hex(),
    ]


def seed_from(value: Any, sealing: Sealing, study_uid: str) -> OrderSeed:
    """The seed that `seed_data` told; raises ValueError, TypeError or KeyError if it is none."""
    reader, recipient, box, commitment, by, at, signature = (str(one) for one in value)
    found = OrderSeed(reader, recipient, bytes.fromhex(box), commitment, by, at, bytes.fromhex(signature))
    if recipient != reader or not is_drawn(found, sealing, study_uid):
        raise ValueError("seed")
    return found


def _is_by(sealing: Sealing, reader: str, by: str, purpose: str, said: bytes, signature: bytes) -> bool:
    card = next((one for one in drawers(sealing, reader) if one.name == by), None)
    return card is not None and seal.is_signed(card.signing_key, purpose, said, signature)


def _sealed(card: Card, seed: bytes, commitment: str) -> bytes:
    return seal.seal_to(card.encryption_key, seed + commitment.encode())
