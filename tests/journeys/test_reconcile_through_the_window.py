"""The reconcile desk under awkward hands: a held key, another folder, one item or several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from workstation.gui.main_window import MainWindow
from workstation.scoring.instrument import instrument
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.workspace import Workspace, open_workspace

ITEMS = instrument("recht").items


@pytest.fixture
def reconciling(
    knee_library: Path, opened_window: Callable[[Workspace], MainWindow], study_of: Callable[..., Path]
) -> MainWindow:
    """Two items of K-R differ, one of K-L, none of them settled."""
    folder = study_of(knee_library, ("K-R", "K-L"), ("recht",))
    workspace = open_workspace(knee_library)
    with open_study_folder(folder, workspace) as study:
        for reader in ("R1", "R2"):
            for case, differing in (("K-R", 2), ("K-L", 1)):
                read = study.reader(reader).open_read(case)
                for number, item in enumerate(ITEMS):
                    read.answer(item.id, 1 + (reader == "R2" and number < differing))
                read.lock(reader)
    window = opened_window(workspace)
    window.show_desk("reconcile", folder)
    return window


def hold(window: MainWindow, key: Qt.Key, text: str, times: int) -> None:
    for _ in range(times):
        event = QKeyEvent(
            QEvent.Type.KeyPress,
            key,
            Qt.KeyboardModifier.NoModifier,
            text,
            True,
        )
        QApplication.sendEvent(window.desk.grid, event)


def test_a_held_key_settles_no_more_than_one_item(reconciling: MainWindow, qtbot: QtBot) -> None:
    desk = reconciling.desk
    reason = desk.findChild(QLineEdit, "reconcile_reason")
    qtbot.keyClick(desk.grid, Qt.Key.Key_X)
    qtbot.keyClicks(reason, "as X says")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    assert len(desk.case.unsettled) == 1
    row = desk.table.currentRow()
    for key, text in ((Qt.Key.Key_X, "x"), (Qt.Key.Key_1, "1"), (Qt.Key.Key_J, "j"), (Qt.Key.Key_Minus, "-")):
        hold(reconciling, key, text, 5)
    assert len(desk.case.unsettled) == 1
    assert len(desk.case.settlements) == 1
    assert desk.table.currentRow() == row


def test_one_item_differs_and_two_items_differ(reconciling: MainWindow, qtbot: QtBot) -> None:
    desk = reconciling.desk
    cases = desk.findChild(QComboBox, "reconcile_case")
    assert [cases.itemText(n) for n in range(2)] == [
        "K-R · 2 items differ · open",
        "K-L · 1 item differs · open",
    ]
    assert reconciling.header.title.startswith("K-R · 2 items differ")
    qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert reconciling.context.messages.last.text.startswith("2 items are still")
    desk.show_case(1)
    assert reconciling.header.title.startswith("K-L · 1 item differs")
    assert cases.currentIndex() == 1
    qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert reconciling.context.messages.last.text.startswith("1 item is still")


def test_a_bad_folder_keeps_the_study_in_hand(reconciling: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    desk = reconciling.desk
    case = desk.case
    desk.open_study(tmp_path / "nothing here")
    assert "was not opened" in reconciling.context.messages.last.text
    assert desk.case is case
    assert desk.grid.isVisible()
    qtbot.keyClick(desk.grid, Qt.Key.Key_X)
    qtbot.keyClicks(desk.findChild(QLineEdit, "reconcile_reason"), "still works")
    qtbot.keyClick(desk.findChild(QLineEdit, "reconcile_reason"), Qt.Key.Key_Return)
    assert len(desk.case.settlements) == 1


def type_line(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    assert QApplication.focusWidget() is line
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_from_the_first_difference_to_the_last_signature_by_keyboard_alone(
    reconciling: MainWindow, qtbot: QtBot
) -> None:
    """Enter keeps what is typed and reaches no picture; after each step the keys act where one goes on."""
    desk = reconciling.desk
    reason, signature = (desk.findChild(QLineEdit, f"reconcile_{name}") for name in ("reason", "signature"))
    for case in ("K-R", "K-L"):
        assert desk.case.case == case
        for key in (Qt.Key.Key_3, Qt.Key.Key_4)[: len(desk.case.unsettled)]:
            qtbot.keyClick(QApplication.focusWidget(), key)
            type_line(qtbot, reason, "seen by both")
            assert [tile.isVisible() for tile in desk.grid.tiles] == [True, True]
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        type_line(qtbot, signature, "R1")
        type_line(qtbot, signature, "R2")
        assert desk.case.is_signed
        assert desk.grid.isAncestorOf(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert reconciling.context.messages.last.text == "This is the last case of the study"
    qtbot.keyClick(desk.grid, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert desk.case.case == "K-R"
    assert [one.grade for one in desk.case.finals if one.source == "consensus"] == [3, 4]
