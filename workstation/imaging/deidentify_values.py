"""New values of kept attributes: checked, reduced or moved; and elements as explicit little endian bytes."""

from __future__ import annotations

import re
import struct
from datetime import date, timedelta

import numpy as np

from workstation.imaging import dicom_kinds, vocabulary
from workstation.imaging.deidentify_rules import (
    CODES,
    LARGEST,
    LARGEST_OF_SEVERAL,
    MOST_VALUES,
    PRIVATE_KEPT,
    PULSE_SEQUENCES,
    SMALLEST,
    VENDORS,
    Rule,
)
from workstation.imaging.dicom_frames import private_tag
from workstation.imaging.dicom_values import Values

_SEQUENCE = re.compile(PULSE_SEQUENCES)
_DECIMAL = re.compile(rb"[+-]?(?:\d{1,12}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,3})?")
_WHOLE = re.compile(rb"[+-]?\d{1,12}(?:\.0{0,6})?")
_KINDS = {b"US": "u2", b"SS": "i2", b"UL": "u4", b"SL": "i4", b"FL": "f4", b"FD": "f8"}
_POINTED_AT = (b"\x18\x00", b"\x20\x00", b"\x28\x00", b"\x40\x00")
_SIZES = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"AT": 4}


def _number(raw: bytes, vr: bytes) -> bytes | None:
    parts = [part.strip(b" \x00") for part in raw.split(b"\\")]
    if parts == [b""]:
        return b""
    pattern = _DECIMAL if vr == b"DS" else _WHOLE
    if len(parts) > MOST_VALUES or not all(pattern.fullmatch(part) for part in parts):
        return None
    return b"\\".join(parts)


def _binary(raw: bytes, vr: bytes) -> bytes | None:
    """Binary numbers that are plausible as such: eight letters read as a number are not."""
    size = _SIZES[vr]
    if not raw or len(raw) % size or len(raw) // size > MOST_VALUES:
        return None
    if vr in (b"US", b"SS"):
        numbers = np.frombuffer(raw, f"<{_KINDS[vr]}")
        return (
            raw if len(numbers) == 1 or np.abs(numbers.astype(np.int64)).max() < LARGEST_OF_SEVERAL else None
        )
    if vr == b"AT":
        return raw if size == len(raw) and raw[:2] in _POINTED_AT else None
    numbers = np.abs(np.frombuffer(raw, f"<{_KINDS[vr]}").astype(np.float64))
    fits = (numbers == 0) | ((numbers > SMALLEST) & (numbers < LARGEST))
    return raw if fits.all() else None


def little_endian(values: Values, tag: int, vr: bytes) -> bytes:
    """Binary numbers of an element in little endian order."""
    raw = values.raw(tag)
    if values.encoding.little:
        return raw
    size = 2 if vr == b"AT" else _SIZES[vr]
    return np.frombuffer(raw[: len(raw) // size * size], f">u{size}").astype(f"<u{size}").tobytes()


def lookup_table(values: Values) -> dict[int, bytes] | None:
    """Descriptor and entries of one lookup table; None unless it is a curve.

    Each must be as long as the other says, and the entries must only rise or only fall: words do not.
    """
    told, entries = (little_endian(values, tag, b"US") for tag in (0x00283002, 0x00283006))
    if len(told) != 6:
        return None
    count, _, bits = struct.unpack("<3H", told)
    if len(entries) != 2 * (count or 1 << 16) or not 8 <= bits <= 16:
        return None
    curve = np.frombuffer(entries, "<u2").astype(np.int32)
    steps = np.diff(curve)
    is_curve = curve.max() < 1 << bits and (bool((steps >= 0).all()) or bool((steps <= 0).all()))
    return {0x00283002: told, 0x00283006: entries} if is_curve else None


def _codes(values: Values, tag: int) -> bytes | None:
    told = values.codes(tag)
    known = [code if code.replace(" ", "_") in CODES else "OTHER" for code in told]
    if tag in (0x00080008, 0x00089007):
        return "\\".join(known).encode()  # Places in ImageType have meanings.
    if tag == 0x00180015:
        return _body_part(told[0]) if told else b""
    known = [code for code, original in zip(known, told, strict=True) if code == original]
    return "\\".join(known).encode() if known or not told else None


def _body_part(body_part: str) -> bytes:
    """BodyPartExamined as a known code, or the known words in it."""
    if body_part.replace(" ", "_") in CODES:
        return body_part.encode()
    return vocabulary.kept(body_part)[:16].rstrip().encode()


def shifted_date(raw: bytes, shift: timedelta) -> bytes:
    """A date moved by `shift`; empty if it is no plausible date (PS3.5 DA)."""
    text = raw.strip(b" \x00")
    if len(text) == 10 and text[4:5] == text[7:8] == b".":
        text = text.replace(b".", b"")  # the old form of ACR-NEMA
    if len(text) != 8 or not text.isdigit():
        return b""
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return b""
    if not 1900 <= day.year <= 2200:
        return b""
    return (day + shift).strftime("%Y%m%d").encode()


def cleaned(values: Values, tag: int, vr: bytes, rule: Rule) -> bytes | None:
    """New value of an attribute whose rule needs no key; None leaves the attribute out."""
    match rule:
        case Rule.NUMBER:
            return _number(values.raw(tag), vr)
        case Rule.BINARY:
            return _binary(little_endian(values, tag, vr), vr)
        case Rule.CODE:
            return _codes(values, tag)
        case Rule.CLASS:
            uid = values.uid(tag)
            return uid.encode() if uid in dicom_kinds.SHOWN | dicom_kinds.SECONDARY_CAPTURES else None
        case Rule.WORDS:
            return vocabulary.kept(values.text(tag)).encode()
        case Rule.VENDOR:
            maker = values.text(tag).lower()
            return next((v.encode() for start, v in VENDORS.items() if maker.startswith(start)), b"UNKNOWN")
        case Rule.SEQUENCE_NAME:
            name = values.text(tag)
            return name.encode() if _SEQUENCE.fullmatch(name) else None
        case _:
            return b""


def private_elements(values: Values) -> dict[int, bytes]:
    """Private elements known to be safe, with the creators of their blocks (PS3.15 E.3.10)."""
    result: dict[int, bytes] = {}
    for place, (vr, rule) in PRIVATE_KEPT.items():
        tag = private_tag(values, place)
        if tag is None or tag not in values.elements or values.elements[tag].vr not in (vr, b"", b"UN"):
            continue
        value = cleaned(values, tag, vr, rule)
        if value is not None:
            block = tag & 0xFFFF0000 | tag >> 8 & 0xFF
            result[block] = element(block, b"LO", place[1])
            result[tag] = element(tag, vr, value)
    return result


_LONG_FORM = frozenset((b"SQ", b"OB", b"OW", b"UN", b"UT", b"UC", b"UR"))


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """One element in explicit VR little endian (PS3.5 7.1.2), padded to even length."""
    if len(value) & 1:
        value += b"\x00" if vr == b"UI" else b" "
    if vr in _LONG_FORM:
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    if len(value) > 0xFFFE:
        return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def item(content: bytes) -> bytes:
    """One item of a sequence, of known length."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
