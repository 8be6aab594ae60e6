"""Agreement of two masks: counted by hand on boxes."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.imaging.geometry import StackGeometry
from workstation.masks.editing.labels import LABELS
from workstation.masks.overlap import compared, label_agreements, surface_distances

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
