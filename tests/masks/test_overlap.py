"""Agreement of two masks: counted by hand on boxes."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.imaging.geometry import StackGeometry
from workstation.masks.editing.labels import LABELS
from workstation.masks.overlap import compared, dice_of, label_agreements, surface_distances

GEOMETRY = StackGeometry(
    (4, 20, 20), np.array([[0.0, 0.0, 3.0 * i] for i in range(4)]), np.eye(3)[0], np.eye(3)[1], (0.5, 1.0)
)


def box(first: int, label: int = 1, shape: tuple[int, int, int] = (4, 20, 20)) -> np.ndarray:
    labels = np.zeros(shape, dtype=np.uint8)
    labels[1:3, 5:15, first : first + 4] = label
    return labels


def test_every_voxel_is_of_x_of_y_of_both_or_of_both_as_another_thing() -> None:
    x, y = box(4), box(6)
    y[1, 5, 6] = 3
    found = compared(x, y)
    assert [np.count_nonzero(found == one) for one in (1, 2, 3, 4)] == [40, 40, 39, 1]


def test_dice_and_volumes_of_each_label() -> None:
    (edema,) = label_agreements(box(4), box(6), GEOMETRY, LABELS)
    assert edema.dice == 0.5
    assert edema.volumes_ml == pytest.approx((0.12, 0.12, 0.06))
    (alone,) = label_agreements(box(4), box(4, 0), GEOMETRY, LABELS, with_surfaces=True)
    assert (alone.dice, alone.surface_mm) == (0.0, None)
    assert not label_agreements(box(4, 0), box(4, 0), GEOMETRY, LABELS)


def test_dice_of_the_worked_example() -> None:
    """1000 and 900 voxels with 700 in common; two empty masks have no coefficient, one empty mask has 0."""
    x, y = np.zeros((4, 20, 20), dtype=np.uint8), np.zeros((4, 20, 20), dtype=np.uint8)
    x.reshape(-1)[:1000] = 1
    y.reshape(-1)[300:1200] = 1
    (edema,) = label_agreements(x, y, GEOMETRY, LABELS)
    assert (edema.x, edema.y, edema.both) == (1000, 900, 700)
    assert edema.dice == pytest.approx(0.736842, abs=5e-7)
    assert (dice_of(0, 0, 0), dice_of(0, 9, 0)) == (None, 0.0)


def test_surfaces_are_apart_in_mm() -> None:
    one, other = box(4) > 0, box(4) > 0
    assert surface_distances(one, other, GEOMETRY) == (0.0, 0.0)
    plane, moved = np.zeros((2, 4, 20, 20), dtype=bool)
    plane[:, :, 5] = moved[:, :, 8] = True
    assert surface_distances(plane, moved, GEOMETRY) == pytest.approx((3.0, 3.0))
    upper, lower = np.zeros((2, 4, 20, 20), dtype=bool)
    upper[0, 5:9, 5:9] = lower[2, 5:9, 5:9] = True
    assert surface_distances(upper, lower, GEOMETRY) == pytest.approx((6.0, 6.0))
    assert surface_distances(one, np.zeros_like(one), GEOMETRY) is None
