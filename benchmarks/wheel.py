"""Wheel event to painted frame: four linked viewports with overlay, whole window, drawn in software."""

from __future__ import annotations

import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, figure, milliseconds
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging import hanging
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Instance, PixelFormat, Plane, Series, Weighting
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import lut32, percentile_window
from workstation.masks.mask import Code, Mask, Segment

NAMES = ("tiles4_wheel_ms",)
LIMIT_MS, LIMIT_P95_MS = 10.0, 16.0

SIDE, MATRIX, SLICES = 600, 512, 40
WARM_UP, RUNS = 2 * SLICES, 300


def run(runs: int | None = None) -> list[Figure]:
    """Time from a wheel notch to the window painted, with a lesion and a bone outline in each viewport."""
    application = QApplication.instance() or QApplication([])
    grid = _grid()
    painted = _PaintCount(grid)
    least = _Floor(grid)
    times, floors = [], []
    for turn in range(WARM_UP + (runs or RUNS)):
        notch = -120 if (turn // (SLICES - 3)) % 2 == 0 else 120
        painted.clear()
        began = time.perf_counter()
        QApplication.sendEvent(grid.tiles[0], _wheel(notch))
        while len(painted) < 4:
            application.processEvents()
        times.append((time.perf_counter() - began) * 1000)
        floors += milliseconds(least, 1, warm_up=0)  # in turns, so that both meet the same machine
    grid.close()
    return [
        figure(
            NAMES[0],
            times[WARM_UP:],
            "ms",
            floor=statistics.median(floors[WARM_UP:]),
            floor_name="window lookup and smooth blit of the same pixels",
            limit=LIMIT_MS,
            limit_p95=LIMIT_P95_MS,
        )
    ]


class _PaintCount(QObject):
    """Which viewports were painted since the last `clear`."""

    def __init__(self, grid: ViewerGrid) -> None:
        super().__init__(grid)
        self._painted: set[int] = set()
        for tile in grid.tiles:
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

    def __init__(self, grid: ViewerGrid) -> None:
        self._window = QImage(2 * SIDE + 1, 2 * SIDE + 1, QImage.Format.Format_RGB32)
        readings = [content.reading for content in grid.presenter.contents.values()]
        self._stacks = [reading.stack for reading in readings if reading is not None]
        self._tables = [lut32(percentile_window(stack), stack) for stack in self._stacks]
        self._buffers = [np.empty((MATRIX, MATRIX), dtype=np.uint32) for _ in self._stacks]
        self._images = [
            QImage(b.data, MATRIX, MATRIX, MATRIX * 4, QImage.Format.Format_RGB32) for b in self._buffers
        ]
        self._slice = 0

    def __call__(self) -> None:
        self._slice = (self._slice + 1) % SLICES
        painter = QPainter(self._window)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for number, stack in enumerate(self._stacks):
            plane = stack.voxels[self._slice]
            np.take(self._tables[number], plane, out=self._buffers[number], mode="clip")
            row, column = divmod(number, 2)
            place = QTransform.fromTranslate(column * (SIDE + 1), row * (SIDE + 1))
            painter.setTransform(place.scale(SIDE / MATRIX, SIDE / MATRIX))
            painter.drawImage(0, 0, self._images[number])
        painter.end()


def _grid() -> ViewerGrid:
    grid = ViewerGrid()
    pairs = [_series(number) for number in range(4)]
    series = [one for one, _ in pairs]
    grid.show_series(series, hanging.grid_of(2, 2, series))
    for one, stack in pairs:
        grid.set_stack(one.key, stack)
        grid.set_overlay(one.key, _mask(stack))
    grid.set_overlay_look(filled=True, opacity=0.35)
    grid.resize(2 * SIDE + 1, 2 * SIDE + 1)
    grid.show()
    grid.presenter.show_slice(0, 1)
    QApplication.processEvents()
    return grid


def _series(number: int) -> tuple[Series, Stack]:
    """A textured ball; the third stack runs the other way, so the link is not by index."""
    key, step = f"s{number}", -3.3 if number == 2 else 3.3
    along_row = np.array([0.0, 1.0, 0.0]) if step > 0 else np.array([0.0, -1.0, 0.0])
    along_column = np.array([0.0, 0.0, -1.0])
    normal = np.cross(along_row, along_column)
    spacing = 160.0 / MATRIX
    corner = -(along_row + along_column) * 80.0
    origins = np.array([corner + normal * 3.3 * (i - SLICES / 2) for i in range(SLICES)])
    shape = (SLICES, MATRIX, MATRIX)
    geometry = StackGeometry(shape, origins, along_row, along_column, (spacing, spacing), 3.0, "1.2.3")
    row, column = np.ogrid[:MATRIX, :MATRIX]
    ball = 900.0 - np.hypot(row - MATRIX / 2, column - MATRIX / 2) * 2.5
    texture = np.random.default_rng(number).normal(0, 40, (MATRIX, MATRIX))
    planes = [np.clip(ball + np.roll(texture, i, axis=0), 0, 4095) for i in range(SLICES)]
    pixels = PixelFormat(MATRIX, MATRIX, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
    instances = tuple(
        Instance("", f"{key}.{i}", "", key, "study", "MR", pixels, pixel_spacing=(spacing, spacing))
        for i in range(SLICES)
    )
    series = Series(key, key, "study", "", instances, Plane.SAGITTAL, Weighting.PD, True, None, None)
    return series, Stack(key, np.stack(planes).astype(np.uint16), 1.0, 0.0, geometry)


def _mask(stack: Stack) -> Mask:
    """A lesion of 40 pixels across and a bone of 240 on every slice."""
    row, column = np.ogrid[:MATRIX, :MATRIX]
    labels = np.zeros(stack.voxels.shape, dtype=np.uint8)
    for index in range(SLICES):
        across = column - MATRIX / 2 - index
        labels[index][np.hypot(row - 256, across) < 120] = 2
        labels[index][np.hypot(row - 240, across - 40 + 15 * np.sin(row / 9.0)) < 20] = 1
    code = Code("79654002", "SCT", "Edema")
    bone = Code("91723000", "SCT", "Anatomical structure")
    segments = (Segment(1, "edema", code, code), Segment(2, "femur", bone, code))
    assert stack.geometry is not None
    return Mask(stack.series_key, labels, stack.geometry, segments)


def _wheel(angle: int) -> QWheelEvent:
    middle = QPointF(SIDE / 2, SIDE / 2)
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
