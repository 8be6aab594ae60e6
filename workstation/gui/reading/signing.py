"""Signing the open read, or several: off the GUI thread, since a passphrase takes its time on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.reading.conduct_acts import after_lock
from workstation.gui.reading.read_keeper import ReadKeeper
from workstation.gui.reading.reading_screen import Page, ReadingScreen
from workstation.gui.reading.words import items_are

if TYPE_CHECKING:
    from workstation.gui.jobs import OnError
    from workstation.workflow.open_read import OpenRead
    from workstation.workflow.reader_desk import ReaderDesk
    from workstation.workflow.sign_reads import Draft, Word

SLOT = "sign-read"


class Signing(QObject):
    """Asks for the signature and locks the read, or those ticked on the page of several.

    ``signed(code, told)`` once that is done, with the open case and what the reader is told. Meanwhile
    nothing is kept in the read: what is signed is what was on the screen.
    """

    signed = Signal(str, str)

    def __init__(
        self,
        context: DeskContext,
        screen: ReadingScreen,
        keeper: ReadKeeper,
        reader: Callable[[], ReaderDesk | None],
    ) -> None:
        super().__init__(screen)
        self._context, self._screen, self._keeper = context, screen, keeper
        self._reader_of = reader
        screen.lock.signed.connect(self._on_signed)
        screen.sign_several.signed.connect(self._on_several)

    @property
    def is_busy(self) -> bool:
        """True while a read is being locked."""
        return self._context.jobs.is_running(SLOT)

    def ask(self) -> None:
        """Ask for the signature, if every item is read."""
        read, reader = self._keeper.read, self._reader_of()
        if read is None or reader is None or self._screen.page is not Page.READ:
            return
        if unread := self._keeper.unread:
            said = f"{items_are(unread)} not yet read; Space goes to the next one."
            self._context.messages.attention(said)
            return
        if read.is_locked:
            return
        self._keeper.flush()
        sealed = reader.is_sealed
        self._screen.lock.ask(read.case.code, reader.reader, sealed=sealed, meaning=read.meaning)

    def forget(self) -> None:
        """The case is left: what still becomes of the signature is not shown any more."""
        self._context.jobs.forget(SLOT)
        self._wait(False)

    def _on_signed(self, signature: str, blinding_held: bool, remark: str) -> None:
        def lock(read: OpenRead, reader: ReaderDesk) -> str:
            read.lock(signature, blinding_held=blinding_held, remark=remark)
            return after_lock(reader, read.case.code)

        def refuse(error: WorkstationError) -> None:
            self._screen.lock.focus_first()
            self._context.messages.show(error)

        self._sign(lock, refuse)

    def _on_several(self, words: dict[Draft, Word], signature: str) -> None:
        def lock(_read: OpenRead, reader: ReaderDesk) -> str:
            number = len(reader.sign(words, signature))
            return after_lock(reader, "1 read" if number == 1 else f"{number} reads")

        self._sign(lock, lambda error: self._screen.sign_several.refuse(error.sentence))

    def _sign(self, lock: Callable[[OpenRead, ReaderDesk], str], refuse: OnError) -> None:
        reader, read = self._reader_of(), self._keeper.hold()
        if read is None or reader is None:
            return

        def done(told: str) -> None:
            self._wait(False)
            self._screen.turn_to(Page.READ)
            self.signed.emit(read.case.code, told)

        def refused(error: WorkstationError) -> None:
            self._wait(False)
            self._keeper.take_back(read)
            refuse(error)

        self._wait(True)
        self._context.jobs.start(SLOT, lambda _progress: lock(read, reader), done, refused)

    def _wait(self, waits: bool) -> None:
        self._screen.lock.setEnabled(not waits)
        self._screen.sign_several.setEnabled(not waits)
