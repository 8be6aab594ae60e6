"""The whole job in the real window, by keyboard and mouse, as two readers and a coordinator would."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.workflow.workspace import open_workspace

R1 = "0" * 6 + "001" + "0" * 12
R2 = "0" * 6 + "011" + "0" * 12
"""Recht (6 items), then WORMS (15): the readers differ on one WORMS item."""


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()


def click(window: MainWindow, qtbot: QtBot, name: str) -> None:
    button = window.desk.findChild(QPushButton, name)
    assert button is not None, name
    assert button.isEnabled(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def word(name: str) -> str:
    return f"four plain words {name}"


def make_study(window: MainWindow, qtbot: QtBot, folder: Path, seal_mode: str = "none") -> None:
    window.show_desk("setup")
    desk = window.desk
    assert desk.findChild(QListWidget, "study_cases").count() == 2
    click(window, qtbot, "choose_all_cases")
    for name in ("recht", "worms-marrow"):
        desk.findChild(QCheckBox, f"instrument_{name}").click()
    rule = desk.findChild(object, "resolution_rule")
    rule.setCurrentIndex(rule.findData("consensus"))
    qtbot.keyClicks(desk.findChild(QLineEdit, "study_folder"), str(folder))
    mode = desk.findChild(QComboBox, "seal_mode")
    assert mode.currentData() == "coordinator", "sealed unless someone says otherwise"
    assert not desk.findChild(QPushButton, "make_study").isEnabled(), "passphrases are needed"
    mode.setCurrentIndex(mode.findData(seal_mode))
    for line in desk.findChildren(QLineEdit):
        if line.objectName().startswith("passphrase_") and line.isEnabled():
            qtbot.keyClicks(line, word(line.objectName().split("_")[-1]))
    click(window, qtbot, "make_study")
    assert window.context.messages.last.text.startswith("The study was made")
    window.context.messages.last.run()


def sign_in(window: MainWindow, qtbot: QtBot, name: str) -> None:
    names = window.desk.findChild(QComboBox, "sign_in_name")
    names.setCurrentIndex(names.findText(name))
    line = window.desk.findChild(QLineEdit, "passphrase")
    assert line.isVisible()
    assert line.echoMode() is QLineEdit.EchoMode.Password
    qtbot.keyClicks(line, word(name))
    qtbot.keyClick(line, Qt.Key.Key_Return)


def read_everything(
    window: MainWindow, qtbot: QtBot, reader: str, digits: str, *, sealed: bool = False
) -> list[str]:
    """Score every case by keyboard and lock it; the texts that were on screen meanwhile."""
    desk = window.desk
    assert isinstance(desk, ReadingDesk)
    click(window, qtbot, f"reader_{reader}")
    if sealed:
        sign_in(window, qtbot, reader)
    seen: list[str] = []
    for _ in range(2):
        assert desk.read is not None
        assert window.is_blinded
        qtbot.keyClick(desk.grid, Qt.Key.Key_Down)
        for digit in digits:
            qtbot.keyClick(desk.grid, digit)
        seen += [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
        seen += [one.toolTip() for one in window.findChildren(QPushButton) if one.isVisible()]
        qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        signature = desk.findChild(QLineEdit, "signature")
        assert signature.isVisible()
        qtbot.keyClicks(signature, word(reader) if sealed else reader)
        qtbot.keyClick(signature, Qt.Key.Key_Return)
    assert desk.read is None
    assert not window.is_blinded
    return seen


@pytest.mark.parametrize("seal_mode", ["none", "coordinator", "both-keys"])
def test_from_library_to_signed_reconciliation(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, seal_mode: str
) -> None:
    folder, sealed = tmp_path / "study", seal_mode != "none"
    make_study(window, qtbot, folder, seal_mode)
    assert isinstance(window.desk, ReadingDesk)

    read_everything(window, qtbot, "R1", R1, sealed=sealed)
    window.show_desk("reconcile", folder)
    assert "not available" in window.context.messages.last.text

    window.show_desk("reading", folder)
    seen = read_everything(window, qtbot, "R2", R2, sealed=sealed)
    assert not any("R1" in text for text in seen), "nothing names the other reader"
    assert not any("PHANTOM" in text for text in seen), "nothing names the patient"

    window.show_desk("reconcile", folder)
    desk = window.desk
    assert isinstance(desk, ReconcileDesk)
    for name in {"coordinator": ["C1"], "both-keys": ["R1", "R2"]}.get(seal_mode, []):
        assert desk.case is None
        sign_in(window, qtbot, name)
    for _ in range(2):
        assert len(desk.case.unsettled) == 1
        assert desk.table.item(0, 0).text() == "WORMS LP"
        qtbot.keyClick(desk.grid, Qt.Key.Key_J)
        qtbot.keyClick(desk.grid, "1")
        reason = desk.findChild(QLineEdit, "reconcile_reason")
        qtbot.keyClicks(reason, "seen on the next slice")
        qtbot.keyClick(reason, Qt.Key.Key_Return)
        assert not desk.case.unsettled
        signature = desk.findChild(QLineEdit, "reconcile_signature")
        for reader in ("R1", "R2"):
            qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
            qtbot.keyClicks(signature, reader)
            qtbot.keyClick(signature, Qt.Key.Key_Return)
            if sealed:
                passphrase = desk.findChild(QLineEdit, "reconcile_passphrase")
                qtbot.keyClicks(passphrase, word(reader))
                qtbot.keyClick(passphrase, Qt.Key.Key_Return)
        assert desk.case.is_signed
        desk.show_case(1)

    window.show_desk("results", folder)
    assert window.desk.id == "results"
    if sealed:
        sign_in(window, qtbot, "R2")
    wanted = "2 cases, readers R1 and R2"
    qtbot.waitUntil(
        lambda: any(wanted in label.text() for label in window.desk.findChildren(QLabel)), timeout=5000
    )


def test_both_slices_come_back_as_each_reader_left_them(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    make_study(window, qtbot, folder)
    desk = window.desk
    slices = {}
    for reader, steps, digits in (("R1", 2, R1), ("R2", 5, R2)):
        click(window, qtbot, f"reader_{reader}")
        for _ in range(2):
            for _ in range(steps):
                qtbot.keyClick(desk.grid, Qt.Key.Key_Down)
            slices[reader, desk.read.case.code] = desk.grid.current_position()[3]
            for digit in digits:
                qtbot.keyClick(desk.grid, digit)
            desk.read.lock(reader)
            following = desk.worklist_codes[-1]
            if desk.read.case.code != following:
                desk.open_read(following)
        desk.leave()
    window.show_desk("reconcile", folder)
    case = window.desk.case
    window.desk.table.setCurrentCell(0, 0)
    shown = [state.slice_index for state in window.desk.grid.presenter.states]
    expected = sorted(slices[reader, case.case] for reader in ("R1", "R2"))
    assert sorted(shown) == expected

    desk = window.desk
    seen = []
    for _ in range(4):
        seen.append(tuple(tile.isVisible() for tile in desk.grid.tiles))
        qtbot.keyClick(desk.grid, Qt.Key.Key_B)
    assert seen == [(True, True), (True, False), (False, True), (True, True)], "both, X, Y, both"
    for linked in (True, False, True):
        assert [state.slice_index for state in desk.grid.presenter.states] == shown, "linking moves no slice"
        assert [state.links.scroll for state in desk.grid.presenter.states] == [linked, linked]
        qtbot.keyClick(desk.grid, Qt.Key.Key_U)

    reason = desk.findChild(QLineEdit, "reconcile_reason")
    qtbot.keyClick(desk.grid, Qt.Key.Key_X)
    qtbot.keyClicks(reason, "as X says")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    desk.table.setCurrentCell(0, 0)
    qtbot.keyClick(desk.grid, Qt.Key.Key_Y)
    kept = desk.case.differing[0].settlement
    assert kept.grade == desk.case.differing[0].x.grade, "another value waits for its own reason"
    qtbot.keyClicks(reason, "as Y says")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    settled = desk.case.differing[0].settlement
    assert (settled.grade, settled.reason) == (desk.case.differing[0].y.grade, "as Y says")


def test_a_read_goes_on_where_it_was_left(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    make_study(window, qtbot, folder)
    desk = window.desk
    click(window, qtbot, "reader_R1")
    for _ in range(3):
        qtbot.keyClick(desk.grid, "2")
    qtbot.keyClick(desk.grid, Qt.Key.Key_End)
    place = desk.grid.current_position()
    case = desk.read.case.code
    desk.leave()
    click(window, qtbot, "reader_R1")
    assert desk.read.case.code == case
    assert desk.form.current_item == "LFC"
    assert desk.grid.current_position() == place


def test_a_read_that_cannot_be_opened_does_not_leave_the_window_shut(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workstation.errors import StoreError
    from workstation.workflow.reader_desk import ReaderDesk

    def refuse(*_: object) -> None:
        raise StoreError("The read was not opened", "the disk is gone")

    make_study(window, qtbot, tmp_path / "study")
    desk = window.desk
    click(window, qtbot, "reader_R1")
    assert window.is_blinded
    monkeypatch.setattr(ReaderDesk, "open_read", refuse)
    desk.open_read(desk.worklist_codes[1])
    assert "the disk is gone" in window.context.messages.last.text
    assert not window.is_blinded
    assert desk.read is None
    assert window.show_desk("library") is not None


def test_the_library_is_shut_while_a_blinded_read_is_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    make_study(window, qtbot, tmp_path / "study")
    click(window, qtbot, "reader_R1")
    assert window.show_desk("library") is None
    assert isinstance(window.desk, ReadingDesk)


def test_undo_takes_back_an_answer_and_says_so_in_the_journal(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    make_study(window, qtbot, tmp_path / "study")
    desk = window.desk
    click(window, qtbot, "reader_R1")
    qtbot.keyClick(desk.grid, "3")
    before = desk.read.session.sequence
    qtbot.keyClick(desk.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.read.sheets[0].answered == 0
    assert desk.read.session.sequence > before, "undo appends"


def test_the_lock_refuses_another_readers_code(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    make_study(window, qtbot, tmp_path / "study")
    desk = window.desk
    click(window, qtbot, "reader_R1")
    for digit in R1:
        qtbot.keyClick(desk.grid, digit)
    qtbot.keyClick(desk.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    signature = desk.findChild(QLineEdit, "signature")
    qtbot.keyClicks(signature, "R2")
    qtbot.keyClick(signature, Qt.Key.Key_Return)
    assert not desk.read.is_locked
    assert "signature" in window.context.messages.last.text


def test_the_long_table_keeps_both_originals(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    from workstation.tasks import SilentProgress
    from workstation.workflow.deliver import export_study

    folder = tmp_path / "study"
    make_study(window, qtbot, folder)
    read_everything(window, qtbot, "R1", R1)
    window.show_desk("reading", folder)
    read_everything(window, qtbot, "R2", R2)
    written = export_study(
        window.context.workspace, folder, "csv", tmp_path / "out", progress=SilentProgress()
    )
    reads = next(path for path in written if path.name.endswith("reads.csv"))
    rows = list(csv.DictReader(reads.read_text(encoding="utf-8").splitlines()))
    values = {(row["reader"], row["value"]) for row in rows if row["item"] == "LP"}
    assert values == {("R1", "0"), ("R2", "1")}
