"""A phantom study: an anatomy on a fine lattice, sampled on the slices of a protocol.

Each voxel averages several depths of its slice (partial volume), then gets the fine texture of its tissue, a
smooth coil field and Rician noise. The truth is taken from the same lattice: a voxel belongs to a lesion
when the lesion fills at least half of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Joint, Laterality, Plane
from workstation.imaging.volume import Stack
from workstation.phantoms.canvas import Canvas
from workstation.phantoms.tissue import TEXTURE, Acquisition, Tissue

EDEMA, RECONVERSION = 1, 2
"""Labels of the lesion truth."""

_DEPTHS = (-1 / 3, 0.0, 1 / 3)


@dataclass(frozen=True, eq=False)
class PhantomSeries:
    """One sampled series with its truth.

    Attributes
    ----------
    voxels : ndarray of uint16, shape (slices, rows, columns)
    lesions : ndarray of uint8, same shape
        `EDEMA`, `RECONVERSION` or 0.
    bones : ndarray of uint8, same shape
        Marrow cavity of each bone, numbered as in `PhantomStudy.bones`; lesions inside included.
    """

    acquisition: Acquisition
    geometry: StackGeometry
    series_instance_uid: str
    voxels: NDArray[np.uint16]
    lesions: NDArray[np.uint8]
    bones: NDArray[np.uint8]

    @property
    def description(self) -> str:
        """Plane and sequence, as a technologist would name it."""
        short = {Plane.SAGITTAL: "SAG", Plane.CORONAL: "COR", Plane.AXIAL: "AX"}[self.acquisition.plane]
        side = {"R": " RIGHT", "L": " LEFT"}.get(self.acquisition.side, "")
        return f"{short} {self.acquisition.sequence.description}{side}"

    def stack(self) -> Stack:
        """The voxels as the viewer and the recipes take them, without going through files."""
        return Stack(self.series_instance_uid, self.voxels, 1.0, 0.0, self.geometry)


@dataclass(frozen=True, eq=False)
class PhantomStudy:
    """A whole examination of an invented joint.

    Attributes
    ----------
    bones : dict
        Name of each bone to its number in `PhantomSeries.bones`.
    seeds : dict
        One click per bone, LPS mm, as a reader would make it and as ``marrow segment --seeds`` takes it.
    lesion_ml : dict
        Volume of each kind of lesion on the lattice, ml.
    """

    name: str
    joint: Joint
    laterality: Laterality
    seed: int
    series: tuple[PhantomSeries, ...]
    bones: dict[str, int]
    seeds: dict[str, list[list[float]]]
    lesion_ml: dict[str, float] = field(default_factory=dict)

    def find(self, description: str) -> PhantomSeries:
        """The series whose description contains the words, e.g. ``"COR T1"``."""
        for series in self.series:
            if description.lower() in series.description.lower():
                return series
        raise KeyError(description)


def uid(*parts: object) -> str:
    """A UID that is always the same for the same parts (DICOM PS3.5 B.2, ``2.25.`` form)."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big') >> 6}"


def geometry_of(acquisition: Acquisition, frame_of_reference_uid: str) -> StackGeometry:
    """Positions of the slices of an acquisition, the block centred on its centre."""
    along_row, along_column = {
        Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
        Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
        Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    }[acquisition.plane]
    row, col = np.asarray(along_row), np.asarray(along_column)
    about_row, about_column = np.radians(acquisition.tilt_degrees)
    normal = np.cross(row, col)
    col = col * np.cos(about_row) + normal * np.sin(about_row)
    normal = np.cross(row, col)
    row = row * np.cos(about_column) + normal * np.sin(about_column)
    normal = np.cross(row, col)
    pixel = acquisition.field_of_view / acquisition.matrix
    rows, columns = acquisition.rows or acquisition.matrix, acquisition.matrix
    steps = (np.arange(acquisition.slices) - (acquisition.slices - 1) / 2) * acquisition.spacing
    corner = np.asarray(acquisition.center) - row * pixel * (columns - 1) / 2 - col * pixel * (rows - 1) / 2
    origins = corner + steps[:, None] * normal
    return StackGeometry(
        shape=(acquisition.slices, rows, columns),
        origins=np.round(origins, 6),
        along_row=row,
        along_column=col,
        pixel_spacing=(pixel, pixel),
        slice_thickness=acquisition.thickness,
        frame_of_reference_uid=frame_of_reference_uid,
    )


@dataclass(frozen=True, eq=False)
class _Grid:
    """What all series on the same slices share."""

    geometry: StackGeometry
    roughness: NDArray[np.float32]
    lesions: NDArray[np.uint8]
    bones: NDArray[np.uint8]


def acquire(
    canvas: Canvas, protocol: tuple[Acquisition, ...], study: str, seed: int
) -> tuple[PhantomSeries, ...]:
    """Sample the anatomy as the series of a study; the same seed gives the same noise."""
    grids: dict[tuple[object, ...], _Grid] = {}
    result = []
    for acquisition in protocol:
        place = acquisition.place
        if place not in grids:
            grids[place] = _grid(canvas, geometry_of(acquisition, uid(study, "frame of reference")))
        result.append(_series(canvas, acquisition, grids[place], study, seed))
    return tuple(result)


def _grid(canvas: Canvas, geometry: StackGeometry) -> _Grid:
    amount = np.asarray([TEXTURE.get(kind, 0.0) for kind in Tissue], dtype=np.float32)
    tissue = canvas.sample(canvas.tissue, geometry)
    lesions = np.zeros(geometry.shape, dtype=np.uint8)
    for label, share in ((EDEMA, canvas.edema), (RECONVERSION, canvas.reconverted)):
        if share is not None:
            lesions[canvas.sample(share, geometry) >= 0.5] = label
    bones = canvas.sample(canvas.bones, geometry)
    for labels in (lesions, bones):
        labels.setflags(write=False)
    return _Grid(geometry, 1 + amount[tissue] * canvas.texture(geometry), lesions, bones)


def _series(canvas: Canvas, acquisition: Acquisition, grid: _Grid, study: str, seed: int) -> PhantomSeries:
    picture = canvas.signal(np.asarray(acquisition.sequence.signals, dtype=np.float32))
    signal = np.zeros(grid.geometry.shape, dtype=np.float32)
    for share in _DEPTHS:
        signal += canvas.sample(picture, grid.geometry, share * acquisition.thickness)
    random = np.random.default_rng([seed, acquisition.number])
    signal *= grid.roughness
    signal *= _coil(signal.shape, random) / np.float32(len(_DEPTHS))
    scale = np.float32(acquisition.noise)
    real = signal + scale * random.standard_normal(signal.shape, dtype=np.float32)
    imaginary = scale * random.standard_normal(signal.shape, dtype=np.float32)
    voxels = np.clip(np.rint(np.hypot(real, imaginary)), 0, 4095).astype(np.uint16)
    voxels.setflags(write=False)
    name = uid(study, "series", acquisition.number)
    return PhantomSeries(acquisition, grid.geometry, name, voxels, grid.lesions, grid.bones)


def _coil(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float32]:
    # A receive field that falls off slowly and differently on each series, about ±12 %.
    slopes = random.uniform(-0.06, 0.06, 3)
    axes = [np.linspace(-1, 1, n, dtype=np.float32) for n in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    bowl = np.float32(-0.05) * (y * y + x * x)
    return np.asarray(1 + z * slopes[0] + y * slopes[1] + x * slopes[2] + bowl, dtype=np.float32)
