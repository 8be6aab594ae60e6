"""Keeps what is drawn outside any study with its case: soon after each edit, off the GUI thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workstation.gui.jobs import Jobs
from workstation.gui.viewer.mask_book import MaskBook

if TYPE_CHECKING:
    from workstation.workflow.free_masks import DrawnMasks

REST_MS = 1000
SLOT = "keep-drawn"


class FreeDrawing(QObject):
    """The drawn masks of the case that is read freely."""

    def __init__(self, book: MaskBook, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._book, self._jobs = book, jobs
        self._kept: DrawnMasks | None = None
        self._number = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._keep)
        book.edited.connect(self._on_edited)

    def open(self, library: Path, code: str) -> None:
        """Show what was drawn on a case before, and keep what is drawn now.

        Raises
        ------
        DataError
            If what was kept is damaged; nothing is kept then.
        """
        from workstation.workflow.free_masks import DrawnMasks, drawn_on

        self.close()
        self._book.load(drawn_on(library, code))
        self._kept, self._number = DrawnMasks(library, code), 0

    def flush(self) -> None:
        """Keep now what waits to be kept.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        self._rest.stop()
        if self._kept is not None and self._kept.number < self._number:
            self._kept.keep(self._number, self._book.masks())

    def close(self) -> None:
        """Another case follows."""
        self._rest.stop()
        self._kept = None

    def _on_edited(self) -> None:
        if self._kept is not None:
            self._number += 1
            self._rest.start()

    def _keep(self) -> None:
        kept, number, masks = self._kept, self._number, self._book.masks()
        if kept is not None:
            self._jobs.start(SLOT, lambda _progress: kept.keep(number, masks))
