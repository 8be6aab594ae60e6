"""Encryption, signatures and passphrases, by libsodium: the only file that uses PyNaCl.

Nothing here is of our own making: Argon2id, XChaCha20-Poly1305, X25519 sealed boxes, Ed25519 and keyed
BLAKE2b as libsodium has them. What is ours is what they are applied to: every message is padded to a fixed
size with a random salt inside, and bound to its place, so that nothing visible can be guessed at or moved.
"""

from __future__ import annotations

import hmac
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import nacl.encoding
import nacl.exceptions
import nacl.hash
import nacl.public
import nacl.pwhash.argon2id as argon2
import nacl.secret
import nacl.signing
import nacl.utils

from workstation.errors import StoreError
from workstation.reading import core_dumps
from workstation.reading.cards import canonical

SALT_BYTES = 32
LENGTH_BYTES = 4
RUNGS = (2_048, 16_384, 131_072, 1_048_576, 8_388_608, 67_108_864)
"""Sizes that padded messages have; beyond the last one, multiples of it."""
STEP = 16_384
"""Sheets have a multiple of this."""
MOST_CONTENT = 2**30
"""A hostile sheet may not unpack to more."""
OVERHEAD = 24 + 16
"""Bytes that encryption adds: nonce and authenticator."""
BOX_OVERHEAD = 32 + 16
KEY_BYTES = 32
SEAL_BYTES = 48
"""By how much a sealed box is longer than what is in it."""
_PERSON = b"marrow"
MANY = 2_000
"""From so many signatures on they are checked side by side."""


class NotOpened(StoreError):
    """Something sealed did not open: changed, moved, or sealed to someone else."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs: Argon2id passes over so much memory."""

    passes: int
    memory_bytes: int


