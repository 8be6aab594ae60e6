"""What the mouse means in a viewport: drags, wheel and clicks as moves of the presenter."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from workstation.gui.viewer.presenter import Point, ViewerPresenter

WHEEL_STEP = 120
"""Angle of one notch, eighths of a degree; trackpads send less at a time, which adds up."""

CLICK_PX = 4.0
ZOOM_PER_PX = 0.01
ZOOM_PER_NOTCH = 1.15


class Tool(StrEnum):
    """What the left button does."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    POINT = "point"


class Gestures:
    """Turns mouse events of any viewport into moves.

    Parameters
    ----------
    presenter : ViewerPresenter
    on_click : callable
        Called with (viewport, LPS point) when the left button clicks with the point tool.
    """

    def __init__(self, presenter: ViewerPresenter, on_click: Callable[[int, Point], None]) -> None:
        self.tool = Tool.WINDOW
        self._presenter = presenter
        self._on_click = on_click
        self._drag: Tool | None = None
        self._button = Qt.MouseButton.NoButton
        self._start = self._last = QPointF()
        self._anchor = (0.0, 0.0)
        self._turned = 0

    @property
    def is_dragging(self) -> bool:
        """True between press and release."""
        return self._button != Qt.MouseButton.NoButton

    def press(self, tile: int, event: QMouseEvent) -> None:
        """Remember where and with what a drag begins."""
        if self.is_dragging:
            return
        by_button = {
            Qt.MouseButton.LeftButton: self.tool,
            Qt.MouseButton.MiddleButton: Tool.PAN,
            Qt.MouseButton.RightButton: Tool.ZOOM,
        }
        self._drag = by_button.get(event.button())
        self._button = event.button() if self._drag else Qt.MouseButton.NoButton
        self._start = self._last = event.position()
        self._anchor = self._presenter.in_plane_mm(tile, self._last.x(), self._last.y())

    def move(self, tile: int, event: QMouseEvent) -> None:
        """A drag, or the 3-D cursor while Shift is held without a button."""
        at = event.position()
        if not self.is_dragging:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._presenter.point_cursor(tile, self._presenter.point_at(tile, at.x(), at.y()))
            else:
                self._presenter.point_cursor(tile, None)
            return
        right, down = at.x() - self._last.x(), at.y() - self._last.y()
        self._last = at
        if self._drag == Tool.WINDOW:
            self._presenter.drag_window(tile, right, down)
        elif self._drag == Tool.PAN:
            self._presenter.pan(tile, right, down)
        elif self._drag == Tool.ZOOM:
            self._presenter.zoom(tile, math.exp(-down * ZOOM_PER_PX), self._anchor)

    def release(self, tile: int, event: QMouseEvent) -> None:
        """End the drag; a press that did not move is a click."""
        if event.button() != self._button:
            return
        moved = event.position() - self._start
        if self._drag == Tool.POINT and math.hypot(moved.x(), moved.y()) <= CLICK_PX:
            point = self._presenter.point_at(tile, self._start.x(), self._start.y())
            if point is not None:
                self._on_click(tile, point)
        self.forget()

    def forget(self) -> None:
        """No drag is going on any more."""
        self._drag, self._button = None, Qt.MouseButton.NoButton

    def wheel(self, tile: int, event: QWheelEvent) -> None:
        """Whole notches move slices; with Ctrl every bit zooms."""
        angle = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = event.position()
            anchor = self._presenter.in_plane_mm(tile, at.x(), at.y())
            self._presenter.zoom(tile, ZOOM_PER_NOTCH ** (angle / WHEEL_STEP), anchor)
            return
        if angle * self._turned < 0:
            self._turned = 0  # the hand turned round: do not first take back what was left over
        self._turned += angle
        notches = int(self._turned / WHEEL_STEP)
        if notches:
            self._turned -= notches * WHEEL_STEP
            self._presenter.scroll(tile, -notches)
