"""The reading desk at 100, 150 and 200 %: nothing cut, pictures in device pixels, lengths true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WINDOW = """
import json, sys
from pathlib import Path
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication
from tests.gui.test_every_control import _needed, controls, describe
from workstation.gui.application import make_application, make_window
from workstation.gui.viewer.series_strip import SeriesCard
from workstation.workflow.workspace import open_workspace

make_application()
window = make_window(open_workspace(Path(sys.argv[1])), synchronous=True)
window.resize(1280, 800)
window.show()
found = {"cut": [], "ratio": window.devicePixelRatioF()}
for desk_id in ("library", "reading", "setup", "results", "reconcile"):
    window.show_desk(desk_id, "K-R" if desk_id == "reading" else None)
    QApplication.processEvents()
    buttons = [one for one in controls(window) if isinstance(one, QAbstractButton) and one.isVisible()]
    found["cut"] += [f"{desk_id}: {describe(one)}" for one in buttons if one.width() < _needed(one)]
desk = window.show_desk("reading")
grid = desk.grid
grid.set_grid(1, 1)
grid.presenter.zoom(0, 1.0)
QApplication.processEvents()
tile = grid.tiles[0]
picture = tile.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
found["logical"], found["device"] = [tile.width(), tile.height()], [picture.width(), picture.height()]
found["scale"] = grid.presenter.states[0].scale
raw = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), picture.width())
found["colours"] = int(len(np.unique(raw)))
cards = [card for card in desk.findChildren(SeriesCard) if card.has_picture]
found["thumbnail"] = cards[0]._picture.width()
if len(sys.argv) > 2:
    window.grab().save(sys.argv[2])
print(json.dumps(found))
"""


def look(library: Path, factor: str, picture: str = "") -> dict[str, Any]:
    answer = subprocess.run(
        [sys.executable, "-c", WINDOW, str(library), *([picture] if picture else [])],
        env={**os.environ, "QT_SCALE_FACTOR": factor},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return dict(json.loads(answer.stdout.splitlines()[-1]))


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_the_window_is_whole_and_sharp(knee_library: Path, factor: str) -> None:
    found = look(knee_library, factor)
    ratio = float(factor)
    assert found["ratio"] == ratio
    assert found["cut"] == []
    for device, logical in zip(found["device"], found["logical"], strict=True):
        assert abs(device - logical * ratio) <= 1
    assert found["thumbnail"] == round(80 * ratio)
    assert found["colours"] > 50
