"""A file that carries a study between two machines: header, manifest, and how its chunks are encrypted.

::

    magic | header length | header | manifest length | manifest | chunk | chunk | ...

The header is readable: what kind of file it is and for whom, with the file's key in a sealed box. Everything
else is encrypted under that key. The manifest says what is in the file, with the size and SHA-256 of every
part, and is signed by who made it; the signature covers the header too, so that nobody can hand a file on to
another account. The parts follow one after another, cut into chunks of one size that are each bound to the
file and to their place: a chunk cannot be changed, moved or left out, and the file's length is known before
the first of them is read.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workstation.errors import DataError, StoreError
from workstation.reading import seal
from workstation.reading.cards import ACCOUNT_NAME, KEY_HEX, Card, canonical

MAGIC = b"MARROW PACKAGE\n"
FORMAT = 1
PACKAGE, RETURN = "package", "return"
"""From the coordinator to a reader, and back."""
PURPOSE = "package"
CHUNK = 1 << 20
LARGEST_HEADER = 64 * 1024
LARGEST_MANIFEST = 64 << 20
"""Packed; what a manifest unpacks to may be four times that."""
MOST_PARTS = 250_000
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Header:
    """What anyone may know of such a file.

    Attributes
    ----------
    kind : str
        `PACKAGE` or `RETURN`.
    file_id : str
        Random, 32 hex characters.
    recipient, recipient_key : str
        Account that it is for, and that account's X25519 public key, hex.
    box : bytes
        The file's key, which only the recipient opens.
    account : str
        The recipient's account file (keys under the passphrase), where it was made on the sender's machine
        and travels along; else empty.
    """

    kind: str
    file_id: str
    recipient: str
    recipient_key: str
    box: bytes
    account: str = ""

    def to_bytes(self) -> bytes:
        """The header as it stands in the file."""
        return canonical(
            {
                "format": FORMAT,
                "kind": self.kind,
                "id": self.file_id,
                "to": self.recipient,
                "key": self.recipient_key,
                "box": self.box.hex(),
                "account": self.account,
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the header."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the file: its name, size in bytes and SHA-256 (hex)."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, eq=False, slots=True)
class Manifest:
    """What is in the file.

    Attributes
    ----------
    content : mapping
        What the file says beside its parts; JSON values.
    parts : tuple of Part
        In the order in which they follow each other.
    sender : Card
        Who signed. The caller decides whether that is the right one.
    """

    content: Mapping[str, Any]
    parts: tuple[Part, ...]
    sender: Card
    digest: str = ""

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)


def new_header(kind: str, recipient: Card, keys: seal.Keys, account: str = "") -> tuple[Header, bytes]:
    """A header for a new file, and the file's key.

    The key can be made again by who has `keys`, so that a file that was left half made can be finished.
    """
    file_id = secrets.token_hex(16)
    key = file_key(keys, file_id)
    box = seal.seal_to(recipient.encryption_key, key)
    return Header(kind, file_id, recipient.name, recipient.encryption_key, box, account), key


def file_key(keys: seal.Keys, file_id: str) -> bytes:
    """The key of a file that the owner of `keys` made."""
    return keys.derive("package", file_id)


def header_from(data: bytes) -> Header:
    """The header that `Header.to_bytes` wrote.

    Raises
    ------
    DataError
        If it is none, or of a newer version of the program.
    """
    try:
        raw = json.loads(data)
        if raw["format"] != FORMAT:
            raise DataError(
                "The file was not taken in",
                "it was made by a newer version of the program",
                "Install the newer version",
            )
        header = Header(
            str(raw["kind"]),
            str(raw["id"]),
            str(raw["to"]),
            str(raw["key"]),
            bytes.fromhex(raw["box"]),
            str(raw["account"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged() from error
    named = ACCOUNT_NAME.fullmatch(header.recipient) and KEY_HEX.fullmatch(header.recipient_key)
    if header.kind not in (PACKAGE, RETURN) or not named or header.to_bytes() != data:
        raise damaged()
    return header


def sealed_manifest(
    header: Header,
    key: bytes,
    content: Mapping[str, Any],
    parts: Sequence[Part],
    sender: Card,
    keys: seal.Keys,
) -> bytes:
    """The manifest, signed with the sender's `keys` and encrypted under the file's key."""
    body = canonical({"content": content, "parts": [[one.name, one.size, one.digest] for one in parts]})
    signature = keys.sign(PURPOSE, _signed(header, body))
    card = [sender.name, sender.seat.value, sender.encryption_key, sender.signing_key]
    front = canonical({"sender": card, "signature": signature.hex()})
    packed = zlib.compress(len(front).to_bytes(4, "big") + front + body, 6)
    if len(packed) + seal.OVERHEAD > LARGEST_MANIFEST:
        raise StoreError("The package was not made", "it has too many images", "Make a study of fewer cases")
    return seal.encrypt(key, packed, _place(header, "manifest"))


def open_manifest(header: Header, key: bytes, data: bytes) -> Manifest:
    """The manifest that `sealed_manifest` made; the signature is that of the sender whom it names.

    Raises
    ------
    DataError
        If it was changed, or is no manifest.
    """
    try:
        packed = seal.decrypt(key, data, _place(header, "manifest"))
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, 4 * LARGEST_MANIFEST)
        start = 4 + int.from_bytes(text[:4], "big")
        front, body = json.loads(text[4:start]), text[start:]
        if not unpacking.eof:
            raise ValueError("size")
        raw = json.loads(body)
        sender, signature = _card(front["sender"]), bytes.fromhex(front["signature"])
        parts = tuple(_part(one) for one in raw["parts"])
        content = raw["content"]
    except (seal.NotOpened, zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged() from error
    if not isinstance(content, dict) or len(parts) > MOST_PARTS or len({p.name for p in parts}) != len(parts):
        raise damaged()
    if not seal.is_signed(sender.signing_key, PURPOSE, _signed(header, body), signature):
        raise damaged()
    return Manifest(content, parts, sender, hashlib.sha256(body).hexdigest())


def sealed_chunk(header: Header, key: bytes, number: int, data: bytes) -> bytes:
    """One chunk, bound to the file and to its number."""
    return seal.encrypt(key, data, _place(header, number))


def open_chunk(header: Header, key: bytes, number: int, data: bytes) -> bytes:
    """What `sealed_chunk` encrypted.

    Raises
    ------
    DataError
        If it was changed or stood in another place.
    """
    try:
        return seal.decrypt(key, data, _place(header, number))
    except seal.NotOpened as error:
        raise damaged() from error


def chunk_count(size: int) -> int:
    """Chunks of so many bytes of parts."""
    return -(-size // CHUNK)


def sealed_size(size: int) -> int:
    """Bytes that the chunks of so many bytes of parts take."""
    return size + chunk_count(size) * seal.OVERHEAD


def damaged() -> DataError:
    """What a person is told whose file is not what was made."""
    return DataError(
        "The file was not taken in",
        "it is damaged, or was changed on the way",
        "Nothing was changed here; have it sent again",
    )


def _signed(header: Header, body: bytes) -> bytes:
    return bytes.fromhex(header.digest) + body


def _place(header: Header, what: object) -> bytes:
    return canonical(["package file", FORMAT, header.file_id, what])


def _card(value: Any) -> Card:
    from workstation.reading.cards import Seat

    name, seat, *keys = value
    if len(keys) != 2 or not ACCOUNT_NAME.fullmatch(name) or not all(KEY_HEX.fullmatch(one) for one in keys):
        raise ValueError("card")
    return Card(name, Seat(seat), *keys)


def _part(value: Any) -> Part:
    name, size, digest = value
    bad = not isinstance(name, str) or not 0 < len(name) <= 200 or not isinstance(size, int)
    if bad or isinstance(size, bool) or not 0 <= size <= 1 << 48 or not KEY_HEX.fullmatch(digest):
        raise ValueError("part")
    return Part(name, size, digest)
