"""Probes on oblique stacks: a pixel, its click in the patient, a mask, a measurement and a 3-D cursor agree,
plain and mirrored, turned, with pixels that are not square, on a right and on a left side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import CODE, DIRECTIONS, make
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.showing import frame_of
from workstation.imaging.frame import PixelBuffer
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.hanging import grid_of
from workstation.imaging.study import Series
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window
from workstation.masks.mask import Mask, Segment

GRADIENT = np.array([9.0, 5.0, 3.0])
SIDES = {"right": -80.0, "left": 80.0}
ROWS, COLUMNS, SPACING = 60, 100, (1.6, 1.0)


def oblique(plane: str, side: str, key: str = "one") -> tuple[Series, Stack]:
    """Tilted by 20 degrees about one axis and 12 about another; each voxel's value tells where it is."""
    series, plain = make(plane, key=key)
    a, b = np.radians(20), np.radians(12)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    row, column = (about_z @ about_x @ np.array(one, float) for one in DIRECTIONS[plane])
    normal = np.cross(row, column)
    centre = np.array([SIDES[side], 10.0, -20.0])
    corner = centre - row * SPACING[1] * (COLUMNS - 1) / 2 - column * SPACING[0] * (ROWS - 1) / 2
    origins = np.array([corner + normal * 3.0 * (i - 10) for i in range(21)])
    geometry = StackGeometry((21, ROWS, COLUMNS), origins, row, column, SPACING, 3.0, "1.2.3")
    points = (
        origins[:, None, None, :]
        + np.arange(ROWS)[:, None, None] * column * SPACING[0]
        + np.arange(COLUMNS)[None, :, None] * row * SPACING[1]
    )
    voxels = (3000 + points @ GRADIENT).astype(np.uint16)
    shape = replace(series.instances[0].pixels, rows=ROWS, columns=COLUMNS)
    instances = tuple(replace(one, pixels=shape, pixel_spacing=SPACING) for one in series.instances)
    assert plain.geometry is not None
    return replace(series, instances=instances), Stack(key, voxels, 1.0, 0.0, geometry)


def shown(qtbot: QtBot, *pairs: tuple[Series, Stack]) -> ViewerGrid:
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.resize(300 * len(pairs) + len(pairs) - 1, 300)
    series = [one for one, _ in pairs]
    grid.show_series(series, grid_of(1, len(pairs), series))
    for one, stack in pairs:
        grid.set_stack(one.key, stack)
    grid.show()
    return grid


@pytest.mark.parametrize("keys", ["", "HT", "V"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("plane", DIRECTIONS)
def test_pixel_click_mask_and_length_agree(qtbot: QtBot, plane: str, side: str, keys: str) -> None:
    series, stack = oblique(plane, side)
    geometry = stack.geometry
    assert geometry is not None
    grid = shown(qtbot, (series, stack))
    middle = 3000 + geometry.point_at(10, (ROWS - 1) / 2, (COLUMNS - 1) / 2) @ GRADIENT
    grid.presenter.set_window(0, Window(float(middle), 2200))
    for key in keys:
        QTest.keyClick(grid, getattr(Qt.Key, f"Key_{key}"))
    picture = grid.tiles[0].grab().toImage()
    clicked: list[np.ndarray] = []
    grid.clicked_point.connect(lambda point, _key: clicked.append(point))
    grid.set_tool("point")
    spots = ((110, 130), (190, 110), (140, 190), (175, 160))
    for x, y in spots:
        QTest.mouseClick(grid.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(x, y))
        value = 3000 + clicked[-1] @ GRADIENT
        grey = np.clip((value - (middle - 1100)) / 2200 * 255, 0, 255)
        assert picture.pixelColor(x, y).red() == pytest.approx(grey, abs=5)
        assert abs(float((clicked[-1] - geometry.origins[10]) @ geometry.normal)) < 1e-6
    # A length is the distance in the patient between the two clicks.
    grid.set_tool("length")
    for x, y in spots[:2]:
        QTest.mouseClick(grid.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    (mark,) = grid.measuring.book.marks.values()
    there = float(np.linalg.norm(clicked[0] - clicked[1]))
    assert mark.result.value("length") == pytest.approx(there, abs=0.05)
    # A mask colours the pixels whose clicks fall into it, and no others.
    labels = np.zeros(stack.voxels.shape, np.uint8)
    labels[10, 20:28, 55:75] = 1
    grid.set_overlay(series.key, Mask(series.key, labels, geometry, (Segment(1, "edema", CODE, CODE),)))
    grid.set_overlay_look(filled=True, opacity=1.0)
    grid.measuring.book.clear()
    covered = grid.tiles[0].grab().toImage()
    inside = outside = 0
    for x in range(40, 260, 7):
        for y in range(60, 240, 7):
            point = grid.presenter.point_at(0, x + 0.5, y + 0.5)
            assert point is not None
            row, column = geometry.in_plane(point, 10)
            depth = min(row + 0.5 - 20, 28 - row - 0.5, column + 0.5 - 55, 75 - column - 0.5)
            if depth > 1:
                inside += 1
                assert covered.pixelColor(x, y) == QColor("#D55E00")
            elif depth < -1 and 0 < row < ROWS - 1 and 0 < column < COLUMNS - 1:
                outside += 1
                assert covered.pixelColor(x, y) != QColor("#D55E00")
    assert inside > 5 and outside > 100


@pytest.mark.parametrize("plane", DIRECTIONS)
def test_a_mirrored_click_takes_the_other_viewport_to_the_same_place(qtbot: QtBot, plane: str) -> None:
    """The 3-D cursor from a mirrored viewport: the other shows the slice that holds the point."""
    other = next(one for one in DIRECTIONS if one != plane)
    grid = shown(qtbot, oblique(plane, "right", "a"), oblique(other, "right", "b"))
    QTest.keyClick(grid, Qt.Key.Key_H)
    point = grid.presenter.point_at(0, 120.5, 170.5)
    assert point is not None
    grid.presenter.point_cursor(0, point)
    target = grid.presenter.linkable(1)
    assert target is not None
    index, distance = target.nearest_slice(point)
    assert grid.presenter.states[1].slice_index == index
    assert distance <= 1.5
    before = frame_of(grid.presenter, 0, (300, 300), PixelBuffer())
    assert before is not None and [badge.text for badge in before.badges] == ["MIRRORED"]
