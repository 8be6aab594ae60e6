"""How many headers per second are read when a folder is opened; the floor reads the same bytes plainly."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.dicom_folder import write_folder
from benchmarks.figures import Figure, figure

NAMES = ("index_files_per_s",)
FILES = 1000
_HEADER_BYTES = 8192


def run(runs: int | None = None) -> list[Figure]:
    """Measure with files in the system's cache."""
    from workstation.imaging.assemble import build_series
    from workstation.tasks import SilentProgress
    from workstation.workflow.open_study import read_headers

    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as name:
        folder = Path(name)
        write_folder(folder, FILES)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        rates, plain = [], []
        for number in range((runs or 5) + 1):
            began = time.perf_counter()
            instances, _, _ = read_headers(folder, SilentProgress())
            series = build_series(instances)
            elapsed = time.perf_counter() - began
            assert len(instances) == FILES and len(series) == FILES // 40
            began = time.perf_counter()
            for path in paths:
                with path.open("rb", buffering=0) as stream:
                    stream.read(_HEADER_BYTES)
            floor = time.perf_counter() - began
            if number:  # the first run warms the cache
                rates.append(FILES / elapsed)
                plain.append(FILES / floor)
    return [
        figure(
            "index_files_per_s",
            rates,
            "files/s",
            floor=sorted(plain)[len(plain) // 2],
            floor_name="open and read 8 KiB of the same files",
            limit=1500,
            higher_is_better=True,
        )
    ]
