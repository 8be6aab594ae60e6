"""What may be drawn over the picture of a viewport, between its masks and its corner texts.

An overlay painter is any object with `paint`; the grid asks each in turn for every viewport it draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QTransform

from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.words import CENTRE, Words
from workstation.imaging.frame import Frame
from workstation.imaging.geometry import StackGeometry


@dataclass(frozen=True, slots=True, eq=False)
class TileView:
    """One viewport while it is painted: what it shows and where a point of the patient comes to lie.

    Attributes
    ----------
    tile : int
        Index of the viewport.
    transform : QTransform
        From image coordinates (x along columns, y along rows, the first pixel covers 0 to 1) to the
        viewport; turns, mirrors and zoom are in it.
    """

    presenter: ViewerPresenter
    tile: int
    frame: Frame
    transform: QTransform
    words: Words
    palette: ViewerPalette

    def say(self, painter: QPainter, sentence: str) -> None:
        """Draw a sentence across the lower part, in as many lines as it needs."""
        wide, high = self.presenter.sizes[self.tile]
        lines = [""]
        for word in sentence.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.words.width(longer) > wide - 16:
                lines.append(word)
            else:
                lines[-1] = longer
        for number, line in enumerate(lines):
            shown, top = self.words.elided(line, wide - 16), high * 0.75 + number * self.words.height
            self.words.draw(painter, wide / 2, top, shown, QColor(self.palette.attention), CENTRE)

    @property
    def series_key(self) -> str:
        """What hangs here."""
        return self.presenter.states[self.tile].series_key

    @property
    def slice_index(self) -> int:
        """The slice that is shown."""
        return self.frame.slice_index

    @property
    def geometry(self) -> StackGeometry | None:
        """Where its slices are; None for time series, unknown positions and while they are being read."""
        return self.presenter.linkable(self.tile)

    def to_screen(self, x: float, y: float) -> QPointF:
        """Viewport position of an image position."""
        return self.transform.map(QPointF(x, y))

    def point_to_screen(self, point: ArrayLike) -> QPointF | None:
        """Viewport position of an LPS point projected on the slice shown; None without a geometry."""
        geometry = self.geometry
        if geometry is None:
            return None
        row, column = geometry.in_plane(point, self.frame.slice_index)
        return self.to_screen(column + 0.5, row + 0.5)


class OverlayPainter(Protocol):
    """Draws over the picture of a viewport."""

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Draw; the painter is antialiased, in viewport coordinates, and its pen and brush are free."""
