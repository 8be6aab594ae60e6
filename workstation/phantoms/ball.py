"""A ball of bone in muscle and fat: the smallest thing a recipe can be tried on, made in a moment."""

from __future__ import annotations

from functools import lru_cache

from workstation.imaging.study import Joint, Laterality, Plane
from workstation.phantoms import tissue as t
from workstation.phantoms.canvas import Body, Canvas
from workstation.phantoms.shapes import Box, Field, ellipsoid
from workstation.phantoms.study import PhantomStudy, acquire
from workstation.phantoms.tissue import Acquisition, Tissue

BONE = "femur"
_CORTEX_MM = 2.0
_WHOLE: Box = ((-50, -50, -50), (50, 50, 50))

PROTOCOL: tuple[Acquisition, ...] = (
    Acquisition(2, t.T1, Plane.CORONAL, 14, 112, 112, 3.0, 3.5, (0, 0, 0)),
    Acquisition(3, t.STIR, Plane.CORONAL, 14, 112, 112, 3.0, 3.5, (0, 0, 0)),
    Acquisition(4, t.T2, Plane.CORONAL, 14, 112, 112, 3.0, 3.5, (0, 0, 0)),
)


@lru_cache(maxsize=2)
def ball(*, lesions: bool = True, seed: int = 1) -> PhantomStudy:
    """Build the ball, with edema on one side of its middle and reconverted marrow on the other.

    Parameters
    ----------
    lesions : bool
        False for plain marrow.
    seed : int
        Of the noise.
    """
    canvas = Canvas(*_WHOLE, 1.0)
    for radius, kind in ((46.0, Tissue.FAT), (40.0, Tissue.MUSCLE)):
        canvas.paint(_WHOLE, _round(0.0, radius), kind)
    window, distance = canvas.distance(_WHOLE, _round(0.0, 24.0))
    canvas.bone(window, distance, 1, _CORTEX_MM)
    if lesions:
        canvas.lesion(_WHOLE, _round(-11.0, 8.0), 1, 1.5)
        canvas.lesion(_WHOLE, _round(11.0, 8.0), 1, 1.5, reconverted=True)
    name = f"ball {'lesions' if lesions else 'normal'} {seed}"
    return PhantomStudy(
        name=name,
        joint=Joint.KNEE,
        laterality=Laterality("R"),
        seed=seed,
        series=acquire(canvas, PROTOCOL, name, seed),
        bones={BONE: 1},
        seeds={BONE: [[0.0, 0.0, 14.0]]},
        lesion_ml={"edema": canvas.lesion_ml(canvas.edema)},
    )


def _round(along_x: float, radius: float) -> Body:
    def body(x: Field, y: Field, z: Field) -> Field:
        return ellipsoid(x, y, z, (along_x, 0.0, 0.0), (radius, radius, radius))

    return body
