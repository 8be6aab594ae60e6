"""Gives a viewer its drawn masks: the book, the tools, and what is done to a whole label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.gui.viewer.contents import MASK
from workstation.gui.viewer.layers import MaskLayers
from workstation.gui.viewer.mask_book import MaskBook
from workstation.gui.viewer.tools.brush import BRUSHES
from workstation.masks.editing.change import Change
from workstation.masks.editing.labels import NUMBERS
from workstation.masks.editing.operations import copied, grown, holes_filled, interpolated
from workstation.masks.mask import Mask

if TYPE_CHECKING:
    from workstation.gui.viewer.board import TileBoard

SIZES_MM = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80)
"""Steps of the size keys."""

Operation = Callable[[str, int], Change]
"""From a series key and the slice shown to what changes."""


class Drawing(QObject):
    """Masks drawn in one viewer.

    Attributes
    ----------
    book : MaskBook
    grow_mm : float
        By how much a label grows or shrinks.

    Signals
    -------
    told(str)
        Why an operation changed nothing.
    """

    told = Signal(str)

    def __init__(self, board: TileBoard, layers: MaskLayers) -> None:
        super().__init__(board)
        self._board, self._layers = board, layers
        self.book = MaskBook(board.presenter, layers)
        self.grow_mm = 1.0
        for kind in BRUSHES:
            board.add_tool(kind(self.book))

    def draws(self, tool: str) -> bool:
        """True where `tool` draws masks: Esc goes back from it."""
        return any(kind.id == tool for kind in BRUSHES)

    def resize(self, steps: int) -> None:
        """A larger or smaller brush."""
        self.book.set_hand(size_mm=resized(self.book.hand.size_mm, steps))

    @property
    def can_adopt(self) -> bool:
        """Whether a recipe's mask lies over the series of the active viewport."""
        content = self._board.presenter.content(self._board.presenter.active)
        return content is not None and MASK in content.layers

    def corrects(self, mask: Mask) -> bool:
        """Whether something of the same label is drawn on the series of a mask."""
        labels = self.book.labels(mask.series_key)
        numbers = [NUMBERS[one.name] for one in mask.segments if one.name in NUMBERS]
        return labels is not None and bool(np.isin(labels, numbers).any())

    def fill_holes(self) -> None:
        """Fill holes of the chosen label on the slice shown, or with 3-D on every slice."""
        self._do("fill holes", "No hole in what is marked here", self._holes)

    def grow(self, sign: int) -> None:
        """Grow (or shrink) the chosen label on the slice shown, or with 3-D in the whole series."""
        word = "grow" if sign > 0 else "shrink"
        self._do(word, "Nothing changed", lambda key, index: self._grown(key, index, sign))

    def copy(self, step: int) -> None:
        """Lay the chosen label of this slice over the next or previous one, and go there."""
        presenter = self._board.presenter
        target = self.book.target(presenter.active)
        if target is None or not self._is_marked(*target):
            self.told.emit("Nothing of this label is marked on this slice")
            return
        labels, _ = self.book.grid_of(target[0])
        if 0 <= target[1] + step < labels.shape[0]:
            change = copied(labels, self.book.hand.label, target[1], target[1] + step)
            self.book.keep(target[0], change, "copy")
            presenter.scroll(presenter.active, step)

    def interpolate(self) -> None:
        """Fill slices between marked ones by their shapes."""
        self._do("interpolate", "No empty slice lies between two that are marked", self._interpolated)

    def adopt(self) -> bool:
        """Take over the recipe's mask of the series shown, to correct it; False if there is nothing."""
        return self._do("take over", "The recipe has marked nothing here", self._adopted)

    # --- private ---------------------------------------------------------------------------------

    def _do(self, did: str, otherwise: str, change_of: Operation) -> bool:
        target = self.book.target(self._board.presenter.active)
        if target is None:
            self.told.emit(self.book.said or "No series is shown here")
            return False
        has_changed = self.book.keep(target[0], change_of(*target), did)
        if not has_changed:
            self.told.emit(otherwise)
        return has_changed

    def _is_marked(self, key: str, index: int) -> bool:
        labels = self.book.labels(key)
        return labels is not None and bool((labels[index] == self.book.hand.label).any())

    def _holes(self, key: str, index: int) -> Change:
        labels, _ = self.book.grid_of(key)
        return holes_filled(labels, self.book.hand.label, None if self.book.hand.in_3d else index)

    def _grown(self, key: str, index: int, sign: int) -> Change:
        labels, geometry = self.book.grid_of(key)
        where = None if self.book.hand.in_3d else index
        return grown(labels, geometry, self.book.hand.label, sign * self.grow_mm, where)

    def _interpolated(self, key: str, _index: int) -> Change:
        labels, geometry = self.book.grid_of(key)
        return interpolated(labels, geometry, self.book.hand.label)

    def _adopted(self, key: str, _index: int) -> Change:
        labels, geometry = self.book.grid_of(key)
        mask = self._layers.masks.get(key)
        wanted = np.zeros_like(labels)
        for segment in mask.segments if mask is not None and mask.labels.shape == labels.shape else ():
            number = NUMBERS.get(segment.name)
            if mask is not None and number is not None:
                wanted[mask.labels == segment.label] = number
        places = np.flatnonzero((wanted > 0) & (wanted != labels))
        before, after = labels.reshape(-1)[places], wanted.reshape(-1)[places]
        return Change(geometry.shape, places.astype(np.int64), before, after)


def resized(size_mm: float, steps: int) -> float:
    """The size so many steps of `SIZES_MM` larger (or smaller)."""
    here = int(np.searchsorted(SIZES_MM, size_mm - 1e-6))
    if steps > 0 and (here == len(SIZES_MM) or SIZES_MM[here] > size_mm + 1e-6):
        here -= 1
    return float(SIZES_MM[min(max(here + steps, 0), len(SIZES_MM) - 1)])
