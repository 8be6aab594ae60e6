"""An urgent finding that goes to its contact as a file, before the reader's machine sends anything back."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading import seal
from workstation.reading.audit import AuditEntry
from workstation.reading.cards import Card
from workstation.reading.safety import URGENT, UrgentFinding, opened_finding
from workstation.reading.urgent_file import (
    MOST_BYTES,
    SUFFIX,
    UrgentMessage,
    opened_message,
    parted,
    sealed_message,
    signed,
)
from workstation.store.account_files import AccountFolder
from workstation.store.study_file import SYSTEM
from workstation.store.study_store import StudyStore
from workstation.workflow.read_case import Study
from workstation.workflow.urgent import ARRIVED, contact_card

__all__ = ["SUFFIX", "OpenedFile", "check_message", "open_urgent", "open_with", "save_urgent", "take_urgent"]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A message that its contact opened from a file.

    Attributes
    ----------
    sender : Card or None
        Whose keys signed it, to compare the fingerprint aloud; None where the study is not sealed.
    """

    title: str
    finding: UrgentFinding
    sender: Card | None


def save_urgent(study: Study, reader: str, number: int, target: Path) -> Path:
    """Write a message that was sent into a file which the contact alone can open.

    Parameters
    ----------
    number : int
        As `send_urgent` gave it.
    target : Path
        The file, or a folder to put it into. Its name says nothing of case or reader.

    Raises
    ------
    ProtocolViolation
        If the reader sent none of this number.
    StoreError
        If the disk refuses; the message is kept in the study all the same.
    """
    entry = next((one for one in study.store.audit() if one.sequence == number), None)
    if entry is None or entry.event != URGENT or entry.actor != reader:
        raise ProtocolViolation(
            "The sealed message was not saved", f"{reader} sent no urgent finding with the number {number}"
        )
    person = study.vault.person(reader) if study.vault is not None else None
    keys, card = (None, None) if person is None else (person.keys, person.card)
    uid = study.store.study_uid
    message = UrgentMessage(uid, study.plan.title, entry, card, signed(keys, uid, entry))
    data = sealed_message(message, contact_card(study))
    name = f"urgent-{hashlib.sha256(data).hexdigest()[:8]}{SUFFIX}"
    path = target / name if target.is_dir() else target
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StoreError(
            "The sealed message was not saved",
            error.strerror or "the disk refused",
            "It is kept in the study; choose another place, and telephone",
        ) from error
    return path


def open_urgent(path: Path, accounts: AccountFolder, name: str, passphrase: str) -> OpenedFile:
    """Open a message from its file, with nothing but the contact's account.

    Raises
    ------
    DataError
        If the file is no such message.
    NotOpened
        If it was changed, or is for somebody else.
    WrongPassphrase
    """
    data = _bytes_of(path)
    parted(data)
    _, keys = accounts.keys(name, passphrase)
    try:
        message = opened_message(data, keys)
        if message.sender is not None and not message.is_genuine:
            raise seal.not_opened("an urgent finding")
        return OpenedFile(message.title, _finding(message.entry, keys), message.sender)
    except seal.NotOpened as error:
        raise seal.NotOpened(
            "The urgent finding was not opened",
            f"it is not sealed to the account {name}, or was changed",
            "Have it saved again, and telephone the reader",
        ) from error


def open_with(path: Path, account: Path, passphrase: str) -> OpenedFile:
    """The same with the file of the contact's account, wherever it lies.

    Raises
    ------
    StoreError
        If the file is no account.
    """
    return open_urgent(path, AccountFolder(account.parent), account.stem, passphrase)


def check_message(path: Path) -> None:
    """See that a file is a whole sealed message; nothing of it is opened.

    Raises
    ------
    DataError
        If it is not.
    StoreError
        If it cannot be read.
    """
    parted(_bytes_of(path))


def take_urgent(path: Path, folder: Path) -> bool:
    """Keep a message in the study's folder for its contact; False when it was kept before.

    Nobody needs to sign in: who takes it in learns nothing of it. When the log of the reader's machine comes
    back it is known again, so that the contact meets it once.

    Raises
    ------
    DataError
        If the file is no such message.
    ProtocolViolation
        If the plan names no safety contact.
    StoreError
        If there is no study in the folder, or the disk refuses.
    """
    from workstation.workflow.read_case import open_study_folder

    data = _bytes_of(path)
    digest, _ = parted(data)
    with open_study_folder(folder) as study:
        if study.plan.conduct.safety is None:
            raise ProtocolViolation(
                "The urgent finding was not taken in",
                "the plan of this study names no safety contact",
                "Is it for another study? Ask the reader by telephone",
            )
        file = hashlib.sha256(data).hexdigest()
        # Of files only the very same is passed over: another may name an entry and hold something else.
        if digest in _logged(study.store) or file in {one["file"] for one in _files(study.store)}:
            return False
        text = base64.b64encode(data).decode()
        study.store.record(SYSTEM, ARRIVED, {"file": file, "entry": digest, "message": text})
        return True


def known_messages(store: StudyStore) -> set[str]:
    """Digests of the messages that are here: in this log, in those that came back, or as files."""
    return _logged(store) | {str(one["entry"]) for one in _files(store)}


def _logged(store: StudyStore) -> set[str]:
    logs = (store.audit(), *store.machines.returned().values())
    return {one.digest for entries in logs for one in entries if one.event == URGENT}


def _files(store: StudyStore) -> list[dict[str, str]]:
    found = (json.loads(one.detail) for one in store.audit(ARRIVED))
    return [one for one in found if {"file", "entry"} <= one.keys()]  # anybody can write the log's end


def _finding(entry: AuditEntry, keys: seal.Keys) -> UrgentFinding:
    finding = opened_finding(str(json.loads(entry.detail).get("box")), keys)
    if finding.reader != entry.actor:
        raise seal.not_opened("an urgent finding")
    return finding


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(
            "The urgent finding was not taken in", error.strerror or "the file cannot be read"
        ) from error
