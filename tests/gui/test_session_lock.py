"""A locked session hides everything: windows on another screen, dialogs, tooltips and the clipboard too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.analysis.results_desk import ResultsDesk
from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.gui.second_screen import OwnWindow
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.workspace import open_workspace

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-R", "K-L"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture
def folder(knee_library: Path, tmp_path: Path) -> Path:
    place = tmp_path / "study"
    people = AccountFolder(place / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    create_study(tmp_path / "plan.toml", place, knee_library, passphrase_of=word).close()
    return place


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    window: MainWindow = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def spoken(interface: QAccessibleInterface | None) -> Iterator[str]:
    """What a screen reader could say of something and all that is seen inside it."""
    if interface is None or interface.state().invisible:
        return
    yield from (interface.text(kind) for kind in QAccessible.Text if kind is not QAccessible.Text.UserText)
    for number in range(interface.childCount()):
        yield from spoken(interface.child(number))


def others(window: MainWindow) -> list[str]:
    found = (one for one in QApplication.topLevelWidgets() if one is not window and one.isVisible())
    return [f"{type(one).__name__} {one.windowTitle()}" for one in found]


def lock_all(folder: Path) -> None:
    with open_study_folder(folder) as study:
        for reader, grade in (("R1", 1), ("R2", 3)):
            study.sign_in(reader, word(reader))
            for case in study.plan.cases:
                read = study.reader(reader).open_read(case)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, grade)
                read.lock(word(reader))


def test_locking_on_demand_leaves_nothing_of_the_case(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    assert desk.read is not None
    code = desk.read.case.code
    qtbot.keyClick(desk.grid, "2")
    qtbot.keyClick(desk.grid, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    desk.grid.detach(0)
    window.show_keys()
    window.edit_keys()
    QToolTip.showText(QPoint(0, 0), f"{code} in a tooltip", window)
    QApplication.clipboard().setText(f"{code} on the clipboard")
    assert sum("OwnWindow" in one for one in others(window)) == 2
    said = " ".join(spoken(QAccessible.queryAccessibleInterface(window)))
    assert code in said, "the search would find it"
    window.lock_session()
    assert others(window) == []
    assert not QToolTip.isVisible()
    assert code not in QApplication.clipboard().text()
    said = " ".join(spoken(QAccessible.queryAccessibleInterface(window)))
    assert "Locked" in said
    assert code not in said
    assert code not in window.windowTitle()
    assert desk.read is None
    assert not desk.findChildren(OwnWindow) or all(
        not one.isVisible() for one in desk.findChildren(OwnWindow)
    )
    line = desk.findChild(QLineEdit, "passphrase")
    assert line is not None
    qtbot.keyClicks(line, word("R1"))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert desk.read is not None
    assert desk.read.case.code == code
    assert desk.read.sheet().answer("patella").grade == 2
    desk.leave()


def test_locking_hides_both_readers_slices_too(window: MainWindow, folder: Path) -> None:
    lock_all(folder)
    desk = window.show_desk("reconcile", folder)
    assert isinstance(desk, ReconcileDesk)
    for reader in ("R1", "R2"):
        desk.sign_in(reader, word(reader))
    assert desk.case is not None
    desk.grid.detach(0)
    assert len(others(window)) == 1
    window.lock_session()
    assert others(window) == []
    assert desk.case is None
    said = " ".join(spoken(QAccessible.queryAccessibleInterface(window)))
    assert "Locked" in said
    assert not any(code in said for code in ("K-R", "K-L"))
    desk.sign_in("R1", word("R1"))
    assert desk.case is not None


def test_free_reading_is_no_session(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.show_desk("reading", "K-R")
    assert isinstance(desk, ReadingDesk)
    qtbot.keyClick(
        window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert desk.header_widget() is not None


def test_the_button_in_the_header_locks_and_says_so_where_nobody_is_signed_in(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    button = window.header.findChild(QToolButton, "lock_session")
    assert button is not None and button.isVisible()
    assert "Ctrl+Shift+L" in button.toolTip()
    button.click()
    last = window.context.messages.last
    assert last is not None and "nothing to hide" in last.text
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    assert desk.read is not None
    assert button.isVisible(), "during a read too"
    desk._lock.ask("K-R", "R1", sealed=True)
    line = desk.findChild(QLineEdit, "signature")
    assert line is not None
    qtbot.keyClicks(line, word("R1"))
    button.click()
    assert desk.read is None
    assert line.text() == "", "nothing that was typed stays in a hidden field"


def test_results_that_an_account_opened_are_hidden_too(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    lock_all(folder)
    desk = window.show_desk("results", folder)
    assert isinstance(desk, ResultsDesk)
    desk.sign_in("R1", word("R1"))
    desk.sign_in("R2", word("R2"))
    assert desk.results is not None
    said = " ".join(spoken(QAccessible.queryAccessibleInterface(window)))
    assert "weighted kappa" in said.lower(), "the search would find it"
    window.lock_session()
    assert desk.results is None, "nor does anything keep the passphrase"
    said = " ".join(spoken(QAccessible.queryAccessibleInterface(window)))
    assert "Locked" in said
    assert "kappa" not in said.lower()
    assert window.header.title == ""
    desk.save_into("csv", folder.parent / "out")
    assert not (folder.parent / "out").exists()
    desk.sign_in("R1", word("R1"))
    assert desk.results is not None
    for save in ("save_tables", "save_report"):
        assert desk.findChild(QWidget, save).isEnabled()
    desk._watch.idle.emit()
    assert desk.results is None, "as does idleness"
