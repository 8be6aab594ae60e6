"""What is kept or skipped for speed changes no pixel: the fast way beside the plain one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import PAIRS, mask_of
from workstation.gui.viewer import kept_lines, kept_pictures, painting
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.kept_pictures import KeptPictures
from workstation.gui.viewer.look_ahead import LookAhead
from workstation.gui.viewer.painting import FramePainter, paint_pixels, wrap
from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.words import Words
from workstation.imaging.frame import CROSSED, Frame, LabelStyle, Overlay, picture_of, resolve
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.hanging import grid_of
from workstation.imaging.pixels import Picture, PixelBuffer, PixelBuffers
from workstation.imaging.viewport import Outside, ViewportState
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import SIGMOID, Window, lut32

ROWS, COLUMNS, SLICES = 90, 70, 4
SIZE = (311.0, 203.0)

VIEWS = {
    "fitted": ViewportState("s", 1),
    "mirrored": ViewportState("s", 1, mirrored=True),
    "turned": ViewportState("s", 2, rotation=1),
    "zoomed": ViewportState("s", 1, scale=5.3, pan=(7.1, -4.4)),
    "small": ViewportState("s", 3, scale=0.8),
    "windowed": ViewportState("s", 1, window=Window(700, 900, SIGMOID), inverted=True),
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Nothing in it is symmetric, and its pixels are not square."""
    slices, rows, columns = np.ogrid[:SLICES, :ROWS, :COLUMNS]
    voxels = (rows * 13 + columns * 5 + slices * 200 + (rows > 60) * (columns < 20) * 900).astype(np.uint16)
    origins = np.array([[0.0, 0.0, 4.0 * index] for index in range(SLICES)])
    geometry = StackGeometry(
        (SLICES, ROWS, COLUMNS), origins, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (0.8, 1.3), 4.0, "1.2"
    )
    return Stack("s", voxels, 2.0, -100.0, geometry)


@pytest.fixture(scope="module")
def overlay() -> Overlay:
    labels = np.zeros((SLICES, ROWS, COLUMNS), dtype=np.uint8)
    labels[:, 10:40, 5:30], labels[:, 30:75, 40:65], labels[:, 50:60, 0:8] = 1, 2, 3
    labels[:, 45:50, 50:55] = 0
    styles = {1: LabelStyle(0xD55E00), 2: LabelStyle(0x56B4E9), 3: LabelStyle(0x009E73, hatch=CROSSED)}
    return Overlay(labels, styles, filled=True, opacity=0.4)


def plain(stack: Stack, state: ViewportState, overlay: Overlay) -> NDArray[np.uint32]:
    """Every pixel by itself, as the definition of the picture says."""
    assert state.window is not None
    grey = lut32(state.window, stack, state.inverted)[stack.voxels[state.slice_index]]
    found = grey.copy()
    labels = overlay.labels[state.slice_index]
    for label, style in overlay.styles.items():
        if not style.hatch:
            inside = labels == label
            for shift in (16, 8, 0):
                mixed = (grey[inside] >> shift & 255) * 0.6 + 0.4 * (style.color >> shift & 255)
                channel = np.uint32(0xFF) << np.uint32(shift)
                found[inside] = found[inside] & ~channel | np.rint(mixed).astype(np.uint32) << shift
    return found


@pytest.mark.parametrize("slice_index", range(SLICES))
def test_filled_labels_are_blended_as_defined(stack: Stack, overlay: Overlay, slice_index: int) -> None:
    state = ViewportState("s", slice_index, window=Window(700, 900))
    shown = resolve(state, stack, SIZE, overlays=(overlay,)).pixels
    difference = np.abs(shown.view(np.uint8).astype(int) - plain(stack, state, overlay).view(np.uint8))
    assert difference.max() <= 1  # rounding of the mixture
    assert (shown >> 24 == 0xFF).all()


