"""The masks over the pictures: which lie over a series, and whether they are outlined, filled or hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from workstation.gui.viewer.contents import (
    DRAWN,
    MASK,
    READER_X,
    READER_Y,
    READERS,
    REGIONS,
    mask_overlay,
    overlay_across,
    readers_overlay,
)
from workstation.gui.viewer.palette import ViewerPalette, drawn_styles, rgb
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.imaging.frame import LabelStyle, Overlay
from workstation.masks.editing.change import Labels
from workstation.masks.mask import Mask


class MaskLayers:
    """Lays masks over the series of a presenter, all in one look."""

    def __init__(self, presenter: ViewerPresenter, palette: ViewerPalette) -> None:
        self._presenter, self.palette = presenter, palette
        self.filled, self.opacity, self.hatched = False, 0.35, False
        self.masks: dict[str, Mask] = {}
        """The masks laid over series, by their keys."""

    def set_mask(
        self,
        series_key: str,
        mask: Mask | None,
        style: Mapping[int, LabelStyle] | None,
        palette: ViewerPalette,
    ) -> None:
        """A mask; None takes it away. `style` by label, else from the palette."""
        overlay = mask_overlay(mask, palette, self.filled, self.opacity) if mask else None
        self.masks.pop(series_key, None)
        if mask is not None:
            self.masks[series_key] = mask
        if overlay and style is not None:
            overlay = replace(overlay, styles=dict(style))
        self._set(series_key, MASK, overlay)

    def set_regions(self, series_key: str, regions: Mask | None, palette: ViewerPalette) -> None:
        """Bone regions: outlines only, under the mask."""
        overlay = mask_overlay(regions, palette, self.filled, self.opacity) if regions else None
        if overlay:
            bone = LabelStyle(rgb(palette.masks["bone"]), outline_only=True)
            overlay = replace(overlay, styles=dict.fromkeys(overlay.styles, bone))
        self._set(series_key, REGIONS, overlay)

    def set_drawn(self, series_key: str, labels: Labels | None) -> None:
        """What is drawn by hand, over the mask; the array may change, and `touched` then says where."""
        overlay = None
        if labels is not None:
            overlay = Overlay(labels, drawn_styles(self.palette), self.filled, self.opacity)
        self._set(series_key, DRAWN, overlay)

    def touched(self, series_key: str, slices: Iterable[int]) -> None:
        """What is drawn has changed on these slices of a series."""
        for key, content in self._presenter.contents.items():
            if DRAWN in content.layers and series_key in (key, content.source):
                content.layers[DRAWN].touched(None if content.source else slices)
        states = self._presenter.states
        shown = {key for key, content in self._presenter.contents.items() if content.source == series_key}
        self._presenter.changed.emit(
            {tile for tile, state in enumerate(states) if state.series_key in (series_key, *shown)}
        )

    def set_readers(
        self, series_key: str, mask_x: Mask | None, mask_y: Mask | None, palette: ViewerPalette
    ) -> None:
        """Two readers' masks, laid over each other, and each for itself."""
        self._set(series_key, READERS, readers_overlay(mask_x, mask_y, palette, self.opacity))
        for name, mask in ((READER_X, mask_x), (READER_Y, mask_y)):
            overlay = mask_overlay(mask, palette, self.filled, self.opacity) if mask else None
            self._set(series_key, name, overlay)

    def forget(self) -> None:
        """Another case is shown: nothing of this one may be found any more."""
        self.masks.clear()

    def look(
        self,
        *,
        filled: bool | None,
        opacity: float | None,
        hidden: bool | None,
        hatched: bool | None = None,
    ) -> None:
        """Outline or fill, opacity 0 to 1, shown or hidden, hatch instead of fill; None leaves it."""
        self.filled = self.filled if filled is None else filled
        self.hatched = self.hatched if hatched is None else hatched
        self.opacity = self.opacity if opacity is None else min(max(opacity, 0.0), 1.0)
        self.relook()
        self._presenter.set_hidden(hidden=hidden)

    def relook(self) -> None:
        """Give every layer the present look."""
        for content in self._presenter.contents.values():
            content.relook(self.filled, self.opacity, self.hatched)

    def as_dict(self) -> dict[str, Any]:
        """The look as plain values."""
        return {
            "filled": self.filled,
            "hatched": self.hatched,
            "opacity": self.opacity,
            "hidden": self._presenter.overlay_hidden,
        }

    def restore(self, kept: object) -> None:
        """The look again; damaged parts are left as they are."""
        if isinstance(kept, dict):
            opacity = kept.get("opacity")
            self.look(
                filled=kept.get("filled") is True,
                opacity=float(opacity) if isinstance(opacity, int | float) else None,
                hidden=kept.get("hidden") is True,
                hatched=kept.get("hatched") is True,
            )

    def _set(self, series_key: str, name: str, overlay: Overlay | None) -> None:
        content = self._presenter.contents.get(series_key)
        if content is not None:
            overlay = replace(overlay, hatched=self.hatched) if overlay else None
            content.set_layer(name, overlay)
            for other in self._presenter.contents.values():
                if other.source == series_key:
                    other.set_layer(name, overlay_across(overlay, other.axis) if overlay else None)
            self._presenter.redraw()
