"""Import files into the library: de-identified copies, every file accounted for, nothing taken twice.

Worker processes read, check and copy; this process moves copies into place and records them, some hundred
at a time in one transaction. A file is recorded after its copy is in place and its identity is in the
crosswalk, so an import that is killed leaves a valid library, and the next one goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workstation.errors import DataError, StoreError
from workstation.imaging.deidentify import Deidentifier
from workstation.imaging.sources import Source, walk
from workstation.imaging.study import Identity
from workstation.store import folder
from workstation.store.case_codes import CodeBook, read_codes
from workstation.store.case_rules import Place
from workstation.store.crosswalk import Crosswalk, default_path
from workstation.store.library import Library
from workstation.store.new_files import now
from workstation.tasks import Progress
from workstation.workflow.import_duplicates import ALREADY_THERE, why_not_taken
from workstation.workflow.import_pool import default_workers, look_at_all
from workstation.workflow.import_report import FileOutcome, ImportReport
from workstation.workflow.import_worker import Looked, Status, Task
from workstation.workflow.workspace import Workspace

FILES_PER_TRANSACTION = 200
SECONDS_PER_TRANSACTION = 2.0
SECONDS_PER_REPORT = 0.1
"""Progress costs more than reading a header: ten times a second is enough for an eye."""


def import_paths(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    codes: Path | None = None,
    crosswalk: Path | None = None,
    workers: int | None = None,
    approve_secondary: bool = False,
    progress: Progress,
) -> ImportReport:
    """Import folders, files and ZIP archives.

    Parameters
    ----------
    codes : Path, optional
        CSV ``patient_id, code [, joint, side]`` with the case codes that the coordinator chose.
    crosswalk : Path, optional
        Where identities are kept; by default ``<library>.crosswalk.csv`` beside the library.
    workers : int, optional
        Processes; 0 works in this one.
    approve_secondary : bool
        A person looked at the secondary captures and burned-in text and lets them in.
    progress : Progress
        Asked between files; Cancelled ends the import, and what was recorded stays.

    Returns
    -------
    ImportReport

    Raises
    ------
    DataError
        If a path does not exist, there is no file at all, or the codes file has a mistake.
    StoreError
        If the library or the crosswalk cannot be written; what was recorded stays.
    Cancelled
        If the person pressed Stop.
    """
    library = workspace.library
    book = read_codes(codes) if codes else CodeBook()
    with library.importing():
        kept = Crosswalk(crosswalk or default_path(library.folder), library.folder)
        sources = _found(paths, progress)
        run = _Import(library, kept, book, progress, len(sources))
        try:
            run.take(sources, default_workers() if workers is None else workers, approve_secondary)
        except OSError as error:  # of the library's own folder: what is wrong with a file is its reason
            raise folder.unwritable(error) from error
        return run.report()


def _found(paths: Sequence[Path], progress: Progress) -> list[Source]:
    sources = []
    last = time.monotonic()
    for source in walk(paths):
        sources.append(source)
        if time.monotonic() - last > 0.1:
            last = time.monotonic()
            progress.report(0, 0, f"{len(sources)} files found")
    if not sources:
        raise DataError("There is nothing to import", "no file was found there", "Choose another folder")
    return sources


class _Import:
    """One run: what came in so far and what waits to be recorded."""

    def __init__(
        self, library: Library, crosswalk: Crosswalk, book: CodeBook, progress: Progress, total: int
    ) -> None:
        self._library = library
        self._crosswalk = crosswalk
        self._book = book
        self._progress = progress
        self._total = total
        self._started_at = now()
        self._deidentifier = Deidentifier(library.key)
        self._outcomes: list[Looked] = []
        self._waiting: list[Looked] = []
        self._taken: dict[str, Looked] = {}
        self._identities: dict[Identity, str] = {}
        self._new_identities: dict[Identity, str] = {}
        self._notes: tuple[str, ...] = ()
        self._folders: set[Path] = set()
        self._last_report = 0.0
        self._last_write = time.monotonic()

    def take(self, sources: Sequence[Source], workers: int, approve_secondary: bool) -> None:
        """Look at every file, record what is good, build series and cases."""
        library = self._library
        folder.clean_incoming(library.folder)
        task = Task(library.folder, library.key, library.known_files(), approve_secondary)
        found = look_at_all(sources, task, workers, self._tick)
        try:
            for looked in found:
                self._add(looked)
        finally:
            # Also after Cancel or a full disk: what was looked at is kept, and its series are built.
            found.close()
            self._end()

    def _end(self) -> None:
        try:
            self._record()
        finally:
            folder.clean_incoming(self._library.folder)
        self._notes = self._library.settle(self._choose_code, _Unstoppable(self._progress))
        self._crosswalk.note(self._take_new_identities())
        self._crosswalk.fill_in(self._library.case_studies(), self._deidentifier.uid)

    def _tick(self) -> None:
        if time.monotonic() - self._last_report >= SECONDS_PER_REPORT:
            self._last_report = time.monotonic()
            loaded = sum(looked.status is Status.LOADED for looked in self._outcomes)
            self._progress.report(len(self._outcomes), self._total, f"{loaded} loaded")

    def _add(self, looked: Looked) -> None:
        if looked.identity is not None and looked.identity not in self._identities:
            subject = self._deidentifier.subject(looked.identity)
            self._identities[looked.identity] = self._new_identities[looked.identity] = subject
        if looked.copy is not None:
            looked = self._unless_twice(looked)
        if looked.copy is not None:
            slim = replace(looked, copy=replace(looked.copy, instances=()))
            self._taken[looked.copy.sop_instance_uid] = slim
            self._waiting.append(looked)
        self._outcomes.append(replace(looked, copy=None))
        late = time.monotonic() - self._last_write > SECONDS_PER_TRANSACTION
        if len(self._waiting) >= FILES_PER_TRANSACTION or (self._waiting and late):
            self._record()

    def _unless_twice(self, looked: Looked) -> Looked:
        assert looked.copy is not None
        first = self._taken.get(looked.copy.sop_instance_uid)
        if first is None:
            return looked
        new = self._incoming(looked)
        reason = ALREADY_THERE
        if first.copy is not None and first.copy.source_digest != looked.copy.source_digest:
            kept = self._library.folder / first.copy.path
            with new.open("rb") as stream:
                reason = why_not_taken(stream, kept if kept.exists() else self._incoming(first))
        new.unlink(missing_ok=True)
        return Looked(looked.path, Status.SKIPPED, reason)

    def _incoming(self, looked: Looked) -> Path:
        return self._library.folder / folder.INCOMING / looked.incoming

    def _record(self) -> None:
        """Identities first, then copies into place, then rows."""
        waiting, self._waiting = self._waiting, []
        self._last_write = time.monotonic()
        if not waiting:
            return
        self._crosswalk.note(self._take_new_identities())
        placed = [self._place(looked) for looked in waiting]
        folder.flush_to_disk(self._library.folder, placed)
        self._library.add_files([looked.copy for looked in waiting if looked.copy])

    def _place(self, looked: Looked) -> Path:
        assert looked.copy is not None
        target = self._library.folder / looked.copy.path
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        self._incoming(looked).replace(target)
        return target

    def _take_new_identities(self) -> list[tuple[str, Identity]]:
        new, self._new_identities = self._new_identities, {}
        return [(subject, identity) for identity, subject in new.items()]

    def _choose_code(self, subject: str, place: Place) -> str | None:
        for identity, pseudonym in self._identities.items():
            if pseudonym == subject and (code := self._book.code_for(identity.patient_id, place)):
                return code
        return None

    def report(self) -> ImportReport:
        """The report of the finished run."""
        series = self._library.series_of_files(
            [looked.sop_instance_uid for looked in self._outcomes if looked.status is Status.LOADED]
        )
        files = tuple(
            FileOutcome(looked.path, looked.status, looked.reason, series.get(looked.sop_instance_uid, ""))
            for looked in self._outcomes
        )
        touched = set(series.values())
        studies = tuple(
            study for study in self._library.studies() if any(found.key in touched for found in study.series)
        )
        report = ImportReport(files, studies, (), self._crosswalk.path)
        self._library.record_import(self._started_at, report.loaded, report.skipped, report.refused)
        return replace(report, notes=(*self._notes, *self._remarks(report)))

    def _remarks(self, report: ImportReport) -> list[str]:
        notes = list(self._crosswalk.disagreements())
        open_sides = [case.code for case in report.cases if not case.laterality_confirmed]
        if open_sides:
            notes.append(
                f"The side of {_listed(open_sides)} must be confirmed before scoring "
                "(marrow library --confirm-side CODE L|R|B)."
            )
        ours = {case.code for case in report.cases}
        notes += [
            f"{pair.first} and {pair.second} may be one case: {pair.reason}. "
            f"If they are: marrow library --join {pair.first} {pair.second}"
            for pair in self._library.join_candidates()
            if ours & {pair.first, pair.second}
        ]
        met = {identity.patient_id.strip() for identity in self._identities}
        unmet = [patient for patient in self._book.lines if patient not in met]
        if unmet:
            notes.append(f"The codes file names {len(unmet)} patients of whom no image was found here.")
        return notes


class _Unstoppable:
    """Shows the last step, which is short, without letting a second Cancel break it off."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def report(self, done: int, total: int, text: str = "") -> None:
        from workstation.errors import Cancelled

        try:
            self._progress.report(done, total, text)
        except Cancelled:
            return


def _listed(codes: Sequence[str]) -> str:
    shown = ", ".join(codes[:5])
    return f"{shown} and {len(codes) - 5} more" if len(codes) > 5 else shown


__all__ = ["FileOutcome", "ImportReport", "Status", "StoreError", "import_paths"]
