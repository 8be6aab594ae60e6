"""What a plan lets a reader do beside scoring: urgent findings, masks, signing several reads at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.reading.header import ReadingHeader
from workstation.gui.reading.read_keeper import ReadKeeper
from workstation.gui.reading.reading_screen import Page, ReadingScreen
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.masks.mask import Mask
    from workstation.workflow.open_read import OpenRead
    from workstation.workflow.reader_desk import ReaderDesk


class ConductActs(QObject):
    """Carries them out on the open read. ``reopened(case)`` when a new version of a locked read was begun."""

    reopened = Signal(str)

    def __init__(
        self,
        context: DeskContext,
        screen: ReadingScreen,
        header: ReadingHeader,
        keeper: ReadKeeper,
        reader: Callable[[], ReaderDesk | None],
    ) -> None:
        super().__init__(screen)
        self._context, self._screen, self._header, self._keeper = context, screen, header, keeper
        self._reader_of = reader
        self._urgent_number = 0  # of the finding that was sent last
        header.urgent_wanted.connect(self.ask_urgent)
        header.masks_wanted.connect(self.ask_masks)
        header.amend_wanted.connect(self.ask_amend)
        screen.amend.given.connect(self._on_amend)
        screen.amend.closed.connect(screen.grid.setFocus)
        screen.urgent.sent.connect(self._on_urgent)
        screen.urgent.save_wanted.connect(self._save_urgent)
        screen.urgent.closed.connect(screen.grid.setFocus)
        screen.lock.several_wanted.connect(self.ask_several)
        screen.sign_several.closed.connect(self._back)
        keeper.changed.connect(self._offer)
        desk = screen.parentWidget() or screen
        for action, run in (
            ("urgent", self.ask_urgent),
            ("show_masks", self.ask_masks),
            ("sign_several", self.ask_several),
        ):
            context.keymap.bind(action, desk, run)

    def entered(self) -> None:
        """A read was opened: offer what its plan allows, and show masks where the plan always does."""
        read = self._keeper.read
        self._offer()
        if read is not None and (read.masks_shown or (read.waits_for_masks and read.masks_at_once)):
            self.show_masks()

    def ask_urgent(self) -> None:
        """Ask for an urgent finding in the open case."""
        read, reader = self._keeper.read, self._reader_of()
        if read is None or reader is None or self._screen.page is not Page.READ or self._screen.is_asking:
            return
        if not reader.safety_contact:
            self._context.messages.attention(
                "This study names no safety contact: tell the coordinator by telephone."
            )
            return
        self._screen.urgent.ask(read.case.code, reader.safety_contact)

    def ask_amend(self) -> None:
        """Ask why the locked read on screen is to be opened again."""
        read = self._keeper.read
        if read is not None and read.is_locked and self._screen.page is Page.READ:
            self._screen.put_questions_away()
            self._screen.amend.ask(read.case.code)

    def refuse_digit(self, event: QKeyEvent) -> bool:
        """While something is asked under the form a digit over the images scores nothing, and says so."""
        if not event.text().isdigit():
            return False
        self._context.messages.attention(
            "Not scored: first answer the question under the form, or Esc there."
        )
        return True

    def ask_masks(self) -> None:
        """Show masks where the plan lets the reader have them now, else say why not."""
        read = self._keeper.read
        if read is None or self._screen.page is not Page.READ or self._screen.is_asking:
            return
        if read.is_locked and not read.masks_shown:
            self._context.messages.attention("Masks were not shown in this read, and it is locked.")
        else:
            self.show_masks()

    def show_masks(self) -> None:
        """Put the library's masks of the case on screen, where the plan lets a reader see them."""
        read = self._keeper.read
        if read is None or self._screen.page is not Page.READ:
            return
        try:
            if not read.is_locked:
                read.show_masks()
        except WorkstationError as error:
            self._context.messages.show(error)
            return
        self._offer()
        library, code = self._context.workspace.library.folder, read.images_of

        def work(_progress: Progress) -> tuple[tuple[str, Mask], ...]:
            from workstation.store.mask_files import kept_masks

            return kept_masks(library, code)

        self._context.jobs.start("shown-masks", work, lambda masks: self._lay(read, masks))

    def ask_several(self) -> None:
        """List the complete reads that wait for a signature."""
        reader = self._reader_of()
        if reader is None or self._keeper.read is None or self._screen.page is not Page.READ:
            return
        self._screen.put_questions_away()
        self._screen.side_window.bring_back()
        self._screen.turn_to(Page.SIGN_SEVERAL)
        self._keeper.flush()  # what is listed is signed only if nothing changes any more, the view neither
        drafts = reader.drafts()
        if not drafts:
            self._context.messages.attention("No read is complete and unsigned.")
            self._back()
            return
        self._screen.sign_several.ask(drafts, reader.reader, sealed=reader.is_sealed)
        self._screen.sign_several.setFocus()

    def _offer(self) -> None:
        read, reader = self._keeper.read, self._reader_of()
        contact = reader.safety_contact if reader is not None and read is not None else ""
        self._header.offer(urgent=bool(contact), masks=read is not None and read.waits_for_masks)

    def _lay(self, read: OpenRead, masks: tuple[tuple[str, Mask], ...]) -> None:
        if self._keeper.read is not read:
            return
        shown = {mask.series_key: mask for name, mask in masks if name != "regions"}
        for key, mask in shown.items():
            self._screen.grid.set_overlay(key, mask)
        if not shown:
            self._context.messages.inform("The library has no mask of this case.")

    def _on_amend(self, reason: str) -> None:
        read, reader = self._keeper.read, self._reader_of()
        if read is None or reader is None:
            return
        try:
            reader.amend(read.case.code, reason)
        except WorkstationError as error:
            self._context.messages.show(error)
            return
        self._screen.amend.put_away()
        self.reopened.emit(read.case.code)

    def _on_urgent(self, words: str) -> None:
        read, reader = self._keeper.read, self._reader_of()
        if read is None or reader is None:
            return
        try:
            self._urgent_number = reader.send_urgent(read, words, self._keeper.evidence())
        except WorkstationError as error:
            self._context.messages.show(error)
            return
        if reader.is_own_machine:
            self._screen.urgent.offer_file()
            return
        self._screen.urgent.put_away()
        self._context.messages.inform(
            f"Sent to {reader.safety_contact}, who alone can read it. Telephone as well."
        )

    def _save_urgent(self) -> None:
        """The message that was just sent, sealed, as a file for the safety contact."""
        reader = self._reader_of()
        name = "urgent.marrow-urgent"  # whoever finds it learns neither case nor reader
        chosen, _ = QFileDialog.getSaveFileName(
            self._screen, "Save the sealed message", name, "Urgent finding (*.marrow-urgent)"
        )
        if not chosen or reader is None:
            return
        try:
            saved = reader.save_urgent(self._urgent_number, Path(chosen))
        except WorkstationError as error:
            self._context.messages.show(error)
            return
        self._screen.urgent.put_away()
        self._context.messages.inform(
            f"{saved.name} is for {reader.safety_contact}, who alone can open it. Telephone as well."
        )

    def _back(self) -> None:
        self._screen.turn_to(Page.READ)
        self._screen.grid.setFocus()


def after_lock(reader: ReaderDesk, what: str) -> str:
    """What a reader is told once something was locked; at the end of a calibration also how it went."""
    are = "are" if what.endswith("reads") else "is"
    state = reader.calibration
    ended = state is not None and state.outcomes and (what.startswith("CAL-") or are == "are")
    # In the middle of an attempt nothing new is known.
    fresh = ended and not any(entry.state.is_shut for entry in reader.worklist())
    told = f" {state.sentence}" if state is not None and fresh else ""
    return f"{what} {are} locked. Code to write down: {reader.head_code}.{told}"


def nothing_left(reader: ReaderDesk) -> str:
    """What a reader is told who has nothing to read now."""
    state, later = reader.calibration, reader.still_to_come()
    if state is not None and not state.is_passed:
        return state.sentence
    if later is not None:
        return f"Every case that is due is locked. {later.sentence}"
    if reader.is_own_machine:
        return f"All cases of {reader.reader} are locked. Now send them back: Set-up, Two machines."
    return f"All cases of {reader.reader} are locked. Thank you."
