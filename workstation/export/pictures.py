"""Pictures for the report: one slice with the outline of its mask, as PNG."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import direction_letters
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import lut8, percentile_window
from workstation.masks.mask import Mask, Segment

LONG_SIDE = 560
"""Pixels of the longer side of a picture."""

_COLOURS = {"edema": "#D55E00", "reconversion": "#56B4E9", "low-t1": "#56B4E9", "cyst": "#F0E442"}
_BONE = "#009E73"
_BAR_MM = 20


def fullest_slice(mask: Mask) -> int:
    """Index of the slice with the most labelled voxels; the middle one of an empty mask."""
    counts = np.count_nonzero(mask.labels, axis=(1, 2))
    return int(np.argmax(counts)) if counts.any() else len(counts) // 2


def slice_picture(
    stack: Stack,
    slice_index: int,
    labels: NDArray[np.uint8] | None = None,
    segments: tuple[Segment, ...] = (),
) -> bytes:
    """One slice as PNG: percentile window, outlines of labels, patient letters and a scale bar.

    Parameters
    ----------
    stack : Stack
        Without geometry the pixels are taken as square and no letters are drawn.
    labels : ndarray of uint8, shape (rows, columns), optional
        Of this slice.
    segments : tuple of Segment
        Those to outline.
    """
    from PIL import Image, ImageDraw

    grey = lut8(percentile_window(stack), stack)[stack.voxels[slice_index]]
    rows, columns = grey.shape
    height_mm, width_mm = stack.geometry.pixel_spacing if stack.geometry else (1.0, 1.0)
    scale = LONG_SIDE / max(rows * height_mm, columns * width_mm)
    size = (max(1, round(columns * width_mm * scale)), max(1, round(rows * height_mm * scale)))
    picture = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    pixels = np.array(picture)
    if labels is not None:
        enlarged = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST), dtype=np.uint8)
        for segment in segments:
            pixels[_edge(enlarged == segment.label)] = _rgb(colour_of(segment))
    picture = Image.fromarray(pixels)
    draw = ImageDraw.Draw(picture)
    if stack.geometry is not None:
        _letters(draw, stack, size)
        _scale_bar(draw, scale, size)
    target = io.BytesIO()
    picture.save(target, format="PNG", compress_level=4)  # optimizing took a second each
    return target.getvalue()


def colour_of(segment: Segment) -> str:
    """Colour of a segment's outline, ``#RRGGBB`` (Okabe–Ito)."""
    name = segment.name.lower()
    return next((colour for word, colour in _COLOURS.items() if word in name), _BONE)


def _edge(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The inner border of a region, two pixels wide."""
    padded = np.pad(inside, 2)
    inner = inside.copy()
    for step in (1, 2):
        for axis in (0, 1):
            for way in (-step, step):
                inner &= np.roll(padded, way, axis)[2:-2, 2:-2]
    return np.asarray(inside & ~inner)


def _letters(draw: object, stack: Stack, size: tuple[int, int]) -> None:
    geometry = stack.geometry
    if geometry is None:
        return
    width, height = size
    places = (
        (-geometry.along_row, (8, height / 2), "lm"),
        (geometry.along_row, (width - 8, height / 2), "rm"),
        (-geometry.along_column, (width / 2, 6), "mt"),
        (geometry.along_column, (width / 2, height - 6), "mb"),
    )
    for direction, place, anchor in places:
        _write(draw, place, direction_letters(direction), anchor)


def _scale_bar(draw: object, pixels_per_mm: float, size: tuple[int, int]) -> None:
    width, height = size
    length = _BAR_MM * pixels_per_mm
    if length > width / 2:
        return
    y = height - 26
    draw.line([(12, y), (12 + length, y)], fill="#FFFFFF", width=2)  # type: ignore[attr-defined]
    _write(draw, (12, y - 4), f"{_BAR_MM} mm", "lb")


def _write(draw: object, place: tuple[float, float], text: str, anchor: str) -> None:
    from PIL import ImageFont

    draw.text(  # type: ignore[attr-defined]
        place, text, fill="#FFFFFF", anchor=anchor, font=ImageFont.load_default(15),
        stroke_width=2, stroke_fill="#000000",
    )  # fmt: skip


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
