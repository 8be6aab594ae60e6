"""An invented pelvis with both hips: red marrow where adults keep it, reconversion unlike on the two sides.

The frame of the anatomy is the patient's: x to the left, y to the back, z to the head, 0 in the midline at
the height of the femoral heads. Each side is described with x to lateral and mirrored, then given its own
lesions, fluid and trochanters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from workstation.imaging.study import Joint, Laterality, Plane
from workstation.phantoms import tissue as t
from workstation.phantoms.canvas import Canvas, Window
from workstation.phantoms.shapes import Box, Field, Point, capsule, column, ellipsoid, ripple, union
from workstation.phantoms.study import PhantomStudy, acquire
from workstation.phantoms.tissue import Acquisition, Tissue

BONES = {"right femur": 1, "left femur": 2}

_PELVIS = 3
_HEAD: Point = (86.0, 0.0, 0.0)
_HEAD_RADIUS = 23.5
_LATTICE_MM = 1.0
_SIDES = {"right femur": -1, "left femur": 1}
"""Sign of lateral along the patient's x."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """An irregular ellipsoid in a femur: centre (x to lateral) and radii, mm."""

    bone: str
    kind: str
    center: Point
    radii: Point


LESIONS: tuple[tuple[Lesion, ...], ...] = (
    (
        Lesion("right femur", "reconversion", (112, 3, -28), (14, 11, 12)),
        Lesion("right femur", "reconversion", (120, 5, -48), (12, 12, 14)),
        Lesion("right femur", "reconversion", (114, 3, -82), (8, 8, 14)),
        Lesion("left femur", "reconversion", (118, 6, -46), (9, 9, 10)),
        Lesion("left femur", "edema", (82, -8, 10), (9, 8, 8)),
    ),
    (
        Lesion("left femur", "reconversion", (110, 3, -26), (13, 11, 12)),
        Lesion("left femur", "reconversion", (118, 5, -50), (12, 11, 16)),
        Lesion("right femur", "edema", (84, -6, 9), (10, 10, 9)),
        Lesion("right femur", "edema", (106, 2, -20), (10, 8, 8)),
    ),
)
"""Lesions of each variant: reconversion mostly right with left head edema; mostly left with right edema."""

PROTOCOL: tuple[Acquisition, ...] = (
    Acquisition(2, t.T1, Plane.CORONAL, 26, 320, 400, 4.0, 4.4, (0, 6, -16), (-2.0, 0.0), "B", rows=180),
    Acquisition(3, t.STIR, Plane.CORONAL, 26, 320, 400, 4.0, 4.4, (0, 6, -16), (-2.0, 0.0), "B", rows=180),
    Acquisition(4, t.T1, Plane.AXIAL, 32, 320, 380, 4.0, 4.6, (0, 4, -22), (3.0, 0.0), "B", rows=216),
    Acquisition(5, t.PD_FS, Plane.SAGITTAL, 22, 256, 200, 3.5, 3.9, (-102, 0, -16), (0.0, 4.0), "R"),
    Acquisition(6, t.PD_FS, Plane.SAGITTAL, 22, 256, 200, 3.5, 3.9, (102, 0, -16), (0.0, -4.0), "L"),
)

_SEEDS: dict[str, Point] = {"right femur": (97.0, 2.0, -6.0), "left femur": (97.0, 2.0, -6.0)}
_BOX: Box = ((-196, -122, -128), (196, 128, 96))


@lru_cache(maxsize=4)
def hip(*, variant: int = 0, lesions: bool = True, seed: int = 1) -> PhantomStudy:
    """Build a pelvis with both hips.

    Parameters
    ----------
    variant : int
        Which of `LESIONS`; counted on beyond the last one.
    lesions : bool
        False for the normal pair of hips: red marrow in the acetabulum only.
    seed : int
        Of the noise.

    Returns
    -------
    PhantomStudy
        Frozen; the last few are kept, since they are asked for again.
    """
    canvas = Canvas(_BOX[0], _BOX[1], _LATTICE_MM)
    _soft_tissue(canvas)
    for bone, side in _SIDES.items():
        _pelvic_half(canvas, side)
        _femur(canvas, bone, side)
    chosen = LESIONS[variant % len(LESIONS)] if lesions else ()
    for number, lesion in enumerate(chosen):
        _paint_lesion(canvas, lesion, float(number + 3 * variant))
    name = f"hip B {variant if lesions else 'normal'} {seed}"
    return PhantomStudy(
        name=name,
        joint=Joint.HIP,
        laterality=Laterality.BILATERAL,
        seed=seed,
        series=acquire(canvas, tuple(replace(entry, noise=8.0) for entry in PROTOCOL), name, seed),
        bones=dict(BONES),
        seeds={bone: [[_SIDES[bone] * x, y, z]] for bone, (x, y, z) in _SEEDS.items()},
        lesion_ml={
            "edema": canvas.lesion_ml(canvas.edema),
            "reconversion": canvas.lesion_ml(canvas.reconverted),
        },
    )


