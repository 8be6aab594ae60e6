"""Which values become which grey: windows, where they start, presets and the lookup table.

MR values have no unit, so a window starts from the percentiles of the series itself and every preset is
relative to what the series contains. A window is told in real values (after rescale), as in DICOM
PS3.3 C.11.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.study import Instance, Weighting
from workstation.imaging.volume import LookupTable, Stack

LINEAR, LINEAR_EXACT, SIGMOID = "LINEAR", "LINEAR_EXACT", "SIGMOID"
"""VOILUTFunction as spelt in DICOM PS3.3 C.11.2.1.3."""

TABLE = "TABLE"
"""Start of the function of a window that goes through a VOI LUT of the file: ``TABLE1`` is the first.
The window is where the table's input begins and ends; dragging it stretches the table."""

SAMPLE = 1_000_000
"""About how many voxels are looked at to find percentiles; more changes nothing that an eye sees."""

DRAG_PIXELS = 400.0
"""A drag of so many screen pixels moves the window by the whole range of the series."""


@dataclass(frozen=True, slots=True)
class Window:
    """Centre and width in real values, and how values between the ends are spread."""

    center: float
    width: float
    function: str = LINEAR_EXACT

    @property
    def low(self) -> float:
        """Real value where grey begins to leave black."""
        return self.center - self.width / 2

    @property
    def high(self) -> float:
        """Real value that is white."""
        return self.center + self.width / 2


@dataclass(frozen=True, slots=True)
class Preset:
    """A window with a name: ``key`` is kept in a reading state, ``title`` is shown."""

    key: str
    title: str
    window: Window


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often each stored value occurs among the voxels that show something.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
        Real values, ascending, each once.
    counts : ndarray of int64, shape (n,)
        How often, in a regular sample of the series; blank slices and zeros are left out.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    def percentile(self, percent: float) -> float:
        """Real value below which `percent` % of the sample lies."""
        index = int(np.searchsorted(self._cumulative, percent / 100.0 * self._cumulative[-1]))
        return float(self.values[min(index, len(self.values) - 1)])

    @cached_property
    def _cumulative(self) -> NDArray[np.int64]:
        return np.cumsum(self.counts)

    @cached_property
    def span(self) -> float:
        """Distance from the 1st to the 99th percentile; the unit of a window drag, never 0."""
        span = self.percentile(99) - self.percentile(1)
        return span if span > 0 else max(abs(self.percentile(50)), 1.0)


def histogram(stack: Stack) -> Histogram:
    """Count the voxels of a stack for windowing.

    Blank slices (one value throughout) and voxels whose real value is 0 are left out, because padding
    and empty end slices would pull the percentiles down. If nothing is left, the whole stack counts.
    """
    voxels = stack.voxels
    step = max(1, int(np.sqrt(voxels.size / SAMPLE)))
    sample = voxels[:, ::step, ::step]
    flat = sample.reshape(sample.shape[0], -1)
    kept = sample[flat.min(axis=1) != flat.max(axis=1)] if flat.shape[1] else sample
    counts = np.bincount(kept.ravel(), minlength=1)
    zero = round(-stack.intercept / stack.slope) if stack.slope else 0
    if 0 <= zero < len(counts) and counts.sum() > counts[zero]:
        counts[zero] = 0
    if not counts.any():
        counts = np.bincount(sample.ravel(), minlength=1)
    stored = np.flatnonzero(counts)
    if not len(stored):
        stored, counts = np.array([0]), np.array([1])
    values = stored.astype(np.float64) * stack.slope + stack.intercept
    order = np.argsort(values, kind="stable")
    return Histogram(values[order], counts[stored][order].astype(np.int64))


def percentile_window(stack: Stack, counted: Histogram | None = None) -> Window:
    """The start window: 1st to 99th percentile of the voxels that show something.

    A constant or empty series gives a window that shows it as mid grey.
    """
    counted = counted or histogram(stack)
    return between(counted.percentile(1), counted.percentile(99))


def between(low: float, high: float) -> Window:
    """A linear window from black at `low` to white at `high`; safe when both are equal."""
    if not np.isfinite([low, high]).all():
        return Window(0.5, 1.0)
    if high <= low:
        return Window(low, max(abs(low), 1.0))
    return Window((low + high) / 2, high - low)


def file_windows(instance: Instance) -> tuple[Window, ...]:
    """The windows that the file proposes (VOI LUT module); damaged ones are left out."""
    function = instance.voi_lut_function or LINEAR
    if function not in (LINEAR, LINEAR_EXACT, SIGMOID):
        function = LINEAR
    found = []
    for center, width in zip(instance.window_center, instance.window_width, strict=False):
        smallest = 1.0 if function == LINEAR else 0.0
        if np.isfinite([center, width]).all() and width >= smallest and width > 0:
            found.append(Window(float(center), float(width), function))
    return tuple(found)


