"""A mistake of the program: written down without identifiers, told to the person, work goes on."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from workstation import __version__
from workstation.log import log_folder, without_identifiers

_LOGGER = logging.getLogger("workstation.crash")
_AT_MOST = 20


def report_text(error: BaseException) -> str:
    """What a bug report says: versions and the trace. No message text of the error, no path, no UID.

    The text of an error may quote a value of a file, so only its type is written.
    """
    import platform

    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"Marrow Reading Workstation {__version__}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        "",
        type(error).__name__,
        *(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames),
    ]
    return without_identifiers("\n".join(lines))


def write_report(error: BaseException) -> Path | None:
    """Keep the report beside the log; None if the disk does not allow it."""
    folder = log_folder()
    name = f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("crash-*.txt"))[: -_AT_MOST + 1]:
            old.unlink()
        (folder / name).write_text(report_text(error), encoding="utf-8")
    except OSError:
        return None
    return folder / name


class CrashGuard:
    """Takes over what nobody caught.

    Parameters
    ----------
    tell : callable
        ``tell(text)``: says one sentence to the person.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._telling = False

    def install(self) -> None:
        """Become Python's excepthook: PySide6 sends exceptions of slots and events there."""
        sys.excepthook = self._hook

    def report(self, error: BaseException) -> None:
        """Write the report and say so. What was recorded is already on disk."""
        _LOGGER.error("unexpected error\n%s", report_text(error))
        file = write_report(error)
        if self._telling:
            return  # the mistake is in telling: do not go round in circles
        self._telling = True
        try:
            where = f" A report without identifiers is kept as {file.name} beside the log." if file else ""
            self._tell(
                "The program made a mistake. What you entered is kept and you can go on; "
                f"if something looks wrong, close and open the program again.{where}"
            )
        finally:
            self._telling = False

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.report(error)
