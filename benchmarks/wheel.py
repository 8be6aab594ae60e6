"""Wheel or drag to painted frame: linked viewports with overlays, whole window, drawn in software.

The floor is what any viewer must do, measured in turns with it: look every pixel up and scale it onto the
window.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, figure, milliseconds
from benchmarks.wheel_scene import SLICES, hung, marked, thin
from workstation.gui.application import make_application
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.showing import frame_of
from workstation.gui.viewer.tile import TileWidget
from workstation.imaging.measurement import Shape
from workstation.imaging.pixels import PixelBuffer
from workstation.imaging.windowing import lut32

LIMITS = {
    "tiles4_wheel_ms": (6.0, 12.0),
    "tiles4_window_ms": (6.0, 12.0),
    "tiles4_marks_wheel_ms": (6.0, 12.0),
    "ruler_drag_ms": (6.0, 12.0),
    "tiles16_wheel_ms": (10.0, 16.0),
    "reformat_wheel_ms": (6.0, 12.0),
}
NAMES = tuple(LIMITS)
SIDE = 600
WARM_UP, RUNS = 2 * SLICES, 300
REST_MS = 10
"""From a painted step to the next event: what a wheel leaves that gives 60 events in a second."""

FLOOR = "window lookup and smooth blit of the same pixels"

Act = Callable[[ViewerGrid, int], None]


def run(runs: int | None = None) -> list[Figure]:
    """Four viewports of 600 × 600, also with marks, sixteen on 2560 × 1440, three planes of a 3-D series."""
    make_application()
    four = (2 * SIDE + 1, 2 * SIDE + 1)
    return [
        _measured("tiles4_wheel_ms", hung(2, 2, four), _turn, runs),
        _measured("tiles4_window_ms", hung(2, 2, four), _drag, runs),
        _measured("tiles4_marks_wheel_ms", marked(), _turn, runs),
        _measured("ruler_drag_ms", marked(), _pull, runs, first_only=True),
        _measured("tiles16_wheel_ms", hung(4, 4, (2560, 1440)), _turn, runs),
        _measured("reformat_wheel_ms", thin(), _turn_reformat, runs),
    ]


def _measured(name: str, grid: ViewerGrid, act: Act, runs: int | None, first_only: bool = False) -> Figure:
    """Time from an event to the viewports that it changes painted: all of them, or the first."""
    application = QApplication.instance()
    assert application is not None
    tiles = grid.tiles[:1] if first_only else grid.tiles
    painted, least = _PaintCount(grid, tiles), _Floor(grid, tiles)
    times, floors = [], []
    for turn in range(WARM_UP + (runs or RUNS)):
        painted.clear()
        began = time.perf_counter()
        act(grid, turn)
        while len(painted) < len(tiles):
            application.processEvents()
        times.append((time.perf_counter() - began) * 1000)
        _rest()
        floors += milliseconds(least, 1, warm_up=0)  # in turns, so that both meet the same machine
    grid.close()
    limit, limit_p95 = LIMITS[name]
    return figure(
        name,
        times[WARM_UP:],
        "ms",
        floor=statistics.median(floors[WARM_UP:]),
        floor_name=FLOOR,
        limit=limit,
        limit_p95=limit_p95,
    )


def _rest() -> None:
    """Let the program run, as its own event loop does, until the next event comes."""
    loop = QEventLoop()
    QTimer.singleShot(REST_MS, loop.quit)
    loop.exec()


def _turn(grid: ViewerGrid, turn: int) -> None:
    notch = -120 if (turn // (SLICES - 3)) % 2 == 0 else 120
    QApplication.sendEvent(grid.tiles[0], _wheel(notch))


def _turn_reformat(grid: ViewerGrid, turn: int) -> None:
    notch = -120 if (turn // 200) % 2 == 0 else 120
    QApplication.sendEvent(grid.tiles[2], _wheel(notch))


def _drag(grid: ViewerGrid, turn: int) -> None:
    """One step of a drag with the window tool; the window goes to and fro."""
    if turn == 0:
        QApplication.sendEvent(grid.tiles[0], _mouse(QEvent.Type.MouseButtonPress, 300))
    at = 300 + abs(turn % 80 - 40) * 3
    QApplication.sendEvent(grid.tiles[0], _mouse(QEvent.Type.MouseMove, at))


def _pull(grid: ViewerGrid, turn: int) -> None:
    """One step of a drag of an end of a length; it goes to and fro."""
    tile, (down, across) = grid.tiles[0], grid.presenter.screen_point(0, 200, 110)[::-1]
    if turn == 0:
        length = next(one for one in grid.measuring.book.on_tile(0) if one.shape is Shape.LENGTH)
        grid.measuring.book.select(length.id)
        QApplication.sendEvent(tile, _mouse(QEvent.Type.MouseButtonPress, across, down))
    QApplication.sendEvent(tile, _mouse(QEvent.Type.MouseMove, across + 1 + abs(turn % 80 - 40) * 2, down))


class _PaintCount(QObject):
    """Which viewports were painted since the last `clear`."""

    def __init__(self, grid: ViewerGrid, tiles: Sequence[TileWidget]) -> None:
        super().__init__(grid)
        self._painted: set[int] = set()
        for tile in tiles:
            tile.installEventFilter(self)

    def __len__(self) -> int:
        return len(self._painted)

    def clear(self) -> None:
        """Forget the paints counted so far."""
        self._painted.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note a paint; the event goes on."""
        if event.type() == QEvent.Type.Paint:
            self._painted.add(watched.index)  # type: ignore[attr-defined]
        return False


class _Floor:
    """The least that any viewer must do: look every pixel up and scale it onto the window."""

    def __init__(self, grid: ViewerGrid, tiles: Sequence[TileWidget]) -> None:
        self._window = QImage(grid.size(), QImage.Format.Format_RGB32)
        self._parts: list[tuple[Any, Any, Any, QImage, QTransform, QRect]] = []
        for tile in tiles:
            content = grid.presenter.content(tile.index)
            size = (float(tile.width()), float(tile.height()))
            frame = frame_of(grid.presenter, tile.index, size, PixelBuffer())
            if content is None or content.reading is None or frame is None:
                continue
            stack = content.reading.stack
            rows, columns = stack.voxels.shape[1:]
            pixels = np.empty((rows, columns), dtype=np.uint32)
            image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
            place = QTransform(*frame.placement.matrix) * QTransform.fromTranslate(tile.x(), tile.y())
            table = lut32(content.reading.start, stack)
            self._parts.append((stack.voxels, table, pixels, image, place, tile.geometry()))
        self._slice = 0

    def __call__(self) -> None:
        self._slice += 1
        painter = QPainter(self._window)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for voxels, table, pixels, image, place, area in self._parts:
            np.take(table, voxels[self._slice % len(voxels)], out=pixels, mode="wrap")
            painter.resetTransform()
            painter.setClipRect(area)
            painter.setTransform(place)
            painter.drawImage(0, 0, image)
        painter.end()


def _wheel(angle: int) -> QWheelEvent:
    middle = QPointF(SIDE / 4, SIDE / 4)
    return QWheelEvent(
        middle,
        middle,
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def _mouse(kind: QEvent.Type, across: float, down: float = 300) -> QMouseEvent:
    at = QPointF(across, down)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    button = left if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
    return QMouseEvent(kind, at, at, button, left, none)
