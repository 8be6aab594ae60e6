"""The viewer with real mouse and key events, and the pixels that come of them."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QDropEvent, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import CODE, DIRECTIONS, PAIRS, drag, four, make, mask_of, pixels, slices, wheel
from workstation.gui.viewer.commands import Commands
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.keys import BINDINGS
from workstation.gui.viewer.series_strip import SeriesStrip
from workstation.gui.viewer.showing import frame_of
from workstation.gui.viewer.tile import SERIES_MIME
from workstation.imaging.hanging import grid_of
from workstation.imaging.pixels import PixelBuffer
from workstation.imaging.study import Joint, Weighting
from workstation.imaging.viewport import Links
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window
from workstation.masks.mask import Mask, Segment

ACCENT = QColor("#4DA3FF")


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[ViewerGrid]:
    """Four viewports of 300 × 300 with everything loaded."""
    made = four()
    qtbot.addWidget(made)
    yield made


class TestWheel:
    def test_a_notch_moves_all_parallel_stacks_to_the_same_place(self, grid: ViewerGrid) -> None:
        wheel(grid, 0, -120)
        wheel(grid, 0, -120)
        # 2 × 3 mm on; the reversed stack has slices of 2 mm and runs the other way.
        assert slices(grid) == [12, 15 - 3, 10, 10]
        wheel(grid, 0, 120)
        assert slices(grid)[0] == 11

    def test_small_steps_of_a_trackpad_add_up(self, grid: ViewerGrid) -> None:
        for _ in range(7):
            wheel(grid, 0, -20)
        assert slices(grid)[0] == 11
        wheel(grid, 0, 20)  # turning round does not first undo the rest
        for _ in range(5):
            wheel(grid, 0, 20)
        assert slices(grid)[0] == 10

    def test_the_wheel_acts_on_the_viewport_under_it_and_makes_it_active(self, grid: ViewerGrid) -> None:
        wheel(grid, 2, -120)
        assert grid.active_tile == 2
        assert slices(grid) == [10, 15, 11, 10]

    def test_with_ctrl_it_zooms_all_linked_alike(self, grid: ViewerGrid) -> None:
        wheel(grid, 0, 120, Qt.KeyboardModifier.ControlModifier)
        scales = [state.scale for state in grid.presenter.states]
        assert scales == [pytest.approx(3.0 * 1.15)] * 4
        assert slices(grid)[0] == 10

    def test_what_is_painted_is_the_new_slice(self, grid: ViewerGrid) -> None:
        before = pixels(grid, 2).pixelColor(150, 150).red()
        for _ in range(6):
            wheel(grid, 2, -120)
        after = pixels(grid, 2).pixelColor(150, 150).red()
        assert after > before  # posterior is brighter, and coronal stacks run to posterior


class TestDrags:
    def test_left_drag_windows(self, grid: ViewerGrid) -> None:
        before = grid.presenter.present_window(0)
        drag(grid, 0, Qt.MouseButton.LeftButton, 60, 30)
        after = grid.presenter.present_window(0)
        assert before is not None
        assert after is not None
        assert after.width > before.width
        assert after.center > before.center

    def test_a_linked_window_goes_to_the_same_role_only(self, grid: ViewerGrid) -> None:
        drag(grid, 0, Qt.MouseButton.LeftButton, 60, 30)
        windows = [state.window for state in grid.presenter.states]
        assert windows[0] == windows[2] == windows[3]  # all PD of one study
        assert windows[1] is None  # T2

    def test_middle_drag_moves_the_picture_with_the_pointer(self, grid: ViewerGrid) -> None:
        before = pixels(grid, 0).pixelColor(150, 120)
        drag(grid, 0, Qt.MouseButton.MiddleButton, 40, 0)
        assert pixels(grid, 0).pixelColor(190, 120) == before
        # The coronal stack shares the head axis only; sideways it stays.
        assert grid.presenter.states[2].pan == pytest.approx((0.0, 0.0))

    def test_right_drag_up_enlarges_about_the_start(self, grid: ViewerGrid) -> None:
        point = grid.presenter.point_at(0, 150, 150)
        drag(grid, 0, Qt.MouseButton.RightButton, 0, -50)
        assert (grid.presenter.states[0].scale or 0) == pytest.approx(3.0 * np.exp(0.5))
        assert point is not None
        assert grid.presenter.point_at(0, 150, 150) == pytest.approx(point)

    def test_the_tool_changes_what_left_does(self, grid: ViewerGrid) -> None:
        grid.set_tool(Tool.PAN)
        drag(grid, 0, Qt.MouseButton.LeftButton, 30, 0)
        assert grid.presenter.states[0].pan[0] == pytest.approx(-10.0)
        assert grid.presenter.states[0].window is None

    def test_a_click_with_the_point_tool_tells_the_point_in_the_patient(self, grid: ViewerGrid) -> None:
        clicked: list[tuple[np.ndarray, str]] = []
        grid.clicked_point.connect(lambda point, key: clicked.append((point, key)))
        grid.set_tool("point")
        QTest.mouseClick(grid.tiles[2], Qt.MouseButton.LeftButton, pos=QPoint(210, 60))
        (point, key), = clicked  # fmt: skip
        assert key == PAIRS[2][0].key
        assert point == pytest.approx((20.0, 0.0, 30.0), abs=0.6)
        drag(grid, 2, Qt.MouseButton.LeftButton, 40, 0)
        assert len(clicked) == 1  # a drag is no click

    def test_double_click_shows_one_viewport_alone_and_gives_the_others_back(self, grid: ViewerGrid) -> None:
        QTest.mouseDClick(grid.tiles[3], Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
        assert [tile.isVisible() for tile in grid.tiles] == [False, False, False, True]
        assert grid.tiles[3].size() == grid.size()
        QTest.mouseDClick(grid.tiles[3], Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
        assert all(tile.isVisible() for tile in grid.tiles)

    def test_shift_and_move_brings_the_others_to_the_point(self, grid: ViewerGrid) -> None:
        target, at = grid.tiles[2], QPointF(210, 60)  # x = 20, z = 30
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, target.mapToGlobal(at), Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.ShiftModifier,
        )  # fmt: skip
        QApplication.sendEvent(target, move)
        assert slices(grid) == [3, 25, 10, 20]
        assert grid.presenter.cursor is not None


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "expected"),
        [(Qt.Key.Key_Down, 11), (Qt.Key.Key_Up, 9), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 20)],
    )
    def test_slices(self, grid: ViewerGrid, key: Qt.Key, expected: int) -> None:
        QTest.keyClick(grid.tiles[0], key)
        assert slices(grid)[0] == expected

    def test_left_and_right_go_through_the_series(self, grid: ViewerGrid) -> None:
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_Right)
        assert grid.presenter.states[0].series_key == "back"
        assert "sag T2" in grid.tiles[0].accessibleName()
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_Left)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_Left)
        assert grid.presenter.states[0].series_key == PAIRS[3][0].key

    def test_tab_goes_through_the_viewports(self, grid: ViewerGrid, qtbot: QtBot) -> None:
        grid.activateWindow()
        grid.tiles[0].setFocus()
        qtbot.waitUntil(grid.tiles[0].hasFocus)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_Tab)
        assert grid.active_tile == 1
        QTest.keyClick(grid.tiles[1], Qt.Key.Key_Backtab)
        assert grid.active_tile == 0

    def test_reset_brings_back_window_and_whole_image(self, grid: ViewerGrid) -> None:
        wheel(grid, 0, 240, Qt.KeyboardModifier.ControlModifier)
        drag(grid, 0, Qt.MouseButton.LeftButton, 60, 30)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_I)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_H)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_R)
        state = grid.presenter.states[0]
        assert (state.scale, state.window, state.inverted, state.mirrored) == (None, None, False, False)
        assert [s.scale for s in grid.presenter.states] == [None] * 4

    def test_reset_takes_linked_windows_along_and_no_others(self, qtbot: QtBot) -> None:
        pairs = [make("sagittal"), make("sagittal", key="b"), make("sagittal", key="c")]
        made = ViewerGrid()
        qtbot.addWidget(made)
        made.show_series([s for s, _ in pairs], grid_of(1, 3, [s for s, _ in pairs]))
        for series, stack in pairs:
            made.set_stack(series.key, stack)
        presenter = made.presenter
        presenter.set_window(0, Window(2000, 500))
        presenter.set_links(2, Links(window=False))
        QTest.keyClick(made.tiles[0], Qt.Key.Key_R)
        assert [state.window for state in presenter.states] == [None, None, Window(2000, 500)]

    def test_invert(self, grid: ViewerGrid) -> None:
        before = pixels(grid, 0).pixelColor(150, 120).red()
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_I)
        assert pixels(grid, 0).pixelColor(150, 120).red() == pytest.approx(255 - before, abs=2)

    def test_digits_are_presets_until_a_form_is_open(self, grid: ViewerGrid) -> None:
        # Presets of a PD series: start, full range.
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_2)
        full = grid.presenter.states[0].window
        assert full is not None
        grid.set_form_open(True)
        press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_1, Qt.KeyboardModifier.NoModifier, "1")
        assert not grid.handle_key(press)
        assert grid.presenter.states[0].window == full
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
        assert grid.presenter.states[0].window is None

    def test_holding_g_peeks_and_releasing_brings_the_mask_back(self, grid: ViewerGrid) -> None:
        grid.set_overlay(PAIRS[0][0].key, mask_of(PAIRS[0][1]))
        grid.set_overlay_look(filled=True)
        with_mask = pixels(grid, 0)
        QTest.keyPress(grid.tiles[0], Qt.Key.Key_G)
        assert pixels(grid, 0).pixelColor(90, 150) != with_mask.pixelColor(90, 150)
        QTest.keyRelease(grid.tiles[0], Qt.Key.Key_G)
        assert pixels(grid, 0) == with_mask

    def test_shift_g_switches_the_mask_off_and_on(self, grid: ViewerGrid) -> None:
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
        assert grid.overlay_look[2]
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
        assert not grid.overlay_look[2]

    def test_cine_runs_and_escape_ends_it_without_loss(self, grid: ViewerGrid, qtbot: QtBot) -> None:
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_C)
        qtbot.waitUntil(lambda: slices(grid)[0] != 10, timeout=2000)
        QTest.keyClick(grid.tiles[0], Qt.Key.Key_Escape)
        assert not grid.is_playing
        assert grid.presenter.states[0].series_key == PAIRS[0][0].key

    def test_keys_of_the_form_are_left_alone(self, grid: ViewerGrid) -> None:
        grid.set_form_open(True)
        for key, text in ((Qt.Key.Key_Space, " "), (Qt.Key.Key_K, "k"), (Qt.Key.Key_F, "f")):
            event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
            assert not grid.handle_key(event)

    def test_every_binding_does_something_and_no_key_twice(self, grid: ViewerGrid) -> None:
        keys = [binding.key for binding in BINDINGS if binding.key]  # some tools have only a button
        assert len(set(keys)) == len(keys)
        for binding in BINDINGS:
            assert bool(grid.keymap.key_of(binding.action)) == bool(binding.key)
        tools = {f"tool_{tool.id}" for tool in grid.tools}
        assert {binding.action for binding in BINDINGS} - tools == Commands(grid).names


class TestHanging:
    def test_a_series_without_voxels_asks_for_them_and_says_so(self, qtbot: QtBot) -> None:
        made = ViewerGrid()
        qtbot.addWidget(made)
        wanted: list[str] = []
        made.stack_wanted.connect(lambda series: wanted.append(series.key))
        made.show_series([PAIRS[0][0]], grid_of(1, 1, [PAIRS[0][0]]))
        assert wanted == [PAIRS[0][0].key]
        assert "sag PD" in made.tiles[0].accessibleName()

    def test_a_preview_is_shown_with_the_number_of_its_slice(self, qtbot: QtBot) -> None:
        made = ViewerGrid()
        qtbot.addWidget(made)
        made.resize(300, 300)
        series, stack = PAIRS[0]
        made.show_series([series], grid_of(1, 1, [series]))
        one = Stack(stack.series_key, stack.voxels[10:11], 1.0, 0.0, None)
        made.set_preview(series.key, 10, one)
        frame = frame_of(made.presenter, 0, (300, 300), PixelBuffer())
        assert frame is not None
        assert frame.corners.top_right == "11/21"
        wheel(made, 0, -120)
        assert frame_of(made.presenter, 0, (300, 300), PixelBuffer()) is None  # that slice is not there yet
        made.set_stack(series.key, stack)
        assert frame_of(made.presenter, 0, (300, 300), PixelBuffer()) is not None

    def test_a_problem_is_told_in_the_viewport(self, grid: ViewerGrid) -> None:
        grid.show_series([PAIRS[0][0]], grid_of(1, 1, [PAIRS[0][0]]))
        grid.set_problem(PAIRS[0][0].key, "This series was not opened: its pixels are damaged.")
        assert "pixels are damaged" in grid.tiles[0].accessibleDescription()
        pixels(grid, 0)

    def test_dropping_a_series_hangs_it(self, grid: ViewerGrid) -> None:
        mime = QMimeData()
        mime.setData(SERIES_MIME, PAIRS[2][0].key.encode())
        grid.tiles[0].dropEvent(
            QDropEvent(
                QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            )
        )  # fmt: skip
        assert grid.presenter.states[0].series_key == PAIRS[2][0].key

    def test_a_window_is_remembered_when_its_series_comes_back(self, grid: ViewerGrid) -> None:
        drag(grid, 1, Qt.MouseButton.LeftButton, 60, 30)
        kept = grid.presenter.states[1].window
        grid.hang_in_active(PAIRS[2][0].key)
        grid.hang_in_active("back")
        assert grid.presenter.states[1].window == kept

    @pytest.mark.parametrize("rows", range(1, 5))
    @pytest.mark.parametrize("columns", range(1, 5))
    def test_any_grid_fills_the_room_with_lines_of_one_pixel(
        self, grid: ViewerGrid, rows: int, columns: int
    ) -> None:
        grid.set_grid(rows, columns)
        rects = [tile.geometry() for tile in grid.tiles]
        assert len(rects) == rows * columns
        covered = sum(rect.width() * rect.height() for rect in rects)
        lines = (rows - 1) * 601 + (columns - 1) * 601 - (rows - 1) * (columns - 1)
        assert covered + lines == 601 * 601

    def test_page_down_goes_to_the_next_protocol(self, qtbot: QtBot) -> None:
        made = ViewerGrid()
        qtbot.addWidget(made)
        knee = [
            make(plane, weighting=weighting, key=f"{plane}{weighting}")[0]
            for plane in DIRECTIONS
            for weighting in (Weighting.T1, Weighting.T2)
        ]
        made.show_series(knee, joint=Joint.KNEE)
        first = made.layout_shown.id
        QTest.keyClick(made.tiles[0], Qt.Key.Key_PageDown)
        if len(made.stages) > 1:
            assert made.layout_shown.id != first
        QTest.keyClick(made.tiles[0], Qt.Key.Key_PageUp)
        assert made.layout_shown.id == first

    def test_another_layout_shows_the_same_anatomy_in_series_read_before(self, grid: ViewerGrid) -> None:
        grid.set_grid(1, 1)
        for _ in range(5):
            wheel(grid, 0, -120)
        grid.set_grid(1, 2)
        states, presenter = grid.presenter.states, grid.presenter
        assert [state.series_key for state in states] == [PAIRS[0][0].key, "back"]
        places = [presenter.linkable(n) for n in (0, 1)]
        heights = [float(p.origins[s.slice_index][0]) for p, s in zip(places, states, strict=True) if p]
        assert heights[0] == -15 and heights[1] == pytest.approx(heights[0], abs=1.0)

    def test_another_layout_gives_its_window_to_series_read_before(self, grid: ViewerGrid) -> None:
        grid.set_grid(1, 1)
        layout = grid_of(1, 2, [series for series, _ in PAIRS])
        grid.hang(replace(layout, tiles=tuple(replace(tile, window="full") for tile in layout.tiles)))
        kept, new = grid.presenter.states
        assert kept.window is None
        assert new.window == next(one.window for one in grid.presenter.presets(1) if one.key == "full")

    def test_a_series_of_another_frame_of_reference_is_not_dragged_along(self, qtbot: QtBot) -> None:
        pairs = [make("sagittal"), make("sagittal", key="other", frame="9.9")]
        made = ViewerGrid()
        qtbot.addWidget(made)
        made.show_series([s for s, _ in pairs], grid_of(1, 2, [s for s, _ in pairs]))
        for series, stack in pairs:
            made.set_stack(series.key, stack)
        wheel(made, 0, -120)
        assert slices(made) == [11, 10]

    def test_outside_the_series_the_viewport_says_so(self, qtbot: QtBot) -> None:
        pairs = [make("sagittal"), make("sagittal", key="short", count=5)]
        made = ViewerGrid()
        qtbot.addWidget(made)
        made.show_series([s for s, _ in pairs], grid_of(1, 2, [s for s, _ in pairs]))
        for series, stack in pairs:
            made.set_stack(series.key, stack)
        for _ in range(5):
            wheel(made, 0, -120)
        outside = made.presenter.states[1].outside
        assert outside is not None
        assert outside.text == "9 mm outside this series"
        again = ViewerGrid()
        qtbot.addWidget(again)
        again.show_series([s for s, _ in pairs])
        again.restore(json.loads(json.dumps(made.states())))
        for series, stack in pairs:
            again.set_stack(series.key, stack)
        assert again.presenter.states[1].outside == outside, "said again when the case is opened again"
        again.presenter.set_active(1)
        again.restore(again.states())
        assert again.active_tile == 1, "brought back whatever viewport is active then"
        wheel(made, 1, 120)
        assert made.presenter.states[1].outside is None


class TestPaint:
    def test_the_active_viewport_has_a_frame_of_two_pixels(self, grid: ViewerGrid) -> None:
        grid.presenter.set_active(1)
        active, other = pixels(grid, 1), pixels(grid, 0)
        for at in ((0, 150), (1, 150), (150, 0), (150, 1), (299, 150), (298, 150)):
            assert active.pixelColor(*at) == ACCENT
            assert other.pixelColor(*at) != ACCENT
        assert active.pixelColor(3, 200) != ACCENT

    def test_a_filled_mask_colours_exactly_its_place(self, grid: ViewerGrid) -> None:
        plain = pixels(grid, 0)
        grid.set_overlay(PAIRS[0][0].key, mask_of(PAIRS[0][1]))
        grid.set_overlay_look(filled=True, opacity=1.0)
        filled = pixels(grid, 0)
        # Columns 20–40, rows 40–60 of 100 at 3 px each.
        assert filled.pixelColor(90, 150) == QColor("#D55E00")
        for at in ((55, 150), (125, 150), (90, 115), (90, 185)):
            assert filled.pixelColor(*at) == plain.pixelColor(*at)

    def test_outline_alone_is_the_default(self, grid: ViewerGrid) -> None:
        plain = pixels(grid, 0)
        grid.set_overlay(PAIRS[0][0].key, mask_of(PAIRS[0][1]))
        outlined = pixels(grid, 0)
        assert outlined.pixelColor(90, 150) == plain.pixelColor(90, 150)
        edge = outlined.pixelColor(60, 150)
        assert edge.red() > edge.blue() + 60

    def test_bone_regions_stay_outlines_when_masks_are_filled(self, grid: ViewerGrid) -> None:
        plain = pixels(grid, 0)
        grid.set_regions(PAIRS[0][0].key, mask_of(PAIRS[0][1], "femur"))
        grid.set_overlay_look(filled=True, opacity=1.0)
        assert pixels(grid, 0).pixelColor(90, 150) == plain.pixelColor(90, 150)

    def test_two_readers_are_told_apart_without_hue(self, grid: ViewerGrid) -> None:
        _, stack = PAIRS[0]
        x, y = np.zeros((2, *stack.voxels.shape), np.uint8)
        x[:, 20:80, 10:50] = 1
        y[:, 20:80, 35:80] = 1
        assert stack.geometry is not None
        masks = [
            Mask(stack.series_key, labels, stack.geometry, (Segment(1, "edema", CODE, CODE),))
            for labels in (x, y)
        ]
        plain = pixels(grid, 0)
        grid.set_reader_masks(stack.series_key, *masks)
        shown = pixels(grid, 0)

        def changed(left: int, top: int, width: int, height: int) -> np.ndarray:
            return np.array(
                [
                    [shown.pixelColor(left + i, top + j) != plain.pixelColor(left + i, top + j)
                     for i in range(width)]
                    for j in range(height)
                ]
            )  # fmt: skip

        assert changed(112, 100, 20, 40).all()  # both: solid
        only_x, only_y = changed(40, 90, 32, 32), changed(170, 90, 32, 32)
        assert 0.1 < only_x.mean() < 0.7  # lines with picture between
        assert 0.1 < only_y.mean() < 0.7
        # ⟋ stays on itself when moved up and right, ⟍ when moved down and right.
        assert (only_x[1:, :-1] == only_x[:-1, 1:]).mean() > 0.9 > (only_x[1:, 1:] == only_x[:-1, :-1]).mean()
        assert (only_y[1:, 1:] == only_y[:-1, :-1]).mean() > 0.9 > (only_y[1:, :-1] == only_y[:-1, 1:]).mean()

    def test_the_reference_line_lies_where_the_planes_meet(self, grid: ViewerGrid) -> None:
        for _ in range(5):
            wheel(grid, 0, -120)  # sagittal slice at x = -15 mm
        coronal = pixels(grid, 2)
        across = 150 - 15 * 3
        accents = [
            x
            for x in range(120)
            if sum(coronal.pixelColor(x, y).blue() - coronal.pixelColor(x, y).red() > 80
                   for y in range(60, 240)) > 60
        ]  # fmt: skip
        assert accents
        assert all(abs(x - across) <= 1 for x in accents)

    def test_a_series_with_warnings_carries_a_sign_that_explains(self, grid: ViewerGrid) -> None:
        shown = pixels(grid, 3)
        amber = [
            (x, y)
            for x in range(30, 120) for y in range(6, 26)
            if pixels_near(shown.pixelColor(x, y), QColor("#F2B53B"))
        ]  # fmt: skip
        assert amber
        assert "2 slices are missing" in grid.tiles[3].accessibleDescription()
        assert "2 slices are missing" in grid.tiles[3]._warning_at(QPointF(*amber[0]))

    def test_painting_thousands_of_times_loses_no_reference(self, grid: ViewerGrid) -> None:
        gc.collect()
        gc.disable()  # what other tests left behind holds references too, and would go in between
        try:
            before = sys.getrefcount(None)
            for _ in range(300):
                grid.tiles[0].update()
                QApplication.processEvents()
            assert sys.getrefcount(None) > before - 100
        finally:
            gc.enable()


def pixels_near(one: QColor, other: QColor) -> bool:
    return all(abs(a - b) < 60 for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))  # type: ignore[index]


class TestKept:
    def test_states_come_back_through_json(self, grid: ViewerGrid, qtbot: QtBot) -> None:
        wheel(grid, 0, -240)
        drag(grid, 0, Qt.MouseButton.LeftButton, 50, 20)
        wheel(grid, 2, 240, Qt.KeyboardModifier.ControlModifier)
        grid.set_overlay_look(filled=True, opacity=0.6)
        kept = json.loads(json.dumps(grid.states()))
        other = ViewerGrid()
        qtbot.addWidget(other)
        other.show_series([s for s, _ in PAIRS])
        for series, stack in PAIRS:
            other.set_stack(series.key, stack)
        other.restore(kept)
        assert other.states() == grid.states()

    @pytest.mark.parametrize(
        "record",
        [{}, {"tiles": "none"}, {"rows": 9, "columns": 9, "tiles": []},
         {"rows": 1, "columns": 1, "tiles": [5]},
         {"rows": 1, "columns": 1, "tiles": [{"series_key": "gone", "slice_index": 3}], "active": 7},
         {"overlay": {"opacity": "much"}}],
    )  # fmt: skip
    def test_a_damaged_record_leaves_the_viewer_usable(
        self, grid: ViewerGrid, record: dict[str, object]
    ) -> None:
        grid.restore(record)
        pixels(grid, 0)
        wheel(grid, 0, -120)

    def test_the_position_names_instance_frame_and_slice(self, grid: ViewerGrid) -> None:
        grid.show_slice("back", 4)
        assert grid.active_tile == 1
        assert grid.current_position() == ("back", "back.4", 0, 4)

    def test_a_slice_of_a_series_that_does_not_hang_takes_the_active_viewport(self, grid: ViewerGrid) -> None:
        grid.set_grid(1, 1)
        grid.show_slice("back", 7)
        assert grid.presenter.states[0].series_key == "back"
        assert slices(grid) == [7]

    def test_go_to_point(self, grid: ViewerGrid) -> None:
        grid.go_to_point((20.0, 12.0, 30.0))
        assert slices(grid) == [3, 25, 14, 20]


def test_thumbnails_show_hang_and_name(grid: ViewerGrid, qtbot: QtBot) -> None:
    strip = SeriesStrip(grid)
    qtbot.addWidget(strip)
    strip.show_series([s for s, _ in PAIRS], {PAIRS[1][0].key: "sag T2 · visit B"})
    qtbot.waitUntil(lambda: all(card.has_picture for card in strip.cards), timeout=5_000)
    assert strip.cards[0].accessibleName().startswith("sag PD, 21 slices; in the active viewport")
    assert "visit B" in strip.cards[1].accessibleName()
    assert "2 slices are missing" in strip.cards[3].toolTip()
    grid.presenter.set_active(0)
    QTest.mouseClick(strip.cards[3], Qt.MouseButton.LeftButton)
    assert grid.presenter.states[0].series_key == PAIRS[3][0].key


def test_no_identifier_can_reach_the_screen(grid: ViewerGrid, qtbot: QtBot) -> None:
    """Descriptions and UIDs of the files are known to the viewer, yet only captions are shown."""
    names = [tile.accessibleName() + tile.accessibleDescription() for tile in grid.tiles]
    for content in grid.presenter.contents.values():
        for text in names:
            assert content.series.first.sop_instance_uid not in text


def test_an_empty_case_teaches(qtbot: QtBot) -> None:
    made = ViewerGrid()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show_series(())
    made.show()
    assert made.current_position() is None
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_R, Qt.Key.Key_I, Qt.Key.Key_1, Qt.Key.Key_C):
        QTest.keyClick(made.tiles[0], key)
    wheel(made, 0, -120)
    drag(made, 0, Qt.MouseButton.LeftButton, 10, 10)
    assert "Choose a series" in made.tiles[0].accessibleName()
