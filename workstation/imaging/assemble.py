"""Series from planes: split what does not belong on one stack, sort along the normal, say what is wrong.

The order is by position in the patient, never by InstanceNumber. A series that is not a neat stack is
shown as it is, with one plain sentence per fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workstation.imaging.faults import (
    normal_of,
    other_faults,
    positions_of,
    slices,
    spacing_faults,
    time_of,
)
from workstation.imaging.geometry import plane_of
from workstation.imaging.roles import (
    description_of,
    dixon_type,
    joint_of,
    laterality_of,
    weighting_of,
)
from workstation.imaging.study import Instance, Physics, Series

SAME_POSITION = 0.02
"""mm along the normal within which two planes are at one place."""

SAME_DIRECTION = 0.02
"""Largest difference of direction cosines (about one degree) within one stack."""


@dataclass(frozen=True)
class _Group:
    """Planes that stay together so far, with the split that led here and what was found wrong."""

    instances: tuple[Instance, ...]
    split: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    axis: str = "position"


def build_series(instances: Iterable[Instance]) -> tuple[Series, ...]:
    """Group planes into stacks: one DICOM series may give several.

    Parameters
    ----------
    instances : iterable of Instance
        In any order, of any number of studies.

    Returns
    -------
    tuple of Series
        Ordered by study, series number, series UID and split. The result does not depend on the order of
        `instances`, except that of two copies of one plane the first by path is kept.
    """
    by_series: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for instance in instances:
        by_series[instance.study_instance_uid, _name(instance)].append(instance)
    result: list[Series] = []
    for members in by_series.values():
        groups = _split(_without_copies(sorted(members, key=_file_order)))
        result += [_series(group) for group in groups]
    return tuple(sorted(result, key=_series_order))


def _name(instance: Instance) -> str:
    """SeriesInstanceUID, or a name made from the number where an anonymiser emptied it."""
    return instance.series_instance_uid or f"series-{instance.series_number or 0}"


def _series_order(series: Series) -> tuple[Any, ...]:
    number = series.series_number
    return (
        series.study_instance_uid,
        number is None,
        number or 0,
        series.series_instance_uid,
        [(len(part), part) for part in series.split.split("-")],
    )


def _file_order(instance: Instance) -> tuple[Any, ...]:
    number = instance.instance_number
    return number is None, number or 0, instance.path, instance.frame


def _without_copies(instances: Sequence[Instance]) -> _Group:
    seen: set[tuple[str, int]] = set()
    kept: list[Instance] = []
    for instance in instances:
        name = (instance.sop_instance_uid, instance.frame)
        if instance.sop_instance_uid and name in seen:
            continue
        seen.add(name)
        kept.append(instance)
    dropped = len(instances) - len(kept)
    warnings = (f"{slices(dropped)} came twice; one copy of each is shown.",) if dropped else ()
    return _Group(tuple(kept), warnings=warnings)


# --- splitting -------------------------------------------------------------------------------------------


def _split(group: _Group) -> list[_Group]:
    """All splits in their order: what can never share a stack first, then what repeats positions."""
    groups = [group]
    for divide in (_by_size, _by_geometry, _by_orientation):
        groups = [part for one in groups for part in divide(one)]
    for key in (_echo, _echo_time, _dixon, _b_value, _sort_of_picture, _temporal):
        groups = [part for one in groups for part in _by(one, key)]
    return [part for one in groups for part in _repeats(one)]


def _divided(group: _Group, names: dict[str, list[Instance]]) -> list[_Group]:
    if len(names) < 2:
        return [group]
    return [replace(group, instances=tuple(i), split=(*group.split, n)) for n, i in names.items()]


def _by_size(group: _Group) -> list[_Group]:
    sizes: dict[str, list[Instance]] = defaultdict(list)
    for instance in group.instances:
        sizes[f"{instance.pixels.columns}x{instance.pixels.rows}"].append(instance)
    if len(sizes) > 1:
        text = f"Its pictures have {len(sizes)} sizes; each size is shown as a series of its own."
        group = replace(group, warnings=(*group.warnings, text))
    return _divided(group, sizes)


def _by_geometry(group: _Group) -> list[_Group]:
    parts: dict[str, list[Instance]] = defaultdict(list)
    for instance in group.instances:
        parts["placed" if normal_of(instance) is not None else "unplaced"].append(instance)
    return _divided(group, parts)


def _by_orientation(group: _Group) -> list[_Group]:
    if normal_of(group.instances[0]) is None:
        return [group]
    clusters: list[tuple[Any, list[Instance]]] = []
    for instance in group.instances:
        direction = np.asarray(instance.image_orientation_patient, dtype=np.float64)
        for centre, members in clusters:
            if np.abs(direction - centre).max() <= SAME_DIRECTION:
                members.append(instance)
                break
        else:
            clusters.append((direction, [instance]))
    if len(clusters) > 4 and all(len(members) == 1 for _, members in clusters):
        text = "Its slices are turned against each other; they are shown one after another, without links."
        return [replace(group, axis="turn", warnings=(*group.warnings, text))]
    names: dict[str, list[Instance]] = {}
    clusters.sort(key=lambda cluster: tuple(cluster[0]))
    planes = [plane_of(centre).value for centre, _ in clusters]
    for index, (_, members) in enumerate(clusters):
        plane = planes[index]
        number = str(planes[:index].count(plane) + 1) if planes.count(plane) > 1 else ""
        names[plane + number] = members
    return _divided(group, names)


def _echo(instance: Instance) -> str:
    number = instance.echo_number
    return f"echo{number}" if number is not None and number > 0 else ""


def _echo_time(instance: Instance) -> str:
    time = instance.physics.echo_time
    return "" if time is None else f"echo{time:.1f}ms"


def _dixon(instance: Instance) -> str:
    product = dixon_type(instance.physics)
    return product.value.replace(" ", "-") if product else ""


def _b_value(instance: Instance) -> str:
    b_value = instance.physics.b_value
    return "" if b_value is None else f"b{b_value:.0f}"


_COMPONENTS = {
    "P": "phase", "PHASE": "phase", "PHASE MAP": "phase", "R": "real", "REAL": "real",
    "I": "imaginary", "IMAGINARY": "imaginary", "M": "magnitude", "MAGNITUDE": "magnitude",
}  # fmt: skip


def _sort_of_picture(instance: Instance) -> str:
    image_type = instance.physics.image_type
    component = next((_COMPONENTS[v] for v in reversed(image_type[2:]) if v in _COMPONENTS), "")
    derived = "derived" if image_type[:1] == ("DERIVED",) else ""
    return component or derived


def _temporal(instance: Instance) -> str:
    return "" if instance.temporal_position is None else f"time{instance.temporal_position}"


def _by(group: _Group, key: Callable[[Instance], str]) -> list[_Group]:
    """Split by a key where it tells planes at one place apart, or names parts of two planes or more."""
    if group.axis != "position" or len(group.instances) < 2:
        return [group]
    parts: dict[str, list[Instance]] = defaultdict(list)
    for instance in group.instances:
        parts[key(instance)].append(instance)
    if len(parts) < 2:
        return [group]
    positions = positions_of(group.instances)
    if positions is not None and _distinct(positions) == 1 and key is _temporal:
        return [group]
    repeats = positions is None or _distinct(positions) < len(positions)
    if not repeats and (key in _ONLY_IF_REPEATED or min(map(len, parts.values())) < 2):
        return [group]
    if positions is None and key is _temporal:
        return [group]
    return _divided(group, {name or _UNNAMED[key]: members for name, members in sorted(parts.items())})


_UNNAMED: dict[Callable[[Instance], str], str] = {
    _echo: "no-echo-number",
    _echo_time: "no-echo-time",
    _dixon: "other",
    _b_value: "no-b-value",
    _sort_of_picture: "original",
    _temporal: "no-time",
}
_ONLY_IF_REPEATED = (_echo_time, _temporal, _sort_of_picture)
"""These may vary from slice to slice of one stack; they split only what shows one place repeatedly."""


def _distinct(positions: Any) -> int:
    return 1 + int((np.diff(np.sort(positions)) > SAME_POSITION).sum())


def _repeats(group: _Group) -> list[_Group]:
    """What still shows one place several times: a course in time, whole repeats, or duplicates."""
    positions = positions_of(group.instances)
    if group.axis != "position" or positions is None or len(positions) < 2:
        return [group]
    places = _distinct(positions)
    if places == len(positions):
        return [group]
    ordered = sorted(group.instances, key=time_of)
    if places == 1:
        return [replace(group, instances=tuple(ordered), axis="time")]
    stacks = _deal(ordered)
    if len({len(stack) for stack in stacks}) == 1:
        text = (
            f"It shows each place {len(stacks)} times and does not say why; each time is a series of its own."
        )
        group = replace(group, warnings=(*group.warnings, text))
        return _divided(group, {f"repeat{n + 1}": stack for n, stack in enumerate(stacks)})
    extra = len(ordered) - len(stacks[0])
    verb = "lies" if extra == 1 else "lie"
    text = f"{slices(extra)} {verb} where another slice is; the first at each place is shown."
    return [replace(group, instances=tuple(stacks[0]), warnings=(*group.warnings, text))]


def _deal(instances: Sequence[Instance]) -> list[list[Instance]]:
    """The first plane at each place, the second at each place, and so on."""
    positions = np.asarray(positions_of(instances))
    order = np.argsort(positions, kind="stable")
    place = np.zeros(len(order), dtype=int)
    place[order[1:]] = np.cumsum(np.diff(positions[order]) > SAME_POSITION)
    stacks: list[list[Instance]] = []
    seen: dict[int, int] = defaultdict(int)
    for index, instance in enumerate(instances):
        turn = seen[place[index]]
        seen[place[index]] += 1
        if turn == len(stacks):
            stacks.append([])
        stacks[turn].append(instance)
    return stacks


# --- one stack -------------------------------------------------------------------------------------------


def _series(group: _Group) -> Series:
    first = group.instances[0]
    instances, warnings = group.instances, list(group.warnings)
    positions = positions_of(instances)
    if group.axis == "position" and positions is not None:
        instances = tuple(instances[i] for i in np.argsort(positions, kind="stable"))
        warnings += spacing_faults(instances)
    warnings += other_faults(instances, group.axis)
    split = "-".join(group.split)
    weighting, fat_suppressed = None, False
    if first.modality in ("MR", ""):
        weighting, fat_suppressed = weighting_of(_shared_physics(instances), description_of(first))
    joint = joint_of(
        first.body_part_examined,
        first.series_description,
        first.protocol_name,
        first.study_description,
        first.procedure_description,
    )
    laterality, note = laterality_of(instances, joint)
    if note and any(i.laterality for i in instances):
        warnings.append(note)
    key = f"{_name(first)}#{split}" if split else _name(first)
    return Series(
        key=key,
        series_instance_uid=first.series_instance_uid,
        study_instance_uid=first.study_instance_uid,
        split=split,
        instances=instances,
        plane=plane_of(first.image_orientation_patient or ()) if positions is not None else None,
        weighting=weighting,
        fat_suppressed=fat_suppressed,
        joint=joint,
        laterality=laterality,
        axis="time" if group.axis == "time" else "position",
        warnings=tuple(warnings),
    )


def _shared_physics(instances: Sequence[Instance]) -> Physics:
    return instances[len(instances) // 2].physics
