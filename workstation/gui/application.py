"""The Qt application: look, fonts, excepthook; opens the window fast and the library behind it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTimer, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QStyleFactory

from workstation import __version__, settings
from workstation.errors import ResourceError
from workstation.gui import collector, icons, plain_imports
from workstation.gui.commands import make_keymap
from workstation.gui.crash import CrashGuard
from workstation.gui.desk import DeskContext, DeskEntry
from workstation.gui.desks import DESKS
from workstation.gui.jobs import Jobs
from workstation.gui.main_window import LIBRARY, READING, MainWindow, OpenWorkspace
from workstation.gui.messages import Messages
from workstation.gui.theme import Appearance, Theme, interface_font
from workstation.resources import resource_path
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.workspace import Workspace


_WARM = (
    "workstation.imaging.load",
    "workstation.workflow.open_study",
    "workstation.gui.reading.reading_desk",
    "workstation.workflow.segment",
    "workstation.workflow.bundles",
    "workstation.gui.review.reconcile_desk",
    "workstation.gui.analysis.results_desk",
    "workstation.gui.study.setup_desk",
    "workstation.gui.key_editor",
    "workstation.gui.cheat_sheet",
    "workstation.workflow.read_case",
    "workstation.workflow.free_masks",
)

_ICONS_A_TURN = 8

CORES_FOR_SHARED_DRAWING = 4
"""With fewer, Qt draws a scaled picture sooner in one thread: waking others takes longer than they save."""

_M_ARENA_MAX = -8
"""Of ``malloc.h``."""

LIBRARY_AFTER_MS = 3000
"""After so long the library is opened even if no picture of a folder has come."""

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while the window waits for it; Python's own 5 ms, several times
over while a case is read, would be seen as stutter."""


def make_application(arguments: Sequence[str] = ()) -> QApplication:
    """The one QApplication, dressed; an application that exists already is dressed again."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        application = present
    else:
        _share_memory_among_threads()
        if (os.cpu_count() or 1) < CORES_FOR_SHARED_DRAWING:
            os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        application = QApplication([sys.argv[0], *arguments])
    plain_imports.restore()  # whichever was imported first
    sys.setswitchinterval(SWITCH_S)
    application.setApplicationName("marrow")
    application.setApplicationDisplayName("")
    application.setApplicationVersion(__version__)
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setFont(interface_font())
    _translate(application)
    return application


def _share_memory_among_threads() -> None:
    """Let the threads of glibc allocate from two pools instead of eight per core: 25 MiB less at the peak."""
    if sys.platform == "linux":
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:  # other C libraries have no such pools
            mallopt(_M_ARENA_MAX, 2)


def make_context(chosen: dict[str, object] | None = None, *, synchronous: bool | None = None) -> DeskContext:
    """Jobs, messages and theme for one window; `chosen` are the settings, loaded when None."""
    values = dict(settings.load() if chosen is None else chosen)
    messages = Messages()
    guard = CrashGuard(messages.refused)
    guard.install()
    appearance = Appearance(str(values.get("theme", "dark")))  # the window dresses in it when it is built
    jobs = Jobs(messages.show, guard.report, synchronous)
    return DeskContext(jobs, messages, appearance, values, make_keymap(values))


def make_window(
    workspace: Workspace | None = None,
    desks: Sequence[DeskEntry] = DESKS,
    open_workspace: OpenWorkspace | None = None,
    *,
    synchronous: bool | None = None,
) -> MainWindow:
    """A window, not yet shown, on an open workspace or on one that `open_workspace` will open."""
    context = make_context(synchronous=synchronous)
    if workspace is not None:
        context.set_workspace(workspace)
    return MainWindow(context, desks, open_workspace)


def open_window(library: Path | None, study: str | None) -> int:
    """Show the workstation until it is closed.

    Parameters
    ----------
    library : Path or None
        Folder of the library; None takes the default one.
    study : str or None
        Case code, UID or folder to open on the reading desk.

    Returns
    -------
    int
        Exit code of the event loop.

    Raises
    ------
    ResourceError
        If there is no display.
    """
    require_display()
    application = make_application()

    def open_workspace(_progress: Progress) -> Workspace:
        # Imported here: SQLAlchemy costs more than the whole window.
        from workstation.workflow.workspace import open_workspace

        return open_workspace(library)

    with collector.resting():
        if study is not None and _is_path(study):
            window = _open_folder(study, open_workspace)
        else:
            window = _open_library(study, open_workspace)
    code = application.exec()
    del window  # it lives until here
    return code


def _is_path(study: str) -> bool:
    """True for what can only be a folder: a bare name may be the code of a case."""
    path = Path(study)
    return (path.is_absolute() or len(path.parts) > 1) and path.is_dir()


def _open_library(study: str | None, open_workspace: OpenWorkspace) -> MainWindow:
    """Show the list of cases, and a case of it if one was named."""
    window = make_window(open_workspace=open_workspace)
    window.library_opened.connect(lambda: _warm_up_when_listed(window))
    _show(window)
    if study is not None:
        window.open_study(study)
    return window


def _open_folder(folder: str, open_workspace: OpenWorkspace) -> MainWindow:
    """Show the pictures of a folder first; the library, which they do not need, is opened after them."""
    window = MainWindow(make_context(), DESKS, first=READING)
    _show(window)
    window.show_desk(READING, folder)
    desk = window.built(READING)
    from workstation.gui.viewer.loading import StackLoader

    loader = desk.findChild(StackLoader) if desk is not None else None
    after = QTimer(window, singleShot=True, interval=LIBRARY_AFTER_MS)
    after.timeout.connect(lambda: window.open_library(open_workspace))
    after.start()
    if loader is not None:
        # All pictures are there: now, unless a folder that shows nothing has waited long enough.
        once = Qt.ConnectionType.SingleShotConnection
        loader.settled.connect(lambda: after.start(0) if after.isActive() else None, once)
    return window


def _warm_up_when_listed(window: MainWindow) -> None:
    """Wait for the first list: imports hold the interpreter, and a person wants to see the cases first."""
    from workstation.gui.library.library_desk import LibraryDesk

    desk = window.built(LIBRARY)
    if isinstance(desk, LibraryDesk):
        once = Qt.ConnectionType.SingleShotConnection
        desk.listed.connect(lambda: warm_up(window), once)


def paint_without_display() -> None:
    """Let Qt draw pictures in memory where there is no display to open a window on.

    Must be called before the application is made.
    """
    if not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def has_display() -> bool:
    """True where a window could be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "xcb") not in ("xcb", "wayland"):
        return False
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def require_display() -> None:
    """Refuse to open a window where there is no display; Qt itself would end the process.

    Raises
    ------
    ResourceError
    """
    if os.environ.get("QT_QPA_PLATFORM", "xcb") in ("xcb", "wayland") and not has_display():
        raise ResourceError(
            "The window was not opened",
            "there is no display",
            "Log in with a desktop, or use a command: marrow --help",
        )


