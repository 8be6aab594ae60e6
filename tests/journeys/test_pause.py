"""A pause covers the case, takes no key, and its time does not count."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.main_window import MainWindow
from workstation.reading.journal import Entry, Kind
from workstation.reading.replaying import replay
from workstation.reading.timing import read_times
from workstation.scoring.instrument import instrument

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_nothing_is_seen_or_answered_in_a_pause(reading: MainWindow, qtbot: QtBot) -> None:
    desk = reading.desk
    qtbot.keyClick(desk.grid, "2")
    pause = reading.findChild(QPushButton, "pause")
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    assert not desk.grid.isVisible()
    assert not desk.form.isVisible()
    assert not reading.findChild(QPushButton, "not_readable").isEnabled()
    before = desk.read.session.sequence
    for key in ("1", "3", Qt.Key.Key_Down, Qt.Key.Key_F):
        qtbot.keyClick(desk, key)
    for key in (Qt.Key.Key_Z, Qt.Key.Key_L):
        qtbot.keyClick(desk, key, CONTROL)
    assert desk.read.session.sequence == before
    assert desk.read.sheets[0].answered == 1
    assert pause.isChecked()
    qtbot.mouseClick(desk.findChild(QPushButton, "empty_go_on_reading"), Qt.MouseButton.LeftButton)
    assert desk.grid.isVisible()
    assert not pause.isChecked()
    qtbot.keyClick(desk.grid, "1")
    assert desk.read.sheets[0].answered == 2


def test_the_key_pauses_and_a_case_opened_again_goes_on(reading: MainWindow, qtbot: QtBot) -> None:
    desk = reading.desk
    case = desk.read.case.code
    qtbot.keyClick(desk.grid, Qt.Key.Key_P, CONTROL)
    assert not desk.grid.isVisible()
    desk.leave()
    desk.choose_reader("R1")
    desk.open_read(case)
    assert desk.grid.isVisible()
    assert not desk.read.session.replay.paused
    qtbot.keyClick(desk.grid, "2")
    assert desk.read.sheets[0].answered == 1


def test_a_question_under_the_form_waits_for_a_pause_and_takes_no_grade(
    reading: MainWindow, qtbot: QtBot
) -> None:
    desk = reading.desk
    for _ in instrument("recht").items:
        qtbot.keyClick(desk.grid, "1")
    qtbot.keyClick(desk.grid, Qt.Key.Key_L, CONTROL)
    asked = desk.findChild(QLineEdit, "signature")
    assert asked.isVisible()
    before = desk.read.session.sequence
    desk.grid.setFocus()
    qtbot.keyClick(desk.grid, "3")  # the images have the focus: not the line that is asked for
    assert desk.read.session.sequence == before
    assert reading.context.messages.last.text.startswith("Not scored: first answer the question")
    qtbot.keyClick(desk.grid, Qt.Key.Key_P, CONTROL)
    assert not desk.grid.isVisible()
    assert not asked.isVisible()
    qtbot.keyClick(desk, Qt.Key.Key_P, CONTROL)
    assert desk.grid.isVisible()
    assert asked.isVisible()
    qtbot.keyClick(asked, Qt.Key.Key_Escape)
    qtbot.keyClick(desk.grid, "3")
    assert desk.read.sheets[0].answer(instrument("recht").items[-1].id).grade == 3


def test_a_pause_does_not_count_as_time_of_reading_and_is_not_undone() -> None:
    form = instrument("recht")

    def at(second: int, kind: Kind, **payload: object) -> Entry:
        return Entry(kind, payload, f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}+00:00")

    flag = {"instrument": "recht", "item": form.items[0].id, "flagged": True}
    journal = [
        at(0, Kind.VIEW),
        at(30, Kind.FLAG, **flag),
        at(40, Kind.PAUSE, paused=True),
        at(200, Kind.PAUSE, paused=False),
        at(210, Kind.FLAG, **flag),
    ]
    times = read_times(journal)
    assert times.case_s == pytest.approx(40 + 10)
    assert times.items == {("recht", form.items[0].id): pytest.approx(30 + 10)}
    assert times.pauses == 1
    played = replay(journal, (form,))
    assert len(played.past) == 2
    assert not played.paused
