"""What hangs in the viewer: the case's series, the grid, and the state of every viewport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workstation.gui.viewer.contents import (
    Reading,
    SeriesContent,
    reformat_key,
    reformat_of,
    refresh_reformat,
)
from workstation.gui.viewer.together import Together
from workstation.imaging import hanging, linking
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.hanging import Layout, TileAssignment
from workstation.imaging.placement import Placement, place, usable_spacing
from workstation.imaging.study import Laterality, Series
from workstation.imaging.ties import Bridge, Ties
from workstation.imaging.viewport import ViewportState
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Histogram, Preset, Window

Size = tuple[float, float]
Point = NDArray[np.float64]
Marker = tuple[Point, str, str]
"""LPS mm, frame of reference, label."""


class HungCase(QObject):
    """Holds the series of a case, the grid they hang in, and how each viewport shows its series.

    Signals
    -------
    changed(object)
        Set of viewport indices that must be drawn again.
    hung()
        The grid itself changed: other rows and columns.
    placed()
        Another series hangs in some viewport.
    scrolled(int, int)
        A viewport was scrolled by so many slices; the linked ones have followed.
    active_changed(int)
    state_changed()
        Anything that `states` tells has changed.
    stack_wanted(object)
        A `Series` that hangs somewhere and has no voxels yet.
    pictured(str)
        Key of a series of which a first or better picture has arrived.
    """

    changed = Signal(object)
    hung = Signal()
    placed = Signal()
    scrolled = Signal(int, int)
    active_changed = Signal(int)
    state_changed = Signal()
    stack_wanted = Signal(object)
    pictured = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layout = hanging.grid_of(1, 1)
        self.contents: dict[str, SeriesContent] = {}
        self.states: list[ViewportState] = [ViewportState()]
        self.sizes: list[Size] = [(1.0, 1.0)]
        self.active = 0
        self.overlay_hidden = False
        self.peeking = False
        self.show_reference_lines = True
        self.cursor: tuple[int, Point] | None = None
        self.markers: tuple[Marker, ...] = ()
        self.ties = Ties()
        self.together = Together(self)
        self.layers_on: dict[int, tuple[str, ...]] = {}
        """Names of the layers that a viewport shows, where it does not show all."""
        self._windows: dict[str, Window] = {}
        self._foreseen: tuple[object, list[ViewportState]] = (None, [])
        self._left: frozenset[str] = frozenset()
        """Series that hang as a reader left them: what arrives of them must not move them."""

    # --- what hangs ------------------------------------------------------------------------------

    def show_series(
        self, series: Iterable[Series], layout: Layout | None, captions: Mapping[str, str]
    ) -> None:
        """Hang the series of a case; what was loaded of other cases is let go."""
        self.contents = {one.key: SeriesContent(one, captions.get(one.key, one.label)) for one in series}
        self._windows, self._left = {}, frozenset()
        self.markers = ()
        self.cursor = None
        self.ties = Ties()
        self.hang(layout or hanging.rank([content.series for content in self.contents.values()]))

    def add_reformat(self, series_key: str, axis: int) -> str:
        """Let a reformat of a series be hung; its key."""
        key = reformat_key(series_key, axis)
        if key not in self.contents:
            self.contents[key] = reformat_of(self.contents[series_key], axis)
        return key

    def hang(self, layout: Layout) -> None:
        """Change the grid; series that stay keep slice, zoom and window, others show the same anatomy."""
        before = {state.series_key: state for state in self.states if state.series_key}
        was_active = self.states[self.active], self.linkable(self.active)
        self.layout = layout
        self.states = [self._hung_state(tile, before) for tile in layout.tiles]
        for tile, state in enumerate(self.states):
            if state.series_key not in before:
                self._take_up(tile, *was_active)
        self.sizes = [(1.0, 1.0)] * len(self.states)
        filled = [i for i, state in enumerate(self.states) if state.series_key]
        self.active = filled[0] if filled else 0
        self.hung.emit()
        self.active_changed.emit(self.active)
        for tile in range(len(self.states)):
            self._want(tile)
        self.state_changed.emit()

    def _hung_state(self, tile: TileAssignment, before: Mapping[str, ViewportState]) -> ViewportState:
        key = tile.series_key or ""
        if key not in self.contents:
            return ViewportState()
        if key in before:
            return before[key]
        return self._start_state(key)

    def _take_up(self, tile: int, left: ViewportState, geometry: StackGeometry | None) -> None:
        """A series that was read before begins with its protocol's window, where the reader left off."""
        self._start_window(tile)
        if geometry is not None and self.layout.tiles[tile].link:
            states, places = [left, self.states[tile]], [geometry, self.linkable(tile)]
            found = linking.synchronise(states, places, 0, self.ties)[1]
            if found.outside is None:
                self.states[tile] = found

    def _start_state(self, key: str) -> ViewportState:
        content = self.contents[key]
        side = content.series.laterality
        return ViewportState(
            key,
            content.number_of_slices // 2,
            window=self._windows.get(key),
            side=side.value if side in (Laterality.LEFT, Laterality.RIGHT) else "",
        )

    def hang_series(self, tile: int, series_key: str) -> None:
        """Put a series of the case into a viewport."""
        if series_key not in self.contents or self.states[tile].series_key == series_key:
            return
        self._remember_window(tile)
        self.states[tile] = replace(self._start_state(series_key), links=self.states[tile].links)
        places = list(self.layout.tiles)
        link = places[tile].link or "position"
        places[tile] = replace(places[tile], series_key=series_key, window="start", missing="", link=link)
        self.layout = replace(self.layout, tiles=tuple(places))
        self._follow_active(tile)
        self._want(tile)
        self.placed.emit()
        self._changed(self._all())

    def set_stack(self, series_key: str, stack: Stack, counted: Histogram | None = None) -> None:
        """Give the voxels of a series, and how often each value occurs if that is known."""
        content = self.contents.get(series_key)
        if content is None:
            return
        content.reading = Reading(stack, content.series, counted)
        content.preview, content.problem = None, ""
        self._refresh_reformats(content)
        before, showing = list(self.states), self._showing(series_key)
        for tile in showing:
            self._start_window(tile)
            self._follow_active(tile)
        moved = {tile for tile in self._all() if self.states[tile] is not before[tile]}
        moved |= {tile for tile in self._all() if (made := self.content(tile)) and made.source == series_key}
        # Lines of the active viewport cross the others; else only what changed is drawn anew.
        self._changed(self._all() if self.active in showing | moved else showing | moved)
        self.pictured.emit(series_key)

    def drop_stack(self, series_key: str) -> None:
        """Let the voxels of a series go that does not hang; they are wanted again when it does."""
        content = self.contents.get(series_key)
        if content is not None and series_key not in self.keys_on_screen():
            content.reading = None
            self._refresh_reformats(content)

    def keys_on_screen(self) -> set[str]:
        """Series whose voxels are needed now."""
        return {
            content.source or content.series.key
            for content in map(self.content, range(len(self.states)))
            if content is not None
        }

    def _refresh_reformats(self, content: SeriesContent) -> None:
        for made in self.contents.values():
            if made.source == content.series.key:
                refresh_reformat(made, content)

    def set_preview(
        self, series_key: str, slice_index: int, stack: Stack, counted: Histogram | None = None
    ) -> None:
        """Give one slice of a series, shown until the whole of it is there."""
        content = self.contents.get(series_key)
        if content is None or content.reading is not None:
            return
        content.preview = (slice_index, Reading(stack, content.series, counted))
        if series_key not in self._left:
            for tile in self._showing(series_key):
                self.states[tile] = replace(self.states[tile], slice_index=slice_index)
        self._changed(self._showing(series_key))
        self.pictured.emit(series_key)

    def set_problem(self, series_key: str, sentence: str) -> None:
        """Say in the viewport why a series cannot be shown."""
        if series_key in self.contents:
            self.contents[series_key].problem = sentence
            self._changed(self._showing(series_key))

    def _want(self, tile: int) -> None:
        content = self.content(tile)
        if content is not None and content.source:
            content = self.contents[content.source]
        if content is not None and content.reading is None and not content.problem:
            self.stack_wanted.emit(content.series)

    def _start_window(self, tile: int) -> None:
        """The preset that the hanging protocol asks for, unless the reader chose a window before."""
        content, asked = self.content(tile), self.layout.tiles[tile].window
        if content and content.reading and self.states[tile].window is None and asked != "start":
            for preset in content.reading.presets:
                if preset.key == asked:
                    self.states[tile] = replace(self.states[tile], window=preset.window)

    def _follow_active(self, tile: int) -> None:
        """A series that arrives shows the anatomy of the active viewport, if they are linked."""
        if tile == self.active:
            for other in range(len(self.states)):
                if other != tile and self.linkable(other) is not None:
                    self._link_one(tile, other)
        else:
            self._link_one(self.active, tile)

    def _link_one(self, source: int, target: int) -> None:
        if self.states[target].series_key in self._left:
            return
        linked = linking.synchronise(self.states, self._geometries(source), source, self.ties)
        if linked[target].outside is None:
            self.states[target] = linked[target]

    # --- questions -------------------------------------------------------------------------------

    def content(self, tile: int) -> SeriesContent | None:
        """What hangs in a viewport."""
        return self.contents.get(self.states[tile].series_key)

    def linkable(self, tile: int) -> StackGeometry | None:
        """The geometry by which a viewport is linked; None if it cannot be."""
        content = self.content(tile)
        return content.linkable if content else None

    def bridge(self, source: int, target: int) -> Bridge | None:
        """How points of one viewport are found in another; None where nobody knows."""
        sides = self.states[source].side, self.states[target].side
        return self.ties.bridge(self.linkable(source), self.linkable(target), sides)

    def link_words(self, tile: int) -> str:
        """By what else than its frame of reference a viewport is linked; ``""`` normally."""
        if not self.ties.offsets and not self.ties.centres:
            return ""
        return linking.link_words(self.states, self._geometries(tile), tile, self.ties)

    def position(self, tile: int) -> tuple[str, str, int, int] | None:
        """(series_key, sop_instance_uid, frame, slice_index) of what a viewport shows; None if empty."""
        content = self.content(tile)
        if content is None or not content.series.instances:
            return None
        index = self.states[tile].slice_index
        if content.source:
            source, geometry = self.contents[content.source], self.linkable(tile)
            if geometry is None or source.linkable is None:
                return None
            index, _ = source.linkable.nearest_slice(linking.centre_point(self.states[tile], geometry))
            content = source
        instance = content.series.instances[min(index, len(content.series.instances) - 1)]
        return content.series.key, instance.sop_instance_uid, instance.frame, index

    def presets(self, tile: int) -> tuple[Preset, ...]:
        """Window presets of the series in a viewport."""
        content = self.content(tile)
        return content.reading.presets if content and content.reading else ()

    @property
    def windows(self) -> Mapping[str, Window]:
        """The window that the reader chose for each series, also of those that do not hang now."""
        return self._windows

    def present_window(self, tile: int) -> Window | None:
        """The window in use; None while nothing is loaded."""
        content = self.content(tile)
        if content is None or content.reading is None:
            return None
        return self.states[tile].window or content.reading.start

    def point_at(self, tile: int, across: float, down: float) -> Point | None:
        """LPS mm under a screen position of a viewport; None where the position is unknown."""
        content = self.content(tile)
        if content is None or content.reading is None or content.reading.stack.geometry is None:
            return None
        geometry = content.reading.stack.geometry
        x, y = self._placement(tile).to_image(across, down)
        index = min(self.states[tile].slice_index, geometry.shape[0] - 1)
        return geometry.point_at(index, y - 0.5, x - 0.5)

    def in_plane_mm(self, tile: int, across: float, down: float) -> tuple[float, float]:
        """Screen position as mm from the image centre, toward higher column and toward higher row."""
        rows, columns, spacing = self._image(tile)
        x, y = self._placement(tile).to_image(across, down)
        return (x - columns / 2) * spacing[1], (y - rows / 2) * spacing[0]

    def image_position(self, tile: int, across: float, down: float) -> tuple[float, float] | None:
        """Image position (x, y) under a screen position, may lie outside; None without a picture."""
        content = self.content(tile)
        if content is None or (content.reading is None and content.preview is None):
            return None
        return self._placement(tile).to_image(across, down)

    def image_point(self, tile: int, across: float, down: float) -> tuple[float, float] | None:
        """`image_position`, held inside the picture."""
        position = self.image_position(tile, across, down)
        if position is None:
            return None
        rows, columns, _ = self._image(tile)
        return min(max(position[0], 0.0), float(columns)), min(max(position[1], 0.0), float(rows))

    def screen_point(self, tile: int, x: float, y: float) -> tuple[float, float]:
        """Screen position of an image position."""
        return self._placement(tile).to_viewport(x, y)

    def pixel_size(self, tile: int) -> Size:
        """(row, column) spacing as drawn."""
        return self._image(tile)[2]

    # --- private ---------------------------------------------------------------------------------

    def _geometries(self, source: int) -> list[StackGeometry | None]:
        """Geometry of every viewport in the link group of `source`, None for the others."""
        group = self.layout.tiles[source].link
        return [
            self.linkable(tile) if group and place_.link == group else None
            for tile, place_ in enumerate(self.layout.tiles)
        ]

    def _image(self, tile: int) -> tuple[int, int, Size]:
        content = self.content(tile)
        reading = content and (content.reading or (content.preview and content.preview[1]))
        if not content or not reading:
            return 1, 1, (1.0, 1.0)
        rows, columns = reading.stack.voxels.shape[1:]
        geometry = reading.stack.geometry
        spacing = geometry.pixel_spacing if geometry else content.series.first.pixel_spacing
        return rows, columns, usable_spacing(spacing)

    def _placement(self, tile: int) -> Placement:
        content = self.content(tile)
        reading = content and (content.reading or (content.preview and content.preview[1]))
        rows, columns, spacing = self._image(tile)
        geometry = reading.stack.geometry if reading else None
        state = self.states[tile]
        if state.scale is None:
            state = replace(state, scale=self.together.scale(tile))
        return place(state, (rows, columns), spacing, geometry, self.sizes[tile])

    def _remember_window(self, tile: int) -> None:
        state = self.states[tile]
        if state.window is not None:
            self._windows[state.series_key] = state.window
        else:
            self._windows.pop(state.series_key, None)

    def _showing(self, series_key: str) -> set[int]:
        return {i for i, state in enumerate(self.states) if state.series_key == series_key}

    def _all(self) -> set[int]:
        return set(range(len(self.states)))

    def _changed(self, tiles: set[int]) -> None:
        self.changed.emit(tiles)
        self.state_changed.emit()
