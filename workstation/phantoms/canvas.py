"""The lattice on which an anatomy is painted: tissue, bone and lesion share at each point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workstation.imaging.geometry import StackGeometry
from workstation.phantoms.shapes import Box, Field
from workstation.phantoms.tissue import MARROW, Tissue

Body = Callable[[Field, Field, Field], Field]
Window = tuple[slice, slice, slice]
Number = TypeVar("Number", np.uint8, np.float32)

_TILE = 48
_TILE_STEP_MM = 0.9


@dataclass
class Canvas:
    """An anatomy being painted, later bodies over earlier ones.

    The lattice has its own right-handed or mirrored frame: ``x = mirror * (patient x - shift)``; y and z are
    the patient's. So one description serves a right and a left joint.

    Attributes
    ----------
    lower, upper : tuple of float
        Corners of the lattice, mm.
    step : float
        Distance of lattice points, mm.
    tissue, bones : ndarray of uint8, shape (x, y, z)
    edema, reconverted : ndarray of float32 or None, shape (x, y, z)
        Share of each point taken by a lesion, 0..1.
    lesioned : tuple of slice or None
        Window outside of which no lesion is.
    """

    lower: tuple[float, float, float]
    upper: tuple[float, float, float]
    step: float
    mirror: int = 1
    shift: float = 0.0
    tissue: NDArray[np.uint8] = field(init=False)
    bones: NDArray[np.uint8] = field(init=False)
    edema: Field | None = None
    reconverted: Field | None = None
    lesioned: Window | None = None

    def __post_init__(self) -> None:
        shape = tuple(
            int(np.ceil((high - low) / self.step)) + 1
            for low, high in zip(self.lower, self.upper, strict=True)
        )
        self.tissue = np.zeros(shape, dtype=np.uint8)
        self.bones = np.zeros(shape, dtype=np.uint8)

    def window(self, box: Box) -> Window:
        """Index window of the lattice that covers a box."""
        ends = []
        for axis in range(3):
            first = int(np.floor((box[0][axis] - self.lower[axis]) / self.step))
            last = int(np.ceil((box[1][axis] - self.lower[axis]) / self.step)) + 1
            size = self.tissue.shape[axis]
            ends.append(slice(min(max(first, 0), size), min(max(last, 0), size)))
        return ends[0], ends[1], ends[2]

    def coordinates(self, window: Window) -> tuple[Field, Field, Field]:
        """Sparse coordinates of a window, mm."""
        axes = [
            np.arange(part.start, part.stop, dtype=np.float32) * np.float32(self.step) + np.float32(low)
            for part, low in zip(window, self.lower, strict=True)
        ]
        x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
        return x, y, z

    def distance(self, box: Box, body: Body) -> tuple[Window, Field]:
        """Distance to a body inside a box."""
        window = self.window(box)
        return window, body(*self.coordinates(window))

    def paint(self, box: Box, body: Body, tissue: Tissue, over: tuple[Tissue, ...] | None = None) -> None:
        """Fill a body with a tissue; with `over` only where one of those tissues is."""
        window, distance = self.distance(box, body)
        inside = distance <= 0
        if over is not None:
            inside &= np.isin(self.tissue[window], over)
        self.tissue[window][inside] = tissue

    def bone(self, window: Window, distance: Field, number: int, cortex_mm: Field | float) -> None:
        """A bone from its distance field: cortex of the given thickness around yellow marrow."""
        tissue = self.tissue[window]
        tissue[distance <= 0] = Tissue.CORTEX
        marrow = distance <= -np.asarray(cortex_mm, dtype=np.float32)
        tissue[marrow] = Tissue.YELLOW_MARROW
        self.bones[window][marrow] = number

    def lesion(self, box: Box, body: Body, bone: int, edge_mm: float, reconverted: bool = False) -> None:
        """A lesion inside a bone whose share falls from 1 to 0 over `edge_mm` around its surface."""
        share = self.reconverted if reconverted else self.edema
        if share is None:
            share = np.zeros(self.tissue.shape, dtype=np.float32)
        window, distance = self.distance(box, body)
        amount = np.clip(0.5 - distance / np.float32(edge_mm), 0, 1)
        amount[(self.bones[window] != bone) | ~np.isin(self.tissue[window], MARROW)] = 0
        share[window] = np.maximum(share[window], amount)
        known = self.lesioned or window
        first, second, third = (
            slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(known, window, strict=True)
        )
        self.lesioned = first, second, third
        if reconverted:
            self.reconverted = share
        else:
            self.edema = share

    def signal(self, signals: Field) -> Field:
        """Signal at each lattice point: that of the tissue, mixed with the lesions' by their share."""
        picture = signals[self.tissue]
        for share, tissue in ((self.reconverted, Tissue.RECONVERTED), (self.edema, Tissue.EDEMA)):
            if share is not None and self.lesioned is not None:
                amount = share[self.lesioned]
                part = picture[self.lesioned]
                part += (signals[tissue] - part) * amount
        return np.asarray(picture, dtype=np.float32)

    def lesion_ml(self, share: Field | None) -> float:
        """Volume of the points at least half taken, ml."""
        return 0.0 if share is None else float((share >= 0.5).sum()) * self.step**3 / 1000

    def to_patient(self, point: tuple[float, float, float]) -> list[float]:
        """LPS mm of a point given in the lattice's frame."""
        return [self.mirror * point[0] + self.shift, point[1], point[2]]

    def sample(
        self, values: NDArray[Number], geometry: StackGeometry, depth_mm: float = 0.0
    ) -> NDArray[Number]:
        """Values at the voxel centres of a series, `depth_mm` along its normal; beyond the lattice
        its outermost points go on.

        Numbers are interpolated, labels (uint8) are taken from the nearest point.
        """
        matrix, offset = self._from_index(geometry, depth_mm, self.step)
        offset = offset - np.asarray(self.lower) / self.step
        return np.asarray(
            ndimage.affine_transform(
                values,
                matrix,
                offset,
                output_shape=geometry.shape,
                order=0 if values.dtype == np.uint8 else 1,
                mode="nearest",
                prefilter=False,
            )
        )

    def texture(self, geometry: StackGeometry) -> Field:
        """Fine unevenness, mean 0 and standard deviation about 1, fixed in the patient."""
        tile = np.random.default_rng(7).standard_normal((_TILE,) * 3, dtype=np.float32)
        tile = ndimage.gaussian_filter(tile, 0.7, mode="wrap")
        tile = np.asarray(tile / tile.std(), dtype=np.float32)
        matrix, offset = self._from_index(geometry, 0.0, _TILE_STEP_MM)
        return np.asarray(
            ndimage.affine_transform(
                tile, matrix, offset, output_shape=geometry.shape, order=1, mode="grid-wrap", prefilter=False
            )
        )

    def _from_index(
        self, geometry: StackGeometry, depth_mm: float, step: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        turn = np.diag([float(self.mirror), 1.0, 1.0])
        start = geometry.origins[0] + geometry.normal * depth_mm - np.asarray([self.shift, 0.0, 0.0])
        return turn @ geometry.affine[:3, :3] / step, turn @ start / step
