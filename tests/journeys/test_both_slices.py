"""Both readers' pictures on the reconcile desk: what each left, linked from there, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QPushButton

from workstation.gui.main_window import MainWindow
from workstation.gui.review.reconcile_desk import ReconcileDesk
from workstation.imaging.load import stack_geometry
from workstation.imaging.measurement import Mark, Shape, to_dict
from workstation.imaging.study import Series
from workstation.imaging.windowing import Window
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.strokes import Stroke
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Evidence
from workstation.workflow.open_read import OpenRead
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.workspace import Workspace, open_workspace

ITEMS = instrument("recht").items
SLICES = {"R1": 5, "R2": 9, "R3": 7}
"""Where each reader looked at the first item."""


def score(read: OpenRead, reader: str, series: Series) -> None:
    """Each reader another grade, slice and window for the first item, a mark and a mask of the own."""
    place = SLICES[reader]
    window = [100.0 * place, 10.0 * place, "LINEAR_EXACT"]
    view = {"tiles": [{"series_key": series.key, "slice_index": place, "window": window}]}
    seen = series.instances[place]
    geometry = stack_geometry(series)
    assert geometry is not None
    for number, item in enumerate(ITEMS):
        evidence = Evidence(series.key, seen.sop_instance_uid, 0, place, view=view) if number == 0 else None
        read.answer(
            item.id, int(reader[1]) if number == 0 else 1 + (number == 1 and reader == "R2"), evidence
        )
    mark = Mark("m", Shape.LENGTH, series.key, seen.sop_instance_uid, 0, ((9.0, 9.0), (50.0, 60.0)))
    read.keep_mark(mark.id, to_dict(mark))
    box = np.ones((1, 10, 10), dtype=np.bool_)
    change = change_in(np.zeros(geometry.shape, np.uint8), box, (place, 20, 10 * place), 1)
    read.keep_stroke(Stroke("s", series.key, "polygon", packed(change)))
    read.lock(reader)


def reconciling(
    workspace: Workspace, folder: Path, open_on: Callable[[Workspace], MainWindow]
) -> tuple[ReconcileDesk, Series]:
    series = workspace.library.series("K-R")[0]
    with open_study_folder(folder, workspace) as study:
        for reader in study.plan.readers:
            score(study.reader(reader).open_read("K-R"), reader, series)
    desk = open_on(workspace).show_desk("reconcile", folder)
    assert isinstance(desk, ReconcileDesk)
    return desk, series


@pytest.fixture
def desk(
    knee_library: Path, opened_window: Callable[[Workspace], MainWindow], study_of: Callable[..., Path]
) -> ReconcileDesk:
    folder = study_of(knee_library, ("K-R",), ("recht",))
    return reconciling(open_workspace(knee_library), folder, opened_window)[0]


def slices(desk: ReconcileDesk) -> list[int]:
    return [state.slice_index for state in desk.grid.presenter.states]


def windows(desk: ReconcileDesk) -> list[Window | None]:
    return [state.window for state in desk.grid.presenter.states]


def places(desk: ReconcileDesk) -> list[str]:
    return [desk.findChild(QLabel, name).text() for name in ("x_place", "y_place")]


class TestLinked:
    def test_each_shows_the_own_slice_until_one_moves_and_a_key_returns(self, desk: ReconcileDesk) -> None:
        presenter, own = desk.grid.presenter, slices(desk)
        assert sorted(own) == [5, 9]
        kept = windows(desk)
        assert [window.center for window in kept if window] == [100.0 * place for place in own]
        assert places(desk) == ["own slice", "own slice"]
        assert {state.links.text for state in presenter.states} == {"linked: scroll, zoom, pan"}
        QTest.keyClick(desk.grid, Qt.Key.Key_Down)
        assert slices(desk) == [own[0] + 1] * 2
        assert places(desk) == [f"left at {place + 1}" for place in own]
        assert windows(desk) == kept
        QTest.keyClick(desk.grid, Qt.Key.Key_Backspace)
        assert slices(desk) == own
        assert windows(desk) == kept
        presenter.set_active(1)
        QTest.keyClick(desk.grid, Qt.Key.Key_Up)
        assert slices(desk) == [own[1] - 1] * 2
        QTest.keyClick(desk.grid, Qt.Key.Key_Backspace)
        assert slices(desk) == own
        assert desk.grid.active_tile == 1  # the keys stay with the picture they were with

    def test_apart_on_demand_and_the_corner_says_so(self, desk: ReconcileDesk) -> None:
        own = slices(desk)
        QTest.keyClick(desk.grid, Qt.Key.Key_U)
        assert {state.links.text for state in desk.grid.presenter.states} == {"unlinked"}
        assert not desk.findChild(QPushButton, "reconcile_link").isChecked()
        QTest.keyClick(desk.grid, Qt.Key.Key_Down)
        assert slices(desk) == [own[0] + 1, own[1]]
        assert places(desk) == [f"left at {own[0] + 1}", "own slice"]

    def test_a_key_goes_from_measurement_to_measurement(self, desk: ReconcileDesk) -> None:
        messages = desk.context.messages
        seen = []
        for _ in range(3):
            QTest.keyClick(desk.grid, Qt.Key.Key_L)
            seen.append((slices(desk), messages.last.text))
        assert [place for place, _ in seen] == [[5, 5], [9, 9], [5, 5]]
        assert sorted(text[0] for _, text in seen[:2]) == ["X", "Y"]
        QTest.keyClick(desk.grid, Qt.Key.Key_Backspace)
        assert sorted(slices(desk)) == [5, 9]

    def test_an_item_without_slices_shows_the_middle(self, desk: ReconcileDesk) -> None:
        desk.next_difference()
        content = desk.grid.presenter.content(0)
        assert content is not None
        assert slices(desk) == [content.number_of_slices // 2] * 2
        assert places(desk) == ["kept no slice", "kept no slice"]


def test_who_kept_no_slice_is_shown_what_the_other_looked_at(
    knee_library: Path, opened_window: Callable[[Workspace], MainWindow], study_of: Callable[..., Path]
) -> None:
    folder = study_of(knee_library, ("K-R",), ("recht",))
    workspace = open_workspace(knee_library)
    series = workspace.library.series("K-R")[0]
    with open_study_folder(folder, workspace) as study:
        score(study.reader("R1").open_read("K-R"), "R1", series)
        read = study.reader("R2").open_read("K-R")
        for item in ITEMS:
            read.answer(item.id, 3)
        read.lock("R2")
    desk = opened_window(workspace).show_desk("reconcile", folder)
    assert isinstance(desk, ReconcileDesk)
    assert slices(desk) == [SLICES["R1"]] * 2
    assert sorted(places(desk)) == ["kept no slice", "own slice"]


def test_three_readers_of_a_median_are_looked_at_two_by_two(
    knee_library: Path, opened_window: Callable[[Workspace], MainWindow], tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'id = "s"\ntitle = "Study"\ncases = ["K-R"]\nreaders = ["R1", "R2", "R3"]\n'
        'instruments = ["recht"]\n[reconciliation]\nrule = "median"\n',
        encoding="utf-8",
    )
    create_study(plan, tmp_path / "study", knee_library).close()
    desk, series = reconciling(open_workspace(knee_library), tmp_path / "study", opened_window)
    assert desk.case is not None
    layers = desk.grid.presenter.contents[series.key].layers
    seen: list[tuple[int, ...]] = []
    for names in (("X", "Y"), ("X", "Z"), ("Y", "Z")):
        read = [{"X": desk.case.x, "Y": desk.case.y, "Z": desk.case.z}[name] for name in names]
        own = [SLICES[one.key.reader] for one in read if one is not None]
        assert slices(desk) == own
        seen.append(tuple(own))
        captions = [desk.findChild(QLabel, name).text() for name in ("x_caption", "y_caption")]
        assert [caption[3] for caption in captions] == list(names)
        assert desk.findChild(QPushButton, "show_y").text() == f"{names[1]} only"
        assert sorted(mark.name for mark in desk.grid.measuring.book.marks.values()) == list(names)
        for layer, place in zip(("reader x", "reader y"), own, strict=True):
            assert list(np.flatnonzero(layers[layer].labels.any(axis=(1, 2)))) == [place]
        told = [one.text() for one in desk.findChild(QFrame, "mask_numbers").findChildren(QLabel)]
        assert {f"{name} only" for name in names} <= set(told)
        assert {f"{name} ml" for name in names} <= set(told)
        QTest.keyClick(desk.grid, Qt.Key.Key_Z)
    assert len(set(seen)) == 3
    assert slices(desk) == list(seen[0])
