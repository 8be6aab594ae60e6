"""The form or the masks in a window of their own, for a second screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QVBoxLayout, QWidget

from workstation.gui.second_screen import OwnWindow
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mark_list import MarkList
from workstation.gui.viewer.whole_view import place_of, rect_from


def side_panel(
    pages: QWidget,
    drawing: QWidget,
    grid: ViewerGrid,
    feet: Sequence[QWidget],
    width: int,
    giving_way: Sequence[QWidget] = (),
) -> QFrame:
    """The panel at the right of the images: pages, masks, measurements, and what is asked below them.

    While something is asked, masks, measurements and what else gives way make room: on a low screen the form
    would be squeezed otherwise.
    """
    panel = QFrame()
    panel.setObjectName("reading_side")
    panel.setFixedWidth(width)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(pages, 1)
    layout.addWidget(drawing)
    marks = MarkList(grid, panel)
    layout.addWidget(marks)
    for foot in feet:
        layout.addWidget(foot)
    _GivesWay((drawing, marks, *giving_way), feet, panel)
    return panel


class _GivesWay(QObject):
    """Hides widgets while one of others is shown."""

    def __init__(self, hidden: Sequence[QWidget], feet: Sequence[QWidget], parent: QObject) -> None:
        super().__init__(parent)
        self._hidden, self._feet = hidden, feet
        for foot in feet:
            foot.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again whenever one comes or goes."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            is_asking = any(not foot.isHidden() for foot in self._feet)
            for widget in self._hidden:
                widget.setVisible(not is_asking)
        return super().eventFilter(watched, event)


class SideWindow(QObject):
    """Takes the panel out of its row and brings it back to the end of it.

    Parameters
    ----------
    panel : QWidget
        The last widget of `row`.
    desk : QWidget
        Hears the keys that the panel does not want.

    Signals
    -------
    moved()
        The panel went out or back, or its window stands elsewhere.
    """

    moved = Signal()

    def __init__(self, panel: QWidget, row: QBoxLayout, desk: QWidget) -> None:
        super().__init__(desk)
        self._panel, self._row, self._desk = panel, row, desk
        self._window: OwnWindow | None = None

    @property
    def is_out(self) -> bool:
        """True while the panel stands in a window of its own."""
        return self._window is not None

    def kept(self) -> dict[str, Any]:
        """Where the window stands; empty while the panel is in its row."""
        return {"at": place_of(self._window.geometry())} if self._window is not None else {}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Out again, where it stood."""
        at = rect_from(values.get("at"))
        if at is not None and self._window is None:
            self._put_out(at)

    def cover(self, covered: bool) -> None:
        """Hide the window, as in a pause, or show it again."""
        if self._window is not None:
            self._window.setVisible(not covered)

    def turn(self) -> None:
        """Out, or back."""
        if self._window is not None:
            self._window.release()
        else:
            self._put_out(None)
            self._desk.activateWindow()  # the keys go on where they were, on the images

    def _put_out(self, at: QRect | None) -> None:
        height = self._panel.height()
        self._row.removeWidget(self._panel)
        title = "Form and masks"
        self._window = OwnWindow(self._panel, title, self._desk, self._take_back)
        self._window.stand(QSize(self._panel.width(), height), right=True, at=at)
        self._window.stood.connect(self.moved)
        self.moved.emit()

    def bring_back(self) -> None:
        """Back into its row, if it is out."""
        if self._window is not None:
            self._window.release()

    def _take_back(self, panel: QWidget) -> None:
        self._window = None
        self._row.addWidget(panel)
        panel.show()
        self.moved.emit()
