"""Tissues and what each looks like on each sequence.

Signals are relative (subcutaneous fat on T1 near 900). The order of tissues on each sequence follows
common appearance at 3 T; red marrow on T1 lies between muscle and fat and is brighter than muscle
(Carroll 1997), on fat-suppressed images it is a little brighter than yellow marrow, and edema is much
brighter. The numbers themselves are a model, not measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from workstation.imaging.study import Plane, Weighting


class Tissue(IntEnum):
    """What a point of a phantom is made of."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    CORTEX = 4
    YELLOW_MARROW = 5
    RED_MARROW = 6
    CARTILAGE = 7
    FLUID = 8
    FIBROUS = 9
    """Meniscus, tendon, ligament, labrum: dark on every sequence."""
    VESSEL = 10
    EDEMA = 11
    RECONVERTED = 12
    ORGAN = 13
    MARKER = 14
    """An oil capsule on the skin, on the lateral side."""
    SCAR = 15
    """The closed growth plate: a thin, interrupted dark line in marrow."""


MARROW = (Tissue.YELLOW_MARROW, Tissue.RED_MARROW, Tissue.SCAR)

TEXTURE: dict[Tissue, float] = {
    Tissue.FAT: 0.05,
    Tissue.MUSCLE: 0.08,
    Tissue.YELLOW_MARROW: 0.05,
    Tissue.RED_MARROW: 0.08,
    Tissue.CARTILAGE: 0.05,
    Tissue.ORGAN: 0.15,
    Tissue.SKIN: 0.05,
}
"""Relative fine unevenness (standard deviation) of a tissue, fixed in the patient."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One pulse sequence: DICOM facts (times in ms) and the signal of each tissue, in order of `Tissue`."""

    description: str
    weighting: Weighting
    fat_suppressed: bool
    repetition_time: float
    echo_time: float
    inversion_time: float | None
    echo_train_length: int
    signals: tuple[float, ...]


#               air skin fat  mus  cort yel  red  cart fluid fibr ves edema recon organ marker scar
T2 = Sequence("T2 FSE", Weighting.T2, False, 5500, 120, None, 16,
              (0, 160, 560, 110, 25, 450, 300, 260, 1000, 40, 30, 620, 300, 380, 600, 230))  # fmt: skip
PD_FS = Sequence("PD FS FSE", Weighting.PD, True, 2800, 42, None, 8,
                 (0, 150, 120, 330, 25, 110, 135, 520, 900, 70, 40, 470, 150, 420, 130, 60))  # fmt: skip
T2_FS = Sequence("T2 FS FSE", Weighting.T2, True, 1800, 68, None, 12,
                 (0, 120, 90, 190, 20, 85, 108, 380, 1000, 50, 30, 420, 125, 460, 100, 48))  # fmt: skip
T1 = Sequence("T1 FSE", Weighting.T1, False, 800, 28, None, 3,
              (0, 300, 900, 280, 40, 820, 520, 340, 190, 70, 40, 380, 425, 300, 950, 400))  # fmt: skip
STIR = Sequence("STIR", Weighting.STIR, True, 4200, 48, 200, 10,
                (0, 110, 60, 190, 20, 70, 88, 360, 1000, 50, 30, 440, 98, 480, 80, 40))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One series of a protocol: what is run, in which plane, where and how finely.

    `tilt_degrees` turns the plane about its row and its column direction. `center` is the middle of the
    block in LPS mm. `field_of_view` (along the row) and the spacings are in mm; `rows` 0 means a square
    image.
    """

    number: int
    sequence: Sequence
    plane: Plane
    slices: int
    matrix: int
    field_of_view: float
    thickness: float
    spacing: float
    center: tuple[float, float, float]
    tilt_degrees: tuple[float, float] = (0.0, 0.0)
    side: str = ""
    noise: float = 9.0
    rows: int = 0

    @property
    def place(self) -> tuple[object, ...]:
        """Everything that decides where the voxels are; equal for series on the same slices."""
        return (
            self.plane,
            self.slices,
            self.matrix,
            self.rows,
            self.field_of_view,
            self.thickness,
            self.spacing,
            self.center,
            self.tilt_degrees,
        )

    def moved(self, shift_mm: float, mirror: int, side: str) -> Acquisition:
        """The same series on the other joint: shifted along the patient's x, its tilt mirrored."""
        x, y, z = self.center
        about_row, about_column = self.tilt_degrees
        return replace(
            self, center=(x + shift_mm, y, z), tilt_degrees=(about_row, mirror * about_column), side=side
        )
