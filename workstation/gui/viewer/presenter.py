"""The moves of the viewer: each makes new states by a pure function and tells which viewports to draw.

Every change goes through a pure move of `imaging.viewport`; nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from numpy.typing import ArrayLike

from workstation.gui.viewer.contents import SeriesContent
from workstation.gui.viewer.hung import HungCase, Marker, Point
from workstation.imaging import linking, viewport
from workstation.imaging.hanging import Layout
from workstation.imaging.study import Laterality
from workstation.imaging.ties import SIDES, Ties
from workstation.imaging.viewport import Links, ViewportState
from workstation.imaging.windowing import Window, dragged, transferred

APART_MM = 40.0
"""Two joint centres of one patient are farther apart than this, two clicks on one joint are not."""


class ViewerPresenter(HungCase):
    """Applies moves to the viewports of a hung case; linked viewports follow."""

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
        steps = moved.slice_index - self.states[tile].slice_index
        self.states[tile] = moved
        self._replace_all(self._followed(self.states, tile), {tile})
        self.scrolled.emit(tile, steps)

    def after_scroll(self, tile: int, steps: int) -> list[ViewportState]:
        """The states of all viewports if one were scrolled; nothing changes."""
        content, states = self.content(tile), list(self.states)
        if content is not None:
            states[tile] = viewport.scrolled(states[tile], steps, content.number_of_slices)
        return self._followed(states, tile)

    def zoom(self, tile: int, factor: float, anchor: tuple[float, float] | None = None) -> None:
        """Zoom; the anchor (mm from the image centre) stays in place; linked viewports get the scale."""
        if self.content(tile) is None:
            return
        before = self.states[tile]
        self.states[tile] = viewport.zoomed(before, factor, self._placement(tile).scale, anchor)
        geometries = self._geometries(tile)
        linked = linking.zoom_together(self.states, geometries, tile)
        panned = linking.pan_together(before, linked, geometries, tile, self.ties)
        self._replace_all(panned, {tile})

    def pan(self, tile: int, right: float, down: float) -> None:
        """Drag the picture by screen pixels; linked viewports follow in patient space."""
        if self.content(tile) is None:
            return
        along_row, along_column = self._placement(tile).drag_in_plane(right, down)
        before = self.states[tile]
        self.states[tile] = viewport.panned(before, -along_row, -along_column)
        geometries = self._geometries(tile)
        self._replace_all(linking.pan_together(before, self.states, geometries, tile, self.ties), {tile})

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
        """Start window, whole image, no turns; the linked ones get their start window and whole image too."""
        if self.content(tile) is None:
            return
        self.states[tile] = viewport.reset(self.states[tile])
        same_window = self._same_role(tile) if self.states[tile].links.window else []
        for one in (tile, *same_window):
            self.states[one] = replace(self.states[one], window=None)
            self._windows.pop(self.states[one].series_key, None)
            self._start_window(one)
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
        """Break or restore links of one viewport; linked again in zoom it takes the scale of the others."""
        state = self.states[tile]
        others = zip(self.states, self._geometries(tile), range(len(self.states)), strict=True)
        joins = links.zoom and not state.links.zoom and self.linkable(tile) is not None
        joins = joins and any(n != tile and place is not None and s.links.zoom for s, place, n in others)
        self.states[tile] = replace(state, links=links, outside=None, scale=None if joins else state.scale)
        self._changed({tile})

    def set_ties(self, ties: Ties) -> None:
        """State how frames of reference, or right and left, meet; viewports follow the active one."""
        self.ties = ties
        self._replace_all(
            linking.synchronise(self.states, self._geometries(self.active), self.active, ties), self._all()
        )

    def tie_slices(self, tile: int) -> bool:
        """Tie a viewport to the others of other frames by the slices shown; False if there are none."""
        ties = linking.tie_slices(self.states, self._geometries(tile), tile, self.ties)
        if ties is self.ties:
            return False
        self.set_ties(ties)
        return True

    def ties_of(self, tile: int) -> dict[str, str]:
        """What links a viewport beyond its frame of reference, in words, by kind of tie."""
        return linking.ties_of(self.states, self._geometries(tile), tile, self.ties)

    def untie(self, tile: int, kind: str) -> None:
        """Forget one tie of a viewport: its offset, or its own joint centre; every other tie stays."""
        geometry = self.linkable(tile)
        if geometry is None:
            return
        frame = geometry.frame_of_reference_uid
        if kind == SIDES:
            self.set_ties(self.ties.uncentred(frame, self.states[tile].side))
        else:
            self.set_ties(self.ties.untied(frame))

    def tie_points(self, one: tuple[int, Point], two: tuple[int, Point]) -> str:
        """Tie two viewports by the same place in both, each as (viewport, LPS mm).

        Right and left are tied by their joint centres, mirrored; a series of both sides gives each
        viewport the side on which it was clicked. Other frames of reference get an offset.

        Returns
        -------
        str
            What was done, or why nothing was.
        """
        frames = []
        for tile, _ in (one, two):
            geometry = self.linkable(tile)
            if geometry is None or not geometry.frame_of_reference_uid:
                return "This series has no known position and cannot be linked."
            frames.append(geometry.frame_of_reference_uid)
        sides = self._clicked_sides(one, two, frames[0] == frames[1])
        if set(sides) == {"L", "R"}:
            ties = self.ties
            for (tile, point), side, frame in zip((one, two), sides, frames, strict=True):
                self.states[tile] = replace(self.states[tile], side=side)
                ties = ties.centred(frame, side, point)
            self.set_ties(ties)
            return "Right and left are linked through these two points."
        if frames[0] == frames[1]:
            return "These two already share their positions."
        self.set_ties(self.ties.tied(frames[0], frames[1], two[1] - one[1]))
        return "The two are linked by this place."

    def _clicked_sides(
        self, one: tuple[int, Point], two: tuple[int, Point], same_frame: bool
    ) -> tuple[str, str]:
        known = tuple(self._lateral(tile) for tile, _ in (one, two))
        apart = abs(float(one[1][0] - two[1][0])) >= APART_MM
        if same_frame and not any(known) and apart:
            # One patient space: the point farther to the patient's left is on the left.
            return ("L", "R") if one[1][0] > two[1][0] else ("R", "L")
        return known[0], known[1]

    def _lateral(self, tile: int) -> str:
        content = self.content(tile)
        side = content.series.laterality if content else None
        return side.value if side in (Laterality.LEFT, Laterality.RIGHT) else ""

    def go_to_point(self, point: ArrayLike, source: int | None = None) -> None:
        """Every viewport of the source's frame of reference (default: the active one) shows a point."""
        source = self.active if source is None else source
        geometry = self.linkable(source)
        if geometry is None:
            return
        states = linking.at_cursor(self.states, self._geometries(source), source, point, self.ties)
        states[source] = linking.at_point(states[source], geometry, point)
        self._replace_all(states, {source})

    def point_cursor(self, tile: int, point: Point | None) -> None:
        """3-D cursor: the others go to the point under the pointer; None takes the cross away."""
        if point is None:
            if self.cursor is not None:
                self.cursor = None
                self._changed(self._all())
            return
        self.cursor = (tile, point)
        self.states = linking.at_cursor(self.states, self._geometries(tile), tile, point, self.ties)
        self._changed(self._all())

    def show_states(
        self,
        layout: Layout,
        states: list[ViewportState],
        active: int,
        windows: Mapping[str, Window] | None = None,
    ) -> None:
        """Hang a layout with states that were kept; series that the case no longer has stay empty.

        `windows` are those of every series, also of those that do not hang.
        """
        self._windows = {key: window for key, window in (windows or {}).items() if key in self.contents}
        self._left = frozenset(state.series_key for state in states)
        self.states, self.active = [ViewportState()], 0
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

    def _followed(self, states: list[ViewportState], tile: int) -> list[ViewportState]:
        """The states once the linked viewports have followed one; what was foreseen is not found anew."""
        asked = (list(states), self._geometries(tile), tile, self.ties)
        if asked != self._foreseen[0]:
            self._foreseen = asked, linking.synchronise(*asked)
        return list(self._foreseen[1])

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

    def _replace_all(self, states: list[ViewportState], touched: set[int]) -> None:
        differing = {i for i, state in enumerate(states) if state is not self.states[i]}
        self.states = states
        # The active viewport's line crosses the others, so they change with it.
        self._changed(self._all() if self.active in touched | differing else touched | differing)


def _carried(window: Window | None, source: SeriesContent, target: SeriesContent) -> Window | None:
    """The window on a series of the same role: as it is within one study, relative across studies."""
    if window is None or source.series.study_instance_uid == target.series.study_instance_uid:
        return window
    assert source.reading is not None and target.reading is not None
    return transferred(window, source.reading.histogram, target.reading.histogram)
