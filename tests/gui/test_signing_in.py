"""A sealed study in the window: who may come in, and what happens when nobody is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.lock_panel import LockPanel
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.sign_in_page import SignInPage
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
def desk(knee_library: Path, folder: Path, qtbot: QtBot) -> Iterator[ReadingDesk]:
    make_application()
    window: MainWindow = make_window(open_workspace(knee_library), synchronous=True)
    window.context.settings["idle_lock_min"] = 0.02
    qtbot.addWidget(window)
    window.show()
    window.show_desk("reading", folder)
    assert isinstance(window.desk, ReadingDesk)
    yield window.desk
    window.close()


def test_fingerprints_are_shown_and_a_wrong_passphrase_is_refused_in_place(
    desk: ReadingDesk, qtbot: QtBot
) -> None:
    shown = " ".join(label.text() for label in desk.findChildren(QLabel) if label.isVisible())
    assert "Sealed; opened by both readers together" in shown
    qtbot.mouseClick(desk.findChild(QPushButton, "reader_R1"), Qt.MouseButton.LeftButton)
    line = desk.findChild(QLineEdit, "passphrase")
    qtbot.keyClicks(line, "not this one")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "the passphrase is wrong" in desk.findChild(QLabel, "sign_in_refusal").text()
    assert line.text() == ""
    assert desk.read is None
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    qtbot.waitUntil(  # a new button is shown when Qt comes round to it
        lambda: any(button.isVisible() for button in desk.findChildren(QPushButton, "reader_R1"))
    )


def test_a_session_without_a_sign_of_life_locks_and_comes_back_where_it_was(
    desk: ReadingDesk, folder: Path, qtbot: QtBot
) -> None:
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    assert desk.read is not None
    case = desk.worklist_codes[1]
    desk.open_read(case)
    qtbot.keyClick(desk.grid, "2")
    qtbot.waitUntil(lambda: desk.read is None, timeout=20_000)
    line = desk.findChild(QLineEdit, "passphrase")
    assert line.isVisible()
    assert "nobody was there" in desk.findChild(QLabel, "sign_in_text").text()
    with open_study_folder(folder) as study:
        assert [one.event for one in study.store.audit()][-1] == "signed out"
    qtbot.keyClicks(line, word("R1"))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert desk.read is not None
    assert desk.read.case.code == case
    assert desk.read.sheet().answer("patella").grade == 2
    desk.leave()


def test_opening_and_each_series_once_are_entries_of_the_read(
    desk: ReadingDesk, folder: Path, qtbot: QtBot
) -> None:
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    assert desk.read is not None
    case, seen = desk.read.case.code, set(desk.read.session.replay.seen)
    assert seen == {tile["series_key"] for tile in desk.grid.states()["tiles"] if tile.get("series_key")}
    desk.leave()
    with open_study_folder(folder) as study:
        study.sign_in("R1", word("R1"))
        key = study.reader("R1").open_read(case).session.key
        entries = study.entries(key, study.store.reads.entries(key))
        assert [one.kind.value for one in entries][:1] == ["opened"]
        assert entries[0].payload["screen"]
        assert [one.kind.value for one in entries].count("series") == len(seen)


def test_what_was_typed_to_sign_does_not_come_back_with_undo(qtbot: QtBot) -> None:
    """The next person at the same screen presses Ctrl+Z, in a study that is not sealed too."""
    make_application()
    panel, page = LockPanel(), SignInPage()
    for widget in (panel, page):
        qtbot.addWidget(widget)
    panel.ask("K-R", "R1", sealed=True)
    passphrase, remark = (panel.findChild(QLineEdit, name) for name in ("signature", "blinding_remark"))
    assert passphrase is not None
    assert remark is not None
    qtbot.keyClicks(passphrase, word("R1"))
    qtbot.keyClicks(remark, "SENTINEL saw a name")
    panel.ask("K-L", "R2", sealed=False)
    page.ask("", ["R1"], "")
    typed = page.findChild(QLineEdit, "passphrase")
    assert typed is not None
    qtbot.keyClicks(typed, word("R1"))
    page.ask("", ["R2"], "")
    typed.setEchoMode(QLineEdit.EchoMode.Normal)
    for line in (passphrase, remark, typed):
        line.undo()
        assert line.text() == ""
