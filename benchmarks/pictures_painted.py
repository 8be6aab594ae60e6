"""Which viewport has just been painted, told without hearing every event of the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from workstation.gui.viewer.presenter import ViewerPresenter
    from workstation.gui.viewer.tile import TileWidget

Told = Callable[[int, "ViewerPresenter"], None]


def watch(told: Told) -> Callable[[], None]:
    """Call `told` with the number of each viewport after it was painted, and the presenter of its case.

    A filter of events in Python would be called for each of the thousands that build a window, and measure
    itself. What is returned ends it.
    """
    from workstation.gui.viewer.tile import TileWidget

    paint = TileWidget.paintEvent

    def paint_and_tell(self: TileWidget, event: QPaintEvent) -> None:
        paint(self, event)
        board: Any = self.parent()
        told(self.index, board.presenter)

    def put(method: Callable[[TileWidget, QPaintEvent], None]) -> None:
        setattr(TileWidget, "paintEvent", method)  # noqa: B010 - mypy lets no method be assigned to

    put(paint_and_tell)
    return lambda: put(paint)


def has_picture(number: int, presenter: ViewerPresenter) -> bool:
    """Whether a viewport shows a slice: the first one of its series that was read, or any of the whole."""
    content = presenter.content(number)
    return content is not None and bool(content.reading or content.preview)
