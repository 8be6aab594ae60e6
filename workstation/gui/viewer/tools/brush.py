"""Tools that draw masks: brush, eraser, polygon, and a click that takes an island away."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from workstation.gui.viewer.mask_book import MaskBook
from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.palette import drawn_styles
from workstation.gui.viewer.tools.base import Pointer, PointerTool
from workstation.gui.viewer.tools.basic import CLICK_PX
from workstation.gui.viewer.words import SHADOW
from workstation.imaging.measurement import Point
from workstation.masks.editing.brush import BACKGROUND, Place, polygon, swept
from workstation.masks.editing.operations import island_erased

STEP_PX = 3.0
"""Screen pixels between the corners that a drag gives a polygon."""

ROUND = 8
"""So many corners without a pause are a drag that came back to where it began, not a click."""

CLOSE_PX = 9.0
"""A click so near the first corner closes a polygon."""


class MaskTool(PointerTool):
    """What the tools that draw masks share: where the mouse is, and why nothing can be drawn there."""

    did = ""
    needs_image = True

    def __init__(self, book: MaskBook) -> None:
        super().__init__(book.presenter)
        self.book = book
        self.at: Pointer | None = None
        self._is_chosen = False

    def choose(self) -> None:
        """Masks are shown: nobody draws what cannot be seen."""
        self._is_chosen = True
        self.presenter.set_hidden(hidden=False)

    def cancel(self) -> None:
        """Another tool: what was not finished is taken back."""
        self._is_chosen, self.at = False, None
        self.book.drop()
        self.book.say("")
        self.presenter.redraw()

    def forget(self) -> None:
        """Another case is shown."""
        self.at = None
        self.book.clear()

    def hover(self, at: Pointer) -> None:
        """The ring follows the mouse."""
        self._point(at)

    def leave(self) -> None:
        """No ring where no mouse is."""
        self._point(None)

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Why nothing can be drawn here, and what the tool shows at the mouse."""
        if not self._is_chosen:
            return
        if self.book.said and view.tile == self.presenter.active:
            view.say(painter, self.book.said)
        if self.at is not None and self.at.tile == view.tile:
            self.paint_hand(painter, view, self.at)

    def paint_hand(self, painter: QPainter, view: TileView, at: Pointer) -> None:
        """What is at the mouse."""

    def label_of(self, at: Pointer) -> int:
        """The label to paint: none while Ctrl is held."""
        erases = at.modifiers & Qt.KeyboardModifier.ControlModifier
        return BACKGROUND if erases else self.book.hand.label

    def _point(self, at: Pointer | None) -> None:
        touched = {one.tile for one in (self.at, at) if one is not None}
        self.at = at
        if touched:
            self.presenter.changed.emit(touched)


class BrushTool(MaskTool):
    """A disc or ball of true size that paints where it is moved."""

    id, title, did = "brush", "Brush", "brush"
    tip = "Draw a mask; hold Ctrl to erase, Alt and wheel change the size"

    def __init__(self, book: MaskBook) -> None:
        super().__init__(book)
        self._last: tuple[str, Place] | None = None
        self._label = BACKGROUND

    def press(self, at: Pointer) -> None:
        """Paint where the mouse is."""
        self._label = self.label_of(at)
        self._last = self.book.place_at(at.tile, at.across, at.down)
        self._sweep(at)

    def move(self, at: Pointer) -> None:
        """Paint from the last place to this one."""
        self._sweep(at)

    def release(self, at: Pointer) -> None:
        """Keep the stroke."""
        self._sweep(at)
        self._last = None
        self.book.finish(self.did if self._label != BACKGROUND else "eraser")

    def double_click(self, at: Pointer) -> bool:
        """Dabs in quick succession: each one paints."""
        self.press(at)
        self.release(at)
        return True

    def cancel(self) -> None:
        """The stroke under way is taken back."""
        self._last = None
        super().cancel()

    def wheel(self, at: Pointer, notches: int) -> bool:
        """Another size."""
        from workstation.gui.viewer.drawing import resized

        self.at = at
        self.book.set_hand(size_mm=resized(self.book.hand.size_mm, notches))
        return True

    def paint_hand(self, painter: QPainter, view: TileView, at: Pointer) -> None:
        """A ring of the brush's true size; dashed where it erases, with a dot where it is a ball."""
        radius = max(self.book.hand.size_mm / 2 * view.frame.placement.scale, 1.0)
        middle = QPointF(at.across, at.down)
        label = self.label_of(at)
        colour = QColor(view.palette.text)
        if label != BACKGROUND:
            colour = QColor.fromRgb(drawn_styles(view.palette)[label].color)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(SHADOW, 3), QPen(colour, 1.2)):
            if label == BACKGROUND:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawEllipse(middle, radius, radius)
            if self.book.hand.in_3d:
                painter.drawEllipse(middle, 1.5, 1.5)

    def _sweep(self, at: Pointer) -> None:
        last = self._last
        here = self.book.place_at(at.tile, at.across, at.down) if last is not None else None
        self._point(at)
        if last is None or here is None:
            return
        if (here[0], here[1].slice_index) != (last[0], last[1].slice_index):
            last = here  # the slice changed under the hand: the way goes on from here
        hand = self.book.hand
        labels, geometry = self.book.grid_of(here[0])
        change = swept(
            labels, geometry, last[1], here[1], hand.size_mm / 2, self._label,
            in_3d=hand.in_3d, within=self.book.within(here[0]) if self._label != BACKGROUND else None,
        )  # fmt: skip
        self._last = here
        self.book.paint(here[0], change)


