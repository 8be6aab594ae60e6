"""The library desk on all of the real MRI: the same counts as the command line, torn knee, joint and side."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QTableView

from workstation.gui.application import make_application, make_window
from workstation.gui.library.case_rows import State
from workstation.gui.library.library_desk import LibraryDesk
from workstation.gui.main_window import MainWindow
from workstation.store.crosswalk import default_path
from workstation.workflow.import_report import ImportReport
from workstation.workflow.workspace import open_workspace

pytestmark = [pytest.mark.real, pytest.mark.slow]

COUNTS = (618, 67, 12)


@pytest.fixture
def window(qtbot, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setenv("WORKSTATION_SYNCHRONOUS", "")
    make_application()
    made = make_window(open_workspace(tmp_path / "library"), synchronous=False)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    return made


def import_all(qtbot, window: MainWindow, folder: Path) -> tuple[LibraryDesk, ImportReport]:
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    reports: list[ImportReport] = []
    desk.import_finished.connect(reports.append)
    with qtbot.waitSignal(desk.import_finished, timeout=120_000):
        desk.take((folder,))
    qtbot.waitUntil(lambda: window.findChild(QTableView, "case_table").model().rowCount() == 21)
    return desk, reports[0]


def test_the_window_counts_what_the_command_line_counts(qtbot, window: MainWindow, real_data: Path) -> None:
    _, report = import_all(qtbot, window, real_data)
    given = [path for path in real_data.rglob("*") if path.is_file()]
    assert (report.loaded, report.skipped, report.refused) == COUNTS
    assert sum(COUNTS) == len(given)
    said = window.findChild(QLabel, "import_summary").text()
    assert said == "697 files: 618 loaded, 67 skipped, 12 refused"
    assert window.close()


def test_the_torn_knee_is_joined_named_and_parted_in_the_window(
    qtbot, window: MainWindow, real_data: Path, tmp_path: Path
) -> None:
    desk, _ = import_all(qtbot, window, real_data)
    banner = window.findChild(QFrame, "join_banner")
    qtbot.waitUntil(banner.isVisible)
    for _ in range(2):
        window.findChild(QPushButton, "join").click()
    qtbot.waitUntil(lambda: not banner.isVisible() and len(desk._model.cases) == 20)
    qtbot.waitUntil(window.findChild(QPushButton, "part_case").isVisible)
    window.findChild(QPushButton, "change_side").click()
    window.findChild(QPushButton, "joint_knee").click()
    window.findChild(QPushButton, "confirm_L").click()
    qtbot.waitUntil(lambda: any(row.is_joined and row.state is State.READY for row in desk._model.cases))
    joined = next(row for row in desk._model.cases if row.is_joined)
    assert (joined.joint_text, joined.side_text, len(joined.series)) == ("knee", "left", 2)
    assert {found.slices for found in joined.series} == {80}
    assert joined.code in default_path(tmp_path / "library").read_text("utf-8-sig")  # kept in step
    qtbot.waitUntil(lambda: window.findChild(QLabel, "preview_title").text() == joined.code)
    for _ in range(2):
        window.findChild(QPushButton, "part_case").click()
    qtbot.waitUntil(lambda: len(desk._model.cases) == 21)
    assert window.close()
