"""Volumes of a mask inside the regions of its series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from workstation.errors import DataError
from workstation.masks.mask import NOT_MEASURED, Mask

WHOLE = "all regions"


@dataclass(frozen=True, slots=True)
class Volume:
    """One label in one region.

    Attributes
    ----------
    voxels, region_voxels : int
        Marked voxels inside the region, and all voxels of the region. Grades by percentage are taken from
        these counts, never from the rounded `percent`.
    volume_ml : float
        Voxels × row spacing × column spacing × slice spacing (thickness plus gap), ml.
    """

    series_key: str
    region: str
    label: str
    voxels: int
    region_voxels: int
    volume_ml: float
    recipe: str
    version: str
    parameters: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def percent(self) -> float | None:
        """Share of the region; None for a region without voxels, which cannot be assessed."""
        return 100 * self.voxels / self.region_voxels if self.region_voxels else None

    @property
    def parameters_text(self) -> str:
        """``"grow=2; seed=3"``"""
        return "; ".join(f"{name}={value}" for name, value in sorted(self.parameters.items()))


def volume_mm3(mask: Mask, voxels: int) -> float:
    """Volume of a number of voxels of a mask, mm³."""
    return voxels * mask.geometry.voxel_volume_mm3


def volumes(mask: Mask, regions: Mask) -> tuple[Volume, ...]:
    """Every label of a mask in every region, and in all regions together.

    Voxels outside the regions are not counted. A bone of which the recipe says that it could not be measured
    has no row: it is not free of the label.

    Parameters
    ----------
    mask, regions : Mask
        On the same grid.

    Raises
    ------
    DataError
        If the two are on different grids.
    """
    if mask.labels.shape != regions.labels.shape or mask.series_key != regions.series_key:
        raise DataError("The mask was not measured", "it and its bone regions are on different series")
    places = [
        (region.name, regions.labels == region.label)
        for region in regions.segments
        if f"{region.name}{NOT_MEASURED}" not in mask.parameters
    ]
    whole = np.zeros(regions.labels.shape, dtype=bool)
    for _, inside in places:
        whole |= inside
    found = []
    for segment in mask.segments:
        marked = mask.labels == segment.label
        for name, inside in [*places, (WHOLE, whole)]:
            voxels = int((marked & inside).sum())
            found.append(
                Volume(
                    series_key=mask.series_key,
                    region=name,
                    label=segment.name,
                    voxels=voxels,
                    region_voxels=int(inside.sum()),
                    volume_ml=volume_mm3(mask, voxels) / 1000,
                    recipe=mask.recipe,
                    version=mask.recipe_version,
                    parameters=dict(mask.parameters),
                )
            )
    return tuple(found)
