"""What a person waits for between starting the program and the first picture: nothing that can come later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_CHILD = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from workstation.gui import application

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and type(watched).__name__ == "TileWidget":
            content = watched.parent().presenter.content(watched.index)
            if content and (content.reading or content.preview):
                QApplication.instance().removeEventFilter(self)
                print(json.dumps(sorted(sys.modules)))
                QTimer.singleShot(0, QApplication.quit)
        return False

made = application.make_application

def watched():
    found = made()
    found.watch = Watch(found)
    found.installEventFilter(found.watch)
    QTimer.singleShot(60_000, found.quit)
    return found

application.make_application = watched
sys.exit(application.open_window(Path(sys.argv[1]), sys.argv[2]))
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
    "asyncio": "nothing of this program",
    "ssl": "a study's server",
}
"""What is not imported before the first picture of a folder, and who needs it."""


@pytest.fixture(scope="module")
def imported(phantom_knees: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the modules that the program had imported when it painted the first picture."""
    folder = next(path.parent for path in (phantom_knees / "right").rglob("*.dcm"))
    library = tmp_path_factory.mktemp("first") / "library"
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(library), str(folder)],
        env=_environment(library.parent),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    return set(json.loads(done.stdout.splitlines()[0]))


def _environment(folder: Path) -> dict[str, str]:
    own = {"MARROW_CONFIG": str(folder / "config"), "MARROW_LOG": str(folder / "log")}
    return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen", "WORKSTATION_SYNCHRONOUS": ""}


@pytest.mark.parametrize("module", LATER)
def test_what_the_first_picture_does_not_need_is_imported_after_it(module: str, imported: set[str]) -> None:
    assert "workstation.imaging.load" in imported
    assert module not in imported, f"{module}: {LATER[module]}"
