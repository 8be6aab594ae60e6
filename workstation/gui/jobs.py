"""Long work off the GUI thread: the only place with threads.

Tickets are plain Python objects. One QObject with one signal that carries nothing rings for the GUI
thread, which then empties a queue: no Python object ever crosses threads inside Qt.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from workstation.errors import Cancelled, WorkstationError
from workstation.tasks import Progress

REPORTS_PER_S = 10
WORKERS = 4
_DRAIN_S = 0.008
_TURN_MS = 1  # with 0 Qt posts the call, and it comes before the window has painted

Work = Callable[[Progress], Any]
OnResult = Callable[[Any], None]
OnError = Callable[[WorkstationError], None]
OnProgress = Callable[[int, int, str], None]
OnBug = Callable[[BaseException], None]


@dataclass(eq=False)
class Ticket:
    """One run of one piece of work; what the work reports to.

    Attributes
    ----------
    slot : str
        Where the answer belongs, e.g. ``"viewport-1"``; a newer ticket of the same slot outdates this one.
    """

    slot: str
    work: Work
    on_result: OnResult | None
    on_error: OnError | None
    on_progress: OnProgress | None
    on_cancelled: Callable[[], None] | None
    post: Callable[[Ticket, str, Any], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _next_report: float = 0.0

    @property
    def is_cancelled(self) -> bool:
        """True once someone asked it to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._stop.set()

    def report(self, done: int, total: int, text: str = "") -> None:
        """Tell how far the work is, at most ten times a second; raises `Cancelled` when stopped."""
        if self._stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if self.on_progress is not None and (now >= self._next_report or done >= total):
            self._next_report = now + 1 / REPORTS_PER_S
            self.post(self, "progress", (done, total, text))


class _Bell(QObject):
    """Rings in the GUI thread."""

    rung = Signal()


