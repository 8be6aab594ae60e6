"""Two machines in the window: a package made, taken in by dropping it, read, sent back and taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.workflow.two_machines import Machine, make_home, read, word
from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.study.setup_desk import SetupDesk
from workstation.gui.study.take_in_form import TakeInForm
from workstation.gui.study.travel_dialog import TravelDialog
from workstation.gui.study.travel_forms import AccountForm, PackageForm, ReturnForm
from workstation.reading import seal
from workstation.reading.account import new_account
from workstation.workflow import accounts
from workstation.workflow.workspace import open_workspace

Open = Callable[[Machine], MainWindow]


@pytest.fixture
def open_on(qtbot: QtBot) -> Iterator[Open]:
    """Opens a window on a machine's library; closed at the end."""
    made: list[MainWindow] = []

    def opened(machine: Machine) -> MainWindow:
        make_application()
        window = make_window(open_workspace(machine.library), synchronous=True)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        window.show()
        made.append(window)
        return window

    yield opened
    for window in made:
        window.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return make_home(tmp_path_factory.mktemp("window") / "home")


def form_of(window: MainWindow, button: str, qtbot: QtBot) -> TravelDialog:
    """The form that a button of the set-up desk opens, by keyboard."""
    desk = window.show_desk("setup")
    assert isinstance(desk, SetupDesk)
    qtbot.waitUntil(lambda: desk.findChild(QPushButton, button) is not None)
    found = desk.findChild(QPushButton, button)
    found.setFocus()
    qtbot.keyClick(found, Qt.Key.Key_Space)
    return current(window)


def current(window: MainWindow) -> TravelDialog:
    forms = [one for one in window.findChildren(TravelDialog) if one.isVisible()]
    assert len(forms) == 1
    return forms[0]


def fill(form: TravelDialog, **texts: object) -> None:
    for name, text in texts.items():
        form.findChild(QLineEdit, f"travel_{name}").setText(str(text))


def press(form: TravelDialog, qtbot: QtBot) -> str:
    button = form.findChild(QPushButton, "travel_go")
    assert button.isEnabled(), button.toolTip()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    return form.said


def drop(window: MainWindow, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(200, 200), copy, data, left, none))
    QApplication.processEvents()


