"""Masks drawn in the real window: kept with the read, met by nobody else, back after everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.gui.masks.drawing_panel import DrawingPanel
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.gui.viewer.showing import frame_of
from workstation.imaging.frame import PixelBuffer
from workstation.imaging.load import stack_geometry
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.labels import LABELS
from workstation.masks.editing.strokes import Stroke
from workstation.masks.mask import Mask
from workstation.store.mask_files import keep_mask, kept_masks
from workstation.workflow.read_case import open_study_folder
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

    def test_who_reads_next_learns_nothing_from_the_brush(self, window: MainWindow, study: Path) -> None:
        desk = read(window, study, "R1")
        start = desk.grid.drawing.book.hand
        QTest.keyClick(desk.grid, Qt.Key.Key_B)
        desk.grid.drawing.book.set_hand(label=3, size_mm=20, in_3d=True, limits=(1.0, 2.0))
        assert desk.findChild(DrawingPanel).is_open
        desk.leave()
        desk = read(window, study, "R2")
        assert desk.grid.drawing.book.hand == start
        assert desk.grid.tool == "window"
        assert not desk.findChild(DrawingPanel).is_open

    def test_on_a_low_screen_the_masks_make_room_for_the_signature(
        self, window: MainWindow, study: Path, qtbot: QtBot
    ) -> None:
        window.resize(1280, 800)
        desk = read(window, study, "R1")
        dab(desk)
        panel, form = desk.findChild(DrawingPanel), desk.form
        assert panel.is_open
        before = form.height()
        for _ in desk.read.sheets[0].instrument.items:
            QTest.keyClick(desk.grid, "1")
        QTest.keyClick(desk.grid, Qt.Key.Key_L, CTRL)
        assert not panel.isVisible()
        qtbot.waitUntil(lambda: form.minimumSizeHint().height() <= form.height())
        QTest.keyClick(desk.findChild(QPushButton, "cancel_lock"), Qt.Key.Key_Space)
        assert panel.isVisible()
        assert panel.is_open
        qtbot.waitUntil(lambda: form.height() == before)

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

    def test_that_nothing_is_kept_of_a_folder_is_said_once(
        self, window: MainWindow, phantom_knees: Path
    ) -> None:
        desk = free(window, str(phantom_knees / "left"))
        dab(desk)
        assert drawn(desk)
        assert "not kept" in window.context.messages.last.text
        window.context.messages.inform("another word")
        dab(desk, 60)
        assert window.context.messages.last.text == "another word"

    def test_a_corrected_mask_stands_for_the_recipes_own(
        self, window: MainWindow, knee_library: Path
    ) -> None:
        series = window.context.workspace.library.series("K-L")[0]
        geometry = stack_geometry(series)
        assert geometry is not None
        labels = np.zeros(geometry.shape, np.uint8)
        labels[9:12, 50:60, 50:60] = 1
        keep_mask(knee_library, "K-L", "edema", Mask(series.key, labels, geometry, LABELS[:1], "edema"))
        keep_mask(knee_library, "K-L", "regions", Mask(series.key, labels, geometry, (), "regions"))
        grid = free(window).grid
        grid.hang_in_active(series.key)
        content = grid.presenter.contents[series.key]
        assert "mask" in content.layers
        assert grid.drawing.adopt()
        for code in ("K-R", "K-L"):
            content = free(window, code).grid.presenter.contents.get(series.key)
        assert content is not None
        assert set(content.layers) == {"regions", "drawn"}
        assert np.array_equal(content.layers["drawn"].labels, labels)


def test_reconcile_lays_both_over_each_other_and_shows_each_alone(
    window: MainWindow, study: Path, knee_library: Path
) -> None:
    with open_workspace(knee_library) as workspace, open_study_folder(study, workspace) as opened:
        series = {case: workspace.library.series(case)[0] for case in ("K-L", "K-R")}
        for reader, left in (("R1", 40), ("R2", 60)):
            for case, images in series.items():
                made = opened.reader(reader).open_read(case)
                geometry = stack_geometry(images)
                assert geometry is not None
                if case == "K-L":
                    box = np.ones((2, 40, 40), dtype=np.bool_)
                    change = change_in(np.zeros(geometry.shape, np.uint8), box, (10, 50, left), 1)
                    made.keep_stroke(Stroke("s", images.key, "polygon", packed(change)))
                for item in made.sheets[0].instrument.items:
                    made.answer(item.id, 1 if reader == "R1" else 2)
                made.lock(reader)
    desk = window.show_desk("reconcile", study)
    assert isinstance(desk, ReconcileDesk)
    desk.show_case(desk_index(desk, "K-L"))
    numbers = desk.findChild(QFrame, "mask_numbers")
    assert numbers.isVisible()
    texts = [one.text() for one in numbers.findChildren(QLabel)]
    volume = 3200 * geometry.voxel_volume_mm3 / 1000
    assert f"{volume:.2f}" in texts
    assert f"{volume / 2:.2f}" in texts
    assert "0.50" in texts  # Dice
    QTest.keyClick(desk.grid, Qt.Key.Key_D)
    assert [one.slice_index for one in desk.grid.presenter.states] in ([10, 10], [11, 11])
    content = desk.grid.presenter.contents[series["K-L"].key]
    both = content.layers["readers"].labels[10]
    assert [np.count_nonzero(both == one) for one in (1, 2, 3)] == [800, 800, 800]
    for tile in (0, 1):
        assert outlines(desk, tile) == [("", ""), ("backward", "dotted"), ("forward", "dashed")]
    QTest.keyClick(desk.grid, Qt.Key.Key_M)
    for tile, name in ((0, "reader x"), (1, "reader y")):
        assert outlines(desk, tile) == [("", "")]
        assert np.count_nonzero(content.layers[name].labels[10]) == 1600
    desk.grid.set_tool("brush")
    QTest.mouseClick(desk.grid.tiles[0], LEFT, pos=QPoint(150, 150))
    assert not desk.grid.drawing.book.series_keys
    desk.show_case(desk_index(desk, "K-R"))
    assert not numbers.isVisible()
    QTest.keyClick(desk.grid, Qt.Key.Key_D)
    assert window.context.messages.last.text == "Neither reader drew a mask here"


def desk_index(desk: ReconcileDesk, case: str) -> int:
    return [one.case for one in desk._cases].index(case)


def outlines(desk: ReconcileDesk, tile: int) -> list[tuple[str, str]]:
    """Hatch and line of every outline that a viewport shows."""
    frame = frame_of(desk.grid.presenter, tile, (400.0, 400.0), PixelBuffer())
    assert frame is not None
    return sorted((one.hatch, one.line) for one in frame.outlines)
