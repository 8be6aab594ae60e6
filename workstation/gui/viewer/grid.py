"""The viewer: a grid of viewports with keyboard, mouse, links and overlays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from workstation.gui.viewer import keeping
from workstation.gui.viewer.commands import Commands
from workstation.gui.viewer.contents import MASK, READERS, REGIONS, mask_overlay, readers_overlay
from workstation.gui.viewer.gestures import Gestures, Tool
from workstation.gui.viewer.keys import action_of, preset_of
from workstation.gui.viewer.painting import FramePainter
from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.presenter import Point, ViewerPresenter
from workstation.gui.viewer.tile import TileWidget
from workstation.imaging import hanging
from workstation.imaging.frame import LabelStyle, Overlay
from workstation.imaging.hanging import Layout
from workstation.imaging.study import Joint, Series
from workstation.imaging.volume import Stack
from workstation.masks.mask import Mask

LINE_PX = 1
CINE_MS = 100


class ViewerGrid(QWidget):
    """Viewports of one case, from 1 × 1 to 4 × 4.

    It receives series, voxels and blinded captions, and never learns whom they show. The widget that owns
    it answers `stack_wanted` with `set_stack` (or `set_problem`).

    Signals
    -------
    active_changed(int)
        Index of the active viewport.
    state_changed()
        What `states` tells has changed: keep it with the reading.
    clicked_point(object, str)
        LPS mm as ndarray, and the series key, of a click with the point tool.
    stack_wanted(object)
        A `Series` hangs on the screen and has no voxels yet.
    layout_changed()
        The grid was hung anew, or another series hangs in a viewport.
    look_changed()
        Tool or overlay look changed: buttons that show them follow.
    """

    active_changed = Signal(int)
    state_changed = Signal()
    clicked_point = Signal(object, str)
    stack_wanted = Signal(object)
    layout_changed = Signal()
    look_changed = Signal()

    def __init__(self, palette: ViewerPalette | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("viewer_grid")
        self.setAccessibleName("Viewports")
        self._palette = palette or ViewerPalette()
        self._painter = FramePainter(self._palette)
        self.presenter = ViewerPresenter(self)
        self._gestures = Gestures(self.presenter, self._on_click)
        self._commands = Commands(self)
        self._tiles: list[TileWidget] = []
        self._maximised: int | None = None
        self._form_is_open = False
        self._filled, self._opacity = False, 0.35
        self._stages: tuple[Layout, ...] = ()
        self._cine = QTimer(self)
        self._cine.setInterval(CINE_MS)
        self._cine.timeout.connect(self._on_cine)
        self.presenter.changed.connect(self._on_changed)
        self.presenter.hung.connect(self._on_hung)
        self.presenter.placed.connect(self._on_placed)
        self.presenter.active_changed.connect(self._on_active_changed)
        self.presenter.state_changed.connect(self.state_changed)
        self.presenter.stack_wanted.connect(self.stack_wanted)
        self._on_hung()

    # --- properties ------------------------------------------------------------------------------

    @property
    def tiles(self) -> tuple[TileWidget, ...]:
        """The viewports, row by row."""
        return tuple(self._tiles)

    @property
    def active_tile(self) -> int:
        """Index of the viewport that keys act upon."""
        return self.presenter.active

    @property
    def layout_shown(self) -> Layout:
        """Grid and assignments as they are now."""
        return self.presenter.layout

    @property
    def series(self) -> tuple[Series, ...]:
        """The series of the case."""
        return tuple(content.series for content in self.presenter.contents.values())

    @property
    def stages(self) -> tuple[Layout, ...]:
        """The layouts of the hanging protocols that fit the case, best first."""
        return self._stages

    @property
    def palette_used(self) -> ViewerPalette:
        """The colours of the viewer."""
        return self._palette

    @property
    def tool(self) -> Tool:
        """What the left button does."""
        return self._gestures.tool

    @property
    def overlay_look(self) -> tuple[bool, float, bool]:
        """(filled, opacity, hidden)."""
        return self._filled, self._opacity, self.presenter.overlay_hidden

    @property
    def is_playing(self) -> bool:
        """True while cine runs."""
        return self._cine.isActive()

    def current_position(self) -> tuple[str, str, int, int] | None:
        """(series_key, sop_instance_uid, frame, slice_index) of the active viewport; None if empty."""
        content = self.presenter.content(self.active_tile)
        if content is None or not content.series.instances:
            return None
        index = self.presenter.states[self.active_tile].slice_index
        instance = content.series.instances[min(index, len(content.series.instances) - 1)]
        return content.series.key, instance.sop_instance_uid, instance.frame, index

    def states(self) -> dict[str, Any]:
        """Everything the reader set up, as plain values for the journal."""
        look = {"filled": self._filled, "opacity": self._opacity, "hidden": self.presenter.overlay_hidden}
        return {**keeping.as_dict(self.presenter), "overlay": look}

    # --- setters ---------------------------------------------------------------------------------

    def show_series(
        self,
        series: Iterable[Series],
        layout: Layout | None = None,
        captions: Mapping[str, str] | None = None,
        joint: Joint | None = None,
    ) -> None:
        """Hang a case.

        Parameters
        ----------
        series : iterable of Series
        layout : Layout or None
            None lets the best hanging protocol win.
        captions : mapping of str to str or None
            Role and time point by series key, blinded by the caller; the role from physics if absent.
        joint : Joint or None
            Joint of the case, to choose the protocol.
        """
        self._cine.stop()
        self._maximised = None
        offered = tuple(series)
        self._stages = hanging.ranked(offered, joint=joint)
        if layout is None:
            layout = self._stages[0] if self._stages else hanging.grid_of(1, 1)
        self.presenter.show_series(offered, layout, captions or {})

    def set_stack(self, series_key: str, stack: Stack) -> None:
        """Give the voxels of a series; it is drawn at once."""
        self.presenter.set_stack(series_key, stack)
        self._relook()

    def set_preview(self, series_key: str, slice_index: int, stack: Stack) -> None:
        """Give one slice (a stack of one) to show while the rest is read."""
        self.presenter.set_preview(series_key, slice_index, stack)

    def set_problem(self, series_key: str, sentence: str) -> None:
        """Say in its viewport why a series cannot be shown."""
        self.presenter.set_problem(series_key, sentence)
        self._name_tiles()

    def set_warnings(self, series_key: str, sentences: Iterable[str]) -> None:
        """Add what was found while its pixels were read to the ⚠ of a series."""
        content = self.presenter.contents.get(series_key)
        if content is not None:
            content.reading_warnings = tuple(sentences)
            self._name_tiles()

    def set_overlay(
        self, series_key: str, mask: Mask | None, style: Mapping[int, LabelStyle] | None = None
    ) -> None:
        """Lay a mask over its series; None takes it away. `style` by label, else from the palette."""
        overlay = mask_overlay(mask, self._palette, self._filled, self._opacity) if mask else None
        if overlay and style is not None:
            overlay = replace(overlay, styles=dict(style))
        self._set_layer(series_key, MASK, overlay)

    def set_regions(self, series_key: str, regions: Mask | None) -> None:
        """Lay bone regions over a series: outlines only, under the mask."""
        overlay = mask_overlay(regions, self._palette, self._filled, self._opacity) if regions else None
        if overlay:
            bone = int(self._palette.masks["bone"].lstrip("#"), 16)
            styles = {label: LabelStyle(bone, outline_only=True) for label in overlay.styles}
            overlay = replace(overlay, styles=styles)
        self._set_layer(series_key, REGIONS, overlay)

    def set_reader_masks(self, series_key: str, mask_x: Mask | None, mask_y: Mask | None) -> None:
        """Lay two readers' masks over a series: X only ⟋, Y only ⟍, both solid."""
        self._set_layer(series_key, READERS, readers_overlay(mask_x, mask_y, self._palette, self._opacity))

    def set_overlay_look(
        self, *, filled: bool | None = None, opacity: float | None = None, hidden: bool | None = None
    ) -> None:
        """Outline or fill, opacity 0 to 1, shown or hidden."""
        self._filled = self._filled if filled is None else filled
        self._opacity = self._opacity if opacity is None else min(max(opacity, 0.0), 1.0)
        self._relook()
        self.presenter.set_hidden(hidden=hidden)
        self.look_changed.emit()

    def set_markers(self, markers: Iterable[tuple[ArrayLike, str, str]]) -> None:
        """Show (LPS point, frame of reference UID, word) as small circles near their slice."""
        self.presenter.set_markers(
            tuple((np.asarray(point, dtype=np.float64), uid, word) for point, uid, word in markers)
        )

    def set_tool(self, tool: Tool | str) -> None:
        """Choose what the left button does."""
        self._gestures.tool = Tool(tool)
        self.look_changed.emit()

    def set_playing(self, playing: bool) -> None:
        """Start or stop cine in the active viewport."""
        if playing:
            self._cine.start()
        else:
            self._cine.stop()

    def cancel(self) -> None:
        """Leave what is under way: cine, drag, cursor, peeking, one viewport alone; nothing is lost."""
        self._cine.stop()
        self._gestures.forget()
        self.presenter.point_cursor(self.active_tile, None)
        self.presenter.set_hidden(peeking=False)
        if self._maximised is not None:
            self.maximise(self._maximised)
        if self.tool == Tool.POINT:
            self.set_tool(Tool.WINDOW)

    def set_form_open(self, is_open: bool) -> None:
        """While a form is open plain digits score and are not taken by the viewer."""
        self._form_is_open = is_open

    def set_palette(self, palette: ViewerPalette) -> None:
        """Use the colours of another theme."""
        self._palette = palette
        self._painter = FramePainter(palette)
        for tile in self._tiles:
            tile.set_painter(self._painter)
        self.update()

    def hang(self, layout: Layout) -> None:
        """Change the grid of the case that is shown."""
        self._maximised = None
        self.presenter.hang(layout)

    def set_grid(self, rows: int, columns: int) -> None:
        """A plain grid: what hangs stays in order, further places take the series not yet shown."""
        shown = [state.series_key for state in self.presenter.states if state.series_key]
        rest = [one.key for one in self.series if one.key not in shown]
        by_key = {one.key: one for one in self.series}
        order = [by_key[key] for key in dict.fromkeys(shown + rest)]
        self.hang(hanging.grid_of(rows, columns, order[: rows * columns]))

    def hang_in_active(self, series_key: str) -> None:
        """Put a series into the active viewport."""
        self.presenter.hang_series(self.active_tile, series_key)

    def show_slice(self, series_key: str, slice_index: int) -> None:
        """Go to a slice of a series; if it does not hang it takes the active viewport."""
        presenter = self.presenter
        if series_key not in presenter.contents:
            return
        keys = [state.series_key for state in presenter.states]
        if series_key not in keys:
            presenter.hang_series(self.active_tile, series_key)
            keys = [state.series_key for state in presenter.states]
        is_active = keys[self.active_tile] == series_key
        tile = self.active_tile if is_active else keys.index(series_key)
        presenter.set_active(tile)
        presenter.show_slice(tile, slice_index)

    def go_to_point(self, point: ArrayLike) -> None:
        """Show an LPS point in every viewport of the active one's frame of reference."""
        self.presenter.go_to_point(point)

    def restore(self, states: Mapping[str, Any]) -> None:
        """Bring back what `states` told; unknown or damaged parts take their start values."""
        look = states.get("overlay")
        if isinstance(look, dict):
            opacity = look.get("opacity")
            self.set_overlay_look(
                filled=look.get("filled") is True,
                opacity=float(opacity) if isinstance(opacity, int | float) else None,
                hidden=look.get("hidden") is True,
            )
        self._maximised = None
        keeping.restore(self.presenter, states)

    def maximise(self, tile: int) -> None:
        """Show one viewport alone, or all again."""
        self._maximised = None if self._maximised is not None else tile
        self._place_tiles()

    # --- events ----------------------------------------------------------------------------------

    def handle_key(self, event: QKeyEvent) -> bool:
        """Act on a key press meant for the viewer; False if it has no meaning here.

        A desk whose form has the focus forwards keys through this, so that letters and arrows act on the
        active viewport wherever the focus is.
        """
        number = preset_of(event, self._form_is_open)
        if number:
            self.presenter.use_preset(self.active_tile, number)
            return True
        action = action_of(event)
        if not action:
            return False
        if event.isAutoRepeat() and not action.startswith("slice"):
            return True
        self._commands.do(action)
        return True

    def handle_key_release(self, event: QKeyEvent) -> bool:
        """End of a held key (G); False if it has no meaning here."""
        if self.presenter.peeking and not event.isAutoRepeat() and event.key() == Qt.Key.Key_G:
            self.presenter.set_hidden(peeking=False)
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys while a viewport has the focus."""
        if not self.handle_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of a held key."""
        if not self.handle_key_release(event):
            super().keyReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room among the viewports."""
        self._place_tiles()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines between the viewports."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._palette.line))
        painter.end()

    # --- private ---------------------------------------------------------------------------------

    def _set_layer(self, series_key: str, name: str, overlay: Overlay | None) -> None:
        content = self.presenter.contents.get(series_key)
        if content is not None:
            content.set_layer(name, overlay)
            self.presenter.redraw()

    def _relook(self) -> None:
        for content in self.presenter.contents.values():
            content.relook(self._filled, self._opacity)

    def _on_active_changed(self, tile: int) -> None:
        if tile < len(self._tiles):
            self.setFocusProxy(self._tiles[tile])
        self.active_changed.emit(tile)

    def _on_click(self, tile: int, point: Point) -> None:
        self.clicked_point.emit(point, self.presenter.states[tile].series_key)

    def _on_cine(self) -> None:
        self.presenter.cine_step(self.active_tile)

    def _on_changed(self, tiles: set[int]) -> None:
        for tile in tiles:
            if tile < len(self._tiles):
                self._tiles[tile].update()

    def _on_hung(self) -> None:
        wanted = len(self.presenter.states)
        while len(self._tiles) > wanted:
            tile = self._tiles.pop()
            tile.hide()
            tile.deleteLater()
        while len(self._tiles) < wanted:
            tile = TileWidget(self.presenter, self._gestures, self._painter, len(self._tiles), self)
            tile.maximise_wanted.connect(self.maximise)
            self._tiles.append(tile)
        self._place_tiles()
        self._name_tiles()
        self.setFocusProxy(self._tiles[min(self.active_tile, wanted - 1)])
        self.layout_changed.emit()

    def _on_placed(self) -> None:
        self._name_tiles()
        self.layout_changed.emit()

    def _name_tiles(self) -> None:
        for tile in self._tiles:
            tile.name_it()
            tile.update()

    def _place_tiles(self) -> None:
        """Whole pixels, lines of one between; what does not divide goes to the first ones."""
        layout, alone = self.presenter.layout, self._maximised
        lefts = _cuts(self.width(), layout.columns)
        tops = _cuts(self.height(), layout.rows)
        for tile in self._tiles:
            if alone is None:
                row, column = divmod(tile.index, layout.columns)
                left, right = lefts[column]
                top, bottom = tops[row]
                tile.setGeometry(left, top, right - left, bottom - top)
            else:
                tile.setGeometry(self.rect())
            tile.setVisible(alone is None or tile.index == alone)
            self.presenter.sizes[tile.index] = (float(tile.width()), float(tile.height()))


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    inner = length - LINE_PX * (parts - 1)
    edges = [round(inner * part / parts) for part in range(parts + 1)]
    return [(edges[part] + part * LINE_PX, edges[part + 1] + part * LINE_PX) for part in range(parts)]
