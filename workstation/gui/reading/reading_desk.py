"""The reading desk: images left, form right; free reading and blinded studies alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.idle import NOBODY_THERE, ON_DEMAND, put_away_windows
from workstation.gui.reading.conduct_acts import ConductActs, nothing_left
from workstation.gui.reading.door import ReaderDoor
from workstation.gui.reading.fetch_ahead import FetchAhead
from workstation.gui.reading.header import ReadingHeader
from workstation.gui.reading.keys import FormKeys
from workstation.gui.reading.opening import (
    OpenedRead,
    display_of,
    in_hanging_order,
    open_folder,
    open_freely,
    open_next,
    series_shown,
    word_before,
)
from workstation.gui.reading.read_keeper import ReadKeeper
from workstation.gui.reading.reading_screen import Page, ReadingScreen
from workstation.gui.reading.score_form import ScoreForm
from workstation.gui.reading.signing import Signing
from workstation.gui.reading.words import STATE_WORDS, free_title
from workstation.gui.viewer.captions import captions_of
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.loading import StackLoader

if TYPE_CHECKING:
    from workstation.workflow.open_read import OpenRead
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.read_case import Study
    from workstation.workflow.reader_desk import ReaderDesk


class ReadingDesk(Desk):
    """Opens a case freely, or a study for one reader.

    `take` accepts a case code or folder (free reading) or the folder of a reading study.
    """

    id: ClassVar[str] = "reading"
    title: ClassVar[str] = "Reading"

    def __init__(self, context: DeskContext, parent: QWidget | None = None, *, whole: bool = True) -> None:
        super().__init__(context, parent)
        self._resume: str | None = None  # the case to go on with after the session was locked
        self._is_entering = False  # a reader has just come, and no case was opened yet
        self._reader: ReaderDesk | None = None
        self._open: OpenStudy | None = None
        self._is_blind = False
        self._building = self._parts()
        while whole and self.build_on():
            pass

    def build_on(self) -> bool:
        """Make the next part; False once all are there."""
        return next(self._building, self) is None

    def _parts(self) -> Iterator[None]:
        context = self.context
        self._header = ReadingHeader(context.keymap, context.theme, self)
        self._header.hide()
        yield
        self._screen = ReadingScreen(context, self)
        yield from self._screen.building()
        self._grid, self._form = self._screen.grid, self._screen.form
        self._lock, self._not_readable = self._screen.lock, self._screen.not_readable
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._screen)
        yield
        idle_min = float(context.settings.get("idle_lock_min", 10))
        self._door = ReaderDoor(
            self._screen.start, self._screen.sign_in, context.messages, context.jobs, idle_min, self
        )
        self._loader = StackLoader(context.jobs, self._grid, "reading")
        self._ahead = FetchAhead(context, self._loader)
        self._keeper = ReadKeeper(self._grid, self._form, context, self)
        self._not_readable.keeper = self._keeper
        self._keys = FormKeys(self, self._on_form_key)
        self._acts = ConductActs(context, self._screen, self._header, self._keeper, lambda: self._reader)
        self._acts.reopened.connect(self.open_read)
        self._signing = Signing(context, self._screen, self._keeper, lambda: self._reader)
        self._connect()

    @property
    def grid(self) -> ViewerGrid:
        """The viewports."""
        return self._grid

    @property
    def form(self) -> ScoreForm:
        """The score form."""
        return self._form

    @property
    def read(self) -> OpenRead | None:
        """The open read of a study; None in free reading."""
        return self._keeper.read

    @property
    def readers(self) -> tuple[str, ...]:
        """Codes of the open study's readers."""
        return self._door.study.plan.readers if self._door.study is not None else ()

    @property
    def worklist_codes(self) -> tuple[str, ...]:
        """The reader's cases in the reader's own order."""
        return tuple(entry.code for entry in self._reader.worklist()) if self._reader is not None else ()

    def header_widget(self) -> QWidget | None:
        """Case, worklist and blinding, for the window's header."""
        return self._header if self._open is not None else None

    def status_widget(self) -> QWidget | None:
        """What of the own entries is not on the study's server."""
        return self._door.server.badge

    # what a person does ----------------------------------------------------------------------------

    def take(self, what: object) -> None:
        """Open a case, a folder of images, or a reading study."""
        from workstation.store.file_names import STUDY_DATABASE

        if isinstance(what, Path | str) and (Path(what) / STUDY_DATABASE).is_file():
            self.open_study(Path(what))
        elif isinstance(what, Path | str):
            self.open_free(what)

    def open_free(self, study: str | Path) -> None:
        """Show a case of the library, or a folder of DICOM files, outside any study."""
        if not self.may_leave():
            return
        self._leave_read()
        workspace = self.context.workspace if self.context.has_workspace else None
        self.context.jobs.start(
            "open-case", lambda progress: open_freely(workspace, study, progress), self._on_free_opened
        )

    def open_study(self, folder: Path) -> None:
        """Open the folder of a reading study and ask who reads; what is open stays if it cannot be."""
        workspace, jobs = self.context.workspace, self.context.jobs
        jobs.start("open-study", lambda _progress: open_folder(folder, workspace), self._on_study_opened)

    def _on_study_opened(self, opened: Study) -> None:
        self._leave_read()
        self._reader = None
        self._screen.turn_to(Page.START)
        self._door.take(opened)

    def entered(self) -> None:
        """The keyboard works at once: on the images of an open case, else on what to do next."""
        self._screen.focus_first()

    def choose_reader(self, code: str) -> None:
        """Read as one of the plan's readers, from the first case that is not locked."""
        self._door.choose(code)

    def sign_in(self, code: str, passphrase: str) -> None:
        """Read as one of a sealed study's readers."""
        self._door.sign_in(code, passphrase)

    def _on_reader(self, reader: ReaderDesk) -> None:
        self._reader = reader
        self._is_entering = True
        # What was said before belongs to another task, and what it offers would leave the read.
        self.context.messages.clear()
        self._start_opening(self._resume)
        self._resume = None

    def lock_session(self, why: str = ON_DEMAND) -> bool:
        """Put the case away until the reader signs in again; free reading stays as it is."""
        if self._reader is None or self._door.study is None:
            return False
        self._resume = self.read.case.code if self.read is not None else None
        self._put_away()
        put_away_windows(self)
        self.context.messages.clear()
        self._door.lock_session(self._reader.reader, why)
        return True

    def open_read(self, case: str) -> None:
        """Open the reader's own read of a case, where it was left."""
        if not self._signing.is_busy:
            self._start_opening(case)

    def _start_opening(self, case: str | None, after: str | None = None) -> None:
        reader = self._reader
        if reader is None:
            return
        # No key may reach the read before.
        self.context.jobs.forget("show-read")
        self._keeper.close()
        self.context.jobs.forget("open-case")
        self.context.jobs.forget("open-study")
        workspace, display = self.context.workspace, display_of(self)
        self.context.jobs.start(
            "open-read",
            lambda progress: open_next(reader, workspace, case, after, display, progress),
            self._on_read_opened,
            self._on_read_refused,
        )

    def _on_read_refused(self, error: WorkstationError) -> None:
        self.context.messages.show(error)
        self.leave()

    def _on_read_opened(self, opened: OpenedRead | None) -> None:
        is_entering, self._is_entering = self._is_entering, False
        if opened is None:
            self._nothing_to_read(look_back=is_entering)
            return
        self._set_blind(True)
        steps = (self._show_images, self._show_form, self._go_on_with)
        self.context.jobs.in_turns("show-read", *(partial(step, opened) for step in steps))

    def _show_images(self, opened: OpenedRead) -> None:
        if (reader := self._reader) is not None:
            read = opened.read
            self._ahead.expect(lambda: reader.next_images(read.case.code))
            told = read.case.name, opened.worklist, read.case.code, reader.title, reader.reader
            self._header.show_facts(read.case.facts)
            self._header.show_read(*told, sealed=reader.is_sealed, locked=read.is_locked)
        self._screen.show_side(form=True)
        self._show(opened.images, opened.read)
        self._keeper.show_view(opened.read.view_state)

    def _show_form(self, opened: OpenedRead) -> None:
        self._keeper.read = opened.read  # only now: the form of the case before hears no key for this one
        self._keeper.show(opened.images.visits)
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_on_with(self, opened: OpenedRead) -> None:
        self._acts.entered()
        if opened.read.missing:
            self._not_readable.ask()

    def turn_pause(self) -> None:
        """Cover the case, or go on with it; both are kept in the journal, so that the time can be told."""
        is_paused = self._screen.page is Page.PAUSED
        if self.read is None or self.read.is_locked:
            self._header.show_paused(False)
            return
        self._keeper.pause(not is_paused)
        self._screen.cover(not is_paused)
        self._header.show_paused(not is_paused)
        self._screen.turn_to(Page.READ if is_paused else Page.PAUSED)
        self.entered()

    def may_leave(self) -> bool:
        """A read may be left at any moment: everything is kept."""
        self._keeper.flush()
        return True

    def leave(self) -> None:
        """Close the case; in a sealed study the reader is signed out."""
        self._put_away()
        self._door.leave()
        self._door.show("")

    def _put_away(self) -> None:
        self._screen.forget_hand()
        self._leave_read()  # keeps the view, with the windows that are open now
        self._screen.side_window.bring_back()
        self._ahead.expect(None)
        self._loader.forget()
        self._open = None
        self._grid.show_series(())
        self._screen.turn_to(Page.START)
        self.titled.emit("")

    def shut_down(self) -> None:
        """Keep the viewing state and close the study."""
        self._keeper.flush()
        self._door.close()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End of a held key (peek) while the form has the focus."""
        if not self._grid.handle_key_release(event):
            super().keyReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters and arrows act on the active viewport wherever the focus is."""
        if self._screen.page is not Page.READ or not self._grid.handle_key(event):
            super().keyPressEvent(event)

    # building ----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.context.appearance.changed.connect(self._screen.set_theme)
        self._screen.paused.go_on.connect(self.turn_pause)
        start = self._screen.start
        start.study_wanted.connect(self._on_study_wanted)
        start.library_wanted.connect(lambda: self.asked_for.emit("library", None))
        start.reader_chosen.connect(self.choose_reader)
        start.travel_wanted.connect(lambda what: self.asked_for.emit("setup", (what, self._door.folder)))
        start.office_wanted.connect(lambda: self.asked_for.emit("setup", ("look after", self._door.folder)))
        self._door.opened.connect(self._on_reader)
        self._door.asking.connect(lambda asks: self._screen.turn_to(Page.SIGN_IN if asks else Page.START))
        self._door.idle.connect(lambda: self.lock_session(NOBODY_THERE))
        self._header.case_chosen.connect(self.open_read)
        self._header.pause_wanted.connect(self.turn_pause)
        self._header.leave_wanted.connect(self.leave)
        self._header.not_readable_wanted.connect(self._not_readable.ask)
        self._not_readable.closed.connect(self._grid.setFocus)
        self._form.lock_wanted.connect(self._signing.ask)
        self._signing.signed.connect(self._on_signed)
        self._lock.closed.connect(self._close_lock)
        self._screen.drawing.undo_wanted.connect(self._keeper.undo)
        self._screen.drawing.redo_wanted.connect(self._keeper.redo)
        self._keeper.changed.connect(self._on_changed)
        for action, run in (
            ("detach_form", self._screen.side_window.turn),
            ("lock", self._signing.ask),
            ("pause", self.turn_pause),
            ("undo", self._keeper.undo),
            ("redo", self._keeper.redo),
            ("case_back", lambda: self._header.step(-1)),
            ("case_on", lambda: self._header.step(1)),
        ):
            self.context.keymap.bind(action, self, run)

    def _on_free_opened(self, opened: OpenStudy) -> None:
        self._ahead.expect(None)
        self._screen.show_side(form=False)
        self._header.show_free(free_title(opened))
        self._show(opened)
        masks = partial(self._screen.masks.open, opened)
        if opened.imported:
            where = self.context.workspace.library.folder, opened.code
            self._keeper.show_free(*where)
            self.context.jobs.in_turns("show-read", partial(self._keeper.show_drawn, *where), masks)
        else:
            self._keeper.show_folder(opened.series)
            masks()
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, opened: OpenStudy, read: OpenRead | None = None) -> None:
        self._open = opened
        self._screen.cover(False)
        self._close_lock()
        series, visits, layout = series_shown(read, opened)
        captions = captions_of(series, visits, word_before(read))
        self._loader.forget()
        self._grid.show_series(series, layout, captions, opened.joint, visits)
        self._screen.strip.show_series(series, captions)
        self._loader.open(in_hanging_order(series, self._grid.layout_shown))
        self._screen.turn_to(Page.READ)
        self.titled.emit("")

    def _on_form_key(self, event: QKeyEvent) -> bool:
        if self.read is None or self._screen.page is not Page.READ:
            return False
        return (self._acts.refuse_digit if self._screen.is_asking else self._form.handle_key)(event)

    def _on_changed(self) -> None:
        if self.read is not None:
            self._header.show_state(STATE_WORDS[self.read.state])

    def _on_signed(self, code: str, told: str) -> None:
        if self._reader is not None:
            # With something to press it stays until the code is written down.
            self.context.messages.inform(told, "Written down", lambda: None)
            self._start_opening(None, after=code)

    def _nothing_to_read(self, *, look_back: bool) -> None:
        if (reader := self._reader) is None:
            return
        if look_back and reader.still_to_come() is None and self.worklist_codes:
            # Who comes back after the last signature wants to look, and can change nothing.
            self.context.messages.inform(f"All cases of {reader.reader} are locked; they can be looked at.")
            self._start_opening(self.worklist_codes[0])
            return
        said = nothing_left(reader)
        self.leave()
        self._door.show(said)

    def _close_lock(self) -> None:
        self._screen.put_questions_away()
        if self._screen.side_window.is_out:
            self.activateWindow()  # the question stood in the other window
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_read(self) -> None:
        for slot in ("open-read", "show-read"):
            self.context.jobs.forget(slot)
        self._signing.forget()
        self._keeper.flush()
        self._screen.masks.close_case()
        self._keeper.close()
        self._form.clear()
        self._set_blind(False)
        self._close_lock()

    def _set_blind(self, blind: bool) -> None:
        if blind != self._is_blind:
            self._is_blind = blind
            self.blinded.emit(blind)

    def _on_study_wanted(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Folder of the reading study"):
            self.open_study(Path(folder))
