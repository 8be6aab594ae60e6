"""What verification checks of the logs that came back from readers' own machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from workstation.reading.audit import AuditEntry, Finding, verify_audit
from workstation.reading.signed_chain import is_genuine
from workstation.store.study_file import SYSTEM, log_root
from workstation.workflow.read_case import Study
from workstation.workflow.take_package import TAKEN
from workstation.workflow.verify_seals import BY_NOBODY


def verify_returned(
    study: Study, audit: Sequence[AuditEntry], returned: Mapping[str, Sequence[AuditEntry]]
) -> Iterator[Finding]:
    """Everything in a returned log that its reader did not write, and a tail that is gone."""
    sealing = study.plan.sealing
    for reader, entries in returned.items():
        name = f"log of {reader}'s machine"
        yield from verify_audit(entries, log_root(study.store.study_uid, reader), name)
        card = sealing.find(reader) if sealing is not None else None
        for entry in entries:
            if entry.actor == SYSTEM and entry.event in BY_NOBODY:
                continue
            if card is None or entry.actor != reader or not is_genuine(entry, card):
                yield Finding(name, f"{name}: entry {entry.sequence} is not signed by {reader}")
    for reader, (count, head) in _noted(audit).items():
        entries = returned.get(reader, ())
        if len(entries) != count or not entries or entries[-1].digest != head:
            name = f"log of {reader}'s machine"
            yield Finding(name, f"{name}: it is not the one that was taken in ({count} entries were)")
    for reader in returned.keys() - _noted(audit).keys():
        yield Finding(reader, f"a log of {reader}'s machine was added")


def _noted(audit: Sequence[AuditEntry]) -> dict[str, tuple[int, str]]:
    """Of each reader the log that was taken in last, by number of entries and head."""
    found = {}
    for entry in audit:
        if entry.event == TAKEN:
            try:
                detail = json.loads(entry.detail)
                if "entries" in detail:
                    found[str(detail["reader"])] = (int(detail["entries"]), str(detail["head"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # the chain itself has reported this entry
    return found
