"""A safety contact reads an urgent finding from its file in the window, with the own account alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.study.take_in_form import TakeInForm
from workstation.reading.audit import AuditEntry, audit_digest
from workstation.reading.cards import Seat
from workstation.reading.safety import URGENT, UrgentFinding, sealed_finding
from workstation.reading.seal import LEAST_COST
from workstation.reading.urgent_file import UrgentMessage, sealed_message, signed
from workstation.store.account_files import AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.workspace import open_workspace

WORDS = "SENTINEL <b>lesion</b>"


def passphrase(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts, and a message that R1 sealed to S1."""
    place = tmp_path_factory.mktemp("stick")
    people = AccountFolder(place)
    for name, seat in (("S1", Seat.SAFETY), ("R1", Seat.READER)):
        make_account(people, name, seat, passphrase(name), cost=LEAST_COST)
    contact, (sender, keys) = people.load("S1").card, people.keys("R1", passphrase("R1"))
    at = "2026-01-02T03:04:05+00:00"
    finding = UrgentFinding("K-0007", "K-0007", "R1", WORDS, at, "series", "1.2.3", 12)
    told = ("0" * 64, 7, at, "R1", URGENT, json.dumps({"box": sealed_finding(finding, contact)}))
    previous, number, *rest = told
    entry = AuditEntry(number, *rest, previous, audit_digest(*told))
    message = UrgentMessage("2.25.1", "Knee pilot", entry, sender.card, signed(keys, "2.25.1", entry))
    (place / "one.marrow-urgent").write_bytes(sealed_message(message, contact))
    return place


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(tmp_path / "library"), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()


def dropped(window: MainWindow, file: Path) -> TakeInForm:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(200, 200), copy, data, left, none))
    QApplication.processEvents()
    return next(one for one in window.findChildren(TakeInForm) if one.isVisible())


def read_as(form: TakeInForm, account: Path, words: str, qtbot: QtBot) -> str:
    box = form.findChild(QCheckBox, "travel_contact")
    if not box.isChecked():
        qtbot.keyClick(box, Qt.Key.Key_Space)
    assert not form.findChild(QLineEdit, "travel_study").isVisible(), "no study is asked for"
    form.findChild(QLineEdit, "travel_account").setText(str(account))
    form.findChild(QLineEdit, "travel_passphrase").setText(words)
    button = form.findChild(QPushButton, "travel_go")
    assert button.isEnabled() and button.text() == "Read it", button.toolTip()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    return form.said


def message_in(form: TakeInForm) -> str:
    message = form.findChild(QPlainTextEdit, "travel_message")
    return message.toPlainText() if message.isVisible() else ""


def test_the_contact_reads_a_dropped_file(window: MainWindow, stick: Path, qtbot: QtBot) -> None:
    form = dropped(window, stick / "one.marrow-urgent")
    assert message_in(form) == ""
    said = read_as(form, stick / "S1.json", passphrase("S1"), qtbot)
    assert "Signed by R1; compare the fingerprint aloud" in said
    assert "Knee pilot" in message_in(form) and "K-0007" in message_in(form)
    assert WORDS in message_in(form), "a reader's words are shown as they were typed"
    assert "Slice 12" in message_in(form)
    line = form.findChild(QLabel, "travel_said")
    qtbot.waitUntil(lambda: line.height() >= line.heightForWidth(line.width()) > 0)
    message = form.findChild(QPlainTextEdit, "travel_message")
    assert not line.geometry().intersects(message.geometry()), "both are read in full"
    assert form.findChild(QLineEdit, "travel_passphrase").text() == ""
    form.findChild(QLineEdit, "travel_file").setText("")
    assert (
        message_in(form) == "" and WORDS not in form.findChild(QPlainTextEdit, "travel_message").toPlainText()
    )


def test_it_does_not_stay_on_the_screen(window: MainWindow, stick: Path, qtbot: QtBot) -> None:
    form = dropped(window, stick / "one.marrow-urgent")
    read_as(form, stick / "S1.json", passphrase("S1"), qtbot)
    form._watch.idle.emit()
    assert message_in(form) == "" and "nobody was there" in form.said
    read_as(form, stick / "S1.json", passphrase("S1"), qtbot)
    assert WORDS in message_in(form)
    window.lock_session()
    assert not form.isVisible() and not form.shows_message


def test_nobody_else_reads_it(window: MainWindow, stick: Path, qtbot: QtBot, tmp_path: Path) -> None:
    form = dropped(window, stick / "one.marrow-urgent")
    said = read_as(form, stick / "R1.json", passphrase("R1"), qtbot)
    assert "not sealed to the account R1, or was changed" in said and message_in(form) == ""
    assert "passphrase" in read_as(form, stick / "S1.json", "some other words", qtbot)
    assert message_in(form) == ""
    nothing = tmp_path / "S9.json"
    nothing.write_text("{}", encoding="utf-8")
    assert "account S9 was not opened" in read_as(form, nothing, "some other words", qtbot)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff" * 100, "cut short", "flipped"], ids=str)
def test_a_damaged_or_foreign_file_gets_one_sentence(
    window: MainWindow, stick: Path, qtbot: QtBot, tmp_path: Path, content: bytes | str
) -> None:
    whole = bytearray((stick / "one.marrow-urgent").read_bytes())
    bad = tmp_path / "bad.marrow-urgent"
    if content == "flipped":
        whole[-1] ^= 1
        bad.write_bytes(whole)
        said = read_as(dropped(window, bad), stick / "S1.json", passphrase("S1"), qtbot)
        assert "or was changed" in said
        return
    bad.write_bytes(content if isinstance(content, bytes) else bytes(whole[:5000]))
    form = dropped(window, bad)
    assert "no sealed message, was cut short, or was changed" in form.said
    assert not form.findChild(QCheckBox, "travel_contact").isVisible()
    assert not form.findChild(QPushButton, "travel_go").isEnabled()
