"""Masks that a person draws on a case outside any study: kept with the case in the library."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from workstation.masks.editing.change import Labels
from workstation.masks.mask import Mask
from workstation.store.mask_files import DRAWN, keep_mask, kept_masks

__all__ = ["DRAWN", "DrawnMasks", "drawn_on"]


class DrawnMasks:
    """The drawn masks of one case, from opening to leaving it: meanwhile one version of each is kept.

    `keep` may be called from several threads; the latest state wins.
    """

    def __init__(self, library: Path, code: str) -> None:
        self._library, self._code = library, code
        self._guard = threading.Lock()
        self.number = 0
        """Of the state that was kept last."""
        self._made: dict[str, Path] = {}
        self._known = set(drawn_on(library, code))

    def keep(self, number: int, masks: Sequence[Mask]) -> None:
        """Keep a state of the masks; one with a lower number than was kept already is passed over.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        with self._guard:
            if number < self.number:
                return
            for mask in masks:
                key = mask.series_key
                if mask.labels.any() or key in self._known:
                    self._made[key] = keep_mask(
                        self._library, self._code, DRAWN, mask, over=self._made.get(key)
                    )
                    self._known.add(key)
            self.number = number


def drawn_on(library: Path, code: str) -> dict[str, Labels]:
    """What was drawn on each series of a case, by series key.

    Raises
    ------
    DataError
        If what was kept is damaged.
    """
    return {mask.series_key: mask.labels for name, mask in kept_masks(library, code, DRAWN) if name == DRAWN}