class TestBuffer:
    """A buffer looks nothing up that it holds, and everything that it does not."""

    def test_the_same_picture_is_not_looked_up_again(self, stack: Stack, overlay: Overlay) -> None:
        buffer, picture = PixelBuffer(), picture_of(ViewportState("s", 1), stack, (overlay,))
        pixels = buffer.show(picture)
        pixels[0, 0] = 7
        assert buffer.show(picture_of(ViewportState("s", 1, mirrored=True), stack, (overlay,)))[0, 0] == 7

    @pytest.mark.parametrize(
        "other",
        [
            ViewportState("s", 2),
            ViewportState("s", 1, inverted=True),
            ViewportState("s", 1, window=Window(500, 300)),
        ],
    )
    def test_another_picture_is(self, stack: Stack, overlay: Overlay, other: ViewportState) -> None:
        buffer = PixelBuffer()
        resolve(ViewportState("s", 1), stack, SIZE, overlays=(overlay,), buffer=buffer)
        again = resolve(other, stack, SIZE, overlays=(overlay,), buffer=buffer).pixels
        assert np.array_equal(again, resolve(other, stack, SIZE, overlays=(overlay,)).pixels)

    def test_so_is_the_same_slice_of_another_stack_or_under_another_mask(
        self, stack: Stack, overlay: Overlay
    ) -> None:
        buffer, state = PixelBuffer(), ViewportState("s", 1)
        bare = resolve(state, stack, SIZE, buffer=buffer).pixels.copy()
        masked = resolve(state, stack, SIZE, overlays=(overlay,), buffer=buffer).pixels.copy()
        darker = Overlay(overlay.labels, overlay.styles, filled=True, opacity=0.9)
        assert not np.array_equal(bare, masked)
        assert not np.array_equal(
            masked, resolve(state, stack, SIZE, overlays=(darker,), buffer=buffer).pixels
        )
        other = Stack("s", stack.voxels[:, ::-1].copy(), 2.0, -100.0, stack.geometry)
        assert np.array_equal(resolve(state, other, SIZE, buffer=buffer).pixels, bare[::-1])

    def test_it_keeps_no_voxels_alive(self, stack: Stack) -> None:
        import weakref

        buffer, other = PixelBuffer(), Stack("s", stack.voxels.copy(), 1.0, 0.0, None)
        resolve(ViewportState("s", 0), other, SIZE, buffer=buffer)
        watch = weakref.ref(other)
        del other
        assert watch() is None

    def test_a_look_up_that_fails_leaves_nothing_held(self, stack: Stack) -> None:
        buffer, good = PixelBuffer(), picture_of(ViewportState("s", 0), stack)
        buffer.show(good)
        broken = Stack("s", stack.voxels.astype(np.float32), 1.0, 0.0, None)  # type: ignore[arg-type] - wrong on purpose
        with pytest.raises(TypeError):
            buffer.show(picture_of(ViewportState("s", 0, window=Window(5, 5)), broken))
        assert not buffer.holds(good)


@pytest.fixture
def canvas(qtbot: object) -> Iterator[QImage]:
    assert QApplication.instance() is not None
    yield QImage(0, 0, QImage.Format.Format_RGB32)


