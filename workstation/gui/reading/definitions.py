"""What each level of the item in hand means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from workstation.scoring.instrument import Instrument, Item
from workstation.scoring.sheet import Answer, AnswerState


class Definitions(QLabel):
    """A line for each level, the answered one underlined."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room = width
        self.setObjectName("definitions")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    def show_form(self, form: Instrument) -> None:
        """Take the room of the longest definitions of a form, so that nothing moves from item to item."""
        self.ensurePolished()
        self.setMinimumHeight(0)
        heights = []
        for text in {_text(item, Answer(item.id)) for item in form.items}:
            self.setText(text)
            heights.append(self.heightForWidth(self._room))
        self.setMinimumHeight(max(heights))

    def show_item(self, item: Item, answer: Answer) -> None:
        """Show the levels of an item, and which was answered."""
        self.setText(_text(item, answer))


def _text(item: Item, answer: Answer) -> str:
    lines = []
    for level in item.levels:
        text = f"<b>{level.key}</b>&nbsp;&nbsp;{level.definition}"
        chosen = answer.state == AnswerState.SCORED and answer.grade == level.grade
        lines.append(f"<u>{text}</u>" if chosen else text)
    return "<br>".join([*lines, "<b>-</b>&nbsp;&nbsp;not assessable"])
