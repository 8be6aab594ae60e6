"""Paired time points in the window: columns of the form, their viewports, no word that tells the order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.cheat_sheet import CheatSheet
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.item_row import ItemRow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.imaging.study import Laterality
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.workspace import open_workspace

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(visit_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(visit_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close()


def opened(
    window: MainWindow, library: Path, tmp_path: Path, rule: str, case: str = "K-1", seed: int = 1
) -> ReadingDesk:
    folder = tmp_path / f"study-{rule}-{case[:3]}-{seed}"
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f'id = "koa"\ntitle = "Knee"\ncases = ["{case}"]\nreaders = ["R1", "R2"]\nseed = {seed}\n'
        f'instruments = ["recht"]\n[blinding]\ntime_points = "{rule}"\n[sealing]\nmode = "none"\n',
        encoding="utf-8",
    )
    create_study(plan, folder, library).close()
    desk = window.show_desk("reading", folder)
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    assert desk.read is not None
    return desk


def press(qtbot: QtBot, desk: ReadingDesk, keys: str) -> None:
    for key in keys:
        qtbot.keyClick(desk.grid, Qt.Key.Key_Space if key == "_" else key)


def grades(desk: ReadingDesk) -> dict[str, int | None]:
    assert desk.read is not None
    return {one.item_id: one.grade for one in desk.read.sheet().answers if one.is_answered}


def marked(desk: ReadingDesk) -> list[int]:
    """Viewports that say that they are scored now."""
    return [i for i, tile in enumerate(desk.grid.tiles) if "scored now" in tile.accessibleName()]


def visit_at(desk: ReadingDesk, tile: int) -> str:
    assert desk._open is not None
    return desk._open.visits[desk.grid.presenter.states[tile].series_key]


def test_a_digit_answers_the_active_column_and_a_key_changes_it(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known")
    press(qtbot, desk, "12j3")
    assert grades(desk) == {"patella@1": 1, "trochlea@1": 2, "MFC@2": 3}
    assert desk.form.current_item == "LFC@2", "an answer goes on down its column"
    press(qtbot, desk, "jj")
    assert desk.form.current_item == "LFC@2", "after the last column comes the first"
    row = desk.form.findChild(ItemRow, "item_MFC")
    assert row.texts == ("", "III")
    assert "Baseline not yet read; Follow-up III" in row.accessibleName()
    buttons = [one for one in desk.form.findChildren(QPushButton, "form_column") if one.isVisible()]
    assert [one.accessibleName() for one in buttons] == [
        "Baseline: 2 of 6 answered",
        "Follow-up: 1 of 6 answered, answered now",
    ]
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert desk.form.current_item == "LFC@1"


def test_space_goes_through_all_columns(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known")
    press(qtbot, desk, "000000")
    assert desk.form.current_item == "patella@2", "a column that is filled leads to the next one"
    press(qtbot, desk, "00_000")
    assert desk.form.current_item == "MFC@2", "what Space left out comes last"
    qtbot.keyClick(desk.grid, Qt.Key.Key_Backspace)
    assert desk.form.current_item == "trochlea@2"
    press(qtbot, desk, "_-")
    assert desk.read is not None and desk.read.state == "complete"


def test_the_viewports_of_the_column_in_hand_are_marked_and_give_the_evidence(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known")
    assert desk.read is not None
    assert [visit_at(desk, tile) for tile in marked(desk)] == ["A", "A"]
    press(qtbot, desk, "1j")
    assert [visit_at(desk, tile) for tile in marked(desk)] == ["B", "B"]
    assert visit_at(desk, desk.grid.active_tile) == "B", "keys of the images follow the column"
    desk.grid.presenter.set_active(next(i for i in range(4) if visit_at(desk, i) == "A"))
    assert [visit_at(desk, tile) for tile in marked(desk)] == ["B", "B"], (
        "a click elsewhere changes no column"
    )
    press(qtbot, desk, "2")
    qtbot.keyClick(desk.grid, Qt.Key.Key_Backspace)
    press(qtbot, desk, "k")
    assert desk._open is not None
    for item, visit in (("patella@1", "A"), ("trochlea@2", "B")):
        evidence = desk.read.sheet().answer(item).evidence
        assert evidence is not None and desk._open.visits[evidence.series_key] == visit
    assert desk.read.sheet().answer("trochlea@2").evidence.assumed is False


def test_no_slice_is_tied_where_the_visit_is_not_on_the_screen(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known")
    desk.grid.set_grid(1, 1)
    press(qtbot, desk, "j")
    desk.grid.hang_in_active(next(one.key for one in desk.grid.series if desk._open.visits[one.key] == "A"))
    press(qtbot, desk, "k")
    assert "No slice of Follow-up is on the screen" in window.context.messages.last.text
    press(qtbot, desk, "1")
    assert desk.read is not None and desk.read.sheet().answer("patella@2").evidence is None


def test_three_visits_hang_side_by_side_and_one_visit_has_one_column(
    window: MainWindow, visit_library: Path, tmp_path: Path
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known", "K-3")
    assert [visit_at(desk, tile) for tile in range(3)] == ["A", "B", "C"]
    assert [column.title for column in desk.form.instrument.columns] == [
        "Baseline",
        "Follow-up 1",
        "Follow-up 2",
    ]
    desk = opened(window, visit_library, tmp_path, "paired-known", "K-2")
    assert desk.form.instrument.columns == () and marked(desk) == []
    assert not [one for one in desk.form.findChildren(QPushButton, "form_column") if one.isVisible()]


def test_the_next_case_begins_with_its_column_marked(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-known", 'K-1", "K-3')
    for code in desk.worklist_codes:
        desk.open_read(code)
        assert {visit_at(desk, tile) for tile in marked(desk)} == {"A"}
    press(qtbot, desk, "j")
    desk.open_read(desk.worklist_codes[0])
    assert {visit_at(desk, tile) for tile in marked(desk)} == {"A"}


def test_both_sides_have_columns_and_the_diagram_is_drawn_for_each(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window.context.workspace.library.confirm_laterality("K-2", Laterality.BILATERAL, "C1")
    desk = opened(window, visit_library, tmp_path, "known", "K-2")
    diagram = desk.form.findChild(QWidget, "region_diagram")
    right = diagram.centre_of("MFC")
    press(qtbot, desk, "1j2")
    assert grades(desk) == {"patella@R": 1, "trochlea@L": 2}
    assert diagram.centre_of("MFC") != right
    evidence = desk.read.sheet().answer("trochlea@L").evidence
    assert evidence is not None


def test_hidden_visits_hang_in_the_order_of_the_time_points(
    window: MainWindow, visit_library: Path, tmp_path: Path
) -> None:
    firsts = set()
    for seed in range(8):
        desk = opened(window, visit_library, tmp_path, "paired-hidden", seed=seed)
        columns = desk.form.instrument.columns
        firsts.add(columns[0].visit)
        assert [visit_at(desk, tile) for tile in marked(desk)] == [columns[0].visit] * 2
        assert visit_at(desk, 0) == columns[0].visit
        shown = [desk._open.visits[one.key] for one in desk.grid.series]
        assert shown == [column.visit for column in columns for _ in range(2)]
        if len(firsts) == 2:
            break
    assert firsts == {"A", "B"}


def test_nothing_on_the_screen_tells_which_visit_came_first(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """The same words stand there whichever visit is time point 1; no date and no label of the library."""
    seen = {}
    for seed in range(8):
        desk = opened(window, visit_library, tmp_path, "paired-hidden", seed=seed)
        first = desk.form.instrument.columns[0].visit
        if first not in seen:
            press(qtbot, desk, "1j")
            qtbot.wait(1)  # new rows show themselves when the event loop runs
            seen[first] = set(words_of(desk))
        if len(seen) == 2:
            break
    assert seen["A"] == seen["B"]
    for text in seen["A"]:
        for telling in ("visit", "baseline", "follow-up", "2019", "2021", "@A", "@B"):
            assert telling not in text.lower(), text


def words_of(top: QWidget) -> Iterator[str]:
    """Every text, tooltip, title and accessible word of the widgets under one, and of the layouts offered."""
    for one in (top, *top.findChildren(QWidget)):
        if not one.isVisible():
            continue  # what was said on other pages before
        yield from (one.toolTip(), one.accessibleName(), one.accessibleDescription(), one.windowTitle())
        if isinstance(one, QLabel | QPushButton | QLineEdit):
            yield one.text()
    assert isinstance(top, ReadingDesk)
    for layout in top.grid.stages:
        yield from (tile.missing for tile in layout.tiles)
    for content in top.grid.presenter.contents.values():
        yield content.caption


def test_a_read_by_the_keyboard_alone_comes_out_by_visit(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-hidden")
    folder = tmp_path / "study-paired-hidden-K-1-1"
    for reader in ("R1", "R2"):
        if reader == "R2":
            desk = window.show_desk("reading", folder)
            desk.choose_reader("R2")
        visits = [column.visit for column in desk.form.instrument.columns]
        for visit in visits:
            press(qtbot, desk, "111111" if visit == "A" else "333333")
        qtbot.keyClick(desk.grid, Qt.Key.Key_L, CONTROL)
        signature = desk.findChild(QLineEdit, "signature")
        qtbot.keyClicks(signature, reader)
        qtbot.keyClick(signature, Qt.Key.Key_Return)
    with open_study_folder(folder) as study:
        values = {(row.reader, row.visit, row.value) for row in reads_rows(study)}
    assert values == {
        (reader, visit, grade) for reader in ("R1", "R2") for visit, grade in (("A", 1), ("B", 3))
    }


def test_the_cheat_sheet_tells_the_key_of_the_columns(window: MainWindow) -> None:
    sheet = CheatSheet(window.context.keymap, window)
    told = [label.text() for label in sheet.findChildren(QLabel)]
    assert any("Next column: the other visit or side" in text for text in told)


def test_the_reconcile_desk_lists_items_by_visit(
    window: MainWindow, visit_library: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = opened(window, visit_library, tmp_path, "paired-hidden")
    folder = tmp_path / "study-paired-hidden-K-1-1"
    desk.leave()
    with open_study_folder(folder, window.context.workspace) as study:
        for reader, last in (("R1", 3), ("R2", 2)):
            read = study.reader(reader).open_read("K-1")
            for item in read.sheet().instrument.items:
                assert item.column is not None
                read.answer(item.id, 1 if item.column.visit == "A" else last)
            read.lock(reader)
    review = window.show_desk("reconcile", folder)
    names = [review.table.item(row, 0).text() for row in range(review.table.rowCount())]
    assert names[:6] == [f"{code} · B" for code in ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")]
    assert names[6].endswith(" · A")
    captions = {tile.accessibleName().rpartition(" · ")[2] for tile in review.grid.tiles}
    assert captions == {"visit B"}, "the images of the item's visit hang"
    for _ in range(6):
        qtbot.keyClick(review.grid, Qt.Key.Key_X)
        reason = review.findChild(QLineEdit, "reconcile_reason")
        qtbot.keyClicks(reason, "seen again")
        qtbot.keyClick(reason, Qt.Key.Key_Return)
    assert review.case.unsettled == ()
