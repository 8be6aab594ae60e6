"""Python's own ``import`` in the place of PySide6's; done when this file is imported, before anything large.

PySide6 replaces ``__import__`` with a function that reads the source text of every module imported from then
on, to look for its own name in it. That serves ``from __feature__ import …`` only, which this program does
not use; it costs a tenth of the start, 10 MiB for texts that are kept, and it holds the window up whenever
a thread imports a library.
"""

from __future__ import annotations

import builtins


def restore() -> None:
    """Put Python's own function back; nothing happens where PySide6 has not replaced it."""
    found = vars(builtins)
    if "__orig_import__" in found and found["__import__"] is found.get("__feature_import__"):
        builtins.__import__ = found["__orig_import__"]


restore()
