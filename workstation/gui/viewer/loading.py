"""Brings the voxels of a case onto the screen: the middle slice of what hangs first, then the rest."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from workstation.errors import WorkstationError
from workstation.gui.jobs import Jobs
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.study import Series
from workstation.imaging.volume import Stack
from workstation.tasks import Progress


class StackLoader(QObject):
    """Answers `ViewerGrid.stack_wanted` with jobs; those of an earlier case are forgotten.

    Signals
    -------
    loaded(str)
        Key of a series whose voxels have arrived.
    """

    loaded = Signal(str)

    def __init__(self, jobs: Jobs, grid: ViewerGrid, slot: str = "stack") -> None:
        super().__init__(grid)
        self._jobs, self._grid, self._slot = jobs, grid, slot
        self._asked: set[str] = set()
        grid.stack_wanted.connect(self.want)

    def open(self, series: Iterable[Series]) -> None:
        """Load series that do not hang as well, in the order given."""
        for one in series:
            self.want(one)

    def want(self, series: Series) -> None:
        """Load a series once."""
        if series.key in self._asked:
            return
        self._asked.add(series.key)
        self._jobs.start(
            f"{self._slot} preview {series.key}",
            lambda _progress: _middle(series),
            lambda found: self._grid.set_preview(series.key, *found),
            lambda _error: None,  # the whole series tells what is wrong
        )
        self._jobs.start(
            f"{self._slot} {series.key}",
            lambda progress: _load(series, progress),
            lambda found: self._on_loaded(series.key, *found),
            lambda error: self._on_error(series.key, error),
        )

    def forget(self) -> None:
        """Drop what is still on its way and what was asked for."""
        for key in self._asked:
            self._jobs.forget(f"{self._slot} preview {key}")
            self._jobs.forget(f"{self._slot} {key}")
        self._asked.clear()

    def _on_loaded(self, key: str, stack: Stack, problems: tuple[str, ...]) -> None:
        self._grid.set_stack(key, stack)
        self._grid.set_warnings(key, problems)
        self.loaded.emit(key)

    def _on_error(self, key: str, error: WorkstationError) -> None:
        self._grid.set_problem(key, error.sentence)


def _middle(series: Series) -> tuple[int, Stack]:
    from workstation.imaging.load import load_middle

    return load_middle(series)


def _load(series: Series, progress: Progress) -> tuple[Stack, tuple[str, ...]]:
    from workstation.imaging.load import load_readable

    found = load_readable(series, progress)
    return found.stack, found.problems
