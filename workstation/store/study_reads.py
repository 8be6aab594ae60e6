"""Journals, locks and amendments of the reads of a study."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading.audit import Link, next_link, root_digest
from workstation.reading.journal import ReadKey
from workstation.reading.order import Presentation
from workstation.reading.sealed_sheet import SealedSheet
from workstation.reading.session import Amendment, Lock, locked_refusal
from workstation.store.study_file import SEALED, SYSTEM, StudyFile
from workstation.store.study_tables import AMENDMENTS, JOURNAL, LOCKS, SHEETS


class StudyReads:
    """What readers enter; entries are opaque bytes, keyed by reader, case, presentation and version."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def root(self, key: ReadKey) -> str:
        """Where the chain of a read starts."""
        return root_digest("read", self._file.study_uid, *self._file.named(key).kept)

    def append(self, key: ReadKey, payload: bytes, expected: int) -> Link:
        """Keep one entry of a read; it is on disk before this returns.

        Parameters
        ----------
        expected : int
            How many entries the read has by the caller's knowledge.

        Raises
        ------
        ProtocolViolation
            If the read is locked.
        StoreError
            If another window or program has written to the read meanwhile, or the disk refuses.
        """
        key = self._file.named(key)
        try:
            with self._file.writing() as connection:
                query = _of_read(sa.select(*_LINK), key)
                row = connection.execute(query.order_by(JOURNAL.c.sequence.desc()).limit(1)).first()
                last = link_of(*row) if row else None
                if (last.sequence if last else 0) != expected:
                    raise written_elsewhere(key.name)
                if last is None and not has_begun(connection):
                    self._file.record_in(connection, SYSTEM, "plan frozen", {})
                link = next_link(last, self.root(key), payload, self._file.signers.get(key.reader))
                connection.execute(
                    sa.insert(JOURNAL).values(
                        **read_values(key),
                        sequence=link.sequence,
                        payload=payload,
                        digest=link.digest,
                        signature=link.signature,
                    )
                )
                return link
        except exc.IntegrityError as error:
            if "locked" in str(error.orig):
                raise locked_refusal(key.name) from error
            raise written_elsewhere(key.name) from error

    def entries(self, key: ReadKey) -> tuple[Link, ...]:
        """Entries of a read in order."""
        query = _of_read(sa.select(*_LINK), self._file.named(key))
        with self._file.reading() as connection:
            return tuple(link_of(*row) for row in connection.execute(query.order_by(JOURNAL.c.sequence)))

    def newest(self, reader: str) -> dict[ReadKey, Link]:
        """The last entry of each of a reader's reads that is not locked."""
        last = (
            sa.select(*_READ, sa.func.max(JOURNAL.c.sequence).label("sequence"))
            .where(JOURNAL.c.reader == reader)
            .group_by(*_READ)
            .subquery()
        )
        same = (JOURNAL.c[name] == last.c[name] for name in (*_READ_NAMES, "sequence"))
        shut = (JOURNAL.c[name] == LOCKS.c[name] for name in _READ_NAMES)
        query = sa.select(*_READ, *_LINK).join(last, sa.and_(*same))
        query = query.where(~sa.select(LOCKS.c.version).where(*shut).correlate(JOURNAL).exists())
        with self._file.reading() as connection:
            return dict(self._keyed_link(row) for row in connection.execute(query))

    def journals(self, reader: str | None = None, case: str | None = None) -> dict[ReadKey, tuple[Link, ...]]:
        """Every read with its entries, of one reader or all, of one case or all."""
        query = sa.select(*_READ, *_LINK).order_by(*_READ, JOURNAL.c.sequence)
        if reader is not None:
            query = query.where(JOURNAL.c.reader == reader)
        if case is not None:
            query = query.where(JOURNAL.c.case_code.in_(self._names_of(case)))
        found: dict[ReadKey, list[Link]] = {}
        with self._file.reading() as connection:
            for kept, rows in groupby(connection.execute(query), lambda row: row[:4]):
                key = self._file.named(ReadKey(*kept))
                found.setdefault(key, []).extend(link_of(*payload) for _, _, _, _, *payload in rows)
        return {key: tuple(links) for key, links in found.items()}

    def _keyed_link(self, row: Any) -> tuple[ReadKey, Link]:
        return self._file.named(ReadKey(*row[:4])), link_of(*row[4:])

    def _names_of(self, case: str) -> tuple[str, ...]:
        return (case,) if self._file.orders is None else self._file.orders.slots_for(case)

    def begun(self, reader: str) -> tuple[Presentation, ...]:
        """What a reader has begun, in the order in which that was."""
        shown = (JOURNAL.c.case_code, JOURNAL.c.presentation)
        query = sa.select(*shown).where(JOURNAL.c.reader == reader).group_by(*shown)
        with self._file.reading() as connection:
            rows = connection.execute(query.order_by(sa.func.min(JOURNAL.c.id)))
            keys = [self._file.named(ReadKey(reader, case, number)) for case, number in rows]
        return tuple(Presentation(key.case, key.presentation) for key in keys)

    def lock(self, lock: Lock, sheet: SealedSheet | None = None) -> None:
        """Close a read for ever, with its audit entry and its sealed sheet, in one transaction.

        Raises
        ------
        ProtocolViolation
            If it is locked already.
        StoreError
            If it was written to since the signer saw it.
        """
        key = self._file.named(lock.key)
        lock = replace(lock, key=key)
        try:
            with self._file.writing() as connection:
                query = _of_read(sa.select(JOURNAL.c.sequence, JOURNAL.c.digest), key)
                row = connection.execute(query.order_by(JOURNAL.c.sequence.desc()).limit(1)).first()
                kept = tuple(row) if row else (0, self.root(key))
                if kept != (lock.entries, lock.digest):
                    raise written_elsewhere(key.name)
                connection.execute(
                    sa.insert(LOCKS).values(
                        **read_values(key),
                        **{name: getattr(lock, name) for name in LOCK_FIELDS},
                        # Where the sheet is sealed it holds the reader's word, and nothing else does.
                        blinding_held=lock.blinding_held is not False,
                    )
                )
                if sheet is not None:
                    connection.execute(sa.insert(SHEETS).values(**read_values(key), **sheet_values(sheet)))
                self._file.record_in(
                    connection, lock.signer, "read locked", lock_detail(lock, sheet), at=lock.locked_at
                )
                if sheet is not None:
                    self._file.record_in(
                        connection, lock.signer, "read sealed", {**read_detail(key), "sheet": sheet.digest}
                    )
        except exc.IntegrityError as error:
            raise locked_refusal(key.name) from error

    def locks(self, case: str | None = None) -> tuple[Lock, ...]:
        """Every lock in the order made, of one case or of all."""
        query = sa.select(LOCKS).order_by(sa.text("rowid"))
        if case is not None:
            query = query.where(LOCKS.c.case_code.in_(self._names_of(case)))
        with self._file.reading() as connection:
            rows = connection.execute(query).mappings()
            return tuple(self._lock_of(row) for row in rows)

    def _lock_of(self, row: Any) -> Lock:
        said = None if self._file.codec == SEALED else row["blinding_held"]
        fields = {name: row[name] for name in LOCK_FIELDS}
        return Lock(key=self._file.named(key_of(row)), blinding_held=said, **fields)

    def amend(self, amendment: Amendment) -> None:
        """Allow a new version of a locked read, with its audit entry.

        Raises
        ------
        ProtocolViolation
            If that version was begun already.
        """
        key = self._file.named(amendment.key)
        detail = {
            **read_detail(key),
            "reason": amendment.reason,
            "post_comparison": amendment.post_comparison,
        }
        try:
            with self._file.writing() as connection:
                connection.execute(
                    sa.insert(AMENDMENTS).values(
                        **read_values(key),
                        reason=amendment.reason,
                        at=amendment.at,
                        post_comparison=amendment.post_comparison,
                    )
                )
                self._file.record_in(connection, key.reader, "read amended", detail, at=amendment.at)
        except exc.IntegrityError as error:
            raise ProtocolViolation(
                f"The read of {key.name} was not amended", f"version {key.version} was begun already"
            ) from error

    def amendments(self) -> tuple[Amendment, ...]:
        """Every amendment, in the order made."""
        with self._file.reading() as connection:
            rows = connection.execute(sa.select(AMENDMENTS).order_by(sa.text("rowid"))).mappings()
            return tuple(
                Amendment(self._file.named(key_of(row)), row["reason"], row["at"], row["post_comparison"])
                for row in rows
            )


