"""What verification checks of the logs of other machines that came from a study's server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workstation.reading.audit import AuditEntry, Finding, root_digest, verify_audit
from workstation.reading.signed_chain import is_genuine
from workstation.store.server_join import FIRST, machine_of
from workstation.store.study_file import SYSTEM
from workstation.workflow.read_case import Study
from workstation.workflow.verify_seals import BY_NOBODY, cards_of


def is_partial(audit: Sequence[AuditEntry], logs: Mapping[str, Sequence[AuditEntry]]) -> bool:
    """Whether this machine joined through a server that has not shown it the first machine's log yet."""
    return machine_of(tuple(audit[:1])) != FIRST and FIRST not in logs


def verify_other_logs(study: Study, logs: Mapping[str, Sequence[AuditEntry]]) -> Iterator[Finding]:
    """Everything in another machine's log that was changed, or that nobody signed who should have."""
    cards = cards_of(study) if study.vault is not None else {}
    for machine, entries in logs.items():
        name = "log of the first machine" if machine == FIRST else f"log of machine {machine}"
        yield from verify_audit(entries, root_digest("study", study.store.study_uid), name)
        if machine_of(tuple(entries[:1])) != machine:
            yield Finding(name, f"{name}: it is another machine's")
        for entry in entries if study.vault is not None else ():
            if entry.actor == SYSTEM and entry.event in BY_NOBODY:
                continue
            card = cards.get(entry.actor)
            if card is None or not is_genuine(entry, card):
                yield Finding(name, f"{name}: entry {entry.sequence} is not signed by {entry.actor}")
