"""Tile menu, overview strip, magnifier, own windows, saved protocols: by real mouse and keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from tests.gui import viewer_scene as scene
from workstation.errors import WorkstationError
from workstation.gui.application import make_application, make_window
from workstation.gui.commands import load_profiles
from workstation.gui.main_window import MainWindow
from workstation.gui.second_screen import OwnWindow
from workstation.gui.theme import load_theme
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.layout_menu import LayoutMenu
from workstation.gui.viewer.overview_strip import OverviewStrip
from workstation.gui.viewer.texts import Texts, laid_out
from workstation.gui.viewer.tile_menu import TileMenu
from workstation.gui.viewer.tool_strip import ToolStrip
from workstation.gui.viewer.view_menu import ViewMenu
from workstation.gui.viewer.words import Words
from workstation.imaging import hanging_own
from workstation.imaging.frame import Corners, ScaleBar
from workstation.imaging.hanging import grid_of
from workstation.imaging.placement import EdgeLetters
from workstation.workflow.free_view import kept_view
from workstation.workflow.workspace import open_workspace


@pytest.fixture
def grid(qtbot: QtBot) -> ViewerGrid:
    make_application()
    made = scene.four()
    qtbot.addWidget(made)
    return made


def grey(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width()].copy()


# --- tile menu ---------------------------------------------------------------------------------------------


def test_a_right_click_offers_the_series_with_plane_weighting_slices_and_warnings(
    grid: ViewerGrid, qtbot: QtBot
) -> None:
    menu = TileMenu(grid)
    qtbot.addWidget(menu)
    QTest.mouseClick(grid.tiles[1], Qt.MouseButton.RightButton, pos=QPoint(50, 60))
    assert menu.isVisible()
    words = [action.text() for action in menu.actions()[:4]]
    assert words[0] == "sag PD · sagittal · PD · 21 slices · on the screen"
    assert words[1].endswith("· 31 slices · here")
    assert words[3].endswith("· ⚠ 2 slices are missing between 4 and 5.")
    assert [action.isChecked() for action in menu.actions()[:4]] == [False, True, False, False]
    assert all(not action.icon().isNull() for action in menu.actions()[:4])
    menu.actions()[3].trigger()
    assert grid.presenter.states[1].series_key == scene.PAIRS[3][0].key


def test_a_right_drag_zooms_and_opens_no_menu(grid: ViewerGrid, qtbot: QtBot) -> None:
    menu = TileMenu(grid)
    qtbot.addWidget(menu)
    scene.drag(grid, 0, Qt.MouseButton.RightButton, 0, -60)
    assert not menu.isVisible()
    assert grid.presenter.states[0].scale is not None


def test_the_key_opens_it_for_the_active_viewport(grid: ViewerGrid, qtbot: QtBot) -> None:
    menu = TileMenu(grid)
    qtbot.addWidget(menu)
    grid.presenter.set_active(2)
    qtbot.keyClick(grid.tiles[2], Qt.Key.Key_S)
    assert menu.isVisible()
    assert menu.actions()[2].isChecked()


# --- overview strip ----------------------------------------------------------------------------------------


def test_the_overview_shows_all_slices_and_a_click_goes_there(grid: ViewerGrid, qtbot: QtBot) -> None:
    strip = OverviewStrip(grid)
    qtbot.addWidget(strip)
    strip.resize(10 * 66, strip.height())
    assert strip.isHidden()
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_O)
    assert strip.isVisible()
    assert (strip.slices[0], strip.slices[-1], len(strip.slices)) == (0, 20, 10)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(9 * 66 + 10, 30))
    assert grid.presenter.states[0].slice_index == 20
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert grid.presenter.states[0].slice_index == strip.slices[8]
    assert grey(strip.grab().toImage()).std() > 10
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_O)
    assert strip.isHidden()


def test_a_short_series_is_shown_whole(grid: ViewerGrid, qtbot: QtBot) -> None:
    strip = OverviewStrip(grid)
    qtbot.addWidget(strip)
    strip.resize(60 * 66, strip.height())
    assert strip.slices == tuple(range(21))
    assert strip.slice_at(60 * 66) is None


# --- magnifier, cine, full screen --------------------------------------------------------------------------


def test_the_magnifier_enlarges_what_is_under_the_pointer(grid: ViewerGrid, qtbot: QtBot) -> None:
    grid.presenter.states[0] = grid.presenter.states[0]
    QTest.mouseMove(grid.tiles[0], QPoint(150, 150))
    before = grey(scene.pixels(grid, 0)).astype(int)
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_M)
    assert grid.magnifier.is_on
    QTest.mouseMove(grid.tiles[0], QPoint(160, 150))
    QTest.mouseMove(grid.tiles[0], QPoint(150, 150))
    after = grey(scene.pixels(grid, 0)).astype(int)
    # The place under the pointer stays; what stood 50 px to its right is now the grey of 20 px.
    assert abs(after[150, 150] - before[150, 150]) <= 2
    assert abs(after[150, 200] - before[150, 170]) <= 3
    assert abs(after[150, 200] - before[150, 200]) > 3
    assert after[20, 20] == before[20, 20]
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_Escape)
    assert not grid.magnifier.is_on
    assert (grey(scene.pixels(grid, 0)) == before).all()


def test_cine_goes_faster_and_slower_within_limits(grid: ViewerGrid, qtbot: QtBot) -> None:
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_C)
    assert grid.is_playing
    start = grid.cine_rate
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_BracketRight)
    assert grid.cine_rate > start
    for _ in range(30):
        qtbot.keyClick(grid.tiles[0], Qt.Key.Key_BracketLeft)
    assert grid.cine_rate == pytest.approx(1.0)
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_Escape)
    assert not grid.is_playing


def test_full_screen_and_back(grid: ViewerGrid, qtbot: QtBot) -> None:
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_F11)
    assert grid.window().isFullScreen()
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_F11)
    assert not grid.window().isFullScreen()


def test_the_menu_says_every_key_and_ticks_what_is_on(grid: ViewerGrid, qtbot: QtBot) -> None:
    menu = ViewMenu(grid)
    qtbot.addWidget(menu)
    grid.keymap.change("invert", "N")
    menu.fill()
    by_name = {action.objectName(): action for action in menu.actions() if action.objectName()}
    assert by_name["view_invert"].text() == "Invert\tN"
    assert by_name["view_reference"].isChecked()
    by_name["view_invert"].trigger()
    assert grid.presenter.states[0].inverted
    menu.fill()
    assert {a.objectName() for a in menu.actions() if a.isChecked()} == {"view_reference", "view_invert"}


# --- a viewport, and the form, in a window of their own ----------------------------------------------------


def test_a_viewport_in_its_own_window_scrolls_links_and_obeys_keys(grid: ViewerGrid, qtbot: QtBot) -> None:
    grid.presenter.set_active(0)
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_D)
    window = grid.findChild(OwnWindow)
    assert grid.away == (0,)
    assert window.isVisible()
    assert window.isWindow()
    assert "sag PD" in window.windowTitle()
    place = grey(grid.grab().toImage())[20:280, 20:280]
    assert 0 < (place > 60).mean() < 0.1  # black with a few words
    before = scene.slices(grid)
    scene.wheel(grid, 0, -120)
    assert scene.slices(grid)[0] == before[0] + 1
    assert scene.slices(grid)[1] != before[1] or grid.presenter.states[1].outside is not None
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_I)
    assert grid.presenter.states[0].inverted
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert scene.slices(grid)[0] == before[0] + 2
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_D)
    assert grid.away == ()
    assert grid.tiles[0].parentWidget() is grid
    assert grid.tiles[0].isVisible()


def test_closing_its_window_brings_a_viewport_back(grid: ViewerGrid) -> None:
    size = grid.tiles[3].size()
    grid.detach(3)
    grid.findChild(OwnWindow).close()
    assert grid.away == ()
    assert grid.tiles[3].size() == size


def test_a_smaller_layout_takes_the_window_with_it(grid: ViewerGrid) -> None:
    grid.detach(3)
    grid.set_grid(1, 2)
    QApplication.processEvents()
    assert grid.away == ()
    assert len(grid.tiles) == 2
    grid.detach(1)
    grid.maximise(0)
    grid.show_series([s for s, _ in scene.PAIRS])
    assert len(grid.tiles) >= 1


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.show_desk("reading", "K-R")
    yield made
    made.close()


def test_the_form_goes_to_a_window_of_its_own_and_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.desk
    wide = desk.grid.width()
    qtbot.keyClick(desk.grid.tiles[0], Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    out = desk.findChild(OwnWindow)
    assert out is not None
    qtbot.waitUntil(lambda: desk.grid.width() > wide)
    slice_index = desk.grid.presenter.states[desk.grid.active_tile].slice_index
    qtbot.keyClick(out, Qt.Key.Key_Down)
    assert desk.grid.presenter.states[desk.grid.active_tile].slice_index == slice_index + 1
    out.close()
    qtbot.waitUntil(lambda: desk.grid.width() == wide)


def test_shortcuts_are_heard_in_the_form_s_own_window_too(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.desk
    wide = desk.grid.width()
    shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    desk.grid.setFocus()
    before = QApplication.focusWidget()
    qtbot.keyClick(before, Qt.Key.Key_D, shift)
    out = desk.findChild(OwnWindow)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is before)  # the keys stay on the images
    qtbot.keyClick(out, Qt.Key.Key_3, control)
    assert window.desk is not desk
    window.show_desk("reading")
    qtbot.keyClick(out, Qt.Key.Key_D, shift)
    qtbot.waitUntil(lambda: desk.grid.width() == wide)


# --- protocols ---------------------------------------------------------------------------------------------


@pytest.fixture
def menu(grid: ViewerGrid, qtbot: QtBot) -> LayoutMenu:
    strip = ToolStrip(grid, load_theme("dark"))
    qtbot.addWidget(strip)
    assert strip.findChild(QToolButton, "tool_layout").menu() is strip.layouts
    grid.strip = strip  # keeps it
    return strip.layouts


def words(menu: LayoutMenu) -> list[str]:
    menu.fill()
    return [action.text() for action in menu.actions() if action.text()]


def test_the_screen_is_saved_and_hangs_the_next_case(grid: ViewerGrid, menu: LayoutMenu) -> None:
    told: list[str] = []
    menu.told.connect(told.append)
    grid.set_grid(1, 2)
    protocol = menu.save_screen("Two sagittal")
    assert told == ["“Two sagittal” is saved; cases like this one open with it"]
    assert "Two sagittal" in words(menu)
    grid.show_series([s for s, _ in scene.PAIRS])
    assert grid.layout_shown.id == protocol.id
    assert [tile.series_key for tile in grid.layout_shown.tiles] == [s.key for s, _ in scene.PAIRS[:2]]


def test_own_protocols_are_replaced_renamed_shared_and_deleted(
    grid: ViewerGrid, menu: LayoutMenu, tmp_path: Path
) -> None:
    protocol = menu.save_screen("Mine")
    grid.set_grid(1, 1)
    menu.replace_own(protocol)
    assert hanging_own.own_protocols()[0][0].columns == 1
    menu.rename_own(protocol, "Ours")
    assert "Ours" in words(menu)
    menu.share_own(protocol, tmp_path / "ours.toml")
    menu.delete_own(protocol)
    assert "Ours" not in words(menu)
    menu.take_file(tmp_path / "ours.toml")
    assert "Ours" in words(menu)


def test_a_file_with_an_unknown_key_is_refused_and_a_damaged_one_is_named(
    menu: LayoutMenu, tmp_path: Path
) -> None:
    refused: list[WorkstationError] = []
    menu.refused.connect(refused.append)
    path = tmp_path / "theirs.toml"
    path.write_text('id = "a"\nversion = 1\ntitle = "A"\nscript = "x"\n', encoding="utf-8")
    menu.take_file(path)
    assert "line 4: script is not a key of a hanging protocol" in refused[0].sentence
    hanging_own.own_folder().mkdir(parents=True)
    (hanging_own.own_folder() / "bad.toml").write_text("id = 1", encoding="utf-8")
    assert any(text.startswith("⚠ The hanging protocol bad.toml") for text in words(menu))


def test_the_same_title_twice_is_refused(menu: LayoutMenu) -> None:
    refused: list[WorkstationError] = []
    menu.refused.connect(refused.append)
    menu.save_screen("Mine")
    assert menu.save_screen("Mine") is None
    assert "already" in refused[0].sentence


# --- what was left comes back ------------------------------------------------------------------------------


def test_pictures_that_arrive_do_not_move_what_a_reader_left(qtbot: QtBot) -> None:
    make_application()
    grid = scene.four()
    qtbot.addWidget(grid)
    grid.presenter.show_slice(0, 3)
    grid.presenter.set_active(2)
    grid.presenter.show_slice(2, 15)
    left = grid.states()
    again = ViewerGrid()
    qtbot.addWidget(again)
    again.show_series([s for s, _ in scene.PAIRS])
    again.restore(left)
    for series, stack in scene.PAIRS:
        again.set_preview(series.key, 10, stack)
        again.set_stack(series.key, stack)
    assert again.states() == left


def test_an_empty_viewport_says_again_what_it_waits_for(qtbot: QtBot) -> None:
    series = [one for one, _ in scene.PAIRS][:3]
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    hung = grid_of(2, 2, series)
    places = (*hung.tiles[:3], replace(hung.tiles[3], missing="No coronal T1 in this study"))
    grid.show_series(series, replace(hung, id="knee-oa", tiles=places))
    left = grid.states()
    for kept in (left, {name: value for name, value in left.items() if name != "missing"}):
        again = ViewerGrid()
        qtbot.addWidget(again)
        again.show_series(series, replace(hung, id="knee-oa", tiles=places))
        again.restore(kept)
        assert "No coronal T1 in this study" in again.tiles[3].accessibleName()
    again.restore({**left, "missing": [1, 2, 3, 4]})
    assert "No coronal T1" in again.tiles[3].accessibleName()


def test_windows_of_series_that_do_not_hang_come_back_too(grid: ViewerGrid, qtbot: QtBot) -> None:
    scene.drag(grid, 3, Qt.MouseButton.LeftButton, 40, 10)
    chosen = grid.presenter.states[3].window
    grid.set_grid(1, 1)
    left = grid.states()
    again = scene.four()
    qtbot.addWidget(again)
    again.restore(left)
    again.hang_in_active(scene.PAIRS[3][0].key)
    assert again.presenter.states[0].window == chosen


def test_the_view_is_kept_also_while_cine_runs_on(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    from workstation.gui.reading import read_keeper

    monkeypatch.setattr(read_keeper, "LONGEST_WAIT_MS", 300)
    desk = window.desk
    library = window.context.workspace.library.folder
    desk.grid.set_cine_rate(30)
    desk.grid.set_playing(True)
    qtbot.waitUntil(lambda: bool(kept_view(library, "K-R")), timeout=4000)
    assert desk.grid.is_playing


def test_windows_of_their_own_open_again_with_the_case(window: MainWindow, qtbot: QtBot) -> None:
    """A viewport and the form that stood on a second screen stand there again; nothing closes by itself."""
    desk = window.desk
    desk.grid.detach(1)
    desk.grid.findChild(OwnWindow).setGeometry(30, 40, 500, 400)
    qtbot.keyClick(desk.grid.tiles[0], Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    library = window.context.workspace.library.folder
    desk.may_leave()
    kept = kept_view(library, "K-R")
    assert kept["away"] == {"1": [30, 40, 500, 400]}
    assert len(kept["form_window"]["at"]) == 4
    desk.open_free("K-L")
    qtbot.waitUntil(lambda: desk._open.code == "K-L")
    desk.grid.detach(1)
    desk.may_leave()
    assert desk.grid.away == ()
    desk.open_free("K-R")
    qtbot.waitUntil(lambda: desk.grid.away == (1,))
    assert desk.grid.away_places[1].getRect() == (30, 40, 500, 400)
    assert desk._screen.side_window.is_out


@pytest.mark.parametrize("damage", [3, {"x": [1, 2, 3, 4]}, {"99": [0, 0, 500, 500]}, {"0": [0, 0, "a", 9]}])
def test_a_damaged_record_of_windows_opens_none(grid: ViewerGrid, damage: object) -> None:
    grid.restore({**grid.states(), "away": damage})
    assert grid.away == ()


def test_a_window_kept_for_a_screen_that_is_gone_stands_on_one_that_is_there(grid: ViewerGrid) -> None:
    grid.restore({**grid.states(), "away": {"0": [90_000, 90_000, 500, 500]}})
    place = grid.away_places[0]
    assert any(one.geometry().intersects(place) for one in QGuiApplication.screens())


def test_a_pause_covers_what_stands_in_windows_of_its_own(grid: ViewerGrid) -> None:
    grid.detach(0)
    out = grid.findChild(OwnWindow)
    grid.cover(True)
    assert not out.isVisible()
    grid.cover(False)
    assert out.isVisible()
    assert out.guest is grid.tiles[0]


@pytest.mark.parametrize("wide", range(240, 720, 40))
def test_no_word_over_a_picture_runs_into_another(qtbot: QtBot, wide: int) -> None:
    """However narrow the viewport and however much a corner has to say."""
    del qtbot  # fonts need the application
    corners = Corners("sag PD FS · visit A", "41/80", "W 1051  C 540", "250%  linked: zoom, window")
    texts = Texts(corners, EdgeLetters("A", "P", "S", "I"), ScaleBar(20.0, 50.0), False)
    placed, _ = laid_out(texts, (float(wide), 400.0), Words(13, 1.0), 0xFFFFFFFF)
    boxes = [
        QRect(x, y, picture.width(), picture.height()).adjusted(3, 3, -3, -3) for x, y, picture in placed
    ]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.intersects(other), (one, other)


@pytest.mark.parametrize("profile", ["marrow", "horos", "ohif", "weasis"])
def test_tab_goes_from_viewport_to_viewport_and_back(window: MainWindow, qtbot: QtBot, profile: str) -> None:
    (chosen,) = (one for one in load_profiles() if one.id == profile)
    window.context.keymap.use(dict(chosen.keys))
    grid = window.desk.grid
    grid.set_grid(1, 1)
    grid.set_grid(2, 2)
    grid.setFocus()
    for wanted in (1, 2, 3):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert (QApplication.focusWidget(), grid.active_tile) == (grid.tiles[wanted], wanted)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
    assert grid.active_tile == 2


def test_a_viewport_that_comes_back_from_its_own_window_keeps_the_keys(
    window: MainWindow, qtbot: QtBot
) -> None:
    grid = window.desk.grid
    grid.presenter.set_active(0)
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_D)
    qtbot.keyClick(grid.tiles[0], Qt.Key.Key_D)
    assert QApplication.focusWidget() is grid.tiles[0]
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert grid.active_tile == 1
