"""The active column of the form on the images: its viewports are marked, and its slices are the evidence."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from workstation.gui.reading.score_form import ScoreForm
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.overlay import TileView
from workstation.gui.viewer.texts import MARGIN
from workstation.scoring.instrument import Column

Position = tuple[str, str, int, int]
SCORED_NOW = "scored now"


class ColumnTiles(QObject):
    """Follows the active column; without columns it does nothing.

    A viewport is of a column when its series is of the column's visit, and of its side or of both.

    A viewport of the other visit may be active as well: keys of the images act there, and the form stays in
    its column.
    """

    def __init__(self, grid: ViewerGrid, form: ScoreForm, parent: QObject) -> None:
        super().__init__(parent)
        self._grid = grid
        self._visits: Mapping[str, str] = {}
        self._column: Column | None = None
        grid.add_overlay(self)
        grid.presenter.placed.connect(self._tell)
        grid.presenter.hung.connect(self._tell)
        form.column_changed.connect(self._on_column)

    def open(self, visits: Mapping[str, str]) -> None:
        """Another read: the visit of each series key."""
        self._visits = visits
        self._column = None

    def close(self) -> None:
        """No read."""
        self.open({})
        self._tell()

    @property
    def missing(self) -> str:
        """What is said where no slice of the active column is on the screen; empty when one is."""
        if self._column is None or self._tiles():
            return ""
        return f"No slice of {self._column.title} is on the screen; hang one, then tie it"

    def position(self) -> Position | None:
        """What an answer rests on: the active viewport's slice, or that of one with the column's visit."""
        presenter = self._grid.presenter
        if self._column is None:
            return self._grid.current_position()
        tile = self._nearest()
        return None if tile is None else presenter.position(tile)

    def paint(self, painter: QPainter, view: TileView) -> None:
        """A filled word under the caption of a viewport whose column is scored now."""
        if self._column is None or not self._is_of_column(view.series_key):
            return
        text, words = f"▸ {self._column.title}", view.words
        box = QRectF(MARGIN, MARGIN + words.height + 4, words.width(text) + 12, words.height + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(view.palette.accent))
        painter.drawRoundedRect(box, 4, 4)
        words.draw(
            painter, box.left() + 6, box.top() + 2, text, QColor(view.palette.background), shadow=False
        )

    # private -------------------------------------------------------------------------------------

    def _is_of_column(self, key: str) -> bool:
        column, content = self._column, self._grid.presenter.contents.get(key)
        if column is None or content is None:
            return False
        key = content.source or key  # a reformat is of the visit that it was made from
        side = content.series.laterality
        is_other_side = column.side and side in ("L", "R") and side != column.side
        return not is_other_side and (not column.visit or self._visits.get(key) == column.visit)

    def _tiles(self) -> list[int]:
        """Viewports of the active column."""
        states = self._grid.presenter.states
        return [i for i, state in enumerate(states) if self._is_of_column(state.series_key)]

    def _nearest(self) -> int | None:
        """The active viewport, or one of the column that shows the same kind of images."""
        tiles, active = self._tiles(), self._grid.active_tile
        if active in tiles or not tiles:
            return active if tiles else None
        label = self._label(active)
        return next((tile for tile in tiles if self._label(tile) == label), tiles[0])

    def _label(self, tile: int) -> str:
        content = self._grid.presenter.content(tile)
        return content.series.label if content is not None else ""

    def _on_column(self, column: Column | None) -> None:
        self._column = column
        if column is not None and (tile := self._nearest()) is not None:
            self._grid.presenter.set_active(tile)
        self._tell()

    def _tell(self) -> None:
        """Say it to assistive technology, and paint it."""
        for key, content in self._grid.presenter.contents.items():
            content.note = SCORED_NOW if self._is_of_column(key) else ""
        for tile in self._grid.tiles:
            tile.name_it()
        self._grid.presenter.redraw()