class Jobs:
    """Starts work in threads and brings each answer to the GUI thread.

    Parameters
    ----------
    on_error : callable
        Told of a `WorkstationError` when the job itself has no `on_error`.
    on_bug : callable
        Told of any other exception.
    synchronous : bool or None
        Run in place; None asks the environment variable ``WORKSTATION_SYNCHRONOUS``.
    """

    def __init__(self, on_error: OnError, on_bug: OnBug, synchronous: bool | None = None) -> None:
        if synchronous is None:
            synchronous = os.environ.get("WORKSTATION_SYNCHRONOUS", "") == "1"
        self.is_synchronous = synchronous
        self._on_error = on_error
        self._on_bug = on_bug
        self._current: dict[str, Ticket] = {}
        self._waiting: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Ticket, str, Any]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._load = 0  # jobs waiting or running in threads
        self._guard = threading.Lock()
        self._closed = False
        self._bell = _Bell()
        self._bell.rung.connect(self._empty_answers, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        slot: str,
        work: Work,
        on_result: OnResult | None = None,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
        on_cancelled: Callable[[], None] | None = None,
    ) -> Ticket:
        """Run ``work(progress)`` in a thread; all callbacks come in the GUI thread.

        A job already in `slot` is cancelled and none of its callbacks is called any more. `on_cancelled`
        is called when this very job was stopped by `cancel`.
        """
        ticket = Ticket(slot, work, on_result, on_error, on_progress, on_cancelled, self._post)
        if self._closed:
            ticket.cancel()
            return ticket
        self._outdate(slot)
        self._current[slot] = ticket
        if self.is_synchronous:
            self._run(ticket)
        else:
            self._grow()
            self._waiting.put(ticket)
        return ticket

    def in_turns(self, slot: str, *steps: Callable[[], object]) -> None:
        """Call `steps` in the GUI thread, each in a turn of its own: the window paints and answers between.

        For much to be made or shown at once. What comes to `slot` later, or `forget`, drops the steps left.
        """
        ticket = Ticket(slot, lambda _progress: None, None, None, None, None, self._post)
        if self._closed:
            return
        self._outdate(slot)
        self._current[slot] = ticket
        if self.is_synchronous:
            del self._current[slot]
            for step in steps:
                step()
        elif steps:
            self._wait_turn(ticket, deque(steps))

    def _wait_turn(self, ticket: Ticket, steps: deque[Callable[[], object]]) -> None:
        QTimer.singleShot(_TURN_MS, self._bell, partial(self._take_turn, ticket, steps))

    def _take_turn(self, ticket: Ticket, steps: deque[Callable[[], object]]) -> None:
        if self._current.get(ticket.slot) is not ticket:
            return  # dropped
        step = steps.popleft()
        if not steps:
            del self._current[ticket.slot]
        try:
            step()
        finally:
            if steps:  # asked for only now: the time of a long step would else have run out within it
                self._wait_turn(ticket, steps)

    def in_process(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Work:
        """Work for `start` that calls ``function(*arguments, **named, progress=…)`` in another process.

        For what would hold the interpreter and make the window stutter. Stop ends it at once.
        """
        return self._elsewhere(function, arguments, named, gently=False)

    def in_gentle_process(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Work:
        """As `in_process`, for work that starts processes or keeps what it has when it is stopped.

        Stop raises `Cancelled` at the function's next report.
        """
        return self._elsewhere(function, arguments, named, gently=True)

    def _elsewhere(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any], *, gently: bool
    ) -> Work:
        def work(progress: Progress) -> Any:
            if self.is_synchronous:
                return function(*arguments, **named, progress=progress)
            # Imported when used: multiprocessing is not needed to show the library.
            from workstation.gui.worker_process import run_in_process

            return run_in_process(function, arguments, named, progress, gently=gently)

        return work

    def is_running(self, slot: str) -> bool:
        """True while the newest job of `slot` has not answered."""
        return slot in self._current

    @property
    def running(self) -> tuple[str, ...]:
        """Slots whose job has not answered yet."""
        return tuple(self._current)

    def cancel(self, slot: str) -> None:
        """Ask the job in `slot` to stop; its `on_cancelled` follows when it has."""
        if ticket := self._current.get(slot):
            ticket.cancel()

    def forget(self, slot: str) -> None:
        """Cancel the job in `slot` and drop its answer, whatever it will be."""
        self._outdate(slot)

    def close(self, wait_s: float = 3.0) -> bool:
        """Cancel everything and wait at most `wait_s` seconds.

        Returns
        -------
        bool
            True if every thread has ended. One that has not is a daemon and ends with the process.
        """
        self._closed = True
        for slot in list(self._current):
            self._outdate(slot)
        for _ in self._threads:
            self._waiting.put(None)
        end = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _outdate(self, slot: str) -> None:
        if ticket := self._current.pop(slot, None):
            ticket.cancel()

    def _grow(self) -> None:
        with self._guard:
            self._load += 1
            enough = self._load <= len(self._threads) or len(self._threads) >= WORKERS
        if not enough:
            thread = threading.Thread(target=self._serve, name=f"job-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self) -> None:
        while (ticket := self._waiting.get()) is not None:
            self._run(ticket)
            with self._guard:
                self._load -= 1

    def _run(self, ticket: Ticket) -> None:
        try:
            if ticket.is_cancelled:
                raise Cancelled  # outdated before it began
            answer = ("result", ticket.work(ticket))
        except Cancelled:
            answer = ("cancelled", None)
        except WorkstationError as error:
            answer = ("error", error)
        except Exception as error:  # noqa: BLE001 - the roof over every job
            # The text of an unknown error may quote a file: `on_bug` writes the report.
            logging.getLogger("workstation.jobs").error("%s in a job", type(error).__name__)
            answer = ("bug", error)
        self._post(ticket, *answer)

    def _post(self, ticket: Ticket, kind: str, value: Any) -> None:
        if self.is_synchronous:
            self._deliver(ticket, kind, value)
            return
        self._answers.put((ticket, kind, value))
        if not self._closed:
            self._bell.rung.emit()

    def _empty_answers(self) -> None:
        end = time.monotonic() + _DRAIN_S
        while time.monotonic() < end:
            try:
                ticket, kind, value = self._answers.get_nowait()
            except queue.Empty:
                return
            self._deliver(ticket, kind, value)
        self._bell.rung.emit()  # the rest after the events that wait

    def _deliver(self, ticket: Ticket, kind: str, value: Any) -> None:
        if self._current.get(ticket.slot) is not ticket:
            return  # outdated
        if kind == "progress":
            if not ticket.is_cancelled:
                _call(ticket.on_progress, *value)
            return
        del self._current[ticket.slot]
        if kind == "bug":
            self._on_bug(value)
            _call(ticket.on_cancelled)
        elif kind == "error":
            _call(ticket.on_error or self._on_error, value)
        elif kind == "cancelled":
            _call(ticket.on_cancelled)
        else:
            _call(ticket.on_result, value)


def _call(callback: Callable[..., None] | None, *values: Any) -> None:
    owner = getattr(callback, "__self__", None)
    if callback is None or (isinstance(owner, QObject) and not shiboken6.isValid(owner)):
        return  # the widget that asked is gone
    callback(*values)
