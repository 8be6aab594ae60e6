"""What may hang in a viewport: thumbnails with plane, weighting, number of slices and warnings."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from workstation.gui.viewer.contents import SeriesContent
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.series_strip import thumbnail

PICTURE_PX = 56


class TileMenu(QMenu):
    """The menu of a viewport, by a right click or the menu key; a series hangs where the menu was asked."""

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tile_menu")
        self.setAccessibleName("Series for this viewport")
        self.setToolTipsVisible(True)
        self.setStyleSheet(f"QMenu {{ icon-size: {PICTURE_PX}px; }} QMenu::item {{ padding: 2px 12px; }}")
        self._grid = grid
        grid.menu_wanted.connect(self.show_for)

    def show_for(self, tile: int, at: QPoint) -> None:
        """Open it for a viewport."""
        self.fill(tile)
        self.popup(at)

    def fill(self, tile: int) -> None:
        """The series of the case, the one that hangs here marked; then what else can be done here."""
        self.clear()
        grid, presenter = self._grid, self._grid.presenter
        grid.presenter.set_active(tile)
        here = presenter.states[tile].series_key
        shown = {state.series_key for state in presenter.states}
        for key, content in presenter.contents.items():
            if content.source:
                continue
            place = "here" if key == here else "on the screen" if key in shown else ""
            action = self.addAction(self._icon(content), series_words(content, place))
            action.setCheckable(True)
            action.setChecked(key == here)
            action.setToolTip("\n".join(content.warnings))
            action.triggered.connect(partial(self._hang, tile, key))
        self.addSeparator()
        for command, words in (
            ("maximise", "One viewport alone, or all"),
            ("detach", "In a window of its own, or back"),
            ("invert", "Invert"),
            ("flip_horizontal", "Mirror left and right"),
            ("rotate", "Rotate by a quarter"),
            ("reset", "Start window and whole image"),
        ):
            action = self.addAction(f"{words}\t{grid.keymap.key_of(command)}")
            action.triggered.connect(partial(self._do, command))

    def _hang(self, tile: int, key: str) -> None:
        self._grid.presenter.hang_series(tile, key)

    def _do(self, command: str) -> None:
        self._grid.do(command)

    def _icon(self, content: SeriesContent) -> QIcon:
        ratio = self.devicePixelRatioF()
        side = round(PICTURE_PX * ratio)
        picture = thumbnail(content, side)
        if picture is None:
            blank = QPixmap(QSize(side, side))
            blank.fill(Qt.GlobalColor.black)
            return QIcon(blank)
        pixmap = QPixmap.fromImage(picture)
        pixmap.setDevicePixelRatio(ratio)
        return QIcon(pixmap)


def series_words(content: SeriesContent, place: str) -> str:
    """One line of the menu: ``"sag PD FS · sagittal · PD · 36 slices · ⚠ 2 slices are missing"``."""
    series = content.series
    count = content.number_of_slices
    parts = [content.caption]
    if series.plane is not None:
        parts.append(series.plane.value)
    parts.append(series.weighting.value if series.weighting else "contrast unknown")
    parts.append(f"{count} slices" if count != 1 else "1 image")
    if place:
        parts.append(place)
    if content.warnings:
        more = f" (+{len(content.warnings) - 1})" if len(content.warnings) > 1 else ""
        parts.append(f"⚠ {content.warnings[0]}{more}")
    return " · ".join(parts).replace("&", "&&")
