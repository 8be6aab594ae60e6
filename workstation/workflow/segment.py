"""Masks of a study: bone regions from one click per bone, a recipe inside them, volumes and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.errors import DataError, StoreError
from workstation.imaging.study import Series
from workstation.masks.measure import Volume, volumes
from workstation.tasks import Progress, SilentProgress
from workstation.workflow.bone_regions import Seeds, VisitRegions, load, series_name
from workstation.workflow.clicks import checked_seeds, load_seeds

if TYPE_CHECKING:
    from workstation.masks.mask import Mask
    from workstation.masks.recipe import Recipe
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.workspace import Workspace

REGIONS = "regions"


@dataclass(frozen=True, eq=False)
class SeriesMasks:
    """What was made on one series."""

    series: Series
    mask: Mask
    regions: Mask


@dataclass(frozen=True, eq=False)
class SegmentReport:
    """What a recipe gave on a study.

    Attributes
    ----------
    masks : tuple of SeriesMasks
    volumes : tuple of Volume
        Every label in every bone of every series.
    refused : tuple of str
        One sentence per series on which nothing was made, with the reason.
    files : tuple of Path
        What was written; empty when nothing was asked to be.
    remedy : str
        What to do about the last series in `refused` that suited the recipe; empty if none was.
    """

    masks: tuple[SeriesMasks, ...]
    volumes: tuple[Volume, ...]
    refused: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    remedy: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know of a mask before believing it, one sentence each."""
        said = []
        for one in self.masks:
            if "overridden" in one.mask.parameters:
                reason = one.mask.parameters["overridden"]
                said.append(f"{one.series.label}: marked on images that the recipe refuses: {reason}.")
            if "warning" in one.mask.parameters:
                said.append(f"{one.series.label}: {one.mask.parameters['warning']}.")
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the command line."""
        numbers = {one.series.key: series_name(one.series) for one in self.masks}
        return {
            "volumes": [
                {
                    "series": numbers[row.series_key],
                    "region": row.region,
                    "label": row.label,
                    "voxels": row.voxels,
                    "volume_ml": row.volume_ml,
                    "percent": row.percent,
                    "recipe": row.recipe,
                    "version": row.version,
                    "parameters": dict(row.parameters),
                }
                for row in self.volumes
            ],
            "warnings": list(self.warnings),
            "refused": list(self.refused),
            "files": [str(path) for path in self.files],
        }


def segment_study(
    workspace: Workspace | None,
    study: str | Path,
    recipe: str,
    seeds: Path | Seeds,
    out: Path,
    *,
    parameters: Mapping[str, object] | None = None,
    series: Sequence[str] = (),
    progress: Progress,
) -> SegmentReport:
    """Make masks of a study and write them.

    In `out`: per series ``<SeriesNumber>[-<split>]-<recipe>.nii.gz``, ``…-regions.nii.gz`` and DICOM SEG
    (``.dcm``) of both, and ``volumes.csv``. Masks of a library case are kept with it.

    Parameters
    ----------
    study : str or Path
        Case code or UID of the library, or a folder of DICOM files.
    seeds : Path or mapping
        JSON file or mapping of bone to clicks, LPS mm.
    parameters : mapping, optional
        Of the recipe, where they differ from its defaults.
    series : sequence of str
        Names as in the files (``"4"``, ``"8-echo2"``); every suited series if empty.

    Raises
    ------
    DataError
        If the seeds cannot be used, or no series suits the recipe.
    StoreError
        If the files cannot be written.
    UsageError
        If the recipe or a parameter is not known.
    """
    from workstation.masks.recipe import recipe as recipe_named
    from workstation.workflow.open_study import open_study

    wanted = recipe_named(recipe)
    wanted.checked(parameters or {})
    clicks = load_seeds(seeds) if isinstance(seeds, Path) else checked_seeds(seeds)
    opened = open_study(workspace, study, SilentProgress())
    library = None if workspace is None else workspace.library.folder
    report = segment_opened(
        library, opened, recipe, clicks, parameters=parameters, series=series, progress=progress
    )
    if not report.masks:
        why = report.refused[0] if report.refused else "it has no series that the recipe can use"
        remedy = report.remedy or f"The recipe needs {wanted.needs}"
        raise DataError("No mask was made", why.rstrip("."), remedy)
    return replace(report, files=_written(report, recipe, out))


def segment_opened(
    library: Path | None,
    opened: OpenStudy,
    recipe: str,
    seeds: Seeds,
    *,
    parameters: Mapping[str, object] | None = None,
    series: Sequence[str] = (),
    progress: Progress,
) -> SegmentReport:
    """Make masks on every suited series of an open study; kept with the case where there is a library.

    A series that the recipe does not suit, or on which a bone cannot be outlined, is reported with the
    reason; the others go on. Everything that goes in and comes out can be sent to another process.

    Parameters
    ----------
    library : Path or None
        Folder of the library that keeps the masks.
    """
    from workstation.masks.recipe import recipe as recipe_named

    wanted = recipe_named(recipe)
    override = bool((parameters or {}).get("override"))
    suited = [
        one
        for one in opened.series
        if (not series or series_name(one) in series)
        and one.axis == "position"
        and (override or wanted.suits(one.weighting, one.fat_suppressed))
    ]
    refused = _unsuited(opened.series, wanted) if not suited else []
    remedy = ""
    made: list[SeriesMasks] = []
    shared = VisitRegions(opened.series, seeds)
    for done, one in enumerate(suited):
        progress.report(done, len(suited), f"Marking {one.label}")
        try:
            made.append(_on_series(one, wanted, opened.series, shared, parameters or {}, _Within(progress)))
        except DataError as error:
            refused.append(
                f"{one.label}: {error.what}: {error.why}." if error.why else f"{one.label}: {error.what}."
            )
            remedy = error.remedy
    progress.report(len(suited), len(suited), "Marked")
    if library is not None and opened.imported:
        _keep(library, opened.code, recipe, made)
    found = tuple(row for one in made for row in volumes(one.mask, one.regions))
    return SegmentReport(tuple(made), found, tuple(refused), remedy=remedy)


def kept_report(workspace: Workspace, code: str, recipe: str = "") -> SegmentReport:
    """The masks that are kept with a case, the newest of each series, with their volumes.

    Parameters
    ----------
    recipe : str
        Only this recipe's; every recipe's if empty.
    """
    from workstation.store.mask_files import DRAWN
    from workstation.workflow.bundles import case_masks

    kept = case_masks(workspace, code)
    regions = {one.series.key: one.mask for one in kept if one.name == REGIONS}
    made = tuple(
        SeriesMasks(one.series, one.mask, regions[one.series.key])
        for one in kept
        if one.name not in (REGIONS, DRAWN) and one.series.key in regions and recipe in ("", one.name)
    )
    return SegmentReport(made, tuple(row for one in made for row in volumes(one.mask, one.regions)))


class _Within:
    """Progress of one series: its own steps are not counted, but Stop is obeyed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def report(self, done: int, total: int, text: str = "") -> None:
        del done, total
        self._progress.report(0, 0, text)


