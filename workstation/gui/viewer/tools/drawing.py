"""Tools that draw marks: length, angle, regions, and notes."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import Qt

from workstation.gui.viewer.mark_book import MarkBook
from workstation.gui.viewer.tools.base import Pointer, PointerTool
from workstation.gui.viewer.tools.basic import CLICK_PX
from workstation.imaging.measurement import POINTS, Mark, Point, Shape
from workstation.imaging.roi import thinned

STEP_PX = 2.0
"""Screen pixels between points of a freehand outline."""

THIN_PX = 0.15
"""Image pixels that an outline may be off after thinning."""


class DrawTool(PointerTool):
    """A shape of so many points: drag from one to the next, or click each of them."""

    shape = Shape.LENGTH
    needs_image = True

    def __init__(self, book: MarkBook) -> None:
        super().__init__(book.presenter)
        self.book = book

    def choose(self) -> None:
        """Outlines of other marks no longer take the mouse; handles do."""
        self.book.is_drawing = True

    def cancel(self) -> None:
        """Leave the shape that is not finished."""
        self.book.is_drawing = False
        self.book.say("")
        self._drop()

    def forget(self) -> None:
        """Another case is shown."""
        self._drop()

    def press(self, at: Pointer) -> None:
        """The first point, or the one that a click adds."""
        if self._draft(at) is None:
            point = self.point(at)
            made = None if point is None else self.book.new_mark(at.tile, self.shape, (point, point))
            self.book.select("")
            self.book.set_draft(made)
        else:
            self._put_last(at)

    def move(self, at: Pointer) -> None:
        """The point in hand follows."""
        self._put_last(at)

    def hover(self, at: Pointer) -> None:
        """The point in hand follows between two clicks, too."""
        if self.book.draft is not None and self._draft(at) is None:
            self._drop()  # the slice changed, or the mouse is in another viewport
        self._put_last(at)

    def release(self, at: Pointer) -> None:
        """A drag or a second click sets the point; a first click waits for the next."""
        self._put_last(at)
        draft = self._draft(at)
        if draft is not None and not self._is_one_click(draft, at):
            self._set_point(draft)

    def double_click(self, at: Pointer) -> bool:
        """Two quick clicks are two clicks."""
        self.press(at)
        self.release(at)
        return True

    def point(self, at: Pointer) -> Point | None:
        """Image position of the mouse, held inside the picture; None where there is none."""
        return self.presenter.image_point(at.tile, at.across, at.down)

    # --- private ---------------------------------------------------------------------------------

    def _set_point(self, draft: Mark) -> None:
        if len(draft.points) < (POINTS.get(self.shape) or 0):
            self.book.set_draft(replace(draft, points=(*draft.points, draft.points[-1])))
            return
        self.book.set_draft(None)
        self.book.keep(draft)

    def _put_last(self, at: Pointer) -> None:
        draft, point = self._draft(at), self.point(at)
        if draft is not None and point is not None:
            self.book.set_draft(self.book.measured(replace(draft, points=(*draft.points[:-1], point))))

    def _draft(self, at: Pointer) -> Mark | None:
        """What is being drawn on the picture that the viewport shows now."""
        draft = self.book.draft
        if draft is None:
            return None
        here = (draft.series_key, draft.sop_instance_uid, draft.frame) == self.book.place_of(at.tile)
        return draft if here and draft.shape is self.shape else None

    def _is_one_click(self, draft: Mark, at: Pointer) -> bool:
        one, two = (self.presenter.screen_point(at.tile, *point) for point in draft.points[-2:])
        return math.dist(one, two) <= CLICK_PX

    def _drop(self) -> None:
        if self.book.draft is not None:
            self.book.set_draft(None)


class LengthTool(DrawTool):
    """A line from here to there."""

    id, title, tip = "length", "Length", "Length in mm: drag, or click both ends"
    shape = Shape.LENGTH


class AngleTool(DrawTool):
    """Two arms that meet."""

    id, title, tip = "angle", "Angle", "Angle: click the end of one arm, the corner, the end of the other"
    shape = Shape.ANGLE


class RectangleTool(DrawTool):
    """A box with statistics."""

    id, title = "rectangle", "Rectangle"
    tip = "Rectangle: area, mean, SD, lowest and highest value, number of pixels"
    shape = Shape.RECTANGLE


class EllipseTool(DrawTool):
    """An ellipse with statistics; a circle while Ctrl is held."""

    id, title = "ellipse", "Ellipse"
    tip = "Ellipse: area, mean, SD, lowest and highest value; hold Ctrl for a circle"
    shape = Shape.ELLIPSE

    def _put_last(self, at: Pointer) -> None:
        super()._put_last(at)
        draft = self._draft(at)
        if draft is not None and at.modifiers & Qt.KeyboardModifier.ControlModifier:
            tall, wide = self.presenter.pixel_size(at.tile)
            (x0, y0), (x1, y1) = draft.points
            across = max(abs(x1 - x0) * wide, abs(y1 - y0) * tall)
            corner = (
                x0 + math.copysign(across / wide, x1 - x0),
                y0 + math.copysign(across / tall, y1 - y0),
            )
            self.book.set_draft(self.book.measured(replace(draft, points=((x0, y0), corner))))


class FreehandTool(DrawTool):
    """An outline drawn by hand; it closes where the button goes up."""

    id, title, tip = "freehand", "Outline", "Outline drawn by hand: area, mean, SD, lowest and highest value"
    shape = Shape.FREEHAND

    def press(self, at: Pointer) -> None:
        """A new outline."""
        self._drop()
        super().press(at)

    def move(self, at: Pointer) -> None:
        """Another corner, a little away from the last."""
        draft, point = self._draft(at), self.point(at)
        if draft is None or point is None:
            return
        last = self.presenter.screen_point(at.tile, *draft.points[-1])
        if math.dist(last, (at.across, at.down)) >= STEP_PX:
            self.book.set_draft(replace(draft, points=(*draft.points, point)))

    def hover(self, at: Pointer) -> None:
        """Nothing happens between two outlines."""

    def release(self, at: Pointer) -> None:  # noqa: ARG002 - the outline knows where it ended
        """Close the outline and keep it."""
        draft = self.book.draft
        self._drop()
        if draft is not None and len(draft.points) > 3:
            self.book.keep(replace(draft, points=thinned(draft.points[1:], THIN_PX)))


class TextTool(DrawTool):
    """A note at a place."""

    id, title, tip = "text", "Note", "Write a note at a place of the picture"
    shape = Shape.TEXT

    def press(self, at: Pointer) -> None:
        """Nothing until the button goes up."""

    def release(self, at: Pointer) -> None:
        """Ask for the words."""
        point = self.point(at)
        if point is not None and self.book.new_mark(at.tile, self.shape) is not None:
            self.book.text_wanted.emit(at.tile, point)


DRAWING: tuple[type[DrawTool], ...] = (
    LengthTool,
    AngleTool,
    RectangleTool,
    EllipseTool,
    FreehandTool,
    TextTool,
)
"""In the order of their buttons."""
