"""The levels of the item in hand as a row of buttons, not assessable last."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workstation.scoring.instrument import Item
from workstation.scoring.sheet import Answer, AnswerState


class LevelButtons(QWidget):
    """One button per level. ``chosen`` carries the grade, None for not assessable.

    The buttons stay and only change what they say: one that was reached by Tab keeps the focus when its
    answer brings the next item.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QPushButton] = []
        self._grades: list[int | None] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def show_item(self, item: Item, answer: Answer, *, locked: bool) -> None:
        """Show the levels of an item and mark the one that was answered."""
        self._grades = [*(level.grade for level in item.levels), None]
        while len(self._buttons) < len(self._grades):
            self._buttons.append(self._button(len(self._buttons)))
        texts = [(level.label, level.definition, level.key) for level in item.levels]
        texts.append(("n/a", "Not assessable", "-"))
        for index, button in enumerate(self._buttons):
            button.setVisible(index < len(texts))
            if index >= len(texts):
                continue
            label, definition, key = texts[index]
            button.setText(label)
            button.setChecked(_is_answer(answer, self._grades[index]))
            button.setEnabled(not locked)
            button.setToolTip(f"{definition} (key {key})")
            button.setAccessibleName(f"{label}: {definition}")

    def _button(self, index: int) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName("level")
        button.setCheckable(True)
        # Digits answer wherever the focus is, so clicking must not take the focus from the images.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(self._grades[index]))
        self._row.addWidget(button, 1)
        return button


def _is_answer(answer: Answer, grade: int | None) -> bool:
    if grade is None:
        return answer.state == AnswerState.NOT_ASSESSABLE
    return answer.state == AnswerState.SCORED and answer.grade == grade
