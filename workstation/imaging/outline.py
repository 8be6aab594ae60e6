"""Outlines of labelled regions, slice by slice, computed once per mask version."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
"""Points (x, y) in image coordinates, shape (n, 2); the first pixel covers 0 to 1. Closed."""

KEPT_SLICES = 512
"""Slices whose outlines are kept; the least recently shown leave first."""


class Outlines:
    """The outlines of one version of a mask.

    Parameters
    ----------
    labels : ndarray of uint8, shape (slices, rows, columns)
        Where it changes afterwards, `forget` must say on which slices.
    """

    def __init__(self, labels: NDArray[np.uint8]) -> None:
        self._labels = labels
        self._kept: OrderedDict[int, dict[int, tuple[Line, ...]]] = OrderedDict()

    def forget(self, slices: Iterable[int] | None = None) -> None:
        """The labels of these slices (None: of any) have changed."""
        if slices is None:
            self._kept.clear()
        for index in slices or ():
            self._kept.pop(index, None)

    def of(self, slice_index: int) -> dict[int, tuple[Line, ...]]:
        """Outlines of every label on a slice; empty where the slice has none."""
        if slice_index in self._kept:
            self._kept.move_to_end(slice_index)
            return self._kept[slice_index]
        found = trace(self._labels[slice_index])
        self._kept[slice_index] = found
        if len(self._kept) > KEPT_SLICES:
            self._kept.popitem(last=False)
        return found


def trace(labels: NDArray[np.uint8]) -> dict[int, tuple[Line, ...]]:
    """Closed outlines of every label of one slice, half way between inside and outside pixels.

    Parameters
    ----------
    labels : ndarray of uint8, shape (rows, columns)
    """
    box = bounding_box(labels)
    if box is None:
        return {}
    from skimage.measure import find_contours

    rows, columns = box
    # One empty pixel all round closes an outline that touches the edge of the image.
    inside = np.pad(labels[rows, columns], 1)
    found: dict[int, tuple[Line, ...]] = {}
    for label in np.unique(inside):
        if label:
            lines = find_contours((inside == label).astype(np.float32), 0.5)
            # find_contours gives (row, column) of pixel centres in the padded box.
            offset = np.array([columns.start - 0.5, rows.start - 0.5])
            found[int(label)] = tuple(_corners(line[:, ::-1] + offset) for line in lines)
    return found


def _corners(line: Line) -> Line:
    """The same line without the points that lie on straight runs: a third is left, and draws faster."""
    steps = np.diff(line, axis=0)
    turns = steps[:-1, 0] * steps[1:, 1] != steps[:-1, 1] * steps[1:, 0]
    return np.ascontiguousarray(line[np.concatenate([[True], turns, [True]])])


def bounding_box(labels: NDArray[np.uint8]) -> tuple[slice, slice] | None:
    """(rows, columns) that hold every label of one slice; None if it has none."""
    rows = np.flatnonzero(labels.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(labels[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
