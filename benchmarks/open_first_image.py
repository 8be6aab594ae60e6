"""From asking for a knee study of five series in the library to its first picture on the screen."""

from __future__ import annotations

from benchmarks.figures import Figure, figure
from benchmarks.one_study import knee_library, measure

NAMES = ("open_first_image_ms", "open_next_image_ms")
LIMIT_MS = 500
RUNS = 5


def run(runs: int | None = None) -> list[Figure]:
    """Time the first case of a session and the next one, each run in a process of its own."""
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
            limit=LIMIT_MS,
        )
        for name, key in zip(NAMES, ("first_ms", "again_ms"), strict=True)
    ]
