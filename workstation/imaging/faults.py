"""What is wrong with a series, one plain sentence each, so that a broken series never looks whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import slice_normal
from workstation.imaging.study import Instance

LARGEST_GAP = 20.0
"""A hole of more spacings than this is no loss of single slices but two blocks of slices."""

UNEVEN = 0.05
"""Largest departure from the usual spacing, as a fraction of it, that is not mentioned."""

NOT_MEASURED = "it is shown, but neither linked nor measured."


def normal_of(instance: Instance) -> NDArray[np.float64] | None:
    """Unit normal of a plane; None where its files do not say where it lies.

    A Siemens mosaic has a position, but that of no slice in it (its tiles are the slices).
    """
    if instance.image_orientation_patient is None or instance.image_position_patient is None:
        return None
    if "MOSAIC" in instance.physics.image_type:
        return None
    try:
        return slice_normal(instance.image_orientation_patient)
    except DataError:
        return None


def positions_of(instances: Sequence[Instance]) -> NDArray[np.float64] | None:
    """Distance of each plane along the first plane's normal, mm; None without geometry."""
    normal = normal_of(instances[0])
    if normal is None:
        return None
    return np.asarray([i.image_position_patient for i in instances], dtype=np.float64) @ normal


def slices(count: int) -> str:
    """``"One slice"`` or ``"3 slices"``, to begin a sentence with."""
    return "One slice" if count == 1 else f"{count} slices"


def spacing_faults(instances: Sequence[Instance]) -> list[str]:
    """Missing, unevenly spaced and sideways shifted slices of a stack ordered by position."""
    positions = positions_of(instances)
    if positions is None or len(positions) < 3:
        return []
    steps = np.diff(positions)
    usual = _median(steps)
    faults: list[str] = []
    ratios = steps / usual
    gaps = np.flatnonzero(ratios > 1.5)
    whole = (np.abs(ratios[gaps] - np.rint(ratios[gaps])) < 0.1) & (ratios[gaps] < LARGEST_GAP)
    if len(gaps) and whole.all() and len(gaps) <= max(1, len(steps) // 4):
        missing = int((np.rint(ratios[gaps]) - 1).sum())
        verb = "is" if missing == 1 else "are"
        at = int(gaps[0]) + 1
        where = "" if len(gaps) == 1 else "the first "
        faults.append(f"{slices(missing)} {verb} missing, {where}between slices {at} and {at + 1}.")
        ratios = np.delete(ratios, gaps)
    if np.abs(ratios - 1).max(initial=0.0) > UNEVEN:
        apart = f"{steps.min():.2f} to {steps.max():.2f} mm"
        faults.append(f"Its slices are unevenly spaced, {apart} apart; it is read slice by slice.")
    drift = _sideways(instances)
    if drift > max(0.1, UNEVEN * usual):
        faults.append(f"Its slices are shifted sideways against each other by up to {drift:.1f} mm.")
    return faults


def _median(values: NDArray[np.float64]) -> float:
    """As `numpy.median`, which imports masked arrays first: a wait before the first picture."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _sideways(instances: Sequence[Instance]) -> float:
    """Largest in-plane shift between neighbouring slices, mm."""
    origins = np.asarray([i.image_position_patient for i in instances], dtype=np.float64)
    normal = np.asarray(normal_of(instances[0]))
    across = origins - np.outer(origins @ normal, normal)
    return float(np.linalg.norm(np.diff(across, axis=0), axis=1).max())


def other_faults(instances: Sequence[Instance], axis: str) -> list[str]:
    """Missing geometry, damaged spacing, mosaics, times, frames of reference, lossy compression."""
    first = instances[0]
    faults = []
    if "MOSAIC" in first.physics.image_type:
        faults.append(f"It is a Siemens mosaic, many slices tiled into one picture; {NOT_MEASURED}")
    elif normal_of(first) is None:
        faults.append(
            "Its files do not say where it lies in the patient; it is shown in the order of its instance "
            "numbers, neither linked nor measured."
        )
    elif any(i.pixel_spacing is None for i in instances):
        faults.append(f"It has no usable pixel spacing; {NOT_MEASURED}")
    elif len({i.pixel_spacing for i in instances}) > 1:
        faults.append(f"Its slices have different pixel spacings; {NOT_MEASURED}")
    if axis == "time":
        known = len({time_of(i) for i in instances}) > 1
        count = len(instances)
        faults.append(
            f"It shows one place at {count} times."
            if known
            else f"It shows one place {count} times and does not say when."
        )
    if len({i.frame_of_reference_uid for i in instances}) > 1:
        faults.append("Its slices name different frames of reference; it is not linked to other series.")
    if any(i.pixels.lossy for i in instances):
        faults.append("It was compressed with loss.")
    return faults


def time_of(instance: Instance) -> tuple[float, float, float, float]:
    """What orders pictures of one place in time: temporal position, acquisition, trigger time, frame."""
    return (
        float(instance.temporal_position or 0),
        float(instance.acquisition_number or 0),
        instance.trigger_time or 0.0,
        float(instance.frame if instance.pixels.number_of_frames > 1 else 0),
    )
