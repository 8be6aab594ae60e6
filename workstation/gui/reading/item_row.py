"""One line of the form: code, name, the answer so far; several answers where the form has columns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.reading.column_strip import cells_of
from workstation.gui.theme import Theme
from workstation.scoring.instrument import Item
from workstation.scoring.sheet import Answer, AnswerState

ROW_HEIGHT = 26
UNREAD, NOT_ASSESSABLE = "…", "n/a"


def answer_mark(item: Item, answer: Answer) -> str:
    """Short text of an answer: the level's label, ``n/a`` for not assessable, ``""`` for unread."""
    if answer.state == AnswerState.NOT_ASSESSABLE:
        return NOT_ASSESSABLE
    if answer.state == AnswerState.SCORED:
        return next(level.label for level in item.levels if level.grade == answer.grade)
    return ""


class ItemRow(QWidget):
    """A clickable line; the current one is raised and edged with the accent.

    `items` are those of one row of the form, one for each column. ``clicked`` carries the item of the column
    that was clicked on, or of the active one.
    """

    clicked = Signal(str)

    def __init__(self, items: Sequence[Item], code: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = tuple(items)
        self._code = code
        self._theme = theme
        self._answers: tuple[Answer, ...] = tuple(Answer(item.id) for item in items)
        self._column = 0
        self._current = False
        self.setObjectName(f"item_{items[0].row}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._describe()

    def sizeHint(self) -> QSize:
        """One line of the form."""
        return QSize(320, ROW_HEIGHT)

    @property
    def text(self) -> str:
        """What the row says of the answer in the active column."""
        return self.texts[self._column]

    @property
    def texts(self) -> tuple[str, ...]:
        """What the row says of the answer in each column."""
        return tuple(answer_mark(item, one) for item, one in zip(self._items, self._answers, strict=True))

    def set_answers(self, answers: Sequence[Answer], *, column: int, current: bool) -> None:
        """Show the answers, which column is active, and whether this row has the focus of the form."""
        self._answers, self._column, self._current = tuple(answers), column, current
        self._describe()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left click makes this the current item."""
        if event.button() == Qt.MouseButton.LeftButton:
            cells = cells_of(self.rect(), len(self._items)) if len(self._items) > 1 else []
            at = event.position().toPoint()
            column = next((i for i, cell in enumerate(cells) if cell.contains(at)), self._column)
            self.clicked.emit(self._items[column].id)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one line."""
        del event
        painter = QPainter(self)
        area, several = self.rect(), len(self._items) > 1
        if self._current:
            painter.fillRect(area, QColor(self._theme.colour("raised")))
            painter.fillRect(0, 0, 3, area.height(), QColor(self._theme.colour("accent")))
        font = QFont(self.font())
        font.setPixelSize(13)
        font.setBold(self._current)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colour("text")))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area.adjusted(12, 0, 0, 0), middle, self._code)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colour("secondary")))
        cells = cells_of(area, len(self._items)) if several else [area.adjusted(area.width() - 60, 0, 0, 0)]
        room = area.adjusted(80, 0, cells[0].left() - area.right() - 1, 0)
        title = painter.fontMetrics().elidedText(
            self._items[0].title, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, middle, title)
        for place, cell in enumerate(cells):
            self._paint_answer(painter, cell, place, several=several)

    def _paint_answer(self, painter: QPainter, cell: QRect, place: int, *, several: bool) -> None:
        """One answer, at the right; of several each in the middle of its column, the one in hand framed."""
        mark, middle = self.texts[place], Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self._theme.colour("text" if mark else "disabled")))
        if several:
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, mark or UNREAD)
        else:
            painter.drawText(
                cell.adjusted(0, 0, -12, 0), middle | Qt.AlignmentFlag.AlignRight, mark or UNREAD
            )
        if self._answers[place].flagged:
            painter.setPen(QColor(self._theme.colour("attention")))
            inset = 4 if several else 48
            painter.drawText(cell.adjusted(0, 0, -inset, 0), middle | Qt.AlignmentFlag.AlignRight, "⚑")
        if several and self._current and place == self._column:
            painter.setPen(QColor(self._theme.colour("accent")))
            painter.drawRect(cell.adjusted(2, 2, -3, -3))

    def _describe(self) -> None:
        told = []
        for item, answer, mark in zip(self._items, self._answers, self.texts, strict=True):
            flagged = ", flagged" if answer.flagged else ""
            where = f"{item.column.title} " if item.column is not None else ""
            told.append(f"{where}{mark or 'not yet read'}{flagged}")
        self.setAccessibleName(f"{self._code} {self._items[0].title}: {'; '.join(told)}")
        self.setToolTip(self._items[0].title)
