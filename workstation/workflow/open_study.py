"""Open what is to be looked at: a case of the library, or a folder of DICOM files as it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import DataError, StoreError
from workstation.imaging.study import Instance, Joint, Laterality, Series
from workstation.store.case_rules import Evidence, group_series
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.workspace import Workspace


@dataclass(frozen=True)
class OpenStudy:
    """Series to show, under a code; no name, number or date of a patient.

    Attributes
    ----------
    code : str
        Case code; ``"folder"`` for files that were not imported.
    title : str
        What a window or a page calls it.
    series : tuple of Series
        In order of visit and series number.
    visits : mapping of str to str
        Visit label of each series key; empty labels for a folder.
    corner_text : tuple of str
        Lines a picture may carry, from the blinded case only.
    warnings : tuple of str
        What could not be opened, or needs a decision, one sentence each.
    """

    code: str
    title: str
    series: tuple[Series, ...]
    joint: Joint | None
    laterality: Laterality | None
    laterality_confirmed: bool
    visits: Mapping[str, str] = field(default_factory=dict)
    corner_text: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    imported: bool = True


def open_study(workspace: Workspace | None, study: str | Path, progress: Progress) -> OpenStudy:
    """Open a case code, a UID (original or of the library), or a folder of DICOM files.

    Parameters
    ----------
    workspace : Workspace or None
        None opens folders only.
    study : str or Path
        A code of the library goes before a folder of the same name.

    Raises
    ------
    DataError
        If the folder is missing, or holds no picture that can be shown.
    StoreError
        If no case is called that.
    """
    if workspace is not None and isinstance(study, str):
        found = _case_code(workspace, study)
        if found is not None:
            return _from_library(workspace, found)
    path = Path(study)
    if path.exists():
        return open_folder(path, progress)
    if workspace is None or isinstance(study, Path) or path.is_absolute():
        raise DataError("The study was not opened", f"{study} does not exist", "Check the name")
    raise StoreError(
        "The study was not opened",
        f"{study} is neither a case of the library nor a folder",
        "List the cases with: marrow library",
    )


def _case_code(workspace: Workspace, name: str) -> str | None:
    library = workspace.library
    found = library.find(name)
    if found is None and name.count(".") > 3 and name.replace(".", "").isdigit():
        # An original UID comes back by hashing it; nothing in the library could tell it otherwise.
        from workstation.imaging.deidentify import Deidentifier

        found = library.find(Deidentifier(library.key).uid(name))
    return found


def _from_library(workspace: Workspace, code: str) -> OpenStudy:
    library = workspace.library
    case = library.case(code)
    warnings = []
    if not case.laterality_confirmed:
        warnings.append("The side of this case is not confirmed; it cannot be scored until it is.")
    return OpenStudy(
        code=case.code,
        title=case.code,
        series=library.series(code),
        joint=case.joint,
        laterality=case.laterality,
        laterality_confirmed=case.laterality_confirmed,
        visits=library.visit_of(code),
        corner_text=(case.code,),
        warnings=tuple(warnings),
    )


def open_folder(path: Path, progress: Progress) -> OpenStudy:
    """Read the pictures of a folder or file without importing them.

    Raises
    ------
    DataError
        If nothing in it can be shown.
    """
    from workstation.imaging.assemble import build_series

    instances, studies, refused = read_headers(path, progress)
    if not instances:
        why = "it holds no DICOM picture"
        if refused:
            why += f", and {refused} files that cannot be read as they are (damaged, or inside an archive)"
        raise DataError("The study was not opened", why, "Choose another folder")
    series = build_series(instances)
    evidence = [Evidence(s.key, "", s.joint, s.laterality, s.frame_of_reference_uid) for s in series]
    grouping = group_series(evidence)
    places = list(grouping.members)
    place = places[0] if len(places) == 1 else None
    warnings = []
    if refused:
        warnings.append(f"{refused} files could not be read; import the folder to see which and why.")
    if studies > 1:
        warnings.append(f"The folder holds {studies} studies; they are shown together.")
    return OpenStudy(
        code="folder",
        title="Folder of DICOM files (not imported)",
        series=series,
        joint=place.joint if place else None,
        laterality=place.laterality if place else None,
        laterality_confirmed=place in grouping.certain if place else False,
        visits=dict.fromkeys((found.key for found in series), ""),
        corner_text=("not imported",),
        warnings=tuple(warnings),
        imported=False,
    )


def read_headers(path: Path, progress: Progress) -> tuple[list[Instance], int, int]:
    """Every picture under a path.

    Returns
    -------
    (list of Instance, int, int)
        Planes in the order found, number of studies, and number of damaged files.
    """
    from workstation.imaging.dicom import read_file
    from workstation.imaging.dicom_elements import NotDicomError
    from workstation.imaging.dicom_kinds import Kind
    from workstation.imaging.sources import walk

    instances: list[Instance] = []
    studies: set[str] = set()
    refused = 0
    last = time.monotonic()
    for number, source in enumerate(walk([path])):
        if time.monotonic() - last > 0.1:
            last = time.monotonic()
            progress.report(number, 0, "reading headers")
        if source.member or source.refusal:
            # Planes are read again from their file when they are shown; members of an archive have none.
            refused += 1
            continue
        try:
            file = read_file(source.file)
        except NotDicomError:
            continue
        except DataError:
            refused += 1
            continue
        if file.kind is Kind.IMAGE and file.instances:
            instances += file.instances
            studies.add(file.study_instance_uid)
    return instances, len(studies), refused
