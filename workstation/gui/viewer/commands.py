"""What the keys of the viewer do, by the names in `keys.BINDINGS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolTip

from workstation.imaging import viewport
from workstation.imaging.viewport import Links, ViewportState

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid


class Commands:
    """Acts on the active viewport of a grid."""

    def __init__(self, grid: ViewerGrid) -> None:
        self._grid = grid
        self._by_name: dict[str, Callable[[], object]] = {
            "slice_back": lambda: self._scroll(-1),
            "slice_on": lambda: self._scroll(1),
            "first_slice": lambda: self._show_slice(0),
            "last_slice": lambda: self._show_slice(10**9),
            "series_back": lambda: self._step_series(-1),
            "series_on": lambda: self._step_series(1),
            "stage_back": lambda: self._step_stage(-1),
            "stage_on": lambda: self._step_stage(1),
            "reset": lambda: grid.presenter.reset(grid.active_tile),
            "invert": lambda: self._change(lambda state: replace(state, inverted=not state.inverted)),
            "flip_horizontal": lambda: self._change(viewport.flipped_horizontally),
            "flip_vertical": lambda: self._change(viewport.flipped_vertically),
            "rotate": lambda: self._change(viewport.rotated),
            "cine": lambda: grid.set_playing(not grid.is_playing),
            "cine_slower": lambda: grid.set_cine_rate(grid.cine_rate / 1.5),
            "cine_faster": lambda: grid.set_cine_rate(grid.cine_rate * 1.5),
            "magnifier": lambda: grid.magnifier.set_on(not grid.magnifier.is_on),
            "overview": grid.overview_wanted.emit,
            "tile_menu": grid.ask_menu,
            "detach": lambda: grid.detach(grid.active_tile),
            "full_screen": self._toggle_full_screen,
            "peek": lambda: grid.presenter.set_hidden(peeking=True),
            "overlay": lambda: grid.set_overlay_look(hidden=not grid.presenter.overlay_hidden),
            "link": self._toggle_links,
            "tie_slices": lambda: grid.presenter.tie_slices(grid.active_tile),
            "reformats": grid.reformats.toggle,
            "reference": self._toggle_reference_lines,
            "maximise": lambda: grid.maximise(grid.active_tile),
            "key_image": lambda: grid.measuring.book.toggle_key_image(grid.active_tile),
            "brush_back": lambda: grid.drawing.resize(-1),
            "brush_on": lambda: grid.drawing.resize(1),
            "brush_3d": lambda: grid.drawing.book.set_hand(in_3d=not grid.drawing.book.hand.in_3d),
            "mask_copy_back": lambda: grid.drawing.copy(-1),
            "mask_copy_on": lambda: grid.drawing.copy(1),
            "mask_between": grid.drawing.interpolate,
            "mask_holes": grid.drawing.fill_holes,
            "mask_grow": lambda: grid.drawing.grow(1),
            "mask_shrink": lambda: grid.drawing.grow(-1),
            "delete_mark": grid.measuring.book.remove_selected,
            "cancel": grid.cancel,
        }

    @property
    def names(self) -> frozenset[str]:
        """Every command but the choice of a tool, ``tool_<id>``."""
        return frozenset(self._by_name)

    def do(self, name: str) -> None:
        """Run a command; ``tool_<id>`` chooses a tool."""
        if name.startswith("tool_"):
            self._grid.set_tool(name.removeprefix("tool_"))
        else:
            self._by_name[name]()

    def _scroll(self, steps: int) -> None:
        self._grid.presenter.scroll(self._grid.active_tile, steps)

    def _show_slice(self, slice_index: int) -> None:
        self._grid.presenter.show_slice(self._grid.active_tile, slice_index)

    def _change(self, move: Callable[[ViewportState], ViewportState]) -> None:
        self._grid.presenter.change(self._grid.active_tile, move)

    def _toggle_links(self) -> None:
        tile, presenter = self._grid.active_tile, self._grid.presenter
        is_linked = presenter.states[tile].links == Links()
        presenter.set_links(tile, Links(False, False, False, False) if is_linked else Links())

    def _toggle_reference_lines(self) -> None:
        presenter = self._grid.presenter
        presenter.show_reference_lines = not presenter.show_reference_lines
        presenter.redraw()

    def _toggle_full_screen(self) -> None:
        window = self._grid.window()
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _step_series(self, by: int) -> None:
        presenter = self._grid.presenter
        keys = [key for key, content in presenter.contents.items() if not content.source]
        if keys:
            now = presenter.states[self._grid.active_tile].series_key
            place = (keys.index(now) + by) % len(keys) if now in keys else 0
            self._grid.hang_in_active(keys[place])

    def _step_stage(self, by: int) -> None:
        stages = self._grid.stages
        if len(stages) < 2 and self._grid.layout_shown.id in [stage.id for stage in stages]:
            tile = self._grid.tiles[self._grid.active_tile]
            where = tile.mapToGlobal(QPoint(16, 40))
            QToolTip.showText(where, "No other hanging protocol fits these series.", tile)
        elif stages:
            ids = [layout.id for layout in stages]
            shown = self._grid.layout_shown.id
            now = ids.index(shown) if shown in ids else -min(by, 0)
            self._grid.hang(stages[(now + by) % len(ids)])
