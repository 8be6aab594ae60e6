"""Which voxels an edit changes, from what and to what: enough to do it, to undo it, and to keep it.

A `Change` lists voxels one by one and is what an edit makes. A `Delta` holds the same as packed run lengths
and is what is kept, a few hundred bytes for a stroke of the brush.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError

Labels = NDArray[np.uint8]
Shape3 = tuple[int, int, int]
Voxels = NDArray[np.int64]

MOST_RUNS = 1500
"""Runs of one delta. Eight bytes each before packing: a delta fits the second size of sealed entries (16 KiB)
whatever its voxels are."""

MOST_VOXELS = 2**30
"""Of a series that can be drawn on: 4,000 slices of 512 × 512."""

_RUN_BYTES = 8


@dataclass(frozen=True, eq=False)
class Change:
    """Voxels that an edit changes.

    Attributes
    ----------
    shape : tuple of int
        (slices, rows, columns) of the mask.
    voxels : ndarray of int64, shape (n,)
        Places in the mask as one row (C order), ascending, each once.
    before, after : ndarray of uint8, shape (n,)
        Labels there.
    """

    shape: Shape3
    voxels: Voxels
    before: Labels
    after: Labels

    @property
    def is_empty(self) -> bool:
        """True where nothing changes."""
        return not len(self.voxels)

    @property
    def slices(self) -> tuple[int, ...]:
        """Slices on which a voxel changes."""
        plane = self.shape[1] * self.shape[2]
        return tuple(int(one) for one in np.unique(self.voxels // plane))

    @property
    def reverse(self) -> Change:
        """What takes it back."""
        return Change(self.shape, self.voxels, self.after, self.before)

    def counts(self) -> dict[int, int]:
        """By how many voxels each label grows (or, negative, shrinks)."""
        gained = np.bincount(self.after, minlength=256).astype(np.int64)
        gained -= np.bincount(self.before, minlength=256)
        return {int(label): int(gained[label]) for label in np.flatnonzero(gained) if label}


def nothing(shape: Shape3) -> Change:
    """A change of no voxel."""
    none = np.empty(0, dtype=np.uint8)
    return Change(shape, np.empty(0, dtype=np.int64), none, none)


def change_in(labels: Labels, inside: NDArray[np.bool_], corner: Shape3, label: int) -> Change:
    """A label given to voxels of a box.

    Parameters
    ----------
    labels : ndarray of uint8, shape (slices, rows, columns)
        Left as it is.
    inside : ndarray of bool
        Voxels of the box that get the label.
    corner : tuple of int
        First voxel of the box.
    """
    box = tuple(slice(first, first + size) for first, size in zip(corner, inside.shape, strict=True))
    there = labels[box]
    depth, row, column = np.nonzero(inside & (there != label))
    before = there[depth, row, column]
    places = ((depth + corner[0]) * labels.shape[1] + row + corner[1]) * labels.shape[2] + column + corner[2]
    after = np.full(len(places), label, dtype=np.uint8)
    return Change(_shape_of(labels), places.astype(np.int64), before, after)


def apply(labels: Labels, change: Change) -> None:
    """Make a change in an array (C order) that the caller owns.

    Raises
    ------
    DataError
        If the array has another shape.
    """
    if labels.shape != change.shape:
        raise DataError("The mask was not changed", "the change is of another series")
    labels.reshape(-1)[change.voxels] = change.after


def applied(labels: Labels, change: Change) -> Labels:
    """A new mask with a change made."""
    made = np.array(labels, dtype=np.uint8, order="C")
    apply(made, change)
    return made


def merged(changes: Sequence[Change]) -> Change:
    """Several changes, made one after another, as one."""
    if len(changes) == 1:
        return changes[0]
    voxels = np.concatenate([one.voxels for one in changes])
    before = np.concatenate([one.before for one in changes])
    after = np.concatenate([one.after for one in changes])
    places, first = np.unique(voxels, return_index=True)
    last = len(voxels) - 1 - np.unique(voxels[::-1], return_index=True)[1]
    start, end = before[first], after[last]
    differs = start != end
    return Change(changes[0].shape, places[differs], start[differs], end[differs])


@dataclass(frozen=True, slots=True)
class Group:
    """Voxels that go from one label to another, as packed run lengths."""

    before: int
    after: int
    runs: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """A change, or a part of a large one, packed."""

    shape: Shape3
    groups: tuple[Group, ...]

    def unpacked(self) -> Change:
        """The change.

        Raises
        ------
        DataError
            If it is damaged.
        """
        size = self.shape[0] * self.shape[1] * self.shape[2]
        parts = [unpack_runs(group.runs, size) for group in self.groups]
        voxels = np.concatenate([np.empty(0, dtype=np.int64), *parts])
        sizes = [len(part) for part in parts]
        before = np.repeat(np.array([group.before for group in self.groups], dtype=np.uint8), sizes)
        after = np.repeat(np.array([group.after for group in self.groups], dtype=np.uint8), sizes)
        order = np.argsort(voxels, kind="stable")
        return Change(self.shape, voxels[order], before[order], after[order])


def packed(change: Change) -> tuple[Delta, ...]:
    """A change as one delta, or as several where it is large; none where nothing changes."""
    found: list[Delta] = []
    groups: list[Group] = []
    used = 0
    for before, after, voxels in _by_labels(change):
        starts, lengths = _runs_of(voxels)
        done = 0
        while done < len(starts):
            room = min(MOST_RUNS - used, len(starts) - done)
            part = slice(done, done + room)
            groups.append(Group(before, after, _pack(starts[part], lengths[part])))
            done, used = done + room, used + room
            if used == MOST_RUNS:
                found.append(Delta(change.shape, tuple(groups)))
                groups, used = [], 0
    if groups:
        found.append(Delta(change.shape, tuple(groups)))
    return tuple(found)


def unpack_runs(runs: bytes, size: int) -> Voxels:
    """Voxels of packed run lengths.

    Parameters
    ----------
    size : int
        Voxels of the mask.

    Raises
    ------
    DataError
        If they are damaged, or reach beyond the mask.
    """
    damaged = DataError("A drawn mask was not read", "a stroke of it is damaged")
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(runs, MOST_RUNS * _RUN_BYTES + 1)
    except zlib.error as error:
        raise damaged from error
    count = len(raw) // _RUN_BYTES
    if not unpacking.eof or not raw or len(raw) % _RUN_BYTES or count > MOST_RUNS:
        raise damaged
    table = np.frombuffer(raw, dtype=np.uint8).reshape(_RUN_BYTES, count).T
    gaps, lengths = (part.astype(np.int64) for part in np.ascontiguousarray(table).view("<u4").T)
    total = int(gaps.sum() + lengths.sum())
    if total > size or not lengths.all() or not gaps[1:].all():
        raise damaged
    ends = np.cumsum(gaps + lengths)
    offsets = np.repeat(ends - np.cumsum(lengths), lengths)
    return np.asarray(offsets + np.arange(int(lengths.sum())))


def _shape_of(labels: Labels) -> Shape3:
    slices, rows, columns = labels.shape
    return slices, rows, columns


def _by_labels(change: Change) -> Iterator[tuple[int, int, Voxels]]:
    pairs = change.before.astype(np.int32) * 256 + change.after
    for pair in np.unique(pairs):
        yield int(pair) // 256, int(pair) % 256, change.voxels[pairs == pair]


def _runs_of(voxels: Voxels) -> tuple[Voxels, Voxels]:
    """First voxel and length of each run."""
    breaks = np.flatnonzero(np.diff(voxels) != 1) + 1
    edges = np.concatenate([[0], breaks, [len(voxels)]])
    return voxels[edges[:-1]], np.diff(edges)


def _pack(starts: Voxels, lengths: Voxels) -> bytes:
    ends = np.concatenate([[0], (starts + lengths)[:-1]])
    if starts[-1] + lengths[-1] > MOST_VOXELS:
        raise DataError("The mask was not kept", "the series is too large to draw on")
    table = np.ascontiguousarray(np.stack([starts - ends, lengths], axis=1).astype("<u4"))
    # Like bytes beside like bytes: most are zero and vanish.
    shuffled = np.ascontiguousarray(table.view(np.uint8).reshape(len(starts), _RUN_BYTES).T)
    return zlib.compress(shuffled.tobytes(), 6)
