"""The present state of the viewer: which series hang where, how they are shown, what is linked.

Every change goes through a pure move of `imaging.viewport`; tiles are told which of them must be drawn
again. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, Signal

from workstation.gui.viewer.contents import Reading, SeriesContent
from workstation.imaging import hanging, viewport
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.hanging import Layout, TileAssignment
from workstation.imaging.placement import Placement, place, usable_spacing
from workstation.imaging.study import Series
from workstation.imaging.viewport import Links, ViewportState
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Preset, Window, dragged, transferred

Size = tuple[float, float]
Point = NDArray[np.float64]
Marker = tuple[Point, str, str]
"""LPS mm, frame of reference, label."""


class ViewerPresenter(QObject):
    """Holds the states of all viewports and applies moves to them.

    Signals
    -------
    changed(object)
        Set of viewport indices that must be drawn again.
    hung()
        The grid itself changed: other rows and columns.
    placed()
        Another series hangs in some viewport.
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
        self._windows: dict[str, Window] = {}

    # --- what hangs ------------------------------------------------------------------------------

    def show_series(
        self, series: Iterable[Series], layout: Layout | None, captions: Mapping[str, str]
    ) -> None:
        """Hang the series of a case; what was loaded of other cases is let go."""
        self.contents = {one.key: SeriesContent(one, captions.get(one.key, one.label)) for one in series}
        self._windows = {}
        self.markers = ()
        self.cursor = None
        self.hang(layout or hanging.rank([content.series for content in self.contents.values()]))

    def hang(self, layout: Layout) -> None:
        """Change the grid; series that stay on screen keep slice, zoom and window."""
        before = {state.series_key: state for state in self.states if state.series_key}
        self.layout = layout
        self.states = [self._hung_state(tile, before) for tile in layout.tiles]
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
        return ViewportState(key, self.contents[key].number_of_slices // 2, window=self._windows.get(key))

    def hang_series(self, tile: int, series_key: str) -> None:
        """Put a series of the case into a viewport."""
        if series_key not in self.contents or self.states[tile].series_key == series_key:
            return
        self._remember_window(tile)
        middle = self.contents[series_key].number_of_slices // 2
        links = self.states[tile].links
        self.states[tile] = ViewportState(
            series_key, middle, window=self._windows.get(series_key), links=links
        )
        places = list(self.layout.tiles)
        link = places[tile].link or "position"
        places[tile] = replace(places[tile], series_key=series_key, window="start", missing="", link=link)
        self.layout = replace(self.layout, tiles=tuple(places))
        self._follow_active(tile)
        self._want(tile)
        self.placed.emit()
        self._changed(self._all())

    def set_stack(self, series_key: str, stack: Stack) -> None:
        """Give the voxels of a series."""
        content = self.contents.get(series_key)
        if content is None:
            return
        content.reading = Reading(stack, content.series)
        content.preview, content.problem = None, ""
        for tile in self._showing(series_key):
            self._start_window(tile)
            self._follow_active(tile)
        self._changed(self._all())
        self.pictured.emit(series_key)

    def set_preview(self, series_key: str, slice_index: int, stack: Stack) -> None:
        """Give one slice of a series, shown until the whole of it is there."""
        content = self.contents.get(series_key)
        if content is None or content.reading is not None:
            return
        content.preview = (slice_index, Reading(stack, content.series))
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
        linked = viewport.synchronise(self.states, self._geometries(source), source)
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

    # --- moves -----------------------------------------------------------------------------------

    def set_active(self, tile: int) -> None:
        """Make a viewport the one that keys act upon."""
        if 0 <= tile < len(self.states) and tile != self.active:
            self.active = tile
            self.active_changed.emit(tile)
            self._changed(self._all())

    def scroll(self, tile: int, steps: int) -> None:
        """Move by slices; linked viewports follow in patient space."""
        self._scroll_to(tile, lambda state, count: viewport.scrolled(state, steps, count))

    def show_slice(self, tile: int, slice_index: int) -> None:
        """Go to a slice; linked viewports follow."""
        self._scroll_to(tile, lambda state, count: viewport.at_slice(state, slice_index, count))

    def cine_step(self, tile: int) -> None:
        """The next slice, round and round."""
        self._scroll_to(tile, viewport.cine_step)

    def _scroll_to(self, tile: int, move: Callable[[ViewportState, int], ViewportState]) -> None:
        content = self.content(tile)
        if content is None:
            return
        moved = move(self.states[tile], content.number_of_slices)
        if moved == self.states[tile]:
            return
        self.states[tile] = moved
        self._replace_all(viewport.synchronise(self.states, self._geometries(tile), tile), {tile})

    def zoom(self, tile: int, factor: float, anchor: tuple[float, float] | None = None) -> None:
        """Zoom; the anchor (mm from the image centre) stays in place; linked viewports get the scale."""
        if self.content(tile) is None:
            return
        before = self.states[tile]
        self.states[tile] = viewport.zoomed(before, factor, self._placement(tile).scale, anchor)
        geometries = self._geometries(tile)
        linked = viewport.zoom_together(self.states, geometries, tile)
        self._replace_all(viewport.pan_together(before, linked, geometries, tile), {tile})

    def pan(self, tile: int, right: float, down: float) -> None:
        """Drag the picture by screen pixels; linked viewports follow in patient space."""
        if self.content(tile) is None:
            return
        along_row, along_column = self._placement(tile).drag_in_plane(right, down)
        before = self.states[tile]
        self.states[tile] = viewport.panned(before, -along_row, -along_column)
        self._replace_all(viewport.pan_together(before, self.states, self._geometries(tile), tile), {tile})

    def drag_window(self, tile: int, right: float, down: float) -> None:
        """Widen to the right, darken downward."""
        content, window = self.content(tile), self.present_window(tile)
        if content and content.reading and window:
            self.set_window(tile, dragged(window, right, down, content.reading.histogram.span))

    def set_window(self, tile: int, window: Window | None) -> None:
        """Use a window (None: the start window); linked viewports of the same role follow."""
        self.states[tile] = replace(self.states[tile], window=window)
        touched = {tile}
        source = self.content(tile)
        if source and source.reading and self.states[tile].links.window:
            for other in self._same_role(tile):
                target = self.content(other)
                if target and target.reading:
                    self.states[other] = replace(self.states[other], window=_carried(window, source, target))
                    touched.add(other)
        for one in touched:
            self._remember_window(one)
        self._changed(touched)

    def use_preset(self, tile: int, number: int) -> None:
        """The preset with a number from 1; a number without a preset changes nothing."""
        found = self.presets(tile)
        if 1 <= number <= len(found):
            self.set_window(tile, None if number == 1 else found[number - 1].window)

    def change(self, tile: int, move: Callable[[ViewportState], ViewportState]) -> None:
        """A move that concerns one viewport alone: invert, flip, rotate."""
        if self.content(tile) is not None:
            self.states[tile] = move(self.states[tile])
            self._changed({tile})

    def reset(self, tile: int) -> None:
        """Start window, whole image, no turns: of this viewport and of those linked in zoom."""
        if self.content(tile) is None:
            return
        self.states[tile] = viewport.reset(self.states[tile])
        self._windows.pop(self.states[tile].series_key, None)
        self._start_window(tile)
        geometries = self._geometries(tile)
        self.states = [
            replace(state, scale=None, pan=(0.0, 0.0))
            if i != tile and geometries[i] is not None and geometries[tile] is not None
            and self.states[tile].links.zoom and state.links.zoom
            else state
            for i, state in enumerate(self.states)
        ]  # fmt: skip
        self._changed(self._all())

    def set_links(self, tile: int, links: Links) -> None:
        """Break or restore links of one viewport."""
        self.states[tile] = replace(self.states[tile], links=links, outside=None)
        self._changed({tile})

    def go_to_point(self, point: ArrayLike, source: int | None = None) -> None:
        """Every viewport of the source's frame of reference (default: the active one) shows a point."""
        source = self.active if source is None else source
        geometry = self.linkable(source)
        if geometry is None:
            return
        states = viewport.at_cursor(self.states, self._geometries(source), source, point)
        states[source] = viewport.at_point(states[source], geometry, point)
        self._replace_all(states, {source})

    def point_cursor(self, tile: int, point: Point | None) -> None:
        """3-D cursor: the others go to the point under the pointer; None takes the cross away."""
        if point is None:
            if self.cursor is not None:
                self.cursor = None
                self._changed(self._all())
            return
        self.cursor = (tile, point)
        self.states = viewport.at_cursor(self.states, self._geometries(tile), tile, point)
        self._changed(self._all())

    def show_states(self, layout: Layout, states: list[ViewportState], active: int) -> None:
        """Hang a layout with states that were kept; series that the case no longer has stay empty."""
        self.states = [ViewportState()]
        self.hang(layout)
        self.states = states
        for state in states:
            if state.window:
                self._windows[state.series_key] = state.window
        self.set_active(active)
        self._changed(self._all())

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """Show small circles with a word at points in the patient (clicks on bones)."""
        self.markers = markers
        self._changed(self._all())

    def set_hidden(self, *, hidden: bool | None = None, peeking: bool | None = None) -> None:
        """Hide the overlays until told otherwise, or while a key is held."""
        self.overlay_hidden = self.overlay_hidden if hidden is None else hidden
        self.peeking = self.peeking if peeking is None else peeking
        self._changed(self._all())

    def redraw(self) -> None:
        """Something outside the states changed: overlays, colours."""
        self._changed(self._all())

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
        return place(self.states[tile], (rows, columns), spacing, geometry, self.sizes[tile])

    def _same_role(self, tile: int) -> list[int]:
        content = self.content(tile)
        if content is None:
            return []
        role = (content.series.weighting, content.series.fat_suppressed)
        return [
            other
            for other, state in enumerate(self.states)
            if other != tile and state.links.window and (found := self.content(other)) is not None
            and role == (found.series.weighting, found.series.fat_suppressed) and role[0] is not None
        ]  # fmt: skip

    def _remember_window(self, tile: int) -> None:
        state = self.states[tile]
        if state.window is not None:
            self._windows[state.series_key] = state.window
        else:
            self._windows.pop(state.series_key, None)

    def _replace_all(self, states: list[ViewportState], touched: set[int]) -> None:
        differing = {i for i, state in enumerate(states) if state is not self.states[i]}
        self.states = states
        # The active viewport's line crosses the others, so they change with it.
        self._changed(self._all() if self.active in touched | differing else touched | differing)

    def _showing(self, series_key: str) -> set[int]:
        return {i for i, state in enumerate(self.states) if state.series_key == series_key}

    def _all(self) -> set[int]:
        return set(range(len(self.states)))

    def _changed(self, tiles: set[int]) -> None:
        self.changed.emit(tiles)
        self.state_changed.emit()


def _carried(window: Window | None, source: SeriesContent, target: SeriesContent) -> Window | None:
    """The window on a series of the same role: as it is within one study, relative across studies."""
    if window is None or source.series.study_instance_uid == target.series.study_instance_uid:
        return window
    assert source.reading is not None and target.reading is not None
    return transferred(window, source.reading.histogram, target.reading.histogram)
