"""Which viewport has just been painted, told without hearing every event of the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from workstation.gui.viewer.presenter import ViewerPresenter
    from workstation.gui.viewer.tile import TileWidget

Told = Callable[[int, "ViewerPresenter"], None]

_told: list[Told] = []


@cache
def prepare() -> None:
    """Put the watch into every viewport, once and to the end: before the first of them is made.

    A filter of events in Python would be called for each of the thousands that build a window, and measure
    itself. PySide6 keeps the method of a class that it called once; one that was taken out again would be
    called after it is gone.
    """
    from workstation.gui.viewer.tile import TileWidget

    paint = TileWidget.paintEvent

    def paint_and_tell(self: TileWidget, event: QPaintEvent) -> None:
        paint(self, event)
        board: Any = self.parent()
        for told in tuple(_told):
            told(self.index, board.presenter)

    setattr(TileWidget, "paintEvent", paint_and_tell)  # noqa: B010 - mypy lets no method be assigned to


def watch(told: Told) -> Callable[[], None]:
    """Call `told` with the number of each viewport after it was painted, and the presenter of its case.

    What is returned ends it.
    """
    prepare()
    _told.append(told)
    return lambda: _told.remove(told)


def has_picture(number: int, presenter: ViewerPresenter) -> bool:
    """Whether a viewport shows a slice: the first one of its series that was read, or any of the whole."""
    content = presenter.content(number)
    return content is not None and bool(content.reading or content.preview)
