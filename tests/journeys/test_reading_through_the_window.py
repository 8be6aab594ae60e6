"""What readers do beside plain scoring: tie a slice, take back, own up, look at a locked read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from workstation.gui.main_window import MainWindow
from workstation.phantoms.dicom_files import write_study
from workstation.phantoms.hip import hip
from workstation.scoring.instrument import instrument
from workstation.tasks import SilentProgress
from workstation.workflow.deliver import export_study
from workstation.workflow.import_files import import_paths
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.workspace import Workspace, open_workspace

CONTROL = Qt.KeyboardModifier.ControlModifier
BOTH = CONTROL | Qt.KeyboardModifier.ShiftModifier
OpenWindow = Callable[[Workspace], MainWindow]


def score(window: MainWindow, qtbot: QtBot, digits: str) -> None:
    for digit in digits:
        qtbot.keyClick(window.desk.grid, digit)


def lock(window: MainWindow, qtbot: QtBot, reader: str) -> None:
    qtbot.keyClick(window.desk.grid, Qt.Key.Key_L, CONTROL)
    signature = window.desk.findChild(QLineEdit, "signature")
    qtbot.keyClicks(signature, reader)
    qtbot.keyClick(signature, Qt.Key.Key_Return)


def read_case(window: MainWindow, qtbot: QtBot, folder: Path, reader: str, digits: str) -> None:
    window.show_desk("reading", folder)
    window.desk.choose_reader(reader)
    score(window, qtbot, digits)
    lock(window, qtbot, reader)


def test_the_mean_of_two_reads_is_shown_and_nothing_is_left_to_sign(
    knee_library: Path, opened_window: OpenWindow, study_of: Callable[..., Path], qtbot: QtBot, tmp_path: Path
) -> None:
    folder = study_of(knee_library, ("K-R",), ("recht",), "mean")
    window = opened_window(open_workspace(knee_library))
    read_case(window, qtbot, folder, "R1", "012340")
    read_case(window, qtbot, folder, "R2", "032340")
    window.show_desk("reconcile", folder)
    desk = window.desk
    assert window.header.title == "K-R · 1 item differs · rule: mean of both readers"
    first, x, y, final, _ = (desk.table.item(0, column).text() for column in range(5))
    item = instrument("recht").items[1]
    assert first == instrument("recht").region_of(item.id).code
    assert {x, y} == {item.level(1).label, item.level(3).label}
    assert final == f"{(item.level(1).points + item.level(3).points) / 2:g} points"
    for key, held in (("1", None), (Qt.Key.Key_X, None), (Qt.Key.Key_L, CONTROL)):
        window.context.messages.clear()
        qtbot.keyClick(desk.grid, key, held or Qt.KeyboardModifier.NoModifier)
        assert "nothing to settle or to sign" in window.context.messages.last.text
    assert desk.case.settlements == ()
    written = export_study(
        window.context.workspace, folder, "csv", tmp_path / "out", progress=SilentProgress()
    )
    wide = next(path for path in written if "reconciled" in path.name)
    row = next(csv.DictReader(wide.read_text(encoding="utf-8-sig").splitlines()))
    means = [float(value) for name, value in row.items() if item.id in name and _is_number(value)]
    assert (item.level(1).points + item.level(3).points) / 2 in means


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def test_red_marrow_of_both_hips_is_scored_by_keyboard(
    opened_window: OpenWindow, study_of: Callable[..., Path], qtbot: QtBot, tmp_path: Path
) -> None:
    write_study(hip(), tmp_path / "hip", patient_id="PHANTOM-HIP")
    (tmp_path / "codes.csv").write_text("patient_id,code\nPHANTOM-HIP,H-1\n", encoding="utf-8")
    workspace = open_workspace(tmp_path / "library")
    import_paths(
        workspace, [tmp_path / "hip"], codes=tmp_path / "codes.csv", workers=0, progress=SilentProgress()
    )
    folder = study_of(workspace.library.folder, ("H-1",), ("red-marrow-hip",))
    window = opened_window(workspace)
    desk = window.show_desk("reading", folder)
    desk.choose_reader("R1")
    form = instrument("red-marrow-hip")
    assert "H-1" in window.header.title or desk.read.case.code == "H-1"
    keys = "".join(form.items[n].levels[n % 3].key for n in range(len(form.items)))
    score(window, qtbot, keys)
    answers = [desk.read.sheets[0].answer(item.id).grade for item in form.items]
    assert answers == [item.levels[n % 3].grade for n, item in enumerate(form.items)]
    lock(window, qtbot, "R1")
    assert desk.read is None
    with open_study_folder(folder, workspace) as study:
        assert study.locked() == {("R1", "H-1", 1)}


def test_a_tied_slice_comes_back_in_reconcile_though_the_answer_was_given_elsewhere(
    knee_library: Path, opened_window: OpenWindow, study_of: Callable[..., Path], qtbot: QtBot
) -> None:
    folder = study_of(knee_library, ("K-R",), ("recht",))
    window = opened_window(open_workspace(knee_library))
    desk = window.show_desk("reading", folder)
    desk.choose_reader("R1")
    qtbot.keyClick(desk.grid, Qt.Key.Key_End)
    tied = desk.grid.current_position()
    qtbot.keyClick(desk.grid, Qt.Key.Key_K)
    assert "tied to the item" in window.context.messages.last.text
    qtbot.keyClick(desk.grid, Qt.Key.Key_Home)
    assert desk.grid.current_position() != tied
    score(window, qtbot, "012340")
    lock(window, qtbot, "R1")
    read_case(window, qtbot, folder, "R2", "312340")
    window.show_desk("reconcile", folder)
    desk = window.desk
    desk.table.setCurrentCell(0, 0)
    pair = desk.case.differing[0]
    side = 0 if pair.x.grade == 0 else 1
    state = desk.grid.presenter.states[side]
    answer = pair.x if side == 0 else pair.y
    assert not answer.evidence.assumed
    assert (state.series_key, state.slice_index) == (tied[0], tied[3])


def test_undo_and_redo_by_keyboard_are_entries_of_the_journal(reading: MainWindow, qtbot: QtBot) -> None:
    desk = reading.desk
    first, second = (item.id for item in instrument("recht").items[:2])

    def grades() -> tuple[int | None, int | None]:
        sheet = desk.read.sheets[0]
        return sheet.answer(first).grade, sheet.answer(second).grade

    codes = {region.id: region.code for region in instrument("recht").regions}
    one, two = (codes[item.region] for item in instrument("recht").items[:2])
    score(reading, qtbot, "31")
    lengths = [desk.read.session.sequence]
    for key, modifier, expected, said, item in (
        (Qt.Key.Key_Z, CONTROL, (3, None), f"Undone: {two}: the answer", second),
        (Qt.Key.Key_Z, CONTROL, (None, None), f"Undone: {one}: the answer", first),
        (Qt.Key.Key_Z, BOTH, (3, None), f"Brought back: {one}: the answer", first),
        (Qt.Key.Key_Z, BOTH, (3, 1), f"Brought back: {two}: the answer", second),
    ):
        qtbot.keyClick(desk.grid, key, modifier)
        assert grades() == expected
        assert reading.context.messages.last.text == said
        assert desk.form.current_item == item, "the form stands where something changed"
        lengths.append(desk.read.session.sequence)
    assert lengths == sorted(set(lengths)), "each is appended, nothing is taken away"
    qtbot.keyClick(desk.grid, Qt.Key.Key_F)
    qtbot.keyClick(desk.grid, Qt.Key.Key_K)
    for said in (f"{two}: the slice tied to it", f"{two}: the flag"):
        qtbot.keyClick(desk.grid, Qt.Key.Key_Z, CONTROL)
        assert reading.context.messages.last.text == f"Undone: {said}"
    for _ in range(3):
        qtbot.keyClick(desk.grid, Qt.Key.Key_Z, CONTROL)
    assert reading.context.messages.last.text == "There is nothing to undo"
    assert desk.form.findChild(QPushButton, "lock_read") is not None


def test_blinding_that_did_not_hold_needs_a_word_and_is_kept_with_the_lock(
    reading: MainWindow, qtbot: QtBot
) -> None:
    desk = reading.desk
    case = desk.read.case.code
    score(reading, qtbot, "012340")
    qtbot.keyClick(desk.grid, Qt.Key.Key_L, CONTROL)
    held, remark = desk.findChild(QComboBox, "blinding_held"), desk.findChild(QLineEdit, "blinding_remark")
    sign, signature = desk.findChild(QPushButton, "sign_and_lock"), desk.findChild(QLineEdit, "signature")
    assert not remark.isVisible()
    qtbot.keyClicks(signature, "R1")
    assert sign.isEnabled()
    held.setFocus()
    qtbot.keyClick(held, Qt.Key.Key_Down)
    assert remark.isVisible()
    assert not sign.isEnabled(), "a word is needed"
    qtbot.keyClick(signature, Qt.Key.Key_Return)
    assert not desk.read.is_locked
    qtbot.keyClicks(remark, "The other score lay on the desk")
    qtbot.keyClick(remark, Qt.Key.Key_Return)
    lock_kept = next(one for one in desk._door.study.store.reads.locks(case))
    assert not lock_kept.blinding_held
    assert lock_kept.remark == "The other score lay on the desk"


def test_a_locked_read_takes_no_key_through_the_whole_window(reading: MainWindow, qtbot: QtBot) -> None:
    desk = reading.desk
    case = desk.read.case.code
    score(reading, qtbot, "012340")
    lock(reading, qtbot, "R1")
    desk.open_read(case)
    assert desk.read.is_locked
    before, links = desk.read.session.content, desk._door.study.store.reads.entries(desk.read.session.key)
    targets = (desk.grid, desk, desk.form, reading)
    for target in targets:
        for key in (*"01234-. ", Qt.Key.Key_Backspace, Qt.Key.Key_F, Qt.Key.Key_K, Qt.Key.Key_End):
            qtbot.keyClick(target, key)
        for key, modifier in ((Qt.Key.Key_Z, CONTROL), (Qt.Key.Key_Z, BOTH)):
            qtbot.keyClick(target, key, modifier)
        qtbot.keyClick(target, Qt.Key.Key_L, CONTROL)
    qtbot.wait(900)  # the viewing state is kept after a rest, but not of a locked read
    assert desk.read.session.content == before
    assert desk._door.study.store.reads.entries(desk.read.session.key) == links
    assert not desk.findChild(QLineEdit, "signature").isVisible()
    assert not desk.findChild(QPushButton, "lock_read").isEnabled()


def test_how_masks_look_is_asked_in_a_read_too_where_readers_draw_their_own(reading: MainWindow) -> None:
    desk = reading.desk
    mask = desk.findChild(QToolButton, "tool_mask")
    assert mask.isVisible()
    desk.leave()
    reading.show_desk("reading", "K-R")
    assert mask.isVisible()


@pytest.mark.parametrize("damage", ["nothing there", "no database"])
def test_a_bad_study_folder_keeps_the_open_read(reading: MainWindow, tmp_path: Path, damage: str) -> None:
    desk = reading.desk
    read = desk.read
    bad = tmp_path / "bad"
    if damage == "no database":
        bad.mkdir()
        (bad / "study.sqlite").write_bytes(b"this is not a database")
    desk.open_study(bad)
    assert "study was not" in reading.context.messages.last.text
    assert desk.read is read
    assert desk.grid.isVisible()


def test_what_was_said_before_a_read_is_gone_when_it_opens(
    knee_library: Path, opened_window: OpenWindow, study_of: Callable[..., Path]
) -> None:
    folder = study_of(knee_library, ("K-R",), ("recht",))
    window = opened_window(open_workspace(knee_library))
    window.context.messages.attention("The export of another study is ready")
    window.show_desk("reading", folder)
    said = window.findChild(QLabel, "message_text")
    assert "another study" in said.text()
    window.desk.choose_reader("R1")
    assert said.text() == ""


def test_a_digit_scores_also_with_the_focus_in_the_frame_or_nowhere(
    reading: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(reading.isActiveWindow)
    sheet = reading.desk.read.sheets[0]
    frame = next(button for button in reading.header.findChildren(QToolButton) if button.isEnabled())
    frame.setFocus()
    assert QApplication.focusWidget() is frame
    qtbot.keyClick(frame, "1")
    frame.clearFocus()
    assert QApplication.focusWidget() is None
    qtbot.keyClick(reading, "2")
    grades = [reading.desk.read.sheets[0].answer(item.id).grade for item in sheet.instrument.items[:3]]
    assert grades == [1, 2, None]
