"""Labelled voxels on a series."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry

NOT_MEASURED = ".not_measured"
"""After the name of a bone, in `Mask.parameters`: why nothing can be said of that bone."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept: value, scheme (``SCT``, ``DCM``, ``99MSKREAD``) and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One label of a mask: its number in the array, its name, and what it is in coded words."""

    label: int
    name: str
    category: Code
    type: Code
    site: Code | None = None


@dataclass(frozen=True, eq=False)
class Mask:
    """Labels on the grid of one series.

    Attributes
    ----------
    series_key : str
        The series whose grid the labels lie on.
    labels : ndarray of uint8, shape (slices, rows, columns)
        0 is background. Read-only.
    geometry : StackGeometry
        Same shape as `labels`, LPS mm.
    segments : tuple of Segment
        One for each label that may occur.
    recipe, recipe_version : str
        What made it; ``"manual"`` for a reader's own hand.
    parameters : dict
        The parameters that were used, for the record.
    """

    series_key: str
    labels: NDArray[np.uint8]
    geometry: StackGeometry
    segments: tuple[Segment, ...]
    recipe: str = "manual"
    recipe_version: str = "1"
    parameters: dict[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.labels.shape != self.geometry.shape or self.labels.dtype != np.uint8:
            raise DataError("This mask does not fit its series", "its size differs from the images")
        self.labels.setflags(write=False)

    def segment(self, name: str) -> Segment:
        """The segment with a name.

        Raises
        ------
        DataError
            If the mask has none of that name.
        """
        for segment in self.segments:
            if segment.name == name:
                return segment
        raise DataError("This mask was not measured", f"it has no segment called {name}")
