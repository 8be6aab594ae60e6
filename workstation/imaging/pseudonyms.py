"""What originals are called in a library: keyed UIDs, subjects and date shifts.

Everything is HMAC-SHA256 under the library's key, which never travels: the same original always gets the
same name, and nothing leads back without the key. Names that this key made are recognised and kept, so
that importing our own copies again changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import timedelta

from workstation.errors import StoreError
from workstation.imaging.study import Identity

_UID_ROOT = "2.25."
_HASH_BITS, _CHECK_BITS = 72, 56
_SUBJECT = re.compile(r"S([A-Z2-7]{16})([A-Z2-7]{8})")
_NOBODY = re.compile(
    r"[\W_0x]*|anon(ym(ous|i[sz]ed)?)?\d*|unknown|none|n/?a|test|patient|no ?name|removed|deleted|dummy",
    re.IGNORECASE,
)
"""PatientIDs that name nobody: what anonymisers and test consoles write."""


class Pseudonyms:
    """Names of one library.

    Parameters
    ----------
    key : bytes
        Secret of the library, at least 16 bytes.

    Attributes
    ----------
    fingerprint : str
        16 hexadecimal digits that tell keys apart without revealing them; every copy carries it.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise StoreError("The library's key cannot be used", "it is shorter than 16 bytes")
        self._key = key
        self.fingerprint = self._digest("fingerprint", "")[:8].hex()
        self._uids: dict[str, str] = {}

    def _digest(self, purpose: str, text: str) -> bytes:
        message = f"marrow/{purpose}\x00{text}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).digest()

    def uid(self, original: str) -> str:
        """The library's UID for an original one; a UID that this key made stays as it is.

        ``2.25.`` and a 128-bit number: 72 bits of HMAC-SHA256 over the original and 56 bits that
        authenticate them.
        """
        if not original:
            return ""
        known = self._uids.get(original)
        if known is None:
            known = original if self.is_our_uid(original) else self._new_uid(original)
            if len(self._uids) > 200_000:
                self._uids.clear()
            self._uids[original] = known
        return known

    def _new_uid(self, original: str) -> str:
        part = int.from_bytes(self._digest("uid", original)[: _HASH_BITS // 8], "big")
        return f"{_UID_ROOT}{part << _CHECK_BITS | self._check(part)}"

    def _check(self, part: int) -> int:
        return int.from_bytes(self._digest("uid-check", f"{part:x}")[: _CHECK_BITS // 8], "big")

    def is_our_uid(self, uid: str) -> bool:
        """True for a UID that this key made."""
        digits = uid.removeprefix(_UID_ROOT)
        if digits == uid or not digits.isascii() or not digits.isdigit() or len(digits) > 39:
            return False
        part, check = divmod(int(digits), 1 << _CHECK_BITS)
        return part < 1 << _HASH_BITS and check == self._check(part) and str(int(digits)) == digits

    def subject(self, identity: Identity) -> str:
        """Pseudonym of who was imaged: keyed hash of PatientID and its issuer.

        Where PatientID is empty or a placeholder (``ANONYMOUS``, ``***``, ``0``) the pseudonym holds for
        that study only: strangers are never merged. Our own pseudonyms stay as they are.
        """
        patient_id = identity.patient_id.strip()
        if self.is_our_subject(patient_id):
            return patient_id
        if _NOBODY.fullmatch(patient_id):
            return self._pseudonym(f"study\x00{identity.study_instance_uid}")
        return self._pseudonym(f"patient\x00{patient_id}\x00{identity.issuer_of_patient_id.strip()}")

    def _pseudonym(self, text: str) -> str:
        body = base64.b32encode(self._digest("subject", text)[:10]).decode()
        return f"S{body}{self._subject_check(body)}"

    def _subject_check(self, body: str) -> str:
        return base64.b32encode(self._digest("subject-check", body)[:5]).decode()

    def is_our_subject(self, patient_id: str) -> bool:
        """True for a pseudonym that this key made."""
        found = _SUBJECT.fullmatch(patient_id)
        return found is not None and found[2] == self._subject_check(found[1])

    def date_shift(self, pseudonym: str) -> timedelta:
        """How far the dates of a subject move: one to ten years back, whole days."""
        number = int.from_bytes(self._digest("dates", pseudonym)[:8], "big")
        return timedelta(days=-(365 + number % 3287))
