"""Logging without identifiers: a file that can be sent with a bug report."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import platformdirs

_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\":]+){2,}")
_UID = re.compile(r"\b[0-2](?:\.\d+){4,}\b")


class IdentifierFilter(logging.Filter):
    """Replaces file paths and DICOM UIDs in every record: both can name a patient."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message in place; the record always passes."""
        record.msg = without_identifiers(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = without_identifiers(logging.Formatter().formatException(record.exc_info))
        return True


def without_identifiers(text: str) -> str:
    """The text with file paths (but the file name of our own code) and UIDs blanked."""

    def keep_own(match: re.Match[str]) -> str:
        path = match.group()
        return (
            path[path.rfind("workstation") :] if "workstation" in path and path.endswith(".py") else "<path>"
        )

    return _UID.sub("<uid>", _PATH.sub(keep_own, text))


def log_folder() -> Path:
    """Folder of the log (``MARROW_LOG`` names another)."""
    return Path(os.environ.get("MARROW_LOG") or platformdirs.user_log_dir("marrow"))


def setup() -> None:
    """Send warnings and above of the program to a small rotating file; never fails the start."""
    root = logging.getLogger("workstation")
    if root.handlers:
        return
    root.setLevel(logging.INFO)
    handler = _LateFile()
    handler.addFilter(IdentifierFilter())
    root.addHandler(handler)


class _LateFile(logging.Handler):
    """The file is opened for the first record: most starts write none and need not wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        if self._file is None:
            self._file = _opened()
            self._file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self._file.emit(record)


def _opened() -> logging.Handler:
    from logging.handlers import RotatingFileHandler  # sockets and pickling come with it

    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(log_folder() / "marrow.log", maxBytes=1_000_000, backupCount=2)
    except OSError:
        return logging.NullHandler()
