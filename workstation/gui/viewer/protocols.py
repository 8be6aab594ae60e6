"""Hanging protocols of the case on screen: its stages, a protocol by its id, the screen as a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workstation.imaging import hanging, hanging_own
from workstation.imaging.hanging import Layout, Protocol
from workstation.imaging.hanging_schema import WINDOWS
from workstation.imaging.study import Joint, Series

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid


class CaseProtocols:
    """What a `ViewerGrid` can hang.

    Attributes
    ----------
    stages : tuple of Layout
        What PgUp and PgDn go through, best first.
    """

    def __init__(self, grid: ViewerGrid) -> None:
        self._grid = grid
        self._joint: Joint | None = None
        self._visits: dict[str, str] = {}
        self.stages: tuple[Layout, ...] = ()

    def open(self, series: Sequence[Series], joint: Joint | None, visits: Mapping[str, str] | None) -> None:
        """Another case; `visits` is empty where the reader must not know their order."""
        self._joint, self._visits = joint, dict(visits or {})
        self._rank(series)

    def rank_again(self) -> None:
        """The protocols on disk have changed."""
        self._rank(self._grid.series)

    def hang(self, protocol_id: str) -> None:
        """Hang a protocol by its id, whether or not it fits the case."""
        series = self._grid.series
        self._grid.hang(hanging.hang(protocol_id, series, joint=self._joint, visits=self._visits))

    def of_screen(self, title: str, protocol_id: str = "") -> Protocol:
        """What hangs now as a protocol; raises `ResourceError` without a title or a series."""
        layout, presenter = self._grid.layout_shown, self._grid.presenter
        hung = []
        for tile, place in enumerate(layout.tiles):
            content = presenter.content(tile)
            hung.append((content.series if content else None, place.link, self._preset(tile)))
        grid = (layout.rows, layout.columns)
        return hanging_own.protocol_of_screen(title, grid, hung, self._joint, self._visits, protocol_id)

    def _rank(self, series: Sequence[Series]) -> None:
        self.stages = hanging.screens(series, joint=self._joint, visits=self._visits)

    def _preset(self, tile: int) -> str:
        """Key of the preset in use; another window is not for the next case."""
        presenter = self._grid.presenter
        window = presenter.states[tile].window
        keys = [preset.key for preset in presenter.presets(tile) if window and preset.window == window]
        return keys[0] if keys and keys[0] in WINDOWS else "start"
