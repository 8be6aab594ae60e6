"""The table of desks, in the order of the header. Each is imported when it is first shown."""

from __future__ import annotations

from workstation.gui.desk import Desk, DeskContext, DeskEntry


def _library(context: DeskContext) -> Desk:
    from workstation.gui.library.library_desk import LibraryDesk

    return LibraryDesk(context)


def _reading(context: DeskContext) -> Desk:
    from workstation.gui.reading.reading_desk import ReadingDesk

    return ReadingDesk(context)


def _begin_reading(context: DeskContext) -> Desk:
    from workstation.gui.reading.reading_desk import ReadingDesk

    return ReadingDesk(context, whole=False)


def _reconcile(context: DeskContext) -> Desk:
    from workstation.gui.review.reconcile_desk import ReconcileDesk

    return ReconcileDesk(context)


def _results(context: DeskContext) -> Desk:
    from workstation.gui.analysis.results_desk import ResultsDesk

    return ResultsDesk(context)


def _setup(context: DeskContext) -> Desk:
    from workstation.gui.study.setup_desk import SetupDesk

    return SetupDesk(context)


DESKS: tuple[DeskEntry, ...] = (
    DeskEntry("library", "Library", "library", "Ctrl+1", "Import studies and find cases", _library),
    DeskEntry(
        "reading",
        "Reading",
        "read",
        "Ctrl+2",
        "Look at a case, make masks, score blind",
        _reading,
        shut_while_blinded=False,
        begin=_begin_reading,
    ),
    DeskEntry(
        "reconcile",
        "Reconcile",
        "reconcile",
        "Ctrl+3",
        "Settle what two readers scored differently",
        _reconcile,
    ),
    DeskEntry("results", "Results", "results", "Ctrl+4", "See how well the readers agree", _results),
    DeskEntry("setup", "Set-up", "study", "Ctrl+5", "Make a reading study from cases of the library", _setup),
)
