"""Who takes part in a sealed study, by public keys: what may be shown, printed and compared aloud."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
KEY_HEX = re.compile(r"[0-9a-f]{64}")


class Seat(StrEnum):
    """What an account is for. A coordinator does not read; a safety contact is told urgent findings only."""

    READER = "reader"
    COORDINATOR = "coordinator"
    ADJUDICATOR = "adjudicator"
    ESCROW = "escrow"
    SAFETY = "safety"


class SealMode(StrEnum):
    """Who can open the sealed sheets of a study."""

    NONE = "none"
    COORDINATOR = "coordinator"
    BOTH_KEYS = "both-keys"


@dataclass(frozen=True, slots=True)
class Card:
    """The public part of an account.

    Attributes
    ----------
    name : str
        Reader code, or the name of a coordinator or adjudicator; never a person's name.
    encryption_key, signing_key : str
        X25519 and Ed25519 public keys, hex.
    """

    name: str
    seat: Seat
    encryption_key: str
    signing_key: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over name, seat and both keys, hex: what a plan lists."""
        return hashlib.sha256(
            canonical(["marrow account", self.name, self.seat.value, self.encryption_key, self.signing_key])
        ).hexdigest()

    @property
    def spoken(self) -> str:
        """The fingerprint for two people to compare aloud: 100 bits, ``"k5wq-3mzd-…"``."""
        text = base64.b32encode(bytes.fromhex(self.fingerprint)).decode().lower()[:20]
        return "-".join(text[i : i + 4] for i in range(0, 20, 4))


def canonical(value: object) -> bytes:
    """One spelling of a value, for digests, signatures and what an encryption is bound to."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
