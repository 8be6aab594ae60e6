"""Import with de-identified copies, as a ratio to a plain copy of the same files that is as safe on disk."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.dicom_folder import write_folder
from benchmarks.figures import Figure, figure

NAMES = ("import_ratio_to_copy",)
FILES = 800


def run(runs: int | None = None) -> list[Figure]:
    """Import and copy in turn; both end when the files would survive the loss of power."""
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.import_pool import processes
    from workstation.workflow.workspace import open_workspace

    ratios, plain = [], []
    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as name:
        root = Path(name)
        write_folder(root / "files", FILES)
        for number in range((runs or 3) + 1):
            copied = _copy(root / "files", root / f"copy-{number}")
            began = time.perf_counter()
            with open_workspace(root / f"library-{number}") as workspace:
                report = import_paths(
                    workspace, [root / "files"], workers=processes(), progress=SilentProgress()
                )
            elapsed = time.perf_counter() - began
            assert report.loaded == FILES
            shutil.rmtree(root / f"copy-{number}")
            shutil.rmtree(root / f"library-{number}")
            if number:  # the first run warms the cache
                ratios.append(elapsed / copied)
                plain.append(copied)
    return [
        figure(
            "import_ratio_to_copy",
            ratios,
            "times",
            floor=1.0,
            floor_name=f"copy of the same files and sync, {statistics.median(plain):.2f} s",
            limit=4.0,
        )
    ]


def _copy(source: Path, target: Path) -> float:
    began = time.perf_counter()
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    if hasattr(os, "sync"):
        os.sync()
    return time.perf_counter() - began
