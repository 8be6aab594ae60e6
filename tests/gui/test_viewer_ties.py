"""Linking what shares no frame of reference, with real clicks and keys; right beside left."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import make, slices, wheel
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.links_menu import LinksMenu
from workstation.gui.viewer.showing import frame_of
from workstation.imaging.hanging import grid_of
from workstation.imaging.pixels import PixelBuffer
from workstation.imaging.study import Laterality, Series
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window

Pair = tuple[Series, Stack]


def hung(qtbot: QtBot, *pairs: Pair) -> ViewerGrid:
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.resize(300 * len(pairs) + len(pairs) - 1, 300)
    series = [one for one, _ in pairs]
    grid.show_series(series, grid_of(1, len(pairs), series))
    for one, stack in pairs:
        grid.set_stack(one.key, stack)
    grid.show()
    return grid


def badges(grid: ViewerGrid, tile: int) -> list[str]:
    frame = frame_of(grid.presenter, tile, (300, 300), PixelBuffer())
    assert frame is not None
    return [badge.text for badge in frame.badges]


def click(grid: ViewerGrid, tile: int, x: int, y: int) -> None:
    QTest.mouseClick(grid.tiles[tile], Qt.MouseButton.LeftButton, pos=QPoint(x, y))


@pytest.fixture
def visits(qtbot: QtBot) -> ViewerGrid:
    return hung(qtbot, make("sagittal", key="a"), make("sagittal", key="b", frame="9.9"))


class TestAnotherFrame:
    def test_tied_at_the_slices_shown_and_said_with_its_distance(self, visits: ViewerGrid) -> None:
        wheel(visits, 0, -120)
        assert slices(visits) == [11, 10]
        visits.presenter.set_active(0)
        QTest.keyClick(visits, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
        assert badges(visits, 0) == badges(visits, 1) == ["offset 3.0 mm by hand"]
        wheel(visits, 0, -240)
        assert slices(visits) == [13, 12]
        wheel(visits, 1, 120)
        assert slices(visits) == [12, 11]

    def test_a_landmark_clicked_in_both_ties_all_three_directions(self, visits: ViewerGrid) -> None:
        visits.set_tool("tie")
        click(visits, 0, 150, 150)
        click(visits, 1, 180, 120)  # 10 mm posterior and 10 mm cranial at 3 pixels per mm
        way = visits.presenter.bridge(0, 1)
        assert way is not None
        assert way.point((0, 0, 0)) == pytest.approx((0, 10, 10), abs=0.5)
        assert badges(visits, 1)[0].startswith("offset 14.")
        click(visits, 0, 150, 150)
        QTest.keyClick(visits, Qt.Key.Key_Escape)
        assert visits.tool == "window"

    def test_a_drag_is_no_landmark(self, visits: ViewerGrid) -> None:
        visits.set_tool("tie")
        QTest.mousePress(visits.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
        QTest.mouseRelease(visits.tiles[0], Qt.MouseButton.LeftButton, pos=QPoint(90, 50))
        click(visits, 1, 150, 150)
        assert visits.presenter.bridge(0, 1) is None

    def test_the_tie_comes_back_with_the_reading_and_leaves_with_the_case(self, visits: ViewerGrid) -> None:
        wheel(visits, 0, -120)
        visits.presenter.tie_slices(0)
        kept = json.loads(json.dumps(visits.states()))
        pairs = make("sagittal", key="a"), make("sagittal", key="b", frame="9.9")
        visits.show_series([one for one, _ in pairs], grid_of(1, 2, [one for one, _ in pairs]))
        assert visits.presenter.bridge(0, 1) is None
        for one, stack in pairs:
            visits.set_stack(one.key, stack)
        assert not badges(visits, 0)
        visits.restore(kept)
        assert badges(visits, 0) == ["offset 3.0 mm by hand"]
        assert slices(visits) == [11, 10]

    def test_the_menu_breaks_one_link_and_unties(self, visits: ViewerGrid) -> None:
        wheel(visits, 0, -120)
        visits.presenter.set_active(0)
        menu = LinksMenu(visits)
        menu.fill()
        by_text = {action.text().split("\t")[0]: action for action in menu.actions()}
        assert not by_text["Untie"].isEnabled()
        by_text["Tie to the others at the slices shown"].trigger()
        by_text["Slices"].trigger()
        assert visits.presenter.states[0].links.scroll is False
        assert visits.presenter.states[0].links.zoom is True
        before = slices(visits)
        wheel(visits, 0, 120)
        assert slices(visits) == [before[0] - 1, before[1]]
        menu.fill()
        next(a for a in menu.actions() if a.text().startswith("Untie (offset 3.0 mm")).trigger()
        assert visits.presenter.bridge(0, 1) is None


def sided(plane: str, side: Laterality, centre: float, frame: str = "1.2.3") -> Pair:
    series, stack = make(plane, key=f"{plane}-{side}", frame=frame, count=41, step=1.0)
    assert stack.geometry is not None
    origins = stack.geometry.origins + np.array([centre, 0, 0])
    geometry = replace(stack.geometry, origins=origins)
    return replace(series, laterality=side), replace(stack, geometry=geometry)


class TestRightBesideLeft:
    @pytest.mark.parametrize("frame", ["1.2.3", "7"])
    def test_one_click_on_each_centre_links_mirrored(self, qtbot: QtBot, frame: str) -> None:
        grid = hung(
            qtbot,
            sided("sagittal", Laterality.RIGHT, -90),
            sided("sagittal", Laterality.LEFT, 90, frame),
        )
        grid.presenter.show_slice(1, 25)  # the left joint centre lies 5 mm lateral of the middle slice
        grid.presenter.set_links(0, replace(grid.presenter.states[0].links))
        grid.presenter.states[0] = replace(grid.presenter.states[0], slice_index=20, outside=None)
        grid.set_tool("tie")
        click(grid, 0, 150, 150)
        click(grid, 1, 150, 150)
        assert grid.presenter.states[0].mirrored is grid.presenter.states[1].mirrored is False
        assert "right–left by joint centres" in badges(grid, 0)
        wheel(grid, 0, -120)  # the right goes 1 mm to the patient's left: medial
        assert slices(grid) == [21, 24]  # and the left goes 1 mm medial: to the patient's right
        wheel(grid, 1, -240)
        assert slices(grid) == [19, 26]

    def test_untying_takes_the_chosen_tie_alone(self, qtbot: QtBot) -> None:
        """A third series is tied by hand to the right; right and left meet at their joint centres."""
        grid = hung(
            qtbot,
            sided("sagittal", Laterality.RIGHT, -90),
            sided("sagittal", Laterality.LEFT, 90, "7"),
            make("sagittal", key="c", frame="9.9"),
        )
        presenter = grid.presenter
        for one, two in ((0, 1), (0, 2)):
            first, second = presenter.point_at(one, 150, 150), presenter.point_at(two, 150, 150)
            assert first is not None and second is not None
            presenter.tie_points((one, first), (two, second))
        presenter.set_active(0)
        menu = LinksMenu(grid)
        menu.fill()
        offered = {a.text(): a for a in menu.actions() if a.text().startswith("Untie")}
        assert len(offered) == 2
        offered["Untie (right–left by joint centres)"].trigger()
        assert presenter.bridge(0, 1) is None
        assert presenter.bridge(0, 2) is not None
        presenter.untie(0, "by hand")
        assert presenter.bridge(0, 2) is None
        assert presenter.ties.centres, "the centre of the left side was not asked to go"

    def test_one_series_of_both_hips_in_two_viewports(self, qtbot: QtBot) -> None:
        both = make("coronal", key="both", count=41, step=1.0)
        grid = hung(qtbot, both, both)
        keys = [state.series_key for state in grid.presenter.states]
        assert keys == ["both", "both"]
        grid.set_tool("tie")
        click(grid, 0, 60, 150)  # the patient's right is on the left of the screen
        grid.presenter.states[1] = replace(grid.presenter.states[1], slice_index=23)
        click(grid, 1, 240, 150)
        assert [state.side for state in grid.presenter.states] == ["R", "L"]
        grid.presenter.show_slice(0, 10)
        assert slices(grid) == [10, 13]

    def test_two_clicks_on_one_joint_are_not_two_sides(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("coronal", key="a"), make("coronal", key="b"))
        grid.set_tool("tie")
        click(grid, 0, 60, 150)
        click(grid, 1, 66, 150)
        assert [state.side for state in grid.presenter.states] == ["", ""]


class TestMirrored:
    """H mirrors one side on demand: pixels, letters, masks and clicks turn together, and a badge stays."""

    @pytest.mark.parametrize("plane", ["sagittal", "coronal", "axial"])
    @pytest.mark.parametrize("turns", [0, 1])
    def test_pixel_letter_and_click_agree(self, qtbot: QtBot, plane: str, turns: int) -> None:
        series, stack = make(plane, key="one")
        grid = hung(qtbot, (series, stack))
        grid.presenter.set_window(0, Window(2000, 1800))
        for _ in range(turns):
            QTest.keyClick(grid, Qt.Key.Key_T)
        before = frame_of(grid.presenter, 0, (300, 300), PixelBuffer())
        plain = grid.tiles[0].grab().toImage()
        assert before is not None
        QTest.keyClick(grid, Qt.Key.Key_H)
        after = frame_of(grid.presenter, 0, (300, 300), PixelBuffer())
        mirrored = grid.tiles[0].grab().toImage()
        assert after is not None
        assert badges(grid, 0) == ["MIRRORED"]
        assert (after.letters.left, after.letters.right) == (before.letters.right, before.letters.left)
        assert (after.letters.top, after.letters.bottom) == (before.letters.top, before.letters.bottom)
        for x, y in ((60, 80), (100, 200), (210, 100), (230, 220)):
            assert plain.pixelColor(x, y).red() == pytest.approx(mirrored.pixelColor(299 - x, y).red(), abs=3)
            point = grid.presenter.point_at(0, 299 - x + 0.5, y + 0.5)
            assert point is not None
            value = 2000 + point @ np.array([9.0, 5.0, 3.0])
            shown = (value - 1100) / 1800 * 255
            assert mirrored.pixelColor(299 - x, y).red() == pytest.approx(np.clip(shown, 0, 255), abs=4)


class TestOneScale:
    """Before anybody zooms too: 10 mm are equally long in all linked viewports, and whole images fit."""

    @staticmethod
    def wide(frame: str = "1.2.3") -> Pair:
        """The same middle, twice as large a field of view."""
        series, stack = make("sagittal", key="wide", frame=frame)
        geometry = stack.geometry
        assert geometry is not None
        corner = (geometry.along_row + geometry.along_column) * 49.5
        large = replace(geometry, origins=geometry.origins - corner, pixel_spacing=(2.0, 2.0))
        instances = tuple(replace(one, pixel_spacing=(2.0, 2.0)) for one in series.instances)
        return replace(series, instances=instances), replace(stack, geometry=large)

    def scales(self, grid: ViewerGrid) -> list[float]:
        frames = [frame_of(grid.presenter, n, grid.presenter.sizes[n], PixelBuffer()) for n in (0, 1)]
        return [frame.placement.scale for frame in frames if frame is not None]

    def test_linked_viewports_open_at_one_scale_and_keep_it(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"), self.wide())
        one, two = self.scales(grid)
        assert one == two == pytest.approx(1.5), "200 mm on 300 px"
        wheel(grid, 0, 120, Qt.KeyboardModifier.ControlModifier)
        one, two = self.scales(grid)
        assert one == two > 1.5
        QTest.keyClick(grid, Qt.Key.Key_R)
        assert self.scales(grid) == [pytest.approx(1.5)] * 2

    def test_nothing_changes_its_size_when_the_second_series_arrives(self, qtbot: QtBot) -> None:
        near, far = make("sagittal", key="a"), self.wide()
        grid = ViewerGrid()
        qtbot.addWidget(grid)
        grid.resize(601, 300)
        grid.show_series([near[0], far[0]], grid_of(1, 2, [near[0], far[0]]))
        grid.set_stack("a", near[1])
        before = self.scales(grid)
        grid.set_stack("wide", far[1])
        assert self.scales(grid)[:1] == before == [pytest.approx(1.5)]

    def test_alone_unlinked_or_in_its_own_window_it_fits_by_itself(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"), self.wide())
        grid.maximise(0)
        assert self.scales(grid)[0] == pytest.approx(3.0)
        grid.maximise(0)
        grid.detach(1)
        assert self.scales(grid)[0] == pytest.approx(3.0)
        grid.detach(1)
        presenter = grid.presenter
        presenter.set_links(0, replace(presenter.states[0].links, zoom=False))
        assert self.scales(grid) == [pytest.approx(3.0), pytest.approx(1.5)]

    def test_after_a_zoom_what_is_hung_or_linked_anew_takes_the_same_scale(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"), make("coronal", key="b"), make("axial", key="c"))
        presenter = grid.presenter
        wheel(grid, 0, 360, Qt.KeyboardModifier.ControlModifier)
        wanted = frame_of(presenter, 0, (300, 300), PixelBuffer())
        assert wanted is not None and wanted.scale_bar is not None

        def lengths() -> list[float]:
            frames = [frame_of(presenter, n, (300, 300), PixelBuffer()) for n in range(len(presenter.states))]
            return [frame.scale_bar.length_px for frame in frames if frame and frame.scale_bar]

        grid.presenter.set_active(1)
        QTest.keyClick(grid.tiles[1], Qt.Key.Key_Right)
        assert presenter.states[1].series_key == "c"
        assert lengths() == [wanted.scale_bar.length_px] * 3
        grid.set_grid(2, 2)
        assert set(lengths()) == {wanted.scale_bar.length_px}
        presenter.set_active(1)
        grid.do("link")
        wheel(grid, 1, -600, Qt.KeyboardModifier.ControlModifier)
        assert presenter.states[1].scale != presenter.states[0].scale
        grid.do("link")
        assert set(lengths()) == {wanted.scale_bar.length_px}

    def test_a_viewport_alone_keeps_its_zoom_when_linked_again(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"))
        wheel(grid, 0, 360, Qt.KeyboardModifier.ControlModifier)
        scale = grid.presenter.states[0].scale
        grid.do("link")
        grid.do("link")
        assert grid.presenter.states[0].scale == scale

    def test_a_window_of_its_own_does_not_claim_the_scale_of_the_others(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"), make("coronal", key="b"))
        grid.detach(0)
        frame = frame_of(grid.presenter, 0, (300, 300), PixelBuffer())
        assert frame is not None and "zoom" not in frame.corners.bottom_right
        wheel(grid, 1, 120, Qt.KeyboardModifier.ControlModifier)
        frame = frame_of(grid.presenter, 0, (300, 300), PixelBuffer())
        assert frame is not None and frame.corners.bottom_right.endswith("  linked")

    def test_a_click_finds_the_pixel_that_is_drawn(self, qtbot: QtBot) -> None:
        grid = hung(qtbot, make("sagittal", key="a"), self.wide())
        for tile in (0, 1):
            point = grid.presenter.point_at(tile, 150 + 30, 150)
            assert point is not None
            assert abs(point[1]) == pytest.approx(20.0), "30 px are 20 mm"

    def test_no_corner_claims_a_link_that_leads_nowhere(self, visits: ViewerGrid) -> None:
        frame = frame_of(visits.presenter, 0, (300, 300), PixelBuffer())
        assert frame is not None
        assert frame.corners.bottom_right.endswith("linked: zoom, window")
        visits.presenter.tie_slices(0)
        tied = frame_of(visits.presenter, 0, (300, 300), PixelBuffer())
        assert tied is not None
        assert tied.corners.bottom_right.endswith("  linked")
