"""Measuring with the mouse: drawn, edited, undone, hidden and found again, on the picture it was made on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import PAIRS, four, make, pixels, wheel
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mark_book import MarkBook
from workstation.imaging.hanging import grid_of
from workstation.imaging.measurement import Mark, Shape

LEFT = Qt.MouseButton.LeftButton
PX_PER_MM = 3.0
"""Pictures of 100 mm fill viewports of 300 px."""


@pytest.fixture
def grid(qtbot: QtBot) -> ViewerGrid:
    made = four()
    qtbot.addWidget(made)
    return made


def book_of(grid: ViewerGrid) -> MarkBook:
    return grid.measuring.book


def only(grid: ViewerGrid) -> Mark:
    (mark,) = book_of(grid).marks.values()
    return mark


def move(grid: ViewerGrid, tile: int, x: float, y: float, button: Qt.MouseButton) -> None:
    at, target = QPointF(x, y), grid.tiles[tile]
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, target.mapToGlobal(at), Qt.MouseButton.NoButton, button,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(target, event)


def drag(grid: ViewerGrid, tile: int, *way: tuple[int, int]) -> None:
    target = grid.tiles[tile]
    QTest.mousePress(target, LEFT, pos=QPoint(*way[0]))
    for at in way[1:]:
        move(grid, tile, *at, LEFT)
    QTest.mouseRelease(target, LEFT, pos=QPoint(*way[-1]))


def click(grid: ViewerGrid, tile: int, x: int, y: int) -> None:
    move(grid, tile, x, y, Qt.MouseButton.NoButton)
    QTest.mouseClick(grid.tiles[tile], LEFT, pos=QPoint(x, y))


def key(grid: ViewerGrid, code: Qt.Key) -> None:
    QTest.keyClick(grid.tiles[grid.active_tile], code)


class TestDrawing:
    def test_a_drag_with_the_length_tool_is_a_length_in_mm(self, grid: ViewerGrid) -> None:
        key(grid, Qt.Key.Key_L)
        drag(grid, 0, (60, 60), (100, 90), (180, 150))
        mark = only(grid)
        assert mark.shape is Shape.LENGTH
        assert mark.result.value("length") == pytest.approx(math.hypot(120, 90) / PX_PER_MM, abs=0.01)
        assert (mark.sop_instance_uid, mark.frame) == (f"{PAIRS[0][0].key}.10", 0)

    def test_two_clicks_are_a_length_as_well(self, grid: ViewerGrid) -> None:
        grid.set_tool("length")
        click(grid, 0, 60, 60)
        assert not book_of(grid).marks
        click(grid, 0, 90, 100)
        assert only(grid).result.value("length") == pytest.approx(50 / PX_PER_MM, abs=0.01)

    def test_three_clicks_are_an_angle(self, grid: ViewerGrid) -> None:
        key(grid, Qt.Key.Key_A)
        for at in ((60, 60), (60, 160), (160, 160)):
            click(grid, 0, *at)
        assert only(grid).result.value("angle") == pytest.approx(90.0)

    def test_an_angle_by_a_drag_and_a_click(self, grid: ViewerGrid) -> None:
        grid.set_tool("angle")
        drag(grid, 0, (60, 160), (100, 160), (160, 160))
        click(grid, 0, 90, 90)
        assert only(grid).result.value("angle") == pytest.approx(45.0)

    def test_a_rectangle_counts_the_pixels_under_it(self, grid: ViewerGrid) -> None:
        grid.set_tool("rectangle")
        drag(grid, 0, (60, 30), (70, 80), (120, 90))
        result = only(grid).result
        block = PAIRS[0][1].voxels[10, 10:30, 20:40].astype(float)
        assert (result.value("n"), result.value("area")) == (400, pytest.approx(400.0))
        assert result.value("mean") == pytest.approx(block.mean())
        assert result.value("sd") == pytest.approx(block.std(ddof=1))

    def test_ctrl_makes_a_circle(self, grid: ViewerGrid) -> None:
        grid.set_tool("ellipse")
        target = grid.tiles[0]
        QTest.mousePress(target, LEFT, pos=QPoint(60, 60))
        QTest.mouseRelease(target, LEFT, Qt.KeyboardModifier.ControlModifier, QPoint(120, 90))
        (x0, y0), (x1, y1) = only(grid).points
        assert abs(x1 - x0) == pytest.approx(abs(y1 - y0)) == pytest.approx(20.0)

    def test_a_freehand_outline_closes_itself(self, grid: ViewerGrid) -> None:
        grid.set_tool("freehand")
        around = [
            (150 + round(60 * math.cos(a)), 150 + round(60 * math.sin(a))) for a in np.linspace(0, 6.2, 60)
        ]
        drag(grid, 0, *around)
        assert only(grid).result.value("area") == pytest.approx(math.pi * 20**2, rel=0.02)

    def test_no_dot_is_ever_kept(self, grid: ViewerGrid) -> None:
        for tool in ("length", "rectangle", "ellipse", "freehand", "angle"):
            grid.set_tool(tool)
            drag(grid, 0, (60, 60), (61, 60))
        assert not book_of(grid).marks

    def test_a_note_is_written_where_it_was_clicked(self, grid: ViewerGrid, qtbot: QtBot) -> None:
        grid.set_tool("text")
        click(grid, 0, 90, 60)
        entry = grid.findChild(QLineEdit, "note_entry")
        QTest.keyClicks(entry, "cyst")
        QTest.keyClick(entry, Qt.Key.Key_Return)
        mark = only(grid)
        assert (mark.name, mark.points) == ("cyst", (pytest.approx((30.0, 20.0)),))

    def test_escape_leaves_a_note_unwritten_and_a_line_undrawn(self, grid: ViewerGrid) -> None:
        grid.set_tool("text")
        click(grid, 0, 90, 60)
        entry = grid.findChild(QLineEdit, "note_entry")
        QTest.keyClicks(entry, "cyst")
        QTest.keyClick(entry, Qt.Key.Key_Escape)
        grid.set_tool("length")
        click(grid, 0, 60, 60)
        key(grid, Qt.Key.Key_Escape)
        assert not book_of(grid).marks
        assert book_of(grid).draft is None
        assert grid.tool == "window"

    def test_turning_the_wheel_leaves_a_line_begun_on_another_slice(self, grid: ViewerGrid) -> None:
        grid.set_tool("length")
        click(grid, 0, 60, 60)
        wheel(grid, 0, -120)
        click(grid, 0, 150, 150)
        assert not book_of(grid).marks

    @pytest.mark.parametrize("command", ["flip_horizontal", "flip_vertical", "rotate"])
    def test_a_turned_picture_measures_the_same(self, grid: ViewerGrid, command: str) -> None:
        grid.do(command)
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (100, 90), (180, 150))
        assert only(grid).result.value("length") == pytest.approx(50.0, abs=0.01)


class TestEditing:
    @pytest.fixture
    def line(self, grid: ViewerGrid) -> Mark:
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.set_tool("window")
        return only(grid)

    def test_a_handle_is_dragged_with_any_tool(self, grid: ViewerGrid, line: Mark) -> None:
        window = grid.presenter.present_window(0)
        drag(grid, 0, (150, 60), (180, 60), (210, 60))
        assert only(grid).result.value("length") == pytest.approx(50.0, abs=0.01)
        assert only(grid).id == line.id
        assert grid.presenter.present_window(0) == window

    def test_the_whole_is_dragged_by_its_line(self, grid: ViewerGrid, line: Mark) -> None:
        drag(grid, 0, (105, 60), (105, 90), (105, 120))
        assert only(grid).points == (pytest.approx((20.0, 40.0)), pytest.approx((50.0, 40.0)))

    def test_a_corner_of_a_region_moves_against_the_opposite_one(self, grid: ViewerGrid) -> None:
        grid.set_tool("rectangle")
        drag(grid, 0, (60, 60), (120, 120))
        drag(grid, 0, (120, 60), (150, 45))
        across, down = zip(*only(grid).points, strict=True)
        assert (min(across), max(across), min(down), max(down)) == pytest.approx((20, 50, 15, 40))

    def test_delete_undo_and_redo(self, grid: ViewerGrid, line: Mark) -> None:
        key(grid, Qt.Key.Key_Delete)
        assert not book_of(grid).marks
        book_of(grid).undo()
        assert only(grid) == line
        book_of(grid).undo()
        assert not book_of(grid).marks
        book_of(grid).redo()
        assert only(grid) == line

    def test_a_press_beside_lets_go_and_then_delete_does_nothing(self, grid: ViewerGrid, line: Mark) -> None:
        click(grid, 0, 240, 240)
        key(grid, Qt.Key.Key_Delete)
        assert only(grid) == line

    def test_escape_in_the_middle_of_a_drag_changes_nothing(self, grid: ViewerGrid, line: Mark) -> None:
        QTest.mousePress(grid.tiles[0], LEFT, pos=QPoint(150, 60))
        move(grid, 0, 240, 240, LEFT)
        key(grid, Qt.Key.Key_Escape)
        QTest.mouseRelease(grid.tiles[0], LEFT, pos=QPoint(240, 240))
        assert only(grid) == line
        assert book_of(grid).draft is None

    def test_a_region_dragged_flat_stays_as_it_was(self, grid: ViewerGrid) -> None:
        grid.set_tool("rectangle")
        drag(grid, 0, (60, 60), (120, 120))
        before = only(grid)
        drag(grid, 0, (120, 120), (90, 60))
        assert only(grid) == before


class TestPlace:
    def test_it_is_drawn_on_its_own_slice_only(self, grid: ViewerGrid) -> None:
        before, away = pixels(grid, 0), QColor()
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.cancel()
        assert pixels(grid, 0) != before
        wheel(grid, 0, -120)
        away = pixels(grid, 0).pixelColor(105, 60)
        wheel(grid, 0, 120)
        assert pixels(grid, 0).pixelColor(105, 60) != away
        assert pixels(grid, 0).pixelColor(105, 60).lightness() > 150

    def test_it_follows_a_mirrored_picture(self, grid: ViewerGrid) -> None:
        grid.set_tool("rectangle")
        drag(grid, 0, (30, 150), (60, 180))
        grid.cancel()
        grid.do("flip_horizontal")
        assert pixels(grid, 0).pixelColor(270, 165).lightness() > 150
        click(grid, 0, 270, 165)
        assert book_of(grid).selected == only(grid).id

    def test_a_click_in_the_list_brings_its_slice_back(self, grid: ViewerGrid) -> None:
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        mark = only(grid)
        grid.cancel()
        for _ in range(4):
            wheel(grid, 0, -120)
        grid.presenter.set_active(2)
        grid.measuring.go_to(mark.id)
        assert grid.active_tile == 0
        assert grid.presenter.states[0].slice_index == 10
        assert book_of(grid).selected == mark.id

    def test_frames_of_one_file_keep_their_marks_apart(self, qtbot: QtBot) -> None:
        series, stack = make("sagittal", key="frames")
        instances = tuple(
            replace(one, sop_instance_uid="1.2.9", frame=number)
            for number, one in enumerate(series.instances)
        )
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        grid.resize(300, 300)
        series = replace(series, instances=instances)
        grid.show_series([series], grid_of(1, 1, [series]))
        grid.set_stack(series.key, stack)
        grid.show()
        grid.presenter.show_slice(0, 6)
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.cancel()
        mark, book = only(grid), book_of(grid)
        assert (mark.sop_instance_uid, mark.frame) == ("1.2.9", 6)
        wheel(grid, 0, -120)
        assert not book.on_tile(0)
        grid.measuring.go_to(mark.id)
        assert grid.presenter.states[0].slice_index == 6
        assert book.on_tile(0) == (mark,)

    def test_hidden_is_not_drawn_not_taken_and_comes_back_with_the_view(self, grid: ViewerGrid) -> None:
        before = pixels(grid, 0)
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.cancel()
        mark = only(grid)
        book_of(grid).set_hidden(mark.id, True)
        assert pixels(grid, 0) == before
        kept = grid.states()
        book_of(grid).set_hidden(mark.id, False)
        grid.restore(kept)
        assert book_of(grid).hidden == {mark.id}

    def test_holding_g_looks_under_it(self, grid: ViewerGrid) -> None:
        before = pixels(grid, 0)
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.cancel()
        QTest.keyPress(grid.tiles[0], Qt.Key.Key_G)
        assert pixels(grid, 0) == before
        QTest.keyRelease(grid.tiles[0], Qt.Key.Key_G)
        assert pixels(grid, 0) != before

    def test_another_case_meets_none_of_it(self, grid: ViewerGrid) -> None:
        grid.set_tool("length")
        drag(grid, 0, (60, 60), (150, 60))
        grid.show_series([PAIRS[0][0]])
        assert not book_of(grid).marks
        book_of(grid).undo()
        assert not book_of(grid).marks

    def test_k_makes_a_key_image_and_takes_it_back(self, grid: ViewerGrid) -> None:
        key(grid, Qt.Key.Key_K)
        assert (only(grid).shape, only(grid).sop_instance_uid) == (Shape.KEY, f"{PAIRS[0][0].key}.10")
        wheel(grid, 0, -120)
        key(grid, Qt.Key.Key_K)
        assert len(book_of(grid).marks) == 2
        key(grid, Qt.Key.Key_K)
        assert len(book_of(grid).marks) == 1

    def test_words_stay_inside_the_viewport(self, grid: ViewerGrid) -> None:
        """A mark in the far corner: its box of words is moved inward, not cut by the edge."""
        before = pixels(grid, 0)
        grid.set_tool("rectangle")
        drag(grid, 0, (240, 240), (297, 297))
        grid.cancel()
        after = pixels(grid, 0)
        words = [(x, y) for x in range(236) for y in range(300) if before.pixel(x, y) != after.pixel(x, y)]
        assert len(words) > 500
        assert max(y for _, y in words) < 297

    def test_a_reformat_takes_no_mark_and_says_why(self, qtbot: QtBot) -> None:
        series, stack = make("sagittal", key="thin", count=60, step=1.0)
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        grid.resize(900, 300)
        grid.show_series([series], grid_of(1, 1, [series]))
        grid.set_stack(series.key, stack)
        grid.show()
        grid.reformats.toggle()
        grid.set_tool("length")
        drag(grid, 1, (100, 100), (150, 150))
        assert not book_of(grid).marks
        assert "reformat" in book_of(grid).said
        drag(grid, 0, (100, 100), (150, 150))
        assert len(book_of(grid).marks) == 1
        assert not book_of(grid).said
