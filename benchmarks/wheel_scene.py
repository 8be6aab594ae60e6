"""Textured balls with a lesion, a bone and marks: what the viewing benchmarks draw."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QApplication

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging import hanging
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.measurement import Mark, Shape
from workstation.imaging.study import Instance, PixelFormat, Plane, Series, Weighting
from workstation.imaging.volume import Stack
from workstation.masks.mask import Code, Mask, Segment

MATRIX, SLICES = 512, 40


def hung(rows: int, columns: int, size: tuple[int, int], across: int | None = None) -> ViewerGrid:
    """A grid of so many viewports, all loaded and with filled overlays, on the screen.

    `across` is the one whose slices lie across the others.
    """
    grid = ViewerGrid()
    pairs = [series_of(number, is_across=number == across) for number in range(rows * columns)]
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


def marked() -> ViewerGrid:
    """Four viewports, one of them across the others, with filled overlays, the 3-D cursor and marks.

    On every slice lie a length, an angle, an ellipse and a freehand region with their numbers, and each is a
    key image; the slice of the first viewport is a line in the one across.
    """
    grid = hung(2, 2, (1201, 1201), across=3)
    grid.presenter.point_cursor(3, np.zeros(3))
    book = grid.measuring.book
    book.show([book.measured(mark) for series in grid.series for mark in marks_of(series)])
    grid.presenter.show_slice(0, 1)
    QApplication.processEvents()
    return grid


def marks_of(series: Series) -> list[Mark]:
    """Five marks on every slice."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    reach = 40 + 8 * np.sin(5 * turn)
    outline = np.column_stack([150 + reach * np.cos(turn), 330 + reach * np.sin(turn)])
    drawn: dict[Shape, list[tuple[float, float]]] = {
        Shape.LENGTH: [(60, 80), (200, 110)],
        Shape.ANGLE: [(400, 60), (330, 140), (440, 170)],
        Shape.ELLIPSE: [(290, 290), (390, 360)],
        Shape.FREEHAND: [(float(x), float(y)) for x, y in outline],
        Shape.KEY: [],
    }
    return [
        Mark(
            f"{one.sop_instance_uid} {shape}",
            shape,
            series.key,
            one.sop_instance_uid,
            one.frame,
            tuple(points),
        )
        for one in series.instances
        for shape, points in drawn.items()
    ]


def series_of(
    number: int, slices: int = SLICES, step: float = 3.3, is_across: bool = False
) -> tuple[Series, Stack]:
    """A textured ball; every third stack runs the other way, so the link is not by index.

    Sagittal, or coronal where it `is_across`.
    """
    key, step = f"s{number}", -step if number % 3 == 2 else step
    along_row = np.array([1.0, 0.0, 0.0]) if is_across else np.array([0.0, 1.0, 0.0])
    along_row = along_row if step > 0 else -along_row
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
    plane = Plane.CORONAL if is_across else Plane.SAGITTAL
    series = Series(key, key, "study", "", instances, plane, Weighting.PD, True, None, None)
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
