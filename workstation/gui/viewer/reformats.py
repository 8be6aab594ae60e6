"""Orthogonal reformats of the active series on the screen, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QToolTip

from workstation.imaging.hanging import Layout, TileAssignment
from workstation.imaging.reformat import ACROSS_COLUMNS, ACROSS_ROWS, refusal

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid

LAYOUT = "reformats"
WIDE = 1.6
"""Width over height from which the three planes stand in one row."""


class Reformats:
    """Hangs a series with its two reformats, all three crossed by one another's planes."""

    def __init__(self, grid: ViewerGrid) -> None:
        self._grid = grid
        self._before: dict[str, Any] | None = None

    @property
    def are_shown(self) -> bool:
        """True while the three planes hang."""
        return self._grid.layout_shown.id == LAYOUT

    def refusal(self) -> str:
        """Why the active series has no reformats; ``""`` if it has."""
        content = self._grid.presenter.content(self._grid.active_tile)
        if content is None:
            return "no series hangs here"
        if content.source:
            return ""
        return refusal(content.reading.stack) if content.reading else "it is still being read"

    def toggle(self) -> None:
        """Show the three planes with the crosshair, or hang again what hung before."""
        grid, presenter = self._grid, self._grid.presenter
        if self.are_shown:
            kept, self._before = self._before, None
            grid.set_tool("window")
            if kept is not None:
                grid.restore(kept)
            else:
                grid.hang(grid.stages[0] if grid.stages else grid.layout_shown)
            return
        reason = self.refusal()
        if reason:
            tile = grid.tiles[grid.active_tile]
            QToolTip.showText(tile.mapToGlobal(QPoint(16, 40)), f"No reformats: {reason}.", tile)
            return
        content = presenter.content(grid.active_tile)
        assert content is not None
        self._before = grid.states()
        source = content.source or content.series.key
        keys = [source, *(presenter.add_reformat(source, axis) for axis in (ACROSS_ROWS, ACROSS_COLUMNS))]
        columns = 3 if grid.width() > WIDE * grid.height() else 2
        rows = 1 if columns == 3 else 2
        tiles = [_place(keys[n] if n < 3 else None, *divmod(n, columns)) for n in range(rows * columns)]
        grid.hang(Layout(LAYOUT, "Reformats", rows, columns, tuple(tiles)))
        grid.set_tool("crosshair")


def _place(key: str | None, row: int, column: int) -> TileAssignment:
    return TileAssignment(key, "", row, column, "position", "start", "" if key else "Choose a series")
