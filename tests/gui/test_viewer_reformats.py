"""Three planes of a thin-sliced series with real keys and clicks; the pixels tell where they are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import make, mask_of, pixels, slices, wheel
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.hanging import grid_of
from workstation.imaging.study import Plane
from workstation.imaging.windowing import Window


def opened(qtbot: QtBot, plane: str = "sagittal", step: float = 1.0, count: int = 60) -> ViewerGrid:
    series, stack = make(plane, key="thin", step=step, count=count)
    thick = make("coronal", key="thick")
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.resize(902, 300)
    grid.show_series([series, thick[0]], grid_of(1, 2, [series, thick[0]]))
    for one, voxels in ((series, stack), thick):
        grid.set_stack(one.key, voxels)
    grid.show()
    QApplication.processEvents()
    return grid


@pytest.mark.parametrize("plane", ["sagittal", "coronal", "axial"])
def test_the_three_planes_hang_and_show_the_truth(qtbot: QtBot, plane: str) -> None:
    grid = opened(qtbot, plane)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    contents = [grid.presenter.content(tile) for tile in range(3)]
    assert {content.series.plane for content in contents if content} == {
        Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL,
    }  # fmt: skip
    grid.set_tool("window")
    for tile in range(3):
        grid.presenter.set_window(tile, Window(2000, 1400))
    grid.presenter.show_reference_lines = False
    grid.presenter.redraw()
    for tile in range(3):
        picture = pixels(grid, tile)
        checked = 0
        for x in range(110, 190, 20):
            for y in range(110, 190, 20):
                point = grid.presenter.point_at(tile, x + 0.5, y + 0.5)
                assert point is not None
                grey = (2000 + point @ np.array([9.0, 5.0, 3.0]) - 1300) / 1400 * 255
                assert picture.pixelColor(x, y).red() == pytest.approx(np.clip(grey, 0, 255), abs=4)
                checked += 1
        assert checked == 16


def test_a_press_of_the_crosshair_takes_the_other_planes_there(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    assert grid.tool == "crosshair"
    at = QPoint(120, 190)
    point = grid.presenter.point_at(0, 120, 190)
    assert point is not None
    own = slices(grid)[0]
    QTest.mouseClick(grid.tiles[0], Qt.MouseButton.LeftButton, pos=at)
    assert slices(grid)[0] == own
    for tile in (1, 2):
        geometry = grid.presenter.linkable(tile)
        assert geometry is not None
        assert geometry.nearest_slice(point)[0] == slices(grid)[tile]
    # The lines of the two other planes meet where the pointer was.
    picture = pixels(grid, 0)
    assert any(picture.pixelColor(x, 230) != picture.pixelColor(x + 3, 230) for x in (118, 119, 120, 121))
    accent = QColor(grid.palette_used.accent)
    column = [picture.pixelColor(x, 260) for x in range(114, 127)]
    assert any(abs(one.blue() - accent.blue()) < 90 and one.blue() > one.red() + 30 for one in column)


def test_the_wheel_scrolls_a_reformat_and_the_evidence_names_a_slice_of_the_series(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    before = slices(grid)[1]
    wheel(grid, 1, -120)
    assert slices(grid)[1] == before + 1
    assert grid.active_tile == 1
    position = grid.current_position()
    assert position is not None
    assert position[0] == "thin"
    assert position[1] == f"thin.{position[3]}"
    assert position[3] in (29, 30)  # the middle of a reformat is the middle slice of the series


def test_masks_lie_over_reformats_too(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    _, stack = make("sagittal", key="thin", step=1.0, count=60)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    grid.set_overlay("thin", mask_of(stack))
    grid.set_overlay_look(filled=True, opacity=1.0)
    for tile in range(3):
        content = grid.presenter.content(tile)
        assert content is not None
        assert content.reading is not None
        (overlay,) = content.shown_layers()
        assert overlay.labels.shape == content.reading.stack.voxels.shape
        assert overlay.labels.sum() == mask_of(stack).labels.sum()


def test_q_again_brings_back_what_hung_before(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    grid.presenter.show_slice(0, 41)
    before = grid.states()
    QTest.keyClick(grid, Qt.Key.Key_Q)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    assert grid.states()["tiles"] == before["tiles"]
    assert grid.tool == "window"


def test_reformats_come_back_with_the_reading_before_the_voxels(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    wheel(grid, 2, -240)
    kept = json.loads(json.dumps(grid.states()))
    series, stack = make("sagittal", key="thin", step=1.0, count=60)
    again = ViewerGrid()
    qtbot.addWidget(again)
    wanted: list[str] = []
    again.stack_wanted.connect(lambda one: wanted.append(one.key))
    again.show_series([series])
    again.restore(kept)
    assert set(wanted) == {"thin"}
    again.set_stack("thin", stack)
    assert slices(again) == slices(grid)
    assert [one.key for one in again.series] == ["thin"]


def test_thick_slices_have_no_reformats_and_the_arrows_pass_them_by(qtbot: QtBot) -> None:
    grid = opened(qtbot)
    grid.presenter.set_active(1)
    assert "3.0 mm apart" in grid.reformats.refusal()
    QTest.keyClick(grid, Qt.Key.Key_Q)
    assert not grid.reformats.are_shown
    grid.presenter.set_active(0)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.presenter.states[grid.active_tile].series_key == "thick"


@pytest.mark.parametrize("tool", ["length", "brush"])
@pytest.mark.parametrize("hangs", [True, False], ids=["native beside it", "reformat alone"])
def test_what_needs_an_image_says_so_on_a_reformat_and_a_double_click_goes_to_the_slice(
    qtbot: QtBot, tool: str, hangs: bool
) -> None:
    grid = opened(qtbot)
    QTest.keyClick(grid, Qt.Key.Key_Q)
    presenter = grid.presenter
    if not hangs:
        presenter.hang_series(0, presenter.states[1].series_key)
    grid.set_tool(tool)
    there = QPoint(100, 180)
    wanted = presenter.point_at(1, there.x(), there.y())
    book = grid.measuring.book if tool == "length" else grid.drawing.book
    QTest.mouseClick(grid.tiles[1], Qt.MouseButton.LeftButton, pos=there)
    assert "double click" in book.said and presenter.active == 1
    QTest.mouseDClick(grid.tiles[1], Qt.MouseButton.LeftButton, pos=there)
    native = grid.active_tile
    assert native == (0 if hangs else 1) and presenter.states[native].series_key == "thin"
    geometry = presenter.linkable(native)
    assert presenter.states[native].slice_index == geometry.nearest_slice(wanted)[0]
    assert book.said == "" and grid.tool == tool
    tile = grid.tiles[native]
    QTest.mousePress(tile, Qt.MouseButton.LeftButton, pos=QPoint(120, 120))
    QTest.mouseMove(tile, QPoint(170, 150))
    QTest.mouseRelease(tile, Qt.MouseButton.LeftButton, pos=QPoint(170, 150))
    assert len(book.marks) == 1 if tool == "length" else book.labels("thin") is not None