def _mirrored(box: Box, side: int) -> Box:
    (x0, y0, z0), (x1, y1, z1) = box
    low, high = sorted((side * x0, side * x1))
    return (low, y0, z0), (high, y1, z1)


def _soft_tissue(canvas: Canvas) -> None:
    levels = (-130.0, -80.0, -30.0, 10.0, 60.0, 100.0)

    widths = ((172, 98), (182, 104), (186, 112), (180, 112), (166, 108), (160, 106))
    middles = ((0, 10), (0, 8), (0, 5), (0, 3), (0, 3), (0, 3))

    def body(x: Field, y: Field, z: Field) -> Field:
        trunk = column(x, y, z, levels, middles, widths)
        thigh = column(np.abs(x), y, z, (-130.0, -50.0), ((88, 8), (90, 8)), ((80, 88), (86, 96)))
        legs = np.maximum(thigh, z + 20).astype(np.float32)
        return union(np.maximum(trunk, -100 - z).astype(np.float32), legs, blend_mm=20)

    window, depth = canvas.distance(_BOX, body)
    tissue = canvas.tissue[window]
    tissue[depth <= 0] = Tissue.SKIN
    tissue[depth <= -2] = Tissue.FAT
    inner = depth + 15
    organs: tuple[tuple[Point, Point, Tissue], ...] = (
        ((4, -22, 2), (34, 30, 27), Tissue.FLUID),  # bladder, a little to the left
        ((-6, 34, 24), (26, 20, 40), Tissue.ORGAN),  # rectum
        ((14, -24, 64), (58, 36, 30), Tissue.ORGAN),  # bowel
    )
    for center, radii, kind in organs:
        _blob(canvas, center, radii, kind, 1)
    muscles: tuple[tuple[Point, Point], ...] = (
        ((90, 70, 2), (74, 36, 92)),  # gluteus maximus
        ((124, 24, 52), (22, 44, 54)),  # gluteus medius and minimus
        ((128, -42, 24), (20, 18, 62)),  # tensor fasciae latae
        ((72, -44, 30), (22, 20, 76)),  # iliopsoas
        ((146, 6, -104), (20, 40, 74)),  # vastus lateralis
        ((112, -38, -112), (38, 28, 72)),  # rectus femoris and vastus intermedius
        ((64, -6, -100), (34, 46, 66)),  # adductors
        ((88, 54, -118), (42, 30, 66)),  # hamstrings
        ((62, 24, -8), (12, 18, 24)),  # obturator internus
        ((64, -18, -38), (22, 12, 16)),  # obturator externus
    )
    for side in (-1, 1):
        for center, radii in muscles:
            _blob(canvas, center, radii, Tissue.MUSCLE, side)
        canvas.paint(
            _mirrored(((64, -62, -130), (96, -46, 100)), side),
            lambda x, y, z, s=side: capsule(s * x, y, z, (86, -54, -132), (70, -56, 100), (4.5, 4.5)),  # type: ignore[misc]
            Tissue.VESSEL,
        )
    outside = (inner > 0) & (canvas.tissue[window] == Tissue.MUSCLE)
    canvas.tissue[window][outside & (inner < 9)] = Tissue.FAT  # muscles end at the fascia


def _blob(canvas: Canvas, center: Point, radii: Point, kind: Tissue, side: int) -> None:
    low = tuple(c - r - 2 for c, r in zip(center, radii, strict=True))
    high = tuple(c + r + 2 for c, r in zip(center, radii, strict=True))
    canvas.paint(
        _mirrored(((low[0], low[1], low[2]), (high[0], high[1], high[2])), side),
        lambda x, y, z: ellipsoid(side * x, y, z, center, radii),
        kind,
        (Tissue.FAT,),
    )


