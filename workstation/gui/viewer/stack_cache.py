"""Decoded series kept in memory within a stated budget: going back, and on to what was fetched ahead."""

from __future__ import annotations

import ctypes
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Histogram

MIB = 2**20
SMALLEST_BUDGET, LARGEST_BUDGET = 512 * MIB, 4096 * MIB
SHARE_OF_RAM = 0.25


@dataclass(frozen=True, eq=False)
class Loaded:
    """A series as it came from its files: voxels, how often each value occurs, and what is wrong."""

    stack: Stack
    counted: Histogram
    problems: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.stack.voxels.nbytes


class StackCache:
    """The least recently used series leave first; what is pinned stays, whatever the budget.

    Parameters
    ----------
    budget : int
        Bytes of voxels.
    pinned : callable
        Keys that must stay now: the series on the screen.
    on_leave : callable
        Told the key of a series that left.
    """

    def __init__(
        self,
        budget: int,
        pinned: Callable[[], Iterable[str]] = tuple,
        on_leave: Callable[[str], None] = lambda _key: None,
    ) -> None:
        self.budget = budget
        self._pinned, self._on_leave = pinned, on_leave
        self._kept: OrderedDict[str, Loaded] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    @property
    def nbytes(self) -> int:
        """Bytes of voxels held now."""
        return sum(one.nbytes for one in self._kept.values())

    def get(self, key: str) -> Loaded | None:
        """A series, which now counts as used; None if it is not here."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, loaded: Loaded) -> None:
        """Keep a series; others leave until the budget holds again."""
        self._kept[key] = loaded
        self._kept.move_to_end(key)
        self.trim(key)

    def trim(self, newest: str = "") -> None:
        """Let the least recently used go until the budget holds, but not what is pinned or newest."""
        staying = {newest, *self._pinned()}
        held = self.nbytes
        for key in [one for one in self._kept if one not in staying]:
            if held <= self.budget:
                return
            held -= self._kept.pop(key).nbytes
            self._on_leave(key)


def budget_of_machine() -> int:
    """A quarter of the memory of this machine, between 512 MiB and 4 GiB."""
    return int(min(max(_ram() * SHARE_OF_RAM, SMALLEST_BUDGET), LARGEST_BUDGET))


def _ram() -> int:
    if sys.platform == "win32":
        return _windows_ram()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def _windows_ram() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 6),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - known to the type checker on Windows only
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
