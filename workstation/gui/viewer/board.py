"""The room of the viewports: where each one stands, what is drawn over it, and which tools there are."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from workstation.gui.second_screen import OwnWindow
from workstation.gui.viewer.gestures import Gestures
from workstation.gui.viewer.look_ahead import LookAhead
from workstation.gui.viewer.marks import CursorCross, Markers, ReferenceLine
from workstation.gui.viewer.measuring import Measuring
from workstation.gui.viewer.overlay import OverlayPainter
from workstation.gui.viewer.painting import FramePainter
from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.gui.viewer.tile import TileWidget
from workstation.gui.viewer.tools import BUILT_IN
from workstation.gui.viewer.tools.base import PointerTool

LINE_PX = 1


class TileBoard(QWidget):
    """Viewports in rows and columns with lines of one pixel between them.

    Attributes
    ----------
    presenter : ViewerPresenter
        What hangs and how; every change goes through it.
    measuring : Measuring
        The marks on the pictures.
    """

    menu_wanted = Signal(int, QPoint)

    def __init__(self, palette: ViewerPalette | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette or ViewerPalette()
        self.presenter = ViewerPresenter(self)
        self._painter = FramePainter(self._palette)
        self._tools: dict[str, PointerTool] = {}
        self._overlays: list[OverlayPainter] = [ReferenceLine(), CursorCross(), Markers()]
        self._gestures = Gestures(self.presenter, self._tools)
        self._tiles: list[TileWidget] = []
        self._maximised: int | None = None
        self._away: dict[int, OwnWindow] = {}
        LookAhead(self.presenter, self._tiles)
        for kind in BUILT_IN:
            self.add_tool(kind(self.presenter))
        self.measuring = Measuring(self)

    @property
    def tiles(self) -> tuple[TileWidget, ...]:
        """The viewports, row by row."""
        return tuple(self._tiles)

    @property
    def tools(self) -> tuple[PointerTool, ...]:
        """Every tool there is, in the order of their buttons."""
        return tuple(self._tools.values())

    @property
    def palette_used(self) -> ViewerPalette:
        """The colours of the viewer."""
        return self._palette

    def add_tool(self, tool: PointerTool) -> None:
        """Let the left button drive a tool (`set_tool` with its id), and let it draw over the viewports."""
        self._tools[tool.id] = tool
        if type(tool).paint is not PointerTool.paint:
            self.add_overlay(tool)

    def add_overlay(self, overlay: OverlayPainter) -> None:
        """Let something draw over every viewport, above what was added before."""
        self._overlays.append(overlay)
        self.presenter.redraw()

    def set_palette(self, palette: ViewerPalette) -> None:
        """Use the colours of another theme."""
        self._palette = palette
        self._painter = FramePainter(palette)
        for tile in self._tiles:
            tile.set_painter(self._painter)
        self.update()

    def maximise(self, tile: int) -> None:
        """Show one viewport alone, or all again."""
        self._maximised = None if self._maximised is not None else tile
        self._place_tiles()

    @property
    def away(self) -> tuple[int, ...]:
        """The viewports that stand in a window of their own."""
        return tuple(self._away)

    @property
    def away_places(self) -> dict[int, QRect]:
        """Where on the screens each of them stands."""
        return {tile: window.geometry() for tile, window in self._away.items()}

    def cover(self, covered: bool) -> None:
        """Hide the windows of viewports, as in a pause, or show them again."""
        for window in self._away.values():
            window.setVisible(not covered)

    def detach(self, tile: int, at: QRect | None = None) -> None:
        """Put a viewport into a window of its own, on another screen where there is one; or bring it back.

        `at` is where it stood before.
        """
        if tile in self._away:
            self._away[tile].release()
            return
        content = self.presenter.content(tile)
        title = f"Viewport {tile + 1}: {content.caption if content else 'empty'}"
        window = OwnWindow(self._tiles[tile], title, self, self._take_back)
        self._away[tile] = window
        self._place_tiles()
        window.stand(QSize(900, 900), at=at)
        window.stood.connect(self.presenter.state_changed)
        if at is None:  # by hand: the keys go with it, and the same key brings it back
            window.activateWindow()
            self._tiles[tile].setFocus(Qt.FocusReason.OtherFocusReason)
            self.presenter.set_active(tile)
        self.presenter.state_changed.emit()
        self.update()

    # --- events ----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room among the viewports."""
        self._place_tiles()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines between the viewports."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._palette.line))
        painter.setPen(QColor(self._palette.secondary))
        for tile in self._away:
            place = self._place_of(tile)
            painter.fillRect(place, QColor(self._palette.background))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "In a window of its own")
        painter.end()

    def _take_back(self, guest: QWidget) -> None:
        assert isinstance(guest, TileWidget)
        del self._away[guest.index]
        self.presenter.state_changed.emit()
        guest.setParent(self)
        guest.show()
        self._place_tiles()
        self._order_tiles()
        # The keys go on where they were: a window that closes leaves nobody with the focus.
        self.activateWindow()
        guest.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- private ---------------------------------------------------------------------------------

    def _make_tiles(self) -> None:
        """As many viewports as there are states, in their places."""
        wanted = len(self.presenter.states)
        while len(self._tiles) > wanted:
            tile = self._tiles.pop()
            tile.hide()
            if tile.index in self._away:
                self._away.pop(tile.index).drop()
            tile.deleteLater()
        while len(self._tiles) < wanted:
            number = len(self._tiles)
            tile = TileWidget(self.presenter, self._gestures, self._painter, self._overlays, number, self)
            tile.maximise_wanted.connect(self.maximise)
            tile.menu_wanted.connect(self.menu_wanted)
            self._tiles.append(tile)
        self._place_tiles()
        self._order_tiles()

    def _order_tiles(self) -> None:
        """Tab goes from viewport to viewport; one that is made or comes back later would be last of all."""
        for before, after in itertools.pairwise(self._tiles):
            if not {before.index, after.index} & set(self._away):
                QWidget.setTabOrder(before, after)

    def _place_tiles(self) -> None:
        """Whole pixels, lines of one between; what does not divide goes to the first ones."""
        alone = self._maximised
        hidden = range(len(self._tiles)) if alone is not None else ()
        self.presenter.together.apart = frozenset({*self._away, *hidden} - {alone})
        for tile in self._tiles:
            if tile.index in self._away:
                self.presenter.sizes[tile.index] = (float(tile.width()), float(tile.height()))
                continue
            tile.setGeometry(self._place_of(tile.index) if alone is None else self.rect())
            tile.setVisible(alone is None or tile.index == alone)
            self.presenter.sizes[tile.index] = (float(tile.width()), float(tile.height()))

    def _place_of(self, tile: int) -> QRect:
        layout = self.presenter.layout
        row, column = divmod(tile, layout.columns)
        left, right = _cuts(self.width(), layout.columns)[column]
        top, bottom = _cuts(self.height(), layout.rows)[row]
        return QRect(left, top, right - left, bottom - top)


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    inner = length - LINE_PX * (parts - 1)
    edges = [round(inner * part / parts) for part in range(parts + 1)]
    return [(edges[part] + part * LINE_PX, edges[part + 1] + part * LINE_PX) for part in range(parts)]