def _pelvic_half(canvas: Canvas, side: int) -> None:
    box = _mirrored(((-14, -64, -86), (136, 100, 96)), side)

    def body(x: Field, y: Field, z: Field) -> Field:
        x = side * x
        # The cup opens outward, downward and forward; wing, pubis and ischium grow from it.
        cup = np.maximum(
            ellipsoid(x, y, z, _HEAD, (40, 38, 40)),
            0.62 * (x - _HEAD[0]) - 0.62 * z - 0.2 * y - 5,
        )
        wing = capsule(x * 1.0, y * 0.8, z, (82, 8, 30), (98, 26, 110), (15, 11))
        pubis = capsule(x, y, z, (62, -18, -12), (9, -46, -30), (13, 9))
        ischium = capsule(x, y, z, (70, 22, -16), (58, 34, -62), (14, 15))
        ramus = capsule(x, y, z, (56, 26, -66), (12, -40, -46), (9, 7))
        sacrum = ellipsoid(x, y, z, (4, 74, 70), (52, 22, 52))
        return union(cup.astype(np.float32), wing, pubis, ischium, ramus, sacrum, blend_mm=8)

    window = canvas.window(box)
    x, y, z = canvas.coordinates(window)
    distance = body(x, y, z)
    socket = _HEAD_RADIUS + 5.0 - np.sqrt((side * x - _HEAD[0]) ** 2 + y**2 + z**2)
    distance = np.maximum(distance, socket).astype(np.float32)
    canvas.bone(window, distance, _PELVIS, 1.8)
    tissue = canvas.tissue[window]
    red = (ripple(x, y, z, 31.0, 1.3) > -0.05) & (distance < -3) & (tissue == Tissue.YELLOW_MARROW)
    tissue[red] = Tissue.RED_MARROW  # the pelvis keeps red marrow for life
    # Cartilage of the socket and a film of fluid; more fluid on the right.
    film = 1.0 if side > 0 else 2.2
    head = np.sqrt((side * x - _HEAD[0]) ** 2 + y**2 + z**2) - _HEAD_RADIUS
    near = (head > 0) & (head < 5.0) & (z > -24) & (tissue != Tissue.CORTEX)
    inner_side = side * x - _HEAD[0] < 14 + 0.5 * z
    tissue[near & inner_side & (head > 3.0)] = Tissue.CARTILAGE
    tissue[near & inner_side & (head <= 3.0)] = Tissue.FLUID
    neck = capsule(side * x, y, z, (96, 1, -8), (118, 4, -32), (19 + film, 17 + film))
    capsule_fluid = (neck < 0) & (neck > -film) & (head > 0) & (side * x < 118)
    tissue[capsule_fluid & np.isin(tissue, (Tissue.FAT, Tissue.MUSCLE))] = Tissue.FLUID


def _proximal_femur(x: Field, y: Field, z: Field) -> Field:
    head = ellipsoid(x, y, z, _HEAD, (_HEAD_RADIUS,) * 3)
    neck = capsule(x, y, z, (90, 0, -5), (118, 4, -34), (15, 16))
    greater = ellipsoid(x, y, z, (134, 10, -20), (13, 17, 22))
    lesser = ellipsoid(x, y, z, (104, 14, -64), (10, 10, 12))
    shaft = column(
        x, y, z,
        (-130.0, -90.0, -62.0, -34.0),
        ((113, -2), (115, 0), (119, 4), (122, 5)),
        ((14.5, 14.5), (15.5, 15.5), (20, 18), (21, 19)),
    )  # fmt: skip
    shaft = np.maximum(shaft, z + 30).astype(np.float32)
    return union(union(head, neck, shaft, blend_mm=6), greater, lesser, blend_mm=6)


def _femur(canvas: Canvas, bone: str, side: int) -> None:
    box = _mirrored(((58, -32, -128), (152, 34, 30)), side)
    window, distance = canvas.distance(box, lambda x, y, z: _proximal_femur(side * x, y, z))
    x, y, z = canvas.coordinates(window)
    lateral = side * x
    head = np.sqrt((lateral - _HEAD[0]) ** 2 + y**2 + z**2) - _HEAD_RADIUS
    coat = (head > 0) & (head < 2.0) & (lateral + z < 96) & (z > -22)
    canvas.tissue[window][coat & (distance > 0)] = Tissue.CARTILAGE
    thick = np.asarray(1.5 + 4.0 * np.clip((-z - 50) / 40, 0, 1), dtype=np.float32)
    canvas.bone(window, distance, BONES[bone], thick)
    _growth_plate(canvas, window, distance, lateral, y, z)
    fovea = ellipsoid(lateral, y, z, (_HEAD[0] - 23, 3, 3), (3.5, 4, 4))
    canvas.tissue[window][(fovea < 0) & (distance < 1)] = Tissue.FIBROUS


def _growth_plate(canvas: Canvas, window: Window, distance: Field, x: Field, y: Field, z: Field) -> None:
    # The old physis of the head: a thin dark curved line across the neck axis.
    along = 0.69 * (x - _HEAD[0]) - 0.72 * z - 7 + 0.012 * (y * y) - 0.8 * np.sin(y / 4)
    tissue = canvas.tissue[window]
    kept = ripple(x, y, z, 15.0, 0.4) > -0.25
    tissue[(np.abs(along) < 0.6) & (distance < -3) & kept] = Tissue.SCAR


def _paint_lesion(canvas: Canvas, lesion: Lesion, phase: float) -> None:
    side = _SIDES[lesion.bone]
    low = tuple(c - r - 5 for c, r in zip(lesion.center, lesion.radii, strict=True))
    high = tuple(c + r + 5 for c, r in zip(lesion.center, lesion.radii, strict=True))

    def body(x: Field, y: Field, z: Field) -> Field:
        edge = ellipsoid(side * x, y, z, lesion.center, lesion.radii)
        return np.asarray(edge + 1.8 * ripple(x, y, z, 13.0, phase), dtype=np.float32)

    canvas.lesion(
        _mirrored(((low[0], low[1], low[2]), (high[0], high[1], high[2])), side),
        body,
        BONES[lesion.bone],
        edge_mm=3.0,
        reconverted=lesion.kind == "reconversion",
    )
