"""Marks are kept as pixels while a reader scrolls: what is kept is what would be drawn, and never stale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import PAIRS
from workstation.gui.viewer import kept_lines
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mark_book import MarkBook
from workstation.imaging.hanging import grid_of
from workstation.imaging.measurement import Mark, Shape

SERIES, STACK = PAIRS[0]
SHOWN = (9, 10)


def marks() -> list[Mark]:
    """Four on each of two slices."""
    drawn = {
        Shape.LENGTH: ((10.0, 12.0), (60.0, 20.0)),
        Shape.ANGLE: ((80.0, 10.0), (60.0, 30.0), (90.0, 40.0)),
        Shape.FREEHAND: ((20.0, 50.0), (50.0, 55.0), (40.0, 80.0)),
        Shape.KEY: (),
    }
    places = [SERIES.instances[index] for index in SHOWN]
    return [
        Mark(
            f"{place.sop_instance_uid}{shape}", shape, SERIES.key, place.sop_instance_uid, place.frame, points
        )
        for place in places
        for shape, points in drawn.items()
    ]


@pytest.fixture
def grid(qtbot: QtBot) -> ViewerGrid:
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    grid.show_series([SERIES], grid_of(1, 1, [SERIES]))
    grid.set_stack(SERIES.key, STACK)
    grid.resize(420, 420)
    grid.show()
    book = grid.measuring.book
    book.show([book.measured(one) for one in marks()])
    for index in (*SHOWN, *SHOWN):  # each picture comes twice: now it is kept
        seen(grid, index)
    return grid


def seen(grid: ViewerGrid, index: int) -> NDArray[np.uint8]:
    grid.presenter.show_slice(0, index)
    QApplication.processEvents()
    picture = grid.tiles[0].grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(picture.constBits()).reshape(picture.height(), -1, 4)[..., :3].copy()


def test_kept_marks_are_those_drawn_anew(grid: ViewerGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [seen(grid, index) for index in (*SHOWN, 11)]
    monkeypatch.setattr(kept_lines, "is_on_pixels", lambda _device: False)
    drawn = [seen(grid, index) for index in (*SHOWN, 11)]
    for one, two in zip(kept, drawn, strict=True):
        assert np.abs(one.astype(int) - two).max() <= 3  # laid over one another in another order
    assert (kept[0] != kept[2]).any()


def changed(book: MarkBook) -> None:
    one = next(iter(book.marks.values()))
    book.keep(replace(one, points=((10.0, 12.0), (70.0, 50.0))))


CHANGES: dict[str, Callable[[MarkBook], None]] = {
    "moved": changed,
    "taken away": lambda book: book.remove(next(iter(book.marks))),
    "hidden": lambda book: book.set_hidden(next(iter(book.marks)), True),
    "selected": lambda book: book.select(next(iter(book.marks))),
    "drawn": lambda book: book.set_draft(replace(marks()[0], id="new", points=((5.0, 90.0), (50.0, 95.0)))),
    "dragged": lambda book: book.set_draft(replace(marks()[0], points=((5.0, 90.0), (50.0, 95.0)))),
    "all gone": lambda book: book.clear(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_at_once(grid: ViewerGrid, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = seen(grid, SHOWN[0])
    CHANGES[change](grid.measuring.book)
    after = seen(grid, SHOWN[0])
    assert (before != after).any()
    monkeypatch.setattr(kept_lines, "is_on_pixels", lambda _device: False)
    assert np.abs(after.astype(int) - seen(grid, SHOWN[0])).max() <= 3


def test_a_mark_that_is_hidden_and_shown_again_looks_as_before(grid: ViewerGrid) -> None:
    before, first = seen(grid, SHOWN[0]), next(iter(grid.measuring.book.marks))
    grid.measuring.book.set_hidden(first, True)
    assert (seen(grid, SHOWN[0]) != before).any()
    grid.measuring.book.set_hidden(first, False)
    assert np.array_equal(seen(grid, SHOWN[0]), before)


def test_another_theme_is_seen_at_once(grid: ViewerGrid) -> None:
    before = seen(grid, SHOWN[0])
    grid.set_palette(replace(grid.palette_used, text="#FF0000"))
    after = seen(grid, SHOWN[0])
    assert (
        ((after[..., 2] > 200) & (after[..., 0] < 60)).sum() > 300 > (before[..., 2] > before[..., 0]).sum()
    )
