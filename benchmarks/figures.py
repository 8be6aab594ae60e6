"""One measured figure, and the two ways to collect its samples."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

Figure = dict[str, Any]


def figure(
    name: str,
    samples: Sequence[float],
    unit: str,
    *,
    floor: float | None = None,
    floor_name: str = "",
    limit: float | None = None,
    limit_p95: float | None = None,
    higher_is_better: bool = False,
) -> Figure:
    """Sum up the samples of one figure.

    Parameters
    ----------
    name
        Name of the figure, ending in its unit: ``open_first_image_ms``.
    samples
        One number per run, in ``unit``.
    floor, floor_name
        What the machine itself needs for the least work possible, or a peer, measured in the same run.
    limit, limit_p95
        What the median (and the 95th percentile) must keep to, where the project states it.
    higher_is_better
        True for rates: the limit is then the least that is enough.

    Returns
    -------
    dict
        ``name, median, p95, unit, floor, floor_name, ratio, runs, limit, within_limit``; ``ratio`` is
        median to floor, and ``within_limit`` is None where no limit is stated.
    """
    median = statistics.median(samples)
    slow = low(samples, 0.05) if higher_is_better else high(samples, 0.95)
    within: bool | None = None
    if limit is not None:
        within = median >= limit if higher_is_better else median <= limit
    if limit_p95 is not None:
        within = (within is not False) and slow <= limit_p95
    return {
        "name": name,
        "median": round(median, 3),
        "p95": round(slow, 3),
        "unit": unit,
        "floor": None if floor is None else round(floor, 3),
        "floor_name": floor_name,
        "ratio": round(median / floor, 2) if floor else None,
        "runs": len(samples),
        "limit": limit,
        "within_limit": within,
    }


def high(samples: Sequence[float], share: float) -> float:
    """The sample that ``share`` of all samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def low(samples: Sequence[float], share: float) -> float:
    """The sample that only ``share`` of all samples stay below: the slow end of a rate."""
    ordered = sorted(samples)
    return ordered[int(share * len(ordered))]


def milliseconds(work: Callable[[], object], runs: int, warm_up: int = 1) -> list[float]:
    """Wall time of each run of ``work`` in ms, after ``warm_up`` runs that are not counted."""
    for _ in range(warm_up):
        work()
    samples = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        samples.append((time.perf_counter() - began) * 1000)
    return samples
