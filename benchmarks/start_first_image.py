"""``marrow STUDY``: from starting the process to the first painted picture, beside a bare PySide6 window.

`start_beside_aeskulap` compares with the C++ viewer Aeskulap where it is installed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, figure
from benchmarks.start_library import BARE, environment_of, seconds

NAMES = ("start_first_image_s",)
LIMIT_S = 1.0
RUNS = 9

_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workstation.gui import application
from benchmarks.pictures_painted import has_picture, watch

def told(number, presenter):
    if has_picture(number, presenter):
        end()
        QTimer.singleShot(0, ready)  # after this paint

def ready():
    print("ready", flush=True)
    QTimer.singleShot(0, QApplication.quit)

made = application.make_application

def watched():
    global end
    found = made()
    end = watch(told)
    return found

application.make_application = watched
from pathlib import Path
sys.exit(application.open_window(Path(sys.argv[1]), sys.argv[2]))
"""


def run(runs: int | None = None) -> list[Figure]:
    """Start the program on a folder of five series, and a bare window, in turn, each in its own process."""
    from workstation.phantoms.dicom_files import write_study
    from workstation.phantoms.knee import knee

    with tempfile.TemporaryDirectory() as folder:
        write_study(knee("R"), Path(folder) / "dicom")
        environment = environment_of(Path(folder))
        program = [sys.executable, "-c", _PROGRAM, str(Path(folder) / "library"), str(Path(folder) / "dicom")]
        bare = [sys.executable, "-c", BARE]
        for command in (program, bare):  # the disk's cache is warm for both
            seconds(command, environment)
        floors, samples = [], []
        for _ in range(runs or RUNS):
            floors.append(seconds(bare, environment))
            samples.append(seconds(program, environment))
    return [
        figure(
            NAMES[0],
            samples,
            "s",
            floor=sorted(floors)[len(floors) // 2],
            floor_name="process start to a painted bare PySide6 window",
            limit=LIMIT_S,
        )
    ]
