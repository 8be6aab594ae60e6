"""The pixels of a picture: every voxel of a slice looked up in its window, filled labels blended in.

This is where scrolling spends its time. What a buffer already holds is not looked up again, and nothing
here touches a screen, so several viewports can be looked up at once.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window, lut8, lut32

Pixels = NDArray[np.uint32]

KEPT = 3
"""Pictures of a viewport: a reader goes to and fro, so the one before is often the next."""

_stamps = count(1)


@dataclass(frozen=True, eq=False)
class Fill:
    """The filled labels of one slice: their box (rows, columns), and in it label × 256, else 0."""

    box: tuple[slice, slice]
    shifted: NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Picture:
    """What to look up: one slice through a window, with filled labels.

    Attributes
    ----------
    fills : tuple of (Fill, ndarray of uint32, shape (65536,))
        Labels, drawn in order, and 0xFFRRGGBB for ``label * 256 + grey``; label 0 is grey.
    """

    stack: Stack
    slice_index: int
    window: Window
    inverted: bool = False
    fills: tuple[tuple[Fill, NDArray[np.uint32]], ...] = ()

    def look_up(self, pixels: Pixels) -> None:
        """Write 0xFFRRGGBB into an array of the shape of a slice; may run in any thread."""
        plane = self.stack.voxels[self.slice_index]
        np.take(lut32(self.window, self.stack, self.inverted), plane, out=pixels, mode="wrap")
        for number, (fill, blend) in enumerate(self.fills):
            # Only the box that holds labels is looked up again; masks are small beside the image.
            inside = pixels[fill.box]
            if number == 0:  # all is still grey, and label 0 leaves it so
                mixed = inside & np.uint32(0xFF)
                mixed |= fill.shifted
                inside[:] = np.take(blend, mixed, mode="wrap")
            else:
                grey = np.take(lut8(self.window, self.stack, self.inverted), plane[fill.box])
                np.copyto(inside, np.take(blend, fill.shifted | grey), where=fill.shifted > 0)


class PixelBuffer:
    """Memory for the pixels of one viewport, allocated once per image size.

    It knows what it holds: the same picture shown again (moved, zoomed, or with another mark on it) costs
    nothing.
    """

    def __init__(self) -> None:
        self.pixels: Pixels = np.empty((0, 0), dtype=np.uint32)
        self.stamp = 0
        """A number of this look-up and no other: alike as long as the pixels are."""
        self._stack: weakref.ref[Stack] | None = None  # must not keep voxels alive that nothing else shows
        self._held: tuple[int, Window, bool] | None = None
        self._fills: tuple[tuple[Fill, NDArray[np.uint32]], ...] = ()

    def holds(self, picture: Picture) -> bool:
        """Whether the pixels of a picture are already here."""
        return (
            self._stack is not None
            and self._stack() is picture.stack
            and self._held == (picture.slice_index, picture.window, picture.inverted)
            and _same(self._fills, picture.fills)
        )

    def show(self, picture: Picture) -> Pixels:
        """The pixels of a picture, looked up unless they are here; the same array while its shape stays."""
        if not self.holds(picture):
            shape = picture.stack.voxels.shape[1:]
            if self.pixels.shape != shape:
                self.pixels = np.empty(shape, dtype=np.uint32)
            self._stack = None  # nothing is held if this goes wrong
            picture.look_up(self.pixels)
            self.stamp = next(_stamps)
            self._stack = weakref.ref(picture.stack)
            self._held = (picture.slice_index, picture.window, picture.inverted)
            self._fills = picture.fills
        return self.pixels


class PixelBuffers:
    """Pixels shown, those shown before, and those got ready: of the slice that probably comes next."""

    def __init__(self) -> None:
        self._buffers = [PixelBuffer() for _ in range(KEPT)]  # the one shown at the end
        self.ahead = Ahead(self)

    @property
    def stamp(self) -> int:
        """That of the pixels shown."""
        return self._buffers[-1].stamp

    def show(self, picture: Picture) -> Pixels:
        """The pixels of a picture; without a look-up where they are here."""
        for place, buffer in enumerate(self._buffers):
            if buffer.holds(picture):
                self._buffers.append(self._buffers.pop(place))
                return buffer.pixels
        return self._buffers[-1].show(picture)

    def spare(self, picture: Picture) -> PixelBuffer:
        """The buffer that holds a picture, or one that it may be looked up in: not the one shown."""
        return next((one for one in self._buffers if one.holds(picture)), self._buffers[0])


class Ahead:
    """Looks pictures up that are not shown yet; used as a `PixelBuffer`."""

    def __init__(self, buffers: PixelBuffers) -> None:
        self._buffers = buffers
        self.stamp = 0

    def show(self, picture: Picture) -> Pixels:
        """The pixels of a picture; those shown stay as they are."""
        buffer = self._buffers.spare(picture)
        pixels, self.stamp = buffer.show(picture), buffer.stamp
        return pixels


def _same(
    one: Sequence[tuple[Fill, NDArray[np.uint32]]], two: Sequence[tuple[Fill, NDArray[np.uint32]]]
) -> bool:
    """Compared by identity: a label that changes, or another look of it, makes new objects."""
    return len(one) == len(two) and all(a[0] is b[0] and a[1] is b[1] for a, b in zip(one, two, strict=True))