def _on_series(
    series: Series,
    recipe: Recipe,
    visit: Sequence[Series],
    shared: VisitRegions,
    parameters: Mapping[str, object],
    progress: Progress,
) -> SeriesMasks:
    from workstation.masks.recipe import Material

    stack = load(series)
    regions = shared.on(series, stack, progress)
    beside, source = _edema_beside(series, recipe, visit, shared, progress)
    material = Material(stack, regions, series.weighting, series.fat_suppressed, beside)
    mask = recipe.run(material, parameters, progress)
    record = {**mask.parameters, "regions_from": regions.parameters["regions_from"]}
    if source:
        record["edema_from"] = source
    said = [str(one.parameters["warning"]) for one in (regions, mask) if "warning" in one.parameters]
    if said:
        record["warning"] = "; ".join(said)
    return SeriesMasks(series, replace(mask, parameters=record), regions)


def _edema_beside(
    series: Series, recipe: Recipe, visit: Sequence[Series], shared: VisitRegions, progress: Progress
) -> tuple[Mask | None, str]:
    """Edema of the fluid-sensitive series that cuts most like a T1 series, and its name.

    Edema is dark on T1 too and would be taken for low-T1 marrow.
    """
    from workstation.masks.recipe import Material
    from workstation.masks.recipe import recipe as recipe_named
    from workstation.masks.regions import transferred

    edema = recipe_named("edema")
    partners = [
        one
        for one in visit
        if recipe.respects == edema.name
        and one.axis == "position"
        and one.frame_of_reference_uid
        and one.frame_of_reference_uid == series.frame_of_reference_uid
        and edema.suits(one.weighting, one.fat_suppressed)
    ]
    geometry = load(series).geometry
    stacks = [(one, load(one)) for one in partners]
    usable = [(one, stack, stack.geometry) for one, stack in stacks if stack.geometry is not None]
    if geometry is None or not geometry.is_uniform or not usable:
        return None, ""
    partner, stack, there = max(usable, key=lambda one: abs(float(one[2].normal @ geometry.normal)))
    if not there.is_uniform:
        return None, ""
    try:
        regions = shared.on(partner, stack, progress)
        material = Material(stack, regions, partner.weighting, partner.fat_suppressed)
        marked = edema.run(material, {}, progress)
    except DataError:  # then T1 goes without: its own refusal, if any, says more than this one
        return None, ""
    return transferred(marked, series.key, geometry), series_name(partner)


def _unsuited(series: Sequence[Series], recipe: Recipe) -> list[str]:
    found = []
    for one in series:
        why = recipe.refusal(one.weighting, one.fat_suppressed) or "it shows one place at many times"
        found.append(f"{one.label}: {why}.")
    return found


def _keep(library: Path, code: str, recipe: str, made: Sequence[SeriesMasks]) -> None:
    from workstation.store.mask_files import keep_mask

    for one in made:
        keep_mask(library, code, recipe, one.mask)
        keep_mask(library, code, REGIONS, one.regions)


def _written(report: SegmentReport, recipe: str, out: Path) -> tuple[Path, ...]:
    from workstation.export.csv_tables import VolumeRow, write_volumes
    from workstation.export.dicom_seg import write_seg
    from workstation.export.nifti import write_mask

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "The masks were not written", error.strerror or "disk", "Choose another folder"
        ) from error
    files: list[Path] = []
    for one in report.masks:
        name = series_name(one.series)
        for kind, mask in ((recipe, one.mask), (REGIONS, one.regions)):
            path = out / f"{name}-{kind}.nii.gz"
            write_mask(mask, path)
            files.append(path)
            if mask.labels.any():  # an object without a marked voxel cannot be a DICOM segmentation
                path = out / f"{name}-{kind}.dcm"
                write_seg(mask, one.series, path)
                files.append(path)
    names = {one.series.key: series_name(one.series) for one in report.masks}
    rows = [
        VolumeRow(
            names[row.series_key], row.region, row.label, row.voxels, row.volume_ml, row.percent,
            row.recipe, row.version, dict(row.parameters),
        )
        for row in report.volumes
    ]  # fmt: skip
    write_volumes(out / "volumes.csv", rows)
    return (*files, out / "volumes.csv")
