"""Open reads for the results desk: a long CSV, or a study folder once its reads may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.analysis.reads import NOT_ASSESSABLE, SCORED, ReadRow, load_reads
from workstation.analysis.report import AgreementReport
from workstation.errors import DataError, ProtocolViolation
from workstation.export.exporter import Bundle, exporter
from workstation.reading.visibility import Role, Viewer
from workstation.store.study_store import DATABASE
from workstation.tasks import Progress
from workstation.workflow.agree import agreement_of_rows
from workstation.workflow.bundles import study_bundle
from workstation.workflow.deliver import SignIn, export_study
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.undecided import require_decided
from workstation.workflow.workspace import Workspace

COORDINATOR = "coordinator"


@dataclass(frozen=True, eq=False)
class Results:
    """Reads that may be compared, and how well they agree.

    Attributes
    ----------
    source : Path
        The CSV file or the study folder.
    bundle : Bundle
        Reads, agreement and, for a study, what was reconciled.
    sign_in : callable or None
        Signs in to the study when it is sealed.
    """

    source: Path
    is_study: bool
    bundle: Bundle
    report: AgreementReport
    sign_in: SignIn | None = None

    @property
    def title(self) -> str:
        """Title of the study, or name of the file."""
        return self.bundle.title


@dataclass(frozen=True, slots=True)
class CaseGrades:
    """What each reader gave one case for some items.

    Attributes
    ----------
    case, side, visit : str
    grades : tuple of tuple of (float or None)
        Per item, per reader in the report's order; None where nothing was graded.
    largest_difference : float
        Over the items; 0 where readers agree or only one graded.
    splits : tuple of bool
        Per item: one graded it and another called it not assessable, which is a difference too.
    """

    case: str
    side: str
    visit: str
    grades: tuple[tuple[float | None, ...], ...]
    largest_difference: float
    splits: tuple[bool, ...] = ()

    @property
    def items_that_differ(self) -> int:
        """How many items the readers answered differently."""
        splits = self.splits or (False,) * len(self.grades)
        return sum(
            split or len(set(_known(given))) > 1 for given, split in zip(self.grades, splits, strict=True)
        )


def open_results(
    path: Path, workspace: Workspace | None, progress: Progress, sign_in: SignIn | None = None
) -> Results:
    """Read a table or a study and compare the readers.

    Parameters
    ----------
    path : Path
        A long reads CSV, or the folder of a reading study.
    sign_in : callable, optional
        Given the open study; signs in to a sealed one.

    Raises
    ------
    ProtocolViolation
        If the reads of the study may not be compared yet.
    DataError
        If the table has a mistake (the line is named) or holds one reader only.
    """
    progress.report(0, 2, "Reading")
    if path.is_dir():
        bundle = _of_study(path, workspace, sign_in, progress)
    else:
        rows = load_reads(path)
        bundle = Bundle(title=path.name, reads=rows, agreement=agreement_of_rows(rows))
    progress.report(2, 2, "Comparing")
    if bundle.agreement is None:
        raise DataError(
            "Agreement was not computed",
            "the reads of one reader only can be seen",
            "Open it when both readers have locked theirs",
        )
    return Results(path, path.is_dir(), bundle, bundle.agreement, sign_in)


def _of_study(
    folder: Path, workspace: Workspace | None, sign_in: SignIn | None, progress: Progress
) -> Bundle:
    if not (folder / DATABASE).is_file():
        raise DataError(
            "This folder was not opened",
            "it holds no reading study",
            "Choose the folder of a study, or a CSV file",
        )
    with open_study_folder(folder, workspace) as study:
        if sign_in is not None:
            sign_in(study)
        compared = study.ready_cases()
        if not compared:
            raise ProtocolViolation(
                "The results are not open yet",
                study.not_locked_yet,
                "They open by themselves with the last lock",
            )
        require_decided(study, "The results were not shown")
        study.unseal_cases(compared, COORDINATOR)  # that scores were looked at is part of the record
        return study_bundle(
            study,
            workspace,
            Viewer(Role.COORDINATOR),
            with_pictures=False,
            with_drawn=False,
            progress=progress,
        )


def cases_behind(
    rows: Sequence[ReadRow], instrument: str, items: Sequence[str], readers: Sequence[str]
) -> tuple[CaseGrades, ...]:
    """The cases of some items with every reader's grades, the largest difference first.

    A grade against not assessable has no size: such cases stand after those with one, before agreement.

    As in the statistics, the first presentation and the first version of each read count.
    """
    chosen = set(items)
    first: dict[tuple[str, str, str, str, str], ReadRow] = {}
    for row in rows:
        if row.item not in chosen or (row.instrument and row.instrument != instrument):
            continue
        key = (*row.unit, row.reader, row.item)
        kept = first.get(key)
        if kept is None or (row.repeat, row.read_version) < (kept.repeat, kept.read_version):
            first[key] = row
    found = []
    for unit in dict.fromkeys(key[:3] for key in first):
        grades = tuple(
            tuple(_grade(first.get((*unit, reader, item))) for reader in readers) for item in items
        )
        states = [
            {given.state for reader in readers if (given := first.get((*unit, reader, item))) is not None}
            for item in items
        ]
        splits = tuple({SCORED, NOT_ASSESSABLE} <= found_here for found_here in states)
        spans = [max(known) - min(known) for given in grades if len(known := _known(given)) > 1]
        found.append(CaseGrades(*unit, grades, max(spans, default=0.0), splits))
    return tuple(
        sorted(
            found,
            key=lambda one: (-one.largest_difference, not any(one.splits), one.case, one.side, one.visit),
        )
    )


def save_results(
    results: Results, format_id: str, out: Path, workspace: Workspace | None, progress: Progress
) -> list[Path]:
    """Write the tables (``"csv"``) or the report (``"html"``) into a folder.

    A study is exported with its manifest, and the export becomes an entry of its audit chain.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    if results.is_study:
        return export_study(
            workspace, results.source, format_id, out, sign_in=results.sign_in, progress=progress
        )
    return exporter(format_id).write(results.bundle, out, progress)


def _grade(row: ReadRow | None) -> float | None:
    return row.value if row is not None and row.state == SCORED else None


def _known(grades: Sequence[float | None]) -> list[float]:
    return [grade for grade in grades if grade is not None]
