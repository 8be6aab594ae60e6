"""A study made on the set-up page: the same checks as for a plan that was written by hand."""

from __future__ import annotations

from pathlib import Path

from workstation.errors import StoreError
from workstation.reading.plan import StudyPlan, parse_plan
from workstation.scoring.instrument import instruments
from workstation.store.study_store import StudyStore
from workstation.workflow.workspace import Workspace


def set_up_study(plan: StudyPlan, folder: Path, workspace: Workspace) -> None:
    """Make a study folder from a plan and the library that has its images.

    Raises
    ------
    ResourceError
        If the plan has a mistake.
    StoreError
        If the folder holds other things, or cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise StoreError(
            "The study was not made", "its folder is not empty", "Choose a new or an empty folder"
        )
    cases = {case.code: case.joint for case in workspace.library.cases()}
    checked = parse_plan(plan.to_toml(), instruments(), cases)
    StudyStore.create(folder, checked, library=str(workspace.library.folder.absolute())).close()
