"""Marks on the pictures: drawn in every viewport, taken hold of with whatever tool is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from workstation.gui.viewer.kept_lines import KeptLines, Layer
from workstation.gui.viewer.mark_book import MarkBook
from workstation.gui.viewer.mark_painting import handles_of, paint_marks
from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.tools.base import Pointer, PointerTool
from workstation.imaging.measurement import Mark, Point, Shape, marks_of, to_dict
from workstation.imaging.roi import polygon_of

HANDLE_REACH_PX, LINE_REACH_PX = 8.0, 5.0
ELLIPSE_STEPS = 48


class MarkTool(PointerTool):
    """Selects a mark where it is pressed, drags its handles or the whole of it, and draws all marks."""

    id = "mark"

    def __init__(self, book: MarkBook) -> None:
        super().__init__(book.presenter)
        self.book = book
        self._grip: tuple[Mark, int | None, Point] | None = None
        self._lines = KeptLines()

    def takes(self, at: Pointer) -> bool:
        """True on a handle of the selected mark, or on any mark unless another is being drawn."""
        if self.book.draft is not None:
            return False
        found = self._found(at)
        if found is None and self.book.selected and not self.book.is_drawing:
            self.book.select("")  # a press beside it lets it go
        return found is not None

    def press(self, at: Pointer) -> None:
        """Take hold."""
        found, point = self._found(at), self.presenter.image_position(at.tile, at.across, at.down)
        if found is None or point is None:
            return
        self.book.select(found[0].id)
        self._grip = (*found, point)

    def move(self, at: Pointer) -> None:
        """What is held follows."""
        point = self.presenter.image_position(at.tile, at.across, at.down)
        if self._grip is None or point is None:
            return
        mark, handle, start = self._grip
        shift = (point[0] - start[0], point[1] - start[1])
        moved = _moved(mark, handle, shift)
        if moved.points != mark.points:
            self.book.set_draft(self.book.measured(moved))

    def release(self, at: Pointer) -> None:  # noqa: ARG002 - the draft knows where it is
        """Keep what it has become; a shape that makes no sense stays as it was."""
        draft, self._grip = self.book.draft, None
        self.book.set_draft(None)
        if draft is not None and draft.id in self.book.marks:
            self.book.keep(draft)

    def cancel(self) -> None:
        """Let go: the mark stays as it was."""
        self._grip = None
        self.book.set_draft(None)

    def forget(self) -> None:
        """Another case is shown."""
        self._grip = None
        self.book.clear()

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Every mark of the picture."""
        self._paint_marks(painter, view, self.book.on_tile(view.tile))
        if self.book.said and self.book.is_drawing and view.tile == self.presenter.active:
            view.say(painter, self.book.said)

    def _paint_marks(self, painter: QPainter, view: TileView, marks: tuple[Mark, ...]) -> None:
        draft, area = self.book.draft, QRectF(0, 0, *self.presenter.sizes[view.tile])
        if not marks or draft in marks:  # what is being drawn is never the same again
            paint_marks(painter, view, marks, self.book.selected, draft)
            return
        selected = self.book.selected if any(one.id == self.book.selected for one in marks) else ""
        look = (id(marks), selected, view.words, view.palette.text, view.palette.accent)
        self._lines.paint(
            painter,
            area,
            Layer(
                view.frame.placement.matrix,
                look,
                marks,
                lambda to: paint_marks(to, view, marks, selected, None),
                lambda: area,
            ),
        )

    def kept(self) -> dict[str, Any]:
        """Which marks are hidden; and the marks, unless someone else keeps them."""
        kept: dict[str, Any] = {"hidden": sorted(self.book.hidden)} if self.book.hidden else {}
        if self.book.keeper is None and self.book.marks:
            kept["marks"] = {mark_id: to_dict(mark) for mark_id, mark in self.book.marks.items()}
        return kept

    def restore(self, values: Mapping[str, Any]) -> None:
        """Bring back what `kept` told."""
        hidden, marks = values.get("hidden"), values.get("marks")
        if isinstance(hidden, list):
            self.book.hidden = frozenset(str(one) for one in hidden)
        if isinstance(marks, dict) and self.book.keeper is None:
            self.book.show(marks_of({key: one for key, one in marks.items() if isinstance(one, dict)})[0])
        self.book.changed.emit()

    # --- private ---------------------------------------------------------------------------------

    def _found(self, at: Pointer) -> tuple[Mark, int | None] | None:
        """The mark under the mouse, and which of its handles; the selected one first."""
        marks = [one for one in self.book.on_tile(at.tile) if one.shape is not Shape.KEY]
        marks.sort(key=lambda one: one.id != self.book.selected)
        for mark in marks:
            if mark.id != self.book.selected:
                continue
            for number, handle in enumerate(handles_of(mark)):
                if self._distance(at, handle) <= HANDLE_REACH_PX:
                    return mark, number
        if self.book.is_drawing:
            return None
        for mark in marks:
            if self._line_distance(at, mark) <= LINE_REACH_PX:
                return mark, None
        return None

    def _distance(self, at: Pointer, point: Point) -> float:
        return math.dist((at.across, at.down), self.presenter.screen_point(at.tile, *point))

    def _line_distance(self, at: Pointer, mark: Mark) -> float:
        if mark.shape is Shape.TEXT:
            return self._distance(at, mark.points[0]) - HANDLE_REACH_PX + LINE_REACH_PX
        line = [self.presenter.screen_point(at.tile, *point) for point in _line_of(mark)]
        here = (at.across, at.down)
        return min(_to_segment(here, one, two) for one, two in pairwise(line))


def _line_of(mark: Mark) -> tuple[Point, ...]:
    """The line of a mark in image coordinates, closed where the shape is."""
    if mark.shape in (Shape.LENGTH, Shape.ANGLE):
        return mark.points
    if mark.shape is Shape.ELLIPSE:
        (x0, y0), (x1, y1) = mark.points
        turns = [math.tau * step / ELLIPSE_STEPS for step in range(ELLIPSE_STEPS + 1)]
        return tuple(
            ((x0 + x1) / 2 + (x1 - x0) / 2 * math.cos(turn), (y0 + y1) / 2 + (y1 - y0) / 2 * math.sin(turn))
            for turn in turns
        )
    corners = polygon_of(mark.shape, mark.points)
    return (*corners, corners[0])


def _moved(mark: Mark, handle: int | None, shift: Point) -> Mark:
    """A mark with one handle, or all of it, moved in the picture."""
    if handle is None:
        return replace(mark, points=tuple((x + shift[0], y + shift[1]) for x, y in mark.points))
    if mark.shape in (Shape.RECTANGLE, Shape.ELLIPSE):
        corners = polygon_of(Shape.RECTANGLE, mark.points)
        held, opposite = corners[handle], corners[(handle + 2) % 4]
        return replace(mark, points=(opposite, (held[0] + shift[0], held[1] + shift[1])))
    points = list(mark.points)
    points[handle] = (points[handle][0] + shift[0], points[handle][1] + shift[1])
    return replace(mark, points=tuple(points))


def _to_segment(point: Point, one: Point, two: Point) -> float:
    way = (two[0] - one[0], two[1] - one[1])
    size = way[0] ** 2 + way[1] ** 2
    part = ((point[0] - one[0]) * way[0] + (point[1] - one[1]) * way[1]) / size if size else 0.0
    part = min(max(part, 0.0), 1.0)
    return math.dist(point, (one[0] + part * way[0], one[1] + part * way[1]))
