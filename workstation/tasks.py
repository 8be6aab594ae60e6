"""Progress of long work: reported between steps, cancelled at the same place."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO


class Progress(Protocol):
    """What a long function reports to. It is always the function's last argument."""

    def report(self, done: int, total: int, text: str = "") -> None:
        """Say that `done` of `total` steps are finished.

        Raises
        ------
        Cancelled
            If the person asked to stop.
        """


class SilentProgress:
    """Says nothing and never cancels."""

    def report(self, done: int, total: int, text: str = "") -> None:
        """Ignore the report."""


class TerminalProgress:
    """One line on standard error, rewritten at most ten times a second."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last = 0.0
        self._shown = False

    def report(self, done: int, total: int, text: str = "") -> None:
        """Rewrite the line; the last step is always shown."""
        if not self._stream.isatty():
            return
        now = time.monotonic()
        if done < total and now - self._last < 0.1:
            return
        self._last = now
        self._shown = True
        self._stream.write(f"\r\x1b[K{done}/{total} {text}"[:100])
        if done >= total:
            self._stream.write("\n")
        self._stream.flush()
