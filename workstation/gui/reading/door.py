"""Between the start page and a reader's own desk: who reads, with a passphrase where the study is sealed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from workstation.errors import Cancelled, WorkstationError
from workstation.gui.idle import IdleWatch
from workstation.gui.jobs import Jobs
from workstation.gui.messages import Messages
from workstation.gui.reading.server_status import ServerWatch
from workstation.gui.reading.start_page import StartPage
from workstation.gui.sign_in_page import SignInPage
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.acceptance import PlanNotAccepted
    from workstation.workflow.read_case import Study

SLOT = "sign-in"


class ReaderDoor(QObject):
    """Lets one reader in at a time. Keys of a sealed study stay in memory no longer than needed.

    ``opened(reader_desk)`` when a reader may read; ``asking(bool)`` when the sign-in page is wanted or no
    longer; ``idle()`` when the session is to be locked.
    """

    opened = Signal(object)
    asking = Signal(bool)
    idle = Signal()

    def __init__(
        self,
        start: StartPage,
        page: SignInPage,
        messages: Messages,
        jobs: Jobs,
        idle_min: float,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self._start = start
        self._offered = ""  # code of a changed plan whose fingerprints are on screen
        self._page = page
        self._messages, self._jobs = messages, jobs
        self._watch = IdleWatch(idle_min, self)
        self._watch.idle.connect(self.idle)
        self.server = ServerWatch(jobs, self)
        page.given.connect(self.sign_in)
        page.cancelled.connect(self._on_cancelled)
        start.accounts_wanted.connect(self.show_accounts)

    @property
    def folder(self) -> Path | None:
        """Of the open study; None without one."""
        return self.study.store.folder if self.study is not None else None

    def take(self, study: Study) -> None:
        """Another study is open; the one before is closed."""
        self.close()
        self.study = study
        self.server.take(study)
        self.show("")

    def show(self, note: str) -> None:
        """Ask who reads."""
        self.asking.emit(False)
        if self.study is None:
            self._start.show_empty()
        else:
            self._start.ask_reader(
                self.study.plan.title,
                self.study.plan.readers,
                note,
                seal_note(self.study),
                own_machine=bool(self.study.store.machines.machine_of),
                sealed=self.study.vault is not None,
            )
        self._start.focus_first()

    def show_accounts(self) -> None:
        """The accounts of the open study, or of a folder that the person chooses."""
        from workstation.gui.study.accounts_dialog import show_accounts

        desk = self._start.window()
        folder = self.folder or QFileDialog.getExistingDirectory(desk, "Folder of the reading study")
        if folder:
            show_accounts(Path(folder), self._jobs, desk)

    def choose(self, code: str) -> None:
        """Someone says to be this reader."""
        self._offered = ""
        if self.study is None:
            return
        vault = self.study.vault
        if vault is None or code in vault.people:
            self._enter(code)
            return
        self._ask(code, "You see your own cases in your own order, and nothing else.")

    def sign_in(self, code: str, passphrase: str) -> None:
        """A passphrase was typed."""
        if self.study is None:
            return
        study, accepted, self._offered = self.study, self._offered, ""
        self._page.wait(True)
        self._jobs.start(
            SLOT,
            lambda progress: sign_in_unless_left(study, code, passphrase, progress, accept_plan=accepted),
            lambda _none: self._on_signed_in(code),
            self._on_refused,
        )

    def _on_refused(self, error: WorkstationError) -> None:
        self._page.wait(False)
        from workstation.workflow.acceptance import PlanNotAccepted

        if isinstance(error, PlanNotAccepted):
            # Who types the passphrase again, with the fingerprints in sight, accepts it.
            self._offered = error.code
            self._page.refuse(changed_plan(error))
        else:
            self._page.refuse(error.sentence)

    def _on_signed_in(self, code: str) -> None:
        self._page.wait(False)
        self.asking.emit(False)
        self._watch.start()
        self._enter(code)

    def lock_session(self, code: str, why: str) -> None:
        """Forget the keys and ask again, in a sealed study for the passphrase."""
        self.leave()
        if self.study is not None and self.study.vault is None:
            self.show(why)
        else:
            self._ask(code, why)

    def leave(self) -> None:
        """The reader has gone: forget the keys."""
        self._forget()
        self._watch.stop()
        if self.study is not None and self.study.vault is not None:
            self.study.vault.sign_out_all()

    def close(self) -> None:
        """Close the study."""
        self._forget()
        self._watch.stop()
        if self.study is not None:
            self.server.take(None)
            self.study.close()
            self.study = None

    def _on_cancelled(self) -> None:
        self._forget()
        self.show("")

    def _forget(self) -> None:
        """Nobody waits any more for a passphrase that is being tried."""
        self._jobs.forget(SLOT)
        self._page.wait(False)

    def _ask(self, code: str, text: str) -> None:
        assert self.study is not None
        self._page.ask(f"{self.study.plan.title} · reader {code}", (code,), text)
        self.asking.emit(True)
        self._page.focus_first()

    def _enter(self, code: str) -> None:
        assert self.study is not None
        try:
            reader = self.study.reader(code)
        except WorkstationError as error:
            self._messages.show(error)
            return
        self.opened.emit(reader)


def sign_in_unless_left(
    study: Study, name: str, passphrase: str, progress: Progress, *, accept_plan: str = ""
) -> None:
    """Sign in; no key stays in memory where the person has gone back meanwhile."""
    study.sign_in(name, passphrase, accept_plan)
    try:
        progress.report(1, 1)
    except Cancelled:
        study.sign_out(name)
        raise


def changed_plan(error: PlanNotAccepted) -> str:
    """What is said of a plan that was changed since the reader has accepted one."""
    cards = "\n".join(error.fingerprints)
    return (
        f"{error.what}: {error.why}. Compare the fingerprints aloud again, then sign in once more to accept "
        f"it.\n{cards}"
    )


def seal_note(study: Study) -> str:
    """How the study is sealed, and the fingerprints that people compare."""
    sealing = study.plan.sealing
    if study.vault is None or sealing is None:
        return "Not sealed: who can open the study folder on this disk can read its entries."
    who = (
        "both readers together" if sealing.coordinator is None else f"coordinator {sealing.coordinator.name}"
    )
    cards = "\n".join(f"{card.name}   {card.spoken}" for card in study.plan.cards)
    missing = study.vault.missing_plan_signatures()
    waits = f"\nThe plan is still to be signed by {' and '.join(missing)}." if missing else ""
    return f"Sealed; opened by {who}. Fingerprints, to compare aloud:\n{cards}{waits}"
