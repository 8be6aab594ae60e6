"""Hash chains: one for the study's events, one for each read, one for each reconciliation.

Each link holds the digest of the one before, so that a changed, missing, moved or added entry shows. A
chain alone cannot show that its whole tail was cut off or rewritten: for that the head is printed in
every export, and `verify_chain` takes it as a proof.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Sign = Callable[[str, bytes], bytes]
"""``sign(purpose, message)`` gives the signature of an account."""
ENTRY_PURPOSE = "read entry"
EVENT_PURPOSE = "study event"
HEAD_CODE_LENGTH = 12
"""Characters of a head digest that a person writes down: 48 bits."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One event of the study.

    Attributes
    ----------
    sequence : int
        From 1 without a gap; tells the order of entries within one second.
    at : str
        UTC, ISO 8601.
    detail : str
        Canonical JSON; no scores.
    previous, digest : str
        SHA-256, hex.
    signature : bytes
        The actor's Ed25519 signature over the digest; empty in studies that are not sealed, and where no
        person acted.
    """

    sequence: int
    at: str
    actor: str
    event: str
    detail: str
    previous: str
    digest: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Link:
    """One opaque payload of a journal with its digest, and in a sealed study the reader's signature."""

    sequence: int
    payload: bytes
    digest: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that verification found wrong, as one sentence."""

    chain: str
    sentence: str


def root_digest(*names: object) -> str:
    """Where a chain starts; bound to what it is the chain of, so that chains cannot be exchanged."""
    return hashlib.sha256(_canonical(["marrow", *names])).hexdigest()


def audit_digest(previous: str, sequence: int, at: str, actor: str, event: str, detail: str) -> str:
    """Digest of a study event."""
    return hashlib.sha256(_canonical([previous, sequence, at, actor, event, detail])).hexdigest()


def link_digest(previous: str, sequence: int, payload: bytes) -> str:
    """Digest of a journal entry, over its bytes as they are kept."""
    frame = b"entry\0" + previous.encode() + sequence.to_bytes(8, "big", signed=True)
    return hashlib.sha256(frame + payload).hexdigest()


def next_entry(
    last: AuditEntry | None, root: str, at: str, actor: str, event: str, detail: dict[str, object]
) -> AuditEntry:
    """The entry that follows `last` (None: the first after `root`)."""
    sequence = last.sequence + 1 if last else 1
    previous = last.digest if last else root
    text = _canonical(detail).decode()
    return AuditEntry(
        sequence, at, actor, event, text, previous, audit_digest(previous, sequence, at, actor, event, text)
    )


def next_link(last: Link | None, root: str, payload: bytes, sign: Sign | None = None) -> Link:
    """The journal entry that follows `last` (None: the first after `root`), signed where keys are."""
    sequence = last.sequence + 1 if last else 1
    digest = link_digest(last.digest if last else root, sequence, payload)
    return Link(sequence, payload, digest, sign(ENTRY_PURPOSE, digest.encode()) if sign else b"")


def signed_entry(entry: AuditEntry, sign: Sign | None) -> AuditEntry:
    """A study event with its actor's signature; unsigned where the actor has no keys here."""
    return replace(entry, signature=sign(EVENT_PURPOSE, entry.digest.encode())) if sign else entry


def verify_audit(entries: Sequence[AuditEntry], root: str, chain: str = "study log") -> tuple[Finding, ...]:
    """Everything that is wrong with the study's chain, in the order kept."""
    findings: list[Finding] = []
    previous, expected = root, 1
    for entry in entries:
        made = audit_digest(entry.previous, entry.sequence, entry.at, entry.actor, entry.event, entry.detail)
        findings += _link_findings(
            chain, entry.sequence, expected, made == entry.digest, entry.previous == previous
        )
        previous, expected = entry.digest, entry.sequence + 1
    return tuple(findings)


def verify_links(links: Sequence[Link], root: str, chain: str) -> tuple[Finding, ...]:
    """Everything that is wrong with a journal's chain."""
    findings: list[Finding] = []
    previous, expected = root, 1
    for link in links:
        # The digest covers the one before, so a wrong one means: this entry, or its place, was changed.
        fits = link_digest(previous, link.sequence, link.payload) == link.digest
        findings += _link_findings(chain, link.sequence, expected, fits, True)
        previous, expected = link.digest, link.sequence + 1
    return tuple(findings)


def head_of(entries: Sequence[AuditEntry], root: str) -> str:
    """Digest of the last entry."""
    return entries[-1].digest if entries else root


def head_code(digest: str) -> str:
    """A head digest short enough to write down: ``"3f9a-01bc-77e2"``."""
    short = digest[:HEAD_CODE_LENGTH]
    return "-".join(short[i : i + 4] for i in range(0, len(short), 4))


def proves_tail(entries: Sequence[AuditEntry], code: str) -> bool:
    """True when a head that was written down earlier is still part of the chain."""
    wanted = code.replace("-", "").replace(" ", "").lower()
    return len(wanted) >= HEAD_CODE_LENGTH and any(entry.digest.startswith(wanted) for entry in entries)


def _link_findings(
    chain: str, sequence: int, expected: int, is_unchanged: bool, follows: bool
) -> list[Finding]:
    if sequence != expected:
        missing = f"entry {expected}" if sequence == expected + 1 else f"entries {expected} to {sequence - 1}"
        if sequence > expected:
            return [Finding(chain, f"{chain}: {missing} missing")]
        return [Finding(chain, f"{chain}: entry {sequence} is out of order or was added")]
    if not is_unchanged:
        return [Finding(chain, f"{chain}: entry {sequence} was changed")]
    if not follows:
        return [Finding(chain, f"{chain}: entry {sequence} does not follow the one before it")]
    return []


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
