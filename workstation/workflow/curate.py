"""What the coordinator decides about cases, and the crosswalk kept in step with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workstation.imaging.study import Case, Joint, Laterality
from workstation.store import crosswalk
from workstation.workflow.workspace import Workspace


def confirm_side(
    workspace: Workspace,
    code: str,
    side: Laterality,
    by: str,
    joint: Joint | None = None,
    crosswalk_file: Path | None = None,
) -> Case:
    """Set the side of a case (and the joint, where the files name none); recorded with who and when.

    Raises
    ------
    StoreError
        If the case is unknown or its joint neither known nor given.
    """
    case = workspace.library.confirm_laterality(code, side, by, joint)
    _refresh(workspace, crosswalk_file)
    return case


def confirm_sides(
    workspace: Workspace,
    codes: Sequence[str],
    side: Laterality,
    by: str,
    joint: Joint | None = None,
    crosswalk_file: Path | None = None,
) -> tuple[Case, ...]:
    """Set the same side (and joint) for several cases; each is recorded with who and when.

    Raises
    ------
    StoreError
        If one of them is unknown, or its joint neither known nor given: then none is changed.
    """
    library = workspace.library
    if joint is None:
        for code in codes:
            if library.case(code).joint is None:
                # Refused by the library with its own words, before anything is kept.
                library.confirm_laterality(code, side, by, None)
    else:
        for code in codes:
            library.case(code)
    cases = tuple(library.confirm_laterality(code, side, by, joint) for code in codes)
    _refresh(workspace, crosswalk_file)
    return cases


def join(workspace: Workspace, first: str, second: str, by: str, crosswalk_file: Path | None = None) -> Case:
    """Make one case of two that `Library.join_candidates` offers.

    Raises
    ------
    StoreError
        If nothing in the data says that they belong together.
    """
    case = workspace.library.join(first, second, by)
    _refresh(workspace, crosswalk_file)
    return case


def keep_apart(workspace: Workspace, first: str, second: str, by: str) -> None:
    """Record that two cases are not one examination; they are not offered for joining again.

    Raises
    ------
    StoreError
        If a case is unknown.
    """
    workspace.library.keep_apart(first, second, by)


def who() -> str:
    """Name under which a decision made at this computer is kept: that of the login."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "coordinator"


def part(workspace: Workspace, code: str, by: str, crosswalk_file: Path | None = None) -> tuple[Case, ...]:
    """Undo the joins of a case.

    Raises
    ------
    StoreError
        If it was never joined.
    """
    cases = workspace.library.part(code, by)
    _refresh(workspace, crosswalk_file)
    return cases


def _refresh(workspace: Workspace, crosswalk_file: Path | None) -> None:
    from workstation.imaging.deidentify import Deidentifier

    library = workspace.library
    crosswalk.refresh(
        crosswalk_file or crosswalk.default_path(library.folder),
        library.folder,
        library.case_studies(),
        Deidentifier(library.key).uid,
    )
