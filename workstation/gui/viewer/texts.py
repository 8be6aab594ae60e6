"""Where the words over a picture stand: corner texts, letters at the edges, scale bar.

They are laid out once for what they say: while a reader scrolls only a number changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from workstation.gui.viewer.words import CENTRE, RIGHT, SHADOW, Words
from workstation.imaging.frame import Corners, ScaleBar
from workstation.imaging.placement import EdgeLetters

MARGIN = 8.0
TICK_PX = 3


@dataclass(frozen=True, slots=True)
class Texts:
    """All that is written over a picture.

    Attributes
    ----------
    warned : bool
        Leave room for the ⚠ of a series with warnings.
    """

    corners: Corners
    letters: EdgeLetters
    scale_bar: ScaleBar | None
    warned: bool


Placed = tuple[int, int, QImage]


@lru_cache(maxsize=1024)
def laid_out(
    texts: Texts, size: tuple[float, float], words: Words, rgb: int
) -> tuple[tuple[Placed, ...], float]:
    """The words as pictures with their places in a viewport of a size, and the width of the title."""
    (wide, high), height, colour = size, words.height, QColor.fromRgb(rgb)
    corners, letters = texts.corners, texts.letters
    placed: list[Placed] = []

    def put(x: float, top: float, text: str, align: float = 0.0) -> float:
        if text:
            placed.append(words.placed(x, top, text, colour, align))
        return words.width(text) if text else 0.0

    left, right = MARGIN, wide - MARGIN
    top, bottom = MARGIN, high - MARGIN - height
    slice_width = put(right, top, corners.top_right, RIGHT)
    room = wide - 3 * MARGIN - slice_width - (height if texts.warned else 0)
    title_width = put(left, top, words.elided(corners.top_left, room))
    width = put(left, bottom, corners.bottom_left)
    link_width = words.width(corners.bottom_right)
    if width + link_width + 3 * MARGIN >= wide:
        link_width = 0.0
    else:
        put(right, bottom, corners.bottom_right, RIGHT)
    centre, middle = wide / 2, high / 2 - height / 2
    bar_text = texts.scale_bar.text if texts.scale_bar is not None else ""
    if max(width, link_width) + 2 * MARGIN + words.width(bar_text) / 2 > centre:
        bottom -= height  # the words of a narrow viewport reach below the scale bar
    put(left, middle, letters.left)
    put(right, middle, letters.right, RIGHT)
    # On a line of their own, so that they never run into the corner text of a narrow tile.
    put(centre, top + height, letters.top, CENTRE)
    put(centre, bottom - height - 16, letters.bottom, CENTRE)
    if texts.scale_bar is not None:
        bar, y = texts.scale_bar, round(bottom - height + 4)
        length = round(bar.length_px)
        picture = _scale_bar(length, rgb, words.ratio)
        placed.append((round(centre - bar.length_px / 2) - TICK_PX, y - 2 * TICK_PX, picture))
        put(centre, y + 4, bar.text, CENTRE)
    return tuple(placed), title_width


@lru_cache(maxsize=64)
def _scale_bar(length: int, rgb: int, ratio: float) -> QImage:
    """A bar of so many pixels with a tick at each end, on a dark ground."""
    size = math.ceil((length + 2 * TICK_PX + 1) * ratio), math.ceil((4 * TICK_PX + 1) * ratio)
    picture = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    left, right, y = TICK_PX, TICK_PX + length, 2 * TICK_PX
    lines = [
        QLineF(left, y, right, y),
        QLineF(left, y - TICK_PX, left, y + TICK_PX),
        QLineF(right, y - TICK_PX, right, y + TICK_PX),
    ]
    painter = QPainter(picture)
    for pen in (QPen(SHADOW, 3), QPen(QColor.fromRgb(rgb), 1)):
        painter.setPen(pen)
        painter.drawLines(lines)
    painter.end()
    return picture


def draw(painter: QPainter, area: QRectF, placed: tuple[Placed, ...]) -> None:
    """Draw what `laid_out` found into the viewport that begins at the corner of `area`."""
    across, down = round(area.left()), round(area.top())
    for x, y, picture in placed:
        painter.drawImage(across + x, down + y, picture)
