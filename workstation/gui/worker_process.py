"""Work in a process of its own, for what would hold the interpreter: recipes, long decoding.

A thread of `jobs` waits for the process: it passes progress on, and ends the process when the person
presses Stop.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

from workstation.errors import DataError, WorkstationError
from workstation.tasks import Progress

_LOOK_S = 0.05


class _Sent:
    """Progress that goes through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def report(self, done: int, total: int, text: str = "") -> None:
        """Tell the waiting thread; a stop comes as the end of this process."""
        self._pipe.send(("progress", (done, total, text)))


def run_in_process(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any], progress: Progress
) -> Any:
    """Call ``function(*arguments, **named, progress=…)`` in a new process and return its answer.

    Everything that goes in or comes out must be picklable; arrays are copied.

    Raises
    ------
    WorkstationError
        What the function raised, or `DataError` if its process came to a sudden end.
    Cancelled
        If the person pressed Stop; the process is ended at once, wherever it is.
    """
    # Spawned, not forked: a fork of a process with Qt threads and open databases is not safe.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, function, arguments, named), daemon=True)
    process.start()
    theirs.close()
    last = (0, 0, "")
    try:
        while True:
            if not ours.poll(_LOOK_S):
                progress.report(*last)  # raises when stopped
                continue
            kind, value = ours.recv()
            if kind == "progress":
                last = value
                progress.report(*last)
            elif kind == "result":
                return value
            else:
                raise value
    except EOFError:
        raise DataError(
            "This was not finished",
            "its process came to a sudden end, perhaps for lack of memory",
            "Close other programs and try again",
        ) from None
    finally:
        ours.close()
        process.terminate()
        process.join(2)


def _serve(
    pipe: Connection, function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window's process
    try:
        answer: tuple[str, Any] = ("result", function(*arguments, **named, progress=_Sent(pipe)))
    except WorkstationError as error:
        answer = ("error", error)
    except BrokenPipeError:
        sys.exit(1)  # nobody waits any more
    except Exception as error:  # noqa: BLE001 - raised again where somebody is told
        answer = ("error", _portable(error))
    pipe.send(answer)


def _portable(error: Exception) -> Exception:
    """A mistake of the program in a form that can be sent: some exceptions cannot be made again."""
    return RuntimeError(f"{type(error).__name__} in a worker process")
