"""Series in memory: what is on the screen stays, the least recently used leaves, the next case is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.viewer_scene import make
from workstation.errors import WorkstationError
from workstation.gui.jobs import Jobs
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.loading import StackLoader
from workstation.gui.viewer.stack_cache import (
    LARGEST_BUDGET,
    SMALLEST_BUDGET,
    Loaded,
    StackCache,
    budget_of_machine,
)
from workstation.imaging.hanging import grid_of
from workstation.imaging.study import Series
from workstation.imaging.windowing import histogram
from workstation.tasks import SilentProgress


def loaded() -> Loaded:
    _, stack = make("sagittal", count=10)
    return Loaded(stack, histogram(stack))


ONE = loaded().nbytes


class TestCache:
    def test_the_least_recently_used_leaves_first(self) -> None:
        left: list[str] = []
        cache = StackCache(3 * ONE, on_leave=left.append)
        for key in "abc":
            cache.put(key, loaded())
        assert cache.get("a") is not None
        cache.put("d", loaded())
        assert left == ["b"]
        assert cache.nbytes == 3 * ONE
        assert cache.get("b") is None

    def test_what_is_on_the_screen_stays_whatever_the_budget(self) -> None:
        screen = {"a", "b"}
        cache = StackCache(ONE, lambda: screen)
        for key in "abcd":
            cache.put(key, loaded())
        assert [key for key in "abcd" if key in cache] == ["a", "b", "d"]
        screen.clear()
        cache.trim()
        assert cache.nbytes <= ONE

    def test_the_newest_is_kept_even_if_it_alone_is_too_large(self) -> None:
        cache = StackCache(1)
        cache.put("a", loaded())
        assert "a" in cache

    def test_the_budget_is_a_part_of_the_memory(self) -> None:
        assert SMALLEST_BUDGET <= budget_of_machine() <= LARGEST_BUDGET


@pytest.fixture
def knee(phantom_knees: Path) -> tuple[Series, ...]:
    from workstation.workflow.open_study import open_study

    return open_study(None, phantom_knees / "right", SilentProgress()).series


def viewer(qtbot: QtBot, budget: int) -> tuple[ViewerGrid, StackLoader]:
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    return grid, StackLoader(Jobs(lambda _error: None, lambda _bug: None, True), grid, budget=budget)


def test_a_series_that_left_is_read_again_when_it_is_hung(qtbot: QtBot, knee: tuple[Series, ...]) -> None:
    grid, loader = viewer(qtbot, 1)
    grid.show_series(knee, grid_of(1, 2, knee[:2]))
    loader.open(knee)
    contents = grid.presenter.contents
    assert contents[knee[0].key].reading is not None
    assert contents[knee[1].key].reading is not None
    gone = [one for one in knee[2:] if contents[one.key].reading is None]
    assert gone
    grid.hang_in_active(gone[0].key)
    assert contents[gone[0].key].reading is not None


def test_a_case_seen_before_comes_from_memory(
    qtbot: QtBot, knee: tuple[Series, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    grid, loader = viewer(qtbot, 1 << 30)
    grid.show_series(knee)
    loader.open(knee)
    loader.forget()
    grid.show_series(())
    monkeypatch.setattr("workstation.imaging.load.load_readable", None)
    monkeypatch.setattr("workstation.imaging.load.load_middle", None)
    settled: list[bool] = []
    loader.settled.connect(lambda: settled.append(True))
    grid.show_series(knee)
    loader.open(knee)
    assert all(content.reading for content in grid.presenter.contents.values())
    assert settled


def test_what_is_fetched_ahead_is_shown_nowhere_until_it_is_opened(
    qtbot: QtBot, knee: tuple[Series, ...]
) -> None:
    grid, loader = viewer(qtbot, 1 << 30)
    grid.show_series(knee[:1])
    loader.open(knee[:1])
    loader.fetch_ahead(knee[1:])
    assert all(one.key in loader.cache for one in knee)
    assert list(grid.presenter.contents) == [knee[0].key]


def test_the_first_picture_of_every_viewport_comes_before_any_whole_series(
    qtbot: QtBot, knee: tuple[Series, ...]
) -> None:
    grid = ViewerGrid()
    qtbot.addWidget(grid)
    jobs = Jobs(lambda _error: None, lambda _bug: None, False)
    loader = StackLoader(jobs, grid)
    order: list[tuple[str, bool]] = []
    grid.presenter.pictured.connect(
        lambda key: order.append((key, grid.presenter.contents[key].reading is not None))
    )
    grid.show_series(knee, grid_of(2, 2, knee[:4]))
    loader.open(knee)
    qtbot.waitUntil(lambda: len([key for key, whole in order if whole]) == len(knee), timeout=20_000)
    assert [whole for _, whole in order[:4]] == [False] * 4
    jobs.close()


class _Held(Jobs):
    """Jobs that begin when told, so that a test sees what was asked for."""

    def __init__(self) -> None:
        super().__init__(lambda _error: None, lambda _bug: None, False)
        self.asked: list[tuple[str, Callable[[], None]]] = []

    def start(self, slot: str, work, on_result=None, on_error=None, *_more) -> None:
        def run() -> None:
            try:
                found = work(SilentProgress())
            except WorkstationError as error:
                on_error(error)
            else:
                on_result(found)

        self.asked.append((slot, run))

    def run_next(self) -> None:
        """Do the work asked for first."""
        self.asked.pop(0)[1]()

    @property
    def slots(self) -> list[str]:
        """What is asked for and not done."""
        return [slot for slot, _ in self.asked]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_nothing_is_decoded_beside_the_very_first_picture(
    qtbot: QtBot, knee: tuple[Series, ...], is_damaged: bool
) -> None:
    """Decoders of compressed pictures fill every core: the first picture would wait for all of them."""
    series = list(knee)
    if is_damaged:  # the first cannot be shown: the next is the one a person waits for
        series[0] = replace(series[0], instances=tuple(replace(i, path="gone") for i in series[0].instances))
    grid, jobs = ViewerGrid(), _Held()
    qtbot.addWidget(grid)
    loader = StackLoader(jobs, grid)
    grid.show_series(tuple(series), grid_of(2, 2, series[:4]))
    loader.open(series)
    for one in series[: 2 if is_damaged else 1]:
        assert jobs.slots == [f"stack preview {one.key}"]
        jobs.run_next()
        qtbot.waitUntil(lambda: bool(jobs.slots))
    assert all(slot.startswith("stack preview") for slot in jobs.slots)
    assert len(jobs.slots) == (2 if is_damaged else 3)
    for _ in range(len(jobs.slots)):
        jobs.run_next()
    qtbot.waitUntil(lambda: len(jobs.slots) == len(series))
    assert not any("preview" in slot for slot in jobs.slots)
