"""Very fine images are looked at coarser: the same places, the same values."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.coarse import doubled, finer, halved, halved_geometry


def stack(rows: int, columns: int, spacing: tuple[float, float], highest: int = 4000) -> Stack:
    origins = np.array([[5.0, -7.0, 3.0]]) + np.arange(3)[:, None] * [0.0, 0.0, 4.0]
    geometry = StackGeometry(
        (3, rows, columns), origins, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), spacing, 4.0, "2.25.1"
    )
    voxels = np.random.default_rng(1).integers(0, highest, (3, rows, columns)).astype(np.uint16)
    return Stack("s", voxels, 0.5, -20.0, geometry)


@pytest.mark.parametrize("highest", [4000, 65536])
@pytest.mark.parametrize(("rows", "columns"), [(8, 6), (9, 7)])
def test_real_values_are_averages(rows: int, columns: int, highest: int) -> None:
    fine = stack(rows, columns, (0.3, 0.3), highest)
    coarse = halved(fine)
    for at in range(3):
        cut = fine.values(at)[: rows // 2 * 2, : columns // 2 * 2]
        mean = cut.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
        assert np.abs(coarse.values(at) - mean).max() <= 0.5


def test_places_stay_where_they_are() -> None:
    fine = stack(8, 6, (0.3, 0.25))
    assert fine.geometry is not None
    coarse = halved_geometry(fine.geometry)
    pixels = [fine.geometry.affine @ [1, row, column, 1] for row in (2, 3) for column in (4, 5)]
    assert coarse.affine @ [1, 1, 2, 1] == pytest.approx(np.mean(pixels, axis=0))


def test_labels_come_back_to_every_pixel() -> None:
    labels = np.zeros((3, 4, 3), dtype=np.uint8)
    labels[1, 2, 1] = 7
    fine = doubled(labels, (3, 9, 7))
    assert fine.shape == (3, 9, 7)
    assert np.argwhere(fine == 7).tolist() == [[1, 4, 2], [1, 4, 3], [1, 5, 2], [1, 5, 3]]


def test_only_fine_pixels_are_averaged() -> None:
    for spacing, said in (((0.3, 0.3), True), ((0.3, 0.6), False), ((0.7, 0.7), False)):
        geometry = stack(8, 6, spacing).geometry
        assert geometry is not None
        assert finer(geometry) is said
