"""Bone regions of one grid on another: the same place, or a plain refusal."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.masks.codes import region_segment
from workstation.masks.joint import planes_differ
from workstation.masks.mask import Mask
from workstation.masks.overlap import dice
from workstation.masks.placing import place_seeds
from workstation.masks.regions import transferred

FRAME = "2.25.1"
AXES = {
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}
RADII = np.array([30.0, 22.0, 26.0])


def grid(plane: str, frame: str = FRAME) -> StackGeometry:
    row, column = (np.array(axis) for axis in AXES[plane])
    normal = np.cross(row, column)
    corner = -50 * row - 50 * column
    origins = corner + (np.arange(24) - 11.5)[:, None] * 4.0 * normal
    return StackGeometry((24, 67, 67), origins, row, column, (1.5, 1.5), 3.5, frame)


def truth(geometry: StackGeometry) -> np.ndarray:
    """An ellipsoid, on any grid."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), -1)
    points = index @ geometry.affine[:3, :3].T + geometry.affine[:3, 3]
    return np.asarray((((points - [3.0, -2.0, 1.0]) / RADII) ** 2).sum(axis=-1) <= 1)


def regions(plane: str, frame: str = FRAME) -> Mask:
    geometry = grid(plane, frame)
    segments = (region_segment(1, "femur"), region_segment(2, "tibia"))
    return Mask(plane, truth(geometry).astype(np.uint8), geometry, segments)


@pytest.mark.parametrize("source", list(AXES))
@pytest.mark.parametrize("target", list(AXES))
def test_a_bone_stays_where_it_is_on_every_grid(source: str, target: str) -> None:
    found = transferred(regions(source), target, grid(target))
    assert found.series_key == target
    assert (dice(found.labels == 1, truth(grid(target))) or 0) > 0.95


def test_a_bone_that_is_not_on_the_other_series_is_not_listed_there() -> None:
    found = transferred(regions("coronal"), "axial", grid("axial"))
    assert [segment.name for segment in found.segments] == ["femur"]


@pytest.mark.parametrize("frame", ["", "2.25.2"])
def test_regions_of_another_frame_of_reference_are_not_carried_over(frame: str) -> None:
    with pytest.raises(DataError, match="frame of reference"):
        transferred(regions("coronal", frame=frame), "axial", grid("axial"))


def test_two_planes_are_needed_to_join() -> None:
    assert not planes_differ([grid("coronal"), grid("coronal")])
    assert planes_differ([grid("coronal"), grid("axial")])
    assert not planes_differ([])


def test_clicks_outside_every_image_are_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="none of the clicks lies inside this series"):
        place_seeds(grid("axial"), {"femur": [[500.0, 0.0, 0.0]]})
