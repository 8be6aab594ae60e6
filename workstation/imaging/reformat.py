"""A thin-sliced volume seen across its slices: the same voxels in the two other orthogonal planes.

Nothing is resampled and nothing copied: a reformat is the volume with its axes exchanged, and pixels that
are as tall as the slices are apart. It is a stack like any other, so it scrolls, links and measures alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack

ACROSS_ROWS, ACROSS_COLUMNS = 1, 2
"""The axis of the volume that becomes the slice axis."""

FEWEST_SLICES = 20
THICKEST_MM = 2.0
"""Slices farther apart than this make steps instead of a picture across them."""

_SHEAR = 0.02


def refusal(stack: Stack) -> str:
    """Why a stack has no reformats; ``""`` if it has."""
    geometry = stack.geometry
    if geometry is None or stack.axis != "position":
        return "the positions of its slices are not known"
    if geometry.shape[0] < FEWEST_SLICES or geometry.slice_spacing > THICKEST_MM:
        return (
            f"reformats need at least {FEWEST_SLICES} slices no farther apart than {THICKEST_MM:g} mm; "
            f"here {geometry.shape[0]} are {geometry.slice_spacing:.1f} mm apart"
        )
    if not geometry.is_uniform:
        return "its slices are missing or unevenly spaced"
    step = (geometry.origins[-1] - geometry.origins[0]) / (geometry.shape[0] - 1)
    if np.linalg.norm(np.cross(step, geometry.normal)) > _SHEAR * np.linalg.norm(step):
        return "its slices do not stand above one another"
    return ""


def across(volume: NDArray[Any], axis: int) -> NDArray[Any]:
    """Voxels or labels of a reformat, as a view: shape (rows or columns of the source, …)."""
    order = (1, 0, 2) if axis == ACROSS_ROWS else (2, 1, 0)
    view = volume[::-1].transpose(order)
    view.flags.writeable = False
    return view


def reformat(stack: Stack, axis: int, key: str) -> Stack:
    """One of the two orthogonal reformats.

    Parameters
    ----------
    stack : Stack
        `refusal` must be ``""``.
    axis : int
        `ACROSS_ROWS` or `ACROSS_COLUMNS`.
    key : str
        Series key of the new stack.

    Returns
    -------
    Stack
        Slices ascend along the new normal; the volume is turned over along its slices so that they do.
    """
    source = stack.geometry
    assert source is not None
    slices, rows, columns = source.shape
    last = source.origins[-1]  # the volume is read from its last slice backward
    if axis == ACROSS_ROWS:
        count, step, spacing = rows, source.along_column, source.pixel_spacing[0]
        along_row, along_column = source.along_row, -source.normal
        shape = (rows, slices, columns)
        pixel = (source.slice_spacing, source.pixel_spacing[1])
    else:
        count, step, spacing = columns, source.along_row, source.pixel_spacing[1]
        along_row, along_column = -source.normal, source.along_column
        shape = (columns, rows, slices)
        pixel = (source.pixel_spacing[0], source.slice_spacing)
    origins = last + np.arange(count)[:, None] * (step * spacing)
    geometry = StackGeometry(
        shape, origins, along_row, along_column, pixel, spacing, source.frame_of_reference_uid
    )
    return Stack(
        key,
        across(stack.voxels, axis),
        stack.slope,
        stack.intercept,
        geometry,
        inverted=stack.inverted,
        tables=stack.tables,
    )
