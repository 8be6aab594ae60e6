"""Which series belong to which case: one joint and side of one subject.

Series of one visit are sorted together, because a series without a tagged joint or side (a localizer, a
re-export) belongs with the others of its examination as long as there is only one place it can belong to.
Where there is a choice nothing is guessed: the case waits for the coordinator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workstation.imaging.study import Joint, Laterality


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one series says about its place.

    `laterality` is what the coordinator confirmed or else what the tags say; `is_confirmed` tells the two
    apart. `is_contradictory` marks a series whose own tags name two sides.
    """

    key: str
    visit: str
    joint: Joint | None
    laterality: Laterality | None
    frame_of_reference_uid: str = ""
    is_confirmed: bool = False
    is_contradictory: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Joint and side of a case within its subject."""

    joint: Joint | None
    laterality: Laterality | None


@dataclass(frozen=True, slots=True)
class Grouping:
    """Series keys per place, and the places whose side is certain."""

    members: Mapping[Place, tuple[str, ...]]
    certain: frozenset[Place]


def group_series(evidence: Iterable[Evidence]) -> Grouping:
    """Sort the series of one subject into cases.

    A side is certain when tags (or the coordinator) name it and every series without a tag lies in the
    frame of reference of one that has it.
    """
    visits: dict[str, list[Evidence]] = defaultdict(list)
    for series in evidence:
        visits[series.visit].append(series)
    members: dict[Place, list[str]] = defaultdict(list)
    doubtful: set[Place] = set()
    for visit in visits.values():
        for joint, group in _by_joint(visit).items():
            for place, (keys, certain) in _by_side(joint, group).items():
                members[place].extend(keys)
                if not certain:
                    doubtful.add(place)
    return Grouping(
        {place: tuple(keys) for place, keys in members.items()}, frozenset(set(members) - doubtful)
    )


def _by_joint(visit: list[Evidence]) -> dict[Joint | None, list[Evidence]]:
    named = {series.joint for series in visit if series.joint}
    frames: dict[str, set[Joint]] = defaultdict(set)
    for series in visit:
        if series.joint and series.frame_of_reference_uid:
            frames[series.frame_of_reference_uid].add(series.joint)
    groups: dict[Joint | None, list[Evidence]] = defaultdict(list)
    for series in visit:
        joint = series.joint
        if joint is None:
            near = frames.get(series.frame_of_reference_uid, set())
            choices = near if len(near) == 1 else named
            joint = next(iter(choices)) if len(choices) == 1 else None
        groups[joint].append(series)
    return groups


def _by_side(joint: Joint | None, group: list[Evidence]) -> dict[Place, tuple[list[str], bool]]:
    if joint is None:
        return {Place(None, None): ([series.key for series in group], False)}
    sides = {series.laterality for series in group if series.laterality}
    single = sides - {Laterality.BILATERAL}
    # Both hips are read on one form. Knees are read one by one: a series of both is only an overview there.
    whole = Laterality.BILATERAL in sides and (joint is Joint.HIP or not single)
    frames: dict[str, set[Laterality]] = defaultdict(set)
    for series in group:
        if series.laterality and series.frame_of_reference_uid:
            frames[series.frame_of_reference_uid].add(series.laterality)
    found: dict[Place, tuple[list[str], bool]] = {}
    for series in group:
        side: Laterality | None
        certain = not series.is_contradictory or series.is_confirmed
        if whole:
            side = Laterality.BILATERAL
            certain = certain and (
                series.laterality is not None or bool(frames.get(series.frame_of_reference_uid))
            )
        elif series.laterality in single:
            side = series.laterality
        else:
            near = frames.get(series.frame_of_reference_uid, set()) - {Laterality.BILATERAL}
            choices = near if len(near) == 1 else single
            side = next(iter(choices)) if len(choices) == 1 else None
            certain = certain and bool(near) and side is not None
        keys, so_far = found.get(Place(joint, side), ([], True))
        found[Place(joint, side)] = ([*keys, series.key], so_far and certain)
    return found
