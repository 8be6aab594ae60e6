"""A read as it is kept: whole, with what its reader said at lock, and with the scores that are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workstation.errors import StoreError
from workstation.reading.audit import Link
from workstation.reading.conduct import Scores
from workstation.reading.journal import ReadKey
from workstation.reading.replaying import Replay
from workstation.reading.session import Lock, ReadingSession


def as_scored(session: ReadingSession, scores: Scores) -> ReadingSession:
    """A read with its scores before masks were shown, where that is asked for; else the last ones."""
    unaided = session.replay.unaided
    if scores is Scores.AIDED or unaided is None:
        return session
    return replace(session, replay=replace(session.replay, content=unaided))


def require_whole(key: ReadKey, links: Sequence[Link], lock: Lock | None, *, is_cut: bool = False) -> None:
    """Refuse a read that is not what was kept, or not what was locked.

    Parameters
    ----------
    is_cut : bool
        It no longer holds what its reader left.

    Raises
    ------
    StoreError
    """
    # Someone with the file could take an answer out without touching the others: it must not go unseen.
    is_whole = [link.sequence for link in links] == list(range(1, len(links) + 1))
    if lock is not None and links:
        is_whole = is_whole and (len(links), links[-1].digest) == (lock.entries, lock.digest)
    if not is_whole or is_cut:
        raise StoreError(
            f"The read of {key.name} was not opened",
            "entries of it were removed or added behind the program's back",
            "Run marrow study verify",
        )


def as_said(lock: Lock | None, state: Replay) -> Lock | None:
    """A lock with what its reader said; of a sealed read only the journal knows."""
    if lock is None or state.signed is None or lock.blinding_held is not None:
        return lock
    said = state.signed
    return replace(lock, blinding_held=bool(said["blinding_held"]), remark=str(said["remark"]))


def not_in_library(case: str) -> StoreError:
    """What a reader is told whose case has no images here."""
    return StoreError(
        f"Case {case} was not opened", "its images are not in the library", "Import them, or name --library"
    )
