"""Open the sealed sheets of a study once every read that must be locked is."""

from __future__ import annotations

from pathlib import Path

from workstation.errors import ProtocolViolation
from workstation.reading.reader_plan import require_whole
from workstation.store.study_store import DATABASE
from workstation.workflow.read_case import Study, open_study_folder

__all__ = ["people_needed", "unseal_ready", "who_opens"]


def people_needed(study: Study) -> tuple[str, ...]:
    """Who may sign in so that the reads can be compared; empty when that needs nobody (more).

    While a read is still to be locked nobody is needed: the study then says so itself.
    """
    vault, ready = study.vault, study.ready_cases()
    if vault is None or not ready:
        return ()
    closed = tuple(name for name in vault.still_needed(ready) if name not in vault.people)
    if closed or vault.people:
        return closed
    return tuple(card.name for card in vault.sealing.accounts)


def who_opens(folder: Path) -> tuple[str, ...]:
    """Who may sign in to look at the results of the study in a folder; empty where nobody must."""
    if not (folder / DATABASE).is_file():
        return ()
    with open_study_folder(folder) as study:
        return people_needed(study)


def unseal_ready(study: Study, actor: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Open the reads of every case that is ready, as far as those who are signed in can.

    Returns
    -------
    cases, needed : tuple of str
        Cases that are open now, and who must still sign in before the others are.

    Raises
    ------
    ProtocolViolation
        If no case is ready, nobody is signed in, or a lock is not what its reader signed.
    """
    require_whole(study.plan, "Nothing was unsealed")
    ready = study.ready_cases()
    if not ready:
        raise ProtocolViolation("Nothing was unsealed", study.not_locked_yet)
    if study.vault is not None and study.vault.people:
        together = study.with_drift(ready)
        study.vault.open_sheets(together)
        needed = study.vault.still_needed(together)
        if needed:
            return study.unsealed_cases(), needed
    study.unseal_cases(ready, actor)
    return study.unsealed_cases(), ()
