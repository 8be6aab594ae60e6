"""A picture of each desk on a finished study, for the demo and the README."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication

from workstation import settings
from workstation.errors import StoreError
from workstation.gui.application import make_application, make_context, paint_without_display
from workstation.gui.desks import DESKS
from workstation.gui.main_window import MainWindow
from workstation.workflow.workspace import open_workspace

SIZE = QSize(1440, 900)
SETTLE_S = 0.5
"""Thumbnails are asked for one after another when the event loop is idle."""


def screenshots(
    study_folder: Path,
    library: Path,
    out: Path,
    *,
    theme: str = "dark",
    passphrases: Mapping[str, str] | None = None,
) -> list[Path]:
    """Show every desk off screen and save it.

    Parameters
    ----------
    study_folder : Path
        A reading study whose reads are all locked.
    library : Path
        The library with its images.

    passphrases : mapping, optional
        Of a sealed study, by account name: a reader first, and one of those who open the reads last.

    Returns
    -------
    list of Path
        ``<desk>.png``, 1440 × 900.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    paint_without_display()
    application = make_application()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("The pictures were not saved", str(error.strerror or error)) from error
    # Jobs run in place, so that every picture is complete when it is taken.
    context = make_context({**settings.load(), "theme": theme, "intended_use_seen": True}, synchronous=True)
    context.set_workspace(open_workspace(library, create=False))
    window = MainWindow(context, DESKS)
    # Where there is a display nobody wants to see windows come and go.
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(SIZE)
    window.show()
    saved = []
    for entry in DESKS:
        _open(window, entry.id, study_folder, passphrases or {})
        saved.append(_save(application, window, out / f"{entry.id}.png"))
        _leave(window, entry.id)
    window.close()
    return saved


def _open(window: MainWindow, desk: str, study_folder: Path, passphrases: Mapping[str, str]) -> None:
    what = study_folder if desk in ("reading", "reconcile", "results") else None
    shown = window.show_desk(desk, what)
    if desk == "reading" and shown is not None:
        from workstation.gui.reading.reading_desk import ReadingDesk

        assert isinstance(shown, ReadingDesk)
        reader = shown.readers[0]
        shown.choose_reader(reader)
        if reader in passphrases:
            shown.sign_in(reader, passphrases[reader])
        # Everything is locked in a finished study: the first case stands there as its reader left it.
        shown.context.messages.clear()
    elif desk in ("reconcile", "results") and passphrases:
        from workstation.gui.analysis.results_desk import ResultsDesk
        from workstation.gui.review.reconcile_desk import ReconcileDesk

        assert isinstance(shown, ReconcileDesk | ResultsDesk)
        shown.sign_in(*list(passphrases.items())[-1])


def _leave(window: MainWindow, desk: str) -> None:
    if desk == "reading":
        from workstation.gui.reading.reading_desk import ReadingDesk

        shown = window.built(desk)
        if isinstance(shown, ReadingDesk):
            shown.leave()


def _save(application: QApplication, window: MainWindow, path: Path) -> Path:
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        application.processEvents()
    if not window.grab().save(str(path)):
        raise StoreError("A picture was not saved", f"{path.name} could not be written", "Check the disk")
    return path
