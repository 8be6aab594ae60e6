"""A study as those see it who look after it: coordinator, safety contact, and readers outside a read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from workstation.errors import ProtocolViolation
from workstation.reading.cards import Seat
from workstation.reading.safety import UrgentFinding
from workstation.tasks import Progress
from workstation.workflow.deliver import export_open_study
from workstation.workflow.emergency import OpenedRead, unblind
from workstation.workflow.read_case import Study, open_study_folder, require_study
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.urgent import Contact, Sent
from workstation.workflow.verify_study import VerifyReport, verify_study
from workstation.workflow.workspace import Workspace

_SEATS = {
    Seat.READER: "reader",
    Seat.COORDINATOR: "coordinator",
    Seat.ADJUDICATOR: "adjudicator",
    Seat.SAFETY: "safety contact",
}


@dataclass(frozen=True, slots=True)
class Seated:
    """An account that may sign in here, and in words what it is for."""

    name: str
    words: str


T = TypeVar("T")


class Office:
    """An open study with those who are signed in. One thing is done at a time, whatever thread asks.

    Attributes
    ----------
    folder : Path
        Of the study.
    """

    def __init__(self, folder: Path, workspace: Workspace | None = None) -> None:
        require_study(folder)
        self.folder = folder
        self._workspace = workspace
        self._study = open_study_folder(folder, workspace)
        self._contact: Contact | None = None
        self._turn = threading.Lock()

    @property
    def title(self) -> str:
        """Of the study."""
        return self._study.plan.title

    @property
    def cases(self) -> tuple[str, ...]:
        """Codes of the study's cases, in the plan's order."""
        return self._study.plan.cases

    @property
    def is_sealed(self) -> bool:
        """Whether anything here needs a passphrase."""
        return self._study.vault is not None

    @property
    def accounts(self) -> tuple[Seated, ...]:
        """Who may sign in here: in a study that is not sealed the safety contact only."""
        plan, found = self._study.plan, []
        contact = self.contact
        for card in plan.cards:
            words = _SEATS.get(card.seat, "")
            if card.name == contact and card.seat is not Seat.SAFETY:
                words += " and safety contact"
            if words and (self.is_sealed or card.name == contact):
                found.append(Seated(card.name, words))
        first = {"coordinator": 0, "safety contact": 1}
        return tuple(sorted(found, key=lambda one: first.get(one.words.split(" and")[0], 2)))

    @property
    def contact(self) -> str:
        """Name of the plan's safety contact; empty where it names none."""
        safety = self._study.plan.conduct.safety
        return safety.contact if safety is not None else ""

    @property
    def holders(self) -> tuple[str, ...]:
        """Who holds the reads closed: the coordinator, or with both keys both readers; else nobody."""
        vault = self._study.vault
        return () if vault is None else tuple(card.name for card in vault.sealing.layers)

    @property
    def signed_in(self) -> tuple[str, ...]:
        """Names of those who are signed in."""
        vault = self._study.vault
        names = [] if vault is None else list(vault.people)
        if self._contact is not None and self._contact.name not in names:
            names.append(self._contact.name)
        return tuple(names)

    @property
    def is_contact_here(self) -> bool:
        """Whether the safety contact is signed in."""
        return self._contact is not None

    @property
    def readers_here(self) -> tuple[str, ...]:
        """Readers who are signed in; in a study that is not sealed all of them."""
        readers = self._study.plan.readers
        return tuple(name for name in readers if not self.is_sealed or name in self.signed_in)

    def sign_in(self, name: str, passphrase: str, accept_plan: str = "") -> None:
        """Sign in with one account; others stay signed in.

        Raises
        ------
        WrongPassphrase
        WorkstationError
            As `Study.sign_in` and `Contact`.
        """
        with self._turn:
            vault = self._study.vault
            if vault is not None and vault.sealing.find(name) is not None:
                self._study.sign_in(name, passphrase, accept_plan)
            if name == self.contact:
                self._contact = Contact(self._study, name, passphrase)

    def sign_out(self) -> None:
        """Forget all keys."""
        with self._turn:
            self._contact = None
            if self._study.vault is not None:
                self._study.vault.sign_out_all()

    def close(self) -> None:
        """Forget all keys and close the study."""
        with self._turn:
            self._contact = None
            self._study.close()

    def ask(self, what: Callable[[Study], T]) -> T:
        """Ask the study something, alone with it."""
        with self._turn:
            return what(self._study)

    def unseal(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Open the reads of every case that is ready; see `unseal_ready`."""
        return self.ask(lambda study: unseal_ready(study, study.actor("coordinator")))

    def sent(self) -> tuple[Sent, ...]:
        """Urgent findings that were sent to the contact who is signed in.

        Raises
        ------
        ProtocolViolation
            If the contact is not signed in.
        """
        with self._turn:
            return self._require_contact().sent()

    def read_urgent(self, number: int) -> UrgentFinding:
        """One urgent finding; that it was read is kept in the log.

        Raises
        ------
        ProtocolViolation
            If the contact is not signed in.
        """
        with self._turn:
            return self._require_contact().read(number)

    def _require_contact(self) -> Contact:
        if not self.contact:
            raise ProtocolViolation("No urgent finding was shown", "the plan names no safety contact")
        if self._contact is None:
            raise ProtocolViolation(
                "No urgent finding was shown",
                f"only {self.contact}, the safety contact, can open them",
                f"Sign in as {self.contact}",
            )
        return self._contact

    def unblind(self, case: str, reason: str, passphrases: Mapping[str, str]) -> tuple[OpenedRead, ...]:
        """Open the locked reads of one case in an emergency; see `unblind`.

        Whoever holds them closed gives the passphrase for this alone, and is signed out after it who was
        not signed in before.

        Raises
        ------
        ProtocolViolation
            If the reason is empty or no read of the case is locked.
        WrongPassphrase
        """
        with self._turn:
            study = self._study
            vault = study.vault
            study.plan.require_case(case)
            if not reason.strip():
                raise ProtocolViolation(
                    "Nothing was unblinded", "no reason is given", "Say why in a few words"
                )
            before = self.signed_in
            try:
                for name in self.holders:
                    assert vault is not None
                    if name in vault.people:
                        vault.confirm(name, passphrases.get(name, ""))
                    else:
                        study.sign_in(name, passphrases.get(name, ""))
                return unblind(study, case, reason)
            finally:
                for name in self.holders:
                    if name not in before:
                        study.sign_out(name)

    def verify(self, head: str) -> VerifyReport:
        """Check the whole study on its own, so that nothing else waits for it; needs no passphrase."""
        with open_study_folder(self.folder, self._workspace) as study:
            return verify_study(study, head.strip())

    def export(self, formats: Iterable[str], out: Path, reader: str, progress: Progress) -> list[Path]:
        """Write the study as files; see `export_open_study`."""
        with self._turn:
            return export_open_study(
                self._study, self._workspace, tuple(formats), out, reader=reader, progress=progress
            )
