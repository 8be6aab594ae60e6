"""Python's search for reference cycles rests while the window is built: nothing becomes garbage then.

What the program is made of stays to its end, so it is left out of every later search as well. Otherwise each
search would look at fifty thousand objects of imported libraries, 20 ms in which the window stands still.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """No search inside; what lives at the end is never searched again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
