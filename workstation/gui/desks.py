"""The table of desks, in the order of the header. Each is imported when it is first shown."""

from __future__ import annotations

from workstation.gui.desk import Desk, DeskContext, DeskEntry


def _library(context: DeskContext) -> Desk:
    from workstation.gui.library.library_desk import LibraryDesk

    return LibraryDesk(context)


DESKS: tuple[DeskEntry, ...] = (
    DeskEntry("library", "Library", "library", "Ctrl+1", "Import studies and find cases", _library),
)
