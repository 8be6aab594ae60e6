"""One line of the form: code, name, the answer so far."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

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
    """A clickable line; the current one is raised and edged with the accent."""

    clicked = Signal(str)

    def __init__(self, item: Item, code: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item = item
        self._code = code
        self._theme = theme
        self._answer: Answer | None = None
        self._current = False
        self.setObjectName(f"item_{item.id}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._describe()

    def sizeHint(self) -> QSize:
        """One line of the form."""
        return QSize(320, ROW_HEIGHT)

    @property
    def text(self) -> str:
        """What the row says of the answer."""
        return answer_mark(self._item, self._answer) if self._answer else ""

    def set_answer(self, answer: Answer, *, current: bool) -> None:
        """Show an answer and whether this row has the focus of the form."""
        self._answer = answer
        self._current = current
        self._describe()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left click makes this the current item."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._item.id)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one line."""
        del event
        painter = QPainter(self)
        area = self.rect()
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
        room = area.adjusted(80, 0, -60, 0)
        title = painter.fontMetrics().elidedText(self._item.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle, title)
        mark = self.text
        painter.setPen(QColor(self._theme.colour("text" if mark else "disabled")))
        painter.drawText(area.adjusted(0, 0, -12, 0), middle | Qt.AlignmentFlag.AlignRight, mark or UNREAD)
        if self._answer is not None and self._answer.flagged:
            painter.setPen(QColor(self._theme.colour("attention")))
            painter.drawText(area.adjusted(0, 0, -48, 0), middle | Qt.AlignmentFlag.AlignRight, "⚑")

    def _describe(self) -> None:
        flagged = ", flagged" if self._answer is not None and self._answer.flagged else ""
        self.setAccessibleName(f"{self._code} {self._item.title}: {self.text or 'not yet read'}{flagged}")
        self.setToolTip(self._item.title)
