"""Entries of a journal, each encrypted to its reader and bound to its place."""

from __future__ import annotations

from collections.abc import Callable

from workstation.reading import seal
from workstation.reading.cards import canonical
from workstation.reading.journal import Entry, PlainCodec, ReadKey

_PLAIN = PlainCodec()


class SealedCodec:
    """Turns entries into ciphertext of a fixed size.

    Parameters
    ----------
    study_uid : str
        Binds every entry to the study.
    key_of : callable
        The secret key of a read's journal; raises when nobody who could have it is signed in.
    """

    is_sealed = True

    def __init__(self, study_uid: str, key_of: Callable[[ReadKey], bytes]) -> None:
        self._study_uid = study_uid
        self._key_of = key_of

    def encode(self, key: ReadKey, sequence: int, entry: Entry) -> bytes:
        """Salted, padded and encrypted."""
        content = seal.padded(_PLAIN.encode(key, sequence, entry))
        return seal.encrypt(self._key_of(key), content, self._place(key, sequence))

    def decode(self, key: ReadKey, sequence: int, payload: bytes) -> Entry:
        """Open what `encode` made for the same read and number.

        Raises
        ------
        NotOpened
            If it was changed or stood in another place.
        """
        content = seal.unpadded(seal.decrypt(self._key_of(key), payload, self._place(key, sequence)))
        return _PLAIN.decode(key, sequence, content)

    def _place(self, key: ReadKey, sequence: int) -> bytes:
        return canonical(["entry", self._study_uid, *key.kept, sequence])


def journal_key(keys: seal.Keys, study_uid: str, key: ReadKey) -> bytes:
    """The key of a read's journal, which only its reader can make."""
    return keys.derive("journal", study_uid, *key.kept)
