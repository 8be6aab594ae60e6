"""Before reads are compared: who opens them, with a passphrase where the study is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.errors import WorkstationError
from workstation.gui.idle import NOBODY_THERE, IdleWatch
from workstation.gui.jobs import Jobs
from workstation.gui.reading.door import sign_in_unless_left
from workstation.gui.sign_in_page import SignInPage
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study
    from workstation.workflow.reconcile_case import ReconcileCase

SLOT = "compare-reads"
SIGN_IN_TEXT = "The reads are sealed: an account of the study opens them."


class CompareDoor(QObject):
    """Holds the study of the reconcile desk.

    ``opened(cases)`` when reads may be compared; ``asking`` when the sign-in page is wanted;
    ``refused(error)`` when the study cannot be compared now.
    """

    opened = Signal(object)
    asking = Signal()
    refused = Signal(object)

    def __init__(self, page: SignInPage, jobs: Jobs, idle_min: float, parent: QObject) -> None:
        super().__init__(parent)
        self.study: Study | None = None
        self._page, self._jobs = page, jobs
        self._watch = IdleWatch(idle_min, self)
        self._watch.idle.connect(lambda: self.lock_session(NOBODY_THERE))
        page.given.connect(self.sign_in)

    def open(self, study: Study) -> None:
        """Compare the reads of a study, after someone signed in where that is needed."""
        self.close()
        self.study = study
        needed = self._needed()
        if needed:
            self._ask(needed, SIGN_IN_TEXT)
        else:
            self._show(None)

    def sign_in(self, name: str, passphrase: str) -> None:
        """Open a sealed study with an account; with both keys the other reader follows."""
        self._show((name, passphrase))

    def admit(self, name: str, passphrase: str) -> None:
        """Sign a second person in, who sits here too and is about to sign.

        Raises
        ------
        WorkstationError
            If the passphrase is wrong.
        """
        vault = self.study.vault if self.study is not None else None
        if vault is not None and vault.sealing.find(name) is not None and name not in vault.people:
            vault.sign_in(name, passphrase)

    def close(self) -> None:
        """Close the study; all keys are forgotten."""
        self._jobs.forget(SLOT)
        self._watch.stop()
        if self.study is not None:
            self.study.close()
            self.study = None

    def _show(self, account: tuple[str, str] | None) -> None:
        """Sign in where an account is given, open the reads and compare them, off the GUI thread."""
        study = self.study
        if study is None:
            return

        def work(progress: Progress) -> tuple[ReconcileCase, ...] | WorkstationError:
            from workstation.workflow.reconcile_case import reconciliations

            if account is not None:
                sign_in_unless_left(study, *account, progress)
            try:
                return reconciliations(study)
            except WorkstationError as error:
                return error

        self._page.wait(account is not None)
        self._jobs.start(SLOT, work, self._on_compared, self._on_refused)

    def _on_refused(self, error: WorkstationError) -> None:
        """The passphrase was not taken."""
        self._page.wait(False)
        self._page.refuse(error.sentence)

    def _on_compared(self, found: tuple[ReconcileCase, ...] | WorkstationError) -> None:
        self._page.wait(False)
        if self.study is None:
            return
        if self.study.vault is not None:
            self._watch.start()
        if not isinstance(found, WorkstationError):
            self.opened.emit(found)
        elif needed := self._needed():
            self._ask(needed, found.sentence)
        else:
            self.refused.emit(found)

    def _needed(self) -> tuple[str, ...]:
        from workstation.workflow.unseal_study import people_needed

        return people_needed(self.study) if self.study is not None else ()

    def _ask(self, names: tuple[str, ...], text: str) -> None:
        assert self.study is not None
        self.asking.emit()
        self._page.ask(self.study.plan.title, names, text)

    def lock_session(self, why: str) -> bool:
        """Forget the keys until someone signs in again; an open study asks as when it was opened.

        Returns
        -------
        bool
            Whether somebody was signed in.
        """
        if self.study is None or self.study.vault is None or not self.study.vault.people:
            return False
        self._jobs.forget(SLOT)
        self._watch.stop()
        self.study.vault.sign_out_all()
        self._ask(self._needed(), why)
        return True
