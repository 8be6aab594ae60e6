"""A reading study as a person opens it: made from a plan, read case by case, verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workstation import settings
from workstation.errors import DataError
from workstation.imaging.study import Case
from workstation.reading.plan import load_plan
from workstation.scoring.instrument import instruments
from workstation.store.library import Library
from workstation.store.study_store import DATABASE, StudyStore
from workstation.workflow.accounts import accounts_of, plan_signers, with_accounts
from workstation.workflow.known_answers import completed_plan
from workstation.workflow.late import UNSEALED
from workstation.workflow.open_read import OpenRead
from workstation.workflow.reader_desk import ReaderDesk, WorklistEntry
from workstation.workflow.secret_orders import draw_orders
from workstation.workflow.study import Study
from workstation.workflow.study_status import StatusRow
from workstation.workflow.subject_table import with_facts
from workstation.workflow.workspace import Workspace

__all__ = ["UNSEALED", "OpenRead", "ReaderDesk", "StatusRow", "Study", "WorklistEntry"]
__all__ += ["create_study", "open_study_folder", "open_study_with_library", "require_study"]


def create_study(
    plan_file: Path,
    folder: Path,
    library: Path | None = None,
    accounts: Path | None = None,
    passphrase_of: Callable[[str], str] | None = None,
    subjects: Path | None = None,
) -> Study:
    """Make a study folder from a plan, or give a study that nobody began a new plan.

    Where accounts are, the study is sealed unless the plan says ``mode = "none"``.

    Parameters
    ----------
    accounts : Path, optional
        Folder of the accounts; by default ``accounts`` in the study's folder.
    passphrase_of : callable, optional
        Asked for the passphrases of those who sign the plan: the coordinator, or both readers. Without it
        they sign when they first sign in.
    library : Path, optional
        Where the cases' images are; by default the person's own library. The case codes are checked
        against it. When no library was ever made there, they cannot be checked and are taken as written.
    subjects : Path, optional
        Table of sex and age, where the plan reveals them; by default the crosswalk beside the library.

    Raises
    ------
    ResourceError
        If the plan has a mistake: the line and what is wrong.
    ProtocolViolation
        If reading has begun: the plan is frozen.
    """
    cases: dict[str, Case] | None = None
    opened = _library_at(library, must_exist=library is not None)
    try:
        if opened is not None:
            cases = {case.code: case for case in opened.cases()}
        joints = None if cases is None else {code: case.joint for code, case in cases.items()}
        people = accounts_of(folder, accounts)
        plan = with_accounts(load_plan(plan_file, instruments(), joints), people)
        plan = with_facts(plan, subjects, opened.folder if opened is not None else None)
        plan = completed_plan(plan, plan_file.parent, people, cases)
        known: dict[str, str] = {}
        if passphrase_of is not None and plan.sealing is not None:
            here = [card.name for card in plan.sealing.signers if card.name not in people.away()]
            known = {name: passphrase_of(name) for name in here}
        signers = plan_signers(plan, people, known)
        place = str((library or settings.default_library()).absolute()) if opened is not None else ""
        store = StudyStore.create(folder, plan, library=place, signers=signers)
        draw_orders(store, plan, signers)
        store.signers.clear()  # signing the plan is not signing in
        return Study(store, accounts=accounts)
    finally:
        if opened is not None:
            opened.close()


def open_study_folder(
    folder: Path, workspace: Workspace | None = None, accounts: Path | None = None
) -> Study:
    """Open a study, with the library that has its images or without.

    Without a library a case's side is not known and not checked; only its code is shown. `accounts` names
    another folder of accounts than the study's own.

    Raises
    ------
    StoreError
        If there is no study in the folder, or it cannot be opened.
    """
    return Study(StudyStore.open(folder), workspace.library if workspace else None, accounts)


def require_study(folder: Path) -> None:
    """Refuse a folder that a person chose and that holds no study.

    Raises
    ------
    DataError
    """
    if not (folder / DATABASE).is_file():
        raise DataError(
            "The study was not opened",
            f"the folder {folder.name} holds no reading study",
            "Choose the folder that was named when the study was made",
        )


@contextmanager
def open_study_with_library(
    folder: Path, library: Path | None = None, accounts: Path | None = None
) -> Iterator[Study]:
    """Open a study with the library it was made with, or another one; both are closed at the end.

    Raises
    ------
    StoreError
        If either cannot be opened. A library that was named with the study and is no longer there is done
        without.
    """
    store = StudyStore.open(folder)
    opened: Library | None = None
    try:
        kept = Path(store.library) if store.library else None
        place = library or (kept if kept is not None and kept.is_dir() else None)
        opened = _library_at(place, must_exist=True) if place is not None else None
        with Study(store, opened, accounts) as study:
            yield study
    finally:
        store.close()
        if opened is not None:
            opened.close()


def _library_at(folder: Path | None, *, must_exist: bool) -> Library | None:
    place = folder or settings.default_library()
    if not must_exist and not place.is_dir():
        return None
    return Library.open(place, create=False)
