"""Small pictures of series, made one after another off the GUI thread, the latest wish first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap

from workstation.gui.desk import DeskContext

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workstation.imaging.study import Series
    from workstation.workflow.workspace import Workspace

SIDE_PX = 96
_KEPT = 3000
_WISHES = 60
_FLAT = 8
_SLOT = "thumbnail"


class Thumbnails(QObject):
    """Pictures by series key.

    ``ready(key)`` tells that `pixmap` now has an answer. A series that cannot be shown gets none; the
    table says why by the series' own warnings.
    """

    ready = Signal(str)

    def __init__(self, context: DeskContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._made: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._wishes: OrderedDict[str, str] = OrderedDict()  # series key -> case code
        self._busy = ""
        self._starter = QTimer(self)
        self._starter.setSingleShot(True)
        self._starter.timeout.connect(self._next)

    def pixmap(self, case_code: str, series_key: str) -> QPixmap | None:
        """The picture if it is there; otherwise None, and it will be made soon."""
        if series_key in self._made:
            self._made.move_to_end(series_key)
            return self._made[series_key]
        self._wishes[series_key] = case_code
        self._wishes.move_to_end(series_key)
        while len(self._wishes) > _WISHES:  # scrolled past: no longer wanted
            self._wishes.popitem(last=False)
        if not self._busy:
            self._starter.start(0)
        return None

    def clear(self) -> None:
        """Forget every picture, e.g. when an import replaced series."""
        self._made.clear()
        self._wishes.clear()

    def _next(self) -> None:
        if self._busy or not self._wishes or not self._context.has_workspace:
            return
        key, code = self._wishes.popitem(last=True)
        workspace = self._context.workspace
        self._busy = key
        self._context.jobs.start(
            _SLOT,
            lambda _progress: picture_of(workspace, code, key),
            lambda picture: self._on_made(key, picture),
            lambda _error: self._on_made(key, None),
            on_cancelled=lambda: self._on_made(key, None),
        )

    def _on_made(self, key: str, picture: NDArray[np.uint8] | None) -> None:
        self._busy = ""
        self._made[key] = None if picture is None else _pixmap(picture)
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        self.ready.emit(key)
        if self._wishes:
            self._starter.start(0)


def picture_of(workspace: Workspace, case_code: str, series_key: str) -> NDArray[np.uint8] | None:
    """Middle slice of a series as grey, longest side `SIDE_PX`, non-square pixels made square.

    Returns
    -------
    ndarray of uint8, shape (rows, columns), or None
        None if the series is gone.
    """
    found = next((s for s in workspace.library.series(case_code) if s.key == series_key), None)
    return None if found is None else middle_picture(found)


def middle_picture(series: Series) -> NDArray[np.uint8]:
    """Grey picture of the middle slice of a series (see `picture_of`)."""
    import numpy as np

    from workstation.imaging.load import load_middle
    from workstation.imaging.windowing import lut8, percentile_window, start_window

    _, stack = load_middle(series)
    plane = stack.voxels[0]
    rows, columns = plane.shape
    spacing = series.first.pixel_spacing or (1.0, 1.0)
    height, width = rows * spacing[0], columns * spacing[1]
    scale = SIDE_PX / max(height, width)
    take_rows = np.linspace(0, rows - 1, max(1, round(height * scale))).round().astype(int)
    take_columns = np.linspace(0, columns - 1, max(1, round(width * scale))).round().astype(int)
    small = plane[np.ix_(take_rows, take_columns)]
    grey = lut8(start_window(stack, series.first), stack)[small]
    if int(grey.max()) - int(grey.min()) < _FLAT:  # the file's own window misses what it shows
        grey = lut8(percentile_window(stack), stack)[small]
    return np.ascontiguousarray(grey)


def _pixmap(picture: NDArray[np.uint8]) -> QPixmap:
    rows, columns = picture.shape
    image = QImage(picture.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(image)


def draw_inside(painter: QPainter, box: QRect, picture: QPixmap) -> None:
    """Draw a picture as large as it fits in the middle of a box."""
    size = picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    target = QRect(0, 0, size.width(), size.height())
    target.moveCenter(box.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, picture)
