"""The library: de-identified copies in a folder, and what is known of them in one database."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.imaging.study import Case, Joint, Laterality, Series
from workstation.store import decisions, folder, listing, new_files, packed_cases, settle
from workstation.store.case_rules import Place
from workstation.store.engine import Database, open_database
from workstation.store.packed_cases import ArrivedFile, PackedFile
from workstation.store.records import (
    CaseStudy,
    Decision,
    JoinCandidate,
    KnownFiles,
    NewFile,
    SeriesRow,
    StudyRow,
)
from workstation.store.tables import (
    CASES,
    FILES,
    INSTANCES,
    SERIES,
    STUDIES,
    SUBJECTS,
    VISITS,
)
from workstation.tasks import Progress


class Library:
    """An open library. Made by `Library.open`; may be used from several threads.

    Attributes
    ----------
    folder : Path
        Where it lies (absolute).
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self._database = database

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Library:
        """Open the library in a folder, and make it there if it is missing.

        Raises
        ------
        StoreError
            If it is damaged, locked, of a newer version, or cannot be made; in plain words.
        """
        path = path.absolute()
        file = path / folder.DATABASE
        # A folder that may not be entered is neither: the engine says that.
        if os.access(path.parent, os.X_OK) and path.is_file():
            raise StoreError(
                "The library was not opened", "its name is that of a file", "Choose a folder for the library"
            )
        database = open_database(file, "library", "library", create=create)
        try:
            if not database.read_only:
                new_files.begin(database, path)
        except BaseException:
            database.close()
            raise
        return cls(path, database)

    def close(self) -> None:
        """Let go of the database file."""
        self._database.close()

    def __reduce__(self) -> tuple[Callable[..., Library], tuple[Path]]:
        # Sent to another process, it is opened there: connections cannot be shared.
        return (Library.open, (self.folder,))

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def read_only(self) -> bool:
        """True where nothing can be added or confirmed."""
        return self._database.read_only

    @property
    def key(self) -> bytes:
        """The secret key of the pseudonyms; only the import asks for it."""
        return folder.read_key(self.folder)

    # What is in it -------------------------------------------------------------------------------

    def cases(self) -> tuple[Case, ...]:
        """Every case that has at least one series, by code."""
        with self._database.read() as connection:
            return listing.cases(connection)

    def case(self, code_or_uid: str) -> Case:
        """The case of a code (an earlier code too), or of a study's or series' UID.

        Raises
        ------
        StoreError
            If nothing in the library is called that.
        """
        with self._database.read() as connection:
            found = listing.find_case(connection, code_or_uid)
            cases = listing.cases(connection, found) if found is not None else ()
        if not cases:
            raise _unknown(code_or_uid)
        return cases[0]

    def find(self, code_or_uid: str) -> str | None:
        """Code of the case that `case` would return, or None."""
        with self._database.read() as connection:
            found = listing.find_case(connection, code_or_uid)
            if found is None:
                return None
            return str(connection.execute(sa.select(CASES.c.code).where(CASES.c.id == found)).scalar_one())

    def series(self, case_code: str) -> tuple[Series, ...]:
        """The series of a case in order of visit and number, their instances' paths absolute.

        Raises
        ------
        StoreError
            If the case is not in the library.
        """
        with self._database.read() as connection:
            found = listing.find_case(connection, case_code)
            series = listing.series_of_case(connection, found, self.folder) if found is not None else ()
        if not series:
            raise _unknown(case_code)
        return series

    def studies(self) -> tuple[StudyRow, ...]:
        """Every study of every case with its series, for the listing; images are not read."""
        with self._database.read() as connection:
            cases = {case.code: case for case in listing.cases(connection)}
            rows = connection.execute(
                sa.select(SERIES, CASES.c.code, VISITS.c.label, STUDIES.c.study_instance_uid)
                .select_from(listing.placed())
                .order_by(*listing.ORDER)
            ).all()
        groups: dict[tuple[str, str, str], list[SeriesRow]] = defaultdict(list)
        for row in rows:
            groups[row.code, row.label or "", row.study_instance_uid].append(listing.series_row(row))
        return tuple(
            StudyRow(cases[code], visit, uid, tuple(found)) for (code, visit, uid), found in groups.items()
        )

    def suggested_joints(self) -> dict[str, Joint]:
        """What the coil suggests, per code of a case whose files name no joint; a person decides."""
        with self._database.read() as connection:
            return listing.suggested_joints(connection)

    def visit_of(self, case_code: str) -> dict[str, str]:
        """Visit label of each series key of a case."""
        case = self.case(case_code)
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(SERIES.c.key, VISITS.c.label)
                .select_from(listing.placed())
                .where(CASES.c.code == case.code)
            )
            return {row.key: row.label or "" for row in rows}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before reading here, one sentence each."""
        found = []
        if self.read_only:
            found.append("This library may only be read: nothing can be imported or confirmed.")
        if settle.stale_studies(self._database) and not folder.is_importing(self.folder):
            found.append("An import was interrupted. Import the same files again; nothing is taken twice.")
        return tuple(found)

    # What the import asks -------------------------------------------------------------------------

    def importing(self) -> AbstractContextManager[None]:
        """Hold the library for one import; refused while another runs or where nothing can be written."""
        if self.read_only:
            raise StoreError(
                "Nothing was imported",
                "the library's folder may only be read",
                "Choose another library or change the permissions",
            )
        return folder.import_lock(self.folder)

    def known_files(self) -> KnownFiles:
        """What need not be imported again. A copy that is missing or cut short on disk is not counted."""
        return new_files.known(self._database, self.folder)

    def add_files(self, batch: Sequence[NewFile]) -> None:
        """Record copies that are in their place: all of them or, after a failure, none."""
        new_files.add(self._database, batch)

    def settle(self, choose_code: Callable[[str, Place], str | None], progress: Progress) -> tuple[str, ...]:
        """Build the series and cases of every study with new files; also ends an interrupted import.

        Parameters
        ----------
        choose_code : callable
            ``(subject pseudonym, place) -> code or None``; None makes a neutral code.

        Returns
        -------
        tuple of str
            What the coordinator should know: visits relabelled, codes not free.
        """
        return settle.settle(self._database, self.folder, self.key, choose_code, progress)

    def series_of_files(self, sop_instance_uids: Sequence[str]) -> dict[str, str]:
        """Key of the series that shows each of these files (the first, where frames were split)."""
        found: dict[str, str] = {}
        query = (
            sa.select(FILES.c.sop_instance_uid, SERIES.c.key)
            .join(INSTANCES, INSTANCES.c.file_id == FILES.c.id)
            .join(SERIES, SERIES.c.id == INSTANCES.c.series_id)
            .order_by(INSTANCES.c.frame)
        )
        with self._database.read() as connection:
            for start in range(0, len(sop_instance_uids), 500):
                some = FILES.c.sop_instance_uid.in_(sop_instance_uids[start : start + 500])
                for uid, key in connection.execute(query.where(some)):
                    found.setdefault(uid, key)
        return found

    def record_import(self, started_at: str, loaded: int, skipped: int, refused: int) -> None:
        """Keep the counts of one finished import."""
        new_files.record_import(self._database, started_at, loaded, skipped, refused)

    def case_studies(self) -> tuple[CaseStudy, ...]:
        """Where each study went, for the crosswalk. The subject is the one that the files name."""
        origin = SUBJECTS.alias("origin")
        query = (
            sa.select(
                STUDIES.c.study_instance_uid,
                origin.c.pseudonym,
                CASES.c.code,
                VISITS.c.label,
                CASES.c.joint,
                CASES.c.laterality,
            )
            .select_from(listing.placed().join(origin, origin.c.id == STUDIES.c.origin_subject_id))
            .distinct()
            .order_by(CASES.c.code, VISITS.c.label, STUDIES.c.study_instance_uid)
        )
        with self._database.read() as connection:
            return tuple(
                CaseStudy(uid, subject, code, visit or "", listing.joint_of(joint), listing.side_of(side))
                for uid, subject, code, visit, joint, side in connection.execute(query)
            )

    # What travels in packages ---------------------------------------------------------------------

    def packed_cases(self, codes: Sequence[str]) -> tuple[list[dict[str, Any]], tuple[PackedFile, ...]]:
        """Cases and their files for a package; see `store.packed_cases`."""
        return packed_cases.packed_cases(self._database, codes)

    def require_room(self, cases: Sequence[Mapping[str, Any]]) -> None:
        """Refuse cases of a package whose codes are taken here."""
        packed_cases.require_room(self._database, cases)

    def add_cases(self, cases: Sequence[Mapping[str, Any]], arrived: Mapping[str, ArrivedFile]) -> int:
        """Record the cases of a package; returns how many series are new."""
        return packed_cases.add_cases(self._database, cases, arrived)

    # What the coordinator decides ----------------------------------------------------------------

    def confirm_laterality(
        self, code: str, laterality: Laterality, by: str, joint: Joint | None = None
    ) -> Case:
        """Set the side of a case, and the joint where the files name none, by a person's word.

        Who said it and when is kept.

        Returns
        -------
        Case
            The case that the images belong to now (another one, if that side already was a case).

        Raises
        ------
        StoreError
            If the case is unknown, its joint is neither known nor given, or the library may only be read.
        """
        case = self.case(code)
        kept = decisions.confirm_laterality(self._database, self.key, case, laterality, by, joint)
        return self.case(kept)

    def join_candidates(self) -> tuple[JoinCandidate, ...]:
        """Cases that share a frame of reference although their files name different studies and people."""
        return decisions.join_candidates(self._database)

    def join(self, first: str, second: str, by: str) -> Case:
        """Make one case of two that `join_candidates` offers; the first code stays.

        Raises
        ------
        StoreError
            If nothing in the data says that they belong together.
        """
        ours, other = self.case(first), self.case(second)
        return self.case(decisions.join(self._database, self.key, ours, other, by))

    def keep_apart(self, first: str, second: str, by: str) -> None:
        """Record that two cases are not one: `join_candidates` offers them no more.

        Raises
        ------
        StoreError
            If one of them is unknown, or the library may only be read.
        """
        decisions.keep_apart(self._database, self.case(first), self.case(second), by)

    def joined_cases(self) -> frozenset[str]:
        """Codes of the cases that a join made, which `part` can undo."""
        return decisions.joined_cases(self._database)

    def part(self, code: str, by: str) -> tuple[Case, ...]:
        """Undo every join of a case; the cases that were joined come back under their codes."""
        return tuple(
            self.case(kept) for kept in decisions.part(self._database, self.key, self.case(code), by)
        )

    def decisions(self) -> tuple[Decision, ...]:
        """Every recorded decision, oldest first."""
        return decisions.listed(self._database)


def _unknown(name: str) -> StoreError:
    return StoreError(f"There is no case {name!r} in this library", "", "List the cases with: marrow library")
