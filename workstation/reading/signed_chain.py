"""Signatures over the chains of a sealed study: whether an entry was made by whom it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from workstation.reading.audit import ENTRY_PURPOSE, EVENT_PURPOSE, AuditEntry, Finding, Link, audit_digest
from workstation.reading.cards import Card
from workstation.reading.seal import is_signed


def is_genuine(entry: AuditEntry, card: Card) -> bool:
    """Whether a study event is unchanged and signed by the owner of a card."""
    made = audit_digest(entry.previous, entry.sequence, entry.at, entry.actor, entry.event, entry.detail)
    return made == entry.digest and is_signed(
        card.signing_key, EVENT_PURPOSE, entry.digest.encode(), entry.signature
    )


def words_of(entries: Sequence[AuditEntry], card: Card, events: Collection[str]) -> tuple[str, ...]:
    """What the owner of a card said in events of some kinds, in order; nobody else can have written it."""
    return tuple(
        one.detail
        for one in entries
        if one.event in events and one.actor == card.name and is_genuine(one, card)
    )


def verify_signed_links(links: Sequence[Link], card: Card, chain: str) -> tuple[Finding, ...]:
    """Entries of a read that its reader did not sign.

    A digest covers all before it, so a genuine signature under the last entry vouches for the whole chain;
    only where that fails is each entry looked at.
    """
    if not links or is_signed_link(links[-1], card):
        return ()
    return tuple(
        Finding(chain, f"{chain}: entry {link.sequence} is not signed by {card.name}")
        for link in links
        if not is_signed_link(link, card)
    )


def is_signed_link(link: Link, card: Card) -> bool:
    """Whether one entry of a journal was signed by the owner of a card."""
    return is_signed(card.signing_key, ENTRY_PURPOSE, link.digest.encode(), link.signature)
