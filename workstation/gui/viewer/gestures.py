"""What the mouse means in a viewport: which tool a button drives, and what the wheel does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.reformats import go_to_native
from workstation.gui.viewer.tools.base import Pointer, PointerTool

WHEEL_STEP = 120
"""Angle of one notch, eighths of a degree; trackpads send less at a time, which adds up."""

ZOOM_PER_NOTCH = 1.15


class Tool(StrEnum):
    """Names of the tools that the viewer itself knows; others have the name of their file."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    POINT = "point"


class Gestures:
    """Hands mouse events of any viewport to tools.

    Parameters
    ----------
    presenter : ViewerPresenter
    tools : mapping of str to PointerTool
        By name; may grow.
    """

    def __init__(self, presenter: ViewerPresenter, tools: Mapping[str, PointerTool]) -> None:
        self.tool: str = Tool.WINDOW
        self._presenter, self._tools = presenter, tools
        self._driven: PointerTool | None = None
        self._button = Qt.MouseButton.NoButton
        self._turned = 0

    @property
    def is_dragging(self) -> bool:
        """True between press and release."""
        return self._driven is not None

    def press(self, tile: int, event: QMouseEvent) -> None:
        """Let a tool begin: the chosen one with the left button, pan and zoom with the others."""
        if self.is_dragging:
            return
        at = pointer(tile, event)
        by_button = {
            Qt.MouseButton.LeftButton: self.tool,
            Qt.MouseButton.MiddleButton: Tool.PAN,
            Qt.MouseButton.RightButton: Tool.ZOOM,
        }
        name = by_button.get(event.button())
        if name is None:
            return
        self._driven, self._button = self._tools[name], event.button()
        if event.button() == Qt.MouseButton.LeftButton:
            self._driven = next((tool for tool in self._tools.values() if tool.takes(at)), self._driven)
        self._driven.press(at)

    def move(self, tile: int, event: QMouseEvent) -> None:
        """A step of the drag; without a button the 3-D cursor while Shift is held, else a hover."""
        at = pointer(tile, event)
        if self._driven is not None:
            self._driven.move(at)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._presenter.point_cursor(tile, self._presenter.point_at(tile, at.across, at.down))
        else:
            self._presenter.point_cursor(tile, None)
            self._tools[self.tool].hover(at)

    def release(self, tile: int, event: QMouseEvent) -> None:
        """End the drag."""
        if self._driven is None or event.button() != self._button:
            return
        driven = self._driven
        self.forget()
        driven.release(pointer(tile, event))

    def double_click(self, tile: int, event: QMouseEvent) -> bool:
        """Offer a double click to the chosen tool; what needs a true image goes to it from a reformat."""
        self.forget()
        at, tool = pointer(tile, event), self._tools[self.tool]
        if tool.needs_image and go_to_native(self._presenter, tile, at.across, at.down):
            tool.cancel()
            tool.choose()
            return True
        return tool.double_click(at)

    def forget(self) -> None:
        """No drag is going on any more."""
        self._driven, self._button = None, Qt.MouseButton.NoButton

    def wheel(self, tile: int, event: QWheelEvent) -> None:
        """Whole notches move slices; with Ctrl every bit zooms."""
        # With Alt held, Qt tells the wheel as one that turns sideways.
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
            place = Pointer(tile, event.position().x(), event.position().y(), event.modifiers())
            is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            if not (is_alt and self._tools[self.tool].wheel(place, notches)):
                self._presenter.scroll(tile, -notches)

    def leave(self) -> None:
        """The mouse is in no viewport."""
        self._tools[self.tool].leave()


def pointer(tile: int, event: QMouseEvent) -> Pointer:
    """Where an event of a viewport happened."""
    at = event.position()
    return Pointer(tile, at.x(), at.y(), event.modifiers())
