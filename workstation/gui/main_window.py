"""The frame of the program: header, the desk in front, help, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from workstation import INTENDED_USE, settings
from workstation.errors import WorkstationError
from workstation.gui import icons
from workstation.gui.desk import Desk, DeskContext, DeskEntry
from workstation.gui.desks import DESKS
from workstation.gui.header import SHUT, Header
from workstation.gui.idle import put_away_windows
from workstation.gui.intended_use import IntendedUseNotice
from workstation.gui.messages import MessageBar
from workstation.gui.theme import Theme
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.gui.cheat_sheet import CheatSheet
    from workstation.gui.help_panel import HelpPanel
    from workstation.workflow.workspace import Workspace

TITLE = "Marrow Reading Workstation"
LIBRARY, READING, SETUP = "library", "reading", "setup"
TRAVELLING = (".marrow-package", ".marrow-return", ".marrow-card", ".marrow-urgent")
"""Files that go between machines; dropped anywhere, they are taken in."""
OpenWorkspace = Callable[[Progress], "Workspace"]


class MainWindow(QMainWindow):
    """One window; desks are its pages and are built when first shown.

    Parameters
    ----------
    context : DeskContext
        What every desk is given. If it has no workspace yet, `open_workspace` is run as a job.
    desks : sequence of DeskEntry
        The desks in the order of the header; the first one is shown.
    open_workspace : callable or None
        Opens the library; runs off the GUI thread.
    first : str
        Desk in front at the start; the first of `desks` if empty.
    """

    desk_shown = Signal(str)
    library_opened = Signal()

    def __init__(
        self,
        context: DeskContext,
        desks: Sequence[DeskEntry] = DESKS,
        open_workspace: OpenWorkspace | None = None,
        first: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle(TITLE)
        self.setMinimumSize(1024, 640)
        self.setAcceptDrops(True)
        self.context = context
        self._entries = {entry.id: entry for entry in desks}
        self._built: dict[str, Desk] = {}
        self._begun: dict[str, Desk] = {}  # of which parts are missing
        self._titles: dict[str, str] = {}
        self._blinded = False
        self._waiting: tuple[str, object] | None = None
        self._keys: CheatSheet | None = None
        self._header = Header(desks, context.appearance, context.keymap)
        self._header.desk_wanted.connect(self._on_desk_wanted)
        self._header.lock_wanted.connect(self.lock_session)
        self._header.theme_wanted.connect(self.toggle_theme)
        self._header.help_wanted.connect(self.toggle_help)
        seen = context.settings.get("intended_use_seen")
        self._notice = None if seen else IntendedUseNotice(context.theme, self._on_notice_seen)
        self._pages = QStackedWidget()
        self._pages.setObjectName("desks")
        self._help: HelpPanel | None = None
        self._bar = MessageBar(context.messages, context.appearance, INTENDED_USE)
        self._lay_out()
        self._bind_keys(desks)
        context.appearance.changed.connect(self._on_theme)
        if desks:
            self.show_desk(first or desks[0].id)
        # Last: under a style sheet widgets are styled anew whenever a part that holds them is put in place.
        context.appearance.dress()
        if not context.has_workspace and open_workspace is not None:
            self.open_library(open_workspace)

    # properties -------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk | None:
        """The desk in front."""
        page = self._pages.currentWidget()
        return page if isinstance(page, Desk) else None

    @property
    def is_blinded(self) -> bool:
        """True while a blinded read is open."""
        return self._blinded

    @property
    def header(self) -> Header:
        """The strip at the top."""
        return self._header

    def built(self, desk_id: str) -> Desk | None:
        """A desk if it has been shown before."""
        return self._built.get(desk_id)

    # what a person does -----------------------------------------------------------------------

    def show_desk(self, desk_id: str, what: object = None) -> Desk | None:
        """Bring a desk to the front and hand it something to open.

        Returns
        -------
        Desk or None
            None if the desk is shut, unknown or could not be built; the person has been told.
        """
        entry = self._entries.get(desk_id)
        if entry is None:
            self.context.messages.attention(f"There is no {desk_id} desk in this version.")
            return None
        if self._blinded and entry.shut_while_blinded:
            self.context.messages.attention(f"{entry.title}: {SHUT[0].lower()}{SHUT[1:]}.")
            return None
        present = self.desk
        if present is not None and present.id != desk_id and not present.may_leave():
            self._show_title(present)
            return None
        try:
            desk = self._built.get(desk_id) or self._build(entry)
            self._pages.setCurrentWidget(desk)
            self._show_title(desk)
            desk.entered()
            if what is not None:
                desk.take(what)
        except WorkstationError as error:
            self.context.messages.show(error)
            return None
        if self._help is not None and not self._help.isHidden():
            self._help.show_page(desk_id)
        self.desk_shown.emit(desk_id)
        return desk

    def open_library(self, open_workspace: OpenWorkspace) -> None:
        """Open the library behind the window."""
        self.context.jobs.start("open-library", open_workspace, self._on_workspace, self._on_refused_library)

    def open_study(self, study: str) -> None:
        """Open a case code or a folder on the reading desk, now or when the library is open."""
        if self.context.has_workspace:
            self.show_desk(READING, study)
        else:
            self._waiting = (READING, study)

    def set_blinded(self, blinded: bool) -> None:
        """Shut every desk that could show more than the case being read, or open them again."""
        self._blinded = blinded
        shut = {entry.id for entry in self._entries.values() if blinded and entry.shut_while_blinded}
        self._header.set_shut(shut)

    def lock_session(self) -> None:
        """Hide every case and forget every key, on all desks, and close what stands beside the window."""
        locked = [desk.lock_session() for desk in self._built.values()]
        if any(locked):
            put_away_windows(self)
        else:
            self.context.messages.inform("Nobody is signed in here, so there is nothing to hide.")

    def toggle_theme(self) -> None:
        """Dark or light, kept for the next start."""
        self.keep_setting("theme", self.context.appearance.toggle())

    def toggle_help(self) -> None:
        """Show or hide the page about the desk in front."""
        panel = self._help or self._make_help()
        if panel.isHidden():
            panel.show_page(self.desk.id if self.desk else "about")
        self._place_help()
        panel.setVisible(panel.isHidden())
        if not panel.isHidden():
            panel.setFocus()

    def show_keys(self) -> None:
        """Show every key and what the mouse does on one page, or close it."""
        from workstation.gui.cheat_sheet import CheatSheet

        if self._keys is not None and self._keys.isVisible():
            self._keys.close()
            return
        if self._keys is None:
            self._keys = CheatSheet(self.context.keymap, self)
            self._keys.edit_wanted.connect(self.edit_keys)
        self._keys.show()
        self._keys.raise_()

    def edit_keys(self) -> None:
        """Let the person change keys."""
        from workstation.gui.key_editor import KeyEditor

        editor = KeyEditor(self.context.keymap, str(self.context.settings.get("key_profile")), self)
        editor.kept.connect(self._on_keys_kept)
        editor.open()

    def _on_keys_kept(self, profile: str, keys: dict[str, str]) -> None:
        self.keep_setting("key_profile", profile)
        self.keep_setting("keys", keys)

    def keep_setting(self, name: str, value: Any) -> None:
        """Change one setting and save it; a disk that refuses is said."""
        self.context.settings[name] = value
        try:
            settings.save(self.context.settings)
        except WorkstationError as error:
            self.context.messages.show(error)

    # events -----------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders anywhere on the window, except during a blinded read."""
        if _dropped(event) and LIBRARY in self._entries and not self._blinded:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import what was dropped."""
        paths = _dropped(event)
        event.acceptProposedAction()
        # Answer the other program first: an import must not keep its drag hanging.
        present = self.desk
        target = present.id if present is not None and present.takes_drop(paths) else LIBRARY
        if all(path.suffix in TRAVELLING for path in paths):
            target = SETUP
        QTimer.singleShot(0, self, lambda: self.show_desk(target, paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what must be kept, stop all work, close the library."""
        if self.desk is not None and not self.desk.may_leave():
            event.ignore()
            return
        for desk in self._built.values():
            desk.shut_down()
        self.context.jobs.close()
        if self.context.has_workspace:
            self.context.workspace.library.close()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the help at the right edge."""
        super().resizeEvent(event)
        self._place_help()

    # private ----------------------------------------------------------------------------------

    def prepare(self, desk_id: str) -> None:
        """Build a desk before it is asked for, where it can be, a part in each turn of the event loop."""
        entry = self._entries.get(desk_id)
        if entry is not None and desk_id not in self._built and desk_id not in self._begun:
            if entry.begin is not None:
                self._begun[desk_id] = entry.begin(self.context)
            self._prepare_on(entry)

    def _prepare_on(self, entry: DeskEntry) -> None:
        begun = self._begun.get(entry.id)
        if begun is not None and begun.build_on():
            self.context.jobs.in_turns("prepare", partial(self._prepare_on, entry))
        elif entry.id not in self._built:
            self._build(entry)

    def _build(self, entry: DeskEntry) -> Desk:
        desk = self._begun.pop(entry.id, None) or entry.build(self.context)
        while desk.build_on():
            pass  # asked for before it was whole
        self._built[entry.id] = desk
        desk.asked_for.connect(self.show_desk)
        desk.blinded.connect(self.set_blinded)
        desk.titled.connect(lambda text, of=entry.id: self._on_titled(of, text))
        self._pages.addWidget(desk)
        return desk

    def _on_titled(self, desk_id: str, text: str) -> None:
        self._titles[desk_id] = text
        if self.desk is not None and self.desk.id == desk_id:
            self._show_title(self.desk)

    def _make_help(self) -> HelpPanel:
        from workstation.gui.help_panel import HelpPanel

        self._help = HelpPanel(self.context.appearance, self.context.keymap, self)
        self._help.closed.connect(self.toggle_help)
        self._help.hide()
        return self._help

    def _place_help(self) -> None:
        if self._help is None:
            return
        # Over the right edge of the desk, where a desk has its panel and never an image: opening help
        # must not move or rescale a picture.
        pages = self._pages
        corner = pages.mapTo(self, pages.rect().topRight())
        self._help.setGeometry(
            corner.x() - self._help.width() + 1, corner.y(), self._help.width(), pages.height()
        )

    def _show_title(self, desk: Desk) -> None:
        title = self._titles.get(desk.id, "")
        self._header.show_desk(desk.id, title, desk.header_widget())
        self._bar.show_aside(desk.status_widget())
        self.setWindowTitle(f"{title} · {TITLE}" if title else TITLE)

    def _on_desk_wanted(self, desk_id: str) -> None:
        self.show_desk(desk_id)

    def _on_workspace(self, workspace: Workspace) -> None:
        self.context.set_workspace(workspace)
        self.library_opened.emit()
        for desk in self._built.values():
            desk.workspace_opened()
        if self._waiting is not None:
            (desk_id, what), self._waiting = self._waiting, None
            self.show_desk(desk_id, what)

    def _on_refused_library(self, error: WorkstationError) -> None:
        self.context.messages.show(error)
        for desk in self._built.values():
            desk.workspace_refused(error)
        waiting, self._waiting = self._waiting, None
        if waiting is not None and Path(str(waiting[1])).exists():
            self.show_desk(*waiting)  # a folder of images needs no library

    def _on_theme(self, theme: Theme) -> None:
        icons.redress(self, theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        if self._notice is not None:
            layout.addWidget(self._notice)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._bar)
        body = QWidget()
        body.setObjectName("body")
        body.setLayout(layout)
        self.setCentralWidget(body)

    def _bind_keys(self, desks: Sequence[DeskEntry]) -> None:
        keymap = self.context.keymap
        for entry in desks:
            run = partial(self.show_desk, entry.id)
            if keymap.has(f"desk_{entry.id}"):
                keymap.bind(f"desk_{entry.id}", self, run, everywhere=True)
            else:
                QShortcut(QKeySequence(entry.key), self).activated.connect(run)
        keymap.bind("cheat_sheet", self, self.show_keys, everywhere=True)
        keymap.bind("lock_session", self, self.lock_session, everywhere=True)
        keymap.bind("help", self, self.toggle_help, everywhere=True)
        keymap.bind("theme", self, self.toggle_theme, everywhere=True)

    def _on_notice_seen(self) -> None:
        if self._notice is not None:
            self._notice.hide()
        self.keep_setting("intended_use_seen", True)


def _dropped(event: QDropEvent) -> tuple[Path, ...]:
    urls = event.mimeData().urls()
    return tuple(Path(url.toLocalFile()) for url in urls if url.isLocalFile())