def test_there_and_back(home: Machine, open_on: Open, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(home)
    form = form_of(window, "make_package", qtbot)
    assert isinstance(form, PackageForm)
    fill(form, study=home.study, target=tmp_path, passphrase=word("C1"))
    readers = form.findChild(QComboBox, "travel_reader")
    assert [readers.itemText(row) for row in range(readers.count())] == ["R1", "R2"]
    said = press(form, qtbot)
    assert said.startswith("koa-R1.marrow-package: 2 cases, 4 images")
    assert form.findChild(QLineEdit, "travel_passphrase").text() == ""
    form.reject()

    machine = Machine(tmp_path / "R1")
    own = open_on(machine)
    drop(own, tmp_path / "koa-R1.marrow-package")
    form = current(own)
    assert isinstance(form, TakeInForm)
    assert "reading package for R1" in form.said
    fill(form, study=machine.study, passphrase="not the right words")
    assert "passphrase is wrong" in press(form, qtbot)
    fill(form, passphrase=word("R1"))
    assert press(form, qtbot).startswith("koa is ready for R1: 2 cases, 4 new images. Made by C1")
    fill(form, passphrase=word("R1"))
    assert press(form, qtbot).startswith("Nothing new")
    form.reject()
    read(machine, "R1")

    desk = own.show_desk("reading", machine.study)
    assert desk is not None
    back = desk.findChild(QPushButton, "send_back")
    qtbot.waitUntil(back.isVisible)
    qtbot.keyClick(back, Qt.Key.Key_Space)
    form = current(own)
    assert isinstance(form, ReturnForm)
    fill(form, target=tmp_path, passphrase=word("R1"))
    assert press(form, qtbot).startswith("koa-R1.marrow-return: 2 of 2 reads are locked and in it")
    form.reject()

    drop(window, tmp_path / "koa-R1.marrow-return")
    form = current(window)
    fill(form, study=home.study, passphrase=word("C1"))
    assert press(form, qtbot) == "2 reads of R1 came in; 2 of 2 are locked now."
    form.reject()


def test_an_account_of_ones_own_and_its_card(
    home: Machine, open_on: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        accounts,
        "new_account",
        lambda name, seat, words, escrow, _cost: new_account(name, seat, words, escrow, seal.LEAST_COST),
    )
    window = open_on(Machine(tmp_path / "R9"))
    form = form_of(window, "make_account", qtbot)
    assert isinstance(form, AccountForm)
    fill(form, name="R9", passphrase=word("R9"), study=tmp_path / "R9" / "study", target=tmp_path)
    assert not form.findChild(QPushButton, "travel_go").isEnabled(), "the passphrase is asked for twice"
    fill(form, again=word("R9"))
    said = press(form, qtbot)
    assert said.startswith("R9.marrow-card is for the coordinator")
    form.reject()
    form = form_of(window, "take_in", qtbot)
    fill(form, file=tmp_path / "R9.marrow-card", study=tmp_path / "new")
    assert not form.findChild(QLineEdit, "travel_passphrase").isVisible()
    assert press(form, qtbot).startswith("R9 (reader) came in")
    form.reject()
    desk = window.show_desk("setup")
    assert desk is not None
    desk.findChild(QLineEdit, "reader_1").setText("R9")
    assert desk.findChild(QLineEdit, "passphrase_R9") is not None
    desk.findChild(QLineEdit, "study_folder").setText(str(tmp_path / "new"))
    assert desk.findChild(QLabel, "seal_away").text().startswith("R9: the account is on the own machine")
    # nothing is asked of whose card is here
    qtbot.waitUntil(lambda: desk.findChild(QLineEdit, "passphrase_R9") is None)


def test_refusals_stand_in_the_form(home: Machine, open_on: Open, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(home)
    form = form_of(window, "take_in", qtbot)
    (tmp_path / "text").write_text("no package", encoding="utf-8")
    fill(form, file=tmp_path / "text")
    assert "no package and no sealed return" in form.said
    assert not form.findChild(QPushButton, "travel_go").isEnabled()
    form.reject()
    form = form_of(window, "send_back", qtbot)
    fill(form, study=home.study)
    assert "where a package was taken in" in form.said
    fill(form, study=tmp_path)
    assert "there is none in the folder" in form.said
    form.reject()


def test_an_urgent_finding_needs_no_passphrase_and_its_refusal_stands_in_the_form(
    home: Machine, open_on: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "urgent.marrow-urgent"
    file.write_bytes(b"marrow urgent 1\n" + b"0" * 64 + b"\n" + bytes(32_768 + 48))
    window = open_on(home)
    drop(window, file)
    form = current(window)
    assert isinstance(form, TakeInForm)
    fill(form, study=home.study)
    assert not form.findChild(QLineEdit, "travel_passphrase").isVisible()
    assert "names no safety contact" in press(form, qtbot)


def test_stop_and_go_on(home: Machine, open_on: Open, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(home)
    window.context.jobs.is_synchronous = False
    form = form_of(window, "make_package", qtbot)
    fill(form, study=home.study)
    qtbot.waitUntil(lambda: form.findChild(QComboBox, "travel_reader").count() == 2)
    fill(form, target=tmp_path, passphrase=word("C1"))
    qtbot.keyClick(form.findChild(QPushButton, "travel_go"), Qt.Key.Key_Space)
    assert form.is_running
    assert form.findChild(QPushButton, "travel_close").text() == "Stop"
    assert not form.findChild(QLineEdit, "travel_target").isEnabled()
    form.reject()
    qtbot.waitUntil(lambda: not form.is_running)
    assert form.isVisible()
    fill(form, passphrase=word("C1"))
    qtbot.keyClick(form.findChild(QPushButton, "travel_go"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "koa-R1.marrow-package" in form.said)
    form.reject()


def test_every_part_of_a_form_is_named_and_reached(home: Machine, open_on: Open, qtbot: QtBot) -> None:
    window = open_on(home)
    for name in ("make_package", "take_in", "send_back", "make_account"):
        form = form_of(window, name, qtbot)
        parts: list[QWidget] = [
            *form.findChildren(QLineEdit),
            *form.findChildren(QPushButton),
            *form.findChildren(QComboBox),
        ]
        for part in parts:
            assert part.accessibleName() or getattr(part, "text", str)(), part.objectName()
            assert part.toolTip(), part.objectName()
            assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
        qtbot.keyClick(form, Qt.Key.Key_Escape)
        assert not form.isVisible()
