"""What verification checks beyond the chains where a study is sealed: every signature, sheet and opening."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from workstation.errors import WorkstationError
from workstation.reading.audit import EVENT_PURPOSE, AuditEntry, Finding, Link
from workstation.reading.cards import Card, Seat
from workstation.reading.journal import ReadKey
from workstation.reading.plan import parse_plan
from workstation.reading.seal import are_signed
from workstation.reading.sealed_sheet import is_committed
from workstation.reading.signed_chain import is_signed_link, verify_signed_links
from workstation.scoring.instrument import instruments
from workstation.store.server_join import JOINED, PLAN_RECEIVED
from workstation.store.study_file import SYSTEM
from workstation.store.study_seals import Stage, is_handed_out
from workstation.workflow.late import CAME_LATE
from workstation.workflow.left_reads import is_cut, left_reads
from workstation.workflow.read_case import Study
from workstation.workflow.unsealing import LAYER_OPENED, SHEETS_OPENED
from workstation.workflow.urgent import ARRIVED
from workstation.workflow.vault import Vault
from workstation.workflow.wrong_passphrases import WRONG

BY_NOBODY = frozenset(
    {
        *("study made", "plan changed", "plan frozen", "reconciliation closed"),
        *(JOINED, PLAN_RECEIVED, WRONG, CAME_LATE, ARRIVED),
    }
)
"""Events that no person signs: each follows from others that are signed, or is a refusal."""


def read_name(key: ReadKey) -> str:
    """A read in words: ``"read of K-0001 by R1"``, or by its slot where its case is not known here."""
    name = f"read {'' if key.case == key.slot else 'of '}{key.case} by {key.reader}"
    if key.presentation > 1:
        name += f", presentation {key.presentation}"
    return f"{name}, version {key.version}" if key.version > 1 else name


class SignedLog:
    """The signatures under this machine's log; checking them begins at once, beside everything else."""

    def __init__(self, study: Study, audit: Sequence[AuditEntry]) -> None:
        self.cards = cards_of(study)
        self._signed = [entry for entry in audit if entry.actor != SYSTEM or entry.event not in BY_NOBODY]
        # That each digest is that of its entry is checked with the chain.
        self._are_theirs = are_signed([self._claim(one) for one in self._signed])

    def _claim(self, entry: AuditEntry) -> tuple[str, str, bytes, bytes]:
        card = self.cards.get(entry.actor)
        key = "" if card is None else card.signing_key
        return key, EVENT_PURPOSE, entry.digest.encode(), entry.signature

    def findings(self) -> Iterator[Finding]:
        """Entries that are not signed by whom they name."""
        for entry, is_theirs in zip(self._signed, self._are_theirs(), strict=True):
            if not is_theirs:
                yield Finding(
                    "study log", f"study log: entry {entry.sequence} is not signed by {entry.actor}"
                )


def verify_seals(
    study: Study,
    log: SignedLog,
    audit: Sequence[AuditEntry],
    merged: Sequence[AuditEntry],
    journals: Mapping[ReadKey, Sequence[Link]],
) -> Iterator[Finding]:
    """Everything in a sealed study that was not made by whom it names.

    Parameters
    ----------
    log : SignedLog
        Of `audit`.
    audit, merged : sequence of AuditEntry
        This machine's log, and the same with the logs of other machines.
    """
    vault, cards = study.vault, log.cards
    if vault is None:
        return
    yield from log.findings()
    left = {read: one for card in cards.values() for read, one in left_reads(audit, card).items()}
    for reader, case, presentation, version in left.keys() - {key.kept for key in journals}:
        name = read_name(study.orders.named(ReadKey(reader, case, presentation, version)))
        yield Finding(name, f"{name}: it no longer holds what {reader} left")
    for key, links in journals.items():
        card, name = cards.get(key.reader), read_name(key)
        if is_cut(key, links, left):
            yield Finding(name, f"{name}: it no longer holds what {key.reader} left")
        if card is None:
            yield Finding(name, f"{name}: the plan has no such account")
        else:
            yield from verify_signed_links(links, card, name)
    yield from _settlements(study, vault)
    yield from _sheets(study, vault)
    yield from _openings(study, vault, merged)
    if study.store.has_begun:
        for signer in vault.missing_plan_signatures():
            yield Finding("plan", f"the plan in force is not signed by {signer}")


def cards_of(study: Study) -> dict[str, Card]:
    """The cards of every plan that the study had; those in force count where a name comes twice."""
    found: dict[str, Card] = {}
    for version in study.store.plans():
        try:
            plan = parse_plan(version.toml, instruments())
        except WorkstationError:
            continue  # the check of the plans says so
        found |= {card.name: card for card in plan.sealing.accounts} if plan.sealing else {}
        safety = plan.conduct.safety
        if safety is not None and safety.card is not None:
            found.setdefault(safety.contact, safety.card)
    return found


def _settlements(study: Study, vault: Vault) -> Iterator[Finding]:
    """Settlements that nobody signed; studies of earlier versions had no signatures there."""
    if not study.orders.are_secret:
        return
    for case, links in study.store.reconciling.journals().items():
        for link in links:
            if not any(is_signed_link(link, card) for card in vault.sealing.accounts):
                name = f"reconciliation of {case}"
                yield Finding(name, f"{name}: entry {link.sequence} is not signed by anybody of the study")


def _sheets(study: Study, vault: Vault) -> Iterator[Finding]:
    locks = {lock.key: lock for lock in study.store.reads.locks()}
    sheets = study.store.seals.sheets()
    for key, lock in locks.items():
        name, sheet, card = read_name(key), sheets.get(key), vault.sealing.find(key.reader)
        if sheet is None:
            yield Finding(name, f"{name}: its sealed sheet was removed")
        elif card is None or not is_committed(study.store.study_uid, lock, sheet, card):
            yield Finding(name, f"{name}: its lock or its sealed sheet is not what {key.reader} signed")
    for key in sheets.keys() - locks.keys():
        yield Finding(read_name(key), f"{read_name(key)}: a sealed sheet without a lock was added")


def _openings(study: Study, vault: Vault, audit: Sequence[AuditEntry]) -> Iterator[Finding]:
    handed: dict[ReadKey, set[str]] = {}
    layers = set()
    for one in study.store.seals.openings():
        name = read_name(one.key)
        if not is_handed_out(one, vault.sealing, study.store.study_uid):
            yield Finding(name, f"{name}: the opening of its sheet for {one.recipient} was changed or added")
        if one.stage is Stage.KEY:
            handed.setdefault(one.key, set()).add(one.recipient)
        else:
            layers.add(one.key)
    everyone = {card.name for card in vault.sealing.accounts if card.seat is not Seat.ESCROW}
    for key, names in handed.items():
        for gone in sorted(everyone - names):
            name = read_name(key)
            yield Finding(name, f"{name}: the opening of its sheet for {gone} was removed")
    for event, kept in ((SHEETS_OPENED, len(handed)), (LAYER_OPENED, len(layers))):
        noted = sum(_count(entry) for entry in audit if entry.event == event)
        if noted != kept:
            yield Finding(
                "openings", f"openings of sheets were removed or added: the log has {noted}, {kept} are kept"
            )


def _count(entry: AuditEntry) -> int:
    try:
        return int(json.loads(entry.detail)["sheets"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0  # the chain itself has reported this entry
