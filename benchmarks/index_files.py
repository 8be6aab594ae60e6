"""How fast the headers of a folder are read when it is opened; the floor reads the same bytes plainly."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.dicom_folder import SLICES, write_folder
from benchmarks.figures import Figure, figure

NAMES = ("index_files_per_s", "index_10000_s")
FILES, MANY = 1000, 10_000
MANY_MATRIX = 64
"""Headers do not depend on the matrix: small pictures leave the disk for those who need it."""
_HEADER_BYTES = 8192


def run(runs: int | None = None) -> list[Figure]:
    """Measure with files in the system's cache: a rate on 1,000 files, the whole time on 10,000."""
    seconds, plain = _measure(FILES, 512, runs or 5)
    many, many_plain = _measure(MANY, MANY_MATRIX, runs or 3)
    said = "open and read 8 KiB of the same files"
    return [
        figure(
            "index_files_per_s",
            [FILES / each for each in seconds],
            "files/s",
            floor=FILES / _middle(plain),
            floor_name=said,
            limit=1500,
            higher_is_better=True,
        ),
        figure("index_10000_s", many, "s", floor=_middle(many_plain), floor_name=said, limit=5),
    ]


def _measure(files: int, matrix: int, runs: int) -> tuple[list[float], list[float]]:
    """Seconds of each run to index a folder of `files`, and to read the same headers plainly."""
    from workstation.imaging.assemble import build_series
    from workstation.tasks import SilentProgress
    from workstation.workflow.open_study import read_headers

    seconds, plain = [], []
    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as name:
        folder = Path(name)
        write_folder(folder, files, matrix)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        for number in range(runs + 1):
            began = time.perf_counter()
            instances, _, _ = read_headers(folder, SilentProgress())
            series = build_series(instances)
            elapsed = time.perf_counter() - began
            assert len(instances) == files and len(series) == files // SLICES
            began = time.perf_counter()
            for path in paths:
                with path.open("rb", buffering=0) as stream:
                    stream.read(_HEADER_BYTES)
            floor = time.perf_counter() - began
            if number:  # the first run warms the cache
                seconds.append(elapsed)
                plain.append(floor)
    return seconds, plain


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
