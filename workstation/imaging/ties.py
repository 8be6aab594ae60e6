"""How points of one patient space become points of another: same frame, an offset set by hand, or the
other side of the body.

Two series share patient space only when they name the same frame of reference (DICOM PS3.3 C.7.4.1). For
others a reader may state by hand where they meet; right and left meet through their joint centres,
mirrored. What was stated is kept with the case and said in the viewport: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from workstation.imaging.geometry import StackGeometry, Vector

Triple = tuple[float, float, float]
SAME, BY_HAND, SIDES = "same frame", "by hand", "right–left"
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Bridge:
    """From the points of one viewport to those of another: ``target = turn · (source - start) + end``.

    Attributes
    ----------
    kind : str
        `SAME`, `BY_HAND` or `SIDES`.
    start, end : ndarray of float64, shape (3,)
        LPS mm in the source and in the target.
    """

    kind: str
    start: Vector
    end: Vector

    def point(self, point: ArrayLike) -> Vector:
        """An LPS point of the source in the target."""
        return self.direction(np.asarray(point, dtype=np.float64) - self.start) + self.end

    def direction(self, direction: ArrayLike) -> Vector:
        """A direction of the source in the target; left and right change places between sides."""
        vector = np.asarray(direction, dtype=np.float64)
        return vector * _MIRROR if self.kind == SIDES else vector

    @property
    def back(self) -> Bridge:
        """From the target to the source."""
        return Bridge(self.kind, self.end, self.start)


_WITHIN = Bridge(SAME, np.zeros(3), np.zeros(3))


@dataclass(frozen=True)
class Ties:
    """What a reader stated about patient spaces that do not share a frame of reference.

    Attributes
    ----------
    offsets : mapping of str to (str, Triple)
        For a frame of reference the frame it was tied to, and what to add to its points to get there. All
        frames of a group point to the same one.
    centres : mapping of (str, str) to Triple
        Centre of the femoral head or joint by (frame of reference, side), LPS mm.
    """

    offsets: Mapping[str, tuple[str, Triple]] = field(default_factory=dict)
    centres: Mapping[tuple[str, str], Triple] = field(default_factory=dict)

    def bridge(
        self, source: StackGeometry | None, target: StackGeometry | None, sides: tuple[str, str] = ("", "")
    ) -> Bridge | None:
        """How points of one stack are found in another; None where nobody knows.

        `sides` are those of source and target: where they differ and both centres are known, the centres
        count, also within one frame of reference.
        """
        if source is None or target is None:
            return None
        one, two = source.frame_of_reference_uid, target.frame_of_reference_uid
        centres = self.centres.get((one, sides[0])), self.centres.get((two, sides[1]))
        if set(sides) == {"L", "R"} and centres[0] is not None and centres[1] is not None:
            return Bridge(SIDES, np.array(centres[0]), np.array(centres[1]))
        if not one or not two:
            return None
        if one == two:
            return _WITHIN
        roots = self._root(one), self._root(two)
        if roots[0][0] != roots[1][0]:
            return None
        return Bridge(BY_HAND, np.zeros(3), np.array(roots[0][1]) - np.array(roots[1][1]))

    def tied(self, source: str, target: str, shift: ArrayLike) -> Ties:
        """Tie two frames: ``shift`` mm are added to points of the first to find them in the second."""
        if not source or not target or source == target:
            return self
        (root, own), (other_root, other) = self._root(source), self._root(target)
        if root == other_root:  # tied before: only this frame moves
            return self.untied(source).tied(source, target, shift)
        step = np.asarray(shift, dtype=np.float64) + np.array(other) - np.array(own)
        group = {root: (root, (0.0, 0.0, 0.0)), **{f: t for f, t in self.offsets.items() if t[0] == root}}
        moved = {frame: (other_root, _triple(np.array(way) + step)) for frame, (_, way) in group.items()}
        return replace(self, offsets={**self.offsets, **moved})

    def untied(self, frame: str) -> Ties:
        """Forget the offset of one frame; those tied to it stay tied to one another."""
        rest = {one: found for one, found in self.offsets.items() if one != frame}
        followers = [one for one, (root, _) in rest.items() if root == frame]
        if followers:
            head = np.array(rest.pop(followers[0])[1])
            for one in followers[1:]:
                rest[one] = (followers[0], _triple(np.array(rest[one][1]) - head))
        return replace(self, offsets=rest)

    def centred(self, frame: str, side: str, point: ArrayLike) -> Ties:
        """Set the joint centre of one side."""
        return replace(self, centres={**self.centres, (frame, side): _triple(point)})

    def uncentred(self, frame: str, side: str) -> Ties:
        """Forget the joint centre of one side; the other centres stay."""
        rest = {place: point for place, point in self.centres.items() if place != (frame, side)}
        return replace(self, centres=rest)

    def _root(self, frame: str) -> tuple[str, Triple]:
        return self.offsets.get(frame, (frame, (0.0, 0.0, 0.0)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to be kept with a reading."""
        return {
            "offsets": [[frame, root, list(shift)] for frame, (root, shift) in self.offsets.items()],
            "centres": [[frame, side, list(point)] for (frame, side), point in self.centres.items()],
        }

    @staticmethod
    def from_dict(values: object) -> Ties:
        """The ties again; damaged entries are left out."""
        kept = values if isinstance(values, dict) else {}
        offsets = {one: (two, shift) for one, two, shift in _entries(kept.get("offsets"))}
        # A root that itself is tied would be a circle.
        offsets = {frame: found for frame, found in offsets.items() if found[0] not in offsets}
        centres = {
            (one, two): point for one, two, point in _entries(kept.get("centres")) if two in ("L", "R")
        }
        return Ties(offsets, centres)


def _triple(point: ArrayLike) -> Triple:
    x, y, z = (float(value) for value in np.asarray(point, dtype=np.float64))
    return x, y, z


def _entries(values: object) -> list[tuple[str, str, Triple]]:
    found = []
    for entry in values if isinstance(values, list) else []:
        if not isinstance(entry, list | tuple) or len(entry) != 3 or not isinstance(entry[2], list | tuple):
            continue
        numbers = [v for v in entry[2] if isinstance(v, int | float) and np.isfinite(v)]
        if isinstance(entry[0], str) and isinstance(entry[1], str) and len(numbers) == len(entry[2]) == 3:
            found.append((entry[0], entry[1], _triple(numbers)))
    return found
