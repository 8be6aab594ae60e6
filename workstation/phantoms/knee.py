"""An invented knee, with the protocol of the source study (sag T2, sag PD FS, cor T2 FS, cor T1, ax PD FS).

The frame of the anatomy: x to medial, y to posterior, z to the head, 0 at the middle of the joint line.
Medial and lateral, front and back all differ, so that a swapped or mirrored axis is visible at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.study import Joint, Laterality, Plane
from workstation.phantoms import tissue as t
from workstation.phantoms.canvas import Canvas, Window
from workstation.phantoms.shapes import Box, Field, Point, capsule, column, ellipsoid, ripple, union
from workstation.phantoms.study import PhantomStudy, acquire
from workstation.phantoms.tissue import Acquisition, Tissue

Region = NDArray[np.bool_]

BONES = {"femur": 1, "tibia": 2, "patella": 3, "fibula": 4}

_SEEDS: dict[str, Point] = {
    "femur": (-17.0, 2.0, 24.0),
    "tibia": (-14.0, 4.0, -26.0),
    "patella": (-3.0, -44.0, 24.0),
}
_LATTICE_MM = 0.75
_CENTER_MM = 92.0
"""How far the joint lies beside the middle of the body."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """An irregular ellipsoid of edema: bone, centre and radii in the frame of the anatomy, mm."""

    bone: str
    center: Point
    radii: Point


LESIONS: tuple[tuple[Lesion, ...], ...] = (
    (
        Lesion("femur", (25, 6, 12), (11, 14, 10)),
        Lesion("tibia", (24, 2, -10), (9, 12, 7)),
    ),
    (
        Lesion("femur", (-24, -6, 16), (9, 12, 9)),
        Lesion("patella", (-9, -41, 24), (9, 8, 11)),
    ),
    (Lesion("tibia", (-22, 8, -13), (11, 11, 9)),),
    (
        Lesion("femur", (22, -18, 20), (10, 10, 9)),
        Lesion("femur", (24, 24, 20), (9, 9, 10)),
        Lesion("tibia", (2, 4, -8), (8, 10, 7)),
    ),
)
"""Lesions of each variant: medial condyle and plateau; lateral condyle and patella; lateral plateau; three
of them."""

PROTOCOL: tuple[Acquisition, ...] = (
    Acquisition(2, t.T2, Plane.SAGITTAL, 28, 256, 180, 3.0, 3.3, (0, 0, 0), (0.0, 5.0)),
    Acquisition(3, t.PD_FS, Plane.SAGITTAL, 28, 256, 180, 3.0, 3.3, (0, 0, 0), (0.0, 5.0)),
    Acquisition(4, t.T2_FS, Plane.CORONAL, 26, 256, 180, 3.0, 3.3, (0, -4, 2), (-3.0, 0.0)),
    Acquisition(5, t.T1, Plane.CORONAL, 26, 256, 180, 3.0, 3.3, (0, -4, 2), (-3.0, 0.0)),
    Acquisition(6, t.PD_FS, Plane.AXIAL, 26, 256, 180, 3.0, 3.3, (0, 0, 8), (4.0, -2.0)),
)


@lru_cache(maxsize=4)
def knee(laterality: str = "R", *, variant: int = 0, lesions: bool = True, seed: int = 1) -> PhantomStudy:
    """Build a knee.

    Parameters
    ----------
    laterality : str
        ``"R"`` or ``"L"``.
    variant : int
        Which of `LESIONS`; counted on beyond the last one.
    lesions : bool
        False for the normal knee.
    seed : int
        Of the noise.

    Returns
    -------
    PhantomStudy
        Frozen; the last few are kept, since they are asked for again.
    """
    side = 1 if laterality == "R" else -1  # the left of the patient (+x) is medial in a right knee
    canvas = Canvas((-94, -94, -92), (94, 94, 92), _LATTICE_MM, mirror=side, shift=-side * _CENTER_MM)
    _soft_tissue(canvas)
    _bones(canvas)
    _joint(canvas)
    chosen = LESIONS[variant % len(LESIONS)] if lesions else ()
    for number, lesion in enumerate(chosen):
        _paint_lesion(canvas, lesion, float(number + variant))
    name = f"knee {laterality} {variant if lesions else 'normal'} {seed}"
    protocol = tuple(entry.moved(canvas.shift, side, laterality) for entry in PROTOCOL)
    return PhantomStudy(
        name=name,
        joint=Joint.KNEE,
        laterality=Laterality(laterality),
        seed=seed,
        series=acquire(canvas, protocol, name, seed),
        bones={bone: number for bone, number in BONES.items() if bone in _SEEDS},
        seeds={bone: [canvas.to_patient(point)] for bone, point in _SEEDS.items()},
        lesion_ml={"edema": canvas.lesion_ml(canvas.edema)},
    )


def _around(center: Point, radii: Point, margin: float = 2.0) -> Box:
    low = tuple(c - r - margin for c, r in zip(center, radii, strict=True))
    high = tuple(c + r + margin for c, r in zip(center, radii, strict=True))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


_WHOLE: Box = ((-94, -94, -92), (94, 94, 92))


def _soft_tissue(canvas: Canvas) -> None:
    levels = (-92.0, -50.0, -20.0, 0.0, 25.0, 55.0, 92.0)
    center = ((-1, 12), (-1, 9), (0, 0), (0, -3), (0, -4), (1, 1), (2, 6))
    outer = ((52, 56), (56, 58), (55, 60), (57, 62), (59, 63), (62, 65), (68, 68))
    fascia = tuple((a - 8.0 - i * 0.4, b - 6.0 - i * 0.5) for i, (a, b) in enumerate(outer))

    def skin(x: Field, y: Field, z: Field) -> Field:
        return column(x, y, z, levels, center, outer)

    window, depth = canvas.distance(_WHOLE, skin)
    tissue = canvas.tissue[window]
    tissue[depth <= 0] = Tissue.SKIN
    tissue[depth <= -1.6] = Tissue.FAT
    canvas.paint(  # the oil capsule taped to the lateral side
        ((-70, -20, -6), (-52, 0, 14)),
        lambda x, y, z: capsule(x, y, z, (-60, -9, -2), (-60, -9, 10), (3.2, 3.2)),
        Tissue.MARKER,
    )
    window, inner = canvas.distance(_WHOLE, lambda x, y, z: column(x, y, z, levels, center, fascia))
    x, y, z = canvas.coordinates(window)
    height = np.abs(z + 4) + 3 * ripple(x, y, z, 40.0, 1.0)  # muscle bellies thin out toward the joint
    canvas.tissue[window][(inner <= 0) & (inner < 0.9 * (height - 62)) & (height > 42)] = Tissue.MUSCLE
    muscles: tuple[tuple[Point, Point], ...] = (
        ((27, -20, 62), (22, 20, 42)),  # vastus medialis
        ((-28, -22, 76), (22, 18, 40)),  # vastus lateralis
        ((31, 34, 40), (13, 14, 62)),  # semimembranosus
        ((-33, 32, 42), (10, 12, 58)),  # biceps femoris
        ((19, 43, -38), (18, 14, 62)),  # gastrocnemius, medial head
        ((-18, 41, -42), (16, 13, 56)),  # gastrocnemius, lateral head
        ((3, 26, -42), (22, 8, 30)),  # popliteus and soleus
        ((-34, -4, -66), (12, 20, 46)),  # tibialis anterior
    )
    for middle, radii in muscles:
        canvas.paint(
            _around(middle, radii),
            lambda x, y, z, c=middle, r=radii: ellipsoid(x, y, z, c, r),  # type: ignore[misc]
            Tissue.MUSCLE,
            (Tissue.FAT,),
        )
    for start, end, radius in (
        ((2, 37, -90), (1, 38, 90), 4.2),
        ((-5, 41, -90), (-6, 43, 90), 3.4),
        ((40, 36, -90), (44, 30, 90), 2.0),
    ):
        low = tuple(min(a, b) - radius - 1 for a, b in zip(start, end, strict=True))
        high = tuple(max(a, b) + radius + 1 for a, b in zip(start, end, strict=True))
        canvas.paint(
            ((low[0], low[1], low[2]), (high[0], high[1], high[2])),
            lambda x, y, z, a=start, b=end, r=radius: capsule(x, y, z, a, b, (r, r)),  # type: ignore[misc]
            Tissue.VESSEL,
        )


def _femur(x: Field, y: Field, z: Field) -> Field:
    shaft = column(
        x, y, z,
        (8.0, 22.0, 34.0, 48.0, 66.0, 94.0),
        ((0, -8), (0, -5), (0, -5), (0, -8), (1, -11), (3, -13)),
        ((20, 14), (34, 20), (35, 20), (27, 18), (18, 15), (15, 14)),
    )  # fmt: skip
    shaft = np.maximum(shaft, 17 - z).astype(np.float32)
    medial = ellipsoid(x, y, z, (23, 7, 24), (15.5, 32, 22))
    lateral = ellipsoid(x, y, z, (-23, 4, 23.5), (16.5, 30, 20))
    trochlea = union(
        ellipsoid(x, y, z, (-16, -13, 25), (17, 20, 18)), ellipsoid(x, y, z, (15, -11, 23), (15, 18, 15))
    )
    return union(union(medial, lateral, shaft, blend_mm=5), trochlea, blend_mm=5)


def _tibia(x: Field, y: Field, z: Field) -> Field:
    body = column(
        x, y, z,
        (-94.0, -60.0, -40.0, -24.0, -12.0, -4.0),
        ((1, -2), (1, -2), (0, 0), (0, 3), (0, 4), (0, 4)),
        ((14, 14), (16, 16), (22, 20), (32, 24), (37, 26), (36.5, 25)),
    )  # fmt: skip
    dish = 0.0045 * ((np.abs(x) - 20) ** 2 + 0.4 * (y - 4) ** 2)  # the plateaus are slightly hollow
    top = (z + 4 - np.minimum(dish, 2.0)).astype(np.float32)
    spines = union(
        ellipsoid(x, y, z, (5, 2, -4), (3.5, 6, 8)), ellipsoid(x, y, z, (-5, 5, -4), (3.5, 6, 6.5))
    )
    tuberosity = ellipsoid(x, y, z, (-2, -18, -36), (9, 9, 14))
    return union(np.maximum(body, top).astype(np.float32), spines, tuberosity, blend_mm=3)


def _patella(x: Field, y: Field, z: Field) -> Field:
    whole = ellipsoid(x, y, z, (-2, -45, 24), (21, 12.5, 21))
    facets = (y + 34 - 0.32 * np.abs(x + 1) * -1).astype(np.float32)  # the ridge points backward
    return np.asarray(np.maximum(whole, facets), dtype=np.float32)


def _bones(canvas: Canvas) -> None:
    _cartilage_and_fluid(canvas)
    window, femur = canvas.distance(((-45, -42, -4), (45, 45, 92)), _femur)
    x, y, z = canvas.coordinates(window)
    thick = np.asarray(1.3 + 3.2 * np.clip((z - 40) / 40, 0, 1), dtype=np.float32)
    canvas.bone(window, femur, BONES["femur"], thick)
    scar = np.abs(z - 33 - 0.004 * (x * x) + 1.2 * np.sin(x / 5)) < 0.8
    patches = (ripple(x, y, z, 23.0, 0.7) > 0.38) & (z > 37) & (z < 66) & (femur < -4)
    _marrow_detail(canvas, window, femur < -2.5, scar, patches)
    window, tibia = canvas.distance(((-45, -34, -92), (45, 38, 8)), _tibia)
    x, y, z = canvas.coordinates(window)
    thick = np.asarray(1.3 + 2.8 * np.clip((-z - 40) / 35, 0, 1), dtype=np.float32)
    canvas.bone(window, tibia, BONES["tibia"], thick)
    scar = np.abs(z + 17 + 0.9 * np.sin(x / 6)) < 0.8
    _marrow_detail(canvas, window, tibia < -2.5, scar, np.zeros_like(tibia, dtype=bool))
    window, patella = canvas.distance(((-26, -62, 0), (22, -28, 48)), _patella)
    canvas.bone(window, patella, BONES["patella"], 1.3)
    window, fibula = canvas.distance(
        ((-50, 4, -92), (-18, 38, -8)),
        lambda x, y, z: union(
            ellipsoid(x, y, z, (-33, 20, -22), (9, 10, 10)),
            capsule(x, y, z, (-32, 19, -24), (-28, 14, -96), (7, 6)),
            blend_mm=3,
        ),
    )
    canvas.bone(window, fibula, BONES["fibula"], 1.6)


def _marrow_detail(canvas: Canvas, window: Window, deep: Region, scar: Region, patches: Region) -> None:
    tissue = canvas.tissue[window]
    tissue[np.logical_and(patches, deep) & (tissue == Tissue.YELLOW_MARROW)] = Tissue.RED_MARROW
    x, y, z = canvas.coordinates(window)
    kept = ripple(x, y, z, 17.0, 2.0) > -0.25
    tissue[np.logical_and(scar, deep) & kept] = Tissue.SCAR


def _cartilage_and_fluid(canvas: Canvas) -> None:
    """Coats of the bones, painted before them: cartilage on the joint surfaces, a film of fluid outside."""
    window, femur = canvas.distance(((-48, -46, -8), (48, 48, 56)), _femur)
    x, y, z = canvas.coordinates(window)
    tibia, patella = _tibia(x, y, z), _patella(x, y, z)
    joint = (z < 34 - 0.28 * (y + 30)) & (np.abs(x) < 37) & ((np.abs(x) > 8) | (y < 4))
    near = np.minimum(np.minimum(femur, tibia), patella)
    tissue = canvas.tissue[window]
    tissue[(femur < 5) & (tibia < 5) & (near < 5) & (np.abs(x) < 38)] = Tissue.FLUID
    tissue[(femur > 0) & (femur < 3.4) & joint] = Tissue.FLUID
    tissue[(femur > 0) & (femur < 2.4) & joint] = Tissue.CARTILAGE
    tissue[(tibia > 0) & (tibia < 2.4) & (z > -6) & (np.abs(x) > 6) & (np.abs(x) < 35)] = Tissue.CARTILAGE
    tissue[(patella > 0) & (patella < 3.2) & (y > -46) & (np.abs(x) < 19)] = Tissue.CARTILAGE
    for center, radii in (((20, 5, 0), (17, 24, 1)), ((-20, 6, 0), (16, 20, 1))):
        around = np.sqrt(((x - center[0]) / radii[0]) ** 2 + ((y - center[1]) / radii[1]) ** 2)
        wedge = (around > 0.6) & (around < 1.1) & (tibia < 13 * around - 6.5) & (femur < 11)
        tissue[wedge & (femur > 0) & (tibia > 0) & (np.abs(x) > 6)] = Tissue.FIBROUS


def _joint(canvas: Canvas) -> None:
    free = (Tissue.FAT, Tissue.MUSCLE, Tissue.FLUID)
    bodies: tuple[tuple[Point, Point, Tissue], ...] = (
        ((0, -33, 56), (22, 4.5, 20), Tissue.FLUID),  # suprapatellar recess
        ((17, 36, 2), (5, 6, 12), Tissue.FLUID),  # popliteal cyst, medial only
    )
    for center, radii, kind in bodies:
        canvas.paint(
            _around(center, radii),
            lambda x, y, z, c=center, r=radii: ellipsoid(x, y, z, c, r),  # type: ignore[misc]
            kind,
            free,
        )
    bands: tuple[tuple[Point, Point, float, float], ...] = (
        ((-2, -47, 4), (-2, -29, -36), 11, 2.6),  # patellar tendon
        ((-1, -50, 44), (2, -44, 92), 13, 3.0),  # quadriceps tendon
        ((41, 2, 26), (37, 0, -40), 1.6, 9),  # medial collateral ligament
        ((-42, 8, 26), (-36, 18, -20), 2.4, 2.4),  # lateral collateral ligament
        ((-7, 16, 22), (3, -6, 0), 4.0, 3.0),  # anterior cruciate ligament
        ((5, 0, 16), (0, 28, -8), 4.0, 4.0),  # posterior cruciate ligament
    )
    for start, end, wide, deep in bands:
        _band(canvas, start, end, wide, deep)


def _band(canvas: Canvas, start: Point, end: Point, wide: float, deep: float) -> None:
    # A flat ligament: a capsule in coordinates squeezed to its width and depth.
    reach = max(wide, deep) + 1
    low = tuple(min(a, b) - reach for a, b in zip(start, end, strict=True))
    high = tuple(max(a, b) + reach for a, b in zip(start, end, strict=True))
    squeeze = 1 / wide, 1 / deep, 1 / min(wide, deep)

    def body(x: Field, y: Field, z: Field) -> Field:
        a = (start[0] * squeeze[0], start[1] * squeeze[1], start[2] * squeeze[2])
        b = (end[0] * squeeze[0], end[1] * squeeze[1], end[2] * squeeze[2])
        kx, ky, kz = (np.float32(k) for k in squeeze)
        return capsule(x * kx, y * ky, z * kz, a, b, (1.0, 1.0))

    canvas.paint(
        ((low[0], low[1], low[2]), (high[0], high[1], high[2])),
        body,
        Tissue.FIBROUS,
        (Tissue.FAT, Tissue.MUSCLE, Tissue.FLUID),
    )


def _paint_lesion(canvas: Canvas, lesion: Lesion, phase: float) -> None:
    def body(x: Field, y: Field, z: Field) -> Field:
        edge = ellipsoid(x, y, z, lesion.center, lesion.radii)
        return np.asarray(edge + 1.6 * ripple(x, y, z, 14.0, phase), dtype=np.float32)

    canvas.lesion(_around(lesion.center, lesion.radii, 5), body, BONES[lesion.bone], edge_mm=3.0)
