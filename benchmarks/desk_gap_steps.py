"""The steps of `desk_gap` beside a read of a study: lists, dialogs, theme and layout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow
    from workstation.gui.reading.reading_desk import ReadingDesk

STEPS: tuple[str, ...] = (
    "library_500", "open_case", "layout", "undo_mark", "full_screen",
    "cheat_sheet", "key_editor", "setup", "theme",
)  # fmt: skip
CASES = 500

Gap = tuple[float, float]
Watch = Callable[..., Gap]


def many_cases(folder: Path) -> Path:
    """A library of 500 small knees below `folder`."""
    from benchmarks.dicom_folder import write_folder
    from benchmarks.start_library import write_case
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    write_folder(folder / "one", 1)
    for number in range(CASES):
        write_case(
            next((folder / "one").rglob("IM*")), folder / "files" / str(number), f"BENCH-{number}", slices=2
        )
    with open_workspace(folder / "many") as workspace:
        import_paths(workspace, [folder / "files"], workers=0, progress=SilentProgress())
    return folder / "many"


def go_round(many: Path, library: Path, watch: Watch) -> dict[str, Gap]:
    """Every step of `STEPS` once: on a library of 500 cases, then on one of two knees."""
    from workstation.gui.application import make_application
    from workstation.gui.library.library_desk import LibraryDesk

    make_application()
    found: dict[str, Gap] = {}
    window = _window(many)
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    listed: list[bool] = []
    desk.listed.connect(lambda: listed.append(True))
    found["library_500"] = watch(desk.refresh, lambda: bool(listed))
    found["setup"] = watch(lambda: window.show_desk("setup"), lambda: window.built("setup") is not None)
    window.close()

    window = _window(library)
    found |= _in_a_case(window, library, watch)
    found |= _around(window, watch)
    window.close()
    return found


def _rest(milliseconds: int) -> None:
    """Let the program run as its own event loop does; `QTest.qWait` would keep its threads from Python."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _window(library: Path) -> MainWindow:
    from workstation.gui.application import make_window, warm_up
    from workstation.workflow.workspace import open_workspace

    window = make_window(open_workspace(library), synchronous=False)
    window.resize(1440, 900)
    window.show()
    warm_up(window)
    while window.context.jobs.running:
        _rest(100)
    _rest(300)
    return window


def _in_a_case(window: MainWindow, library: Path, watch: Watch) -> dict[str, Gap]:
    from workstation.gui.reading.reading_desk import ReadingDesk
    from workstation.workflow.workspace import open_workspace

    with open_workspace(library) as workspace:
        code = workspace.library.cases()[0].code
    reading = window.show_desk("reading")
    assert isinstance(reading, ReadingDesk)
    _rest(500)
    found = {"open_case": watch(lambda: window.show_desk("reading", code), lambda: _has_pictures(reading))}

    def layouts() -> None:
        reading.grid.set_grid(1, 1)

    one = watch(layouts, lambda: len(reading.grid.presenter.states) == 1)
    four = watch(lambda: reading.grid.set_grid(4, 4), lambda: len(reading.grid.presenter.states) == 16)
    found["layout"] = max(one[0], four[0]), max(one[1], four[1])
    reading.grid.set_grid(2, 2)
    _rest(500)
    _draw_length(reading)
    undo = Qt.KeyboardModifier.ControlModifier
    found["undo_mark"] = watch(lambda: QTest.keyClick(reading.grid, Qt.Key.Key_Z, undo), lambda: True)
    found["full_screen"] = watch(lambda: QTest.keyClick(reading.grid, Qt.Key.Key_F11), reading.grid.isVisible)
    QTest.keyClick(reading.grid.tiles[0], Qt.Key.Key_F11)
    _rest(500)
    return found


def _has_pictures(reading: ReadingDesk) -> bool:
    presenter = reading.grid.presenter
    hung = [content for tile in range(len(presenter.states)) if (content := presenter.content(tile))]
    return bool(hung) and all(content.reading is not None for content in hung)


def _draw_length(reading: ReadingDesk) -> None:
    tile = reading.grid.tiles[0]
    QTest.keyClick(reading.grid, Qt.Key.Key_L)
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(tile, left, pos=QPoint(150, 150))
    QTest.mouseMove(tile, QPoint(220, 200))
    QTest.mouseRelease(tile, left, pos=QPoint(220, 200))
    _rest(300)


def _around(window: MainWindow, watch: Watch) -> dict[str, Gap]:
    found = {"cheat_sheet": watch(window.show_keys, lambda: True)}
    window.show_keys()
    found["key_editor"] = watch(window.edit_keys, lambda: True)
    editor = window.findChild(QWidget, "key_editor")
    assert editor is not None
    editor.close()
    there = watch(window.toggle_theme, lambda: True)
    back = watch(window.toggle_theme, lambda: True)
    found["theme"] = max(there[0], back[0]), max(there[1], back[1])
    return found


if __name__ == "__main__":
    from benchmarks.desk_gap import longest_gap

    answer = go_round(Path(sys.argv[1]), Path(sys.argv[2]), longest_gap)
    print(json.dumps(answer), flush=True)
