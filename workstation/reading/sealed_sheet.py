"""A locked read as one sealed sheet: encrypted under a key of its own, signed by its reader.

The sheet's key goes to whom the plan says. With a coordinator it is sealed to the coordinator, who does not
read. With both keys it is sealed to the second reader and that again to the first, so that neither opens it
without the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from workstation.reading import seal
from workstation.reading.cards import Card, canonical
from workstation.reading.journal import Entry, ReadKey, entry_data, entry_from
from workstation.reading.session import Lock

FORMAT = 2
"""Since 2 every layer of the key is bound to its read."""
LOCK_PURPOSE = "lock"


@dataclass(frozen=True, slots=True)
class SealedSheet:
    """A sealed sheet as it is kept.

    Attributes
    ----------
    body : bytes
        The content, encrypted under the sheet's own random key.
    key_box : bytes
        That key, sealed as the plan says.
    signature : bytes
        The reader's, over the lock and the digests of body and key box: the lock commitment.
    """

    key: ReadKey
    plan_digest: str
    body: bytes
    key_box: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over ciphertext only."""
        frame = len(self.body).to_bytes(8, "big") + self.body + self.key_box
        return hashlib.sha256(frame + self.plan_digest.encode()).hexdigest()


def seal_sheet(
    study_uid: str,
    plan_digest: str,
    lock: Lock,
    entries: Sequence[Entry],
    keys: seal.Keys,
    layers: Sequence[Card],
    size: int,
) -> SealedSheet:
    """Seal and sign a locked read.

    Parameters
    ----------
    entries : sequence of Entry
        The read's whole journal: the sheet says everything that the reader entered.
    keys : Keys
        Of the reader.
    layers : sequence of Card
        Whose layers close the key, the outermost first: `Sealing.layers`.
    size : int
        That the sheet is filled up to: see `sheet_size`.
    """
    sheet_key = seal.new_key()
    content = canonical({"format": FORMAT, "entries": [entry_data(one) for one in entries]})
    place = _place(study_uid, plan_digest, lock.key)
    body = seal.encrypt(sheet_key, seal.padded_to(content, (size,)), place)
    box, bound = sheet_key, _box_place(study_uid, plan_digest, lock.key)
    for card in reversed(layers):
        box = seal.seal_to(card.encryption_key, box + bound)
    unsigned = SealedSheet(lock.key, plan_digest, body, box, b"")
    signature = keys.sign(LOCK_PURPOSE, commitment(study_uid, lock, unsigned))
    return SealedSheet(lock.key, plan_digest, body, box, signature)


def sheet_size(entry_bytes: Sequence[int]) -> int:
    """The size of a sheet, by the sizes of the journal's entries, which anyone can see.

    It follows from them and not from what was answered. They have room for everything together: a smaller
    sheet, where that would do, would tell a read with outlines from one without.
    """
    return sum(entry_bytes)


def commitment(study_uid: str, lock: Lock, sheet: SealedSheet) -> bytes:
    """What a reader's signature under a lock covers: no plain text, only digests of ciphertext."""
    said = [lock.signer, lock.meaning, lock.locked_at, lock.entries, lock.digest, lock.after_unsealing]
    return canonical(["lock", FORMAT, study_uid, lock.key.kept, said, sheet.digest])


def is_committed(study_uid: str, lock: Lock, sheet: SealedSheet, card: Card) -> bool:
    """Whether a lock and its sheet are what their reader signed."""
    signed = commitment(study_uid, lock, sheet)
    same = lock.key == sheet.key and lock.signer == lock.key.reader == card.name
    return same and seal.is_signed(card.signing_key, LOCK_PURPOSE, signed, sheet.signature)


def open_layer(study_uid: str, sheet: SealedSheet, box: bytes, keys: seal.Keys) -> bytes:
    """What is under one layer of a sheet's key box: the next layer, or the sheet's key.

    A sealed box does not say whose it is. Without what is bound inside, a reader could sign an own sheet
    with a copy of another's key box, and who opens the one would open the other.

    Raises
    ------
    NotOpened
        If the layer is another account's, or belongs to another read.
    """
    refusal = seal.not_opened(f"the sheet's key that {sheet.key.reader} sealed for {sheet.key.case}")
    try:
        content = keys.open(box)
    except seal.NotOpened as error:
        raise refusal from error
    bound = _box_place(study_uid, sheet.plan_digest, sheet.key)
    if not content.endswith(bound) or len(content) == len(bound):
        raise refusal
    return content[: -len(bound)]


def open_sheet(study_uid: str, sheet: SealedSheet, sheet_key: bytes) -> tuple[Entry, ...]:
    """The journal inside a sheet.

    Raises
    ------
    NotOpened
        If the key is not that of the sheet, or the sheet was changed.
    """
    place = _place(study_uid, sheet.plan_digest, sheet.key)
    content = seal.unpadded(seal.decrypt(sheet_key, sheet.body, place))
    try:
        data = json.loads(content)
        return tuple(entry_from(entry) for entry in data["entries"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise seal.not_opened("a sheet") from error


def _box_place(study_uid: str, plan_digest: str, key: ReadKey) -> bytes:
    return hashlib.sha256(b"key box\0" + _place(study_uid, plan_digest, key)).digest()


def _place(study_uid: str, plan_digest: str, key: ReadKey) -> bytes:
    return canonical(["sheet", FORMAT, study_uid, plan_digest, *key.kept])
