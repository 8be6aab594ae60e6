"""Wrong passphrases as a study's log has them: the count beside an account can be deleted, the log cannot."""

from __future__ import annotations

import json

from workstation.reading.account import Tries
from workstation.store.study_store import StudyStore

WRONG = "wrong passphrase"


def logged_tries(store: StudyStore, name: str) -> Tries:
    """Wrong passphrases for an account since it last signed anything."""
    tries = Tries()
    for entry in store.audit(WRONG, after=store.last_signed(name)):
        if _account(entry.detail) == name:
            tries = Tries(tries.wrong + 1, entry.at)
    return tries


def _account(detail: str) -> str:
    try:
        return str(json.loads(detail)["account"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""  # verification reports this entry
