"""Decode a series into a stack: 16 bits per voxel, one slice of scratch memory, read-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.dicom_elements import NATIVE
from workstation.imaging.dicom_pixels import PlaneReader
from workstation.imaging.geometry import StackGeometry, slice_normal
from workstation.imaging.lookup_tables import LookupTables, read_tables
from workstation.imaging.study import Instance, PixelFormat, Series
from workstation.imaging.volume import Stack
from workstation.tasks import Progress

_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class LoadedStack:
    """A stack and what could not be shown of it.

    `problems` has one plain sentence per unreadable slice; such slices are black in `stack`.
    """

    stack: Stack
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Scale:
    """Linear map between real values and uint16 voxels: real = voxel × slope + intercept."""

    slope: float
    intercept: float
    inverted: bool


def load_stack(series: Series, progress: Progress, *, first_slice: int | None = None) -> Stack:
    """Decode every slice of a series.

    Parameters
    ----------
    series : Series
    progress : Progress
        Reported after each slice.
    first_slice : int, optional
        Decode from this slice outwards; from the middle if None.

    Returns
    -------
    Stack
        Voxels of shape (slices, rows, columns).

    Raises
    ------
    DataError
        If any slice cannot be read; names the slice. `load_readable` shows the others.
    Cancelled
        If the person pressed Stop.
    """
    loaded = load_readable(series, progress, first_slice=first_slice)
    if loaded.problems:
        raise DataError("This series was not opened", loaded.problems[0], "Import it again")
    return loaded.stack


def load_readable(series: Series, progress: Progress, *, first_slice: int | None = None) -> LoadedStack:
    """Decode what can be read of a series; see `load_stack`.

    Raises
    ------
    DataError
        If not one slice can be read.
    Cancelled
        If the person pressed Stop.
    """
    pixels = series.first.pixels
    count = len(series.instances)
    tables = _tables(series.first)
    scale, certain = _scale(series.instances, tables)
    voxels = np.zeros((count, pixels.rows, pixels.columns), dtype=np.uint16)
    problems: dict[int, str] = {}
    order = outwards(count, count // 2 if first_slice is None else first_slice)
    if not certain:
        scale = _measured_scale(series.instances)
    reader = PlaneReader()
    for done, index in enumerate(order):
        try:
            _read_slice(reader, series.instances[index], scale, voxels[index], tables)
        except DataError as error:
            problems[index] = f"Slice {index + 1} is black: {error.why or error.what}."
        progress.report(done + 1, count, "Reading slices")
    if len(problems) == count:
        raise DataError("This series was not opened", "none of its slices can be read", "Import it again")
    voxels.flags.writeable = False
    stack = Stack(
        series_key=series.key,
        voxels=voxels,
        slope=scale.slope,
        intercept=scale.intercept,
        geometry=stack_geometry(series),
        axis=series.axis,
        inverted=scale.inverted,
        tables=tables.voi,
    )
    return LoadedStack(stack, tuple(problems[index] for index in sorted(problems)))


def load_middle(series: Series) -> tuple[int, Stack]:
    """The middle slice at once, as a stack of one slice, for the first picture on screen.

    Voxels have the same meaning as those of `load_stack` if the series' scale is known from its headers
    (all native and lossless 8- and 16-bit data with one rescale); a window set on one fits the other.

    Returns
    -------
    (int, Stack)
        Index of the slice in the series, and the one-slice stack (its geometry is that slice's).

    Raises
    ------
    DataError
        If it cannot be read.
    """
    index = len(series.instances) // 2
    instance = series.instances[index]
    tables = LookupTables() if instance.modality == "MR" else _tables(instance)
    scale, certain = _scale(series.instances, tables)
    if not certain:
        scale = _measured_scale((instance,))
    voxels = np.zeros((1, instance.pixels.rows, instance.pixels.columns), dtype=np.uint16)
    _read_slice(PlaneReader(), instance, scale, voxels[0], tables)
    voxels.flags.writeable = False
    geometry = _geometry((instance,))
    return index, Stack(
        series.key, voxels, scale.slope, scale.intercept, geometry, series.axis, scale.inverted, tables.voi
    )


def outwards(count: int, start: int) -> list[int]:
    """Indices from `start` to both ends, nearest first."""
    start = min(max(start, 0), count - 1)
    return sorted(range(count), key=lambda index: (abs(index - start), index))


def stack_geometry(series: Series) -> StackGeometry | None:
    """Geometry of a series as shown; None where it may be neither linked nor measured."""
    return _geometry(series.instances)


def _geometry(instances: Sequence[Instance]) -> StackGeometry | None:
    first = instances[0]
    orientation, spacing = first.image_orientation_patient, first.pixel_spacing
    if orientation is None or spacing is None or "MOSAIC" in first.physics.image_type:
        return None
    directions = np.array([i.image_orientation_patient or (np.nan,) * 6 for i in instances])
    origins = np.array([i.image_position_patient or (np.nan,) * 3 for i in instances], dtype=np.float64)
    same = np.abs(directions - directions[0]).max() <= 0.02 and len({i.pixel_spacing for i in instances}) == 1
    if not same or not np.isfinite(origins).all():
        return None
    try:
        normal = slice_normal(orientation)
    except DataError:
        return None
    along_row = directions[0, :3] / np.linalg.norm(directions[0, :3])
    frames = {i.frame_of_reference_uid for i in instances}
    return StackGeometry(
        shape=(len(instances), first.pixels.rows, first.pixels.columns),
        origins=origins,
        along_row=along_row,
        along_column=np.asarray(np.cross(normal, along_row)),
        pixel_spacing=spacing,
        slice_thickness=first.slice_thickness,
        frame_of_reference_uid=frames.pop() if len(frames) == 1 else "",
    )


# --- values ----------------------------------------------------------------------------------------------


def _scale(instances: Sequence[Instance], tables: LookupTables) -> tuple[_Scale, bool]:
    """One scale for all slices, from headers alone where they share one rescale and fit 16 bits.

    A Modality LUT gives whole numbers of 16 bits and takes the place of any rescale.

    The second value is False where the slices must be looked at first.
    """
    formats = {(i.pixels.rescale_slope, i.pixels.rescale_intercept, i.pixels.signed) for i in instances}
    pixels = instances[0].pixels
    inverted = pixels.photometric_interpretation == "MONOCHROME1"
    if tables.modality is not None:
        return (_Scale(-1.0, 65535.0, True) if inverted else _Scale(1.0, 0.0, False)), True
    if len(formats) > 1 or max(i.pixels.bits_stored for i in instances) > 16 or pixels.rescale_slope < 0:
        return _Scale(1.0, 0.0, inverted), False
    bits = max(i.pixels.bits_stored for i in instances)
    slope, intercept = pixels.rescale_slope, pixels.rescale_intercept
    offset = 1 << (bits - 1) if pixels.signed else 0
    if not inverted:
        return _Scale(slope, intercept - offset * slope, False), True
    # MONOCHROME1: the voxel counts down from the largest stored value, so that white stays dense.
    top = (1 << bits) - 1
    return _Scale(-slope, intercept + (top - offset) * slope, True), True


def _tables(instance: Instance) -> LookupTables:
    try:
        return read_tables(instance)
    except DataError:
        return LookupTables()  # this slice is told of when its pixels are read


def _measured_scale(instances: Iterable[Instance]) -> _Scale:
    """Scale that fits the real values of slices with different rescale or more than 16 bits.

    Costs a second decoding of the series, which such files are rare enough for.
    """
    low, high, finest = np.inf, -np.inf, np.inf
    inverted = False
    reader = PlaneReader()
    for instance in instances:
        pixels = instance.pixels
        inverted = pixels.photometric_interpretation == "MONOCHROME1"
        try:
            plane = reader.decode(instance)
        except DataError:
            continue
        ends = [float(plane.min()), float(plane.max())]
        real = [e * pixels.rescale_slope + pixels.rescale_intercept for e in ends]
        low, high = min(low, *real), max(high, *real)
        finest = min(finest, abs(pixels.rescale_slope))
    if not np.isfinite([low, high]).all():
        return _Scale(1.0, 0.0, inverted)
    slope = max(min(finest, 1.0) if finest > 0 else 1.0, (high - low) / 65535.0)
    return _Scale(-slope, high, True) if inverted else _Scale(slope, low, False)


def _read_slice(
    reader: PlaneReader,
    instance: Instance,
    scale: _Scale,
    target: NDArray[np.uint16],
    tables: LookupTables,
) -> None:
    """Decode one slice into its place; without a copy where it is stored as the voxels are."""
    pixels = instance.pixels
    if tables.modality is not None:
        plain = replace(pixels, rescale_slope=1.0, rescale_intercept=0.0)
        _to_voxels(tables.modality.of(reader.decode(instance)), plain, scale, target)
        return
    same = pixels.rescale_slope == scale.slope and not scale.inverted
    offset = 32768 if pixels.signed else 0
    straight = same and scale.intercept == pixels.rescale_intercept - offset * scale.slope
    if straight and reader.read_into(instance, target):
        if pixels.signed:
            np.bitwise_xor(target, 0x8000, out=target)  # two's complement + 32768
        return
    _to_voxels(reader.decode(instance), pixels, scale, target)


def _to_voxels(plane: NDArray[Any], pixels: PixelFormat, scale: _Scale, target: NDArray[np.uint16]) -> None:
    """Write one slice into its place; integer arithmetic where the scale is the slice's own."""
    if plane.ndim == 3 and pixels.photometric_interpretation.startswith("YBR") and _is_native(pixels):
        plane = plane[..., 0]
    elif plane.ndim == 3:
        plane = np.rint(plane.astype(np.float32) @ _LUMINANCE).astype(np.int32)
    if plane.shape != target.shape:
        raise DataError("A slice was not shown", "its size differs from that of its series")
    if pixels.rescale_slope == abs(scale.slope) and plane.dtype.itemsize <= 2:
        shift = (pixels.rescale_intercept - scale.intercept) / scale.slope
        if abs(shift - round(shift)) < 1e-6 and abs(shift) <= 65536:
            whole = round(shift)
            if scale.slope > 0:
                np.add(plane, whole, out=target, casting="unsafe", dtype=np.int32)
            else:
                np.subtract(whole, plane, out=target, casting="unsafe", dtype=np.int32)
            return
    real = plane.astype(np.float64) * pixels.rescale_slope + pixels.rescale_intercept
    np.clip(np.rint((real - scale.intercept) / scale.slope), 0, 65535, out=real)
    target[...] = real


def _is_native(pixels: PixelFormat) -> bool:
    """True where colours are as stored; decoders of compressed colour give RGB."""
    return pixels.transfer_syntax_uid in NATIVE
