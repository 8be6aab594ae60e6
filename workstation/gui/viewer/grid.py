"""The viewer: a grid of viewports with keyboard, mouse, links and overlays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from workstation.gui.keymap import Keymap
from workstation.gui.viewer import keeping, whole_view
from workstation.gui.viewer.board import TileBoard
from workstation.gui.viewer.cine import Cine
from workstation.gui.viewer.commands import Commands
from workstation.gui.viewer.drawing import Drawing
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.hung import Point
from workstation.gui.viewer.keys import BINDINGS, preset_of
from workstation.gui.viewer.layers import MaskLayers
from workstation.gui.viewer.magnifier import Magnifier
from workstation.gui.viewer.palette import ViewerPalette
from workstation.gui.viewer.protocols import CaseProtocols
from workstation.gui.viewer.reformats import Reformats
from workstation.gui.viewer.tools.basic import PointTool
from workstation.imaging import hanging
from workstation.imaging.frame import LabelStyle
from workstation.imaging.hanging import Layout
from workstation.imaging.study import Joint, Series
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Histogram
from workstation.masks.mask import Mask


class ViewerGrid(TileBoard):
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
    overview_wanted()
        Show or hide the strip with all slices.
    """

    active_changed = Signal(int)
    state_changed = Signal()
    clicked_point = Signal(object, str)
    stack_wanted = Signal(object)
    layout_changed = Signal()
    look_changed = Signal()
    overview_wanted = Signal()

    def __init__(
        self,
        palette: ViewerPalette | None = None,
        parent: QWidget | None = None,
        keymap: Keymap | None = None,
    ) -> None:
        super().__init__(palette, parent)
        self.keymap = keymap or Keymap(BINDINGS, parent=self)
        self.setObjectName("viewer_grid")
        self.setAccessibleName("Viewports")
        self.add_tool(PointTool(self.presenter, self._on_click))
        self.reformats = Reformats(self)
        self._layers = MaskLayers(self.presenter, self._palette)
        self.drawing = Drawing(self, self._layers)
        self._commands = Commands(self)
        self.magnifier = Magnifier(self)
        self.kept_parts: dict[str, whole_view.KeptPart] = {}
        self._form_is_open = False
        self.protocols = CaseProtocols(self)
        self._cine = Cine(lambda: self.presenter.cine_step(self.active_tile), self)
        self.presenter.changed.connect(self._on_changed)
        self.presenter.hung.connect(self._on_hung)
        self.presenter.placed.connect(self._on_placed)
        self.presenter.active_changed.connect(self._on_active_changed)
        self.presenter.state_changed.connect(self.state_changed)
        self.presenter.stack_wanted.connect(self.stack_wanted)
        self._on_hung()

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
        contents = self.presenter.contents.values()
        return tuple(content.series for content in contents if not content.source)

    @property
    def stages(self) -> tuple[Layout, ...]:
        """The layouts of the hanging protocols that fit the case, best first."""
        return self.protocols.stages

    @property
    def tool(self) -> str:
        """Name of what the left button does."""
        return self._gestures.tool

    @property
    def overlay_look(self) -> tuple[bool, float, bool]:
        """(filled, opacity, hidden)."""
        return self._layers.filled, self._layers.opacity, self.presenter.overlay_hidden

    @property
    def overlay_hatched(self) -> bool:
        """Whether a filled mask is hatched."""
        return self._layers.hatched

    @property
    def is_playing(self) -> bool:
        """True while cine runs."""
        return self._cine.is_playing

    def current_position(self) -> tuple[str, str, int, int] | None:
        """(series_key, sop_instance_uid, frame, slice_index) of the active viewport; None if empty."""
        return self.presenter.position(self.active_tile)

    def states(self) -> dict[str, Any]:
        """Everything the reader set up, as plain values for the journal."""
        return {**whole_view.states_of(self), "overlay": self._layers.as_dict()}

    # --- setters ---------------------------------------------------------------------------------

    def show_series(
        self,
        series: Iterable[Series],
        layout: Layout | None = None,
        captions: Mapping[str, str] | None = None,
        joint: Joint | None = None,
        visits: Mapping[str, str] | None = None,
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
        visits : mapping of str to str or None
            Visit label by series key; None where the reader must not know the order of visits.
        """
        self._cine.play(False)
        self._maximised = None
        self._layers.forget()
        for tool in self.tools:
            tool.forget()
        offered = tuple(series)
        self.protocols.open(offered, joint, visits)
        if layout is None:
            layout = self.stages[0] if self.stages else hanging.grid_of(1, 1)
        self.presenter.show_series(offered, layout, captions or {})

    def set_stack(self, series_key: str, stack: Stack, counted: Histogram | None = None) -> None:
        """Give the voxels of a series (and how often each value occurs); it is drawn at once."""
        self.presenter.set_stack(series_key, stack, counted)
        self._layers.relook()

    def set_preview(
        self, series_key: str, slice_index: int, stack: Stack, counted: Histogram | None = None
    ) -> None:
        """Give one slice (a stack of one) to show while the rest is read."""
        self.presenter.set_preview(series_key, slice_index, stack, counted)

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
        self._layers.set_mask(series_key, mask, style, self._palette)

    def set_regions(self, series_key: str, regions: Mask | None) -> None:
        """Lay bone regions over a series: outlines only, under the mask."""
        self._layers.set_regions(series_key, regions, self._palette)

    def set_reader_masks(self, series_key: str, mask_x: Mask | None, mask_y: Mask | None) -> None:
        """Lay two readers' masks over a series, compared."""
        self._layers.set_readers(series_key, mask_x, mask_y, self._palette)

    def set_overlay_look(
        self,
        *,
        filled: bool | None = None,
        opacity: float | None = None,
        hidden: bool | None = None,
        hatched: bool | None = None,
    ) -> None:
        """Outline or fill, opacity 0 to 1, shown or hidden, hatch in place of the fill."""
        self._layers.look(filled=filled, opacity=opacity, hidden=hidden, hatched=hatched)
        self.look_changed.emit()

    def set_markers(self, markers: Iterable[tuple[ArrayLike, str, str]]) -> None:
        """Show (LPS point, frame of reference UID, word) as small circles near their slice."""
        self.presenter.set_markers(
            tuple((np.asarray(point, dtype=np.float64), uid, word) for point, uid, word in markers)
        )

    def set_tool(self, tool: str) -> None:
        """Choose what the left button does, by the name of a tool; the one before leaves off."""
        if tool not in self._tools:
            raise KeyError(tool)
        self._tools[self.tool].cancel()
        self._gestures.tool = tool
        self._tools[tool].choose()
        self.look_changed.emit()

    def set_playing(self, playing: bool) -> None:
        """Start or stop cine in the active viewport."""
        self._cine.play(playing)
        self.look_changed.emit()

    @property
    def cine_rate(self) -> float:
        """Slices a second."""
        return self._cine.rate

    def set_cine_rate(self, slices_per_second: float) -> None:
        """How fast cine runs, 1 to 30 slices a second."""
        self._cine.set_rate(slices_per_second)
        self.look_changed.emit()

    def cancel(self) -> None:
        """Leave what is under way: cine, drag, cursor, peeking, one viewport alone; nothing is lost."""
        self._cine.play(False)
        self._gestures.forget()
        self.magnifier.set_on(False)
        self._tools[self.tool].cancel()
        self.presenter.point_cursor(self.active_tile, None)
        self.presenter.set_hidden(peeking=False)
        if self._maximised is not None:
            self.maximise(self._maximised)
        if (
            self.measuring.cancel(self.tool)
            or self.drawing.draws(self.tool)
            or self.tool in (Tool.POINT, "tie")
        ):
            self.set_tool(Tool.WINDOW)

    def set_form_open(self, is_open: bool) -> None:
        """While a form is open plain digits score and are not taken by the viewer."""
        self._form_is_open = is_open

    def hang(self, layout: Layout) -> None:
        """Change the grid of the case that is shown."""
        self._maximised = None
        self.presenter.hang(layout)

    def ask_menu(self) -> None:
        """Open the menu of the active viewport."""
        tile = self._tiles[self.active_tile]
        self.menu_wanted.emit(tile.index, tile.mapToGlobal(tile.rect().center()))

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
        self._layers.restore(states.get("overlay"))
        self.look_changed.emit()
        self._maximised = None
        keeping.restore(self.presenter, states)
        whole_view.restore_beside(self, states)

    # --- events ----------------------------------------------------------------------------------

    def do(self, command: str) -> None:
        """Run a command of the key table by its name."""
        self._commands.do(command)

    def handle_key(self, event: QKeyEvent) -> bool:
        """Act on a key press meant for the viewer; False if it has no meaning here.

        A desk whose form has the focus forwards keys through this, so that letters and arrows act on the
        active viewport wherever the focus is.
        """
        number = preset_of(event, self._form_is_open)
        if number:
            self.presenter.use_preset(self.active_tile, number)
            return True
        action = self.keymap.action_of(event)
        if not action or (action == "key_image" and self._form_is_open):
            return False
        if event.isAutoRepeat() and not action.startswith("slice"):
            return True
        self._commands.do(action)
        return True

    def handle_key_release(self, event: QKeyEvent) -> bool:
        """End of the key held to peek; False if it has no meaning here."""
        if self.presenter.peeking and not event.isAutoRepeat() and self.keymap.is_key_of(event, "peek"):
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

    # --- private ---------------------------------------------------------------------------------

    def _on_active_changed(self, tile: int) -> None:
        if tile < len(self._tiles):
            self.setFocusProxy(self._tiles[tile])
        self.active_changed.emit(tile)

    def _on_click(self, tile: int, point: Point) -> None:
        self.clicked_point.emit(point, self.presenter.states[tile].series_key)

    def _on_changed(self, tiles: set[int]) -> None:
        for tile in tiles:
            if tile < len(self._tiles):
                self._tiles[tile].update()

    def _on_hung(self) -> None:
        self._make_tiles()
        self._name_tiles()
        self.setFocusProxy(self._tiles[min(self.active_tile, len(self._tiles) - 1)])
        self.layout_changed.emit()

    def _on_placed(self) -> None:
        self._name_tiles()
        self.layout_changed.emit()

    def _name_tiles(self) -> None:
        for tile in self._tiles:
            tile.name_it()
            tile.update()
