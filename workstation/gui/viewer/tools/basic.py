"""The tools every viewer has: window, pan, zoom, and a click on a point."""

from __future__ import annotations

import math
from collections.abc import Callable

from workstation.gui.viewer.hung import Point
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.tools.base import Pointer, PointerTool

CLICK_PX = 4.0
ZOOM_PER_PX = 0.01


class DragTool(PointerTool):
    """A tool that acts on each step of a drag."""

    def __init__(self, presenter: ViewerPresenter) -> None:
        super().__init__(presenter)
        self._last = Pointer(0, 0.0, 0.0)

    def press(self, at: Pointer) -> None:
        """Remember where the drag begins."""
        self._last = at

    def move(self, at: Pointer) -> None:
        """Act on the step since the last move."""
        right, down = at.across - self._last.across, at.down - self._last.down
        self._last = at
        self.drag(at.tile, right, down)

    def drag(self, tile: int, right: float, down: float) -> None:
        """One step of the drag, screen pixels."""
        raise NotImplementedError


class WindowTool(DragTool):
    """Right widens, down darkens."""

    id, title, tip = "window", "Window", "Drag: right widens, down darkens"

    def drag(self, tile: int, right: float, down: float) -> None:
        """Change the window."""
        self.presenter.drag_window(tile, right, down)


class PanTool(DragTool):
    """The picture follows the hand."""

    id, title, tip = "pan", "Pan", "Drag the picture; the middle button always does"

    def drag(self, tile: int, right: float, down: float) -> None:
        """Move the picture."""
        self.presenter.pan(tile, right, down)


class ZoomTool(DragTool):
    """Up enlarges, about the place where the drag began."""

    id, title, tip = "zoom", "Zoom", "Drag up to enlarge; the right button always does"

    def __init__(self, presenter: ViewerPresenter) -> None:
        super().__init__(presenter)
        self._anchor = (0.0, 0.0)

    def press(self, at: Pointer) -> None:
        """Remember the place that stays where it is."""
        super().press(at)
        self._anchor = self.presenter.in_plane_mm(at.tile, at.across, at.down)

    def drag(self, tile: int, right: float, down: float) -> None:  # noqa: ARG002 - only up and down count
        """Zoom."""
        self.presenter.zoom(tile, math.exp(-down * ZOOM_PER_PX), self._anchor)


class PointTool(PointerTool):
    """Tells the point of the patient that is clicked; a press that moves is no click."""

    id = "point"

    def __init__(self, presenter: ViewerPresenter, on_click: Callable[[int, Point], None]) -> None:
        super().__init__(presenter)
        self._on_click = on_click
        self._start = Pointer(0, 0.0, 0.0)

    def press(self, at: Pointer) -> None:
        """Remember where."""
        self._start = at

    def release(self, at: Pointer) -> None:
        """Tell the point if the mouse stayed."""
        start = self._start
        if math.hypot(at.across - start.across, at.down - start.down) <= CLICK_PX:
            point = self.presenter.point_at(start.tile, start.across, start.down)
            if point is not None:
                self._on_click(start.tile, point)
