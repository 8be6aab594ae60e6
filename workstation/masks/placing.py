"""Where clicks lie in a series, and what is said when they cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry

Seeds = Mapping[str, Sequence[Sequence[float]]]
"""Clicks per bone, LPS mm."""

Placed = dict[str, list[tuple[int, int, int]]]
"""(slice, row, column) of each click of each bone."""

UNMARKED = "Click in the middle of the bone, on a slice where its outline is clear"


def no_region(bone: str, why: str, remedy: str) -> DataError:
    """What a person is told when a bone could not be outlined."""
    return DataError(f"No region was made for the {bone}", why, remedy)


def no_click() -> DataError:
    """What a person is told when no click can be used."""
    return DataError(
        "No bone region was made",
        "none of the clicks lies inside this series",
        "Click inside each bone on one of its slices",
    )


def place_seeds(geometry: StackGeometry, seeds: Seeds) -> Placed:
    """(slice, row, column) of every click that lies within a series.

    Raises
    ------
    DataError
        If none does.
    """
    placed: Placed = {}
    for bone, points in seeds.items():
        for point in points:
            nearest, distance = geometry.nearest_slice(point)
            row, column = (round(value) for value in geometry.in_plane(point, nearest))
            if (
                geometry.reaches(distance)
                and 0 <= row < geometry.shape[1]
                and 0 <= column < geometry.shape[2]
            ):
                placed.setdefault(bone, []).append((nearest, row, column))
    if not placed:
        raise no_click()
    return placed
