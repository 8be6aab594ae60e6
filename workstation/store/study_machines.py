"""A study on several machines: the copy on a reader's own one, and what comes back from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from workstation.errors import StoreError
from workstation.reading.audit import AuditEntry, Link
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.order import Presentation
from workstation.reading.sealed_sheet import SealedSheet
from workstation.reading.session import Amendment, Lock
from workstation.store.engine import open_database
from workstation.store.file_names import STUDY_DATABASE
from workstation.store.study_file import PLAN_CHANGED, SEALED, STUDY_MADE, SYSTEM, StudyFile, audit_entry_of
from workstation.store.study_reads import LOCK_FIELDS, read_values, sheet_values
from workstation.store.study_seals import PlanSignature
from workstation.store.study_tables import (
    AMENDMENTS,
    AUDIT,
    JOURNAL,
    LOCKS,
    MACHINE,
    ORDERS,
    PLAN_SIGNATURES,
    PLANS,
    RETURNED,
    SHEETS,
    STUDY,
)

_ARRIVING = "arriving"


@dataclass(frozen=True, slots=True)
class PackedPlan:
    """A version of the plan as one reader sees it, with its signatures and that reader's order."""

    number: int
    toml: str
    digest: str
    made_at: str
    signatures: tuple[PlanSignature, ...]
    order: tuple[Presentation, ...]
    """Empty where orders are secret: then it follows from the seed that is sealed to the reader."""


@dataclass(frozen=True, eq=False, slots=True)
class ReturnedRead:
    """A locked read as it came back."""

    lock: Lock
    sheet: SealedSheet
    links: tuple[Link, ...]


class StudyMachines:
    """What a study keeps of other machines."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    @property
    def machine_of(self) -> str:
        """The reader on whose own machine this copy lies; empty for the study itself."""
        return self._file.machine_of

    def returned(self) -> dict[str, tuple[AuditEntry, ...]]:
        """The logs of readers' own machines as they came back last, by reader."""
        names = [RETURNED.c[one.name] for one in AUDIT.c]
        query = sa.select(RETURNED.c.reader, *names).order_by(RETURNED.c.reader, RETURNED.c.sequence)
        found: dict[str, list[AuditEntry]] = {}
        with self._file.reading() as connection:
            for reader, *row in connection.execute(query):
                found.setdefault(reader, []).append(audit_entry_of(row))
        return {reader: tuple(entries) for reader, entries in found.items()}

    def add_plans(self, plans: Sequence[PackedPlan]) -> None:
        """Keep plans that came with a package, each with its event."""
        reader = self.machine_of
        with self._file.writing() as connection:
            for plan in plans:
                connection.execute(
                    sa.insert(PLANS).values(
                        number=plan.number, toml=plan.toml, digest=plan.digest, made_at=plan.made_at
                    )
                )
                if plan.order:
                    connection.execute(sa.insert(ORDERS), _order_rows(reader, plan))
                event = PLAN_CHANGED if plan.number > 1 else STUDY_MADE
                detail = {"number": plan.number, "digest": plan.digest}
                self._file.record_in(connection, SYSTEM, event, detail)

    def add_signatures(self, signatures: Sequence[PlanSignature]) -> None:
        """Keep signatures under plans that are not kept yet."""
        with self._file.writing() as connection:
            kept = {
                tuple(row)
                for row in connection.execute(
                    sa.select(PLAN_SIGNATURES.c.plan_number, PLAN_SIGNATURES.c.signer)
                )
            }
            for one in signatures:
                if (one.number, one.signer) not in kept:
                    connection.execute(
                        sa.insert(PLAN_SIGNATURES).values(
                            plan_number=one.number,
                            signer=one.signer,
                            signature=one.signature,
                            signed_at=one.signed_at,
                        )
                    )

    def take_back(
        self,
        reader: str,
        log: Sequence[AuditEntry],
        amendments: Sequence[Amendment],
        reads: Sequence[ReturnedRead],
    ) -> None:
        """Keep what came back from a reader's machine; everything was checked before.

        Raises
        ------
        StoreError
            If the reader wrote to one of these reads here as well.
        """
        try:
            with self._file.writing() as connection:
                for entry in log:
                    values = {one.name: getattr(entry, one.name) for one in AUDIT.c}
                    connection.execute(sa.insert(RETURNED).values(reader=reader, **values))
                for amendment in amendments:
                    connection.execute(
                        sa.insert(AMENDMENTS).values(
                            **read_values(amendment.key),
                            reason=amendment.reason,
                            at=amendment.at,
                            post_comparison=amendment.post_comparison,
                        )
                    )
                for read in reads:
                    _insert_read(connection, read)
        except exc.IntegrityError as error:
            raise StoreError(
                "The return was not taken in",
                f"{reader} has entered something in this folder as well as on the other machine",
                "One of the two must be chosen; ask the coordinator",
            ) from error


@contextmanager
def new_copy(folder: Path, reader: str, study_uid: str, library: str) -> Iterator[StudyFile]:
    """The database of a study's copy on a reader's own machine, put in its place when the block ends.

    Whatever happens before that leaves the folder without a study.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    beside = folder / _ARRIVING
    shutil.rmtree(beside, ignore_errors=True)
    database = open_database(beside / STUDY_DATABASE, "study", "study")
    try:
        with database.write() as connection:
            connection.execute(
                sa.insert(STUDY).values(
                    id=1, study_uid=study_uid, created_at=utc_now(), codec=SEALED, library=library
                )
            )
            connection.execute(sa.insert(MACHINE).values(id=1, reader=reader))
        file = StudyFile(database)
        with file.batch():
            yield file
        database.close()
        (beside / STUDY_DATABASE).replace(folder / STUDY_DATABASE)
    except OSError as error:
        raise StoreError(
            "The study was not made",
            error.strerror or "the disk refused",
            "Check the disk and its permissions",
        ) from error
    finally:
        database.close()
        shutil.rmtree(beside, ignore_errors=True)


def _order_rows(reader: str, plan: PackedPlan) -> list[dict[str, Any]]:
    return [
        {
            "plan_number": plan.number,
            "reader": reader,
            "position": position,
            "case_code": shown.case,
            "presentation": shown.number,
        }
        for position, shown in enumerate(plan.order, start=1)
    ]


def _insert_read(connection: sa.Connection, read: ReturnedRead) -> None:
    key: ReadKey = read.lock.key
    values: Mapping[str, Any] = read_values(key)
    if read.links:
        connection.execute(
            sa.insert(JOURNAL),
            [
                {
                    **values,
                    "sequence": link.sequence,
                    "payload": link.payload,
                    "digest": link.digest,
                    "signature": link.signature,
                }
                for link in read.links
            ],
        )
    connection.execute(
        sa.insert(LOCKS).values(
            **values,
            **{name: getattr(read.lock, name) for name in LOCK_FIELDS},
            blinding_held=True,  # the sheet holds the reader's word, and nothing else does
        )
    )
    connection.execute(sa.insert(SHEETS).values(**values, **sheet_values(read.sheet)))
