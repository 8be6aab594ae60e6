"""The strokes that a reader made, in their order, as a list that shares its past.

Each state of a read points to its last stroke and to the state before it, so that a hundred states that
undo may return to cost no more than their strokes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workstation.errors import DataError
from workstation.masks.editing.change import (
    MOST_VOXELS,
    Change,
    Delta,
    Group,
    Labels,
    Shape3,
    apply,
    merged,
)
from workstation.masks.editing.labels import NAMES, NUMBERS


@dataclass(frozen=True, eq=False, slots=True)
class Stroke:
    """One edit of the mask on one series.

    Attributes
    ----------
    did : str
        What was done, in a word: ``"brush"``, ``"grow"``.
    deltas : tuple of Delta
        One, or several where it is large; together they touch each voxel once.
    """

    id: str
    series_key: str
    did: str
    deltas: tuple[Delta, ...]

    @property
    def shape(self) -> Shape3:
        """(slices, rows, columns) of the series."""
        return self.deltas[0].shape

    def change(self) -> Change:
        """Its voxels.

        Raises
        ------
        DataError
            If it is damaged.
        """
        return merged([one.unpacked() for one in self.deltas])


@dataclass(frozen=True, eq=False, slots=True)
class Strokes:
    """Every stroke up to a moment; `before` is the moment before the last one."""

    last: Stroke | None = None
    before: Strokes | None = None
    count: int = 0

    def adding(self, stroke: Stroke) -> Strokes:
        """With one more stroke."""
        return Strokes(stroke, self, self.count + 1)

    def joining(self, part: Stroke) -> Strokes:
        """With a further part of the last stroke, which was too large to be kept in one piece."""
        last = self.last
        if last is None or (last.id, last.series_key) != (part.id, part.series_key):
            return self.adding(part)
        return Strokes(replace(last, deltas=last.deltas + part.deltas), self.before, self.count)

    def latest(self, count: int) -> Strokes:
        """The last strokes alone: what was before them is not taken back any more."""
        found = Strokes()
        for stroke in self.all()[-count:]:
            found = found.adding(stroke)
        return found

    def all(self) -> tuple[Stroke, ...]:
        """The strokes in the order made."""
        found, now = [], self
        while now.last is not None and now.before is not None:
            found.append(now.last)
            now = now.before
        return tuple(reversed(found))

    @property
    def sizes(self) -> dict[str, Shape3]:
        """Series that were drawn on, with (slices, rows, columns)."""
        return {one.series_key: one.shape for one in self.all()}

    def labels_of(self, series_key: str) -> Labels | None:
        """What all strokes make of a series; None where none of them is on it.

        Raises
        ------
        DataError
            If a stroke is damaged.
        """
        own = [one for one in self.all() if one.series_key == series_key]
        if not own:
            return None
        labels = np.zeros(own[0].shape, dtype=np.uint8)
        for stroke in own:
            apply(labels, stroke.change())
        return labels


NONE = Strokes()


def way(start: Strokes, end: Strokes) -> tuple[tuple[Stroke, ...], tuple[Stroke, ...]]:
    """Strokes to take back, the newest first, and strokes to make, to come from one moment to another."""
    back: list[Stroke] = []
    on: list[Stroke] = []
    while start is not end:
        if start.count >= end.count and start.last is not None and start.before is not None:
            back.append(start.last)
            start = start.before
        elif end.last is not None and end.before is not None:
            on.append(end.last)
            end = end.before
        else:
            break  # two beginnings: both are empty
    return tuple(back), tuple(reversed(on))


def stroke_data(stroke: Stroke) -> tuple[dict[str, Any], ...]:
    """A stroke as plain values, one part for each delta: what a journal keeps."""
    return tuple(
        {
            "stroke": stroke.id,
            "series": stroke.series_key,
            "did": stroke.did,
            "part": number,
            "parts": len(stroke.deltas),
            "shape": list(delta.shape),
            "changes": [
                [NAMES.get(one.before, ""), NAMES.get(one.after, ""), base64.b64encode(one.runs).decode()]
                for one in delta.groups
            ],
        }
        for number, delta in enumerate(stroke.deltas)
    )


def stroke_from(data: Mapping[str, Any]) -> Stroke:
    """A stroke, or a part of one, from what `stroke_data` made.

    Raises
    ------
    DataError
        If it is none, or its voxels lie outside the series.
    """
    refused = "A drawn mask was not read"
    try:
        slices, rows, columns = (int(one) for one in data["shape"])
        groups = tuple(
            Group(_number(before), _number(after), base64.b64decode(runs, validate=True))
            for before, after, runs in data["changes"]
        )
        delta = Delta((slices, rows, columns), groups)
        made = Stroke(str(data["stroke"]), str(data["series"]), str(data["did"]), (delta,))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise DataError(refused, "a stroke of it is damaged") from error
    if min(slices, rows, columns) < 1 or slices * rows * columns > MOST_VOXELS or not groups:
        raise DataError(refused, "a stroke of it is damaged")
    made.change()  # raises where the voxels are damaged
    return made


def _number(name: str) -> int:
    return NUMBERS[name] if name else 0


def volumes_ml(counts: Mapping[int, int], voxel_mm3: float) -> dict[str, float]:
    """Volume of each label, ml, by its name."""
    return {NAMES[label]: count * voxel_mm3 / 1000 for label, count in counts.items() if label in NAMES}


def counts_of(labels: Labels) -> dict[int, int]:
    """Voxels of each label that occurs."""
    counted = np.bincount(labels.reshape(-1), minlength=256)
    return {int(label): int(counted[label]) for label in np.flatnonzero(counted) if label}
