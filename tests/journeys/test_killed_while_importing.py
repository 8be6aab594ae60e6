"""A window killed in the middle of an import takes its processes along and leaves a library that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QTableView

import workstation
from benchmarks.dicom_folder import SLICES, write_folder
from workstation.gui.application import make_application, make_window
from workstation.gui.library.library_desk import LibraryDesk
from workstation.gui.main_window import MainWindow
from workstation.workflow.import_report import ImportReport
from workstation.workflow.workspace import open_workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes of Linux"),
]

SERIES = 15
_ROOT = Path(workstation.__file__).parents[1]

_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QEventLoop
from workstation.gui.application import make_application, make_window
from workstation.workflow import import_files
from workstation.workflow.workspace import open_workspace
if __name__ == "__main__":
    make_application()
    window = make_window(open_workspace(Path(sys.argv[1])), synchronous=False)
    window.show()
    window.built("library").take((Path(sys.argv[2]),))
    QEventLoop().exec()
"""


def left_behind(mark: str) -> list[str]:
    """Processes whose environment carries the mark of this test."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def kill_while_copying(library: Path, source: Path, script: Path, mark: str, copies: int) -> None:
    environment = {
        **os.environ,
        "MARROW_TEST_MARK": mark,
        "PYTHONPATH": str(_ROOT),
        "WORKSTATION_SYNCHRONOUS": "",
    }
    process = subprocess.Popen([sys.executable, str(script), str(library), str(source)], env=environment)
    deadline = time.monotonic() + 60
    try:
        while sum(1 for _ in library.rglob("*.dcm")) < copies and process.poll() is None:
            assert time.monotonic() < deadline, "nothing was copied"
            time.sleep(0.02)
        assert process.poll() is None, "the window ended by itself"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    while left_behind(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_behind(mark) == []


def opened(qtbot, library: Path) -> MainWindow:
    make_application()
    window = make_window(open_workspace(library), synchronous=True)
    qtbot.addWidget(window)
    window.show()
    return window


def test_a_window_killed_while_importing_opens_again_and_the_import_goes_on(qtbot, tmp_path: Path) -> None:
    source, library = tmp_path / "in", tmp_path / "library"
    write_folder(source, SERIES * SLICES, matrix=64)
    script = tmp_path / "window.py"
    script.write_text(_WINDOW, encoding="utf-8")
    kill_while_copying(library, source, script, str(script), copies=1)
    window = opened(qtbot, library)
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    reports: list[ImportReport] = []
    desk.import_finished.connect(reports.append)
    desk.take((source,))
    assert reports[0].loaded + reports[0].skipped == SERIES * SLICES
    assert {file.reason for file in reports[0].files} <= {"", "already in the library"}
    assert window.findChild(QTableView, "case_table").model().rowCount() == 1
    counted = [series.slices for row in desk._model.cases for series in row.series]
    assert counted == [SLICES] * SERIES
    assert not list((library / "incoming").iterdir())
    assert window.close()
