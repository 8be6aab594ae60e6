"""The whole job on the built-in phantoms, from DICOM files to agreement tables, without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, figure, milliseconds

NAMES = ("demo_s",)
LIMIT_S = 60
RUNS = 1


def run(runs: int | None = None) -> list[Figure]:
    """Time ``marrow demo --headless`` in a process of its own."""
    samples = []
    with tempfile.TemporaryDirectory(prefix="marrow-benchmark-") as name:
        place = Path(name)
        environment = {**os.environ, "MARROW_CONFIG": str(place / "c"), "MARROW_LOG": str(place / "l")}
        for number in range(runs or RUNS):
            out = place / f"out{number}"
            command = [sys.executable, "-m", "workstation", "demo", "--headless", "--out", str(out)]
            began = time.perf_counter()
            done = subprocess.run(
                command,
                cwd=Path(__file__).resolve().parent.parent,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            samples.append(time.perf_counter() - began)
            if done.returncode:
                raise RuntimeError(f"the demo ended with {done.returncode}:\n{done.stderr[-2000:]}")
        (copy_ms,) = milliseconds(lambda: shutil.copytree(place / "out0", place / "copy"), 1, warm_up=0)
    return [
        figure(
            NAMES[0],
            samples,
            "s",
            floor=copy_ms / 1000,
            floor_name="a plain copy of the files it leaves",
            limit=LIMIT_S,
        )
    ]
