"""Textured balls with a lesion and a bone: what the viewing benchmarks draw."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QApplication

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging import hanging
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Instance, PixelFormat, Plane, Series, Weighting
from workstation.imaging.volume import Stack
from workstation.masks.mask import Code, Mask, Segment

MATRIX, SLICES = 512, 40


def hung(rows: int, columns: int, size: tuple[int, int]) -> ViewerGrid:
    """A grid of so many viewports, all loaded and with filled overlays, on the screen."""
    grid = ViewerGrid()
    pairs = [series_of(number) for number in range(rows * columns)]
    series = [one for one, _ in pairs]
    grid.show_series(series, hanging.grid_of(rows, columns, series))
    for one, stack in pairs:
        grid.set_stack(one.key, stack)
        grid.set_overlay(one.key, mask_of(stack))
    grid.set_overlay_look(filled=True, opacity=0.35)
    grid.resize(*size)
    grid.show()
    grid.presenter.show_slice(0, 1)
    QApplication.processEvents()
    return grid


def thin() -> ViewerGrid:
    """A 3-D series of 80 thin slices in its three planes, with the crosshair and a filled overlay."""
    one, stack = series_of(0, slices=80, step=1.5)
    grid = ViewerGrid()
    grid.show_series([one], hanging.grid_of(1, 1, [one]))
    grid.set_stack(one.key, stack)
    grid.set_overlay(one.key, mask_of(stack))
    grid.set_overlay_look(filled=True, opacity=0.35)
    grid.resize(1802, 600)
    grid.show()
    grid.reformats.toggle()
    QApplication.processEvents()
    return grid


def series_of(number: int, slices: int = SLICES, step: float = 3.3) -> tuple[Series, Stack]:
    """A textured ball; every third stack runs the other way, so the link is not by index."""
    key, step = f"s{number}", -step if number % 3 == 2 else step
    along_row = np.array([0.0, 1.0, 0.0]) if step > 0 else np.array([0.0, -1.0, 0.0])
    along_column = np.array([0.0, 0.0, -1.0])
    normal = np.cross(along_row, along_column)
    spacing = 160.0 / MATRIX
    corner = -(along_row + along_column) * 80.0
    origins = np.array([corner + normal * abs(step) * (i - slices / 2) for i in range(slices)])
    shape = (slices, MATRIX, MATRIX)
    geometry = StackGeometry(shape, origins, along_row, along_column, (spacing, spacing), 3.0, "1.2.3")
    row, column = np.ogrid[:MATRIX, :MATRIX]
    ball = 900.0 - np.hypot(row - MATRIX / 2, column - MATRIX / 2) * 2.5
    texture = np.random.default_rng(number).normal(0, 40, (MATRIX, MATRIX))
    planes = [np.clip(ball + np.roll(texture, i, axis=0), 0, 4095) for i in range(slices)]
    pixels = PixelFormat(MATRIX, MATRIX, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
    instances = tuple(
        Instance("", f"{key}.{i}", "", key, "study", "MR", pixels, pixel_spacing=(spacing, spacing))
        for i in range(slices)
    )
    series = Series(key, key, "study", "", instances, Plane.SAGITTAL, Weighting.PD, True, None, None)
    return series, Stack(key, np.stack(planes).astype(np.uint16), 1.0, 0.0, geometry)


def mask_of(stack: Stack) -> Mask:
    """A lesion of 40 pixels across and a bone of 240 on every slice."""
    row, column = np.ogrid[:MATRIX, :MATRIX]
    labels = np.zeros(stack.voxels.shape, dtype=np.uint8)
    for index in range(len(labels)):
        across = column - MATRIX / 2 - index
        labels[index][np.hypot(row - 256, across) < 120] = 2
        labels[index][np.hypot(row - 240, across - 40 + 15 * np.sin(row / 9.0)) < 20] = 1
    code = Code("79654002", "SCT", "Edema")
    bone = Code("91723000", "SCT", "Anatomical structure")
    segments = (Segment(1, "edema", code, code), Segment(2, "femur", bone, code))
    assert stack.geometry is not None
    return Mask(stack.series_key, labels, stack.geometry, segments)
