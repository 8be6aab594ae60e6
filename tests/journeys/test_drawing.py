"""Masks drawn in the real window: kept with the read, met by nobody else, back after everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.store.mask_files import kept_masks
from workstation.workflow.workspace import open_workspace

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()


@pytest.fixture
def study(knee_library: Path, study_of: Callable[..., Path]) -> Path:
    return study_of(knee_library, ("K-L", "K-R"), ("recht",))


def read(window: MainWindow, study: Path, reader: str, case: str = "K-L") -> ReadingDesk:
    desk = window.show_desk("reading", study)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader(reader)
    desk.open_read(case)
    assert desk.read is not None
    return desk


def free(window: MainWindow, case: str = "K-L") -> ReadingDesk:
    desk = window.show_desk("reading", case)
    assert isinstance(desk, ReadingDesk)
    assert desk.read is None
    return desk


def dab(desk: ReadingDesk, right: int = 0) -> None:
    """One stroke of the brush by key and mouse in the first viewport."""
    QTest.keyClick(desk.grid, Qt.Key.Key_B)
    tile = desk.grid.tiles[0]
    QTest.mouseClick(tile, LEFT, pos=tile.rect().center() + QPoint(right, 0))
    QTest.keyClick(desk.grid, Qt.Key.Key_Escape)


def drawn(desk: ReadingDesk) -> dict[str, np.ndarray]:
    book = desk.grid.drawing.book
    return {key: labels.copy() for key in book.series_keys if (labels := book.labels(key)) is not None}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[key], other[key]) for key in one)


class TestInARead:
    def test_it_comes_back_exactly_and_nobody_else_meets_it(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        dab(desk)
        dab(desk, 60)
        kept = drawn(desk)
        assert kept
        desk.open_read("K-R")
        assert not drawn(desk)
        assert not drawn(read(window, study, "R2"))
        assert not drawn(free(window))
        assert same(drawn(read(window, study, "R1")), kept)

    def test_one_order_of_undo_for_answers_and_strokes(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        dab(desk)
        kept = drawn(desk)
        QTest.keyClick(desk.grid, "2")
        item = desk.read.sheets[0].instrument.items[0].id
        assert desk.read.sheets[0].answer(item).grade == 2  # digits score while a brush is in use
        QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL)
        assert desk.read.sheets[0].answer(item).grade is None
        assert same(drawn(desk), kept)
        QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL)
        assert not drawn(desk)
        QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL | SHIFT)
        assert same(drawn(desk), kept)

    def test_a_locked_read_keeps_it_and_an_amendment_carries_it_on(
        self, window: MainWindow, study: Path
    ) -> None:
        desk = read(window, study, "R1")
        dab(desk)
        kept = drawn(desk)
        for _ in desk.read.sheets[0].instrument.items:
            QTest.keyClick(desk.grid, "1")
        desk.read.lock("R1")
        again = read(window, study, "R1")
        dab(again, 60)
        assert same(drawn(again), kept)
        assert again._reader is not None
        again._reader.amend("K-L", "the border was too wide")
        amended = read(window, study, "R1")
        assert same(drawn(amended), kept)
        dab(amended, 60)
        assert not same(drawn(amended), kept)


class TestFreeReading:
    def test_it_is_kept_with_the_case_also_beside_measurements(
        self, window: MainWindow, knee_library: Path, study: Path
    ) -> None:
        desk = free(window)
        dab(desk)
        QTest.keyClick(desk.grid, Qt.Key.Key_K)
        dab(desk, 60)
        kept = drawn(desk)
        QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL)
        QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL)
        assert not desk.grid.measuring.book.marks  # the key image, which was made before the last dab
        assert drawn(desk)
        for _ in range(2):
            QTest.keyClick(desk.grid, Qt.Key.Key_Z, CTRL | SHIFT)
        assert same(drawn(desk), kept)
        assert not drawn(free(window, "K-R"))
        assert same(drawn(free(window)), kept)
        assert not drawn(read(window, study, "R1"))
        (mask,) = (mask for name, mask in kept_masks(knee_library, "K-L") if name == "drawn")
        assert np.array_equal(mask.labels, kept[mask.series_key])
        assert len(list((knee_library / "masks" / "K-L").glob("drawn-*.npz"))) == 1
