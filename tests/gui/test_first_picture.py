"""What a person waits for between starting the program and the first picture: nothing that can come later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_CHILD = """
import gc, json, linecache, sys
from workstation import __main__ as program
from workstation.gui import application
from PySide6.QtCore import QTimer

made = application.make_application

def watched():
    found = made()
    from workstation.gui.viewer.tile import TileWidget

    paint, said = TileWidget.paintEvent, []

    def paint_and_tell(self, event):
        paint(self, event)
        content = self.parent().presenter.content(self.index)
        if not said and content and (content.reading or content.preview):
            said.append(True)
            told = {
                "modules": sorted(sys.modules),
                "sources": sorted(linecache.cache),
                "resting": not gc.isenabled(),
                "left_out": gc.get_freeze_count(),
            }
            print(json.dumps(told), flush=True)
            QTimer.singleShot(0, found.quit)

    TileWidget.paintEvent = paint_and_tell
    QTimer.singleShot(60_000, found.quit)
    return found

application.make_application = watched
sys.exit(program.main())
"""

LATER = {
    "sqlalchemy": "the library is opened after the pictures of a folder",
    "alembic": "only a library of an older version is migrated",
    "nacl": "only what is sealed needs libsodium",
    "pydicom": "headers and plain pixels are read without it",
    "pylibjpeg": "only compressed pixels",
    "openjpeg": "only compressed pixels",
    "scipy": "masks and regions",
    "skimage": "recipes",
    "SimpleITK": "recipes",
    "highdicom": "export",
    "nibabel": "export",
    "pyqtgraph": "plots of results",
    "multiprocessing": "import and recipes",
    "numpy.ma": "a median of numpy's",
    "asyncio": "nothing of this program",
    "ssl": "a study's server",
    "logging.handlers": "only a record of the log",
    "workstation.gui.library.library_desk": "another desk",
    "workstation.gui.help_panel": "only who asks for help",
    "workstation.gui.key_editor": "only who changes keys",
}
"""What is not imported before the first picture of a folder, and who needs it."""


@pytest.fixture(scope="module")
def then(phantom_knees: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program said of itself when it painted the first picture."""
    folder = next(path.parent for path in (phantom_knees / "right").rglob("*.dcm"))
    library = tmp_path_factory.mktemp("first") / "library"
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "--library", str(library), str(folder)],
        env=_environment(library.parent),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return found


def _environment(folder: Path) -> dict[str, str]:
    own = {"MARROW_CONFIG": str(folder / "config"), "MARROW_LOG": str(folder / "log")}
    return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen", "WORKSTATION_SYNCHRONOUS": ""}


@pytest.mark.parametrize("module", LATER)
def test_what_the_first_picture_does_not_need_is_imported_after_it(module: str, then: dict[str, Any]) -> None:
    assert "workstation.imaging.load" in then["modules"]
    assert module not in then["modules"], f"{module}: {LATER[module]}"


def test_no_source_text_is_read_to_import(then: dict[str, Any]) -> None:
    """PySide6 does so for each module, unless Python's own import is put back."""
    assert [path for path in then["sources"] if "numpy" in path or "viewer" in path] == []


def test_python_looks_for_cycles_again_but_not_in_what_stays(then: dict[str, Any]) -> None:
    assert not then["resting"]
    assert then["left_out"] > 10_000


def test_later_modules_of_qt_leave_the_import_alone() -> None:
    code = (
        "import builtins, workstation.gui.application, PySide6.QtSvgWidgets, PySide6.QtTest; "
        "assert builtins.__import__ is builtins.__orig_import__"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