def table_windows(stack: Stack) -> tuple[Window, ...]:
    """One window for each VOI LUT of the file (PS3.3 C.11.2.1.1), over the input that it describes."""
    return tuple(
        Window(table.first + (len(table.entries) - 1) / 2, len(table.entries) - 1.0, f"{TABLE}{number}")
        for number, table in enumerate(stack.tables, start=1)
    )


def start_window(stack: Stack, instance: Instance | None = None, counted: Histogram | None = None) -> Window:
    """The window a series opens with: percentiles for MR, the file's own for CT and radiographs."""
    if instance is not None and instance.modality not in ("MR", ""):
        proposed = file_windows(instance) + table_windows(stack)
        if proposed:
            return proposed[0]
    return percentile_window(stack, counted)


def presets(
    stack: Stack,
    instance: Instance | None = None,
    weighting: Weighting | None = None,
    fat_suppressed: bool = False,
    counted: Histogram | None = None,
) -> tuple[Preset, ...]:
    """The presets that make sense for a series, percentile start first.

    "marrow T1" puts muscle near 25 % and fat near 90 % grey; "edema" puts suppressed marrow and fat
    near 10 % grey and the 99th percentile (fluid) near white.
    """
    counted = counted or histogram(stack)
    found = [Preset("start", "Start", percentile_window(stack, counted))]
    _, middle, bright = _tissue_levels(counted)
    if weighting == Weighting.T1 and not fat_suppressed:
        found.append(Preset("marrow-t1", "Marrow T1", _through(middle, 0.25, bright, 0.90)))
    if fat_suppressed or weighting in (Weighting.STIR, Weighting.WATER):
        window = _through(_suppressed_level(counted), 0.10, counted.percentile(99), 0.98)
        found.append(Preset("edema", "Edema", window))
    found.append(Preset("full", "Full range", between(float(counted.values[0]), float(counted.values[-1]))))
    told = (file_windows(instance) if instance else ()) + table_windows(stack)
    for number, window in enumerate(told, start=1):
        found.append(Preset(f"file{number}", f"From the file {number}", window))
    return tuple(found)


def dragged(window: Window, right: float, down: float, span: float) -> Window:
    """The window after a mouse drag: right widens, down darkens.

    Parameters
    ----------
    right, down : float
        Screen pixels.
    span : float
        `Histogram.span`: makes the drag feel the same on 12- and 16-bit data.
    """
    unit = span / DRAG_PIXELS
    width = max(window.width + right * unit, span / 1000.0)
    if window.function == LINEAR:
        width = max(width, 1.0)
    return replace(window, center=window.center + down * unit, width=width)


def transferred(window: Window, source: Histogram, target: Histogram) -> Window:
    """The same look on another series: centre and width relative to each series' own range."""
    scale = target.span / source.span
    center = target.percentile(1) + (window.center - source.percentile(1)) * scale
    return Window(center, max(window.width * scale, 1e-9), window.function)


def lut8(window: Window, stack: Stack, inverted: bool = False) -> NDArray[np.uint8]:
    """The grey of every possible stored value.

    Returns
    -------
    ndarray of uint8, shape (65536,), read-only
        DICOM PS3.3 C.11.2.1.2 for the three functions, C.11.2.1.1 for a table; turned over when exactly
        one of `inverted` and ``stack.inverted`` (MONOCHROME1) holds.
    """
    table = _table_of(window, stack)
    if table is not None:
        return _lut8_table(window, table, stack.slope, stack.intercept, inverted != stack.inverted)
    return _lut8(window, stack.slope, stack.intercept, inverted != stack.inverted)


def lut32(window: Window, stack: Stack, inverted: bool = False) -> NDArray[np.uint32]:
    """As `lut8`, but 0xFFRRGGBB grey, ready for an RGB32 picture; shape (65536,), read-only."""
    table = _table_of(window, stack)
    if table is not None:
        return _rgb32(lut8(window, stack, inverted))
    return _lut32(window, stack.slope, stack.intercept, inverted != stack.inverted)


_STORED = np.arange(65536, dtype=np.float64)


def _table_of(window: Window, stack: Stack) -> LookupTable | None:
    number = window.function.removeprefix(TABLE)
    if window.function.startswith(TABLE) and number.isdigit() and 1 <= int(number) <= len(stack.tables):
        return stack.tables[int(number) - 1]
    return None


@lru_cache(maxsize=16)
def _lut8_table(
    window: Window, table: LookupTable, slope: float, intercept: float, inverted: bool
) -> NDArray[np.uint8]:
    real = _STORED * slope + intercept
    place = (real - window.low) / max(window.width, 1e-9) * (len(table.entries) - 1)
    entries = table.entries[np.clip(np.rint(place), 0, len(table.entries) - 1).astype(np.int64)]
    grey = np.rint(entries * (255.0 / ((1 << table.bits) - 1)))
    found: NDArray[np.uint8] = np.clip(grey, 0, 255).astype(np.uint8)
    if inverted:
        found = 255 - found
    found.setflags(write=False)
    return found


