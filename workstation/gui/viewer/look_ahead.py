"""Looks the next slices up while the hand rests: who scrolls will probably scroll on the same way."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer

from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.tile import TileWidget
from workstation.imaging.viewport import ViewportState

REST_MS = 1
"""After a step has been painted; a step that comes sooner goes first."""


class LookAhead(QObject):
    """Gets the viewports ready for the next step, one at a time, so that nothing waits for it.

    Parameters
    ----------
    presenter : ViewerPresenter
    tiles : sequence of TileWidget
        May grow and shrink.
    """

    def __init__(self, presenter: ViewerPresenter, tiles: Sequence[TileWidget]) -> None:
        super().__init__(presenter)
        self._presenter, self._tiles = presenter, tiles
        self._step = (0, 0)  # viewport and slices of the last one
        self._is_painted = False
        self._coming: list[tuple[TileWidget, ViewportState]] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.go_on)
        presenter.scrolled.connect(self._on_scrolled)
        presenter.hung.connect(self._stop)

    @property
    def is_waiting(self) -> bool:
        """True while something is still to be got ready."""
        return self._timer.isActive() or bool(self._coming)

    def _on_scrolled(self, tile: int, steps: int) -> None:
        self._step, self._coming, self._is_painted = (tile, steps), None, False
        self._timer.start(0)

    def _stop(self) -> None:
        self._timer.stop()
        self._step, self._coming = (0, 0), None

    def go_on(self) -> None:
        """Do the next bit: wait for the paint, foresee the step, or get one viewport ready."""
        if not self._is_painted:
            self._is_painted = True  # timers come after what waits to be painted
            self._timer.start(REST_MS)
            return
        if self._coming is None and self._step[1]:
            states = self._presenter.after_scroll(*self._step)
            self._coming = [
                (tile, states[tile.index])
                for tile in self._tiles
                if tile.isVisible() and states[tile.index] is not self._presenter.states[tile.index]
            ]
        elif self._coming:
            tile, state = self._coming.pop()
            if tile in self._tiles and state.series_key == self._presenter.states[tile.index].series_key:
                tile.get_ready(state)
        if self._coming:
            self._timer.start(0)
