"""From asking for a knee study of five series in the library to its pictures on the screen.

The first picture (of files as they are, and of each compression), all viewports whole, another case that was
fetched ahead, and the same case again.
"""

from __future__ import annotations

import statistics

from benchmarks.compressed_files import COMPRESSIONS
from benchmarks.figures import Figure, figure
from benchmarks.one_study import knee_library, measure

COMPRESSED = tuple(f"open_first_image_{one}_ms" for one in COMPRESSIONS)
NAMES = ("open_first_image_ms", "open_all_tiles_ms", "next_case_ms", "open_again_ms", *COMPRESSED)
KEYS = ("first_ms", "all_ms", "next_ms", "again_ms")
LIMITS_MS = (200, 800, 100, 100)
RUNS = 5


def run(runs: int | None = None) -> list[Figure]:
    """Time the first case of a session and those after it, each run in a process of its own."""
    plain = _measured(runs or RUNS)
    found = [
        _figure(name, key, plain, limit) for name, key, limit in zip(NAMES, KEYS, LIMITS_MS, strict=False)
    ]
    return found + [
        _figure(name, KEYS[0], _measured(runs or RUNS, one), LIMITS_MS[0])
        for name, one in zip(COMPRESSED, COMPRESSIONS, strict=True)
    ]


def _measured(runs: int, compression: str = "") -> list[dict[str, float]]:
    with knee_library(compression) as (library, code):
        measure(library, code)  # the first run compiles
        return [measure(library, code) for _ in range(runs)]


def _figure(name: str, key: str, measured: list[dict[str, float]], limit: float) -> Figure:
    floor = statistics.median(each["floor_ms"] for each in measured)
    said = "read, decode, look up and draw that slice"
    return figure(name, [each[key] for each in measured], "ms", floor=floor, floor_name=said, limit=limit)
