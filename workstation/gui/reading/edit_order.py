"""One order of undo for what is measured and what is drawn, where no journal keeps it."""

from __future__ import annotations

from workstation.gui.viewer.mark_book import MarkBook
from workstation.gui.viewer.mask_book import MaskBook


class EditOrder:
    """Remembers in which of the books each step was made."""

    def __init__(self, marks: MarkBook, masks: MaskBook) -> None:
        self._done: list[MarkBook | MaskBook] = []
        self._undone: list[MarkBook | MaskBook] = []
        marks.made.connect(lambda: self._on_made(marks))
        masks.made.connect(lambda: self._on_made(masks))

    def undo(self) -> None:
        """Take back the last step, wherever it was made."""
        if self._done:
            book = self._done.pop()
            self._undone.append(book)
            book.undo()

    def redo(self) -> None:
        """Bring back what undo took."""
        if self._undone:
            book = self._undone.pop()
            self._done.append(book)
            book.redo()

    def clear(self) -> None:
        """Another case is shown."""
        self._done, self._undone = [], []

    def _on_made(self, book: MarkBook | MaskBook) -> None:
        self._done.append(book)
        self._undone = []