@lru_cache(maxsize=64)
def _lut8(window: Window, slope: float, intercept: float, inverted: bool) -> NDArray[np.uint8]:
    center, width = window.center, window.width
    if window.function == SIGMOID and width > 0:
        steep = -4.0 / max(width, 1e-9)
        exponent = np.clip(_STORED * (slope * steep) + (intercept - center) * steep, -700.0, 700.0)
        table = np.rint(255.0 / (1.0 + np.exp(exponent))).astype(np.uint8)
    else:
        if window.function == LINEAR and width >= 1:
            # PS3.3 C.11.2.1.2.1: the integer convention, half a value to the left and one narrower.
            center, width = center - 0.5, width - 1.0
        gain = 255.0 / max(width, 1e-9)
        table = _ramp(slope * gain, (intercept - center) * gain + 127.5)
    if inverted:
        table = 255 - table
    table.setflags(write=False)
    return table


def _ramp(rise: float, start: float) -> NDArray[np.uint8]:
    """``start + rise * stored`` as grey; reckoned where the window is, since beyond it is black or white."""
    first, last = 0, len(_STORED)
    if rise:
        ends = sorted(((-1.0 - start) / rise, (256.0 - start) / rise))
        first, last = (int(np.clip(end, 0, last)) for end in (np.floor(ends[0]), np.ceil(ends[1]) + 1))
    table = np.empty(len(_STORED), dtype=np.uint8)
    table[:first], table[last:] = (0, 255) if rise >= 0 else (255, 0)
    grey = _STORED[first:last] * rise
    grey += start
    np.clip(grey, 0.0, 255.0, out=grey)
    table[first:last] = np.rint(grey, out=grey)
    return table


@lru_cache(maxsize=64)
def _lut32(window: Window, slope: float, intercept: float, inverted: bool) -> NDArray[np.uint32]:
    table = _rgb32(_lut8(window, slope, intercept, inverted))
    table.setflags(write=False)
    return table


def _rgb32(grey: NDArray[np.uint8]) -> NDArray[np.uint32]:
    table = grey.astype(np.uint32)
    table *= np.uint32(0x010101)
    table |= np.uint32(0xFF000000)
    return table


def _through(first: float, first_grey: float, second: float, second_grey: float) -> Window:
    """The linear window that gives two real values two greys (0 black, 1 white)."""
    if second <= first:
        return between(first, second)
    width = (second - first) / (second_grey - first_grey)
    low = first - first_grey * width
    return between(low, low + width)


def _suppressed_level(counted: Histogram) -> float:
    """Typical value of suppressed marrow and fat: the middle of three classes on a logarithmic scale.

    On a linear scale air and suppressed marrow fall into one class; their ratio tells them apart.
    """
    lowest = float(counted.values[0]) - 1.0
    scaled = Histogram(np.log(counted.values - lowest), counted.counts)
    return float(np.exp(_tissue_levels(scaled)[1])) + lowest


def _tissue_levels(counted: Histogram) -> tuple[float, float, float]:
    """Typical values of the dark, middle and bright tissue class (Otsu's criterion, three classes)."""
    low, high = counted.percentile(0.5), counted.percentile(99.5)
    if high <= low:
        return low, low, low
    bins = 64
    edges = np.linspace(low, high, bins + 1)
    weights, _ = np.histogram(counted.values, bins=edges, weights=counted.counts)
    mids = (edges[:-1] + edges[1:]) / 2
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    moment = np.concatenate([[0.0], np.cumsum(weights * mids)])

    def gain(start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.float64]:
        inside = mass[stop] - mass[start]
        return np.asarray((moment[stop] - moment[start]) ** 2 / np.maximum(inside, 1e-12))

    first, second = np.triu_indices(bins - 1, k=1)
    first, second = first + 1, second + 1
    zeros, ends = np.zeros_like(first), np.full_like(first, bins)
    best = int(np.argmax(gain(zeros, first) + gain(first, second) + gain(second, ends)))
    cuts = (low, edges[first[best]], edges[second[best]], high)
    levels = []
    for start, stop in pairwise(cuts):
        inside = (counted.values >= start) & (counted.values <= stop)
        levels.append(_median(counted.values[inside], counted.counts[inside], (start + stop) / 2))
    return levels[0], levels[1], levels[2]


def _median(values: NDArray[np.float64], counts: NDArray[np.int64], otherwise: float) -> float:
    if not len(values):
        return otherwise
    return float(values[int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))])
