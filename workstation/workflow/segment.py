"""Masks of a study: bone regions from one click per bone, a recipe inside them, volumes and files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    report = segment_opened(workspace, opened, recipe, clicks, progress, parameters=parameters, series=series)
    if not report.masks:
        why = report.refused[0] if report.refused else "it has no series that the recipe can use"
        raise DataError("No mask was made", why.rstrip("."), f"The recipe needs {wanted.needs}")
    return SegmentReport(report.masks, report.volumes, report.refused, _written(report, recipe, out))


def segment_opened(
    workspace: Workspace | None,
    opened: OpenStudy,
    recipe: str,
    seeds: Seeds,
    progress: Progress,
    *,
    parameters: Mapping[str, object] | None = None,
    series: Sequence[str] = (),
) -> SegmentReport:
    """Make masks on every suited series of an open study; kept with the case where there is a library.

    A series that the recipe does not suit, or on which a bone cannot be outlined, is reported with the
    reason; the others go on.
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
    shared = _SharedRegions(opened.series, seeds)
    for done, one in enumerate(suited):
        progress.report(done, len(suited), f"Marking {one.label}")
        try:
            made.append(_on_series(one, wanted, shared, parameters or {}, _Within(progress)))
        except DataError as error:
            refused.append(f"{one.label}: {error.why or error.what}.")
    progress.report(len(suited), len(suited), "Marked")
    if workspace is not None and opened.imported:
        _keep(workspace, opened.code, recipe, made)
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
    """Bone regions of a visit: grown on the series itself, else carried over from its T1 images."""

    def __init__(self, series: Sequence[Series], seeds: Seeds) -> None:
        self._series = series
        self._seeds = seeds
        self._grown: dict[str, Mask] = {}

    def on(self, series: Series, stack: Stack, progress: Progress) -> Mask:
        """Regions on the grid of a series.

        Raises
        ------
        DataError
            If no region can be made there, with the reason found on the series itself.
        """
        from workstation.masks.regions import bone_region, transferred

        try:
            return self._grow(series, stack, progress, bone_region)
        except DataError as refusal:
            donor = self._donor(series)
            if donor is None or stack.geometry is None:
                raise
            try:
                grown = self._grow(donor, _load(donor), progress, bone_region)
                return transferred(grown, series.key, stack.geometry)
            except DataError:
                raise refusal from None

    def _grow(self, series: Series, stack: Stack, progress: Progress, bone_region: Any) -> Mask:
        if series.key not in self._grown:
            self._grown[series.key] = bone_region(stack, self._seeds, progress)
        return self._grown[series.key]

    def _donor(self, series: Series) -> Series | None:
        frame = series.frame_of_reference_uid
        return next(
            (
                one
                for one in self._series
                if one.key != series.key
                and frame
                and one.frame_of_reference_uid == frame
                and one.weighting is Weighting.T1
                and not one.fat_suppressed
            ),
            None,
        )


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
    return SeriesMasks(series, recipe.run(material, parameters, progress), regions)


def _load(series: Series) -> Stack:
    from workstation.imaging.load import load_stack

    return load_stack(series, SilentProgress())


def _unsuited(series: Sequence[Series], recipe: Recipe) -> list[str]:
    found = []
    for one in series:
        why = recipe.refusal(one.weighting, one.fat_suppressed) or "it shows one place at many times"
        found.append(f"{one.label}: {why}.")
    return found


def _keep(workspace: Workspace, code: str, recipe: str, made: Sequence[SeriesMasks]) -> None:
    from workstation.store.mask_files import keep_mask

    for one in made:
        keep_mask(workspace.library.folder, code, recipe, one.mask)
        keep_mask(workspace.library.folder, code, REGIONS, one.regions)


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
