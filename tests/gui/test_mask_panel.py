"""Masks in free reading: one click per bone in an image, volumes with what made them, files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.workflow.clicks import load_seeds
from workstation.workflow.workspace import open_workspace


@pytest.fixture
def desk(knee_library: Path, qtbot: QtBot) -> Iterator[ReadingDesk]:
    make_application()
    window = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    shown = window.show_desk("reading", "K-R")
    assert isinstance(shown, ReadingDesk)
    yield shown
    window.close()


def click_at(desk: ReadingDesk, qtbot: QtBot, description: str, point: list[float]) -> None:
    """Scroll the series with that caption to a point of the patient and click on it."""
    presenter = desk.grid.presenter
    tile = next(
        i for i in range(len(presenter.states))
        if (content := presenter.content(i)) is not None and content.caption == description
    )  # fmt: skip
    presenter.set_active(tile)
    desk.grid.go_to_point(point)
    geometry = presenter.content(tile).reading.stack.geometry
    row, column = geometry.in_plane(point, presenter.states[tile].slice_index)
    widget = desk.grid.tiles[tile]
    best = min(
        ((x, y) for x in range(4, widget.width(), 2) for y in range(4, widget.height(), 2)),
        key=lambda at: float(np.linalg.norm(presenter.point_at(tile, *at) - geometry.point_at(
            presenter.states[tile].slice_index, row, column))),
    )  # fmt: skip
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(*best))


def test_one_click_per_bone_gives_volumes_with_their_recipe(
    desk: ReadingDesk, qtbot: QtBot, phantom_knees: Path, tmp_path: Path
) -> None:
    seeds = load_seeds(phantom_knees / "right" / "truth" / "seeds.json")
    panel = desk.findChild(object, "mask_panel")
    assert not desk.findChild(QPushButton, "make_masks").isEnabled(), "without a click there is no bone"
    for bone in ("femur", "tibia"):
        qtbot.mouseClick(desk.findChild(QPushButton, f"mark_{bone}"), Qt.MouseButton.LeftButton)
        click_at(desk, qtbot, "cor T2 FS", seeds[bone][0])
    assert set(panel._bones.seeds) == {"femur", "tibia"}
    clicked = np.array(panel._bones.seeds["femur"][0])
    assert np.linalg.norm(clicked - seeds["femur"][0]) < 3.0
    qtbot.mouseClick(desk.findChild(QPushButton, "make_masks"), Qt.MouseButton.LeftButton)
    table = desk.findChild(QTableWidget, "volumes")
    rows = {
        (table.item(row, 0).text(), table.item(row, 1).text()): float(table.item(row, 2).text())
        for row in range(table.rowCount())
    }
    assert rows["cor T2 FS", "femur: edema"] > 1.0
    assert "edema 1" in desk.findChild(QLabel, "made_by").text()
    assert "Unvalidated" in desk.findChild(QLabel, "recipe_note").text()

    panel.save(tmp_path / "masks")
    names = [path.name for path in (tmp_path / "masks").rglob("*") if path.is_file()]
    assert any(name.endswith(".nii.gz") for name in names)
    assert any(name.endswith(".dcm") for name in names)

    desk.open_free("K-L")
    desk.open_free("K-R")
    assert table.rowCount() == len(rows), "masks are kept with their case"


def test_the_overlay_is_hidden_while_g_is_held(desk: ReadingDesk, qtbot: QtBot) -> None:
    qtbot.keyPress(desk.grid, Qt.Key.Key_G)
    assert desk.grid.presenter.peeking
    qtbot.keyRelease(desk.grid, Qt.Key.Key_G)
    assert not desk.grid.presenter.peeking