COST = Cost(3, 128 * 2**20)
"""For accounts of people: about a third of a second on a laptop of 2020."""
LEAST_COST = Cost(1, 8_192)
"""The least that Argon2id allows. For tests."""
MOST_COST = Cost(16, 2**30)
"""A damaged or hostile file may not ask for more."""


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Keys:
    """The secret keys of one account. Never printed, never kept unwrapped."""

    _box: nacl.public.PrivateKey
    _signing: nacl.signing.SigningKey

    def __post_init__(self) -> None:
        core_dumps.refuse()

    @classmethod
    def generate(cls) -> Keys:
        """New random keys."""
        return cls(nacl.public.PrivateKey.generate(), nacl.signing.SigningKey.generate())

    @classmethod
    def _from_bytes(cls, data: bytes) -> Keys:
        if len(data) != 2 * KEY_BYTES:
            raise not_opened("an account")
        return cls(nacl.public.PrivateKey(data[:KEY_BYTES]), nacl.signing.SigningKey(data[KEY_BYTES:]))

    @property
    def encryption_key(self) -> str:
        """X25519 public key, hex."""
        return bytes(self._box.public_key).hex()

    @property
    def signing_key(self) -> str:
        """Ed25519 public key, hex."""
        return bytes(self._signing.verify_key).hex()

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes). `purpose` keeps a signature from meaning something else elsewhere."""
        return self._signing.sign(_purposed(purpose, message)).signature

    def open(self, box: bytes) -> bytes:
        """What was sealed to this account.

        Raises
        ------
        NotOpened
            If it was changed, or sealed to another account.
        """
        try:
            return nacl.public.SealedBox(self._box).decrypt(box)
        except (nacl.exceptions.CryptoError, ValueError) as error:
            raise not_opened("a sealed key") from error

    def derive(self, *names: object) -> bytes:
        """A key of 32 bytes that only this account can make, one for each list of names."""
        return _keyed_hash(canonical(["derive", *names]), bytes(self._box))

    def wrapped(self, passphrase: str, salt: bytes, cost: Cost, bound: bytes) -> bytes:
        """Both secret keys, encrypted under a passphrase."""
        secret = bytes(self._box) + bytes(self._signing)
        return encrypt(_passphrase_key(passphrase, salt, cost), secret, bound)

    def handed_to(self, encryption_key: str) -> bytes:
        """Both secret keys, sealed to another public key: for an escrow that the plan names."""
        return seal_to(encryption_key, bytes(self._box) + bytes(self._signing))


def unwrapped(wrapped: bytes, passphrase: str, salt: bytes, cost: Cost, bound: bytes) -> Keys:
    """The keys that `Keys.wrapped` encrypted.

    Raises
    ------
    NotOpened
        If the passphrase is wrong, or anything in the account was changed.
    """
    return Keys._from_bytes(decrypt(_passphrase_key(passphrase, salt, cost), wrapped, bound))


def keys_from_escrow(escrow: Keys, box: bytes) -> Keys:
    """The keys that `Keys.handed_to` sealed to the escrow."""
    return Keys._from_bytes(escrow.open(box))


def is_signed(signing_key: str, purpose: str, message: bytes, signature: bytes) -> bool:
    """Whether a signature was made by the owner of an Ed25519 public key (hex)."""
    try:
        key = nacl.signing.VerifyKey(bytes.fromhex(signing_key))
        key.verify(_purposed(purpose, message), signature)
    except (nacl.exceptions.CryptoError, ValueError, TypeError):
        return False
    return True


def are_signed(claims: Sequence[tuple[str, str, bytes, bytes]]) -> Callable[[], list[bool]]:
    """Begin `is_signed` of many (key, purpose, message, signature); what is returned waits for the end.

    libsodium checks one signature after another, but outside Python's lock: as many at a time as there are
    processors, and while the caller does something else.
    """
    if len(claims) < MANY:
        return lambda: [is_signed(*claim) for claim in claims]
    step = 512
    parts = [claims[start : start + step] for start in range(0, len(claims), step)]
    threads = ThreadPoolExecutor(os.cpu_count() or 1)
    found = [threads.submit(_are_signed, part) for part in parts]
    threads.shutdown(wait=False)
    return lambda: [one for part in found for one in part.result()]


def _are_signed(claims: Sequence[tuple[str, str, bytes, bytes]]) -> list[bool]:
    return [is_signed(*claim) for claim in claims]


def seal_to(encryption_key: str, message: bytes) -> bytes:
    """Seal a message so that only the owner of an X25519 public key (hex) opens it.

    Raises
    ------
    NotOpened
        If that is no key.
    """
    try:
        key = nacl.public.PublicKey(bytes.fromhex(encryption_key))
        return nacl.public.SealedBox(key).encrypt(message)
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as error:
        raise not_opened("a public key") from error


def encrypt(key: bytes, message: bytes, bound: bytes) -> bytes:
    """XChaCha20-Poly1305 under a fresh random nonce; `bound` is authenticated with it and not kept."""
    return bytes(nacl.secret.Aead(key).encrypt(message, bound))


def decrypt(key: bytes, data: bytes, bound: bytes) -> bytes:
    """What `encrypt` made with the same key and the same `bound`.

    Raises
    ------
    NotOpened
        If the key is another, or data or place were changed.
    """
    try:
        return nacl.secret.Aead(key).decrypt(data, bound)
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as error:
        raise not_opened("an entry") from error


def new_key() -> bytes:
    """32 random bytes."""
    return nacl.utils.random(KEY_BYTES)


def combined_key(keys: Sequence[bytes], *names: object) -> bytes:
    """A key that needs all of several keys to be made; their order does not matter."""
    joined = _keyed_hash(b"".join(sorted(keys)), b"combined")
    return _keyed_hash(canonical(["combined", *names]), joined)


def rung_for(length: int) -> int:
    """The fixed size that holds so many bytes."""
    for size in RUNGS:
        if length <= size:
            return size
    return -(-length // RUNGS[-1]) * RUNGS[-1]


def padded(content: bytes) -> bytes:
    """Content made smaller, behind a random salt, filled up to a fixed size."""
    return padded_to(content, ())


def padded_to(content: bytes, sizes: Sequence[int]) -> bytes:
    """Content made smaller, behind a random salt, filled up to the first size that holds it.

    Sizes follow from what is visible anyway and are rounded up to `STEP`; beyond the last one the fixed sizes
    of entries follow.
    """
    packed = zlib.compress(content, 6)
    packed = nacl.utils.random(SALT_BYTES) + len(packed).to_bytes(LENGTH_BYTES, "big") + packed
    rounded = (-(-size // STEP) * STEP for size in sizes)
    size = next((one for one in rounded if one >= len(packed)), rung_for(len(packed)))
    return packed.ljust(size, b"\0")


def unpadded(data: bytes) -> bytes:
    """The content of what `padded` made.

    Raises
    ------
    NotOpened
        If it is not that.
    """
    start = SALT_BYTES + LENGTH_BYTES
    length = int.from_bytes(data[SALT_BYTES:start], "big")
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(data[start : start + length], MOST_CONTENT)
    except zlib.error as error:
        raise not_opened("an entry") from error
    if not unpacking.eof:
        raise not_opened("an entry")
    return content


class Remembered:
    """A passphrase known again while its owner is signed in, without keeping it."""

    def __init__(self, passphrase: str) -> None:
        self._key = new_key()
        self._mark = self._of(passphrase)

    def matches(self, passphrase: str) -> bool:
        """Whether the same passphrase was typed."""
        return hmac.compare_digest(self._mark, self._of(passphrase))

    def _of(self, passphrase: str) -> bytes:
        return _keyed_hash(_spelled(passphrase), self._key)


def new_salt() -> bytes:
    """A random salt for Argon2id."""
    return nacl.utils.random(argon2.SALTBYTES)


def not_opened(what: str) -> NotOpened:
    """What a person is told when something sealed does not open."""
    return NotOpened(
        f"{what[0].upper()}{what[1:]} of the study was not opened",
        "it was changed, moved, or sealed for someone else",
        "Run marrow study verify",
    )


def _passphrase_key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    within = (
        LEAST_COST.passes <= cost.passes <= MOST_COST.passes
        and LEAST_COST.memory_bytes <= cost.memory_bytes <= MOST_COST.memory_bytes
    )
    if not within or len(salt) != argon2.SALTBYTES:
        raise not_opened("an account")
    return argon2.kdf(KEY_BYTES, _spelled(passphrase), salt, cost.passes, cost.memory_bytes)


def _spelled(passphrase: str) -> bytes:
    # Keyboards and systems compose accents differently; the same passphrase must open everywhere.
    import unicodedata

    return unicodedata.normalize("NFKC", passphrase).encode()


def _keyed_hash(data: bytes, key: bytes) -> bytes:
    return bytes(
        nacl.hash.blake2b(
            data, digest_size=KEY_BYTES, key=key, person=_PERSON, encoder=nacl.encoding.RawEncoder
        )
    )


def _purposed(purpose: str, message: bytes) -> bytes:
    return b"marrow " + purpose.encode() + b"\0" + message
