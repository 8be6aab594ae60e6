"""Open the sealed sheets of a study once every read that must be locked is."""

from __future__ import annotations

from workstation.errors import ProtocolViolation
from workstation.workflow.read_case import Study

__all__ = ["unseal_ready"]


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
    ready = study.ready_cases()
    if not ready:
        outstanding = f"{study.outstanding} reads are" if study.outstanding > 1 else "1 read is"
        raise ProtocolViolation("Nothing was unsealed", f"{outstanding} not locked yet")
    if study.vault is not None and study.vault.people:
        study.vault.open_sheets(ready)
        needed = study.vault.still_needed(ready)
        if needed:
            return study.unsealed_cases(), needed
    study.unseal_cases(ready, actor)
    return study.unsealed_cases(), ()
