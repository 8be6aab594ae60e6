"""Brings the voxels of a case onto the screen: the middle slice of what hangs first, then the rest."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.errors import WorkstationError
from workstation.gui.jobs import Jobs
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.stack_cache import Loaded, StackCache, budget_of_machine
from workstation.imaging.study import Series
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Histogram
from workstation.tasks import Progress


class StackLoader(QObject):
    """Answers `ViewerGrid.stack_wanted` with jobs; those of an earlier case are forgotten.

    First one slice of the first series that hangs, alone, so that nothing competes with the picture a person
    waits for; then one of each other; then those series whole, then the others. What was read stays in
    memory within a budget.

    Signals
    -------
    loaded(str)
        Key of a series whose voxels have arrived.
    settled()
        Everything that was asked for has arrived or failed.
    """

    loaded = Signal(str)
    settled = Signal()

    def __init__(self, jobs: Jobs, grid: ViewerGrid, slot: str = "stack", budget: int | None = None) -> None:
        super().__init__(grid)
        self._jobs, self._grid, self._slot = jobs, grid, slot
        self._asked: set[str] = set()
        self._previewed: dict[str, Series] = {}  # whose first slice is asked for or on its way
        self._to_preview: list[Series] = []  # those of them that are not being read yet
        self._has_picture = False  # of this case, on the screen
        self._waiting: list[Series] = []  # to be read whole after that
        self._running: set[str] = set()
        self._ahead: list[Series] = []
        self.cache = StackCache(budget or budget_of_machine(), self._on_screen, self._on_leave)
        grid.stack_wanted.connect(self.want)

    def open(self, series: Iterable[Series]) -> None:
        """Load series that do not hang as well, in the order given."""
        for one in series:
            self._ask(one, preview=False)
        self._go_on()
        if not self._previewed and not self._running:
            self.settled.emit()  # all of it was in memory

    def want(self, series: Series) -> None:
        """Load a series that hangs, once."""
        self._ask(series, preview=True)
        self._go_on()

    def fetch_ahead(self, series: Iterable[Series]) -> None:
        """Read series of another case into memory while nothing else is to be read."""
        self._ahead = [one for one in series if one.key not in self.cache]
        self._go_on()

    def forget(self) -> None:
        """Drop what is still on its way and what was asked for."""
        for key in self._asked | self._running:
            self._jobs.forget(f"{self._slot} preview {key}")
            self._jobs.forget(f"{self._slot} {key}")
        for held in (
            self._asked,
            self._running,
            self._previewed,
            self._to_preview,
            self._waiting,
            self._ahead,
        ):
            held.clear()
        self._has_picture = False

    # --- private ---------------------------------------------------------------------------------

    def _ask(self, series: Series, preview: bool) -> None:
        if series.key in self._asked:
            return
        self._asked.add(series.key)
        kept = self.cache.get(series.key)
        if kept is not None:
            self._show(series.key, kept)
            return
        self._waiting.append(series)
        if preview:
            self._previewed[series.key] = series
            self._to_preview.append(series)

    def _start_previews(self) -> None:
        """The first alone until its picture is there; decoding of the others would only delay it."""
        while self._to_preview and (self._has_picture or len(self._to_preview) == len(self._previewed)):
            self._start_preview(self._to_preview.pop(0))

    def _start_preview(self, series: Series) -> None:
        self._jobs.start(
            f"{self._slot} preview {series.key}",
            lambda _progress: _middle(series),
            lambda found: self._on_preview(series.key, found),
            lambda _error: self._on_preview(series.key, None),  # the whole series tells what is wrong
        )

    def _go_on(self) -> None:
        """Start what may start now: whole series after the first pictures, other cases after all."""
        self._start_previews()
        if self._previewed:
            return
        waiting, self._waiting = self._waiting, []
        for series in waiting:
            self._running.add(series.key)
            self._read(series)
        if not self._running and self._ahead:
            series = self._ahead.pop(0)
            self._running.add(series.key)
            self._read(series)

    def _read(self, series: Series) -> None:
        first = self._slice_shown(series.key)
        self._jobs.start(
            f"{self._slot} {series.key}",
            lambda progress: _load(series, first, progress),
            lambda found: self._on_loaded(series.key, found),
            lambda error: self._on_error(series.key, error),
        )

    def _slice_shown(self, key: str) -> int | None:
        states = self._grid.presenter.states
        return next((state.slice_index for state in states if state.series_key == key), None)

    def _on_preview(self, key: str, found: tuple[int, Stack, Histogram] | None) -> None:
        if found is not None:
            self._grid.set_preview(key, *found)
            self._has_picture = True
        self._previewed.pop(key, None)
        if self._jobs.is_synchronous:
            self._go_on()
        else:  # the pictures are painted before threads that decode compete with that
            QTimer.singleShot(0, self, self._go_on)

    def _on_loaded(self, key: str, loaded: Loaded) -> None:
        self.cache.put(key, loaded)
        self._running.discard(key)
        if key in self._asked:
            self._show(key, loaded)
        self._on_settled()

    def _show(self, key: str, loaded: Loaded) -> None:
        self._grid.set_stack(key, loaded.stack, loaded.counted)
        self._grid.set_warnings(key, loaded.problems)
        self.loaded.emit(key)

    def _on_error(self, key: str, error: WorkstationError) -> None:
        self._running.discard(key)
        self._grid.set_problem(key, error.sentence)
        self._on_settled()

    def _on_settled(self) -> None:
        self._go_on()
        if not self._running:
            self.settled.emit()

    def _on_screen(self) -> set[str]:
        return self._grid.presenter.keys_on_screen()

    def _on_leave(self, key: str) -> None:
        """A series of this case left memory: it is read again when it is hung."""
        self._asked.discard(key)
        self._grid.presenter.drop_stack(key)


def _middle(series: Series) -> tuple[int, Stack, Histogram]:
    from workstation.imaging.load import load_middle
    from workstation.imaging.windowing import histogram

    index, stack = load_middle(series)
    return index, stack, histogram(stack)


def _load(series: Series, first: int | None, progress: Progress) -> Loaded:
    from workstation.imaging.load import load_readable
    from workstation.imaging.windowing import histogram

    found = load_readable(series, progress, first_slice=first)
    return Loaded(found.stack, histogram(found.stack), found.problems)
