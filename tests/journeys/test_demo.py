"""The demo as a person starts it: a process of its own, no display, nothing set up for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

SETTINGS_OF_A_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("demo") / "out"
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_A_SCREEN}
    done = subprocess.run(
        [sys.executable, "-m", "workstation", "demo", "--out", str(out), "--json"],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_masks_agree_with_the_known_truth(report: dict) -> None:
    assert report["dice"]
    assert min(report["dice"].values()) >= 0.80


def test_every_desk_is_pictured_at_full_size(report: dict) -> None:
    pictures = {Path(path).stem: imread(path) for path in report["pictures"]}
    assert {"library", "reading", "reconcile", "results", "setup"} <= set(pictures)
    for name, picture in pictures.items():
        assert picture.shape[:2] == (900, 1440), name
        assert len(np.unique(picture[::20, ::20, 0])) > 8, f"{name} is empty"
    left = pictures["reading"][60:700, 120:1040, 0]
    assert np.mean(left > 100) > 0.1, "the reading desk shows no images"


def test_exports_lie_where_the_report_says(report: dict) -> None:
    kinds = {Path(path).suffix for path in report["exports"]}
    assert {".csv", ".html", ".gz", ".dcm"} <= kinds
    assert all(Path(path).stat().st_size > 0 for path in report["exports"])