LOCK_FIELDS = (
    "signer",
    "meaning",
    "locked_at",
    "entries",
    "digest",
    "remark",
    "after_unsealing",
)


_READ_NAMES = ("reader", "case_code", "presentation", "version")
_READ = tuple(JOURNAL.c[name] for name in _READ_NAMES)
_LINK = (JOURNAL.c.sequence, JOURNAL.c.payload, JOURNAL.c.digest, JOURNAL.c.signature)


def lock_detail(lock: Lock, sheet: SealedSheet | None = None) -> dict[str, Any]:
    """What the audit chain says of a lock; verification compares it with the lock itself.

    Of a sealed sheet the chain holds the digest, and of what the reader says with it nothing.
    """
    said = {"blinding_held": lock.blinding_held} if sheet is None else {"sheet": sheet.digest}
    return {
        **read_detail(lock.key),
        **{name: getattr(lock, name) for name in LOCK_FIELDS},
        **said,
    }


def read_detail(key: ReadKey) -> dict[str, Any]:
    """How the audit chain names a read: as it is kept, so that it tells nobody more than the database."""
    _, case, presentation, version = key.kept
    return {"case": case, "presentation": presentation, "version": version}


def link_of(sequence: object, payload: object, digest: object, signature: object = b"") -> Link:
    """A journal row as kept. SQLite takes any type in any column, so a meddled row may hold others."""
    number = sequence if isinstance(sequence, int) else -1
    content = payload if isinstance(payload, bytes) else str(payload).encode()
    return Link(number, content, str(digest), signature if isinstance(signature, bytes) else b"")


def sheet_values(sheet: SealedSheet) -> dict[str, Any]:
    """The columns of a sealed sheet beside those of its read."""
    return {
        "plan_digest": sheet.plan_digest,
        "body": sheet.body,
        "key_box": sheet.key_box,
        "signature": sheet.signature,
    }


def has_begun(connection: sa.Connection) -> bool:
    """True once any reader has entered anything."""
    return connection.execute(sa.select(JOURNAL.c.id).limit(1)).first() is not None


def read_values(key: ReadKey) -> dict[str, Any]:
    """The columns that name a read."""
    return dict(zip(_READ_NAMES, key.kept, strict=True))


def key_of(row: Any) -> ReadKey:
    """The read that a row belongs to, as it is kept."""
    return ReadKey(row["reader"], row["case_code"], row["presentation"], row["version"])


def _of_read(query: sa.Select[Any], key: ReadKey) -> sa.Select[Any]:
    return query.where(*(JOURNAL.c[name] == value for name, value in read_values(key).items()))


def written_elsewhere(case: str) -> StoreError:
    """What a person is told whose window is behind what is kept."""
    return StoreError(
        f"The last entry for {case} was not kept",
        "the case is open in another window or program, which wrote to it",
        "Close the case here and open it again",
    )
