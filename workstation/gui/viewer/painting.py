"""Draws a frame with a QPainter: pixels once, then lines, letters, text and badges on top."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from workstation.gui.viewer.kept_pictures import KeptPictures
from workstation.gui.viewer.outline_painting import OutlinePainter
from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.texts import MARGIN, Texts, draw, laid_out
from workstation.gui.viewer.words import CENTRE, Words
from workstation.imaging.frame import Frame

DIMMED = QColor(0, 0, 0, 150)
NEAR_PX = 4


class FramePainter:
    """Draws frames in one palette."""

    def __init__(self, palette: ViewerPalette) -> None:
        self.palette = palette
        self._background = QColor(palette.background)
        self._text = QColor(palette.text)
        self._attention = QColor(palette.attention)
        self._outlines = OutlinePainter()

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        frame: Frame,
        image: QImage,
        words: Words,
        *,
        kept: KeptPictures | None = None,
        warned: bool = False,
        over: Callable[[QPainter, QTransform], None] | None = None,
    ) -> None:
        """Draw everything of a viewport but its border.

        `image` wraps ``frame.pixels``; `kept` are the pictures that the viewport has ready; `warned` shows
        the ⚠ of a series with warnings; `over` draws what lies between the masks and the corner texts,
        given the map from image to viewport.
        """
        draw = partial(self._paint_picture, area=area, frame=frame, image=image)
        if kept is None:
            draw(painter, False)
        else:
            kept.paint(painter, area, frame, self._background.rgb(), draw)
        if over is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            over(painter, QTransform(*frame.placement.matrix))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_texts(painter, area, frame, warned, words)

    def get_ready(self, kept: KeptPictures, area: QRectF, ratio: float, frame: Frame, image: QImage) -> None:
        """Draw now what a viewport on a screen of so many pixels to the point probably shows next."""
        draw = partial(self._paint_picture, area=area, frame=frame, image=image)
        kept.get_ready(area, ratio, frame, self._background.rgb(), draw)

    def _paint_picture(
        self, painter: QPainter, is_framed: bool, area: QRectF, frame: Frame, image: QImage
    ) -> None:
        transform = paint_pixels(painter, area, frame, image, self._background, is_framed=is_framed)
        if frame.dimmed:
            painter.fillRect(area, DIMMED)
        if frame.outlines:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            self._outlines.paint(painter, area, frame, transform)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_texts(self, painter: QPainter, area: QRectF, frame: Frame, warned: bool, words: Words) -> None:
        said = Texts(frame.corners, frame.letters, frame.scale_bar, warned)
        placed, title_width = laid_out(said, (area.width(), area.height()), words, self._text.rgb())
        draw(painter, area, placed)
        if warned:
            paint_warning(painter, warning_box(area, words.height, title_width), self._attention)
        down = area.top() + MARGIN + words.height * 2 + 4
        for badge in frame.badges:
            colour = self._attention if badge.kind == "attention" else self._text
            down = paint_badge(painter, QPointF(area.center().x(), down), badge.text, colour, words)


def paint_pixels(
    painter: QPainter,
    area: QRectF,
    frame: Frame,
    image: QImage,
    background: QColor,
    *,
    is_framed: bool = False,
) -> QTransform:
    """Draw the picture of a frame and fill what it leaves; returns the map from image to viewport.

    Where the background is there already only a narrow strip around the picture is filled, which outlines
    at its edge may have reached.
    """
    is_whole = painter.device().devicePixelRatioF().is_integer()
    transform, around, near = _place(
        frame.placement.matrix, image.width(), image.height(), area.getRect(), is_whole
    )
    for strip in near if is_framed else around:
        painter.fillRect(strip, background)
    painter.setTransform(transform, True)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(0, 0, image)
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    return transform


@lru_cache(maxsize=128)  # the same for every slice while a reader scrolls
def _place(
    matrix: tuple[float, float, float, float, float, float],
    wide: int,
    high: int,
    area: tuple[float, float, float, float],
    is_whole: bool,
) -> tuple[QTransform, tuple[QRect, ...], tuple[QRect, ...]]:
    """The map from image to viewport, and the rectangles around the picture; they reach under its rim.

    The last are what of them is near the picture.

    Filling the whole viewport first would cost a fifth more.
    """
    transform, whole = QTransform(*matrix), QRectF(*area).toAlignedRect()
    seen = transform.mapRect(QRectF(0, 0, wide, high))
    left, top = math.ceil(seen.left() + 0.999), math.ceil(seen.top() + 0.999)
    right, bottom = math.floor(seen.right() - 0.999), math.floor(seen.bottom() - 0.999)
    if is_whole:  # a picture that ends with the viewport leaves no rim
        right = whole.right() + 1 if abs(seen.right() - area[0] - area[2]) < 1e-6 else right
        bottom = whole.bottom() + 1 if abs(seen.bottom() - area[1] - area[3]) < 1e-6 else bottom
        left = whole.left() if abs(seen.left() - area[0]) < 1e-6 else left
        top = whole.top() if abs(seen.top() - area[1]) < 1e-6 else top
    inner = QRect(QPoint(left, top), QPoint(right - 1, bottom - 1)) & whole
    if inner.isEmpty():
        return transform, (whole,), (whole,)
    strips = (
        QRect(whole.left(), whole.top(), whole.width(), inner.top() - whole.top()),
        QRect(whole.left(), inner.bottom() + 1, whole.width(), whole.bottom() - inner.bottom()),
        QRect(whole.left(), inner.top(), inner.left() - whole.left(), inner.height()),
        QRect(inner.right() + 1, inner.top(), whole.right() - inner.right(), inner.height()),
    )
    around = tuple(strip for strip in strips if not strip.isEmpty())
    reach = inner.adjusted(-NEAR_PX, -NEAR_PX, NEAR_PX, NEAR_PX)
    return transform, around, tuple(strip & reach for strip in around)


def warning_box(area: QRectF, height: float, title_width: float) -> QRectF:
    """Where the ⚠ of a series stands: after its title."""
    side = height - 2
    return QRectF(area.left() + MARGIN + title_width + 6, area.top() + MARGIN, side, side)


def paint_warning(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """A triangle with an exclamation mark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = box.adjusted(1.5, 1.5, -1.5, -1.5)
    painter.drawPolygon(
        QPolygonF([QPointF(inner.center().x(), inner.top()), inner.bottomRight(), inner.bottomLeft()])
    )
    x = inner.center().x()
    painter.drawLine(QLineF(x, inner.top() + inner.height() * 0.42, x, inner.bottom() - 4.5))
    painter.drawPoint(QPointF(x, inner.bottom() - 2.2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_badge(painter: QPainter, top_centre: QPointF, text: str, colour: QColor, words: Words) -> float:
    """A word in a thin frame; returns where the next one may begin."""
    width = words.width(text) + 16
    box = QRectF(top_centre.x() - width / 2, top_centre.y(), width, words.height + 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(box, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    words.draw(painter, top_centre.x(), box.top() + 3, text, colour, CENTRE)
    return box.bottom() + 4


def wrap(pixels: NDArray[np.uint32]) -> QImage:
    """A QImage over an RGB32 buffer, without a copy; the buffer must outlive it."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
