"""From asking for a knee study of five series in the library to its pictures on the screen.

The first picture (of files as they are, and of JPEG 2000), all viewports whole, another case that was fetched
ahead, and the same case again.
"""

from __future__ import annotations

import statistics

from benchmarks.figures import Figure, figure
from benchmarks.one_study import knee_library, measure

NAMES = (
    "open_first_image_ms",
    "open_all_tiles_ms",
    "next_case_ms",
    "open_again_ms",
    "open_first_image_j2k_ms",
)
KEYS = ("first_ms", "all_ms", "next_ms", "again_ms")
LIMITS_MS = (200, 800, 100, 100)
RUNS = 5


def run(runs: int | None = None) -> list[Figure]:
    """Time the first case of a session and those after it, each run in a process of its own."""
    raw, compressed = (_measured(runs or RUNS, jpeg_2000=coded) for coded in (False, True))
    found = [
        _figure(name, key, raw, limit) for name, key, limit in zip(NAMES[:-1], KEYS, LIMITS_MS, strict=True)
    ]
    return [*found, _figure(NAMES[-1], KEYS[0], compressed, LIMITS_MS[0])]


def _measured(runs: int, *, jpeg_2000: bool) -> list[dict[str, float]]:
    with knee_library(jpeg_2000=jpeg_2000) as (library, code):
        measure(library, code)  # the first run compiles
        return [measure(library, code) for _ in range(runs)]


def _figure(name: str, key: str, measured: list[dict[str, float]], limit: float) -> Figure:
    floor = statistics.median(each["floor_ms"] for each in measured)
    said = "read, decode, look up and draw that slice"
    return figure(name, [each[key] for each in measured], "ms", floor=floor, floor_name=said, limit=limit)
