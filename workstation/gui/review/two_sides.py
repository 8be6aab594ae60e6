"""The two pictures of the reconcile desk: whose they are, and what each reader left in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workstation.gui.review.both_marks import go_to_mark, show_marks
from workstation.gui.review.both_masks import MaskNumbers, go_to_difference, lay_over
from workstation.gui.review.item_table import answer_text
from workstation.gui.review.opening import CaseImages, pairs_of, place_words, tiles_of
from workstation.gui.review.side_bar import SideBar
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.measurement import TITLES, lines_of
from workstation.reading.reconcile import ItemPair
from workstation.scoring.instrument import Instrument
from workstation.scoring.sheet import Answer

if TYPE_CHECKING:
    from workstation.workflow.reader_masks import TwoMasks
    from workstation.workflow.reconcile_case import ReconcileCase


class TwoSides(QObject):
    """Shows two readers of a case side by side; with three readers, two of them at a time.

    An item opens on the slice and in the window that each reader left, whatever places these are. The two
    are linked: the first move of one brings the other to the same place of the patient. `back` returns to
    what the readers left.
    """

    def __init__(self, grid: ViewerGrid, bar: SideBar, numbers: MaskNumbers, parent: QObject) -> None:
        super().__init__(parent)
        self._grid, self._bar, self._numbers = grid, bar, numbers
        self._case: ReconcileCase | None = None
        self._images: CaseImages | None = None
        self._shown: tuple[Instrument, ItemPair] | None = None
        self._turn = 0
        grid.state_changed.connect(self._tell_places)

    @property
    def names(self) -> tuple[str, str]:
        """Who stands left and right: ``("X", "Y")``, with three readers also ``("X", "Z")`` …"""
        pairs = pairs_of(self._case) if self._case is not None else (("X", "Y"),)
        return pairs[self._turn % len(pairs)]

    @property
    def masks(self) -> tuple[TwoMasks, ...]:
        """What these two drew."""
        found = self._images.masks if self._images is not None else ()
        return found[self._turn % len(found)] if found else ()

    def show(self, case: ReconcileCase, images: CaseImages) -> None:
        """Hang a case; its first item is shown by `show_item`."""
        self._case, self._images, self._shown, self._turn = case, images, None, 0
        self._grid.show_series(images.series, images.hung, images.captions)
        self._dress()

    def show_item(self, instrument: Instrument, pair: ItemPair) -> None:
        """Both readers' slices of an item, with the windows they were read in."""
        self._shown = instrument, pair
        self.back()

    def back(self) -> None:
        """Again what the readers left; no move of one is carried to the other by this."""
        if self._shown is None:
            return
        instrument, _ = self._shown
        self._bar.show_answers(*(answer_text(instrument, one) for one in self._answers))
        active = min(self._grid.active_tile, 1)
        tiles = tiles_of(self._answers, [self._fallback(side) for side in (0, 1)])
        self._grid.restore({"rows": 1, "columns": 2, "layout": "x-y", "tiles": tiles, "active": active})
        self._bar.apply(self._grid)
        self._tell_places()

    def turn_pair(self) -> bool:
        """The next two of three readers; False where there are only two."""
        if self._case is None or self._case.z is None:
            return False
        self._turn += 1
        self._dress()
        self.back()
        return True

    def go_to_mask_difference(self) -> bool:
        """The next slice on which the masks of these two differ; False where there is none."""
        return go_to_difference(self._grid, self.masks)

    def go_to_mark(self) -> str:
        """The next measurement of these two, in words; ``""`` where there is none."""
        mark = go_to_mark(self._grid)
        return "" if mark is None else " · ".join((*lines_of(mark), TITLES[mark.shape]))

    def forget(self) -> None:
        """Put the case away."""
        self._case = self._images = self._shown = None
        self._grid.show_series(())

    @property
    def _answers(self) -> tuple[Answer, ...]:
        assert self._shown is not None
        by_name = dict(zip("XYZ", self._shown[1].answers, strict=False))
        return tuple(by_name[name] for name in self.names)

    def _dress(self) -> None:
        """Marks, masks and captions of these two."""
        assert self._case is not None
        self._bar.name_sides(*self.names, three=self._case.z is not None)
        show_marks(self._grid, self._case, self.names)
        lay_over(self._grid, self.masks)
        self._numbers.show_masks(self.masks, self.names)
        self._bar.offer_masks(bool(self.masks))

    def _fallback(self, side: int) -> tuple[str, int]:
        """What hangs where no reader kept a slice: the middle of the series."""
        assert self._images is not None and self._shown is not None
        instrument, pair = self._shown
        key = self._images.hung_for(side, instrument.item(pair.item))
        content = self._grid.presenter.contents.get(key)
        return key, content.number_of_slices // 2 if content is not None else 0

    def _tell_places(self) -> None:
        states = self._grid.presenter.states
        if self._shown is None or len(states) != 2:
            return
        self._bar.show_places(
            *(
                place_words(answer, state.series_key, state.slice_index)
                for answer, state in zip(self._answers, states, strict=True)
            )
        )
