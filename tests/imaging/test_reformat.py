"""Reformats are the same voxels at the same places in the patient, for any orientation of the source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.reformat import ACROSS_COLUMNS, ACROSS_ROWS, across, reformat, refusal
from workstation.imaging.volume import Stack

SHAPE = (22, 14, 9)
PLANES = {
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "axial": ((1, 0, 0), (0, 1, 0)),
    "axial, rows to the right": ((-1, 0, 0), (0, 1, 0)),
    "oblique": ((0.8, 0.6, 0), (0, 0, -1)),
}


def volume(plane: str, step: float = 1.5, spacing: tuple[float, float] = (0.5, 0.8)) -> Stack:
    """Voxels that are numbered, so that each can be found again; slices overlap, as in cubeQuant."""
    row, column = (np.array(direction, float) for direction in PLANES[plane])
    normal = np.cross(row, column)
    origins = np.array([12.0, -40.0, 7.0]) + np.arange(SHAPE[0])[:, None] * normal * step
    geometry = StackGeometry(SHAPE, origins, row, column, spacing, 2 * step, "1.2")
    voxels = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)
    voxels.flags.writeable = False
    return Stack("s", voxels, 2.0, -7.0, geometry)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("axis", [ACROSS_ROWS, ACROSS_COLUMNS])
@settings(max_examples=40)
@given(data=st.data())
def test_every_voxel_keeps_its_place_in_the_patient(plane: str, axis: int, data: st.DataObject) -> None:
    source = volume(plane)
    made = reformat(source, axis, "r")
    assert made.geometry is not None
    assert source.geometry is not None
    assert made.voxels.shape == made.geometry.shape
    index = tuple(data.draw(st.integers(0, size - 1)) for size in made.voxels.shape)
    there = source.geometry.index_of(made.geometry.point_at(*index))
    assert np.allclose(there, np.rint(there), atol=1e-6)
    assert made.voxels[index] == source.voxels[tuple(round(one) for one in there)]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("axis", [ACROSS_ROWS, ACROSS_COLUMNS])
def test_it_is_a_stack_like_any_other(plane: str, axis: int) -> None:
    source = volume(plane)
    made = reformat(source, axis, "r")
    geometry = made.geometry
    assert geometry is not None
    assert source.geometry is not None
    assert (np.diff(geometry.positions) > 0).all()
    assert geometry.is_uniform
    assert abs(float(geometry.normal @ source.geometry.normal)) < 1e-9
    assert geometry.voxel_volume_mm3 == pytest.approx(source.geometry.voxel_volume_mm3)
    assert not made.voxels.flags.writeable
    assert np.shares_memory(made.voxels, source.voxels)
    assert (made.slope, made.intercept) == (2.0, -7.0)
    labels = np.asarray(source.voxels % 3, dtype=np.uint8)
    assert np.array_equal(across(labels, axis), made.voxels % 3)


def test_what_cannot_be_reformatted_says_why() -> None:
    good = volume("sagittal")
    geometry = good.geometry
    assert geometry is not None
    assert refusal(good) == ""
    assert "not known" in refusal(replace(good, geometry=None))
    assert "not known" in refusal(replace(good, axis="time"))
    assert "3.3 mm apart" in refusal(volume("sagittal", step=3.3))
    few = replace(geometry, shape=(10, *SHAPE[1:]), origins=geometry.origins[:10])
    assert "10 are" in refusal(replace(good, geometry=few))
    gap = geometry.origins.copy()
    gap[12:] += geometry.normal * 1.5
    assert "missing" in refusal(replace(good, geometry=replace(geometry, origins=gap)))
    slanted = geometry.origins + np.arange(SHAPE[0])[:, None] * geometry.along_row * 0.2
    assert "above one another" in refusal(replace(good, geometry=replace(geometry, origins=slanted)))