def painted(
    frame: Frame, painter: FramePainter, ratio: float = 1.0, kept: KeptPictures | None = None
) -> NDArray[np.uint8]:
    """A viewport as it comes on the screen."""
    screen = QImage(round(SIZE[0] * ratio), round(SIZE[1] * ratio), QImage.Format.Format_RGB32)
    screen.setDevicePixelRatio(ratio)
    screen.fill(Qt.GlobalColor.magenta)
    brush = QPainter(screen)
    painter.paint(brush, QRectF(0, 0, *SIZE), frame, wrap(frame.pixels), Words(11, ratio), kept=kept)
    brush.end()
    return np.array(screen.constBits()).reshape(screen.height(), -1, 4)[:, : screen.width(), :3].copy()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_kept_outlines_are_those_drawn_anew(
    canvas: QImage, stack: Stack, overlay: Overlay, view: str, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = resolve(VIEWS[view], stack, SIZE, overlays=(overlay,))
    painter = FramePainter(ViewerPalette())
    first, second, third = (painted(frame, painter, ratio) for _ in range(3))
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
    monkeypatch.setattr(kept_lines, "is_on_pixels", lambda _device: False)
    direct = painted(frame, painter, ratio)
    assert np.abs(first.astype(int) - direct).max() <= 3  # laid over one another in another order
    assert (direct != painted(resolve(VIEWS[view], stack, SIZE), painter, ratio)).any()


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_kept_picture_is_the_one_drawn_anew(
    canvas: QImage, stack: Stack, overlay: Overlay, ratio: float
) -> None:
    """Through every view, each shown three times as when a cursor moves over it, in one buffer."""
    kept, buffer, painter = KeptPictures(), PixelBuffer(), FramePainter(ViewerPalette())
    for state in (*VIEWS.values(), *VIEWS.values()):
        for overlays in ((), (overlay,)):
            for _ in range(3):
                frame = resolve(state, stack, SIZE, overlays=overlays, buffer=buffer)
                alone = painted(frame, FramePainter(ViewerPalette()), ratio)
                assert np.array_equal(painted(frame, painter, ratio, kept), alone)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_picture_got_ready_is_the_one_drawn_anew(
    canvas: QImage, stack: Stack, overlay: Overlay, ratio: float
) -> None:
    """Memory of earlier pictures is drawn over: nothing of them stays, nor beside an outline at the edge."""
    kept, buffers, painter = KeptPictures(), PixelBuffers(), FramePainter(ViewerPalette())
    area = QRectF(0, 0, *SIZE)
    painted(resolve(VIEWS["fitted"], stack, SIZE, buffer=buffers), painter, ratio, kept)
    views = [replace(VIEWS["fitted"], slice_index=index) for index in range(SLICES)]
    beyond = replace(views[2], outside=Outside(9.0))
    for state in (*views, *VIEWS.values(), beyond, *views[::-1], beyond, views[0]):
        for overlays in ((overlay,), ()):
            ahead = resolve(state, stack, SIZE, overlays=overlays, buffer=buffers.ahead)
            painter.get_ready(kept, area, ratio, ahead, wrap(ahead.pixels))
            frame = resolve(state, stack, SIZE, overlays=overlays, buffer=buffers)
            alone = painted(frame, FramePainter(ViewerPalette()), ratio)
            assert np.array_equal(painted(frame, painter, ratio, kept), alone)


@pytest.mark.parametrize("view", VIEWS)
def test_outlines_of_another_slice_do_not_stay(
    canvas: QImage, stack: Stack, overlay: Overlay, view: str
) -> None:
    """The memory that lines are drawn in is used for all, and is empty each time."""
    painter = FramePainter(ViewerPalette())
    frames = [resolve(VIEWS[view], stack, SIZE, overlays=chosen) for chosen in ((overlay,), (), (overlay,))]
    for _ in range(2):
        for frame in frames:
            assert np.array_equal(painted(frame, painter), painted(frame, FramePainter(ViewerPalette())))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_every_pixel_beside_the_picture_is_background(
    canvas: QImage, stack: Stack, view: str, ratio: float
) -> None:
    frame = resolve(VIEWS[view], stack, SIZE)
    found, expected = (
        QImage(round(SIZE[0] * ratio), round(SIZE[1] * ratio), QImage.Format.Format_RGB32) for _ in range(2)
    )
    for screen in (found, expected):
        screen.setDevicePixelRatio(ratio)
        screen.fill(Qt.GlobalColor.magenta)
    area, black = QRectF(0, 0, *SIZE), QColor(Qt.GlobalColor.black)
    brush = QPainter(found)
    paint_pixels(brush, area, frame, wrap(frame.pixels), black)
    brush.end()
    brush = QPainter(expected)
    brush.fillRect(area, black)
    brush.setTransform(QTransform(*frame.placement.matrix), True)
    brush.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    brush.drawImage(0, 0, wrap(frame.pixels))
    brush.end()
    assert found == expected


def scene_grid(qtbot: QtBot) -> ViewerGrid:
    """Four linked viewports, one of them reversed, one across; the first has a mask."""
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.show_series([one for one, _ in PAIRS], grid_of(2, 2, [one for one, _ in PAIRS]))
    for one, stack in PAIRS:
        grid.set_stack(one.key, stack)
    grid.set_overlay(PAIRS[0][0].key, mask_of(PAIRS[0][1]))
    grid.set_overlay_look(filled=True)
    grid.resize(400, 400)
    grid.show()
    QApplication.processEvents()
    return grid


def rest(qtbot: QtBot, grid: ViewerGrid) -> None:
    """Let what can be got ready be got ready."""
    ahead = grid.findChild(LookAhead)
    assert ahead is not None
    qtbot.waitUntil(lambda: not ahead.is_waiting)


class TestLookAhead:
    """The next step is got ready while the hand rests, and shows exactly what it would have shown."""

    def test_a_prepared_step_shows_its_own_pixels(self, qtbot: QtBot, stack: Stack, overlay: Overlay) -> None:
        grid = scene_grid(qtbot)
        shown = []
        for prepared in (True, False):
            grid.presenter.show_slice(0, 3)
            QApplication.processEvents()
            seen = []
            for steps in (1, 1, 1, -1, -1, 2, -1):
                grid.presenter.scroll(0, steps)
                QApplication.processEvents()
                seen += [QImage(tile.image).copy() for tile in grid.tiles if tile.image is not None]
                if prepared:
                    rest(qtbot, grid)
            shown.append(seen)
        assert len(shown[0]) == 7 * len(grid.tiles)
        assert shown[0] == shown[1]

    def test_what_is_ready_is_not_looked_up_again(
        self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grid, looked_up = scene_grid(qtbot), []
        grid.presenter.scroll(0, 1)
        QApplication.processEvents()
        rest(qtbot, grid)
        look_up = Picture.look_up
        monkeypatch.setattr(Picture, "look_up", lambda one, out: (looked_up.append(one), look_up(one, out)))
        grid.presenter.scroll(0, 1)
        QApplication.processEvents()
        assert not looked_up
        grid.presenter.scroll(0, -1)  # the slice that was just left is still there
        QApplication.processEvents()
        assert not looked_up
        grid.presenter.scroll(0, 3)
        QApplication.processEvents()
        assert looked_up

    def test_nor_scaled_again_on_the_way_there_or_back(
        self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grid, scaled = scene_grid(qtbot), []
        for _ in range(3):
            grid.presenter.scroll(0, 1)
            QApplication.processEvents()
            rest(qtbot, grid)
        monkeypatch.setattr(painting, "paint_pixels", lambda *_, **__: scaled.append(1) or QTransform())
        for step in (1, -1):
            grid.presenter.scroll(0, step)
            QApplication.processEvents()
            assert not scaled
        grid.presenter.scroll(0, 5)
        QApplication.processEvents()
        assert scaled

    def test_large_pictures_keep_only_the_one_shown_and_the_next(
        self, canvas: QImage, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for most, large in ((3, 2**30), (2, 0)):
            monkeypatch.setattr(kept_pictures, "LARGE_BYTES", large)
            buffers, painter, kept = PixelBuffers(), FramePainter(ViewerPalette()), KeptPictures()
            for index in (0, 1, 2, 3, 2, 1):
                frame = resolve(ViewportState("s", index), stack, SIZE, buffer=buffers)
                painted(frame, painter, 1.0, kept)
                ahead = resolve(ViewportState("s", (index + 1) % 4), stack, SIZE, buffer=buffers.ahead)
                painter.get_ready(kept, QRectF(0, 0, *SIZE), 1.0, ahead, wrap(ahead.pixels))
            assert len(kept._kept) == most

    @pytest.mark.parametrize("last", [1000, -1000])
    def test_the_end_of_a_series_is_no_trouble(self, qtbot: QtBot, last: int) -> None:
        grid = scene_grid(qtbot)
        grid.presenter.scroll(0, last)
        rest(qtbot, grid)
        grid.presenter.scroll(0, last)
        rest(qtbot, grid)

    def test_a_case_that_is_closed_meanwhile_is_left_alone(self, qtbot: QtBot) -> None:
        grid = scene_grid(qtbot)
        grid.presenter.scroll(3, 1)
        grid.show_series([])
        rest(qtbot, grid)
