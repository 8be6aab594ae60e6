"""From starting the process to a library that can be used, beside the bare start of a PySide6 window."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, figure

NAMES = ("start_library_s",)
LIMIT_S = 1.0
RUNS = 9
CASES, SLICES = 50, 8

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
window = QMainWindow()
window.resize(1440, 900)
window.show()
application.processEvents()
window.grab()
print("ready", flush=True)
"""

_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workstation.gui import application, main_window

def ready():
    # Listed is not yet usable: the table must have been painted with its rows.
    window = QApplication.activeWindow() or QApplication.topLevelWidgets()[0]
    desk = window.built("library")
    assert desk.findChild(object, "case_table").model().rowCount() == int(sys.argv[2])
    window.repaint()
    print("ready", flush=True)
    QTimer.singleShot(0, QApplication.quit)

first = main_window.MainWindow.__init__

def watched(self, *arguments, **named):
    first(self, *arguments, **named)
    self.built("library").listed.connect(lambda: QTimer.singleShot(0, ready))

main_window.MainWindow.__init__ = watched
from pathlib import Path
sys.exit(application.open_window(Path(sys.argv[1]), None))
"""


def run(runs: int | None = None) -> list[Figure]:
    """Start the program on a library of 50 cases, and a bare window, in turn, each in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        cases = _fill(library, Path(folder))
        environment = environment_of(Path(folder))
        program = [sys.executable, "-c", _PROGRAM, str(library), str(cases)]
        bare = [sys.executable, "-c", BARE]
        for command in (program, bare):  # the disk's cache is warm for both
            seconds(command, environment)
        floors, samples = [], []
        for _ in range(runs or RUNS):
            floors.append(seconds(bare, environment))
            samples.append(seconds(program, environment))
    floor = sorted(floors)[len(floors) // 2]
    return [
        figure(
            "start_library_s",
            samples,
            "s",
            floor=floor,
            floor_name="process start to a painted bare PySide6 window",
            limit=LIMIT_S,
        )
    ]


def _fill(library: Path, folder: Path) -> int:
    """A library of small knees, two series each; returns how many cases it lists."""
    from benchmarks.dicom_folder import write_folder
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    write_folder(folder / "one", 1)
    for number in range(CASES):
        write_case(next((folder / "one").rglob("IM*")), folder / "files" / str(number), f"BENCH-{number}")
    with open_workspace(library) as workspace:
        import_paths(workspace, [folder / "files"], workers=0, progress=SilentProgress())
        return len(workspace.library.cases())


def write_case(model: Path, folder: Path, patient: str, slices: int = SLICES) -> None:
    import pydicom
    from pydicom.uid import generate_uid

    folder.mkdir(parents=True)
    dataset = pydicom.dcmread(model)
    dataset.PatientID = patient
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[patient])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[patient, "frame"])
    dataset.Rows = dataset.Columns = 64
    dataset.PixelData = dataset.PixelData[: 64 * 64 * 2]
    for series in range(2):
        dataset.SeriesNumber = series + 1
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[patient, str(series)])
        for index in range(slices):
            uid = generate_uid(entropy_srcs=[patient, str(series), str(index)])
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
            dataset.InstanceNumber = index + 1
            dataset.ImagePositionPatient = [3.3 * index, -80, 80]
            dataset.save_as(folder / f"{series}-{index}")


def environment_of(folder: Path) -> dict[str, str]:
    """Of a program with settings of its own, as a person starts it."""
    added = {
        "MARROW_CONFIG": str(folder / "config"),
        "MARROW_LOG": str(folder / "log"),
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    found = {**os.environ, **added, "WORKSTATION_SYNCHRONOUS": ""}
    found.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's Python keeps what it compiled
    return found


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Time until the process says that it is ready."""
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - began
    if line.strip() != "ready":
        raise RuntimeError(f"the program did not start: exit code {process.returncode}")
    return took
