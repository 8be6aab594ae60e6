"""Check that nothing of a study was changed, removed, moved or added behind the program's back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from workstation.errors import WorkstationError
from workstation.reading.audit import (
    AuditEntry,
    Finding,
    Link,
    head_code,
    head_of,
    proves_tail,
    verify_audit,
    verify_links,
)
from workstation.reading.journal import ReadKey
from workstation.reading.order import case_order
from workstation.reading.plan import parse_plan
from workstation.scoring.instrument import instruments
from workstation.store.server_join import PLAN_RECEIVED
from workstation.store.study_reads import lock_detail
from workstation.workflow.read_case import Study
from workstation.workflow.replicate import other_logs
from workstation.workflow.verify_orders import verify_orders
from workstation.workflow.verify_other_logs import is_partial, verify_other_logs
from workstation.workflow.verify_returned import verify_returned
from workstation.workflow.verify_seals import SignedLog, read_name, verify_seals

Journals = Mapping[ReadKey, Sequence[Link]]
MOST_CLOCKS = 3
"""Clocks of two machines may disagree at every turn: so many are told."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What verification found.

    Attributes
    ----------
    findings : tuple of str
        One sentence each; empty when everything is as it was written.
    notes : tuple of str
        What is worth knowing and no fault.
    head : str
        Digest of the last audit entry.
    """

    findings: tuple[str, ...]
    notes: tuple[str, ...]
    audit_entries: int
    reads: int
    journal_entries: int
    head: str

    @property
    def is_intact(self) -> bool:
        """True when nothing was found."""
        return not self.findings

    @property
    def head_code(self) -> str:
        """The head as a short code to write down."""
        return head_code(self.head)


def verify_study(study: Study, head: str = "") -> VerifyReport:
    """Recompute every chain and hold locks, plans and orders against the audit chain.

    Parameters
    ----------
    head : str
        A head code written down earlier. Without it a cut tail cannot be told from an honest end.
    """
    store = study.store
    audit = store.audit()
    log = SignedLog(study, audit) if study.vault is not None else None
    journals, returned = store.reads.journals(), store.machines.returned()
    findings = list(verify_audit(audit, store.audit_root))
    findings += _plans(study, audit)
    others = other_logs(store.folder, store.study_uid)
    findings += verify_other_logs(study, others)
    merged = audit + tuple(entry for entries in others.values() for entry in entries)
    findings += verify_returned(study, merged, returned)
    events = merged + tuple(entry for entries in returned.values() for entry in entries)
    for key, links in journals.items():
        findings += verify_links(links, store.reads.root(key), read_name(key))
    for case, links in store.reconciling.journals().items():
        findings += verify_links(links, store.reconciling.root(case), f"reconciliation of {case}")
    twice = locked_twice((audit, *others.values()))
    findings += _locks(study, events, journals, is_partial(audit, others), twice)
    findings += _amendments(study, events, journals)
    findings += _signatures(study, merged)
    findings += verify_seals(study, log, audit, merged, journals) if log is not None else ()
    findings += verify_orders(study, events, journals)
    findings += _readable(study)
    notes = []
    if not head:
        notes.append("Without a head code it is unproven that no entries were cut off at the end.")
    elif not proves_tail(events, head):
        findings.append(Finding("study log", "study log: the head code that was given is not in it"))
    notes += islice(_clocks(audit), MOST_CLOCKS)
    notes += (
        f"The {read_name(study.orders.named(ReadKey(*kept)))} was locked on two machines that did not know "
        "of each other; one of the two counts, the same for everybody."
        for kept in sorted(twice)
    )
    if is_partial(audit, others):
        notes.append("The logs of other machines come once every read is open; they are not checked yet.")
    if study.plan_file_differs:
        notes.append("plan.toml in the folder differs from the plan that is in force; the latter counts.")
    sentences = tuple(dict.fromkeys(finding.sentence for finding in findings))
    count = sum(len(links) for links in journals.values())
    return VerifyReport(
        sentences, tuple(notes), len(audit), len(journals), count, head_of(audit, store.audit_root)
    )


def _clocks(audit: Sequence[AuditEntry]) -> Iterator[str]:
    """Where the log's times go back: its order is proven, its times are the computers' own."""
    for before, after in pairwise(audit):
        if after.at < before.at:
            yield (
                f"A clock was set back: entry {after.sequence} of the study log is dated before "
                f"entry {before.sequence}. Their order is proven, their times are not."
            )


def _details(audit: tuple[AuditEntry, ...], *events: str) -> list[tuple[AuditEntry, dict[str, Any]]]:
    found = []
    for entry in audit:
        if entry.event in events:
            try:
                detail = json.loads(entry.detail)
            except ValueError:
                continue  # the chain itself has reported this entry
            found.append((entry, detail if isinstance(detail, dict) else {}))
    return found


def _plans(study: Study, audit: tuple[AuditEntry, ...]) -> Iterator[Finding]:
    noted = [
        detail.get("digest") for _, detail in _details(audit, "study made", "plan changed", PLAN_RECEIVED)
    ]
    kept = study.store.plans()
    for version in kept:
        try:
            made = parse_plan(version.toml, instruments()).digest
        except WorkstationError:
            made = ""
        if made != version.digest or version.digest not in noted:
            yield Finding("plan", f"plan {version.number} was changed")
    if len(noted) != len(kept):
        yield Finding("plan", "a plan was removed or added")
    # Secret orders are checked apart. On a reader's own machine the plan holds no seed, and the order came
    # signed with the package.
    is_told = study.orders.are_secret or study.plan.for_reader
    for reader in () if is_told else study.plan.readers:
        if study.store.order(reader) != case_order(study.plan, reader):
            yield Finding("plan", f"the case order of {reader} was changed")


def locked_twice(logs: Sequence[Sequence[AuditEntry]]) -> frozenset[tuple[str, str, int, int]]:
    """Reads, as they are kept, that one reader locked on several machines; each log is one machine's."""
    seen: dict[tuple[str, str, int, int], set[int]] = {}
    for number, log in enumerate(logs):
        for entry, said in _details(tuple(log), "read locked"):
            kept = (entry.actor, str(said.get("case")), said.get("presentation"), said.get("version"))
            if isinstance(kept[2], int) and isinstance(kept[3], int):
                seen.setdefault((kept[0], kept[1], kept[2], kept[3]), set()).add(number)
    return frozenset(kept for kept, machines in seen.items() if len(machines) > 1)


