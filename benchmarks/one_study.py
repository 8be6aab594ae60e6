"""One knee study opened in the real window, in a process of its own that tells what it took.

`measure` makes a library with one imported phantom knee of five series and runs this file as a child:
only a fresh process shows what the first case of a session costs, and how much memory it leaves in use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.pictures_painted import has_picture, prepare, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from workstation.gui.main_window import MainWindow
    from workstation.gui.viewer.presenter import ViewerPresenter
    from workstation.imaging.study import Series

PATIENCE_S = 60
TILE = 600


@contextmanager
def knee_library(compression: str = "") -> Iterator[tuple[Path, str]]:
    """A library with a right knee of five series, and a left one after it; its folder and the first code.

    The right knee is compressed if one of `benchmarks.compressed_files.COMPRESSIONS` is named.
    """
    from benchmarks.compressed_files import compress
    from workstation.phantoms.dicom_files import write_study
    from workstation.phantoms.knee import knee
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    with tempfile.TemporaryDirectory(prefix="marrow-benchmark-") as name:
        place = Path(name)
        files = write_study(knee("R"), place / "dicom")
        if compression:
            compress(files, compression)
        with open_workspace(place / "library") as workspace:
            import_paths(workspace, [place / "dicom"], workers=0, progress=SilentProgress())
            (case,) = workspace.library.cases()
            write_study(knee("L", variant=1), place / "left", patient_id="BENCH-LEFT")
            import_paths(workspace, [place / "left"], workers=0, progress=SilentProgress())
        yield place / "library", case.code


def measure(library: Path, code: str) -> dict[str, Any]:
    """Open the case once in a fresh process; what it took, see `_child`."""
    environment = dict(os.environ)
    environment.pop("WORKSTATION_SYNCHRONOUS", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's Python keeps what it compiled
    environment["MARROW_CONFIG"] = environment["MARROW_LOG"] = str(library.parent / "places")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.one_study", str(library), code],
        cwd=Path(__file__).resolve().parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the window did not open the study:\n{done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _child(library: Path, code: str) -> dict[str, float]:
    """Open the case in the window twice.

    Returns
    -------
    dict
        ``first_ms`` from asking for the case to its first picture painted, first case of the session;
        ``again_ms`` the same for the case opened once more; ``all_ms`` from asking to every viewport
        painted with its whole series; ``next_ms`` to the first picture of another case whose pictures were
        fetched ahead; ``floor_ms`` to read, window and draw that
        slice with nothing around it; ``rss_mib`` resident once every series is loaded and ``peak_mib``
        the most it ever was; ``window_mib`` resident before any case; ``voxels_mib`` decoded voxels.
    """
    import psutil

    from workstation.gui.application import make_application, make_window, warm_up
    from workstation.workflow.workspace import open_workspace

    application = make_application()
    prepare()
    window = make_window(open_workspace=lambda _progress: open_workspace(library))
    window.resize(1440, 900)
    window.show()

    ticking = QTimer(application)
    ticking.start(2)

    def wait(ready: Callable[[], object]) -> None:
        # As the program's own loop waits: turning round without rest would hold the interpreter.
        end = time.monotonic() + PATIENCE_S
        while not ready():
            application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.monotonic() > end:
                raise TimeoutError

    wait(lambda: window.context.has_workspace)
    warm_up(window)
    wait(lambda: not window.context.jobs.running)
    process = psutil.Process()
    before = process.memory_info().rss

    first, everything = _open(window, code, wait)
    wait(lambda: not window.context.jobs.running)
    grid = _reading(window).grid
    resident = process.memory_info().rss
    voxels = sum(
        content.reading.stack.voxels.nbytes for content in grid.presenter.contents.values() if content.reading
    )
    floor = _floor(grid.series[0])
    following = _next_fetched(window, code, wait)
    _reading(window).leave()
    QApplication.processEvents()
    again, _ = _open(window, code, wait)
    wait(lambda: not window.context.jobs.running)
    window.close()
    mib = 2**20
    return {
        "first_ms": first,
        "again_ms": again,
        "all_ms": everything,
        "next_ms": following,
        "floor_ms": floor,
        "rss_mib": resident / mib,
        "peak_mib": peak_bytes() / mib,
        "window_mib": before / mib,
        "voxels_mib": voxels / mib,
    }


def _reading(window: MainWindow) -> Any:
    return window.built("reading")


class _Painted:
    """Notes the first paint of a viewport that has a picture to show, and which show whole series."""

    def __init__(self) -> None:
        self.seen = False
        self.is_whole = False
        self.whole: set[int] = set()
        self.end = watch(self._look)

    def _look(self, number: int, presenter: ViewerPresenter) -> None:
        content = presenter.content(number)
        if content is None or content.reading:
            self.whole.add(number)
        self.is_whole = len(self.whole) == len(presenter.states)
        self.seen = self.seen or has_picture(number, presenter)


Wait = Callable[[Callable[[], object]], None]


def _next_fetched(window: MainWindow, code: str, wait: Wait) -> float:
    """Fetch the other case ahead as the desk does for the next of a worklist, then go on to it."""
    from workstation.gui.reading.fetch_ahead import FetchAhead

    (other,) = (case.code for case in window.context.workspace.library.cases() if case.code != code)
    ahead = _reading(window).findChild(FetchAhead)
    ahead.expect(lambda: other)
    ahead.go()
    wait(lambda: not window.context.jobs.running)
    return _shown(window, other, wait)[0]


def _open(window: MainWindow, code: str, wait: Wait) -> tuple[float, float]:
    """From the library; see `_shown`."""
    window.show_desk("library")
    wait(lambda: not window.context.jobs.running)
    return _shown(window, code, wait)


def _shown(window: MainWindow, code: str, wait: Wait) -> tuple[float, float]:
    """Time in ms from asking for a case to its first picture on the screen, and to all viewports whole."""
    painted = _Painted()
    began = time.perf_counter()
    window.show_desk("reading", code)
    wait(lambda: painted.seen)
    first = (time.perf_counter() - began) * 1000
    wait(lambda: painted.is_whole)
    everything = (time.perf_counter() - began) * 1000
    painted.end()
    return first, everything


def _floor(series: Series) -> float:
    """Median ms to read the middle slice from its file, look its grey values up and draw it."""
    import numpy as np
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    from benchmarks.figures import milliseconds
    from workstation.imaging.dicom_pixels import decode_plane

    instance = series.instances[len(series.instances) // 2]
    rows, columns = instance.pixels.rows, instance.pixels.columns
    path = Path(instance.path)
    size = rows * columns * 2
    table = np.minimum(np.arange(2**16) // 4, 255).astype(np.uint32) * 0x010101 | 0xFF000000
    screen = QImage(TILE, TILE, QImage.Format.Format_RGB32)

    def read() -> NDArray[Any]:
        if instance.pixels.offset is None:  # compressed
            return decode_plane(instance)
        with path.open("rb") as file:
            file.seek(-size, os.SEEK_END)
            return np.frombuffer(file.read(size), dtype="<u2").reshape(rows, columns)

    def work() -> None:
        plane = read()
        shown = np.take(table, plane).astype(np.uint32)
        image = QImage(shown.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        painter = QPainter(screen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QRectF(0, 0, TILE, TILE), image)
        painter.end()

    samples = sorted(milliseconds(work, 21))
    return samples[len(samples) // 2]


def peak_bytes() -> float:
    """The most memory that was ever resident, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: a child inherits there the peak of the process that started it.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), sys.argv[2])))
