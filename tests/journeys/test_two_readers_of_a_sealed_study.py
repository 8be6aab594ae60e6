"""Two readers of a sealed study use the same window, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from workstation.gui.main_window import MainWindow
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import create_study
from workstation.workflow.workspace import Workspace, open_workspace

PLAN = """\
id = "s"
title = "Study"
cases = ["K-R"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "mean"
"""


def word(name: str) -> str:
    return f"four plain words {name}"


def test_each_signs_with_the_own_passphrase_and_both_compare(
    knee_library: Path, tmp_path: Path, opened_window: Callable[[Workspace], MainWindow], qtbot: QtBot
) -> None:
    place = tmp_path / "study"
    for name in ("R1", "R2"):
        make_account(AccountFolder(place / FOLDER), name, Seat.READER, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    create_study(tmp_path / "plan.toml", place, knee_library, passphrase_of=word).close()
    window = opened_window(open_workspace(knee_library))
    for reader, digits in (("R1", "012340"), ("R2", "032340")):
        desk = window.show_desk("reading", place)
        desk.choose_reader(reader)
        line = desk.findChild(QLineEdit, "passphrase")
        qtbot.keyClicks(line, word(reader))
        qtbot.keyClick(line, Qt.Key.Key_Return)
        assert desk.read is not None
        for digit in digits:
            qtbot.keyClick(desk.grid, digit)
        qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        signature = desk.findChild(QLineEdit, "signature")
        assert signature.isVisible()
        assert signature.text() == ""
        qtbot.keyClicks(signature, word(reader))
        qtbot.keyClick(signature, Qt.Key.Key_Return)
        assert desk.read is None, window.context.messages.last
    desk = window.show_desk("reconcile", place)
    for reader, other in (("R2", "R1"), ("R1", "")):
        assert desk.case is None
        desk.sign_in(reader, word(reader))
        told = " ".join(label.text() for label in desk.findChildren(QLabel) if label.isVisible())
        assert f"Now {other} must sign in" in told or not other, "never who is signed in already"
    assert window.header.title == "K-R · 1 item differs · rule: mean of both readers"
    qtbot.keyClick(desk.grid, Qt.Key.Key_X)
    assert "nothing to settle or to sign" in window.context.messages.last.text
