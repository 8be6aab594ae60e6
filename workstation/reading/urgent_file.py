"""A sealed urgent message as a small file: for a contact who does not see the study's folder yet.

All of it, who sent it included, is sealed to the contact, and every one has the same size. Readable is only
the digest of the log entry it is, which is that of ciphertext: by it the message is known again when the log
comes.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass

from workstation.errors import DataError
from workstation.reading import seal
from workstation.reading.audit import AuditEntry, audit_digest
from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, Seat, canonical
from workstation.reading.safety import URGENT

SUFFIX = ".marrow-urgent"
MOST_BYTES = 65_536
_MAGIC = b"marrow urgent 1\n"
_DIGEST = re.compile(rb"[0-9a-f]{64}\n")
_SIZE = 32_768
_PURPOSE = "urgent file"


@dataclass(frozen=True, slots=True)
class UrgentMessage:
    """A message as it left the reader's machine.

    Attributes
    ----------
    study, title : str
        Study UID, and its title for the contact.
    entry : AuditEntry
        The event of the sender's log; with its digest it is known again when the log comes.
    sender : Card or None
        The reader's public keys; None where the study is not sealed.
    signature : bytes
        The reader's, over study and entry; empty without keys.
    """

    study: str
    title: str
    entry: AuditEntry
    sender: Card | None
    signature: bytes

    @property
    def is_genuine(self) -> bool:
        """Whether it is what the owner of `sender` signed."""
        one, card = self.entry, self.sender
        made = audit_digest(one.previous, one.sequence, one.at, one.actor, one.event, one.detail)
        content = signed_content(self.study, one)
        return (
            card is not None
            and card.name == one.actor
            and made == one.digest
            and seal.is_signed(card.signing_key, _PURPOSE, content, self.signature)
        )


def signed_content(study: str, entry: AuditEntry) -> bytes:
    """What the reader signs."""
    return canonical([study, entry.digest])


def signed(keys_sign: seal.Keys | None, study: str, entry: AuditEntry) -> bytes:
    """The reader's signature, or nothing where the reader has no keys."""
    return b"" if keys_sign is None else keys_sign.sign(_PURPOSE, signed_content(study, entry))


def sealed_message(message: UrgentMessage, to: Card) -> bytes:
    """The bytes of the file, which only the contact opens."""
    one, card = message.entry, message.sender
    keys = [] if card is None else [card.name, card.seat.value, card.encryption_key, card.signing_key]
    content = {
        "study": message.study,
        "title": message.title[:200],
        "entry": [one.sequence, one.at, one.actor, one.event, one.detail, one.previous, one.digest],
        "sender": keys,
        "signature": base64.b64encode(message.signature).decode(),
    }
    data = json.dumps(content, ensure_ascii=False).encode()
    return (
        _MAGIC + one.digest.encode() + b"\n" + seal.seal_to(to.encryption_key, seal.padded_to(data, (_SIZE,)))
    )


def parted(data: bytes) -> tuple[str, bytes]:
    """The digest of the log entry that a file holds, and what is sealed in it, still sealed.

    Raises
    ------
    DataError
        If it is no such file, or not a whole one.
    """
    rest = data.removeprefix(_MAGIC)
    found = _DIGEST.match(rest)
    if len(rest) == len(data) or found is None or len(rest) - found.end() != _SIZE + seal.SEAL_BYTES:
        raise DataError(
            "The urgent finding was not taken in",
            "the file is no sealed message, was cut short, or was changed",
            "Have it saved again, and telephone the reader",
        )
    return found.group().decode().strip(), rest[found.end() :]


def opened_message(data: bytes, keys: seal.Keys) -> UrgentMessage:
    """What `sealed_message` sealed.

    Raises
    ------
    DataError
        If it is no such file.
    NotOpened
        If it was changed, or sealed to another account.
    """
    known_as, box = parted(data)
    try:
        content = json.loads(seal.unpadded(keys.open(box)))
        sequence, *texts = content["entry"]
        at, actor, event, detail, previous, digest = (str(one) for one in texts)
        entry = AuditEntry(int(sequence), at, actor, event, detail, previous, digest)
        sender = content["sender"]
        card = None if not sender else Card(str(sender[0]), Seat(sender[1]), str(sender[2]), str(sender[3]))
        signature = base64.b64decode(content["signature"], validate=True)
        is_whole = event == URGENT and digest == known_as and isinstance(json.loads(detail), dict)
        if card is not None:
            is_whole &= bool(ACCOUNT_NAME.fullmatch(card.name) and KEY_HEX.fullmatch(card.signing_key))
        if not is_whole:
            raise ValueError("message")
        return UrgentMessage(str(content["study"]), str(content["title"]), entry, card, signature)
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error, RecursionError) as error:
        raise seal.not_opened("an urgent finding") from error
