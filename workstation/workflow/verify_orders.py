"""What verification checks of secret orders: who drew them, and that what was told is what was drawn."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from workstation.errors import WorkstationError
from workstation.reading.audit import AuditEntry, Finding
from workstation.reading.journal import ReadKey
from workstation.reading.order import Presentation
from workstation.reading.secret_order import EVERYBODY, is_drawn, is_told, opened_seed
from workstation.store.study_file import STUDY_MADE
from workstation.store.study_orders import ORDER_DRAWN, ORDER_TOLD, READS_TOLD
from workstation.workflow.case_forms import hides_visits, visits_of
from workstation.workflow.read_case import Study


def verify_orders(
    study: Study, audit: Sequence[AuditEntry], journals: Collection[ReadKey]
) -> Iterator[Finding]:
    """Everything about secret orders that was not made by who may, or does not fit."""
    if not study.orders.are_secret:
        return
    yield from _seeds(study, audit, {key.reader for key in journals})
    yield from _told(study, audit)
    yield from _visits(study)
    orders = study.orders
    for key in {(key.reader, key.kept[1]): key for key in journals}.values():
        # An unknown reader's reads cannot be named yet; of a known one each must be of the plan.
        if orders.knows(key.reader) and key.case == key.slot:
            name = f"read {key.slot} by {key.reader}"
            yield Finding(name, f"{name}: it is of no case of the plan")


def _visits(study: Study) -> Iterator[Finding]:
    """Reads that name another order of visits than the one that was drawn, as far as they are open here."""
    if not hides_visits(study) or not study.has_unsealed_any():
        return
    for (reader, case, _), session in study.counted_reads(as_met=True).items():
        try:
            visits_of(study, session.key, session.replay)
        except WorkstationError as error:
            name = f"read {case} by {reader}"
            yield Finding(name, f"{name}: {error.why}")


def _seeds(study: Study, audit: Sequence[AuditEntry], begun: Collection[str]) -> Iterator[Finding]:
    vault, uid = study.vault, study.store.study_uid
    assert vault is not None
    seeds = study.store.orders.seeds()
    # The log of a reader's own machine does not have what was drawn before the package was made.
    # A machine that joined through a server has the first machine's log only after the reads were opened.
    is_copy = bool(study.store.machines.machine_of) or all(one.event != STUDY_MADE for one in audit)
    drawn = {detail.get("reader"): detail.get("commitment") for detail in _details(audit, ORDER_DRAWN)}
    told = {detail.get("reader") for detail in _details(audit, ORDER_TOLD)}
    for one in seeds:
        noted = drawn.get(one.reader) == one.commitment or is_copy
        if not is_drawn(one, vault.sealing, uid) or not noted:
            yield _order_finding(one.reader, "was changed or added")
        elif one.recipient == EVERYBODY:
            try:
                opened_seed(one, vault.sealing, uid, None)
            except WorkstationError:
                yield _order_finding(one.reader, "was not told as it was drawn")
    everybody = {one.reader for one in seeds if one.recipient == EVERYBODY}
    for reader in sorted(
        str(name) for name in (told ^ everybody) | (drawn.keys() - {s.reader for s in seeds})
    ):
        yield _order_finding(reader, "was removed or added")
    for reader in study.plan.readers:
        own = (reader, reader) in {(one.reader, one.recipient) for one in seeds}
        if reader in begun and reader not in drawn and not (is_copy and own):
            yield _order_finding(reader, "was never drawn")
        elif reader in drawn and not own:
            yield _order_finding(reader, "was removed")


def _told(study: Study, audit: Sequence[AuditEntry]) -> Iterator[Finding]:
    vault = study.vault
    assert vault is not None
    told = study.store.orders.told()
    for one in told:
        name = f"read {one.slot} by {one.reader}"
        seed = study.orders.seeds.get(one.reader)
        shown = Presentation(one.case, one.presentation)
        if not is_told(one, vault.sealing, study.store.study_uid):
            yield Finding(name, f"{name}: which case it stands for was changed or added")
        elif seed is not None and study.orders.slots(one.reader).get(shown) != one.slot:
            yield Finding(name, f"{name}: it does not stand for {one.case}, which {one.by} told")
    noted = sum(detail.get("reads", 0) for detail in _details(audit, READS_TOLD))
    if noted != len(told):
        yield Finding(
            "orders", f"told reads were removed or added: the log has {noted}, {len(told)} are kept"
        )


def _order_finding(reader: str, what: str) -> Finding:
    return Finding("orders", f"the order of {reader} {what}")


def _details(audit: Sequence[AuditEntry], event: str) -> list[dict[str, Any]]:
    found = []
    for entry in audit:
        if entry.event == event:
            try:
                detail = json.loads(entry.detail)
            except ValueError:
                continue  # the chain itself has reported this entry
            if isinstance(detail, dict):
                found.append(detail)
    return found
