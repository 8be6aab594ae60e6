"""Worker processes of an import: many files at once, in order, stopped at any file.

A damaged file can kill the library that decodes it, and the process with it. Then its neighbours are looked
at again one by one, and only the file that did it is refused.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from workstation.imaging.sources import Source
from workstation.workflow import import_worker
from workstation.workflow.import_worker import Looked, Status, Task, Worker

FILES_PER_CALL = 8
"""Few enough that Cancel acts at once, enough that passing messages costs little."""

_TICK_S = 0.1
_KILLED = "reading it made the reading process stop; it is damaged or in a form not supported here"

Chunk = tuple[Source, ...]


def processes() -> int:
    """One process per core, at most four: then the disk is the limit."""
    return max(1, min(4, os.cpu_count() or 2))


def default_workers() -> int:
    """Processes for an import; 0 (in this process) where jobs run in place."""
    return 0 if os.environ.get("WORKSTATION_SYNCHRONOUS") == "1" else processes()


def look_at_all(
    sources: Sequence[Source], task: Task, workers: int, tick: Callable[[], None]
) -> Generator[Looked]:
    """Look at every file, in order.

    Parameters
    ----------
    workers : int
        Processes; 0 looks in this process.
    tick : callable
        Called at least ten times a second; what it raises (Cancelled) ends the work.

    Raises
    ------
    StoreError
        If the library's disk is full or cannot be written.
    """
    if workers < 1:
        worker = Worker(task)
        for source in sources:
            tick()
            yield worker.look(source)
        return
    pool = _Pool(task, workers, tick)
    try:
        yield from pool.look_at_all(iter(sources))
    finally:
        pool.close()


class _Pool:
    def __init__(self, task: Task, workers: int, tick: Callable[[], None]) -> None:
        self._task = task
        self._workers = workers
        self._tick = tick
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork of a process with Qt threads and open databases is not safe.
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=import_worker.start,
            initargs=(self._task,),
        )

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def look_at_all(self, sources: Iterator[Source]) -> Iterator[Looked]:
        waiting: deque[tuple[Chunk, Future[list[Looked]]]] = deque()
        while True:
            while len(waiting) < 3 * self._workers and (chunk := tuple(islice(sources, FILES_PER_CALL))):
                waiting.append((chunk, self._executor.submit(import_worker.look_at, chunk)))
            if not waiting:
                return
            chunk, future = waiting[0]
            try:
                found = self._result(future)
            except BrokenProcessPool:
                broken = [chunk for chunk, _ in waiting]
                waiting.clear()
                self._restart()
                for chunk in broken:
                    yield from self._one_by_one(chunk)
                continue
            waiting.popleft()
            yield from found

    def _result(self, future: Future[list[Looked]]) -> list[Looked]:
        while True:
            self._tick()
            done, _ = wait([future], timeout=_TICK_S)
            if done:
                return future.result()

    def _one_by_one(self, chunk: Chunk) -> Iterator[Looked]:
        for source in chunk:
            try:
                found = self._result(self._executor.submit(import_worker.look_at, (source,)))
            except BrokenProcessPool:
                self._restart()
                found = [Looked(source.path, Status.REFUSED, _KILLED)]
            yield from found

    def _restart(self) -> None:
        self._executor.shutdown(wait=False)
        self._executor = self._start()
