"""Masks of a study: bone regions from one click per bone, a recipe inside them, volumes and files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.errors import DataError, StoreError
from workstation.imaging.study import Series, Weighting
from workstation.masks.measure import Volume, volumes
from workstation.tasks import Progress, SilentProgress

if TYPE_CHECKING:
    from workstation.imaging.volume import Stack
    from workstation.masks.mask import Mask
    from workstation.masks.recipe import Recipe
    from workstation.masks.regions import Outline
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.workspace import Workspace

Seeds = Mapping[str, Sequence[Sequence[float]]]
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
    """

    masks: tuple[SeriesMasks, ...]
    volumes: tuple[Volume, ...]
    refused: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know of a mask before believing it, one sentence per series."""
        return tuple(
            f"{one.series.label}: {one.mask.parameters['warning']}."
            for one in self.masks
            if "warning" in one.mask.parameters
        )

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
        raise DataError("No mask was made", why.rstrip("."), f"The recipe needs {wanted.needs}")
    return SegmentReport(report.masks, report.volumes, report.refused, _written(report, recipe, out))


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
    made: list[SeriesMasks] = []
    shared = _SharedRegions(opened.series, seeds, [one.key for one in suited])
    for done, one in enumerate(suited):
        progress.report(done, len(suited), f"Marking {one.label}")
        try:
            made.append(_on_series(one, wanted, shared, parameters or {}, _Within(progress)))
        except DataError as error:
            refused.append(f"{one.label}: {error.why or error.what}.")
    progress.report(len(suited), len(suited), "Marked")
    if library is not None and opened.imported:
        _keep(library, opened.code, recipe, made)
    found = tuple(row for one in made for row in volumes(one.mask, one.regions))
    return SegmentReport(tuple(made), found, tuple(refused))


def kept_report(workspace: Workspace, code: str, recipe: str = "") -> SegmentReport:
    """The masks that are kept with a case, the newest of each series, with their volumes.

    Parameters
    ----------
    recipe : str
        Only this recipe's; every recipe's if empty.
    """
    from workstation.workflow.bundles import case_masks

    kept = case_masks(workspace, code)
    regions = {one.series.key: one.mask for one in kept if one.name == REGIONS}
    made = tuple(
        SeriesMasks(one.series, one.mask, regions[one.series.key])
        for one in kept
        if one.name != REGIONS and one.series.key in regions and recipe in ("", one.name)
    )
    return SegmentReport(made, tuple(row for one in made for row in volumes(one.mask, one.regions)))


def load_seeds(path: Path) -> dict[str, list[list[float]]]:
    """Read clicks per bone from JSON.

    Raises
    ------
    DataError
        In one sentence: no file, no JSON, or not clicks.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            "The clicks were not read", f"{path.name}: {error.strerror}", "Check --seeds"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError("The clicks were not read", f"{path.name} is no JSON{where}", _SHAPE) from error
    return checked_seeds(data)


_SHAPE = 'Write {"femur": [[x, y, z]], "tibia": [[x, y, z]]}, LPS mm'


def checked_seeds(data: object) -> dict[str, list[list[float]]]:
    """Clicks per bone as numbers.

    Raises
    ------
    DataError
        If something is no click.
    """
    if not isinstance(data, Mapping) or not data:
        raise DataError("The clicks were not used", "they name no bone", _SHAPE)
    found: dict[str, list[list[float]]] = {}
    for bone, points in data.items():
        if not isinstance(points, Sequence) or isinstance(points, str) or not points:
            raise DataError("The clicks were not used", f"{bone} has no click", _SHAPE)
        found[str(bone)] = [_point(str(bone), point) for point in points]
    return found


def _point(bone: str, point: object) -> list[float]:
    is_triplet = isinstance(point, Sequence) and not isinstance(point, str) and len(point) == 3
    values = list(point) if is_triplet and isinstance(point, Sequence) else []
    numbers = [
        v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
    ]
    if len(numbers) != 3:
        raise DataError("The clicks were not used", f"a click on {bone} is not three finite numbers", _SHAPE)
    return [float(v) for v in numbers]


def series_name(series: Series) -> str:
    """SeriesNumber with the split key where one series was split, as in file names."""
    number = "series" if series.series_number is None else str(series.series_number)
    return f"{number}-{series.split}" if series.split else number


