"""Memory of the program with one study open, beside what its decoded voxels need."""

from __future__ import annotations

from benchmarks.figures import Figure, figure
from benchmarks.one_study import knee_library, measure

NAMES = ("rss_one_study_mib", "rss_peak_mib")
RUNS = 3
LIMIT_MIB = 300


def run(runs: int | None = None) -> list[Figure]:
    """Resident memory once every series is loaded, and the most that it ever was."""
    with knee_library() as (library, code):
        measured = [measure(library, code) for _ in range(runs or RUNS)]
    voxels = measured[0]["voxels_mib"]
    window = sorted(each["window_mib"] for each in measured)[len(measured) // 2]
    return [
        figure(
            name,
            [each[key] for each in measured],
            "MiB",
            floor=window + voxels,
            floor_name=f"the window without a case, plus {voxels:.0f} MiB of voxels",
            limit=LIMIT_MIB,
        )
        for name, key in zip(NAMES, ("rss_mib", "peak_mib"), strict=True)
    ]
