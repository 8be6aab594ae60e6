"""The tool strip and the loading of series."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from workstation.gui.jobs import Jobs
from workstation.gui.theme import load_theme
from workstation.gui.viewer.captions import captions_of
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.loading import StackLoader
from workstation.gui.viewer.series_strip import SeriesStrip
from workstation.gui.viewer.theming import viewer_palette
from workstation.gui.viewer.tool_strip import ToolStrip
from workstation.imaging.study import Series
from workstation.tasks import SilentProgress
from workstation.workflow.open_study import open_study


@pytest.fixture
def knee(phantom_knees: Path) -> tuple[Series, ...]:
    return open_study(None, phantom_knees / "left", SilentProgress()).series


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[tuple[ViewerGrid, ToolStrip]]:
    theme = load_theme("dark")
    grid = ViewerGrid(viewer_palette(theme))
    tools = ToolStrip(grid, theme)
    qtbot.addWidget(grid)
    qtbot.addWidget(tools)
    tools.show()
    yield grid, tools


def button(tools: ToolStrip, name: str) -> QToolButton:
    found = tools.findChild(QToolButton, f"tool_{name}")
    assert isinstance(found, QToolButton)
    return found


class TestToolStrip:
    def test_one_tool_at_a_time(self, strip: tuple[ViewerGrid, ToolStrip]) -> None:
        grid, tools = strip
        QTest.mouseClick(button(tools, "pan"), Qt.MouseButton.LeftButton)
        assert grid.tool == Tool.PAN
        assert [button(tools, n).isChecked() for n in ("window", "pan", "zoom")] == [False, True, False]

    def test_a_tool_set_by_a_desk_shows_on_no_button(self, strip: tuple[ViewerGrid, ToolStrip]) -> None:
        grid, tools = strip
        grid.set_tool(Tool.POINT)
        assert not any(button(tools, n).isChecked() for n in ("window", "pan", "zoom"))
        grid.cancel()
        assert button(tools, "window").isChecked()

    def test_opacity_follows_the_slider_and_only_matters_for_fill(
        self, strip: tuple[ViewerGrid, ToolStrip]
    ) -> None:
        grid, tools = strip
        slider = tools.findChild(QSlider)
        assert not slider.isEnabled()
        fill = next(a for a in button(tools, "mask").menu().actions() if a.text() == "Fill")
        fill.trigger()
        assert slider.isEnabled()
        slider.setValue(60)
        assert grid.overlay_look == (True, 0.6, False)

    def test_the_menu_hides_masks(self, strip: tuple[ViewerGrid, ToolStrip]) -> None:
        grid, tools = strip
        shown = next(a for a in button(tools, "mask").menu().actions() if a.text().startswith("Show masks"))
        assert shown.isChecked()
        shown.trigger()
        assert grid.overlay_look[2]

    def test_layouts_are_protocols_and_grids(
        self, strip: tuple[ViewerGrid, ToolStrip], knee: tuple[Series, ...]
    ) -> None:
        grid, tools = strip
        grid.show_series(knee)
        menu = button(tools, "layout").menu()
        menu.aboutToShow.emit()
        titles = [action.text() for action in menu.actions() if action.text()]
        assert titles[0] == "Knee: osteoarthritis and marrow lesions"
        assert "4 × 4" in titles
        next(a for a in menu.actions() if a.text() == "2 × 2").trigger()
        assert (grid.layout_shown.rows, grid.layout_shown.columns) == (2, 2)
        others = next(a.menu() for a in menu.actions() if a.text() == "Other grids")
        for rows in range(1, 5):
            for columns in range(1, 5):
                (action,) = (
                    a for a in (*menu.actions(), *others.actions()) if a.text() == f"{rows} × {columns}"
                )
                action.trigger()
                assert (grid.layout_shown.rows, grid.layout_shown.columns) == (rows, columns)

    def test_every_control_has_a_name_and_a_tooltip(self, strip: tuple[ViewerGrid, ToolStrip]) -> None:
        _, tools = strip
        controls = [*tools.findChildren(QAbstractButton), *tools.findChildren(QSlider)]
        assert len(controls) >= 7
        for control in controls:
            assert control.accessibleName()
            assert control.toolTip()
        assert tools.height() == 40


class TestLoading:
    @pytest.mark.parametrize("synchronous", [True, False])
    def test_every_series_that_hangs_comes_to_the_screen(
        self, qtbot: QtBot, knee: tuple[Series, ...], synchronous: bool
    ) -> None:
        problems: list[object] = []
        jobs = Jobs(problems.append, problems.append, synchronous)
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        strip = SeriesStrip(grid)
        qtbot.addWidget(strip)
        StackLoader(jobs, grid)
        strip.show_series(knee)
        grid.show_series(knee)
        hung = [tile.series_key for tile in grid.layout_shown.tiles if tile.series_key]
        assert len(hung) >= 3
        qtbot.waitUntil(lambda: all(grid.presenter.contents[key].reading for key in hung), timeout=20_000)
        assert not problems
        qtbot.waitUntil(lambda: any(card.has_picture for card in strip.cards), timeout=5_000)
        assert jobs.close()

    def test_a_series_whose_files_are_gone_says_so_and_the_others_show(
        self, qtbot: QtBot, knee: tuple[Series, ...]
    ) -> None:
        from dataclasses import replace

        gone = replace(knee[0], instances=tuple(replace(i, path="/gone.dcm") for i in knee[0].instances))
        jobs = Jobs(lambda error: None, lambda bug: None, True)
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        StackLoader(jobs, grid)
        grid.show_series([gone, *knee[1:]])
        contents = grid.presenter.contents
        assert contents[gone.key].problem
        assert any(content.reading for content in contents.values())
        assert "/gone" not in contents[gone.key].problem

    def test_what_comes_for_an_earlier_case_is_dropped(self, qtbot: QtBot, knee: tuple[Series, ...]) -> None:
        jobs = Jobs(lambda error: None, lambda bug: None, False)
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        loader = StackLoader(jobs, grid)
        grid.show_series(knee)
        loader.forget()
        grid.show_series(())
        assert jobs.close()
        assert grid.presenter.contents == {}


def test_captions_tell_time_points_and_sides_only_where_they_differ(knee: tuple[Series, ...]) -> None:
    from dataclasses import replace

    from workstation.imaging.study import Laterality

    one, two = knee[0], replace(knee[0], key="second")
    assert captions_of([one])[one.key] == one.label
    assert captions_of([one, two]) == {one.key: f"{one.label} (1)", "second": f"{one.label} (2)"}
    visits = {one.key: "A", "second": "B"}
    assert captions_of([one, two], visits)["second"] == f"{one.label} · visit B"
    assert captions_of([one], visits)[one.key] == one.label
    other = replace(two, laterality=Laterality.RIGHT)
    assert captions_of([replace(one, laterality=Laterality.LEFT), other])["second"].endswith("· right")
