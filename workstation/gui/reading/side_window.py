"""The form or the masks in a window of their own, for a second screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QBoxLayout, QFrame, QVBoxLayout, QWidget

from workstation.gui.second_screen import OwnWindow
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mark_list import MarkList


def side_panel(
    pages: QWidget, drawing: QWidget, grid: ViewerGrid, feet: Sequence[QWidget], width: int
) -> QFrame:
    """The panel at the right of the images: pages, masks, measurements, and what is asked below them."""
    panel = QFrame()
    panel.setObjectName("reading_side")
    panel.setFixedWidth(width)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(pages, 1)
    layout.addWidget(drawing)
    layout.addWidget(MarkList(grid, panel))
    for foot in feet:
        layout.addWidget(foot)
    return panel


class SideWindow(QObject):
    """Takes the panel out of its row and brings it back to the end of it.

    Parameters
    ----------
    panel : QWidget
        The last widget of `row`.
    desk : QWidget
        Hears the keys that the panel does not want.
    """

    def __init__(self, panel: QWidget, row: QBoxLayout, desk: QWidget) -> None:
        super().__init__(desk)
        self._panel, self._row, self._desk = panel, row, desk
        self._window: OwnWindow | None = None

    @property
    def is_out(self) -> bool:
        """True while the panel stands in a window of its own."""
        return self._window is not None

    def turn(self) -> None:
        """Out, or back."""
        if self._window is not None:
            self._window.release()
            return
        height = self._panel.height()
        self._row.removeWidget(self._panel)
        title = "Form and masks"
        self._window = OwnWindow(self._panel, title, self._desk, self._take_back)
        self._window.stand(QSize(self._panel.width(), height), right=True)

    def bring_back(self) -> None:
        """Back into its row, if it is out."""
        if self._window is not None:
            self._window.release()

    def _take_back(self, panel: QWidget) -> None:
        self._window = None
        self._row.addWidget(panel)
        panel.show()
