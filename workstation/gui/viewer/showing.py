"""What a viewport shows now: its frame, and what the other viewports add to it."""

from __future__ import annotations

from dataclasses import replace

from workstation.gui.viewer.painting import Extras
from workstation.gui.viewer.presenter import Size, ViewerPresenter
from workstation.imaging import viewport
from workstation.imaging.frame import Frame, PixelBuffer, resolve
from workstation.imaging.geometry import StackGeometry


def frame_of(presenter: ViewerPresenter, tile: int, size: Size, buffer: PixelBuffer) -> Frame | None:
    """The picture of a viewport of a size in screen pixels; None while its voxels are not there."""
    presenter.sizes[tile] = size
    content, state = presenter.content(tile), presenter.states[tile]
    if content is None:
        return None
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
        overlays=() if hidden else content.shown_layers(),
        start=reading.start,
        title=content.caption,
        pixel_spacing=content.series.first.pixel_spacing,
        lossy=content.is_lossy,
        buffer=buffer,
    )
    if content.reading is None:
        count = f"{state.slice_index + 1}/{content.number_of_slices}"
        frame = replace(frame, corners=replace(frame.corners, top_right=count))
    return frame


def extras_of(presenter: ViewerPresenter, tile: int, frame: Frame) -> Extras:
    """What other viewports add to a picture: reference line, 3-D cursor, markers."""
    content = presenter.content(tile)
    geometry = content.linkable if content else None
    warned = bool(content and content.warnings)
    if geometry is None:
        return Extras(warned=warned)
    index, reference, cursor = frame.slice_index, None, None
    if presenter.show_reference_lines and tile != presenter.active:
        source = presenter.linkable(presenter.active)
        if source is not None:
            slice_index = min(presenter.states[presenter.active].slice_index, source.shape[0] - 1)
            reference = viewport.reference_line(source, slice_index, geometry, index)
    if presenter.cursor is not None and presenter.cursor[0] != tile:
        source = presenter.linkable(presenter.cursor[0])
        if viewport.share_frame(source, geometry):
            row, column = geometry.in_plane(presenter.cursor[1], index)
            cursor = (column + 0.5, row + 0.5)
    return Extras(reference, cursor, _markers_on(presenter, geometry, index), warned)


def _markers_on(
    presenter: ViewerPresenter, geometry: StackGeometry, index: int
) -> tuple[tuple[float, float, str], ...]:
    found = []
    for point, frame_uid, label in presenter.markers:
        height = abs(float((point - geometry.origins[index]) @ geometry.normal))
        if frame_uid == geometry.frame_of_reference_uid and geometry.reaches(height):
            row, column = geometry.in_plane(point, index)
            found.append((column + 0.5, row + 0.5, label))
    return tuple(found)
