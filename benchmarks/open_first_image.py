"""From asking for a knee study of five series in the library to its pictures on the screen.

The first picture, all viewports whole, another case that was fetched ahead, and the same case again.
"""

from __future__ import annotations

from benchmarks.figures import Figure, figure
from benchmarks.one_study import knee_library, measure

NAMES = ("open_first_image_ms", "open_all_tiles_ms", "next_case_ms", "open_again_ms")
KEYS = ("first_ms", "all_ms", "next_ms", "again_ms")
LIMITS_MS = (200, 800, 100, 100)
RUNS = 5


def run(runs: int | None = None) -> list[Figure]:
    """Time the first case of a session and those after it, each run in a process of its own."""
    with knee_library() as (library, code):
        measure(library, code)  # the first run compiles
        measured = [measure(library, code) for _ in range(runs or RUNS)]
    floor = sorted(each["floor_ms"] for each in measured)[len(measured) // 2]
    said = "read, look up and draw that slice"
    return [
        figure(
            name,
            [each[key] for each in measured],
            "ms",
            floor=floor,
            floor_name=said,
            limit=limit,
        )
        for name, key, limit in zip(NAMES, KEYS, LIMITS_MS, strict=True)
    ]
