"""Bone outlines of several series of one visit: what one got wrong the others put right."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.masks.codes import region_segment
from workstation.masks.mask import Mask
from workstation.masks.overlap import dice
from workstation.masks.regions import agreed, outlined, transferred

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


def regions(plane: str, labels: np.ndarray | None = None, frame: str = FRAME) -> Mask:
    geometry = grid(plane, frame)
    marked = truth(geometry) if labels is None else labels
    return Mask(plane, marked.astype(np.uint8), geometry, (region_segment(1, "femur"),))


@pytest.mark.parametrize("target", list(AXES))
def test_one_bone_agrees_with_itself_on_every_grid(target: str) -> None:
    outlines = [outline for plane in AXES for outline in outlined(regions(plane))]
    found = agreed(outlines, target, grid(target))
    assert found.segments[0].name == "femur"
    assert (dice(found.labels == 1, truth(grid(target))) or 0) > 0.95


def test_a_bone_that_stops_short_on_one_series_is_completed_from_the_others() -> None:
    short = truth(grid("sagittal"))
    short[:12] = False
    outlines = [
        *outlined(regions("sagittal", short)), *outlined(regions("coronal")), *outlined(regions("axial")),
    ]  # fmt: skip
    found = agreed(outlines, "sagittal", grid("sagittal"))
    assert (dice(short, truth(grid("sagittal"))) or 1) < 0.75
    assert (dice(found.labels == 1, truth(grid("sagittal"))) or 0) > 0.9


def test_a_leak_on_one_series_is_outvoted() -> None:
    leaked = truth(grid("axial"))
    leaked[8:16, 5:60, 5:60] = True
    outlines = [
        *outlined(regions("axial", leaked)), *outlined(regions("coronal")), *outlined(regions("sagittal")),
    ]  # fmt: skip
    found = agreed(outlines, "axial", grid("axial"))
    assert (dice(found.labels == 1, truth(grid("axial"))) or 0) > 0.9


def test_a_series_says_nothing_beyond_its_own_field() -> None:
    whole = regions("coronal")
    geometry = whole.geometry
    part = StackGeometry(
        (8, 67, 67), geometry.origins[:8], geometry.along_row, geometry.along_column, (1.5, 1.5), 3.5, FRAME
    )
    cut = Mask("part", whole.labels[:8], part, whole.segments)
    found = agreed([*outlined(whole), *outlined(cut, 5.0)], "coronal", geometry)
    assert np.array_equal(found.labels[10:] > 0, whole.labels[10:] > 0)


def test_two_bones_keep_their_names_whatever_their_numbers() -> None:
    one, two = regions("coronal"), regions("axial")
    two = Mask("axial", two.labels * 3, two.geometry, (region_segment(3, "femur"),))
    found = agreed([*outlined(one), *outlined(two)], "coronal", one.geometry)
    assert [segment.name for segment in found.segments] == ["femur"]


def test_an_empty_region_has_no_outline() -> None:
    nothing = np.zeros(grid("axial").shape, dtype=bool)
    assert outlined(regions("axial", nothing)) == ()


def test_regions_of_another_frame_of_reference_are_not_carried_over() -> None:
    with pytest.raises(DataError, match="frame of reference"):
        transferred(regions("coronal", frame="2.25.2"), "axial", grid("axial"))
