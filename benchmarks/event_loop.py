"""How long the window does not answer while 2,000 files are imported, beside the same window at rest.

A timer beats in the window every 5 ms; a gap is how much later than that a beat came. The import runs in a
process of its own (`run` starts one), as a person would: dropped on the library desk of the real window.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, figure

NAMES = ("event_loop_gap_ms",)
LIMIT_MS = 50
FILES, MATRIX = 2000, 128
RUNS = 3
_BEAT_MS = 5
_REST_S = 2.0
_PATIENCE_S = 300


def run(runs: int | None = None) -> list[Figure]:
    """The longest gap of each import, and as floor the longest of the same window at rest."""
    from benchmarks.dicom_folder import write_folder

    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as name:
        write_folder(Path(name) / "files", FILES, MATRIX)
        measured = [measure(Path(name) / "files") for _ in range(runs or RUNS)]
    rest = sorted(each["rest_ms"] for each in measured)[len(measured) // 2]
    return [
        figure(
            "event_loop_gap_ms",
            [each["import_ms"] for each in measured],
            "ms",
            floor=rest,
            floor_name="longest gap of the same window at rest for 2 s",
            limit=LIMIT_MS,
        )
    ]


def measure(folder: Path) -> dict[str, float]:
    """Import a folder through the window of a new process; longest gaps in ms, and files loaded."""
    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as own:
        environment = {
            **os.environ,
            "MARROW_CONFIG": str(Path(own) / "config"),
            "MARROW_LOG": str(Path(own) / "log"),
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "WORKSTATION_SYNCHRONOUS": "",
        }
        command = [sys.executable, "-m", "benchmarks.event_loop", str(folder), str(Path(own) / "library")]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=2 * _PATIENCE_S
        )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _import_and_watch(folder: Path, library: Path) -> dict[str, float]:
    from workstation.gui.application import make_application, make_window
    from workstation.gui.library.library_desk import LibraryDesk
    from workstation.workflow.import_report import ImportReport
    from workstation.workflow.workspace import open_workspace

    make_application()
    window = make_window(open_workspace(library), synchronous=False)
    window.resize(1440, 900)
    window.show()
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    reports: list[ImportReport] = []
    listed: list[bool] = []
    desk.import_finished.connect(reports.append)
    _longest_gap(1.0, lambda: False)  # first paint
    rest = _longest_gap(_REST_S, lambda: False)
    desk.listed.connect(lambda: listed.append(True))
    desk.take((folder,))
    importing = _longest_gap(_PATIENCE_S, lambda: bool(reports and listed))
    assert reports, "the import did not end"
    window.close()
    return {"rest_ms": rest, "import_ms": importing, "loaded": reports[0].loaded}


def _longest_gap(seconds: float, is_done: Callable[[], bool]) -> float:
    """Longest time in ms by which a beat of the event loop was late, until `is_done` or `seconds`."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(_BEAT_MS)
    began = last = time.perf_counter()
    longest = 0.0

    def beat() -> None:
        nonlocal last, longest
        now = time.perf_counter()
        longest = max(longest, (now - last) * 1000 - _BEAT_MS)
        last = now
        if is_done() or now - began > seconds:
            loop.quit()

    timer.timeout.connect(beat)
    timer.start()
    loop.exec()
    timer.stop()
    return longest


if __name__ == "__main__":
    print(json.dumps(_import_and_watch(Path(sys.argv[1]), Path(sys.argv[2]))), flush=True)
