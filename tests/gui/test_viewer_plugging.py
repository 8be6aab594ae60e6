"""A tool from outside: it gets the mouse, draws in every viewport, and what it keeps comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import PAIRS, four, pixels
from workstation.gui.viewer.commands import Commands
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.tools.base import Pointer, PointerTool


class Stamp(PointerTool):
    """Leaves a green square where it is pressed."""

    id, title, tip = "stamp", "Stamp", "Press"

    def __init__(self, presenter: Any) -> None:
        super().__init__(presenter)
        self.at: list[tuple[float, float]] = []
        self.cancelled = 0

    def takes(self, at: Pointer) -> bool:
        return at.across < 10

    def press(self, at: Pointer) -> None:
        self.at.append((at.across, at.down))

    def cancel(self) -> None:
        self.cancelled += 1

    def forget(self) -> None:
        self.at.clear()

    def double_click(self, at: Pointer) -> bool:
        return at.across > 50

    def paint(self, painter: QPainter, view: TileView) -> None:
        assert view.slice_index >= 0
        for across, down in self.at:
            painter.fillRect(int(across), int(down), 5, 5, QColor("#00FF00"))

    def kept(self) -> dict[str, Any]:
        return {"at": self.at} if self.at else {}

    def restore(self, values: Mapping[str, Any]) -> None:
        self.at = [tuple(one) for one in values["at"]]


@pytest.fixture
def stamp(qtbot: QtBot) -> tuple[ViewerGrid, Stamp]:
    grid = four()
    qtbot.addWidget(grid)
    made = Stamp(grid.presenter)
    grid.add_tool(made)
    return grid, made


def test_the_chosen_tool_gets_the_left_button_and_draws_in_every_viewport(
    stamp: tuple[ViewerGrid, Stamp],
) -> None:
    grid, made = stamp
    QTest.mouseClick(grid.tiles[1], Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    assert not made.at
    Commands(grid).do("tool_stamp")
    QTest.mouseClick(grid.tiles[1], Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    assert made.at == [(100.0, 90.0)]
    for tile in range(4):
        assert pixels(grid, tile).pixelColor(102, 92) == QColor("#00FF00")


def test_a_handle_is_taken_whatever_tool_is_chosen(stamp: tuple[ViewerGrid, Stamp]) -> None:
    grid, made = stamp
    window = grid.presenter.present_window(0)
    drag_from = QPoint(5, 50)
    QTest.mousePress(grid.tiles[0], Qt.MouseButton.LeftButton, pos=drag_from)
    QTest.mouseMove(grid.tiles[0], QPoint(60, 50))
    QTest.mouseRelease(grid.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(60, 50))
    assert made.at == [(5.0, 50.0)]
    assert grid.presenter.present_window(0) == window


def test_a_double_click_is_the_tools_before_it_is_the_viewports(stamp: tuple[ViewerGrid, Stamp]) -> None:
    grid, _ = stamp
    grid.set_tool("stamp")
    QTest.mouseDClick(grid.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    assert grid.tiles[1].isVisible()
    QTest.mouseDClick(grid.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(20, 90))
    assert not grid.tiles[1].isVisible()


def test_another_tool_and_escape_end_what_is_under_way(stamp: tuple[ViewerGrid, Stamp]) -> None:
    grid, made = stamp
    grid.set_tool("stamp")
    grid.set_tool("pan")
    assert made.cancelled == 1
    grid.set_tool("stamp")
    grid.cancel()
    assert made.cancelled == 2
    with pytest.raises(KeyError):
        grid.set_tool("no such tool")
    assert grid.tool == "stamp"


def test_what_a_tool_keeps_comes_back_and_another_case_does_not_see_it(
    stamp: tuple[ViewerGrid, Stamp],
) -> None:
    grid, made = stamp
    assert "stamp" not in grid.states()["tools"]
    made.at = [(3.0, 4.0)]
    kept = json.loads(json.dumps(grid.states()))
    grid.show_series([series for series, _ in PAIRS[:2]])
    assert not made.at
    grid.restore(kept)
    assert made.at == [(3.0, 4.0)]
    grid.restore({**kept, "tools": {"stamp": "damaged", "gone": {}}})
