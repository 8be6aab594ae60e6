"""Running sums under the list of a form, drawn only where the plan lets a reader see them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.reading.column_strip import cells_of
from workstation.gui.theme import Theme
from workstation.scoring.instrument import Derived
from workstation.scoring.sheet import ScoreSheet, Total, number_text

ROW_HEIGHT, COLUMNS_ROW_HEIGHT = 24, 34
SMALL_PX, NUMBER_PX = 11, 13
VALUE_PX = 44
Row = tuple[list[Derived], list[Total]]
"""A sum of the form: its rule and its value in each column."""


class TotalsStrip(QWidget):
    """A line for each sum, with a cell for each column of the form.

    A sum that lacks items says so in amber, ``9 of 15``. The height depends on the form alone, never on what
    is answered. While the plan hides sums the strip knows none: nothing of them is in its words either.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("totals")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._sheet: ScoreSheet | None = None
        self._every: list[Row] = []
        self._is_roomy = False
        self._margin = 0
        self.hide()

    def sizeHint(self) -> QSize:
        """A line for each sum that is shown."""
        return QSize(320, len(self._rows()) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """The same: no sum is cut off."""
        return self.sizeHint()

    @property
    def texts(self) -> tuple[str, ...]:
        """What each line says, as it is read aloud."""
        return tuple(_spoken(rules, totals) for rules, totals in self._rows())

    def set_theme(self, theme: Theme) -> None:
        """Redraw in other colours."""
        self._theme = theme
        self.update()

    def set_roomy(self, roomy: bool) -> None:
        """Where there is room every sum has a line; else the whole form's, the others in the tool tip."""
        if roomy != self._is_roomy:
            self._is_roomy = roomy
            self._tell()

    def show_sheet(self, sheet: ScoreSheet | None, margin: int = 0) -> None:
        """Show the sums of a sheet, its columns `margin` pixels from the right edge; None shows nothing."""
        self._sheet, self._margin = sheet, margin
        self._every = [] if sheet is None else _rows_of(sheet)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each line: title, how much is partial, the number."""
        del event
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(self._theme.colour("line")))
        for place, (rules, totals) in enumerate(self._rows()):
            area = QRect(0, place * self._row_height(), self.width() - self._margin, self._row_height())
            if len(totals) > 1:
                cells = cells_of(area, len(totals))
                for total, cell in zip(totals, cells, strict=True):
                    self._paint_cell(painter, total, cell)
                end = cells[0].left()
            else:
                end = self._paint_line(painter, totals[0], area)
            painter.setFont(self._font(NUMBER_PX))
            painter.setPen(QColor(self._theme.colour("secondary")))
            room = area.adjusted(12, 0, end - area.right() - 8, 0)
            title = painter.fontMetrics().elidedText(
                _title(rules[0]), Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)

    def _paint_cell(self, painter: QPainter, total: Total, cell: QRect) -> None:
        """One column: the number, below it how much of it is there."""
        upper, lower = cell.adjusted(0, 3, 0, -15), cell.adjusted(0, 17, 0, -2)
        self._paint_number(painter, total, upper if total.partial else cell, Qt.AlignmentFlag.AlignCenter)
        self._paint_part(painter, total, lower, Qt.AlignmentFlag.AlignCenter)

    def _paint_line(self, painter: QPainter, total: Total, area: QRect) -> int:
        """The number at the right, left of it how much of it is there; gives where the title ends."""
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        number = area.adjusted(area.width() - VALUE_PX, 0, -12, 0)
        part = area.adjusted(area.width() - 2 * VALUE_PX - 12, 0, -VALUE_PX, 0)
        self._paint_number(painter, total, number, side)
        self._paint_part(painter, total, part, side)
        return part.left()

    def _paint_number(self, painter: QPainter, total: Total, area: QRect, side: Qt.AlignmentFlag) -> None:
        painter.setFont(self._font(NUMBER_PX, bold=True))
        painter.setPen(QColor(self._theme.colour("attention" if total.partial else "text")))
        painter.drawText(area, side, _number(total))

    def _paint_part(self, painter: QPainter, total: Total, area: QRect, side: Qt.AlignmentFlag) -> None:
        if total.partial:
            painter.setFont(self._font(SMALL_PX))
            painter.setPen(QColor(self._theme.colour("attention")))
            painter.drawText(area, side, f"{total.answered} of {total.of}")

    def _font(self, pixels: int, *, bold: bool = False) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        font.setBold(bold)
        return font

    def _row_height(self) -> int:
        several = self._sheet is not None and len(self._sheet.instrument.columns) > 1
        return COLUMNS_ROW_HEIGHT if several else ROW_HEIGHT

    def _rows(self) -> list[Row]:
        """The sums that have a line: only the widest ones where room is short."""
        widest = max((len(rules[0].items) for rules, _ in self._every), default=0)
        return [row for row in self._every if self._is_roomy or len(row[0][0].items) == widest]

    def _tell(self) -> None:
        every = [_spoken(rules, totals) for rules, totals in self._every]
        self.setVisible(bool(every))
        self.setAccessibleName("; ".join(self.texts))
        self.setAccessibleDescription("; ".join(every))
        self.setToolTip("\n".join(every))
        self.updateGeometry()
        self.update()


def _rows_of(sheet: ScoreSheet) -> list[Row]:
    """Every sum of a sheet, those of all columns together."""
    totals = sheet.totals()
    rows: dict[str, list[Derived]] = {}
    for rule in sheet.instrument.derived:
        rows.setdefault(rule.base or rule.id, []).append(rule)
    return [(rules, [totals[rule.id] for rule in rules]) for rules in rows.values()]


def _number(total: Total) -> str:
    return "–" if total.value is None else number_text(total.value)


def _spoken(rules: list[Derived], totals: list[Total]) -> str:
    """``"Recht sum: Baseline 12, partial, 3 of 6; Follow-up 20"``"""
    told = []
    for rule, total in zip(rules, totals, strict=True):
        where = f"{rule.column.title} " if rule.column is not None else ""
        partial = f", partial, {total.answered} of {total.of}" if total.partial else ""
        told.append(f"{where}{_number(total)}{partial}")
    return f"{_title(rules[0])}: {'; '.join(told)}"


def _title(rule: Derived) -> str:
    """The sum's name without its column, which stands over the cell."""
    return rule.title if rule.column is None else rule.title.removesuffix(f", {rule.column.title}")
