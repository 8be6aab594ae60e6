"""What the viewer holds of each series of a case: voxels, windows and overlays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from workstation.gui.viewer.palette import ViewerPalette, mask_styles, reader_styles
from workstation.imaging.frame import Overlay
from workstation.imaging.geometry import StackGeometry, plane_of
from workstation.imaging.reformat import across, reformat
from workstation.imaging.study import Series
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import (
    Histogram,
    Preset,
    Window,
    histogram,
    presets,
    start_window,
)
from workstation.masks.mask import Mask
from workstation.masks.overlap import compared

_REFORMAT = "#reformat-"

REGIONS, MASK, DRAWN, READERS = "regions", "mask", "drawn", "readers"
"""Layers of a series, drawn in this order."""

READER_X, READER_Y = "reader x", "reader y"
"""Each reader's mask for itself: shown only in viewports that ask for it."""

SHOWN = (REGIONS, MASK, DRAWN, READERS)


class Reading:
    """A decoded stack with what is derived from its values, each found when first needed."""

    def __init__(self, stack: Stack, series: Series, counted: Histogram | None = None) -> None:
        self.stack = stack
        self._series, self._counted = series, counted

    @cached_property
    def histogram(self) -> Histogram:
        """How often each value occurs."""
        return self._counted or histogram(self.stack)

    @cached_property
    def start(self) -> Window:
        """The window the series opens with."""
        return start_window(self.stack, self._series.first, self.histogram)

    @cached_property
    def presets(self) -> tuple[Preset, ...]:
        """Windows with names; the first is the start."""
        series = self._series
        found = presets(
            self.stack, series.first, series.weighting, series.fat_suppressed, counted=self.histogram
        )
        return (replace(found[0], window=self.start), *found[1:])


@dataclass
class SeriesContent:
    """One series of the case as the viewer knows it.

    Attributes
    ----------
    caption : str
        Role and time point for the corner, already blinded.
    preview : tuple of (int, Stack) or None
        One slice that is shown while the rest is being read.
    problem : str
        Why its pictures cannot be shown; ``""`` normally.
    reading_warnings : tuple of str
        Slices that could not be decoded, one sentence each.
    note : str
        What assistive technology is told of it beside its caption.
    source : str
        Key of the series that this is a reformat of, across `axis`; ``""`` for a series itself.
    """

    series: Series
    caption: str
    reading: Reading | None = None
    preview: tuple[int, Reading] | None = None
    problem: str = ""
    reading_warnings: tuple[str, ...] = ()
    layers: dict[str, Overlay] = field(default_factory=dict)
    note: str = ""
    source: str = ""
    axis: int = 0

    @property
    def number_of_slices(self) -> int:
        """How many slices the series has, also before they are read."""
        return self.reading.stack.number_of_slices if self.reading else len(self.series.instances)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of this series, from its headers and from reading its pixels."""
        return self.series.warnings + self.reading_warnings

    @property
    def linkable(self) -> StackGeometry | None:
        """The geometry by which this series is linked; None for time series and unknown positions."""
        if self.reading is None or self.reading.stack.axis != "position":
            return None
        return self.reading.stack.geometry

    @cached_property
    def is_lossy(self) -> bool:
        """True when some plane was compressed with loss."""
        return any(instance.pixels.lossy for instance in self.series.instances)

    def shown_layers(self, names: tuple[str, ...] = SHOWN) -> tuple[Overlay, ...]:
        """The overlays of these names in drawing order, as far as they fit the stack."""
        if self.reading is None:
            return ()
        shape = self.reading.stack.voxels.shape
        return tuple(
            self.layers[name]
            for name in names
            if name in self.layers and self.layers[name].labels.shape == shape
        )

    def set_layer(self, name: str, overlay: Overlay | None) -> None:
        """Replace or remove a layer."""
        if overlay is None:
            self.layers.pop(name, None)
        else:
            self.layers[name] = overlay

    def relook(self, filled: bool, opacity: float, hatched: bool = False) -> None:
        """Show the layers as outline, fill or hatch; traced outlines are kept."""
        for name, overlay in self.layers.items():
            self.layers[name] = replace(
                overlay,
                filled=filled or name == READERS,
                opacity=opacity,
                hatched=hatched,
                outlines=overlay.traced,
            )


def reformat_of(content: SeriesContent, axis: int) -> SeriesContent:
    """A reformat of a series, with what has been read of it and what lies over it."""
    key = reformat_key(content.series.key, axis)
    series = replace(content.series, key=key)
    made = SeriesContent(series, f"{content.caption} · reformat", source=content.series.key, axis=axis)
    refresh_reformat(made, content)
    for name, overlay in content.layers.items():
        made.set_layer(name, overlay_across(overlay, axis))
    return made


def refresh_reformat(made: SeriesContent, content: SeriesContent) -> None:
    """Follow the voxels of the series, which may have come or gone."""
    made.reading_warnings, made.problem, made.reading = content.reading_warnings, content.problem, None
    reading = content.reading
    if reading is not None and reading.stack.geometry is not None:
        stack = reformat(reading.stack, made.axis, made.series.key)
        made.reading = Reading(stack, made.series, reading.histogram)
        assert stack.geometry is not None
        along = (*stack.geometry.along_row, *stack.geometry.along_column)
        made.series = replace(made.series, plane=plane_of(along))
        made.caption = f"{content.caption} · {made.series.plane} reformat"


def reformat_key(key: str, axis: int) -> str:
    """Key under which a reformat hangs."""
    return f"{key}{_REFORMAT}{axis}"


def reformat_parts(key: str) -> tuple[str, int] | None:
    """Series key and axis of a reformat's key; None for the key of a series."""
    series, mark, axis = key.rpartition(_REFORMAT)
    return (series, int(axis)) if mark and axis in ("1", "2") else None


def overlay_across(overlay: Overlay, axis: int) -> Overlay:
    """A mask as it lies over a reformat."""
    return replace(overlay, labels=across(overlay.labels, axis), outlines=None)


def mask_overlay(mask: Mask, palette: ViewerPalette, filled: bool, opacity: float) -> Overlay:
    """A mask as it is drawn."""
    return Overlay(mask.labels, mask_styles(mask, palette), filled, opacity)


def readers_overlay(
    mask_x: Mask | None, mask_y: Mask | None, palette: ViewerPalette, opacity: float
) -> Overlay | None:
    """Two readers' masks of one series laid over each other; None if neither has one."""
    masks = [mask for mask in (mask_x, mask_y) if mask is not None]
    if not masks:
        return None
    nothing = np.zeros(masks[0].labels.shape, dtype=np.uint8)
    labels = compared(*(nothing if mask is None else mask.labels for mask in (mask_x, mask_y)))
    labels.setflags(write=False)
    return Overlay(labels, reader_styles(palette), filled=True, opacity=opacity)
