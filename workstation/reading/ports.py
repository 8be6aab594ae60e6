"""What reading needs kept, as protocols: the store keeps it, reading does not know how."""

from __future__ import annotations

from typing import Protocol

from workstation.reading.audit import AuditEntry, Link
from workstation.reading.journal import ReadKey
from workstation.reading.order import Presentation
from workstation.reading.session import Amendment, Lock


class ReadStore(Protocol):
    """Append-only keeping of reads."""

    def append(self, key: ReadKey, payload: bytes, expected: int) -> Link:
        """Keep one entry; on disk before it returns.

        Raises
        ------
        StoreError
            If the read has not exactly `expected` entries (another window wrote), or the disk refuses.
        ProtocolViolation
            If the read is locked.
        """

    def entries(self, key: ReadKey) -> tuple[Link, ...]:
        """Entries of a read in order."""

    def lock(self, lock: Lock) -> None:
        """Close a read for ever."""

    def locks(self, case: str | None = None) -> tuple[Lock, ...]:
        """Every lock in the order made, of one case or of all."""

    def amendments(self) -> tuple[Amendment, ...]:
        """Every amendment, in the order made."""

    def order(self, reader: str) -> tuple[Presentation, ...]:
        """The kept order of a reader."""

    def audit(self, *events: str, after: int | None = None) -> tuple[AuditEntry, ...]:
        """The study's chain in order, or what it has of some kinds, or after an entry."""
