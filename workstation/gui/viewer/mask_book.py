"""The masks drawn on the case on screen: painted while the hand moves, kept stroke by stroke."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.gui.viewer.layers import MaskLayers
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.load import stack_geometry
from workstation.imaging.volume import Stack
from workstation.masks.editing.brush import Place, Within
from workstation.masks.editing.change import Change, Labels, apply, merged, packed
from workstation.masks.editing.labels import LABELS, used
from workstation.masks.editing.strokes import NONE, Stroke, Strokes, counts_of, way
from workstation.masks.mask import Mask

LEAST_MM, MOST_MM = 0.5, 80.0
FEWEST_STEPS = 500
"""So many strokes can be taken back outside a read, at least; in a read all can."""

REFORMAT = "Not on a reformat: a double click goes to the slice"
NO_PLACE = "This series has no known positions: nothing can be drawn on it"
WAIT = "The images are still being read"


class StrokeKeeper(Protocol):
    """Who keeps strokes for good, and then says with `MaskBook.show` what is kept."""

    def keep_stroke(self, stroke: Stroke) -> None:
        """Keep an edit."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What the reader draws with.

    Attributes
    ----------
    label : int
        Of `LABELS`.
    size_mm : float
        Diameter of the brush.
    in_3d : bool
        A ball instead of a disc; operations act on the whole series instead of the slice shown.
    limits : (float, float) or None
        Real values, lowest and highest, that are painted; None paints all.
    """

    label: int = LABELS[0].label
    size_mm: float = 8.0
    in_3d: bool = False
    limits: tuple[float, float] | None = None


class MaskBook(QObject):
    """Drawn masks by series. Without a keeper it keeps the strokes itself and knows undo.

    Attributes
    ----------
    refusal : str
        Why nothing may be drawn now; ``""`` normally.

    Signals
    -------
    changed()
        Labels are others now.
    edited()
        A stroke was made, or undo did something; not while a read is opened.
    made()
        A stroke was made that only this book keeps.
    hand_changed()
        The reader draws with something else.
    """

    changed = Signal()
    edited = Signal()
    made = Signal()
    hand_changed = Signal()

    def __init__(self, presenter: ViewerPresenter, layers: MaskLayers) -> None:
        super().__init__(presenter)
        self.presenter, self._layers = presenter, layers
        self.keeper: StrokeKeeper | None = None
        self.hand = Hand()
        self.refusal = ""
        self.said = ""
        self._labels: dict[str, Labels] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._strokes, self._undone = NONE, list[Stroke]()
        self._pending: tuple[str, list[Change]] = ("", [])

    # --- questions -------------------------------------------------------------------------------

    @property
    def series_keys(self) -> tuple[str, ...]:
        """Series that something is drawn on."""
        return tuple(key for key, counts in self._counts.items() if any(counts.values()))

    def labels(self, series_key: str) -> Labels | None:
        """What is drawn on a series, as it is now; None if nothing ever was."""
        return self._labels.get(series_key)

    def volume_ml(self, series_key: str, label: int) -> float | None:
        """Volume of a label on a series; None where the size of its voxels is not known."""
        geometry = self._geometry(series_key)
        if geometry is None:
            return None
        return self._counts.get(series_key, {}).get(label, 0) * geometry.voxel_volume_mm3 / 1000

    def masks(self) -> tuple[Mask, ...]:
        """What is drawn now on every series; a copy."""
        found = []
        for key, labels in self._labels.items():
            geometry = self._geometry(key)
            if geometry is not None and geometry.shape == labels.shape:
                found.append(Mask(key, labels.copy(), geometry, used(labels)))
        return tuple(found)

    def place_at(self, tile: int, across: float, down: float) -> tuple[str, Place] | None:
        """(series key, place) under a screen position that may be drawn on; says why if there is none."""
        target = self.target(tile)
        position = self.presenter.image_position(tile, across, down)
        if target is None or position is None:
            return None
        return target[0], Place(target[1], position[1] - 0.5, position[0] - 0.5)

    def target(self, tile: int) -> tuple[str, int] | None:
        """(series key, slice) of a viewport that may be drawn on; says why if it may not."""
        content = self.presenter.content(tile)
        if content is None:
            return None
        self.say(self.refusal or self._why_not(tile))
        if self.said:
            return None
        stack = self._stack(content.series.key)
        assert stack is not None
        index = min(self.presenter.states[tile].slice_index, stack.number_of_slices - 1)
        return content.series.key, index

    def grid_of(self, series_key: str) -> tuple[Labels, StackGeometry]:
        """The labels of a series, made if there are none, and where its voxels are."""
        stack = self._stack(series_key)
        assert stack is not None
        assert stack.geometry is not None
        return self._labels_of(series_key, stack.geometry.shape), stack.geometry

    def within(self, series_key: str) -> Within | None:
        """The limits of the hand, in the stored values of a series."""
        stack = self._stack(series_key)
        if self.hand.limits is None or stack is None:
            return None
        low, high = sorted((limit - stack.intercept) / stack.slope for limit in self.hand.limits)
        return Within(stack.voxels, low, high)

    def say(self, sentence: str) -> None:
        """Why nothing is drawn, in the active viewport while a brush is chosen."""
        if sentence != self.said:
            self.said = sentence
            self.presenter.redraw()

    def set_hand(self, **changes: object) -> None:
        """Draw with another label, size, dimension or limits."""
        hand = replace(self.hand, **changes)  # type: ignore[arg-type]  # names are checked by replace
        hand = replace(hand, size_mm=round(min(max(hand.size_mm, LEAST_MM), MOST_MM), 1))
        if hand != self.hand:
            self.hand = hand
            self.hand_changed.emit()
            self.presenter.redraw()

    # --- drawing ---------------------------------------------------------------------------------

    def paint(self, series_key: str, change: Change) -> None:
        """Show a step of a stroke that goes on; it is kept by `finish` and taken back by `drop`."""
        if self._pending[0] != series_key:
            self.drop()
            self._pending = (series_key, [])
        if not change.is_empty:
            self._pending[1].append(change)
            self._apply(series_key, change)

    def finish(self, did: str) -> None:
        """Keep the stroke that was painted."""
        series_key, changes = self._pending
        self._pending = ("", [])
        if changes:
            whole = merged(changes)
            self._apply(series_key, whole.reverse)  # whoever keeps it shows it, or refuses
            self.keep(series_key, whole, did)

    def drop(self) -> None:
        """Take back the stroke that was not finished."""
        series_key, changes = self._pending
        self._pending = ("", [])
        for change in reversed(changes):
            self._apply(series_key, change.reverse)

    def keep(self, series_key: str, change: Change, did: str) -> bool:
        """Keep an edit; False where it changes nothing."""
        if change.is_empty:
            return False
        stroke = Stroke(uuid.uuid4().hex[:12], series_key, did, packed(change))
        if self.keeper is not None:
            self.keeper.keep_stroke(stroke)
        else:
            self._strokes, self._undone = self._strokes.adding(stroke), []
            if self._strokes.count > 2 * FEWEST_STEPS:
                self._strokes = self._strokes.latest(FEWEST_STEPS)
            self._apply(series_key, change)
            self.made.emit()
        self.edited.emit()
        return True

    # --- what is kept ----------------------------------------------------------------------------

    def show(self, strokes: Strokes) -> int:
        """Show the strokes that are kept; how many lie on a series that has changed and cannot be shown."""
        back, on = way(self._strokes, strokes)
        if back or on:
            self.drop()  # what the hand has not finished lies on what is about to change
        self._strokes = strokes
        lost = 0
        for stroke, is_back in [(one, True) for one in back] + [(one, False) for one in on]:
            if self._fits(stroke):
                change = stroke.change()
                self._apply(stroke.series_key, change.reverse if is_back else change)
            else:
                lost += 1
        return lost

    def load(self, masks: Mapping[str, Labels]) -> None:
        """Begin with masks that were kept with the case."""
        for key, labels in masks.items():
            self._set_labels(key, np.array(labels, dtype=np.uint8, order="C"))
            self._counts[key] = counts_of(labels)
        self.changed.emit()

    def undo(self) -> None:
        """Take back the last stroke; in a read its journal does that instead."""
        self.drop()
        last, before = self._strokes.last, self._strokes.before
        if self.keeper is None and last is not None and before is not None:
            self._strokes = before
            self._undone.append(last)
            self._apply(last.series_key, last.change().reverse)
            self.edited.emit()

    def redo(self) -> None:
        """Bring back what undo took."""
        self.drop()
        if self.keeper is None and self._undone:
            stroke = self._undone.pop()
            self._strokes = self._strokes.adding(stroke)
            self._apply(stroke.series_key, stroke.change())
            self.edited.emit()

    def clear(self) -> None:
        """Another case is shown: nothing of this one remains."""
        for key in self._labels:
            self._layers.set_drawn(key, None)
        self._labels, self._counts = {}, {}
        self._strokes, self._undone, self._pending = NONE, [], ("", [])
        self.said = ""
        self.set_hand(limits=None)  # values of another series
        self.changed.emit()

    # --- private ---------------------------------------------------------------------------------

    def _why_not(self, tile: int) -> str:
        content = self.presenter.content(tile)
        if content is None:
            return ""
        if content.source:
            return REFORMAT
        if content.reading is None:
            return WAIT
        stack = content.reading.stack
        return NO_PLACE if stack.geometry is None or stack.axis != "position" else ""

    def _stack(self, series_key: str) -> Stack | None:
        content = self.presenter.contents.get(series_key)
        return content.reading.stack if content is not None and content.reading is not None else None

    def _geometry(self, series_key: str) -> StackGeometry | None:
        """Where the voxels of a series are, also while they are not loaded."""
        stack = self._stack(series_key)
        if stack is not None:
            return stack.geometry
        content = self.presenter.contents.get(series_key)
        return None if content is None else stack_geometry(content.series)

    def _fits(self, stroke: Stroke) -> bool:
        content = self.presenter.contents.get(stroke.series_key)
        return content is not None and content.number_of_slices == stroke.shape[0]

    def _labels_of(self, series_key: str, shape: tuple[int, int, int]) -> Labels:
        if series_key not in self._labels or self._labels[series_key].shape != shape:
            self._set_labels(series_key, np.zeros(shape, dtype=np.uint8))
            self._counts[series_key] = {}
        return self._labels[series_key]

    def _set_labels(self, series_key: str, labels: Labels) -> None:
        self._labels[series_key] = labels
        self._layers.set_drawn(series_key, labels)

    def _apply(self, series_key: str, change: Change) -> None:
        labels = self._labels_of(series_key, change.shape)
        apply(labels, change)
        counts = self._counts[series_key]
        for label, gained in change.counts().items():
            counts[label] = counts.get(label, 0) + gained
        self._layers.touched(series_key, change.slices)
        self.changed.emit()
