"""Work in a process of its own, for what would hold the interpreter: recipes, long decoding, imports.

A thread of `jobs` waits for the process: it passes progress on, and ends the process when the person
presses Stop, or asks it to stop where the work keeps what it has.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

from workstation.errors import Cancelled, DataError, WorkstationError
from workstation.tasks import Progress

_LOOK_S = 0.05
LAST_STEPS_S = 60.0
"""How long work that was asked to stop may take to keep what it has."""

_NICENESS = 5
"""Work with processes of its own fills every core; the window must come first."""


class _Sent:
    """Progress that goes through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._stopped = False

    def report(self, done: int, total: int, text: str = "") -> None:
        """Tell the waiting thread; it may ask to stop, or end this process."""
        self._pipe.send(("progress", (done, total, text)))
        if not self._stopped and self._pipe.poll():
            self._stopped = bool(self._pipe.recv())
        if self._stopped:
            raise Cancelled


def run_in_process(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    progress: Progress,
    *,
    gently: bool = False,
) -> Any:
    """Call ``function(*arguments, **named, progress=…)`` in a new process and return its answer.

    Everything that goes in or comes out must be picklable; arrays are copied.

    Parameters
    ----------
    gently : bool
        Stop raises `Cancelled` at the function's next report, so that it can keep what it has. Such a
        function may start processes of its own; they end with the window's process.

    Raises
    ------
    WorkstationError
        What the function raised, or `DataError` if its process came to a sudden end.
    Cancelled
        If the person pressed Stop; without `gently` the process is ended at once, wherever it is.
    """
    # Spawned, not forked: a fork of a process with Qt threads and open databases is not safe.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=True)
    served = (theirs, function, arguments, named, gently)
    process = context.Process(target=_serve, args=served, daemon=not gently)
    process.start()
    theirs.close()
    try:
        return _wait(ours, progress, gently)
    except EOFError:
        raise DataError(
            "This was not finished",
            "its process came to a sudden end, perhaps for lack of memory",
            "Close other programs and try again",
        ) from None
    finally:
        ours.close()
        if gently:
            process.join(2)  # it has answered: its own processes are let go in order
        process.terminate()
        process.join(2)


def _wait(pipe: Connection, progress: Progress, gently: bool) -> Any:
    last = (0, 0, "")
    end = float("inf")  # of the time to stop gently
    while True:
        if pipe.poll(_LOOK_S):
            kind, value = pipe.recv()
            if kind == "result":
                return value
            if kind == "error":
                raise value
            last = value
        if time.monotonic() > end:
            raise Cancelled
        try:
            progress.report(*last)
        except Cancelled:
            if not gently:
                raise
            if end == float("inf"):
                end = time.monotonic() + LAST_STEPS_S
                pipe.send("stop")


def _serve(
    pipe: Connection,
    function: Callable[..., Any],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    gently: bool,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window's process
    if gently:
        threading.Thread(target=_end_with_window, daemon=True).start()
        if hasattr(os, "nice"):
            os.nice(_NICENESS)
    try:
        answer: tuple[str, Any] = ("result", function(*arguments, **named, progress=_Sent(pipe)))
    except (Cancelled, WorkstationError) as error:
        answer = ("error", error)
    except (BrokenPipeError, EOFError):
        sys.exit(1)  # nobody waits any more
    except Exception as error:  # noqa: BLE001 - raised again where somebody is told
        answer = ("error", _portable(error))
    pipe.send(answer)


def _end_with_window() -> None:
    """A window that is killed takes its work along; what was kept until then is whole."""
    window = multiprocessing.parent_process()
    if window is not None:
        window.join()
        os._exit(1)


def _portable(error: Exception) -> Exception:
    """A mistake of the program in a form that can be sent: some exceptions cannot be made again."""
    return RuntimeError(f"{type(error).__name__} in a worker process")
