"""Bone marrow edema on fat-suppressed fluid-sensitive spin-echo images.

Voxels well above the healthy marrow of the same bone, grown by hysteresis and cleaned of rims and specks. The
constants are project values: no study supports them on a given scanner, so each is a parameter and each
is kept with the mask.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Weighting
from workstation.masks.codes import ABNORMAL, BONE_MARROW, EDEMA
from workstation.masks.landscape import body, noise_of
from workstation.masks.mask import Mask, Segment
from workstation.masks.recipe import OVERRIDE, Material, Parameter, Recipe, Record, Values
from workstation.masks.signal import (
    Reference,
    Voxels,
    check_reference,
    cleaned,
    deep_enough,
    depth_mm,
    eroded,
    occupied,
    reaching_in,
    real_values,
    robust_reference,
    smoothed,
    unmeasured,
    without_coil_field,
)
from workstation.tasks import Progress

Region = NDArray[np.bool_]

SEGMENT = Segment(1, "edema", ABNORMAL, EDEMA, BONE_MARROW)

PARAMETERS = (
    Parameter("seed", 3.0, 1.0, 10.0, "s", "A lesion starts where signal exceeds the reference by this"),
    Parameter("grow", 2.0, 0.5, 10.0, "s", "and grows while it exceeds the reference by this"),
    Parameter("seed_ratio", 2.0, 1.0, 10.0, "ratio", "and the start is at least this times the reference"),
    Parameter("grow_ratio", 1.4, 1.0, 10.0, "ratio", "and all of it at least this times the reference"),
    Parameter("edge", 0.3, 0.0, 0.9, "ratio", "Its edge lies at this share between reference and lesion"),
    Parameter("erode", 1.0, 0.0, 5.0, "mm", "Rim of the bone left out: cortex and partial volume"),
    Parameter("rim", 2.5, 0.0, 10.0, "mm", "A lesion reaches at least this deep into the bone somewhere"),
    Parameter("opening", 0.8, 0.0, 5.0, "mm", "Radius of the opening that removes thin lines"),
    Parameter("least_area", 10.0, 0.0, 1000.0, "mm2", "Smaller patches on a slice are removed"),
    Parameter("least_volume", 30.0, 0.0, 10000.0, "mm3", "Smaller lesions are removed"),
    Parameter("smoothing", 0.6, 0.0, 3.0, "mm", "Gaussian smoothing within the slice before thresholds"),
    Parameter("bias", 1, 0, 1, "switch", "Even out the coil field first (N4)"),
    OVERRIDE,
)


def refusal(weighting: Weighting | None, fat_suppressed: bool) -> str:
    """Why edema must not be measured on images of this contrast; ``""`` if it may."""
    if weighting is Weighting.STIR:
        return ""
    if weighting is Weighting.GRADIENT_ECHO:
        return "gradient-echo images such as DESS underestimate marrow edema (Roemer 2009)"
    if weighting is Weighting.T1:
        return "T1-weighted images, fat-suppressed or not, do not show edema as bright"
    if weighting in (Weighting.T2, Weighting.PD):
        if fat_suppressed:
            return ""
        return "without fat suppression edema cannot be told from fatty marrow"
    if weighting is None:
        return "its contrast is not known"
    return f"{weighting.value} images are not fluid-sensitive spin-echo images"


def work(material: Material, values: Values, progress: Progress) -> tuple[Mask, Record]:
    """See `Recipe.work`."""
    geometry = material.regions.geometry
    signal = prepared(material, values["bias"] > 0, values["smoothing"], progress)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    record: Record = {}
    refused: dict[str, DataError] = {}
    bones = material.regions.segments
    for done, segment in enumerate(bones):
        progress.report(done, len(bones), f"Marking edema in the {segment.name}")
        region = material.regions.labels == segment.label
        if not region.any():
            continue
        inner = eroded(region, values["erode"], geometry)
        reference = robust_reference(signal[inner])
        try:
            check_reference(reference, segment.name, least=0.005, most=0.6)
        except DataError as error:
            refused[segment.name] = error
            continue
        found = lesions(signal, region, inner, reference, values, geometry)
        labels[found] = SEGMENT.label
        record[f"{segment.name}.reference"] = round(reference.center, 3)
        record[f"{segment.name}.spread"] = round(reference.spread, 3)
    record |= unmeasured(refused, bool(record), [])
    progress.report(len(bones), len(bones), "Marking edema")
    return Mask(material.stack.series_key, labels, geometry, (SEGMENT,)), record


def prepared(material: Material, bias: bool, smoothing_mm: float, progress: Progress) -> Voxels:
    """Real values with the coil field evened out inside the body, smoothed within slices."""
    signal = real_values(material.stack)
    if bias:
        noise = float(np.median([noise_of(plane) for plane in signal]))
        inside = np.stack([body(plane, 3 * noise) for plane in signal])
        signal = without_coil_field(signal, inside, progress)
    return smoothed(signal, smoothing_mm, material.regions.geometry)


def lesions(
    signal: Voxels,
    region: Region,
    inner: Region,
    reference: Reference,
    values: Values,
    geometry: StackGeometry,
) -> Region:
    """Voxels of a bone that are brighter than its healthy marrow, cleaned.

    Parameters
    ----------
    region, inner : ndarray of bool
        The bone, and the bone without its rim.
    """
    from scipy import ndimage
    from skimage.filters import apply_hysteresis_threshold

    m, s = reference.center, reference.spread
    grow = max(m + values["grow"] * s, values["grow_ratio"] * m)
    seed = max(m + values["seed"] * s, values["seed_ratio"] * m, grow)
    inside = np.where(inner, signal, np.float32(-np.inf))
    marked = reaching_in(apply_hysteresis_threshold(inside, grow, seed), region, geometry)
    marked = _sharpened(marked, signal, m, values["edge"])
    for index in occupied(marked):
        holes = ndimage.binary_fill_holes(marked[index]) & ~marked[index] & region[index]
        pieces, number = ndimage.label(holes)
        for piece in range(1, number + 1):
            hole = pieces == piece
            if np.median(signal[index][hole]) > m + s:
                marked[index] |= hole
    marked = cleaned(marked, geometry, values["opening"], values["least_area"], values["least_volume"])
    return deep_enough(marked, depth_mm(region, geometry), values["rim"])


def _sharpened(marked: Region, signal: Voxels, reference: float, edge: float) -> Region:
    # The same rule for a faint and for a bright lesion: its edge is where its own signal has fallen to a
    # share of the way between reference and lesion. A fixed threshold would draw bright lesions too large.
    from scipy import ndimage

    pieces, number = ndimage.label(marked)
    if not number:
        return marked
    level = np.zeros(number + 1, dtype=np.float32)
    level[1:] = ndimage.median(signal[marked], pieces[marked], np.arange(1, number + 1))
    threshold = reference + edge * (level - reference)
    return np.asarray(marked & (signal >= threshold[pieces]))


RECIPE = Recipe(
    name="edema",
    version="1",
    title="Bone marrow edema",
    needs="STIR, or T2 or PD with fat suppression, spin echo",
    segments=(SEGMENT,),
    parameters=PARAMETERS,
    refusal=refusal,
    work=work,
)