def _locks(
    study: Study,
    audit: tuple[AuditEntry, ...],
    journals: Journals,
    partial: bool,
    twice: Collection[tuple[str, str, int, int]],
) -> Iterator[Finding]:
    reads = study.store.reads
    logged = {entry.actor for entry in audit}
    noted = [(entry.actor, detail) for entry, detail in _details(audit, "read locked")]
    seen, sheets = [], study.store.seals.sheets()
    for lock in reads.locks():
        name = read_name(lock.key)
        seen.append((lock.signer, lock_detail(lock, sheets.get(lock.key))))
        # A machine that joined has the logs of others only once everything is open, by case not at first.
        if seen[-1] not in noted and not (partial and lock.signer not in logged):
            yield Finding(name, f"{name}: its lock was changed or added")
        links = journals.get(lock.key, ())
        last = links[-1].digest if links else reads.root(lock.key)
        if len(links) != lock.entries or last != lock.digest:
            yield Finding(name, f"{name}: it is not what was signed ({lock.entries} entries were)")
    here = {lock.key.kept for lock in reads.locks()}
    for signer, detail in noted:
        kept = (signer, detail.get("case"), detail.get("presentation"), detail.get("version"))
        if (signer, detail) not in seen and not (kept in twice and kept in here):
            name = read_name(study.orders.named(ReadKey(signer, str(detail.get("case")))))
            yield Finding(name, f"{name}: its lock was removed or changed")


def _amendments(study: Study, audit: tuple[AuditEntry, ...], journals: Journals) -> Iterator[Finding]:
    kept = {
        (*one.key.kept, one.reason, one.post_comparison): one.key for one in study.store.reads.amendments()
    }
    noted = {
        (entry.actor, *(d.get(k) for k in ("case", "presentation", "version", "reason", "post_comparison")))
        for entry, d in _details(audit, "read amended")
    }
    for one in kept.keys() ^ noted:
        key = study.orders.named(ReadKey(str(one[0]), str(one[1])))
        yield Finding("amendments", f"the amendment of {key.case} by {one[0]} was changed, removed or added")
    versions = {key.kept for key in kept.values()}
    for key in journals:
        if key.version > 1 and key.kept not in versions:
            yield Finding("amendments", f"{read_name(key)}: it has no amendment")


def _signatures(study: Study, audit: tuple[AuditEntry, ...]) -> Iterator[Finding]:
    reconciling = study.store.reconciling
    kept = {(one.case, one.signer, one.digest) for one in reconciling.signatures()}
    noted = {
        (d.get("case"), entry.actor, d.get("digest")) for entry, d in _details(audit, "reconciliation signed")
    }
    for case, signer, _ in kept ^ noted:
        yield Finding("signatures", f"the signature of {signer} under {case} was changed, removed or added")
    closed = set(reconciling.closed().items())
    noted_closed = {(d.get("case"), d.get("digest")) for _, d in _details(audit, "reconciliation closed")}
    for case, _ in closed ^ noted_closed:
        yield Finding("signatures", f"the closing of {case} was changed, removed or added")


def _readable(study: Study) -> Iterator[Finding]:
    # Of a sealed study only those who are signed in can replay what they entered.
    for reader in study.plan.readers if study.vault is None else study.vault.people:
        if reader not in study.plan.readers:
            continue
        try:
            study.reader(reader).require_readable()
        except WorkstationError as error:
            yield Finding(reader, f"the reads of {reader} cannot be replayed: {error.why}")
