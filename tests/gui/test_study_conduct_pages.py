"""Repeats, adjudication and cases that cannot be read, in the window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.imaging.load import stack_geometry
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.strokes import Stroke
from workstation.reading.conduct import Sees, Triggers
from workstation.reading.plan import Resolution
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.workspace import open_workspace


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()


def make(tmp_path: Path, knee_library: Path, more: str) -> Path:
    workspace = open_workspace(knee_library)
    cases = [case.code for case in workspace.library.cases()]
    workspace.library.close()
    (tmp_path / "plan.toml").write_text(
        f'id = "koa"\ntitle = "Knee"\ncases = {cases}\n'
        f'readers = ["R1", "R2"]\ninstruments = ["recht"]\n{more}',
        encoding="utf-8",
    )
    create_study(tmp_path / "plan.toml", tmp_path / "study", knee_library).close()
    return tmp_path / "study"


def test_the_set_up_page_asks_for_every_rule(window: MainWindow, qtbot: QtBot) -> None:
    desk = window.show_desk("setup")
    rule, third = desk.findChild(QComboBox, "resolution_rule"), desk.findChild(QLineEdit, "third_reader")
    sees = desk.findChild(QComboBox, "adjudicator_sees")
    summary = desk.findChild(QLabel, "study_summary")
    assert third.isHidden()
    rule.setCurrentIndex(rule.findData("median"))
    assert third.isVisible()
    assert sees.isHidden()
    assert "three different readers" in summary.text()
    qtbot.keyClicks(third, "R3")
    assert desk.plan().readers == ("R1", "R2", "R3")
    rule.setCurrentIndex(rule.findData("adjudication"))
    third.clear()
    assert "the code of the adjudicator" in summary.text()
    qtbot.keyClicks(third, "A1")
    sees.setCurrentIndex(sees.findData("none"))
    assert not desk.findChild(QSpinBox, "washout_days").isVisible(), "nothing is read twice yet"
    desk.findChild(QSpinBox, "repeat_share").setValue(20)
    assert desk.findChild(QSpinBox, "washout_days").isVisible()
    desk.findChild(QSpinBox, "washout_days").setValue(28)
    series = desk.findChild(QLineEdit, "required_series")
    qtbot.keyClicks(series, "T1, sagittal P")
    assert 'a series that is known, not "sagittal P"' in summary.text()
    qtbot.keyClicks(series, "D-FS")
    plan = desk.plan()
    assert plan.resolution is Resolution.ADJUDICATION
    assert plan.readers == ("R1", "R2")
    assert (plan.conduct.repeats.share, plan.conduct.repeats.washout_days) == (0.2, 28)
    assert [one.text for one in plan.conduct.required_series] == ["T1", "sagittal PD-FS"]
    assert plan.conduct.adjudication is not None
    assert (plan.conduct.adjudication.adjudicator, plan.conduct.adjudication.sees) == ("A1", Sees.NONE)
    assert plan.conduct.adjudication.triggers == Triggers(), "as a plan has them that does not say"
    desk.findChild(QSpinBox, "trigger_grades").setValue(0)
    desk.findChild(QCheckBox, "trigger_absent").setChecked(False)
    desk.findChild(QDoubleSpinBox, "trigger_total").setValue(3.5)
    assert desk.plan().conduct.adjudication.triggers == Triggers(0, False, 3.5)
    assert not desk.plan().blinding.totals and "running totals" in summary.text()
    desk.findChild(QCheckBox, "totals_rule").setChecked(True)
    assert desk.plan().blinding.totals and "running totals" not in summary.text()
    assert desk.findChild(QLineEdit, "passphrase_A1") is not None, "the adjudicator has an account too"
    for name in ("repeat_share", "washout_days"):
        line = desk.findChild(QSpinBox, name).lineEdit()
        assert line.contentsRect().width() >= line.fontMetrics().horizontalAdvance(line.text()), name


def test_sex_and_age_decade_are_asked_for_and_what_a_reader_sees_is_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = window.show_desk("setup")
    box, table = desk.findChild(QCheckBox, "reveal_rule"), desk.findChild(QLineEdit, "subject_table")
    summary = desk.findChild(QLabel, "study_summary")
    assert not box.isChecked() and not table.isVisible() and "age decade" not in summary.text()
    desk.findChild(QPushButton, "choose_all_cases").click()
    box.setChecked(True)
    assert table.isVisible()
    assert "sex and age of every case (" in summary.text(), "this library has no crosswalk beside it"
    file = tmp_path / "SENTINELFILE.csv"
    file.write_text("case,sex,age\nK-L,F,630\nK-R,M,\n", encoding="utf-8")
    table.setText(str(file))
    assert 'line 2 has the age "630"' in summary.text()
    file.write_text("case,sex,age\nK-L,F,63\nK-R,M,\n", encoding="utf-8")
    table.setText(f"{file} ")
    assert "joint and side; <b>sex and age decade</b> (not known" in summary.text()
    assert "shown so: age decade of K-R)" in summary.text()
    desk.findChild(QCheckBox, "instrument_recht").setChecked(True)
    mode = desk.findChild(QComboBox, "seal_mode")
    mode.setCurrentIndex(mode.findData("none"))
    desk.findChild(QLineEdit, "study_folder").setText(str(tmp_path / "made"))
    desk.findChild(QPushButton, "make_study").click()
    assert table.text() == "", "the place of the file is not kept where readers come"
    reading = window.show_desk("reading", tmp_path / "made")
    assert isinstance(reading, ReadingDesk)
    reading.choose_reader("R1")
    assert reading.read is not None
    facts = {"K-L": "female · 60-69", "K-R": "male · age not known"}
    header = reading.header_widget()
    told = header.findChild(QLabel, "case_facts")
    assert told.text() == facts[reading.read.case.code] and told.isVisible()
    told.setText("sex, age not known")  # the longest there is
    assert header.height() >= header.minimumSizeHint().height()


def test_a_sealed_study_asks_for_no_seed_and_says_how_orders_are_made(window: MainWindow) -> None:
    desk = window.show_desk("setup")
    seed, told = desk.findChild(QSpinBox, "order_seed"), desk.findChild(QLabel, "orders_explained")
    mode = desk.findChild(QComboBox, "seal_mode")
    for name, is_sealed in (("both-keys", True), ("none", False), ("coordinator", True)):
        mode.setCurrentIndex(mode.findData(name))
        assert (told.isVisible(), seed.isVisible()) == (is_sealed, not is_sealed), name
    assert "drawn by chance" in told.text() and "sealed" in told.text()


def test_with_repeats_the_window_never_says_a_cases_own_code(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    folder = make(tmp_path, knee_library, "[repeats]\nshare = 0.5\n")
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    assert desk.read is not None
    own = [case.code for case in window.context.workspace.library.cases()]
    shown = [window.windowTitle()]
    for widget in (one for one in window.findChildren(QWidget) if one.isVisible()):
        shown += [widget.toolTip(), widget.accessibleName()]
        for name in ("text", "currentText"):
            told = getattr(widget, name, None)
            if callable(told) and isinstance(widget, QLabel | QPushButton | QComboBox | QLineEdit):
                shown.append(str(told()))
    worklist = desk.header_widget().findChild(QComboBox, "worklist")
    shown += [worklist.itemText(i) for i in range(worklist.count())]
    assert worklist.count() == 2
    assert desk.read.case.code in " ".join(shown)
    for code in own:
        assert code not in " ".join(shown)
    for _ in range(2):
        for item in desk.read.sheet().instrument.items:
            desk.read.answer(item.id, 1)
        desk._lock.signed.emit("R1", True, "")
    text = " ".join(label.text() for label in desk.findChildren(QLabel) if label.isVisible())
    assert "1 more case comes later on" in text


def test_a_case_is_closed_as_not_readable_by_keyboard(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    folder = make(tmp_path, knee_library, "")
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    assert desk.read is not None
    desk.header_widget().findChild(QPushButton, "not_readable").click()
    reason = desk.findChild(QLineEdit, "not_readable_reason")
    assert reason.isVisible()
    qtbot.keyClicks(reason, "motion")
    qtbot.keyClick(reason, Qt.Key.Key_Return)
    assert desk.read.not_readable == "motion"
    assert desk.read.session.content.is_complete
    assert not reason.isVisible()
    desk.read.undo()
    assert desk.read.not_readable == ""


def test_a_missing_series_asks_at_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    folder = make(tmp_path, knee_library, 'required_series = ["GRE"]\n')
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    reason = desk.findChild(QLineEdit, "not_readable_reason")
    assert reason.isVisible()
    assert reason.text() == "no GRE"


def test_an_adjudicator_decides_on_the_desk_without_the_answers(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, knee_library: Path
) -> None:
    more = '[reconciliation]\nrule = "adjudication"\n[adjudication]\nadjudicator = "A1"\nsees = "none"\n'
    folder = make(tmp_path, knee_library, more)
    with open_study_folder(folder) as study:
        for reader, grade in (("R1", 3), ("R2", 1)):
            for entry in study.reader(reader).worklist():
                read = study.reader(reader).open_read(entry.code)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, grade)
                read.keep_stroke(a_stroke(window, read.images_of))
                read.lock(reader)
    desk = window.show_desk("reconcile", folder)
    assert isinstance(desk, ReconcileDesk)
    assert desk.case is not None
    texts = {desk.table.item(row, column).text() for row in range(desk.table.rowCount()) for column in (1, 2)}
    assert texts == {"–"}
    assert not desk.findChild(QFrame, "mask_numbers").isVisible()
    assert not any(content.layers for content in desk.grid.presenter.contents.values())
    assert not desk.findChild(QPushButton, "take_x").isEnabled()
    for key in (Qt.Key.Key_X, Qt.Key.Key_D):
        qtbot.keyClick(desk.grid, key)
        assert "without sight of what either reader" in window.context.messages.last.text
        window.context.messages.clear()
    assert desk.case.settlements == ()
    assert {desk.findChild(QLabel, name).text() for name in ("x_place", "y_place")} == {""}
    for _ in desk.case.items:
        desk.choose(2)
        desk._settle("own reading")
    signature = desk.findChild(QLineEdit, "reconcile_signature")
    qtbot.keyClicks(signature, "A1")
    qtbot.keyClick(signature, Qt.Key.Key_Return)
    assert desk.case.is_signed
    assert "Signed by A1. X was R" in desk.findChild(QLabel, "reconcile_signed").text()
    assert desk.findChild(QFrame, "mask_numbers").isVisible(), (
        "once signed nothing is kept from the adjudicator"
    )
    texts = {desk.table.item(row, column).text() for row in range(desk.table.rowCount()) for column in (1, 2)}
    assert texts == {"I", "III"}


def a_stroke(window: MainWindow, case: str) -> Stroke:
    """Something drawn in the middle of the first series of a case."""
    series = window.context.workspace.library.series(case)[0]
    geometry = stack_geometry(series)
    assert geometry is not None
    box = np.ones((1, 9, 9), dtype=np.bool_)
    change = change_in(np.zeros(geometry.shape, np.uint8), box, (geometry.shape[0] // 2, 20, 20), 1)
    return Stroke("s", series.key, "polygon", packed(change))
