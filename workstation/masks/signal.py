"""Signal as recipes need it: coil field removed, healthy reference found, small things cleaned away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.landscape import disk
from workstation.masks.mask import NOT_MEASURED
from workstation.tasks import Progress

Voxels = NDArray[np.float32]
Region = NDArray[np.bool_]

MINIMUM_REFERENCE = 200
"""A reference from fewer voxels is refused (project value)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Healthy signal: robust centre and spread of `count` voxels."""

    center: float
    spread: float
    count: int


def real_values(stack: Stack) -> Voxels:
    """Real values of a whole series, float32, shape (slices, rows, columns)."""
    values = stack.voxels.astype(np.float32)
    values *= np.float32(stack.slope)
    values += np.float32(stack.intercept)
    return values


def without_coil_field(values: Voxels, inside: Region, progress: Progress, shrink: int = 4) -> Voxels:
    """Values divided by the slow field of the receive coil (N4, Tustison 2010), on a shrunk copy.

    Parameters
    ----------
    values : ndarray of float32, shape (slices, rows, columns)
    inside : ndarray of bool
        Where the field is estimated: the body, without air.
    progress : Progress
    shrink : int
        In-plane shrink factor.

    Returns
    -------
    ndarray of float32
        Same shape, same mean level; unchanged where the mask is too small for an estimate.
    """
    import SimpleITK as sitk  # noqa: N813 - the usual name

    if inside.sum() < 1000 or min(values.shape) < 4:
        return values
    progress.report(0, 3, "Evening out the coil field")
    low = float(values.min())
    image = sitk.GetImageFromArray(values - low + 1)
    factors = [shrink, shrink, 1 if values.shape[0] < 16 else 2]
    small = sitk.Shrink(image, factors)
    mask = sitk.Shrink(sitk.GetImageFromArray(inside.astype(np.uint8)), factors)
    correct = sitk.N4BiasFieldCorrectionImageFilter()
    correct.SetMaximumNumberOfIterations([20, 15])
    correct.SetConvergenceThreshold(1e-3)
    correct.Execute(small, mask)
    progress.report(1, 3, "Evening out the coil field")
    field = sitk.GetArrayFromImage(correct.GetLogBiasFieldAsImage(image)).astype(np.float32)
    field -= float(np.median(field[inside]))
    progress.report(3, 3, "Evening out the coil field")
    return np.asarray(values / np.exp(np.clip(field, -1.5, 1.5)), dtype=np.float32)


def robust_reference(values: NDArray[np.float32], trim: float = 2.5) -> Reference:
    """Centre and spread of the main population, both tails trimmed until nothing changes.

    Median and 1.4826 × MAD; a lesion that takes less than about 40 % of the voxels does not move them much.
    """
    kept = values
    center = spread = 0.0
    for _ in range(20):
        center = float(np.median(kept)) if kept.size else 0.0
        spread = float(1.4826 * np.median(np.abs(kept - center))) if kept.size else 0.0
        inner = values[np.abs(values - center) <= trim * spread] if spread > 0 else kept
        if inner.size == kept.size:
            break
        kept = inner
    return Reference(center, spread, int(kept.size))


def check_reference(reference: Reference, bone: str, least: float, most: float) -> None:
    """Refuse a reference that cannot be healthy marrow.

    Raises
    ------
    DataError
        If it rests on fewer than `MINIMUM_REFERENCE` voxels, or its spread is not between `least` and
        `most` of its centre.
    """
    if reference.count < MINIMUM_REFERENCE:
        raise DataError(
            f"Nothing was marked in the {bone}",
            f"only {reference.count} voxels of it can serve as healthy reference, fewer than "
            f"{MINIMUM_REFERENCE}",
            "Click again, or choose a series that shows more of the bone",
        )
    share = reference.spread / reference.center if reference.center > 0 else float("inf")
    if not least <= share <= most:
        raise DataError(
            f"Nothing was marked in the {bone}",
            f"its reference marrow is implausible (spread {share:.2f} of its signal)",
            "Check the bone region and the series",
        )


def unmeasured(
    refused: Mapping[str, DataError], measured: bool, warnings: Sequence[str]
) -> dict[str, float | str]:
    """Record of the bones that could not be measured, beside other warnings.

    Raises
    ------
    DataError
        If no bone was measured at all: the first one's reason.
    """
    if refused and not measured:
        raise next(iter(refused.values()))
    record: dict[str, float | str] = {f"{bone}{NOT_MEASURED}": one.why for bone, one in refused.items()}
    said = [*warnings, *(f"{bone} not measured: {one.why}" for bone, one in refused.items())]
    return {**record, "warning": "; ".join(said)} if said else record


def eroded(region: Region, distance_mm: float, geometry: StackGeometry) -> Region:
    """Region without a rim of a width in mm, slice by slice (slices are too thick to erode across)."""
    from scipy.ndimage import distance_transform_edt

    result = np.zeros_like(region)
    for index in occupied(region):
        padded = np.pad(region[index], 1, mode="edge")
        depth = distance_transform_edt(padded, sampling=geometry.pixel_spacing)[1:-1, 1:-1]
        result[index] = depth > distance_mm
    return result


def depth_mm(region: Region, geometry: StackGeometry) -> NDArray[np.float32]:
    """Distance of each voxel to the region's outline on its slice, mm; 0 outside."""
    from scipy.ndimage import distance_transform_edt

    result = np.zeros(region.shape, dtype=np.float32)
    for index in occupied(region):
        result[index] = distance_transform_edt(region[index], sampling=geometry.pixel_spacing)
    return result


