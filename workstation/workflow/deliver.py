"""Export: a study or a case leaves as files, whole or not at all, with a manifest beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation import INTENDED_USE, __version__
from workstation.errors import DataError, ProtocolViolation, StoreError, UsageError
from workstation.export.exporter import Bundle, Exporter, exporter
from workstation.reading.visibility import Role, Viewer
from workstation.settings import default_library
from workstation.store.library import Library
from workstation.store.study_store import DATABASE, StudyStore
from workstation.tasks import Progress
from workstation.workflow.bundles import case_bundle, study_bundle
from workstation.workflow.read_case import Study, open_study_folder
from workstation.workflow.undecided import require_decided
from workstation.workflow.visit_words import visits_in_library
from workstation.workflow.workspace import Workspace, open_workspace

MANIFEST = "export.json"
SignIn = Callable[[Study], None]
EXPORT_BEGUN, EXPORTED = "export begun", "exported"


@contextmanager
def workspace_for(study: str | Path, library: Path | None) -> Iterator[Workspace | None]:
    """The library to export from: the named one, else the one a study was made with, else the own one.

    None where a study is exported and no library is left: its scores need none.

    Raises
    ------
    StoreError
        If the named library, or for a case any library, cannot be opened.
    """
    folder = Path(study)
    place = library
    if place is None and (folder / DATABASE).is_file():
        store = StudyStore.open(folder)
        place = Path(store.library or default_library())
        store.close()
        if not place.is_dir():
            yield None
            return
    with open_workspace(place, create=False) as workspace:
        yield workspace


def export_study(
    workspace: Workspace | None,
    study: str | Path,
    formats: str | Sequence[str],
    out: Path,
    *,
    reader: str = "",
    sign_in: SignIn | None = None,
    progress: Progress,
) -> list[Path]:
    """Write a reading study, or one case of the library, in one or more formats.

    Everything is first written apart; only then do files appear in `out`, so that a full disk or a
    refusal leaves what was there. ``export.json`` says what the files are, their digests, the study's
    audit head and the intended use.

    Parameters
    ----------
    workspace : Workspace or None
        The library with the cases' masks and images; without one a study's scores only.
    study : str or Path
        Folder of a reading study, or a case code or UID of the library.
    formats : str or sequence of str
        Ids of exporters: ``"csv"``, ``"html"``, ``"nifti"``, ``"seg"``.
    out : Path
        Made if absent. Files of an earlier export are replaced, other files never.
    reader : str
        Export as this reader: the own reads only until the study may be compared.
    sign_in : callable, optional
        Given the open study; signs in to a sealed one.

    Returns
    -------
    list of Path
        The files written, in `out`, the manifest last.

    Raises
    ------
    UsageError
        If a format is not known.
    ProtocolViolation
        If nothing may be seen yet.
    DataError
        If there is nothing to export in a format.
    StoreError
        If the disk refuses, or a file that no export made is in the way.
    """
    chosen = _exporters([formats] if isinstance(formats, str) else formats)
    folder = Path(study)
    if (folder / DATABASE).is_file():
        with open_study_folder(folder, workspace) as opened:
            if sign_in is not None:
                sign_in(opened)
            return export_open_study(
                opened, workspace, [one.id for one in chosen], out, reader=reader, progress=progress
            )
    if workspace is None:
        raise StoreError(
            "Nothing was exported", f"{folder.name} is no reading study", "Name the folder of a study"
        )
    code = workspace.library.case(str(study)).code
    wants_pictures = any(one.id == "html" for one in chosen)
    bundle = case_bundle(workspace, code, with_pictures=wants_pictures, progress=progress)
    return _deliver(bundle, chosen, out, progress)


def export_open_study(
    study: Study,
    workspace: Workspace | None,
    formats: Sequence[str],
    out: Path,
    *,
    reader: str = "",
    progress: Progress,
) -> list[Path]:
    """As `export_study`, of a study that is open with whoever is signed in."""
    chosen = _exporters(formats)
    actor = study.actor(reader or "coordinator")
    viewer = Viewer(Role.COORDINATOR)
    if reader:
        study.plan.require_reader(reader)
        viewer = Viewer(Role.READER, reader)
    require_decided(study, "Nothing was exported")
    wants_pictures = any(one.id == "html" for one in chosen)
    bundle = study_bundle(study, workspace, viewer, with_pictures=wants_pictures, progress=progress)
    if not bundle.reads and any(one.id == "csv" for one in chosen):
        raise ProtocolViolation(
            "Nothing was exported",
            "no read is locked yet"
            if reader
            else f"{study.not_locked_yet}, and until then no score may be seen",
            "Lock the reads first" if reader else "A reader can export the own reads with --reader",
        )
    if reader and workspace is not None and any(one.id == "seg" for one in chosen):
        _require_no_dates(study, workspace.library, bundle)
    # Recorded before writing, so that the head in the files includes it; that they were written, after it.
    named = [one.id for one in chosen]
    begun = study.store.record(actor, EXPORT_BEGUN, {"formats": named})
    written = _deliver(replace(bundle, audit_head=begun.digest), chosen, out, progress)
    manifest = _digest(written[-1])
    study.store.record(actor, EXPORTED, {"formats": named, "files": len(written), "manifest": manifest})
    return written


def _require_no_dates(study: Study, library: Library, bundle: Bundle) -> None:
    """Refuse a reader the files that carry the dates of visits, while their order must not be known."""
    if study.plan.blinding.knows_order:
        return
    opened = study.unsealed_cases()
    for case in {mask.case for mask in bundle.masks} - set(opened):
        if visits_in_library(library, case):
            raise ProtocolViolation(
                "DICOM SEG was not exported",
                "its files carry the dates of their visits, and this plan hides which visit came first",
                "Export NIfTI, or wait until the reads are open",
            )


def _exporters(formats: Sequence[str]) -> list[Exporter]:
    if not formats:
        raise UsageError("Nothing was exported", "no format is named", "Name csv, html, nifti or seg")
    return [exporter(one) for one in dict.fromkeys(formats)]


def _deliver(bundle: Bundle, chosen: Sequence[Exporter], out: Path, progress: Progress) -> list[Path]:
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    except OSError as error:
        raise _disk(error) from error
    try:
        made: dict[Path, str] = {}
        for one in chosen:
            files = one.write(bundle, staging, progress)
            if not files:
                raise _nothing(bundle, one)
            made |= {path.relative_to(staging): one.id for path in files}
        _refuse_foreign(out, made)
        manifest = _manifest(bundle, staging, made, _earlier(out))
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        for relative in (*made, Path(MANIFEST)):
            target = out / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            (staging / relative).replace(target)
    except OSError as error:
        raise _disk(error) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(staging)
            if is_new:
                out.rmdir()  # goes only while empty: a refused export leaves no folder behind
    return [out / relative for relative in (*made, Path(MANIFEST))]


def _nothing(bundle: Bundle, one: Exporter) -> DataError:
    what = f"{one.title} were not exported"
    if "masks" in one.needs and bundle.masks:
        return DataError(what, "its masks mark nothing")
    if one.needs == "masks":
        return DataError(what, f"{bundle.title} has no mask", "Make one first: marrow segment")
    return DataError(what, f"{bundle.title} has no {one.needs}", "Export the folder of a reading study")


def _refuse_foreign(out: Path, made: dict[Path, str]) -> None:
    """Files that an export did not make, or that were changed since, stay untouched."""
    earlier = _earlier(out)
    for relative in (*made, Path(MANIFEST)):
        target = out / relative
        if not target.exists():
            continue
        known = earlier.get(relative.as_posix(), {}).get("sha256")
        is_own = (known is not None and target.is_file() and known == _digest(target)) or (
            relative == Path(MANIFEST) and bool(earlier)
        )
        if not is_own:
            raise StoreError(
                "Nothing was exported",
                f"{relative.as_posix()} is already in the folder and no export made it, or it was changed",
                "Choose another folder, or move that file away",
            )


def _earlier(out: Path) -> dict[str, dict[str, Any]]:
    try:
        listed = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return {str(one["path"]): one for one in listed["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _manifest(
    bundle: Bundle, staging: Path, made: dict[Path, str], earlier: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    files = dict(earlier)
    for relative, format_id in made.items():
        files[relative.as_posix()] = {
            "path": relative.as_posix(),
            "format": format_id,
            "sha256": _digest(staging / relative),
        }
    return {
        "intended_use": INTENDED_USE,
        "program": f"Marrow Reading Workstation {__version__}",
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": bundle.title,
        "study": bundle.study,
        "audit_head": bundle.audit_head,
        "limits": bundle.limits,
        "facts": dict(bundle.facts),
        "files": [files[path] for path in sorted(files)],
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _disk(error: OSError) -> StoreError:
    return StoreError(
        "Nothing was exported",
        error.strerror or "the disk refused",
        "Choose another folder, or free some space",
    )
