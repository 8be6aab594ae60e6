"""What was imaged: instances, series, studies and cases as frozen data.

Names are DICOM keywords in snake_case. Nothing here holds a name, an identity number or a date of a
patient: those live in `Identity`, which only the import reads and only the crosswalk keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Triplet = tuple[float, float, float]


class Plane(StrEnum):
    """Anatomical plane of a slice, from ImageOrientationPatient."""

    SAGITTAL = "sagittal"
    CORONAL = "coronal"
    AXIAL = "axial"
    OBLIQUE = "oblique"


class Weighting(StrEnum):
    """Contrast of a series, from its physics (TR, TE, TI, sequence), the text only as a hint."""

    T1 = "T1"
    T2 = "T2"
    PD = "PD"
    STIR = "STIR"
    GRADIENT_ECHO = "GRE"
    WATER = "water"
    FAT = "fat"
    IN_PHASE = "in-phase"
    OPPOSED_PHASE = "opposed-phase"
    FAT_FRACTION = "fat fraction"
    MAP = "map"


class Joint(StrEnum):
    """The joints this workstation reads."""

    KNEE = "knee"
    HIP = "hip"


class Laterality(StrEnum):
    """Side of the body; ``B`` where one series shows both."""

    LEFT = "L"
    RIGHT = "R"
    BILATERAL = "B"


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How the pixels of one plane are stored in its file.

    `offset` is the byte position of the plane's first pixel in the file for native (uncompressed)
    little-endian syntaxes, else None: then the plane is decoded through pydicom. The value of a pixel is
    ``stored * rescale_slope + rescale_intercept``.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    samples_per_pixel: int
    photometric_interpretation: str
    transfer_syntax_uid: str
    number_of_frames: int = 1
    rescale_slope: float = 1.0
    rescale_intercept: float = 0.0
    offset: int | None = None
    lossy: bool = False


@dataclass(frozen=True, slots=True)
class Physics:
    """Acquisition facts from which contrast is derived. Times in ms, field in tesla, angle in degrees."""

    repetition_time: float | None = None
    echo_time: float | None = None
    inversion_time: float | None = None
    flip_angle: float | None = None
    echo_train_length: int | None = None
    magnetic_field_strength: float | None = None
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    sequence_name: str = ""
    image_type: tuple[str, ...] = ()
    acquisition_contrast: str = ""
    spectrally_selected_suppression: str = ""
    mr_acquisition_type: str = ""
    b_value: float | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One displayable plane: a single-frame file, or one frame of a multi-frame file.

    Geometry is in patient coordinates (LPS, mm). `image_orientation_patient` is DICOM's: first triplet
    the direction of increasing column, second of increasing row. `pixel_spacing` is row spacing first.
    `imager_pixel_spacing` is that at the detector, for pictures that tell no other. `frame` counts from 0.
    `study_description`, `procedure_description` and `coil_name` hold known words only, as hints for the
    joint.
    """

    path: str
    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    modality: str
    pixels: PixelFormat
    frame: int = 0
    instance_number: int | None = None
    series_number: int | None = None
    acquisition_number: int | None = None
    series_description: str = ""
    protocol_name: str = ""
    body_part_examined: str = ""
    laterality: str = ""
    manufacturer: str = ""
    frame_of_reference_uid: str = ""
    image_position_patient: Triplet | None = None
    image_orientation_patient: tuple[float, ...] | None = None
    pixel_spacing: tuple[float, float] | None = None
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None
    echo_number: int | None = None
    temporal_position: int | None = None
    trigger_time: float | None = None
    window_center: tuple[float, ...] = ()
    window_width: tuple[float, ...] = ()
    voi_lut_function: str = "LINEAR"
    burned_in_annotation: str = ""
    physics: Physics = field(default_factory=Physics)
    study_description: str = ""
    procedure_description: str = ""
    coil_name: str = ""
    imager_pixel_spacing: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was imaged, as the original file says. Never stored in the library, never shown to a reader."""

    patient_id: str = ""
    issuer_of_patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Planes that belong on one stack, in order.

    Attributes
    ----------
    key : str
        Identifies the stack: ``series_instance_uid`` and, where one DICOM series was split, ``#split``.
    split : str
        Why and how it was split, e.g. ``"echo2"``, ``"water"``, ``"coronal"``, ``"time3"``; ``""`` if whole.
    axis : str
        ``"position"`` for slices along the normal, ``"time"`` for one location at many times.
    laterality : Laterality or None
        None where the tags are silent or contradict each other; never guessed from pixels.
    warnings : tuple of str
        One plain sentence each: gaps, duplicates, uneven spacing, mixed sizes, no geometry.
    """

    key: str
    series_instance_uid: str
    study_instance_uid: str
    split: str
    instances: tuple[Instance, ...]
    plane: Plane | None
    weighting: Weighting | None
    fat_suppressed: bool
    joint: Joint | None
    laterality: Laterality | None
    axis: str = "position"
    warnings: tuple[str, ...] = ()

    @property
    def first(self) -> Instance:
        """The first plane, for what all planes share."""
        return self.instances[0]

    @property
    def series_number(self) -> int | None:
        """SeriesNumber, or None."""
        return self.first.series_number

    @property
    def frame_of_reference_uid(self) -> str:
        """FrameOfReferenceUID, ``""`` if absent."""
        return self.first.frame_of_reference_uid

    @property
    def label(self) -> str:
        """Short name for a screen, from physics only: ``"sag PD FS"``, ``"cor STIR"``."""
        short = {"sagittal": "sag", "coronal": "cor", "axial": "ax", "oblique": "obl"}
        parts = [short[self.plane.value]] if self.plane else []
        if self.weighting:
            parts.append(self.weighting.value)
        elif self.first.modality != "MR":
            parts.append(self.first.modality)
        if self.fat_suppressed and self.weighting not in (Weighting.STIR, Weighting.WATER):
            parts.append("FS")
        if self.split and self.split.startswith(("echo", "time", "b")):
            parts.append(self.split)
        return " ".join(parts) or "series"


@dataclass(frozen=True, slots=True)
class Case:
    """What a reader reads: one joint of one subject, under a code.

    `laterality_confirmed` is False while the tags are silent or contradictory: scoring is blocked until
    the coordinator confirms. `visits` are visit labels in the library's order.
    """

    code: str
    subject: str
    joint: Joint | None
    laterality: Laterality | None
    laterality_confirmed: bool
    visits: tuple[str, ...]
    series_keys: tuple[str, ...]