class EraserTool(BrushTool):
    """A brush that takes every label away."""

    id, title, did = "eraser", "Eraser", "eraser"
    tip = "Take a mask away, whatever its label; Alt and wheel change the size"

    def label_of(self, at: Pointer) -> int:  # noqa: ARG002 - it always erases
        """Nothing."""
        return BACKGROUND


class PolygonTool(MaskTool):
    """Corners by clicks, or an outline by a drag; it closes near its first corner or by a double click."""

    id, title, did = "polygon", "Polygon", "polygon"
    tip = "Draw a mask by its outline: click corners or drag; double click closes, Ctrl cuts out"

    def __init__(self, book: MaskBook) -> None:
        super().__init__(book)
        self._corners: list[Point] = []
        self._where: tuple[int, str, int] | None = None  # viewport, series, slice
        self._start: Pointer | None = None

    def press(self, at: Pointer) -> None:
        """A corner; near the first one the outline closes."""
        target, position = self.book.target(at.tile), self._position(at)
        if target is None or position is None:
            return
        if self._where != (at.tile, *target):
            self._corners, self._where = [], (at.tile, *target)
        if len(self._corners) > 2 and self._is_near_first(at):
            self._close(at)
            return
        self._corners.append(position)
        self._start = at
        self._point(at)

    def move(self, at: Pointer) -> None:
        """A drag gives corner after corner."""
        position = self._position(at)
        if self._start is None or position is None or not self._corners:
            return
        last = self.presenter.screen_point(at.tile, *self._corners[-1])
        if math.dist(last, (at.across, at.down)) >= STEP_PX:
            self._corners.append(position)
        self._point(at)

    def release(self, at: Pointer) -> None:
        """The end of a drag closes the outline; a click waits for the next."""
        start, self._start = self._start, None
        if start is None:
            return
        is_click = math.dist((start.across, start.down), (at.across, at.down)) <= CLICK_PX
        if len(self._corners) > (ROUND if is_click else 2):
            self._close(at)

    def double_click(self, at: Pointer) -> bool:
        """Close the outline."""
        if len(self._corners) > 2:
            self._close(at)
        return True

    def cancel(self) -> None:
        """The outline that is not closed is left."""
        self._drop()
        super().cancel()

    def forget(self) -> None:
        """Another case is shown."""
        self._drop()
        super().forget()

    def paint_hand(self, painter: QPainter, view: TileView, at: Pointer) -> None:
        """The corners so far and the line to the mouse."""
        content = self.presenter.content(view.tile)
        here = (view.tile, content.series.key, view.slice_index) if content is not None else None
        if not self._corners or here != self._where:
            return
        line = [view.to_screen(*corner) for corner in self._corners]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(SHADOW, 3), QPen(QColor(view.palette.accent), 1.2)):
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([*line, QPointF(at.across, at.down)]))
            painter.drawEllipse(line[0], 4.0, 4.0)

    def _position(self, at: Pointer) -> Point | None:
        return self.presenter.image_position(at.tile, at.across, at.down)

    def _is_near_first(self, at: Pointer) -> bool:
        first = self.presenter.screen_point(at.tile, *self._corners[0])
        return math.dist(first, (at.across, at.down)) <= CLOSE_PX

    def _close(self, at: Pointer) -> None:
        corners, where = self._corners, self._where
        self._drop()
        target = self.book.target(at.tile)
        if where is not None and target is not None and where == (at.tile, *target):
            labels, _ = self.book.grid_of(target[0])
            label = self.label_of(at)
            within = self.book.within(target[0]) if label != BACKGROUND else None
            self.book.keep(target[0], polygon(labels, target[1], corners, label, within=within), self.did)
        self._point(at)

    def _drop(self) -> None:
        self._corners, self._where, self._start = [], None, None


class IslandTool(MaskTool):
    """A click takes away the connected piece under it."""

    id, did = "island", "erase island"
    tip = "Click a piece of a mask that is not connected to the rest to take it away"

    def release(self, at: Pointer) -> None:
        """Take it away."""
        place = self.book.place_at(at.tile, at.across, at.down)
        if place is not None:
            labels, _ = self.book.grid_of(place[0])
            change = island_erased(labels, place[1], in_3d=self.book.hand.in_3d)
            if not self.book.keep(place[0], change, self.did):
                self.book.say("Nothing is marked here")

    def double_click(self, at: Pointer) -> bool:  # noqa: ARG002 - the first click did it
        """No viewport fills the grid by it."""
        return True


BRUSHES: tuple[type[MaskTool], ...] = (BrushTool, EraserTool, PolygonTool, IslandTool)
"""In the order of their buttons."""
