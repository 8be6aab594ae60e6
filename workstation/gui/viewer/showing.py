"""What a viewport shows now, or would show in another state."""

from __future__ import annotations

from dataclasses import replace

from workstation.gui.viewer.contents import SHOWN, SeriesContent
from workstation.gui.viewer.hung import HungCase, Size
from workstation.imaging.frame import Frame, Overlay, resolve
from workstation.imaging.pixels import Ahead, PixelBuffer, PixelBuffers
from workstation.imaging.viewport import ViewportState


def frame_of(
    presenter: HungCase,
    tile: int,
    size: Size,
    buffer: PixelBuffer | PixelBuffers | Ahead,
    state: ViewportState | None = None,
) -> Frame | None:
    """The picture of a viewport of a size in screen pixels; None while its voxels are not there.

    `state` is another one than the present state, of the series that hangs there.
    """
    presenter.sizes[tile] = size
    content = presenter.content(tile)
    if content is None:
        return None
    state = presenter.together.drawn(tile, state or presenter.states[tile])
    reading, shown = content.reading, state
    if reading is None and content.preview and content.preview[0] == state.slice_index:
        reading, shown = content.preview[1], replace(state, slice_index=0)
    if reading is None:
        return None
    frame = resolve(
        shown,
        reading.stack,
        size,
        overlays=_overlays(presenter, tile, content),
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


def _overlays(presenter: HungCase, tile: int, content: SeriesContent) -> tuple[Overlay, ...]:
    if presenter.overlay_hidden or presenter.peeking:
        return ()
    return content.shown_layers(presenter.layers_on.get(tile, SHOWN))
