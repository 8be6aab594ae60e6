"""The brush on a large series: from a step of the hand, and from letting go, to the painted viewport.

Forty slices of 512 × 512, a ball of 15 mm, four linked viewports. In a read the release also appends the
stroke to the journal, which `answer_durable_ms` measures.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from benchmarks.figures import Figure, figure
from benchmarks.wheel_scene import hung
from workstation.gui.application import make_application
from workstation.gui.viewer.grid import ViewerGrid

NAMES = ("mask_stroke_ms", "mask_release_ms")
LIMIT_MS = 50.0
STROKES, STEPS = 12, 15
SIDE = 600


def run(runs: int | None = None) -> list[Figure]:
    """Strokes across the first viewport; each step and release takes until nothing waits to be painted."""
    make_application()
    grid = hung(2, 2, (2 * SIDE + 1, 2 * SIDE + 1))
    grid.set_tool("brush")
    grid.drawing.book.set_hand(size_mm=15.0, in_3d=True)
    steps: list[float] = []
    releases: list[float] = []
    for stroke in range(1 + (runs or STROKES)):  # the first one warms up
        left, top = 120.0, 120.0 + 24 * (stroke % 14)
        _timed(grid, QEvent.Type.MouseButtonPress, left, top)
        moved = [
            _timed(grid, QEvent.Type.MouseMove, left + 20 * step, top + 4 * step) for step in range(STEPS)
        ]
        released = _timed(grid, QEvent.Type.MouseButtonRelease, left + 20 * STEPS, top + 4 * STEPS)
        if stroke:
            steps += moved
            releases.append(released)
    grid.close()
    return [
        figure("mask_stroke_ms", steps, "ms", limit=LIMIT_MS, limit_p95=LIMIT_MS),
        figure("mask_release_ms", releases, "ms", limit=LIMIT_MS, limit_p95=LIMIT_MS),
    ]


def _timed(grid: ViewerGrid, kind: QEvent.Type, across: float, down: float) -> float:
    at = QPointF(across, down)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
    began = time.perf_counter()
    QApplication.sendEvent(grid.tiles[0], QMouseEvent(kind, at, at, button, held, none))
    QApplication.processEvents()
    return (time.perf_counter() - began) * 1000
