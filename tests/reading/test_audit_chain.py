"""Hash chains: any byte that is changed, any entry removed, moved or added, is found and named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.reading.audit import (
    AuditEntry,
    Link,
    head_code,
    head_of,
    next_entry,
    next_link,
    proves_tail,
    root_digest,
    verify_audit,
    verify_links,
)

ROOT = root_digest("study", "abc")


def audit(count: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(count):
        last = entries[-1] if entries else None
        # All in the same second: the sequence number keeps them apart.
        detail: dict[str, object] = {"case": f"K-{number}", "version": 1}
        entries.append(next_entry(last, ROOT, "2026-01-02T03:04:05+00:00", "R1", "read locked", detail))
    return entries


def links(payloads: list[bytes]) -> list[Link]:
    chain: list[Link] = []
    for payload in payloads:
        chain.append(next_link(chain[-1] if chain else None, ROOT, payload))
    return chain


def test_an_untouched_chain_is_intact() -> None:
    assert verify_audit(audit(20), ROOT) == ()
    assert verify_links(links([b"a", b"", b"c"]), ROOT, "read") == ()
    assert verify_audit([], ROOT) == ()


@given(
    st.integers(0, 9), st.sampled_from(["at", "actor", "event", "detail", "previous", "digest"]), st.data()
)
def test_any_changed_character_of_any_field_is_found(place: int, field: str, data: st.DataObject) -> None:
    entries = audit(10)
    text = getattr(entries[place], field)
    position = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[position]))
    entries[place] = replace(entries[place], **{field: text[:position] + other + text[position + 1 :]})
    found = verify_audit(entries, ROOT, "study log")
    assert found
    assert f"entry {place + 1}" in found[0].sentence or f"entry {place + 2}" in found[0].sentence


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=12),
    st.integers(0, 11),
    st.integers(0, 39),
    st.integers(1, 255),
)
def test_any_changed_byte_of_a_journal_is_found(payloads: list[bytes], at: int, byte: int, flip: int) -> None:
    chain = links(payloads)
    at %= len(chain)
    payload = bytearray(chain[at].payload or b"\0")
    payload[byte % len(payload)] ^= flip
    chain[at] = replace(chain[at], payload=bytes(payload))
    found = verify_links(chain, ROOT, "read of K-1")
    assert found[0].sentence == f"read of K-1: entry {at + 1} was changed"


@given(st.integers(3, 12), st.data())
def test_a_removed_entry_is_found(count: int, data: st.DataObject) -> None:
    entries = audit(count)
    gone = data.draw(st.integers(0, count - 2))
    del entries[gone]
    assert f"entry {gone + 1} missing" in verify_audit(entries, ROOT)[0].sentence


@given(st.integers(3, 12), st.data())
def test_a_removed_and_renumbered_entry_is_found(count: int, data: st.DataObject) -> None:
    chain = links([bytes([number]) for number in range(count)])
    gone = data.draw(st.integers(0, count - 2))
    del chain[gone]
    renumbered = [replace(one, sequence=number) for number, one in enumerate(chain, start=1)]
    assert verify_links(renumbered, ROOT, "read")


@given(st.integers(2, 10), st.data())
def test_two_exchanged_entries_are_found(count: int, data: st.DataObject) -> None:
    entries = audit(count)
    first = data.draw(st.integers(0, count - 2))
    entries[first], entries[first + 1] = entries[first + 1], entries[first]
    assert verify_audit(entries, ROOT)
    swapped = [replace(one, sequence=number) for number, one in enumerate(entries, start=1)]
    assert verify_audit(swapped, ROOT)


def test_an_added_entry_is_found() -> None:
    entries = audit(5)
    forged = next_entry(entries[1], ROOT, "2026-01-02T03:04:05+00:00", "R2", "read locked", {})
    assert verify_audit([*entries[:2], forged, *entries[2:]], ROOT)
    renumbered = [*entries[:2], forged, *(replace(one, sequence=one.sequence + 1) for one in entries[2:])]
    assert verify_audit(renumbered, ROOT)


def test_a_chain_of_another_read_does_not_fit_here() -> None:
    assert verify_links(links([b"a"]), root_digest("study", "other"), "read")
    assert root_digest("read", "s", "R1", "K-1") != root_digest("read", "s", "R1K", "-1")


def test_a_cut_tail_is_proved_by_a_head_that_was_written_down() -> None:
    entries = audit(8)
    code = head_code(head_of(entries, ROOT))
    assert proves_tail(entries, code)
    assert proves_tail([*entries, next_entry(entries[-1], ROOT, "", "R1", "x", {})], code.upper())
    assert verify_audit(entries[:5], ROOT) == (), "a chain alone cannot show that its tail is gone"
    assert not proves_tail(entries[:5], code)


@pytest.mark.parametrize("code", ["", "-", "0", "abc"])
def test_a_code_that_is_too_short_proves_nothing(code: str) -> None:
    assert not proves_tail(audit(8), code)


def test_the_head_code_can_be_written_down() -> None:
    assert head_code("0123456789abcdef") == "0123-4567-89ab"
