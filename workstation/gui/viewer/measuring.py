"""Gives a viewer its marks: the book, the tools that draw and edit, and the entry of notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from workstation.gui.viewer.mark_book import MarkBook
from workstation.gui.viewer.tools.drawing import DRAWING
from workstation.gui.viewer.tools.mark import MarkTool
from workstation.imaging.measurement import Mark, Point, Shape

if TYPE_CHECKING:
    from workstation.gui.viewer.board import TileBoard

ENTRY_PX = 200


class Measuring(QObject):
    """Marks of one viewer.

    Attributes
    ----------
    book : MarkBook
    """

    def __init__(self, board: TileBoard) -> None:
        super().__init__(board)
        self._board = board
        self.book = MarkBook(board.presenter)
        self._marks = MarkTool(self.book)
        board.add_tool(self._marks)
        for kind in DRAWING:
            board.add_tool(kind(self.book))
        self.book.text_wanted.connect(self._on_text_wanted)

    def cancel(self, tool: str) -> bool:
        """Let go of what is held and selected; True where `tool` draws marks: Esc goes back from it."""
        self._marks.cancel()
        self.book.select("")
        return any(kind.id == tool for kind in DRAWING)

    def go_to(self, mark_id: str) -> None:
        """Show the picture of a mark and select it."""
        mark = self.book.marks.get(mark_id)
        index = self.book.slice_of(mark) if mark else None
        if mark is None or index is None:
            return
        presenter = self._board.presenter
        keys = [state.series_key for state in presenter.states]
        if mark.series_key not in keys:
            presenter.hang_series(presenter.active, mark.series_key)
        elif keys[presenter.active] != mark.series_key:
            presenter.set_active(keys.index(mark.series_key))
        presenter.show_slice(presenter.active, index)
        self.book.select(mark_id)

    def _on_text_wanted(self, tile: int, point: Point) -> None:
        entry = NoteEntry(self._board.tiles[tile])
        made = self.book.new_mark(tile, Shape.TEXT, (point,))
        at = self._board.presenter.screen_point(tile, *point)
        if made is not None:
            entry.written.connect(lambda text: self._keep_note(made, text))
            entry.open_at(QPointF(*at))

    def _keep_note(self, made: Mark, text: str) -> None:
        if text.strip():
            self.book.keep(replace(made, name=text.strip()), measured=False)


class NoteEntry(QLineEdit):
    """A line to write in, at a place of a viewport. Enter keeps, Esc leaves.

    Signals
    -------
    written(str)
    """

    written = Signal(str)

    def __init__(self, tile: QWidget) -> None:
        super().__init__(tile)
        self._tile = tile
        self.setObjectName("note_entry")
        self.setAccessibleName("Note")
        self.setPlaceholderText("Note; Enter keeps it")
        self.setMaxLength(120)
        self.returnPressed.connect(self._on_return)
        self.editingFinished.connect(self._close)

    def open_at(self, at: QPointF) -> None:
        """Show it where it does not leave the viewport."""
        tile = self._tile
        wide = min(ENTRY_PX, tile.width())
        self.resize(wide, self.sizeHint().height())
        left = min(round(at.x()), tile.width() - wide)
        self.move(max(left, 0), min(round(at.y()), tile.height() - self.height()))
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves without a note."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self._close()
        else:
            super().keyPressEvent(event)

    def _on_return(self) -> None:
        self.written.emit(self.text())

    def _close(self) -> None:
        if not self.isHidden():
            self.hide()
            self._tile.setFocus(Qt.FocusReason.OtherFocusReason)
            self.deleteLater()
