"""Orthogonal reformats of the active series on the screen, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QToolTip

from workstation.imaging.hanging import Layout, TileAssignment
from workstation.imaging.reformat import ACROSS_COLUMNS, ACROSS_ROWS, refusal

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid
    from workstation.gui.viewer.presenter import ViewerPresenter

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


def go_to_native(presenter: ViewerPresenter, tile: int, across: float, down: float) -> bool:
    """From a place on a reformat to the slice of its series there; False where no reformat hangs.

    What is measured or drawn lies on an image that was taken, and a reformat is none.
    """
    content = presenter.content(tile)
    point = presenter.point_at(tile, across, down) if content is not None and content.source else None
    if content is None or point is None:
        return False
    keys = [state.series_key for state in presenter.states]
    native = keys.index(content.source) if content.source in keys else tile
    presenter.hang_series(native, content.source)
    presenter.set_active(native)
    geometry = presenter.linkable(native)
    if geometry is not None:
        presenter.show_slice(native, geometry.nearest_slice(point)[0])
    return True


def _place(key: str | None, row: int, column: int) -> TileAssignment:
    return TileAssignment(key, "", row, column, "position", "start", "" if key else "Choose a series")
