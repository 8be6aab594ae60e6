"""What a tool of the viewer is: a thing that answers the mouse in any viewport, and may draw there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.presenter import ViewerPresenter


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is: viewport index, screen pixels from its top left corner, keys held."""

    tile: int
    across: float
    down: float
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier


class PointerTool:
    """What the left button does while this tool is chosen. Everything is optional.

    Positions become patient or pixel positions by `ViewerPresenter.point_at` and `image_position`, which
    go through zoom, turns and mirrors; a tool never does that arithmetic itself.

    Attributes
    ----------
    id : str
        Name in `ViewerGrid.set_tool`, in the key table (as ``tool_<id>``) and of its icon.
    title, tip : str
        What a button shows; without a title there is no button.
    needs_image : bool
        It marks images that were taken, and means nothing on a reformat.
    """

    id = ""
    title = ""
    tip = ""
    needs_image = False

    def __init__(self, presenter: ViewerPresenter) -> None:
        self.presenter = presenter

    def choose(self) -> None:
        """The left button drives this tool from now on."""

    def takes(self, at: Pointer) -> bool:  # noqa: ARG002 - part of the protocol
        """True when a press here is for this tool although another one is chosen (a handle it drew)."""
        return False

    def press(self, at: Pointer) -> None:
        """The left button went down."""

    def move(self, at: Pointer) -> None:
        """The mouse moved with the button down."""

    def release(self, at: Pointer) -> None:
        """The button went up."""

    def hover(self, at: Pointer) -> None:
        """The mouse moved without a button."""

    def wheel(self, at: Pointer, notches: int) -> bool:  # noqa: ARG002 - part of the protocol
        """Alt and the wheel, away from the hand counted positive; True if it meant something to the tool."""
        return False

    def leave(self) -> None:
        """The mouse left the viewport it was in."""

    def double_click(self, at: Pointer) -> bool:  # noqa: ARG002 - part of the protocol
        """A double click; True if it meant something to the tool, else the viewport fills the grid."""
        return False

    def cancel(self) -> None:
        """Esc, or another tool: leave what is under way; never lose what was finished."""

    def forget(self) -> None:
        """Another case is shown."""

    def paint(self, painter: QPainter, view: TileView) -> None:
        """Draw over a viewport; called for every tool, chosen or not."""

    def kept(self) -> dict[str, Any]:
        """What must come back with the reading, as plain values; nothing when empty."""
        return {}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Bring back what `kept` told; damaged parts are left out."""
