"""Keeps lines and words over a picture as pixels while the picture stays in place.

Stroking the outlines or the marks of a slice takes as long as its picture. While a reader scrolls to and fro
only the slice changes, so the pixels of the lines are kept, and only they: some kilobytes for a slice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

KEPT_BYTES = 32 * 2**20
"""For the lines of sixteen viewports of forty slices."""

KEPT_PLACES = 64

Key = tuple[object, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """What lies over a picture.

    Attributes
    ----------
    matrix : tuple of float
        From image to viewport.
    look : tuple
        All else that what is drawn depends on; may hold the identity of objects that are `alive`.
    draw : callable
        Draws it with an antialiased painter in viewport coordinates.
    reach : callable
        The part of the viewport it can reach.
    """

    matrix: Key
    look: Key
    alive: object
    draw: Callable[[QPainter], None]
    reach: Callable[[], QRectF]


@dataclass(frozen=True, eq=False, slots=True)
class _Drawn:
    """Pixels of a layer: their box in device pixels, where in it, and ARGB there."""

    box: QRect
    where: NDArray[np.intp]
    colours: NDArray[np.uint32]
    alive: object

    @property
    def nbytes(self) -> int:
        return self.where.nbytes + self.colours.nbytes


class KeptLines:
    """Draws layers, and keeps the pixels of those that may come again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, _Drawn] = OrderedDict()
        self._places: OrderedDict[Key, None] = OrderedDict()
        self._bytes = 0
        self._canvas = np.zeros(0, dtype=np.uint32)  # always empty between two drawings

    def paint(self, painter: QPainter, area: QRectF, layer: Layer) -> None:
        """Draw a layer into a viewport that covers `area`."""
        device = painter.deviceTransform()
        ratio = device.m11()
        if not is_on_pixels(device):
            layer.draw(painter)  # kept pixels fit only on whole ones
            return
        place: Key = (layer.matrix, area.width(), area.height(), ratio)
        key = (place, layer.look)
        drawn = self._kept.get(key)
        if drawn is not None:
            self._kept.move_to_end(key)
        else:
            drawn = self._draw(area, layer, ratio)
            if self._was_here(place):  # a picture that is being zoomed or dragged never comes again
                self._keep(key, drawn)
        if len(drawn.where):
            self._put(painter, drawn, ratio)

    def _was_here(self, place: Key) -> bool:
        known = place in self._places
        self._places[place] = None
        self._places.move_to_end(place)
        if len(self._places) > KEPT_PLACES:
            self._places.popitem(last=False)
        return known

    def _keep(self, key: Key, drawn: _Drawn) -> None:
        self._kept[key] = drawn
        self._bytes += drawn.nbytes
        while self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes

    def _image(self, box: QRect) -> tuple[NDArray[np.uint32], QImage]:
        """An empty picture of the size of a box, and its pixels, in memory that is used again and again."""
        wide, high = box.width(), box.height()
        if wide * high > len(self._canvas):
            self._canvas = np.zeros(wide * high, dtype=np.uint32)
        pixels = self._canvas[: wide * high]
        return pixels, QImage(pixels.data, wide, high, wide * 4, QImage.Format.Format_ARGB32_Premultiplied)

    def _draw(self, area: QRectF, layer: Layer, ratio: float) -> _Drawn:
        reach = layer.reach() & area
        box = QRectF(reach.topLeft() * ratio, reach.size() * ratio).toAlignedRect()
        if reach.isEmpty() or box.isEmpty():
            return _Drawn(QRect(), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint32), layer.alive)
        pixels, image = self._image(box)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.translate(-box.x(), -box.y())
        painter.scale(ratio, ratio)
        painter.setClipRect(area)
        layer.draw(painter)
        painter.end()
        where = np.flatnonzero(pixels)
        colours = pixels[where]
        pixels[where] = 0
        return _Drawn(box, where, colours, layer.alive)

    def _put(self, painter: QPainter, drawn: _Drawn, ratio: float) -> None:
        pixels, image = self._image(drawn.box)
        pixels[drawn.where] = drawn.colours
        if ratio == 1.0:
            painter.drawImage(drawn.box.topLeft(), image)
        else:  # one pixel of the picture is one of the screen
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(drawn.box.topLeft(), image)
            painter.resetTransform()
        pixels[drawn.where] = 0


def is_on_pixels(device: QTransform) -> bool:
    """True when a viewport begins on a whole pixel of the screen."""
    return (
        device.m11() == device.m22() > 0
        and device.m12() == device.m21() == 0
        and device.dx() == round(device.dx())
        and device.dy() == round(device.dy())
    )
