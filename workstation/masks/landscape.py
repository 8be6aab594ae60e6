"""Where bone ends on one slice: a landscape whose ridges are the thin dark lines of cortex.

Marrow, suppressed or not, is parted from fat, muscle, cartilage and fluid by cortex and subchondral plate:
a line a few pixels wide and darker than both its sides. A black top-hat finds such lines whatever lies beside
them, and is blind to the edge of a lesion, which is a step and not a line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TEXTURE = 0.06
"""Relative depth of line that the texture of healthy marrow makes; project value, unvalidated."""

STEP = 0.35
"""Weight of a step between two tissues: enough to stop a flood where partial volume hides the cortex, less
than the barrier that parts a lesion from its bone; project value, unvalidated."""

Slice = NDArray[np.float32]
Region = NDArray[np.bool_]


def disk(radius_mm: float, pixel_spacing: tuple[float, float]) -> Region:
    """A round structuring element of a radius in mm, at least one pixel."""
    reach = [max(1, round(radius_mm / spacing)) for spacing in pixel_spacing]
    row, column = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return np.asarray((row / (reach[0] + 0.3)) ** 2 + (column / (reach[1] + 0.3)) ** 2 <= 1)


def ridges(
    image: Slice, pixel_spacing: tuple[float, float], width_mm: float, noise: float, step_weight: float = STEP
) -> Slice:
    """Relative depth of dark lines up to `width_mm` wide, 0 to about 1; plain steps count a little.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Real values, lightly smoothed.
    noise : float
        Standard deviation of the noise left in `image`. What noise and texture make everywhere is flat
        ground: there a flood spreads by distance alone.
    step_weight : float
        What a plain step between two tissues counts.
    """
    from scipy import ndimage

    closed = ndimage.grey_closing(image, footprint=disk(width_mm / 2, pixel_spacing))
    depth = (closed - image - np.float32(2.5 * noise)) / (closed + np.float32(noise) + np.float32(1e-6))
    highest = ndimage.grey_dilation(image, size=(3, 3))
    step = highest - ndimage.grey_erosion(image, size=(3, 3)) - np.float32(3 * noise)
    step *= np.float32(step_weight) / (highest + np.float32(noise) + np.float32(1e-6))
    return np.asarray(np.maximum(np.maximum(depth, step) - np.float32(TEXTURE), 0), dtype=np.float32)


def noise_of(image: Slice) -> float:
    """Standard deviation of the noise of a slice (Immerkaer 1996: a mask blind to slopes and edges).

    Pixels without signal are left out, since many scanners blank them.
    """
    from scipy import ndimage

    mask = np.asarray([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = np.abs(ndimage.convolve(image, mask))[image > 0]
    return float(np.median(response) / (6 * 0.6745)) if response.size else 0.0


SMOOTHING_PIXELS = 0.8
SMOOTHED_NOISE = 0.35
"""Share of white noise that is left after `smooth`."""


def smooth(image: Slice, pixels: float = SMOOTHING_PIXELS) -> Slice:
    """Gaussian smoothing of one slice by a standard deviation in pixels."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(image, pixels), dtype=np.float32)


def body(image: Slice, level: float) -> Region:
    """Inside of the patient on a slice: brighter than `level`, without specks and holes.

    The image is thought to go on beyond its edges, so that a limb cut by an edge is not eaten there.
    """
    from scipy import ndimage

    inside = np.pad(image > level, 8, mode="edge")
    inside = ndimage.binary_opening(inside, iterations=2)
    inside = ndimage.binary_closing(inside, iterations=3)
    return np.asarray(ndimage.binary_fill_holes(inside)[8:-8, 8:-8])
