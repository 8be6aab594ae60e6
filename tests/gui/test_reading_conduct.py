"""Urgent findings, signing several reads, masks after the own score and calibration, in the window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.reader_desk import ReaderDesk
from workstation.workflow.urgent import Contact
from workstation.workflow.urgent_file import open_urgent
from workstation.workflow.workspace import open_workspace

CTRL = Qt.KeyboardModifier.ControlModifier
RECHT = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()


def make(tmp_path: Path, knee_library: Path, more: str, names: str = "", cases: int = 0) -> Path:
    workspace = open_workspace(knee_library)
    codes = [case.code for case in workspace.library.cases()]
    workspace.library.close()
    people = AccountFolder(tmp_path / "study" / FOLDER)
    seats = {"R": Seat.READER, "C": Seat.COORDINATOR, "S": Seat.SAFETY}
    for name in names.split():
        make_account(people, name, seats[name[0]], word(name), cost=LEAST_COST)
    rows = [f"{codes[-1]},{item},1" for item in RECHT]
    (tmp_path / "key.csv").write_text("\n".join(["case,item,value", *rows]))
    (tmp_path / "plan.toml").write_text(
        f'id = "koa"\ntitle = "Knee"\ncases = {codes[: cases or len(codes)]}\nreaders = ["R1", "R2"]\n'
        f'instruments = ["recht"]\n{more.replace("LAST", codes[-1])}',
        encoding="utf-8",
    )
    create_study(tmp_path / "plan.toml", tmp_path / "study", knee_library, passphrase_of=word).close()
    return tmp_path / "study"


def enter(window: MainWindow, qtbot: QtBot, study: Path, *, sealed: bool) -> ReadingDesk:
    desk = window.show_desk("reading")
    assert isinstance(desk, ReadingDesk)
    desk.open_study(study)
    desk.choose_reader("R1")
    if sealed:
        line = desk.findChild(QLineEdit, "passphrase")
        qtbot.keyClicks(line, word("R1"))
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert desk.read is not None
    return desk


def score(desk: ReadingDesk, grade: str = "1") -> None:
    for item in RECHT:
        assert desk.read is not None
        desk.read.answer(item, int(grade))
    desk._keeper.show()


def shown(window: MainWindow, kind: type[QWidget], name: str) -> bool:
    widget = window.findChild(kind, name)
    return isinstance(widget, QWidget) and widget.isVisible()


def test_an_urgent_finding_is_confirmed_and_reaches_the_contact_only(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, '[safety]\ncontact = "S1"\n', "R1 R2 C1 S1")
    desk = enter(window, qtbot, study, sealed=True)
    assert shown(window, QPushButton, "urgent")
    qtbot.keyClick(desk, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    words, send = desk.findChild(QLineEdit, "urgent_words"), desk.findChild(QPushButton, "send_urgent")
    assert words.isVisible() and not send.isEnabled()
    qtbot.keyClicks(words, "SENTINEL lesion")
    qtbot.keyClick(words, Qt.Key.Key_Return)
    assert send.text() == "Yes, send it to S1 now"
    qtbot.keyClicks(words, "s")
    assert send.text() == "Send to S1…"  # other words are confirmed anew
    qtbot.keyClick(words, Qt.Key.Key_Escape)
    assert not words.isVisible() and words.text() == ""
    qtbot.keyClick(desk, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(words, "SENTINEL lesion")
    qtbot.keyClick(words, Qt.Key.Key_Return)
    qtbot.keyClick(words, Qt.Key.Key_Return)
    assert not words.isVisible() and words.text() == ""
    assert desk.read is not None and desk.read.state != "complete"
    case = desk.read.images_of
    window.close()
    with open_study_folder(study) as opened:
        contact = Contact(opened, "S1", word("S1"))
        assert len(contact.sent()) == 1
        finding = contact.read(contact.sent()[0].number)
    assert (finding.text, finding.case) == ("SENTINEL lesion", case)
    assert finding.slice_number > 0


def test_on_the_own_machine_a_finding_is_saved_as_a_sealed_file(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make(tmp_path, knee_library, '[safety]\ncontact = "S1"\n', "R1 R2 C1 S1")
    desk = enter(window, qtbot, study, sealed=True)
    monkeypatch.setattr(ReaderDesk, "is_own_machine", True)
    target = tmp_path / "for S1.marrow-urgent"
    suggested = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *words: (suggested.append(words[2]), (str(target), ""))[1]
    )
    qtbot.keyClick(desk, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    words, save = desk.findChild(QLineEdit, "urgent_words"), desk.findChild(QPushButton, "save_urgent")
    assert not save.isVisible()
    qtbot.keyClicks(words, "SENTINEL lesion")
    qtbot.keyClick(words, Qt.Key.Key_Return)
    qtbot.keyClick(words, Qt.Key.Key_Return)
    assert save.isVisible() and not words.isVisible() and words.text() == ""
    save.click()
    assert not save.isVisible() and suggested == ["urgent.marrow-urgent"]
    opened = open_urgent(target, AccountFolder(study / FOLDER), "S1", word("S1"))
    assert opened.finding.text == "SENTINEL lesion"


def test_several_reads_are_ticked_and_signed_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, "", "R1 R2 C1")
    desk = enter(window, qtbot, study, sealed=True)
    codes = desk.worklist_codes
    for code in codes:
        desk.open_read(code)
        score(desk)
    qtbot.keyClick(desk, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    desk.findChild(QPushButton, "sign_several_wanted").click()
    button, line = (
        desk.findChild(QPushButton, "sign_several"),
        desk.findChild(QLineEdit, "sign_page_signature"),
    )
    assert button.text() == f"Sign and lock {len(codes)} reads" and not button.isEnabled()
    desk._keeper.flush()  # what is kept once the hand has rested changes nothing that was listed
    held = desk.findChild(QComboBox, f"held_{codes[0]}")
    held.setCurrentIndex(1)
    qtbot.keyClicks(line, "not my passphrase")
    assert not button.isEnabled()
    qtbot.keyClicks(desk.findChild(QLineEdit, f"remark_{codes[0]}"), "saw a name")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "passphrase is wrong" in desk.findChild(QLabel, "sign_page_refusal").text()
    qtbot.keyClicks(line, word("R1"))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    window.close()
    with open_study_folder(study) as opened:
        assert len(opened.store.reads.locks()) == len(codes) == len(opened.store.seals.sheets())


def test_an_unticked_read_stays_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, "")
    desk = enter(window, qtbot, study, sealed=False)
    assert not shown(window, QPushButton, "urgent")  # the plan names no contact
    first, second = desk.worklist_codes[:2]
    for code in (first, second):
        desk.open_read(code)
        score(desk)
    desk._screen.urgent.show()
    qtbot.keyClick(desk, Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert not desk._screen.urgent.isVisible()
    desk.findChild(QCheckBox, f"sign_{second}").setChecked(False)
    line = desk.findChild(QLineEdit, "sign_page_signature")
    qtbot.keyClicks(line, "R1")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert desk.read is not None and desk.read.case.code == second
    with open_study_folder(study) as opened:
        assert [lock.key.case for lock in opened.store.reads.locks()] == [first]


def test_masks_come_after_the_own_score_only(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, '[blinding]\noverlays = "after-own-score"\n')
    desk = enter(window, qtbot, study, sealed=False)
    masks = window.findChild(QPushButton, "show_masks")
    assert isinstance(masks, QPushButton) and masks.isVisible()
    masks.click()
    assert desk.read is not None and not desk.read.masks_shown
    score(desk)
    assert "Ctrl+M" in masks.toolTip()
    qtbot.keyClick(desk, Qt.Key.Key_M, CTRL)
    assert desk.read.masks_shown == "after-own-score"
    assert not masks.isVisible()


def test_the_key_of_masks_opens_none_that_the_plan_keeps_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    desk = enter(window, qtbot, make(tmp_path, knee_library, "", cases=1), sealed=False)
    assert desk.read is not None
    score(desk)
    qtbot.keyClick(desk, Qt.Key.Key_M, CTRL)
    assert "never see masks" in window.context.messages.last.text
    read = desk.read
    desk._lock.signed.emit("R1", True, "")
    desk.choose_reader("R1")
    assert desk.read is not None and desk.read.is_locked and desk.read.case.code == read.case.code
    # mypy lets no method be replaced; here nothing may be laid on the image
    desk._acts._lay = lambda *_: pytest.fail("a mask came on screen")  # type: ignore[method-assign]
    qtbot.keyClick(desk, Qt.Key.Key_M, CTRL)
    assert "it is locked" in window.context.messages.last.text


def test_the_calibration_comes_first_in_the_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    more = '[calibration]\ncases = ["LAST"]\nanswers = "key.csv"\nmeasure = "exact"\nthreshold = 1.0\n'
    study = make(tmp_path, knee_library, more, cases=1)
    desk = enter(window, qtbot, study, sealed=False)
    assert desk.worklist_codes == ("CAL-1",)
    score(desk, "2")
    desk._lock.signed.emit("R1", True, "")
    assert desk.worklist_codes == ("CAL-1",) and desk.read is not None and not desk.read.is_locked
    score(desk, "1")
    desk._lock.signed.emit("R1", True, "")
    assert desk.read is not None and desk.read.case.code == desk.read.images_of


def test_the_set_up_page_makes_a_study_with_all_of_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = window.show_desk("setup")
    key = tmp_path / "key.csv"
    key.write_text("\n".join(["case,item,value", *(f"K-L,{item},1" for item in RECHT)]))
    desk._case_list.item(0).setCheckState(Qt.CheckState.Checked)
    if desk.chosen_cases == ("K-L",):
        desk._case_list.item(0).setCheckState(Qt.CheckState.Unchecked)
        desk._case_list.item(1).setCheckState(Qt.CheckState.Checked)
    desk.findChild(QCheckBox, "instrument_recht").setChecked(True)
    summary = desk.findChild(QLabel, "study_summary")
    fill = {"calibration_cases": "K-L", "safety_contact": "S1", "study_folder": str(tmp_path / "made")}
    for name, text in fill.items():
        desk.findChild(QLineEdit, name).setText(text)
    assert "table of the known answers" in summary.text() and "unvalidated mark" in summary.text()
    desk.findChild(QLineEdit, "known_answers").setText(str(key))
    masks = desk.findChild(QComboBox, "overlay_rule")
    masks.setCurrentIndex(masks.findData("after-own-score"))
    sealing = desk.findChild(QComboBox, "seal_mode")
    sealing.setCurrentIndex(sealing.findData("none"))
    for line in desk._sealing._lines["S1"]:
        qtbot.keyClicks(line, word("S1"))
    make_it = desk.findChild(QPushButton, "make_study")
    assert make_it.isEnabled(), summary.text()
    make_it.click()
    with open_study_folder(tmp_path / "made") as study:
        conduct = study.plan.conduct
        assert conduct.calibration is not None and conduct.calibration.answers.boxes
        assert conduct.safety is not None and conduct.safety.card is not None
        assert study.plan.blinding.overlays == "after-own-score"
        assert Contact(study, "S1", word("S1")).sent() == ()


def test_a_new_version_is_looked_at_and_put_in_force(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, "", "R1 R2 C1", cases=1)
    with open_study_folder(study) as opened:
        opened.sign_in("R1", word("R1"))
        opened.reader("R1").open_read(opened.plan.cases[0]).answer("patella", 1)
    plan = tmp_path / "plan.toml"
    with open_study_folder(study) as opened:
        first = opened.plan.cases[0]
    both = f"['{first}', '{'K-R' if first == 'K-L' else 'K-L'}']"
    plan.write_text(plan.read_text().replace(f"['{first}']", both))
    desk = window.show_desk("setup")
    desk.findChild(QPushButton, "new_version").click()
    form = window.findChild(QWidget, "version_form")
    form.findChild(QLineEdit, "version_study").setText(str(study))
    form.findChild(QLineEdit, "version_plan").setText(str(tmp_path / "nothing.toml"))
    told = form.findChild(QLabel, "version_changes")
    assert "fingerprints" in told.text()
    form.findChild(QLineEdit, "version_plan").setText(str(plan))
    assert "1 more case" in told.text()
    form.findChild(QLineEdit, "version_reason").setText("one more knee")
    go = form.findChild(QPushButton, "travel_go")
    assert not go.isEnabled()
    form.findChild(QLineEdit, "version_passphrase_1").setText(word("C1"))
    assert go.isEnabled()
    go.click()
    with open_study_folder(study) as opened:
        assert opened.plan.version == 2 and len(opened.plan.cases) == 2
    assert "Version 2 is in force" in form.said


def test_a_locked_read_is_amended_with_a_reason(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    study = make(tmp_path, knee_library, "", "R1 R2 C1", cases=1)
    desk = enter(window, qtbot, study, sealed=True)
    assert not shown(window, QPushButton, "amend") and shown(window, QPushButton, "not_readable")
    score(desk, "1")
    desk._lock.signed.emit(word("R1"), True, "")
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    assert desk.read is not None and desk.read.is_locked
    assert not shown(window, QPushButton, "not_readable")
    code = desk.read.case.code
    window.findChild(QPushButton, "amend").click()
    reason, give = desk.findChild(QLineEdit, "amend_reason"), desk.findChild(QPushButton, "call_amend")
    assert reason.isVisible() and not give.isEnabled()
    qtbot.keyClicks(reason, "   ")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    assert desk.read.is_locked, "a reason that says nothing is none"
    qtbot.keyClicks(reason, "row typed twice")
    qtbot.keyClick(reason, Qt.Key.Key_Escape)
    assert not reason.isVisible() and reason.text() == "" and desk.read.is_locked
    window.findChild(QPushButton, "amend").click()
    qtbot.keyClicks(reason, "row typed twice")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    assert desk.read is not None and not desk.read.is_locked and desk.read.case.code == code
    assert desk.read.sheet().answer("patella").grade == 1, "only what changes is given anew"
    qtbot.keyClick(desk.grid, "3")
    desk._lock.signed.emit(word("R1"), True, "")
    desk.leave()
    with open_study_folder(study) as opened:
        assert [lock.key.version for lock in opened.store.reads.locks()] == [1, 2]
    assert b"row typed twice" not in b"".join(f.read_bytes() for f in study.rglob("*") if f.is_file())
