"""Measurements in the real window: kept with the read, met by nobody else, back after everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.gui.viewer.mark_list import MarkList
from workstation.imaging.measurement import Mark, Shape, to_dict
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.workspace import open_workspace

LEFT = Qt.MouseButton.LeftButton
PLAN = 'id = "s"\ntitle = "Study"\ncases = ["K-L", "K-R"]\nreaders = ["R1", "R2"]\ninstruments = ["recht"]\n'


def open_window(library: Path, qtbot: QtBot) -> MainWindow:
    make_application()
    made = make_window(open_workspace(library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    return made


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    made = open_window(knee_library, qtbot)
    yield made
    made.close()


@pytest.fixture
def study(knee_library: Path, tmp_path: Path) -> Path:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    create_study(plan, tmp_path / "study", knee_library).close()
    return tmp_path / "study"


def read(window: MainWindow, study: Path, reader: str, case: str = "K-L") -> ReadingDesk:
    desk = window.show_desk("reading", study)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader(reader)
    desk.open_read(case)
    assert desk.read is not None
    assert desk.read.case.code == case
    return desk


def free(window: MainWindow, case: str = "K-L") -> ReadingDesk:
    desk = window.show_desk("reading", case)
    assert isinstance(desk, ReadingDesk)
    assert desk.read is None
    return desk


def measure(desk: ReadingDesk) -> Mark:
    """A length by key and mouse in the first viewport."""
    grid = desk.grid
    before = set(grid.measuring.book.marks)
    QTest.keyClick(grid, Qt.Key.Key_L)
    tile = grid.tiles[0]
    middle = tile.rect().center()
    QTest.mousePress(tile, LEFT, pos=middle)
    QTest.mouseRelease(tile, LEFT, pos=middle + QPoint(60, 30))
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    (made,) = set(grid.measuring.book.marks) - before
    return grid.measuring.book.marks[made]


def shown(desk: ReadingDesk) -> list[str]:
    return list(desk.grid.measuring.book.marks)


def ctrl(desk: ReadingDesk, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.ControlModifier
    for one in modifiers:
        held |= one
    QTest.keyClick(desk.grid, Qt.Key.Key_Z, held)


class TestInARead:
    def test_it_is_kept_with_the_read_and_the_other_reader_never_meets_it(
        self, window: MainWindow, study: Path
    ) -> None:
        mark = measure(read(window, study, "R1"))
        assert (mark.result.value("length") or 0) > 1
        desk = window.show_desk("reading")
        assert isinstance(desk, ReadingDesk)
        desk.open_read("K-R")
        assert not shown(desk)
        assert not shown(read(window, study, "R2"))
        assert not shown(free(window))
        again = read(window, study, "R1")
        assert again.grid.measuring.book.marks[mark.id].points == tuple(
            pytest.approx(point, abs=1e-4) for point in mark.points
        )
        assert again.grid.measuring.book.marks[mark.id].result == mark.result

    def test_it_survives_a_window_that_is_never_closed(
        self, window: MainWindow, study: Path, knee_library: Path, qtbot: QtBot
    ) -> None:
        mark = measure(read(window, study, "R1"))
        second = open_window(knee_library, qtbot)
        assert shown(read(second, study, "R1")) == [mark.id]
        second.close()

    def test_undo_goes_through_answers_and_measurements_in_the_order_made(
        self, window: MainWindow, study: Path
    ) -> None:
        desk = read(window, study, "R1")
        mark = measure(desk)
        QTest.keyClick(desk.grid, "2")
        item = desk.read.sheets[0].instrument.items[0].id
        ctrl(desk)
        assert desk.read.sheets[0].answer(item).grade is None
        assert shown(desk) == [mark.id]
        ctrl(desk)
        assert not shown(desk)
        ctrl(desk, Qt.KeyboardModifier.ShiftModifier)
        assert shown(desk) == [mark.id]

    def test_delete_takes_it_out_and_undo_brings_it_back(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        mark = measure(desk)
        desk.grid.measuring.book.select(mark.id)
        QTest.keyClick(desk.grid, Qt.Key.Key_Delete)
        assert not desk.read.marks
        ctrl(desk)
        assert list(desk.read.marks) == [mark.id]

    def test_k_ties_the_slice_and_makes_no_key_image(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        QTest.keyClick(desk.grid, Qt.Key.Key_K)
        assert not shown(desk)
        item = desk.read.sheets[0].instrument.items[0].id
        evidence = desk.read.sheets[0].answer(item).evidence
        assert evidence is not None
        assert not evidence.assumed

    def test_a_locked_read_keeps_its_measurements_and_takes_no_more(
        self, window: MainWindow, study: Path
    ) -> None:
        desk = read(window, study, "R1")
        mark = measure(desk)
        for _ in desk.read.sheets[0].instrument.items:
            QTest.keyClick(desk.grid, "1")
        desk.read.lock("R1")
        again = read(window, study, "R1")
        assert shown(again) == [mark.id]
        again.grid.measuring.book.remove(mark.id)
        assert shown(again) == [mark.id]
        assert "locked" in window.context.messages.last.text

    def test_the_list_shows_hides_names_and_goes_there(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        mark = measure(desk)
        listed = desk.findChild(MarkList)
        QTest.mouseClick(listed.findChild(QToolButton, "marks_open"), LEFT)
        table = listed.table
        assert table.isVisible()
        assert (table.item(0, 0).text(), table.item(0, 1).text()) == (
            "Length",
            f"{mark.result.value('length'):.1f} mm",
        )
        table.item(0, 0).setText("lesion")
        assert desk.read.marks[mark.id]["name"] == "lesion"
        table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
        assert desk.grid.measuring.book.hidden == {mark.id}
        here = desk.grid.presenter.states[0].slice_index
        QTest.keyClick(desk.grid, Qt.Key.Key_Home)
        assert desk.grid.presenter.states[0].slice_index != here
        QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(0, 1)).center())
        assert desk.grid.presenter.states[0].slice_index == here


class TestFreeReading:
    def test_it_comes_back_with_the_case(self, window: MainWindow) -> None:
        mark = measure(free(window))
        QTest.keyClick(window.desk.grid, Qt.Key.Key_K)
        assert not shown(free(window, "K-R"))
        book = free(window).grid.measuring.book
        assert [one.shape for one in book.marks.values()] == [Shape.LENGTH, Shape.KEY]
        assert book.marks[mark.id].result == mark.result

    def test_it_survives_a_window_that_is_never_closed(
        self, window: MainWindow, knee_library: Path, qtbot: QtBot
    ) -> None:
        mark = measure(free(window))
        second = open_window(knee_library, qtbot)
        assert shown(free(second)) == [mark.id]
        second.close()

    def test_undo_is_its_own(self, window: MainWindow) -> None:
        desk = free(window)
        mark = measure(desk)
        ctrl(desk)
        assert not shown(desk)
        ctrl(desk, Qt.KeyboardModifier.ShiftModifier)
        assert shown(desk) == [mark.id]

    def test_no_blinded_read_meets_it(self, window: MainWindow, study: Path) -> None:
        measure(free(window))
        desk = read(window, study, "R1")
        assert not shown(desk)
        ctrl(desk)
        assert not shown(desk)
        assert not desk.read.marks


def test_reconcile_shows_both_readers_measurements_and_changes_none(
    window: MainWindow, study: Path, knee_library: Path
) -> None:
    with open_workspace(knee_library) as workspace, open_study_folder(study, workspace) as opened:
        for reader in ("R1", "R2"):
            for case in ("K-L", "K-R"):
                read_ = opened.reader(reader).open_read(case)
                series = workspace.library.series(case)[0]
                middle = series.instances[len(series.instances) // 2]
                mark = Mark(
                    f"{reader}-{case}",
                    Shape.LENGTH,
                    series.key,
                    middle.sop_instance_uid,
                    0,
                    ((9.0, 9.0), (50.0, 60.0)),
                )
                read_.keep_mark(mark.id, to_dict(mark))
                for item in read_.sheets[0].instrument.items:
                    read_.answer(item.id, 1 if reader == "R1" else 2)
                read_.lock(reader)
    desk = window.show_desk("reconcile", study)
    assert isinstance(desk, ReconcileDesk)
    book = desk.grid.measuring.book
    assert sorted(one.name for one in book.marks.values()) == ["X", "Y"]
    kept = dict(book.marks)
    book.remove(next(iter(kept)))
    book.undo()
    desk.grid.set_tool("length")
    tile = desk.grid.tiles[0]
    QTest.mousePress(tile, LEFT, pos=QPoint(100, 100))
    QTest.mouseRelease(tile, LEFT, pos=QPoint(160, 130))
    assert book.marks == kept
    desk.show_case(1)
    assert all(one.id.endswith(desk.case.case) for one in book.marks.values())
