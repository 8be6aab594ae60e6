"""No core dump of a process that holds keys: what a crash would write to the disk has them in the clear."""

from __future__ import annotations

import contextlib
import sys
from functools import cache
from pathlib import Path

_FILTER = Path("/proc/self/coredump_filter")


@cache
def refuse() -> None:
    """Have this process and its children leave no core dump from now on; once, and for good.

    It is not taken back when the keys are dropped, because Python cannot wipe their memory. Where the system
    does not know of it nothing happens. Memory that the system swaps out is not held back by this.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    # Linux pipes a dump to a program whatever the limit, but for 1, which keeps files away as well (core(5)).
    wanted = 1 if sys.platform == "linux" else 0
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (allowed, hard))
    with contextlib.suppress(OSError):  # Linux: no memory of the process in what is dumped all the same
        _FILTER.write_text("0", encoding="ascii")
