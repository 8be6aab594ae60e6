"""Bone regions of a visit: from all its series at once where they cut in several planes, else one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workstation.errors import DataError
from workstation.imaging.study import Series, Weighting
from workstation.tasks import Progress, SilentProgress

if TYPE_CHECKING:
    from workstation.imaging.volume import Stack
    from workstation.masks.mask import Mask

Seeds = Mapping[str, Sequence[Sequence[float]]]

MOST_SERIES = 6
"""More series than this in one frame of reference are not heard: they would only cost time."""


class VisitRegions:
    """Outlines the clicked bones of a visit once, for every series that asks."""

    def __init__(self, series: Sequence[Series], seeds: Seeds) -> None:
        self._series = series
        self._seeds = seeds
        self._joint: dict[str, Mask | DataError | None] = {}
        self._sources: dict[str, tuple[str, ...]] = {}

    def on(self, series: Series, stack: Stack, progress: Progress) -> Mask:
        """Regions on the grid of a series.

        `Mask.parameters` says from which series they come, and which bones were left out and why.

        Raises
        ------
        DataError
            If no region can be made there, with the reason.
        """
        from workstation.masks.regions import geometry_of, transferred

        geometry = geometry_of(stack)
        joint = self._of_frame(series.frame_of_reference_uid, progress) if geometry.is_uniform else None
        if joint is None or isinstance(joint, DataError):
            return self._alone(series, stack, joint, progress)
        found = transferred(joint, series.key, geometry)
        if not found.labels.any():
            raise DataError("No bone region was made", "the clicked bones are not on this series")
        sources = ", ".join(self._sources[series.frame_of_reference_uid])
        return replace(found, parameters={**joint.parameters, "regions_from": sources})

    def _alone(self, series: Series, stack: Stack, refusal: DataError | None, progress: Progress) -> Mask:
        # All bones together, since each stands in the other's way; where one fails, those that do not.
        from workstation.masks.regions import bone_region

        said = [] if refusal is None else [f"outlined on this series alone: {refusal.why}"]
        try:
            own = bone_region(stack, self._seeds, progress)
        except DataError as error:
            own, left_out = self._one_by_one(stack, refusal or error, progress)
            said += left_out
        record: dict[str, float | str] = {"regions_from": series_name(series)}
        if said:
            record["warning"] = "; ".join(said)
        return replace(own, parameters=record)

    def _one_by_one(self, stack: Stack, refusal: DataError, progress: Progress) -> tuple[Mask, list[str]]:
        from workstation.masks.codes import region_segment
        from workstation.masks.regions import bone_region

        if len(self._seeds) == 1:
            raise refusal
        found: dict[int, tuple[str, Mask]] = {}
        left_out = []
        for label, (bone, points) in enumerate(self._seeds.items(), start=1):
            try:
                found[label] = bone, bone_region(stack, {bone: points}, progress)
            except DataError as error:
                left_out.append(f"{bone} left out: {error.why}")
        if not found:
            raise refusal
        first = next(iter(found.values()))[1]
        labels = np.zeros_like(first.labels)
        for label, (_, mask) in found.items():
            labels[(mask.labels > 0) & (labels == 0)] = label
        segments = tuple(region_segment(label, bone) for label, (bone, _) in found.items())
        return replace(first, labels=labels, segments=segments), left_out

    def _of_frame(self, frame: str, progress: Progress) -> Mask | DataError | None:
        # None where the series of a frame of reference all lie in one plane, or there is no frame.
        from workstation.masks.joint import joint_region, planes_differ

        if not frame:
            return None
        if frame not in self._joint:
            heard = self._heard(frame)
            stacks = [load(one) for one in heard] if len(heard) > 1 else []
            kept = [
                (one, stack)
                for one, stack in zip(heard, stacks, strict=False)
                if stack.geometry is not None and stack.geometry.is_uniform
            ]
            self._sources[frame] = tuple(series_name(one) for one, _ in kept)
            geometries = [stack.geometry for _, stack in kept if stack.geometry is not None]
            self._joint[frame] = None
            if planes_differ(geometries):
                try:
                    self._joint[frame] = joint_region([stack for _, stack in kept], self._seeds, progress)
                except DataError as refusal:
                    self._joint[frame] = refusal
        return self._joint[frame]

    def _heard(self, frame: str) -> list[Series]:
        # Spin echo that parts marrow from cortex; T1 first, since it shows cortex best.
        suited = [
            one
            for one in self._series
            if one.frame_of_reference_uid == frame
            and one.axis == "position"
            and len(one.instances) > 3
            and (
                one.weighting is Weighting.STIR
                or (one.weighting is Weighting.T1 and not one.fat_suppressed)
                or (one.weighting in (Weighting.PD, Weighting.T2) and one.fat_suppressed)
            )
        ]
        return sorted(suited, key=lambda one: one.weighting is not Weighting.T1)[:MOST_SERIES]


def series_name(series: Series) -> str:
    """SeriesNumber with the split key where one series was split, as in file names."""
    number = "series" if series.series_number is None else str(series.series_number)
    return f"{number}-{series.split}" if series.split else number


def load(series: Series) -> Stack:
    """The voxels of a series."""
    from workstation.imaging.load import load_stack

    return load_stack(series, SilentProgress())
