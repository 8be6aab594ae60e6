"""Urgent incidental findings: sent sealed to the plan's safety contact, and read by nobody else."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass

from workstation.errors import ProtocolViolation, StoreError, WorkstationError
from workstation.reading import seal
from workstation.reading.account import WrongPassphrase
from workstation.reading.audit import AuditEntry
from workstation.reading.cards import Card
from workstation.reading.journal import utc_now
from workstation.reading.safety import (
    MOST_CHARACTERS,
    URGENT,
    URGENT_SEEN,
    UrgentFinding,
    opened_finding,
    sealed_finding,
)
from workstation.reading.signed_chain import is_genuine
from workstation.reading.urgent_file import opened_message
from workstation.scoring.sheet import Evidence
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.read_case import OpenRead, Study
from workstation.workflow.wrong_passphrases import logged_tries

__all__ = ["Contact", "Sent", "contact_card", "send_urgent"]

_LOGGER = logging.getLogger("workstation.study")
ARRIVED = "urgent finding arrived"
"""Event of the log of the machine to which a message came as a file; sealed, and signed inside."""
RETURNED_FROM = 1_000_000
"""Numbers of messages in the log of the n-th reader's own machine begin at n times this."""
BY_OTHER_MEANS = "Reach the safety contact by telephone now"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as everybody with the study's folder can see it: that it was sent, and when.

    Attributes
    ----------
    number : int
        Of the entry in the study's log; those that came back from readers' machines begin at 1,000,000.
    """

    number: int
    at: str
    reader: str
    is_seen: bool


def contact_card(study: Study) -> Card:
    """The keys of the plan's safety contact.

    Raises
    ------
    ProtocolViolation
        If the plan names none.
    """
    safety = study.plan.conduct.safety
    if safety is None or safety.card is None:
        raise ProtocolViolation(
            "The urgent finding was not sent",
            "the plan names no safety contact",
            "Tell the coordinator by telephone",
        )
    return safety.card


def send_urgent(study: Study, read: OpenRead, text: str, evidence: Evidence | None = None) -> int:
    """Send the reader's words on a case to the safety contact at once; on disk before this returns.

    Only the contact can open them. Answers and marks stay sealed, and nothing of the read changes. The read
    may be locked already.

    Returns
    -------
    int
        Number of the entry in the study's log.

    Raises
    ------
    ProtocolViolation
        If the plan names no contact, or nothing or too much is said.
    StoreError
        If it could not be kept: then the contact must be reached by other means.
    """
    what, card, said = "The urgent finding was not sent", contact_card(study), text.strip()
    if not said:
        raise ProtocolViolation(what, "it says nothing", "Say in a few words what was found")
    if len(said) > MOST_CHARACTERS:
        raise ProtocolViolation(what, f"it has more than {MOST_CHARACTERS} characters", "Say it shorter")
    key = read.session.key
    finding = UrgentFinding(
        case=key.case,
        shown_as=read.case.code,
        reader=key.reader,
        text=said,
        at=utc_now(),
        series="" if evidence is None else evidence.series_key,
        instance="" if evidence is None else evidence.sop_instance_uid,
        slice_number=0 if evidence is None else evidence.slice_index + 1,
    )
    try:
        entry = study.store.record(
            key.reader, URGENT, {"to": card.name, "box": sealed_finding(finding, card)}
        )
    except StoreError as error:
        raise StoreError(what, error.why, BY_OTHER_MEANS) from error
    return entry.sequence


class Contact:
    """The safety contact at work. Made with the contact's passphrase.

    Raises
    ------
    WrongPassphrase
    ProtocolViolation
        If the account is not the plan's safety contact, or its keys are others than the plan lists.
    """

    def __init__(self, study: Study, name: str, passphrase: str) -> None:
        card = contact_card(study)
        if name != card.name:
            raise ProtocolViolation(
                "No urgent finding was shown",
                f"{name} is not the safety contact of this study",
                f"It is {card.name}",
            )
        folder = (
            study.vault.accounts if study.vault is not None else AccountFolder(study.store.folder / FOLDER)
        )
        folder.heed(name, logged_tries(study.store, name))
        try:
            account, self._keys = folder.keys(name, passphrase)
        except WrongPassphrase:
            if study.vault is not None:
                study.vault.note_wrong(name)
            raise
        if account.card != card:
            raise ProtocolViolation(
                "No urgent finding was shown", f"the keys of {name} are not those that the plan lists"
            )
        self._study = study
        self._card = card
        self.name = name

    def sent(self) -> tuple[Sent, ...]:
        """Every message that was sent to the contact, the oldest first."""
        details = [
            json.loads(one.detail)
            for one in self._study.store.audit(URGENT_SEEN)
            # Another's word that it was read must not hide it from its contact.
            if one.actor == self.name and self._is_own(one)
        ]
        seen = {one.get(name) for one in details for name in ("number", "entry")} - {None}
        return tuple(
            Sent(number, one.at, one.actor, not seen.isdisjoint({number, one.digest}))
            for number, one in self._messages().items()
        )

    def _is_own(self, entry: AuditEntry) -> bool:
        return self._study.vault is None or is_genuine(entry, self._card)

    def _messages(self) -> dict[int, AuditEntry]:
        """Messages to the contact, from this log and from those that came back."""
        store = self._study.store
        logs = {0: store.audit()}
        for reader, entries in store.machines.returned().items():
            logs[1 + self._study.plan.readers.index(reader)] = entries
        found = self._arrived()
        known = {one.digest for one in found.values()}
        return found | {
            log * RETURNED_FROM + one.sequence: one
            for log, entries in sorted(logs.items())
            for one in entries
            if one.event == URGENT
            and one.digest not in known
            and json.loads(one.detail).get("to") == self.name
        }

    def _arrived(self) -> dict[int, AuditEntry]:
        """Messages that came as files, each under the number of its arrival; not those that do not open."""
        study = self._study
        found: dict[int, AuditEntry] = {}
        for entry in study.store.audit(ARRIVED):
            try:
                data = base64.b64decode(str(json.loads(entry.detail)["message"]), validate=True)
                message = opened_message(data, self._keys)
            except (WorkstationError, ValueError, KeyError):
                continue  # anybody can bring a file
            reader, sealing = message.entry.actor, study.plan.sealing
            is_theirs = message.study == study.store.study_uid and reader in study.plan.readers
            if sealing is not None:
                is_theirs &= message.is_genuine and message.sender == sealing.find(reader)
            if is_theirs and message.entry.digest not in {one.digest for one in found.values()}:
                found[entry.sequence] = message.entry
        return found

    def read(self, number: int) -> UrgentFinding:
        """One message; that it was read is an entry of the study's log.

        Raises
        ------
        ProtocolViolation
            If there is none of this number.
        NotOpened
            If it was changed, or says another reader than who sent it.
        """
        entry = self._messages().get(number)
        if entry is None:
            raise ProtocolViolation("No urgent finding was shown", f"there is none with the number {number}")
        finding = opened_finding(str(json.loads(entry.detail).get("box")), self._keys)
        if finding.reader != entry.actor:
            raise seal.not_opened("an urgent finding")
        if not next(one for one in self.sent() if one.number == number).is_seen:
            self._note_seen(number, entry.digest)
        return finding

    def _note_seen(self, number: int, digest: str) -> None:
        signers = self._study.store.signers
        was_here = self.name in signers
        if self._study.vault is not None and not was_here:
            signers[self.name] = self._keys.sign
        try:
            self._study.store.record(self.name, URGENT_SEEN, {"number": number, "entry": digest})
        except StoreError:
            _LOGGER.warning("that an urgent finding was read could not be kept")
        finally:
            if not was_here:
                signers.pop(self.name, None)
