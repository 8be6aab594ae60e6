"""What the import adds to the library: subjects, studies, files and their instances."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.store import folder
from workstation.store.engine import Database, insert_row
from workstation.store.facts import to_facts
from workstation.store.records import KnownFiles, NewFile
from workstation.store.tables import FILES, IMPORTS, INSTANCES, LIBRARY, STUDIES, SUBJECTS


def now() -> str:
    """The time as UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def begin(database: Database, path: Path) -> None:
    """Make the key and the library's own row where they are missing.

    Raises
    ------
    StoreError
        If images are in the library but its key is gone: a new key would break every pseudonym.
    """
    with database.read() as connection:
        if connection.execute(sa.select(LIBRARY.c.id)).first() is not None:
            return
        if connection.execute(sa.select(FILES.c.id).limit(1)).first() is not None:
            raise StoreError(
                "The library was not opened", "its database is damaged", "Restore it from a backup"
            )
    folder.make_key(path)
    with database.write() as connection:
        connection.execute(
            sa.insert(LIBRARY)
            .prefix_with("OR IGNORE")
            .values(id=1, library_uid=secrets.token_hex(16), created_at=now())
        )


def known(database: Database, root: Path) -> KnownFiles:
    """Digests and UIDs of the copies that are whole on disk."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(FILES.c.source_digest, FILES.c.sop_instance_uid, FILES.c.path, FILES.c.size)
        ).all()
    whole = [row for row in rows if _has_size(root / row.path, row.size)]
    return KnownFiles(
        frozenset(row.source_digest for row in whole), frozenset(row.sop_instance_uid for row in whole)
    )


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def add(database: Database, batch: Sequence[NewFile]) -> None:
    """Record a batch in one transaction; a file that is there already is replaced, as after a repair."""
    if not batch:
        return
    with database.write() as connection:
        studies = _studies(connection, batch)
        replaced = [file.sop_instance_uid for file in batch]
        connection.execute(sa.delete(FILES).where(FILES.c.sop_instance_uid.in_(replaced)))
        first = (
            int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(FILES.c.id), 0))).scalar_one()) + 1
        )
        connection.execute(
            sa.insert(FILES),
            [
                {
                    "id": first + number,
                    "study_id": studies[file.study_instance_uid],
                    "sop_instance_uid": file.sop_instance_uid,
                    "path": file.path,
                    "source_digest": file.source_digest,
                    "size": file.size,
                }
                for number, file in enumerate(batch)
            ],
        )
        connection.execute(
            sa.insert(INSTANCES),
            [
                {
                    "file_id": first + number,
                    "study_id": studies[file.study_instance_uid],
                    "frame": instance.frame,
                    "facts": to_facts(instance),
                }
                for number, file in enumerate(batch)
                for instance in file.instances
            ],
        )


def _studies(connection: sa.Connection, batch: Sequence[NewFile]) -> dict[str, int]:
    """Row ids of the batch's studies, made where new and marked as waiting for their series."""
    found: dict[str, int] = {}
    for uid, file in {file.study_instance_uid: file for file in batch}.items():
        study = connection.execute(
            sa.select(STUDIES.c.id).where(STUDIES.c.study_instance_uid == uid)
        ).scalar()
        if study is None:
            subject = _subject(connection, file)
            study = insert_row(
                connection,
                STUDIES,
                study_instance_uid=uid,
                subject_id=subject,
                origin_subject_id=subject,
                shifted_date=file.shifted_date,
                stale=True,
            )
        else:
            connection.execute(sa.update(STUDIES).where(STUDIES.c.id == study).values(stale=True))
        found[uid] = int(study)
    return found


def _subject(connection: sa.Connection, file: NewFile) -> int:
    subject = connection.execute(
        sa.select(SUBJECTS.c.id).where(SUBJECTS.c.pseudonym == file.subject)
    ).scalar()
    if subject is None:
        subject = insert_row(connection, SUBJECTS, pseudonym=file.subject, identified=file.is_identified)
    return int(subject)


def record_import(database: Database, started_at: str, loaded: int, skipped: int, refused: int) -> None:
    """Keep the counts of one finished import; no path and no name."""
    with database.write() as connection:
        connection.execute(
            sa.insert(IMPORTS).values(
                started_at=started_at, finished_at=now(), loaded=loaded, skipped=skipped, refused=refused
            )
        )