def occupied(region: Region) -> Iterator[int]:
    """Indices of the slices on which a region has voxels."""
    return iter(np.flatnonzero(region.any(axis=(1, 2))).tolist())


def smoothed(values: Voxels, sigma_mm: float, geometry: StackGeometry) -> Voxels:
    """Values smoothed within each slice by a Gaussian of a standard deviation in mm."""
    from scipy.ndimage import gaussian_filter

    if sigma_mm <= 0:
        return values
    sigma = [sigma_mm / spacing for spacing in geometry.pixel_spacing]
    return np.asarray(gaussian_filter(values, [0.0, *sigma]), dtype=np.float32)


def cleaned(
    marked: Region, geometry: StackGeometry, opening_mm: float, least_mm2: float, least_mm3: float
) -> Region:
    """Marked voxels without thin lines, small patches on a slice and small bodies.

    Areas from the pixel spacing, volumes from the distance of slice centres (never the thickness).
    """
    from scipy import ndimage

    result = np.zeros_like(marked)
    shape = disk(opening_mm, geometry.pixel_spacing) if opening_mm > 0 else None
    pixel_mm2 = geometry.pixel_spacing[0] * geometry.pixel_spacing[1]
    for index in occupied(marked):
        flat = ndimage.binary_opening(marked[index], shape) if shape is not None else marked[index]
        result[index] = _at_least(flat, least_mm2 / pixel_mm2)
    return _at_least(result, least_mm3 / geometry.voxel_volume_mm3)


def _at_least(marked: Region, count: float) -> Region:
    from scipy import ndimage

    pieces, number = ndimage.label(marked)
    if not number:
        return marked
    sizes = np.bincount(pieces.ravel())
    keep = sizes >= count
    keep[0] = False
    return np.asarray(keep[pieces])


def deep_enough(marked: Region, depth: NDArray[np.float32], least_mm: float) -> Region:
    """Marked bodies that somewhere reach `least_mm` below the bone's outline.

    A band along the cortex that is nowhere deep is partial volume with what lies outside.

    Parameters
    ----------
    depth : ndarray of float32
        From `depth_mm`.
    """
    from scipy import ndimage

    pieces, number = ndimage.label(marked)
    if not number:
        return marked
    keep = np.zeros(number + 1, dtype=bool)
    keep[1:] = ndimage.maximum(depth[marked], pieces[marked], np.arange(1, number + 1)) >= least_mm
    return np.asarray(keep[pieces])


def between_slices(region: Region) -> Region:
    """Voxels whose neighbours on both neighbouring slices belong to the region too.

    The others lie at the ends of a bone, where thick slices mix marrow with cortex.
    """
    result = np.zeros_like(region)
    if len(region) > 2:
        result[1:-1] = region[1:-1] & region[:-2] & region[2:]
    return result


def continued(marked: Region, region: Region) -> Region:
    """Marked voxels without those at the ends of a bone that do not go on from within it.

    There thick slices mix marrow with cortex, cartilage and fluid, and look dark or bright for that reason.
    """
    core = marked & between_slices(region)
    beside = np.zeros_like(core)
    beside[1:] |= core[:-1]
    beside[:-1] |= core[1:]
    return np.asarray(marked & (core | beside))


_SHARE_WITHIN, _SURELY_MM3 = 0.2, 1000.0
"""Share of a small bright body that lies within the bone on both neighbouring slices too, and the volume
from which a body needs no such support; unvalidated."""


def reaching_in(marked: Region, region: Region, geometry: StackGeometry) -> Region:
    """Marked bodies without small ones at the ends of a bone.

    There thick slices take in fluid and cartilage.
    """
    from scipy import ndimage

    pieces, number = ndimage.label(marked)
    if not number:
        return marked
    within = np.asarray(ndimage.mean(between_slices(region), pieces, np.arange(number + 1)))
    large = np.bincount(pieces.ravel(), minlength=number + 1) * geometry.voxel_volume_mm3 >= _SURELY_MM3
    keep = (within >= _SHARE_WITHIN) | large
    keep[0] = False
    return np.asarray(keep[pieces])
