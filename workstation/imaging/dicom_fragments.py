"""Fragments of compressed pixels (PS3.5 A.4): where they end and what they claim, before decoding."""

from __future__ import annotations

import struct

from workstation.errors import DataError

_JPEG = "1.2.840.10008.1.2.4."
_RLE = "1.2.840.10008.1.2.5"
_J2K = b"\xff\x4f\xff\x51"


def fragments_end(data: bytes) -> int:
    """Where the fragments end: the sequence delimiter, checked item by item.

    Raises
    ------
    DataError
        If the compressed data is cut short or damaged.
    """
    position = 0
    while position + 8 <= len(data):
        group, number, length = struct.unpack_from("<HHI", data, position)
        if (group, number) == (0xFFFE, 0xE0DD):
            return position
        if (group, number) != (0xFFFE, 0xE000):
            raise DataError(
                "This file was not loaded", "its compressed pixels are damaged", "Export it again"
            )
        position += 8 + length
    if position == len(data):
        return position  # Some writers leave the last delimiter out; every fragment is whole.
    raise DataError("This file was not loaded", "it is cut short within its pixels", "Copy it again")


def guess_syntax(data: bytes) -> str:
    """Transfer syntax of compressed pixels by the first bytes of the first frame; ``""`` if unknown."""
    position = 0
    for _ in range(2):  # the offset table, then the first fragment
        if position + 8 > len(data):
            return ""
        (length,) = struct.unpack_from("<I", data, position + 4)
        fragment, position = data[position + 8 : position + 8 + length], position + 8 + length
    if fragment[:4] == _J2K:
        return _JPEG + "90"
    if len(fragment) >= 64 and 1 <= fragment[0] <= 15 and fragment[1:8] == b"\0\0\0\x40\0\0\0":
        return _RLE
    marker = _start_of_frame(fragment)[0] if fragment[:2] == b"\xff\xd8" else 0
    return {0xC0: _JPEG + "50", 0xC1: _JPEG + "51", 0xC3: _JPEG + "70", 0xF7: _JPEG + "80"}.get(marker, "")


def _start_of_frame(coded: bytes) -> tuple[int, int, int, int]:
    """(marker, bits, rows, columns) of a JPEG or JPEG-LS frame; zeros if there is none (ITU-T T.81 B.2.2)."""
    position = 2
    while position + 9 <= len(coded):
        if coded[position] != 0xFF:
            position += 1
            continue
        marker = coded[position + 1]
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            bits, rows, columns = struct.unpack_from(">BHH", coded, position + 4)
            return marker, bits, rows, columns
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
            continue
        position += 2 + struct.unpack_from(">H", coded, position + 2)[0]
    return 0, 0, 0, 0


def size_in_codestream(coded: bytes) -> tuple[int, int] | None:
    """(rows, columns) that a compressed frame itself claims; None where it does not say (RLE)."""
    if coded[:4] == _J2K and len(coded) >= 24:
        width, height, left, top = struct.unpack_from(">IIII", coded, 8)
        return height - top, width - left
    if coded[:2] == b"\xff\xd8":
        _, _, rows, columns = _start_of_frame(coded)
        return rows, columns
    return None
