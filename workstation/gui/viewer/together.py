"""The scale that linked viewports share: that of whole images until somebody zooms, then the one chosen; and
which links lead anywhere, so that no corner claims a link that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.imaging.placement import conventional_turn, fit_scale, usable_spacing
from workstation.imaging.viewport import Links, ViewportState

if TYPE_CHECKING:
    from workstation.gui.viewer.hung import HungCase


class Together:
    """Asked at every paint, so what it found is kept until a viewport's size, series, turn or link changes.

    Attributes
    ----------
    apart : frozenset of int
        Viewports that are not on the screen with the others: in windows of their own, or hidden beside one
        that is shown alone.
    """

    def __init__(self, hung: HungCase) -> None:
        self._hung = hung
        self.apart: frozenset[int] = frozenset()
        self._seen: tuple[Any, ...] = ()
        self._key: tuple[Any, ...] = ()
        self._scales: dict[str, float | None] = {}
        self._chosen: dict[str, float | None] = {}
        self._drawn: dict[int, tuple[ViewportState, tuple[float | None, Links], ViewportState]] = {}

    def drawn(self, tile: int, state: ViewportState) -> ViewportState:
        """A state of a viewport, the present one or one to come, as it is drawn."""
        scale = self.scale(tile) if state.scale is None else state.scale
        links = state.links
        if (links.scroll or links.pan) and not self._leads_anywhere(tile):
            links = replace(links, scroll=False, pan=False)
        if scale is None and tile in self.apart:
            links = replace(links, zoom=False)  # fits its own window until somebody zooms
        before = self._drawn.get(tile)
        if before is None or before[0] is not state or before[1] != (scale, links):
            before = self._drawn[tile] = state, (scale, links), replace(state, scale=scale, links=links)
        return before[2]

    def scale(self, tile: int) -> float | None:
        """Screen pixels per mm that a viewport without a scale of its own takes from its link group.

        The scale to which others were zoomed, else that at which the whole images of the group fit; None: it
        fits by itself.
        """
        hung = self._hung
        if hung.states[tile].scale is not None or not self._is_linked(tile):
            return None
        self._look()
        group = hung.layout.tiles[tile].link
        if group not in self._chosen:
            members = [n for n, place in enumerate(hung.layout.tiles) if place.link == group]
            self._chosen[group] = next((found for n in members if (found := self._zoomed_to(n))), None)
            fits = [self._fit(n) for n in members if self._shares(n)]
            self._scales[group] = min(fits, default=None)
        if (chosen := self._chosen[group]) is not None:
            return chosen
        return None if tile in self.apart else self._scales[group]

    def _look(self) -> None:
        """Forget the scales if what they depend on has changed."""
        hung = self._hung
        read = [content.reading is not None for content in hung.contents.values()]
        seen = (self.apart, hung.layout, list(hung.states), list(hung.sizes), read)
        if seen == self._seen:  # for every viewport of one step but the first
            return
        self._seen = seen
        states = tuple((s.series_key, s.rotation, s.scale, s.links.zoom) for s in hung.states)
        key = (self.apart, hung.layout, states, tuple(hung.sizes), tuple(read))
        if key != self._key:
            self._key, self._scales, self._chosen = key, {}, {}

    def _zoomed_to(self, tile: int) -> float | None:
        """The scale that a viewport brings to its group."""
        return self._hung.states[tile].scale if self._is_linked(tile) else None

    def _shares(self, tile: int) -> bool:
        return tile not in self.apart and self._hung.states[tile].scale is None and self._is_linked(tile)

    def _is_linked(self, tile: int) -> bool:
        """Whether a viewport is one of a group that has one scale."""
        hung = self._hung
        state, content = hung.states[tile], hung.content(tile)
        if content is None or not state.links.zoom:
            return False
        if not hung.layout.tiles[tile].link or content.problem:
            return False
        if content.reading is not None:
            return content.linkable is not None
        return content.series.axis == "position" and content.series.plane is not None

    def _fit(self, tile: int) -> float:
        """From the headers, so that nothing changes its size when voxels arrive."""
        hung = self._hung
        content, rotation = hung.content(tile), hung.states[tile].rotation
        assert content is not None
        pixels, spacing = content.series.first.pixels, content.series.first.pixel_spacing
        image = pixels.rows, pixels.columns
        geometry = content.linkable
        if geometry is not None:
            image, spacing = geometry.shape[1:], geometry.pixel_spacing
            rotation += conventional_turn(geometry)[0]
        return fit_scale(image, usable_spacing(spacing), hung.sizes[tile], turned=rotation % 2 == 1)

    def _leads_anywhere(self, tile: int) -> bool:
        """False where other viewports hang and none of them shares a place with this one."""
        hung = self._hung
        own, group = hung.linkable(tile), hung.layout.tiles[tile].link
        if own is None:
            return True  # says itself why it is not linked
        frame, has_others = own.frame_of_reference_uid, False
        for other, place in enumerate(hung.layout.tiles):
            if other == tile or place.link != group or (geometry := hung.linkable(other)) is None:
                continue
            if frame and geometry.frame_of_reference_uid == frame:
                return True
            has_others = True
        return not has_others or bool(hung.link_words(tile))
