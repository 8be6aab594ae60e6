"""Where the pixels of an image come to lie in a viewport: fit, scale, conventional orientation, flips.

Image coordinates are continuous: x along columns, y along rows, the first pixel covers 0 to 1. Viewport
coordinates are screen pixels from its top left corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry, Vector, direction_letters
from workstation.imaging.viewport import ViewportState

_CONVENTION = (
    # axis of the normal: what points right and what points down on the screen (LPS)
    ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),  # sagittal: anterior left, head up
    ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),  # coronal: patient right on the left, head up
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),  # axial: patient right on the left, anterior up
)


@dataclass(frozen=True, eq=False)
class Placement:
    """The map from image to viewport.

    Attributes
    ----------
    matrix : tuple of six float
        (m11, m12, m21, m22, dx, dy): X = m11·x + m21·y + dx, Y = m12·x + m22·y + dy, the order of a
        QTransform.
    scale : float
        Screen pixels per mm.
    turn : ndarray of float64, shape (2, 2)
        From (toward higher column, toward higher row) to (right, down); a rotation with or without
        mirror.
    """

    matrix: tuple[float, float, float, float, float, float]
    scale: float
    turn: NDArray[np.float64]

    def to_viewport(self, x: float, y: float) -> tuple[float, float]:
        """Screen position of an image position."""
        m11, m12, m21, m22, dx, dy = self.matrix
        return m11 * x + m21 * y + dx, m12 * x + m22 * y + dy

    def to_image(self, across: float, down: float) -> tuple[float, float]:
        """Image position (x, y) of a screen position; may lie outside the image."""
        m11, m12, m21, m22, dx, dy = self.matrix
        size = m11 * m22 - m12 * m21
        across, down = across - dx, down - dy
        return (m22 * across - m21 * down) / size, (m11 * down - m12 * across) / size

    def drag_in_plane(self, right: float, down: float) -> tuple[float, float]:
        """A drag in screen pixels as mm (toward higher column, toward higher row)."""
        along = self.turn.T @ np.array([right, down]) / self.scale
        return float(along[0]), float(along[1])


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """Which way the edges of the picture point in the patient; ``""`` where unknown."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def usable_spacing(spacing: tuple[float, float] | None) -> tuple[float, float]:
    """(row, column) spacing for drawing; square pixels where the file gives none that can be used."""
    if spacing is None or not all(math.isfinite(one) and one > 0 for one in spacing):
        return 1.0, 1.0
    return spacing


def fit_scale(
    image: tuple[int, int], spacing: tuple[float, float], size: tuple[float, float], turned: bool = False
) -> float:
    """Screen pixels per mm at which a whole image (rows, columns) fits a viewport (width, height)."""
    tall, wide = image[0] * spacing[0], image[1] * spacing[1]
    if turned:
        tall, wide = wide, tall
    return max(min(size[0] / wide, size[1] / tall), 1e-6)


def place(
    state: ViewportState,
    image: tuple[int, int],
    spacing: tuple[float, float],
    geometry: StackGeometry | None,
    size: tuple[float, float],
) -> Placement:
    """Where an image of (rows, columns) lies in a viewport of (width, height) screen pixels.

    The image hangs in the conventional orientation of its plane (axial and coronal with the patient's
    right on the left, sagittal with anterior on the left), then as the reader turned it.
    """
    return _placed(state.rotation, state.mirrored, state.scale, state.pan, image, spacing, geometry, size)


@lru_cache(maxsize=128)  # the same for every slice while a reader scrolls
def _placed(
    rotation: int,
    mirrored: bool,
    asked_scale: float | None,
    pan: tuple[float, float],
    image: tuple[int, int],
    spacing: tuple[float, float],
    geometry: StackGeometry | None,
    size: tuple[float, float],
) -> Placement:
    turn = _matrix(rotation, mirrored)
    if geometry is not None:
        turn = turn @ _matrix(*conventional_turn(geometry))
    scale = asked_scale or fit_scale(image, spacing, size, turned=abs(turn[0, 0]) < 0.5)
    linear = turn * scale @ np.diag([spacing[1], spacing[0]])
    middle = np.array([image[1] / 2 + pan[0] / spacing[1], image[0] / 2 + pan[1] / spacing[0]])
    shift = np.array([size[0] / 2, size[1] / 2]) - linear @ middle
    m11, m21, m12, m22 = (float(value) for value in linear.ravel())
    return Placement((m11, m12, m21, m22, float(shift[0]), float(shift[1])), scale, turn)


@lru_cache(maxsize=128)
def edge_letters(placement: Placement, geometry: StackGeometry | None) -> EdgeLetters:
    """Patient letters of the four edges; they follow every flip and rotation."""
    if geometry is None:
        return EdgeLetters()
    in_plane = np.column_stack([geometry.along_row, geometry.along_column]) @ placement.turn.T
    right, down = in_plane[:, 0], in_plane[:, 1]
    return EdgeLetters(
        direction_letters(-right), direction_letters(right), direction_letters(-down), direction_letters(down)
    )


@lru_cache(maxsize=256)
def conventional_turn(geometry: StackGeometry) -> tuple[int, bool]:
    """(quarter turns clockwise, mirrored) that bring a stored image into the convention of its plane.

    Scanners nearly always store it so and the answer is (0, False); research exports do not.
    """
    axis = int(np.argmax(np.abs(geometry.normal)))
    right, down = (np.array(direction) for direction in _CONVENTION[axis])
    in_plane: Vector = np.column_stack([geometry.along_row, geometry.along_column])

    def fitness(turns: int, mirrored: bool) -> float:
        shown = in_plane @ _matrix(turns, mirrored).T
        return float(shown[:, 0] @ right + shown[:, 1] @ down)

    best = max(((t, m) for m in (False, True) for t in range(4)), key=lambda way: fitness(*way))
    # An oblique stack half way between two orientations stays as it was stored.
    return best if fitness(*best) > fitness(0, False) + 0.5 else (0, False)


def _matrix(quarter_turns: int, mirrored: bool) -> NDArray[np.float64]:
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter_turns % 4]
    turn = np.array([[cosine, -sine], [sine, cosine]], dtype=np.float64)
    return turn @ np.diag([-1.0, 1.0]) if mirrored else turn
