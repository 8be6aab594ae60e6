"""The columns of a form: which one a digit answers now, and what stands over the answers in the list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QSizePolicy, QWidget

from workstation.gui.keymap import Keymap
from workstation.gui.layouts import empty
from workstation.gui.theme import Theme
from workstation.scoring.instrument import Column
from workstation.scoring.sheet import ScoreSheet

CELL_PX = 52
HEAD_HEIGHT = 20
A_ROW = 2


def cells_of(area: QRect, number: int) -> list[QRect]:
    """Where the answers of a row stand, one for each column, at the right."""
    left = area.right() + 1 - number * CELL_PX
    return [QRect(left + i * CELL_PX, area.top(), CELL_PX, area.height()) for i in range(number)]


class ColumnStrip(QWidget):
    """A button for each column, the active one pressed. ``chosen`` carries the column's place."""

    chosen = Signal(int)

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form_columns")
        self.setAccessibleName("Columns of the form")
        self._keymap = keymap
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        self._buttons = QButtonGroup(self)
        self._buttons.idClicked.connect(self.chosen)
        self.hide()

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Show the columns of a form; nothing where it has one."""
        for old in self._buttons.buttons():
            self._buttons.removeButton(old)
        empty(self._grid)
        for place, column in enumerate(columns):
            button = QPushButton(column.title)
            button.setObjectName("form_column")
            button.setCheckable(True)
            # Digits answer wherever the focus is, so clicking must not take the focus from the images.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addButton(button, place)
            self._grid.addWidget(button, place // A_ROW, place % A_ROW)
        self.setVisible(len(columns) > 1)

    def show_state(self, sheet: ScoreSheet, active: Column) -> None:
        """Mark the active column, and say how much of each is answered."""
        form = sheet.instrument
        for place, column in enumerate(form.columns):
            own = [sheet.answer(item.id) for item in form.items if item.column == column]
            done = sum(answer.is_answered for answer in own)
            button = self._buttons.button(place)
            is_active = column == active
            button.setChecked(is_active)
            name = column.short if column.label and column.side else column.title
            button.setText(f"{'▸ ' if is_active else ''}{name}   {done} of {len(own)}")
            key = self._keymap.key_of("form_column")
            button.setToolTip(f"Answer {column.title}" + (f" ({key}: next column)" if key else ""))
            state = ", answered now" if is_active else ""
            button.setAccessibleName(f"{column.title}: {done} of {len(own)} answered{state}")


class ColumnHeads(QWidget):
    """The short names of the columns over their answers."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._columns: tuple[Column, ...] = ()
        self._active: Column | None = None
        self.hide()

    def sizeHint(self) -> QSize:
        """A line of small text."""
        return QSize(320, HEAD_HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def show_columns(self, columns: tuple[Column, ...], active: Column | None) -> None:
        """Name the columns; nothing where there is one."""
        self._columns, self._active = columns, active
        self.setVisible(len(columns) > 1)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The names, the active one in the accent and underlined, so that colour alone does not tell."""
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(11)
        for column, cell in zip(
            self._columns, cells_of(self.contentsRect(), len(self._columns)), strict=True
        ):
            is_active = column == self._active
            font.setBold(is_active)
            painter.setFont(font)
            painter.setPen(QColor(self._theme.colour("accent" if is_active else "secondary")))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, column.short)
            if is_active:
                painter.fillRect(
                    cell.adjusted(6, HEAD_HEIGHT - 2, -6, 0), QColor(self._theme.colour("accent"))
                )
