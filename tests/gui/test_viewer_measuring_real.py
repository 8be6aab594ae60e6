"""Measured with the mouse on real MRI: the numbers are those of the file as pydicom reads it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.gui.test_viewer_measuring import book_of, drag
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.hanging import grid_of
from workstation.imaging.load import load_stack
from workstation.tasks import SilentProgress
from workstation.workflow.open_study import open_study

pytestmark = pytest.mark.real

FOLDERS = (
    "knee-ge-3t-dess-cubequant/DESS-01",  # signed
    "knee-ge-3t-mese-t2",  # big endian, many echoes
    "hip-t1-axial-sts050",  # coarse, not square
    "pelvis-ge-adc",  # signed, derived
)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("turn", ["", "flip_horizontal", "rotate"])
def test_length_and_region_agree_with_the_file(qtbot: QtBot, real_data: Path, folder: str, turn: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    series = open_study(None, real_data / folder, SilentProgress()).series[0]
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.resize(700, 600)
    grid.show_series([series], grid_of(1, 1, [series]))
    grid.set_stack(series.key, load_stack(series, SilentProgress()))
    grid.show()
    if turn:
        grid.do(turn)
    grid.set_tool("length")
    drag(grid, 0, (250, 200), (450, 320))
    grid.set_tool("ellipse")
    drag(grid, 0, (300, 330), (420, 400))
    line, ellipse = book_of(grid).marks.values()
    instance = series.instances[grid.presenter.states[0].slice_index]
    file = pydicom.dcmread(instance.path)
    assert line.sop_instance_uid == ellipse.sop_instance_uid == file.SOPInstanceUID
    # The line on the screen is as long as the scale of the viewport says.
    scale = grid.presenter._placement(0).scale
    assert line.result.value("length") == pytest.approx(math.hypot(200, 120) / scale, rel=1e-6)
    tall, wide = (float(one) for one in file.PixelSpacing)
    (x0, y0), (x1, y1) = line.points
    assert line.result.value("length") == pytest.approx(math.hypot((x1 - x0) * wide, (y1 - y0) * tall))
    real = file.pixel_array * float(file.get("RescaleSlope", 1)) + float(file.get("RescaleIntercept", 0))
    (x0, y0), (x1, y1) = ellipse.points
    rows, columns = np.mgrid[: real.shape[0], : real.shape[1]] + 0.5
    inside = ((columns - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((rows - (y0 + y1) / 2) / (y1 - y0)) ** 2 <= 0.25
    values, result = real[inside], ellipse.result
    assert result.value("n") == inside.sum()
    assert result.value("mean") == pytest.approx(values.mean())
    assert result.value("sd") == pytest.approx(values.std(ddof=1))
    assert (result.value("min"), result.value("max")) == (values.min(), values.max())
