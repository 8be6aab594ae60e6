"""What a reader measures or marks on one picture: shapes, and what they mean in mm and real values.

A mark belongs to one SOP instance and frame. Its points are image coordinates as in DICOM's structured
reports (PS3.3 C.18.6): x along columns, y along rows, the first pixel covers 0 to 1. Turning, mirroring
or enlarging the picture on the screen therefore changes no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workstation.errors import DataError
from workstation.imaging.study import Instance

Point = tuple[float, float]
MEASUREMENT = "measurement"
"""The type of a mark in a reader's journal; other types are not read here."""

NOT_CALIBRATED = "not calibrated"
DETECTOR = "mm at the detector (ImagerPixelSpacing)"
_DIGITS = 4


class Shape(StrEnum):
    """What was drawn."""

    LENGTH = "length"
    ANGLE = "angle"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    FREEHAND = "freehand"
    TEXT = "text"
    KEY = "key"


REGIONS = frozenset({Shape.RECTANGLE, Shape.ELLIPSE, Shape.FREEHAND})
"""Shapes with an area and statistics."""

POINTS = {
    Shape.LENGTH: 2,
    Shape.ANGLE: 3,
    Shape.RECTANGLE: 2,
    Shape.ELLIPSE: 2,
    Shape.TEXT: 1,
    Shape.KEY: 0,
}
"""How many points a shape has; a freehand outline has three or more."""