def warm_up(window: MainWindow) -> None:
    """Get ready for the first study while nobody waits.

    What it needs is imported off the GUI thread (pydicom alone takes a second), then its desk is built.
    """

    def load(_progress: Progress) -> None:
        from workstation.imaging.dicom_pixels import load_decoders

        load_decoders()
        for name in _WARM:
            importlib.import_module(name)
        from workstation.imaging.hanging_own import offered_protocols
        from workstation.masks.recipe import recipes
        from workstation.scoring.instrument import instruments

        offered_protocols()
        recipes()
        instruments()

    def build(_nothing: object) -> None:
        theme, names = window.context.theme, icons.icon_names()
        parts = [names[start : start + _ICONS_A_TURN] for start in range(0, len(names), _ICONS_A_TURN)]
        drawn = [partial(_draw, part, theme) for part in parts]
        window.context.jobs.in_turns("warm-up", *drawn, lambda: window.prepare(READING))

    window.context.jobs.start("warm-up", load, build)


def _draw(names: Sequence[str], theme: Theme) -> None:
    for name in names:
        icons.icon(name, theme)


def _show(window: MainWindow) -> None:
    window.resize(1440, 900)
    window.showMaximized() if _is_small_screen() else window.show()


def _is_small_screen() -> bool:
    screen = QGuiApplication.primaryScreen()
    return screen is not None and screen.availableGeometry().width() < 1500


def _translate(application: QApplication) -> None:
    """Load Qt's own words and ours in the language of the system, where there is a translation."""
    locale = QLocale.system()
    for name, folder in (
        ("qtbase", Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))),
        ("marrow", _translations()),
    ):
        translator = QTranslator(application)
        if folder is not None and translator.load(locale, name, "_", str(folder)):
            application.installTranslator(translator)


def _translations() -> Path | None:
    try:
        return resource_path("translations")
    except ResourceError:
        return None  # none shipped yet