class _Within:
    """Progress of one series: its own steps are not counted, but Stop is obeyed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def report(self, done: int, total: int, text: str = "") -> None:
        del done, total
        self._progress.report(0, 0, text)


class _SharedRegions:
    """Bone regions of a visit: grown on each series that shows bone well, then agreed among them."""

    def __init__(self, series: Sequence[Series], seeds: Seeds, asked: Sequence[str]) -> None:
        self._series = series
        self._asked = asked
        self._seeds = seeds
        self._grown: dict[str, Mask | DataError] = {}
        self._outlines: dict[str, tuple[Outline, ...]] = {}

    def on(self, series: Series, stack: Stack, progress: Progress) -> Mask:
        """Regions on the grid of a series.

        `Mask.parameters` says from which series they come, and why the series itself had no say.

        Raises
        ------
        DataError
            If no region can be made there, with the reason found on the series itself.
        """
        from workstation.masks.regions import agreed, geometry_of, outlined

        geometry = geometry_of(stack)
        own = self._grow(series, stack, progress)
        heard = [] if isinstance(own, DataError) else [series]
        if geometry.frame_of_reference_uid:
            heard += [
                one
                for one in self._others(series)
                if not isinstance(self._grow(one, None, progress), DataError)
            ]
        if not heard:
            assert isinstance(own, DataError)
            raise own
        for one in heard:
            grown = self._grown[one.key]
            if one.key not in self._outlines and not isinstance(grown, DataError):
                weight = _T1_WEIGHT if one.weighting is Weighting.T1 else 1.0
                self._outlines[one.key] = outlined(grown, weight)
        outlines = [outline for one in heard for outline in self._outlines[one.key]]
        found = agreed(outlines, series.key, geometry)
        if not found.labels.any():
            raise (
                own
                if isinstance(own, DataError)
                else DataError("No bone region was made", "the clicked bones are not on this series")
            )
        record: dict[str, float | str] = {"regions_from": ", ".join(series_name(one) for one in heard)}
        if isinstance(own, DataError):
            record["warning"] = f"bones outlined on other series only, since {own.why or own.what}"
        return replace(found, parameters=record)

    def _grow(self, series: Series, stack: Stack | None, progress: Progress) -> Mask | DataError:
        from workstation.masks.regions import bone_region

        if series.key not in self._grown:
            try:
                self._grown[series.key] = bone_region(stack or _load(series), self._seeds, progress)
            except DataError as refusal:
                self._grown[series.key] = refusal
        return self._grown[series.key]

    def _others(self, series: Series) -> list[Series]:
        # T1 shows cortex best and always has a say; of the rest those that are outlined anyway. For T1
        # itself two that disagree could not be settled: there every series that shows bone well has a say.
        return [
            one
            for one in self._series
            if one.key != series.key
            and one.frame_of_reference_uid == series.frame_of_reference_uid
            and one.axis == "position"
            and len(one.instances) > 3
            and (one.key in self._asked or series.weighting is Weighting.T1 or one.weighting is Weighting.T1)
            and (
                one.weighting is Weighting.STIR
                or (one.weighting is Weighting.T1 and not one.fat_suppressed)
                or (one.weighting in (Weighting.PD, Weighting.T2) and one.fat_suppressed)
            )
        ]


_T1_WEIGHT = 2.0
"""How much more T1 says of a bone's outline than fat-suppressed images do; unvalidated."""


def _on_series(
    series: Series,
    recipe: Recipe,
    shared: _SharedRegions,
    parameters: Mapping[str, object],
    progress: Progress,
) -> SeriesMasks:
    from workstation.masks.recipe import Material

    stack = _load(series)
    regions = shared.on(series, stack, progress)
    material = Material(stack, regions, series.weighting, series.fat_suppressed)
    mask = recipe.run(material, parameters, progress)
    record = {**mask.parameters, "regions_from": regions.parameters["regions_from"]}
    said = [str(one.parameters["warning"]) for one in (regions, mask) if "warning" in one.parameters]
    if said:
        record["warning"] = "; ".join(said)
    return SeriesMasks(series, replace(mask, parameters=record), regions)


def _load(series: Series) -> Stack:
    from workstation.imaging.load import load_stack

    return load_stack(series, SilentProgress())


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