TITLES = {
    Shape.LENGTH: "Length",
    Shape.ANGLE: "Angle",
    Shape.RECTANGLE: "Rectangle",
    Shape.ELLIPSE: "Ellipse",
    Shape.FREEHAND: "Outline",
    Shape.TEXT: "Note",
    Shape.KEY: "Key image",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a measurement.

    `name` is ``length``, ``angle``, ``area``, ``mean``, ``sd``, ``min``, ``max`` or ``n``.
    `unit` is ``"mm"``, ``"mm2"``, ``"px"``, ``"px2"``, ``"deg"``, ``"HU"``, ``"stored"`` (values as the
    scanner stored them), ``"rescaled"`` (slope and intercept of the file applied, no unit told) or
    ``"pixels"`` for n.
    """

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a mark says in numbers; `note` what must be known to use them."""

    quantities: tuple[Quantity, ...] = ()
    note: str = ""

    def value(self, name: str) -> float | None:
        """The number of a name; None if there is none."""
        return next((one.value for one in self.quantities if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Mark:
    """One measurement, note or key image on one frame of one SOP instance.

    Attributes
    ----------
    id : str
        Unique within a read.
    frame : int
        From 0, as in `Instance`.
    points : tuple of (x, y)
        Image coordinates; rectangle and ellipse by two opposite corners; an angle by the end of one
        arm, the vertex, the end of the other.
    name : str
        What the reader calls it; the text of a note.
    result : Result
        As it was when it was drawn.
    """

    id: str
    shape: Shape
    series_key: str
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    name: str = ""
    result: Result = field(default_factory=Result)

    @property
    def title(self) -> str:
        """The reader's name for it, else what it is."""
        return self.name or TITLES[self.shape]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How large a pixel is: (row, column) spacing in `unit`, ``"mm"`` or ``"px"``, and what to say of it."""

    spacing: tuple[float, float] = (1.0, 1.0)
    unit: str = "px"
    note: str = NOT_CALIBRATED


def calibration_of(instance: Instance) -> Calibration:
    """Pixel size from PixelSpacing; where it is missing from ImagerPixelSpacing, said so; else pixels.

    The panes of a mosaic are several places in one picture, so that no length across it means anything.
    """
    if "MOSAIC" in instance.physics.image_type:
        return Calibration(note=f"{NOT_CALIBRATED}: a mosaic of several slices")
    for spacing, note in ((instance.pixel_spacing, ""), (instance.imager_pixel_spacing, DETECTOR)):
        if spacing is not None and all(math.isfinite(one) and one > 0 for one in spacing):
            return Calibration(spacing, "mm", note)
    return Calibration()


def value_unit(instance: Instance) -> str:
    """Unit of the real values: HU of CT; else whether the file's slope and intercept change them."""
    if instance.modality == "CT":
        return "HU"
    pixels = instance.pixels
    return "stored" if (pixels.rescale_slope, pixels.rescale_intercept) == (1.0, 0.0) else "rescaled"


def problem_of(shape: Shape, points: Iterable[Point]) -> str:
    """Why these points make no such shape; ``""`` if they do."""
    found = tuple(points)
    wanted = POINTS.get(shape)
    if (wanted is None and len(found) < 3) or (wanted is not None and len(found) != wanted):
        return f"{TITLES[shape]}: {len(found)} points do not make one"
    if not all(math.isfinite(value) for point in found for value in point):
        return f"{TITLES[shape]}: a point is nowhere"
    if shape is Shape.LENGTH and found[0] == found[1]:
        return "Both ends of the length are the same place"
    if shape is Shape.ANGLE and found[1] in (found[0], found[2]):
        return "An arm of the angle has no length"
    if shape in REGIONS:
        across, down = zip(*found, strict=True)
        if max(across) == min(across) or max(down) == min(down):
            return "The region has no area"
    return ""


def length_of(points: tuple[Point, ...], spacing: tuple[float, float]) -> float:
    """Distance of two image points in the unit of `spacing` (row, column)."""
    (x0, y0), (x1, y1) = points
    return math.hypot((x1 - x0) * spacing[1], (y1 - y0) * spacing[0])


def angle_of(points: tuple[Point, ...], spacing: tuple[float, float]) -> float:
    """Angle at the second of three image points, 0 to 180 degrees, on true pixel proportions."""
    (x0, y0), (x, y), (x1, y1) = points
    one = ((x0 - x) * spacing[1], (y0 - y) * spacing[0])
    two = ((x1 - x) * spacing[1], (y1 - y) * spacing[0])
    # atan2 stays exact near 0 and 180 degrees, where an arc cosine does not.
    cross = one[0] * two[1] - one[1] * two[0]
    return math.degrees(math.atan2(abs(cross), one[0] * two[0] + one[1] * two[1]))


def to_dict(mark: Mark) -> dict[str, Any]:
    """A mark as plain values for a journal (without its id, which is the journal's key)."""
    return {
        "type": MEASUREMENT,
        "shape": mark.shape.value,
        "series": mark.series_key,
        "instance": mark.sop_instance_uid,
        "frame": mark.frame,
        "points": [[round(x, _DIGITS), round(y, _DIGITS)] for x, y in mark.points],
        "name": mark.name,
        "quantities": [[one.name, one.value, one.unit] for one in mark.result.quantities],
        "note": mark.result.note,
    }


def from_dict(mark_id: str, data: Mapping[str, Any]) -> Mark | None:
    """The mark of `to_dict`; None for a mark of another type.

    Raises
    ------
    DataError
        If the values make no mark.
    """
    if data.get("type") != MEASUREMENT:
        return None
    try:
        shape = Shape(data["shape"])
        points = tuple((float(x), float(y)) for x, y in data["points"])
        quantities = tuple(Quantity(str(n), float(v), str(u)) for n, v, u in data["quantities"])
        mark = Mark(
            mark_id,
            shape,
            str(data["series"]),
            str(data["instance"]),
            int(data["frame"]),
            points,
            str(data.get("name", "")),
            Result(quantities, str(data.get("note", ""))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("A measurement was not shown", "what was kept of it is damaged") from error
    if problem := problem_of(shape, points):
        raise DataError("A measurement was not shown", problem)
    return mark


def marks_of(kept: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[Mark, ...], int]:
    """Every measurement among kept marks, and how many were damaged and are left out."""
    found, damaged = [], 0
    for mark_id, data in kept.items():
        try:
            mark = from_dict(mark_id, data)
        except DataError:
            damaged += 1
            continue
        if mark is not None:
            found.append(mark)
    return tuple(found), damaged


def lines_of(mark: Mark) -> tuple[str, ...]:
    """What stands beside a mark on the picture: name, numbers, and what must be known to use them."""
    lines = [mark.name] if mark.name else []
    by_name = {one.name: one for one in mark.result.quantities}
    for name in ("length", "angle", "area"):
        if name in by_name:
            lines.append(quantity_text(by_name[name]))
    if "mean" in by_name:
        mean, spread = by_name["mean"], by_name.get("sd")
        more = f" ± {number_text(spread.value)}" if spread else ""
        unit = f" {mean.unit}" if mean.unit == "HU" else ""
        lines.append(f"mean {number_text(mean.value)}{more}{unit}")
        lines.append(f"{number_text(by_name['min'].value)} to {number_text(by_name['max'].value)}")
    if "n" in by_name:
        lines.append(f"n {by_name['n'].value:.0f}")
    if mark.result.note:
        lines.append(mark.result.note)
    return tuple(lines)


_UNITS = {"mm2": " mm²", "px2": " px²", "deg": "°", "stored": " (stored)", "rescaled": " (rescaled)"}


def quantity_text(one: Quantity) -> str:
    """A number with its unit for a person: ``"12.3 mm"``, ``"45.0°"``, ``"18.2 mm²"``."""
    return number_text(one.value) + _UNITS.get(one.unit, f" {one.unit}")


def number_text(value: float) -> str:
    """One decimal below 1000, none above."""
    return f"{value:.1f}" if abs(value) < 999.95 else f"{value:.0f}"
