"""Four small series whose every voxel tells where it is, and real mouse events: shared by viewer tests."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.hanging import grid_of
from workstation.imaging.study import Instance, PixelFormat, Plane, Series, Weighting
from workstation.imaging.volume import Stack
from workstation.masks.mask import Code, Mask, Segment

DIRECTIONS = {
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "axial": ((1, 0, 0), (0, 1, 0)),
}
CODE = Code("79654002", "SCT", "Edema")


def make(
    plane: str,
    *,
    key: str = "",
    count: int = 21,
    step: float = 3.0,
    frame: str = "1.2.3",
    weighting: Weighting = Weighting.PD,
    reverse: bool = False,
    warnings: tuple[str, ...] = (),
    study: str = "st",
) -> tuple[Series, Stack]:
    """Slices of 100 × 100 mm; each voxel's value tells how far left, posterior and cranial it is."""
    row, column = (np.array(d, float) for d in DIRECTIONS[plane])
    if reverse:
        row = -row
    normal = np.cross(row, column)
    corner = -(row + column) * 49.5
    origins = np.array([corner + normal * step * (i - (count - 1) / 2) for i in range(count)])
    points = (
        origins[:, None, None, :]
        + np.arange(100)[:, None, None] * column
        + np.arange(100)[None, :, None] * row
    )
    voxels = 2000 + points @ np.array([9.0, 5.0, 3.0])
    geometry = StackGeometry((count, 100, 100), origins, row, column, (1.0, 1.0), step, frame)
    key = key or f"{plane}-{weighting}"
    pixels = PixelFormat(100, 100, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
    instances = tuple(
        Instance("", f"{key}.{i}", "", key, study, "MR", pixels, pixel_spacing=(1.0, 1.0))
        for i in range(count)
    )
    series = Series(
        key, key, study, "", instances, Plane(plane), weighting, False, None, None, warnings=warnings
    )
    return series, Stack(key, voxels.astype(np.uint16), 1.0, 0.0, geometry)


def mask_of(stack: Stack, name: str = "edema") -> Mask:
    labels = np.zeros(stack.voxels.shape, np.uint8)
    labels[:, 40:60, 20:40] = 1
    assert stack.geometry is not None
    return Mask(stack.series_key, labels, stack.geometry, (Segment(1, name, CODE, CODE),))


PAIRS = (
    make("sagittal"),
    make("sagittal", key="back", reverse=True, count=31, step=2.0, weighting=Weighting.T2),
    make("coronal"),
    make("axial", warnings=("2 slices are missing between 4 and 5.",)),
)


def wheel(grid: ViewerGrid, tile: int, angle: int, modifiers: Qt.KeyboardModifier | None = None) -> None:
    at = QPointF(150, 150)
    QApplication.sendEvent(
        grid.tiles[tile],
        QWheelEvent(
            at, at, QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton,
            modifiers or Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def drag(grid: ViewerGrid, tile: int, button: Qt.MouseButton, right: int, down: int) -> None:
    target, start = grid.tiles[tile], QPoint(150, 150)
    QTest.mousePress(target, button, pos=start)
    for part in (0.5, 1.0):
        at = QPointF(start + QPoint(round(right * part), round(down * part)))
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, target.mapToGlobal(at), Qt.MouseButton.NoButton, button,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(target, move)
    QTest.mouseRelease(target, button, pos=start + QPoint(right, down))


def pixels(grid: ViewerGrid, tile: int) -> QImage:
    return grid.tiles[tile].grab().toImage()


def slices(grid: ViewerGrid) -> list[int]:
    return [state.slice_index for state in grid.presenter.states]


def four() -> ViewerGrid:
    """Four viewports of 300 × 300 with everything loaded."""
    made = ViewerGrid()
    made.resize(601, 601)
    made.show_series([s for s, _ in PAIRS], grid_of(2, 2, [s for s, _ in PAIRS]))
    for series, stack in PAIRS:
        made.set_stack(series.key, stack)
    made.show()
    QApplication.processEvents()
    return made
