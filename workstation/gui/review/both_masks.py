"""What the readers drew: laid over each other, or each reader's own, with a legend and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.gui.layouts import empty
from workstation.gui.viewer.contents import MASK, READER_X, READER_Y, REGIONS
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.outline_painting import PEN_STYLES, hatch
from workstation.gui.viewer.palette import ViewerPalette, reader_styles
from workstation.imaging.frame import LabelStyle
from workstation.masks.overlap import BOTH, OTHERWISE, X_ONLY, Y_ONLY, LabelAgreement

if TYPE_CHECKING:
    from workstation.workflow.reader_masks import TwoMasks

OWN = {0: (REGIONS, MASK, READER_X), 1: (REGIONS, MASK, READER_Y)}
"""What the viewports of X and Y show while each shows its reader's own mask."""

LEGEND = ((X_ONLY, "{} only"), (Y_ONLY, "{} only"), (BOTH, "both"), (OTHERWISE, "other label"))
HEADINGS = ("", "{} ml", "{} ml", "both", "Dice")
MOST_ROWS = 5
SWATCH = (30, 16)


def lay_over(grid: ViewerGrid, masks: Sequence[TwoMasks]) -> None:
    """Lay the masks of two readers over the series of a case; what lay there before goes."""
    found = {one.series.key: one for one in masks}
    for key, content in list(grid.presenter.contents.items()):
        if not content.source:
            two = found.get(key)
            grid.set_reader_masks(key, *(None, None) if two is None else (two.x, two.y))


def show_compared(grid: ViewerGrid, compared: bool) -> None:
    """In both viewports the comparison, or in each viewport its reader's own mask."""
    grid.presenter.layers_on = {} if compared else dict(OWN)
    grid.presenter.redraw()


def go_to_difference(grid: ViewerGrid, masks: Sequence[TwoMasks]) -> bool:
    """Show the next slice on which the masks differ in both viewports; False where there is none."""
    places = [(one.series.key, index) for one in masks for index in one.differing_slices]
    if not places:
        return False
    presenter = grid.presenter
    state = presenter.states[presenter.active]
    here = (state.series_key, state.slice_index)
    order = [one.series.key for one in masks]
    following = [
        place
        for place in places
        if here[0] in order and (order.index(place[0]), place[1]) > (order.index(here[0]), here[1])
    ]
    key, index = following[0] if following else places[0]
    for tile in (0, 1):
        presenter.hang_series(tile, key)
        presenter.show_slice(tile, index)
    return True


class MaskNumbers(QFrame):
    """Legend of the comparison, and for each label the volumes and the Dice coefficient."""

    def __init__(self, palette: ViewerPalette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mask_numbers")
        self.setAccessibleName("Agreement of the masks")
        legend = QHBoxLayout()
        legend.setSpacing(4)
        styles = reader_styles(palette)
        self._legend: list[tuple[QLabel, QLabel]] = []
        for label, _ in LEGEND:
            swatch, text = QLabel(), QLabel()
            swatch.setPixmap(swatch_of(styles[label], self.devicePixelRatioF()))
            legend.addWidget(swatch)
            legend.addWidget(text)
            self._legend.append((swatch, text))
        legend.addStretch(1)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(8)
        self._rows.setVerticalSpacing(1)
        self._rows.setColumnStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(legend)
        layout.addLayout(self._rows)
        self.hide()

    def show_masks(self, masks: Sequence[TwoMasks], names: tuple[str, str] = ("X", "Y")) -> None:
        """Show the numbers of two readers of a case; nothing where nobody drew."""
        empty(self._rows)
        for (swatch, caption), (_, words), name in zip(self._legend, LEGEND, (*names, "", ""), strict=True):
            caption.setText(words.format(name))
            swatch.setAccessibleName(f"Pattern of {caption.text()}")
        found = [(one.series.label, number) for one in masks for number in one.agreements]
        self.setVisible(bool(found))
        for column, (heading, name) in enumerate(zip(HEADINGS, ("", *names, "", ""), strict=True)):
            self._cell(0, column, heading.format(name))
        for row, (series, number) in enumerate(found[:MOST_ROWS], start=1):
            for column, text in enumerate(cells_of(series, number)):
                self._cell(row, column, text)
        if len(found) > MOST_ROWS:
            self._cell(MOST_ROWS + 1, 0, f"and {len(found) - MOST_ROWS} more: see the export")

    def _cell(self, row: int, column: int, text: str) -> None:
        cell = QLabel(text)
        cell.setProperty("text_role", "secondary")
        if column:
            cell.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._rows.addWidget(cell, row, column)


def cells_of(series: str, number: LabelAgreement) -> tuple[str, ...]:
    """``("edema · sag PD FS", "1.20", "0.90", "0.80", "0.76")``"""
    name = number.segment.name.partition(",")[0]
    volumes = tuple(f"{volume:.2f}" for volume in number.volumes_ml)
    dice = number.dice
    return f"{name} · {series}", *volumes, "n/a" if dice is None else f"{dice:.2f}"


def swatch_of(style: LabelStyle, ratio: float) -> QPixmap:
    """A piece of how a label is drawn, on black as in the viewports."""
    wide, high = SWATCH
    made = QPixmap(round(wide * ratio), round(high * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(QColor("black"))
    painter = QPainter(made)
    area = QRectF(1, 1, wide - 2, high - 2)
    if style.hatch:
        painter.fillRect(area, hatch(style.color, style.hatch))
    else:
        colour = QColor.fromRgb(style.color)
        colour.setAlphaF(0.5)
        painter.fillRect(area, colour)
    painter.setPen(QPen(QColor.fromRgb(style.color), 1.5, PEN_STYLES[style.line]))
    painter.drawRect(area)
    painter.end()
    return made
