"""One passphrase signs several complete reads: listed first, frozen as listed, each with its own lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workstation.errors import ProtocolViolation
from workstation.reading.session import AMENDMENT, INITIAL_READ, Lock, ReadState
from workstation.workflow.read_case import OpenRead, Study

__all__ = ["HELD", "Draft", "Word", "complete_drafts", "sign_drafts"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A complete read that waits for its signature.

    Attributes
    ----------
    code : str
        As the reader's worklist names it.
    meaning : str
        What the signature will say.
    head : str
        Digest of its last entry: exactly this state is signed, or nothing.
    """

    code: str
    meaning: str
    head: str


@dataclass(frozen=True, slots=True)
class Word:
    """What the reader says of blinding; `remark` tells why it did not hold."""

    held: bool = True
    remark: str = ""


HELD = Word()


def complete_drafts(study: Study, reader: str) -> tuple[Draft, ...]:
    """The reader's complete reads that are not locked, in the order of the worklist."""
    desk = study.reader(reader)
    found = []
    for entry in desk.worklist():
        if entry.state is ReadState.COMPLETE and not entry.blocked:
            read = desk.open_read(entry.code)
            meaning = INITIAL_READ if entry.version == 1 else AMENDMENT
            found.append(Draft(entry.code, meaning, read.session.head))
    return tuple(found)


def sign_drafts(study: Study, reader: str, words: Mapping[Draft, Word], signature: str) -> tuple[Lock, ...]:
    """Sign the drafts that were listed: all of them, or none.

    Each becomes a lock of its own with its own commitment; in a sealed study each is sealed.

    Parameters
    ----------
    words : mapping of Draft to Word
        What the reader says of blinding, for each.
    signature : str
        In a sealed study the reader's passphrase; otherwise the reader's own code.

    Raises
    ------
    ProtocolViolation
        If a draft is no longer as it was listed, or cannot be locked. Then nothing was signed.
    """
    if not words:
        raise ProtocolViolation("Nothing was signed", "no read is chosen", "Choose at least one")
    desk = study.reader(reader)
    reads: list[tuple[OpenRead, Word]] = []
    for draft, word in words.items():
        read = desk.open_read(draft.code)
        if read.session.head != draft.head:
            raise ProtocolViolation(
                "Nothing was signed",
                f"{draft.code} was changed since it was listed",
                "Look at it again, and sign then",
            )
        read.session.require_signable(
            reader if study.vault is not None else signature, word.held, word.remark
        )
        reads.append((read, word))
    with study.store.batch():
        return tuple(
            read.lock(signature, blinding_held=word.held, remark=word.remark) for read, word in reads
        )
