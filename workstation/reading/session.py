"""One read from its first answer to its lock: what state it is in, and what is allowed when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.errors import ProtocolViolation
from workstation.reading.journal import Content, ReadKey
from workstation.reading.replaying import Replay

INITIAL_READ = "initial read"
AMENDMENT = "amendment"


class ReadState(StrEnum):
    """How far a read is."""

    NOT_STARTED = "not started"
    OPEN = "draft"
    COMPLETE = "complete"
    LOCKED = "locked"
    AMENDED = "amended"  # locked as a later version than the first

    @property
    def is_shut(self) -> bool:
        """True once signed: then nothing changes."""
        return self in (ReadState.LOCKED, ReadState.AMENDED)


@dataclass(frozen=True, slots=True)
class Lock:
    """The reader's signature under a read.

    Attributes
    ----------
    signer, meaning : str
        Reader code, and what the signature says: ``"initial read"`` or ``"amendment"``.
    locked_at : str
        UTC, ISO 8601.
    entries, digest :
        Number of journal entries, and the head of the read's chain over them.
    blinding_held : bool or None
        The reader's word; `remark` says why not. None where both are kept in the sealed sheet.
    after_unsealing : bool
        True when other reads of the study could already be compared.
    """

    key: ReadKey
    signer: str
    meaning: str
    locked_at: str
    entries: int
    digest: str
    blinding_held: bool | None
    remark: str
    after_unsealing: bool


@dataclass(frozen=True, slots=True)
class Amendment:
    """Permission to read a locked case again, as a new version with a reason.

    `post_comparison` is True when the reads could already be compared: such a version is left out of
    agreement.
    """

    key: ReadKey
    reason: str
    at: str
    post_comparison: bool


@dataclass(frozen=True, eq=False)
class ReadingSession:
    """A read at one moment. Frozen; every answer gives a new one.

    Attributes
    ----------
    sequence, head :
        Number of journal entries that are kept, and the digest of the last.
    """

    key: ReadKey
    replay: Replay
    sequence: int
    head: str
    lock: Lock | None = None

    @property
    def content(self) -> Content:
        """What the read says now."""
        return self.replay.content

    @property
    def state(self) -> ReadState:
        """How far the read is."""
        if self.lock is not None:
            return ReadState.LOCKED if self.key.version == 1 else ReadState.AMENDED
        if self.content.is_complete:
            return ReadState.COMPLETE
        if self.sequence == 0:
            return ReadState.NOT_STARTED
        return ReadState.OPEN

    def require_open(self) -> None:
        """Refuse a change after the lock.

        Raises
        ------
        ProtocolViolation
        """
        if self.lock is not None:
            raise locked_refusal(self.key.name)

    def require_signable(self, signature: str, blinding_held: bool, remark: str) -> None:
        """Check what a lock needs: open, complete, signed by its reader, and a word on blinding.

        Raises
        ------
        ProtocolViolation
        """
        self.require_open()
        missing = [
            f"{sheet.instrument.title}: {sheet.unread_names}"
            for sheet in self.content.sheets.values()
            if not sheet.is_complete
        ]
        if missing:
            raise ProtocolViolation(
                f"The read of {self.key.name} was not locked",
                f"not yet read: {'; '.join(missing)}",
                "Score these items or call them not assessable",
            )
        if signature.strip() != self.key.reader:
            raise ProtocolViolation(
                f"The read of {self.key.name} was not locked",
                f"the signature is not that of reader {self.key.reader}",
                "Sign with your own reader code",
            )
        if not blinding_held and not remark.strip():
            raise ProtocolViolation(
                f"The read of {self.key.name} was not locked",
                "blinding did not hold, and nothing says why",
                "Say in a few words what you saw",
            )


def locked_refusal(case: str) -> ProtocolViolation:
    """What a reader is told who tries to change a locked read."""
    return ProtocolViolation(
        f"The read of {case} was not changed",
        "it is locked",
        "A correction is an amendment with a reason: a new version, the old one stays",
    )
