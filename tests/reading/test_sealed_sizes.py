"""What can be seen of something sealed: its size class, and nothing that a guess could be held against."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.reading import seal
from workstation.reading.journal import Entry, Kind, ReadKey
from workstation.reading.sealed_codec import SealedCodec
from workstation.reading.sealed_sheet import sheet_size

KEY = ReadKey("R1", "r-slot")


def payload(grade: int, remark: str = "") -> bytes:
    codec = SealedCodec("study", lambda _key: bytes(32))
    return codec.encode(KEY, 1, Entry(Kind.ANSWER, {"item": "MFC", "grade": grade, "remark": remark}))


def test_every_answer_has_the_same_size_and_another_one_each_time() -> None:
    made = [payload(grade, remark) for grade in (0, 4) for remark in ("", "a few words on what was seen")]
    assert {len(one) for one in made} == {seal.RUNGS[0] + seal.OVERHEAD}
    assert len({payload(1) for _ in range(20)}) == 20


@given(st.binary(max_size=40_000))
def test_padding_leaves_the_class_only_and_a_salt_of_32_bytes(content: bytes) -> None:
    one, other = seal.padded(content), seal.padded(content)
    assert len(one) == len(other) and len(one) in seal.RUNGS
    assert one[: seal.SALT_BYTES] != other[: seal.SALT_BYTES] and len(one[: seal.SALT_BYTES]) == 32
    assert seal.unpadded(one) == content


@pytest.mark.parametrize("entries", [[2_088], [2_088] * 37, [2_088, 16_424, 131_112]])
def test_a_sheet_has_room_for_its_entries_whatever_they_say(entries: list[int]) -> None:
    """The least that fits would tell how much was said."""
    hardly = seal.padded_to(b"", (sheet_size(entries),))
    room = sum(size - seal.OVERHEAD - seal.SALT_BYTES - seal.LENGTH_BYTES for size in entries)
    chance = bytes(seal.nacl.utils.random(room - 200))
    assert len(hardly) == len(seal.padded_to(chance, (sheet_size(entries),)))
