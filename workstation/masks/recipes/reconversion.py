"""Low-T1 marrow, reconversion pattern: red-marrow-like signal where the same patient has yellow marrow.

Index R = (S − M) / (F − M) with this patient's own muscle M and fatty marrow F, from the same band of
slices: near 1 for yellow marrow, small for red marrow, at or below 0 a warning. R is no fat fraction, and
what the mask means is the reader's judgement. All constants are project values and parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Weighting
from workstation.masks.codes import ABNORMAL, BONE_MARROW, LOW_T1_MARROW
from workstation.masks.landscape import body, noise_of
from workstation.masks.mask import Mask, Segment
from workstation.masks.recipe import OVERRIDE, Material, Parameter, Recipe, Record, Values
from workstation.masks.signal import (
    MINIMUM_REFERENCE,
    Voxels,
    cleaned,
    continued,
    deep_enough,
    depth_mm,
    eroded,
    occupied,
    real_values,
    smoothed,
    unmeasured,
    without_coil_field,
)
from workstation.tasks import Progress

Region = NDArray[np.bool_]

PATTERN = Segment(1, "low-T1 marrow, reconversion pattern", ABNORMAL, LOW_T1_MARROW, BONE_MARROW)

PARAMETERS = (
    Parameter("seed", 0.40, -1.0, 1.0, "ratio", "A patch starts, and has its median, where R is below this"),
    Parameter("grow", 0.60, -1.0, 1.0, "ratio", "and grows while R is below this"),
    Parameter("darkest", 0.5, 0.0, 1.0, "ratio", "Signal below this times muscle is cortex or sclerosis"),
    Parameter("muscle", 0, 0, 1e6, "signal", "Signal of muscle; 0 finds it beside the bone"),
    Parameter("fat", 0, 0, 1e6, "signal", "Signal of fatty marrow; 0 finds it in the bone"),
    Parameter("erode", 1.0, 0.0, 5.0, "mm", "Rim of the bone left out: cortex and partial volume"),
    Parameter("rim", 2.5, 0.0, 10.0, "mm", "A patch reaches at least this deep into the bone somewhere"),
    Parameter("opening", 1.2, 0.0, 5.0, "mm", "Radius of the opening that removes the physeal scar"),
    Parameter("least_area", 10.0, 0.0, 1000.0, "mm2", "Smaller patches on a slice are removed"),
    Parameter("least_volume", 60.0, 0.0, 10000.0, "mm3", "Smaller patches are removed"),
    Parameter("smoothing", 0.6, 0.0, 3.0, "mm", "Gaussian smoothing within the slice before thresholds"),
    Parameter("band", 60.0, 10.0, 300.0, "mm", "Muscle is looked for within this distance of the bone"),
    Parameter("bias", 1, 0, 1, "switch", "Even out the coil field first (N4)"),
    OVERRIDE,
)


@dataclass(frozen=True, slots=True)
class Tissues:
    """Reference signals of one bone, and where the fat came from."""

    muscle: float
    fat: float
    source: str


def refusal(weighting: Weighting | None, fat_suppressed: bool) -> str:
    """Why low-T1 marrow must not be measured on images of this contrast; ``""`` if it may."""
    if weighting is Weighting.T1:
        return "fat suppression hides fatty marrow" if fat_suppressed else ""
    if weighting is None:
        return "its contrast is not known"
    if weighting is Weighting.GRADIENT_ECHO:
        return "gradient-echo images do not show fat and muscle as T1 spin echo does"
    return f"{weighting.value} images are not T1-weighted"


def work(material: Material, values: Values, progress: Progress) -> tuple[Mask, Record]:
    """See `Recipe.work`."""
    geometry = material.regions.geometry
    raw = real_values(material.stack)
    noise = float(np.median([noise_of(plane) for plane in raw]))
    inside = np.stack([body(plane, 3 * noise) for plane in raw])
    if values["bias"]:
        raw = without_coil_field(raw, inside, progress)
    signal = smoothed(raw, values["smoothing"], geometry)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    record: Record = {}
    warnings: list[str] = []
    refused: dict[str, DataError] = {}
    bones = material.regions.segments
    for done, segment in enumerate(bones):
        progress.report(done, len(bones), f"Marking low-T1 marrow in the {segment.name}")
        region = material.regions.labels == segment.label
        if not region.any():
            continue
        inner = eroded(region, values["erode"], geometry)
        try:
            tissues = references(signal, inside, material.regions.labels, segment, inner, values, geometry)
        except DataError as error:
            refused[segment.name] = error
            continue
        found = patches(signal, region, inner, tissues, values, geometry)
        if material.companion is not None:
            found &= material.companion.labels == 0
        labels[found] = PATTERN.label
        record |= described(segment.name, signal, found, tissues)
        if found.any() and float(np.median(signal[found])) <= tissues.muscle:
            warnings.append(
                f"{segment.name}: as dark as muscle or darker; do not call reconversion on this sign alone"
            )
    record |= unmeasured(refused, bool(record), warnings)
    progress.report(len(bones), len(bones), "Marking low-T1 marrow")
    return Mask(material.stack.series_key, labels, geometry, (PATTERN,)), record


def references(
    signal: Voxels,
    inside: Region,
    bones: NDArray[np.uint8],
    bone: Segment,
    inner: Region,
    values: Values,
    geometry: StackGeometry,
) -> Tissues:
    """Signal of fatty marrow and of muscle for one bone.

    Fat is the bright mode of the bone's own marrow; where most of the bone is red, so that its marrow is
    much darker than the fat beside it, that fat is used instead. Muscle is the most frequent signal between
    air and fat among even, bone-free places of the same slices near the bone.

    Raises
    ------
    DataError
        If too few voxels can serve, or muscle and fat cannot be told apart.
    """
    marrow = signal[inner]
    if marrow.size < MINIMUM_REFERENCE:
        raise DataError(
            f"Nothing was marked in the {bone.name}",
            f"only {marrow.size} of its voxels lie inside its rim, fewer than {MINIMUM_REFERENCE}",
            "Click again, or choose a series that shows more of the bone",
        )
    fat, source = values["fat"], "given"
    beside = _beside(inside, bones, bone.label, values["band"], geometry)
    if not fat:
        high = float(np.percentile(marrow, 95))
        fat, source = float(np.median(marrow[marrow > 0.8 * high])), "fatty marrow"
        under_skin = _bright(signal, beside)
        if under_skin and fat < 0.7 * under_skin:
            fat, source = under_skin, "fat beside the bone"
    muscle = values["muscle"] or _muscle(signal, beside, fat)
    if muscle is None or not 0 < muscle < 0.8 * fat:
        raise DataError(
            f"Nothing was marked in the {bone.name}",
            "no muscle was found beside it to compare with",
            "Give its signal with muscle=",
        )
    return Tissues(float(muscle), fat, source)


def patches(
    signal: Voxels,
    region: Region,
    inner: Region,
    tissues: Tissues,
    values: Values,
    geometry: StackGeometry,
) -> Region:
    """Voxels of a bone with red-marrow-like signal, cleaned."""
    from scipy import ndimage
    from skimage.filters import apply_hysteresis_threshold

    index = (signal - tissues.muscle) / (tissues.fat - tissues.muscle)
    usable = inner & (signal > values["darkest"] * tissues.muscle)
    low = np.where(usable, -index, np.float32(-np.inf))
    marked = apply_hysteresis_threshold(low, -values["grow"] - 1e-6, -min(values["seed"], values["grow"]))
    marked = continued(marked, region)
    marked = cleaned(marked, geometry, values["opening"], values["least_area"], values["least_volume"])
    for at in occupied(marked):
        holes = ndimage.binary_fill_holes(marked[at]) & ~marked[at] & usable[at]
        marked[at] |= holes & (index[at] < values["grow"] + 0.1)
    marked = deep_enough(marked, depth_mm(region, geometry), values["rim"])
    return _low_as_a_whole(marked, index, values["seed"])


def _low_as_a_whole(marked: Region, index: Voxels, seed: float) -> Region:
    # Noise takes single voxels of ordinary red marrow below the threshold; half of a patch it does not.
    from scipy import ndimage

    pieces, number = ndimage.label(marked)
    keep = np.zeros(number + 1, dtype=bool)
    if number:
        keep[1:] = ndimage.median(index[marked], pieces[marked], np.arange(1, number + 1)) < seed
    return np.asarray(keep[pieces])


def described(bone: str, signal: Voxels, found: Region, tissues: Tissues) -> Record:
    """References, confluence, homogeneity and darkness of what was found in a bone, for the record."""
    from scipy import ndimage

    record: Record = {
        f"{bone}.muscle": round(tissues.muscle, 3),
        f"{bone}.fat": round(tissues.fat, 3),
        f"{bone}.fat_from": tissues.source,
    }
    if found.any():
        pieces, _ = ndimage.label(found)
        largest = int(np.bincount(pieces.ravel())[1:].max())
        inside = signal[found]
        record[f"{bone}.confluence"] = round(largest / int(found.sum()), 3)
        record[f"{bone}.unevenness"] = round(float(inside.std() / inside.mean()), 3)
        record[f"{bone}.signal_to_muscle"] = round(float(np.median(inside)) / tissues.muscle, 3)
    return record


def _beside(
    inside: Region, bones: NDArray[np.uint8], label: int, band_mm: float, geometry: StackGeometry
) -> Region:
    # Body on the bone's own slices, near it but clear of every bone and of the skin.
    from scipy.ndimage import distance_transform_edt

    result = np.zeros_like(inside)
    for at in occupied(bones == label):
        away = distance_transform_edt(bones[at] != label, sampling=geometry.pixel_spacing)
        clear = distance_transform_edt(bones[at] == 0, sampling=geometry.pixel_spacing)
        under = distance_transform_edt(np.pad(inside[at], 1, mode="edge"), sampling=geometry.pixel_spacing)
        result[at] = (away < band_mm) & (clear > 6.0) & (under[1:-1, 1:-1] > 5.0)
    return result


def _bright(signal: Voxels, beside: Region) -> float:
    values = signal[beside]
    if values.size < MINIMUM_REFERENCE:
        return 0.0
    high = float(np.percentile(values, 95))
    return float(np.median(values[values > 0.8 * high]))


def _muscle(signal: Voxels, beside: Region, fat: float) -> float | None:
    from scipy import ndimage

    # Even places only: edges between fat and muscle would fill the gap between their two modes.
    spread = ndimage.maximum_filter(signal, (1, 5, 5)) - ndimage.minimum_filter(signal, (1, 5, 5))
    even = beside & (spread < 0.2 * fat) & (signal > 0.1 * fat) & (signal < 0.65 * fat)
    values = signal[even]
    if values.size < MINIMUM_REFERENCE:
        return None
    counts, edges = np.histogram(values, bins=40, range=(0.1 * fat, 0.65 * fat))
    peak = int(np.argmax(np.convolve(counts, np.ones(3), mode="same")))
    mode = (edges[peak] + edges[peak + 1]) / 2
    near = values[np.abs(values - mode) < 0.08 * fat]
    return float(np.median(near)) if near.size >= MINIMUM_REFERENCE else None


RECIPE = Recipe(
    name="reconversion",
    version="1",
    title="Low-T1 marrow, reconversion pattern",
    needs="T1 without fat suppression, spin echo",
    segments=(PATTERN,),
    parameters=PARAMETERS,
    refusal=refusal,
    work=work,
    respects="edema",
)
