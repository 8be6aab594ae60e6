"""What a viewport shows now."""

from __future__ import annotations

from dataclasses import replace

from workstation.gui.viewer.contents import SHOWN
from workstation.gui.viewer.hung import HungCase, Size
from workstation.imaging.frame import Frame, resolve
from workstation.imaging.pixels import PixelBuffer


def frame_of(presenter: HungCase, tile: int, size: Size, buffer: PixelBuffer) -> Frame | None:
    """The picture of a viewport of a size in screen pixels; None while its voxels are not there."""
    presenter.sizes[tile] = size
    content = presenter.content(tile)
    if content is None:
        return None
    state = presenter.together.drawn(tile)
    reading, shown = content.reading, state
    if reading is None and content.preview and content.preview[0] == state.slice_index:
        reading, shown = content.preview[1], replace(state, slice_index=0)
    if reading is None:
        return None
    hidden = presenter.overlay_hidden or presenter.peeking
    frame = resolve(
        shown,
        reading.stack,
        size,
        overlays=() if hidden else content.shown_layers(presenter.layers_on.get(tile, SHOWN)),
        start=reading.start,
        title=content.caption,
        pixel_spacing=content.series.first.pixel_spacing,
        lossy=content.is_lossy,
        linked_by=presenter.link_words(tile),
        buffer=buffer,
    )
    if content.reading is None:
        count = f"{state.slice_index + 1}/{content.number_of_slices}"
        frame = replace(frame, corners=replace(frame.corners, top_right=count))
    return frame
