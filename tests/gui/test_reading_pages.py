"""Small parts of the reading, set-up and reconcile desks: nothing cut, nothing stale, the keyboard led."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.commands import make_keymap
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.header import ReadingHeader
from workstation.gui.theme import load_theme
from workstation.workflow.workspace import open_workspace


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()


def test_the_worklist_says_how_far_the_read_on_screen_is(qtbot: QtBot) -> None:
    header = ReadingHeader(make_keymap({}), load_theme("dark"))
    qtbot.addWidget(header)
    header.show_read(
        "K-1", [("K-1", "not started"), ("K-2", "locked")], "K-1", "Study · reader R1", sealed=False
    )
    header.show_state("draft")
    worklist = header.findChild(QComboBox, "worklist")
    assert worklist.currentText() == "1 of 2 · K-1 · draft"


def test_the_worklist_is_whole_and_a_long_name_of_the_study_gives_way(qtbot: QtBot) -> None:
    make_application()
    header = ReadingHeader(make_keymap({}), load_theme("dark"))
    qtbot.addWidget(header)
    title = "A study with a name as long as its protocol " * 4
    works = [("K-10172", "not started")]
    header.show_read("K-1 · right knee", works, "K-10172", title, sealed=False, reader="R12")
    header.resize(900, 36)
    header.show()
    worklist = header.findChild(QComboBox, "worklist")
    words = QFontMetrics(worklist.font()).horizontalAdvance(worklist.currentText())
    assert worklist.width() >= words + 24, "the text and its arrow"
    assert header.minimumSizeHint().width() <= 900
    assert header.findChild(QLabel, "study_name").toolTip() == title
    code = header.findChild(QLabel, "reader_code")
    assert code.width() >= QFontMetrics(code.font()).horizontalAdvance("R12"), "who reads is always whole"


def test_the_keys_of_the_worklist_do_not_lead_from_free_reading_into_a_study(qtbot: QtBot) -> None:
    header = ReadingHeader(make_keymap({}), load_theme("dark"))
    qtbot.addWidget(header)
    header.show_read("K-1", [("K-1", "draft"), ("K-2", "draft")], "K-1", "Study", sealed=False)
    header.show_free("K-9")
    asked: list[str] = []
    header.case_chosen.connect(asked.append)
    header.step(1)
    assert asked == []


def test_tolerance_and_seed_can_be_read(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.show_desk("setup")
    for name in ("tolerance", "order_seed"):
        spin = desk.findChild(QSpinBox, name)
        line = spin.lineEdit()
        needed = line.fontMetrics().horizontalAdvance(line.text())
        assert line.text()
        assert line.contentsRect().width() >= needed, name
        assert line.height() >= line.fontMetrics().height(), name


def test_a_joint_without_cases_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.show_desk("setup")
    joint = desk.findChild(QComboBox, "study_joint")
    assert desk.findChild(QListWidget, "study_cases").isVisible()
    joint.setCurrentIndex(joint.findData("hip"))
    hint = desk.findChild(QPushButton, "setup_no_case")
    assert hint.isVisible()
    assert "No hip" in hint.text()
    qtbot.mouseClick(hint, Qt.MouseButton.LeftButton)
    assert window.desk.id == "library"


def test_a_refused_folder_leaves_the_button_ready(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "something").write_text("here", encoding="utf-8")
    desk = window.show_desk("setup")
    desk.findChild(QPushButton, "choose_all_cases").click()
    desk.findChild(QWidget, "instrument_recht").click()
    desk.findChild(QLineEdit, "study_folder").setText(str(tmp_path))
    mode = desk.findChild(QComboBox, "seal_mode")
    mode.setCurrentIndex(mode.findData("none"))
    make = desk.findChild(QPushButton, "make_study")
    make.click()
    assert "not empty" in window.context.messages.last.text
    assert make.isEnabled()


@pytest.mark.parametrize(
    ("desk_id", "first"),
    [("reading", "go_to_library"), ("reconcile", "empty_open_reconcile_study"), ("setup", "study_title")],
)
def test_a_desk_that_comes_to_the_front_has_the_keyboard(
    window: MainWindow, qtbot: QtBot, desk_id: str, first: str
) -> None:
    window.activateWindow()
    window.show_desk(desk_id)
    qtbot.waitUntil(lambda: window.focusWidget() is not None and window.focusWidget().objectName() == first)


def test_every_sentence_of_an_empty_desk_is_whole(window: MainWindow) -> None:
    for desk_id in ("reading", "reconcile"):
        desk = window.show_desk(desk_id)
        for label in desk.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_a_locked_read_offers_neither_pause_nor_not_readable(qtbot: QtBot) -> None:
    header = ReadingHeader(make_keymap({}), load_theme("dark"))
    qtbot.addWidget(header)
    worklist = [("K-1", "locked"), ("K-2", "not started")]
    for locked in (True, False):
        header.show_read("K-1", worklist, "K-1", "Study · reader R1", sealed=False, locked=locked)
        header.show_paused(False)
        for name in ("pause", "not_readable"):
            button = header.findChild(QPushButton, name)
            assert button is not None and button.isEnabled() is not locked
