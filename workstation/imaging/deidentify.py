"""De-identified copies by the DICOM PS3.15 Basic Profile, under a library's own key.

The same original always becomes the same copy: UIDs, subject and dates are keyed (HMAC-SHA256), so a
patient imported later meets the same subject, and a copy that is imported again is recognised. Without
the key nothing leads back. Pixels are copied verbatim; originals are never touched.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np

from workstation.errors import DataError, StoreError
from workstation.imaging import dicom_kinds, vocabulary
from workstation.imaging.deidentify_rules import (
    CODES,
    KEPT,
    MOST_VALUES,
    PRIVATE_KEPT,
    PULSE_SEQUENCES,
    SIGNED_OR_NOT,
    VENDORS,
    Rule,
)
from workstation.imaging.dicom import COPY_MARK, DicomFile, from_dataset, parse_stream
from workstation.imaging.dicom_elements import (
    EXPLICIT_LITTLE,
    NATIVE,
    DataSet,
    Element,
    Encoding,
    sequence_items,
)
from workstation.imaging.dicom_frames import private_tag
from workstation.imaging.dicom_pixels import fragments_end, plane_bytes
from workstation.imaging.dicom_values import Values
from workstation.imaging.study import Identity

PROFILE = "DICOM PS3.15 Basic Profile, dates shifted, descriptors cleaned"
IMPLEMENTATION_UID = "2.25.205236189735521743081826474619843152101"
_UID_ROOT = "2.25."
_HASH_BITS, _CHECK_BITS = 72, 56
_SUBJECT = re.compile(r"S([A-Z2-7]{16})([A-Z2-7]{8})")
_NOBODY = re.compile(
    r"[\W_0x]*|anon(ym(ous|i[sz]ed)?)?\d*|unknown|none|n/?a|test|patient|no ?name|removed|deleted|dummy", re.I
)
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class _Person:
    """Whose file is being copied: pseudonym and how far the dates move."""

    pseudonym: str
    shift: timedelta


class Deidentifier:
    """Writes de-identified copies and tells what originals are called in the library.

    Parameters
    ----------
    key : bytes
        Secret of one library, at least 16 bytes; it never leaves that library.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise StoreError("The library's key cannot be used", "it is shorter than 16 bytes")
        self._key = key
        self.fingerprint = self._digest("fingerprint", "")[:8].hex()
        self._uids: dict[str, str] = {}

    def _digest(self, purpose: str, text: str) -> bytes:
        message = f"marrow/{purpose}\x00{text}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).digest()

    def uid(self, original: str) -> str:
        """The library's UID for an original one; a UID that this key made stays as it is.

        ``2.25.`` and a 128-bit number: 72 bits of HMAC-SHA256 over the original and 56 bits that
        authenticate them.
        """
        if not original:
            return ""
        known = self._uids.get(original)
        if known is None:
            known = original if self._is_ours(original) else self._new_uid(original)
            if len(self._uids) > 200_000:
                self._uids.clear()
            self._uids[original] = known
        return known

    def _new_uid(self, original: str) -> str:
        part = int.from_bytes(self._digest("uid", original)[: _HASH_BITS // 8], "big")
        return f"{_UID_ROOT}{part << _CHECK_BITS | self._check(part)}"

    def _check(self, part: int) -> int:
        return int.from_bytes(self._digest("uid-check", f"{part:x}")[: _CHECK_BITS // 8], "big")

    def _is_ours(self, uid: str) -> bool:
        digits = uid.removeprefix(_UID_ROOT)
        if digits == uid or not digits.isascii() or not digits.isdigit() or len(digits) > 39:
            return False
        part, check = divmod(int(digits), 1 << _CHECK_BITS)
        return part < 1 << _HASH_BITS and check == self._check(part) and str(int(digits)) == digits

    def subject(self, identity: Identity) -> str:
        """Pseudonym of who was imaged: keyed hash of PatientID and its issuer.

        Where PatientID is empty or a placeholder (``ANONYMOUS``, ``***``, ``0``) the pseudonym holds for
        that study only: strangers are never merged. Our own pseudonyms stay as they are.
        """
        patient_id = identity.patient_id.strip()
        if self._is_our_subject(patient_id):
            return patient_id
        if _NOBODY.fullmatch(patient_id):
            return self._pseudonym(f"study\x00{identity.study_instance_uid}")
        return self._pseudonym(f"patient\x00{patient_id}\x00{identity.issuer_of_patient_id.strip()}")

    def _pseudonym(self, text: str) -> str:
        body = base64.b32encode(self._digest("subject", text)[:10]).decode()
        return f"S{body}{self._subject_check(body)}"

    def _subject_check(self, body: str) -> str:
        return base64.b32encode(self._digest("subject-check", body)[:5]).decode()

    def _is_our_subject(self, patient_id: str) -> bool:
        found = _SUBJECT.fullmatch(patient_id)
        return found is not None and found[2] == self._subject_check(found[1])

    def is_own(self, file: DicomFile) -> bool:
        """True for a copy that this library (this key) has written before."""
        return file.copy_mark == self.fingerprint and self._is_ours(file.sop_instance_uid)

    def write(self, source: Path | BinaryIO, target: Path) -> DicomFile:
        """Write the de-identified copy of one picture file.

        Parameters
        ----------
        source : Path or BinaryIO
            Original; only read.
        target : Path
            File to make; it appears complete or not at all. Its folder must exist.

        Returns
        -------
        DicomFile
            What the copy says, with `target` as path.

        Raises
        ------
        DataError
            If the original cannot be read.
        StoreError
            If the copy cannot be written (disk full, no permission).
        """
        with _opened(source) as stream:
            dataset = parse_stream(stream)
            original = from_dataset(dataset, "")
            if not original.instances:
                raise DataError("This file was not copied", original.skip_reason or "it holds no picture")
            header, pixels = self._copy(dataset, original, stream)
            size = len(header) + sum(len(part) for part in pixels if isinstance(part, bytes))
            size += sum(part[1] for part in pixels if isinstance(part, tuple))
            _store(target, header, pixels, stream)
        return _described(header, size, target)

    # --- header ------------------------------------------------------------------------------------------

    def _copy(
        self, dataset: DataSet, original: DicomFile, stream: BinaryIO
    ) -> tuple[bytes, list[bytes | tuple[int, int]]]:
        """Bytes up to the pixels, and the pixels as bytes or as (offset, length) of the original."""
        values = Values.of(dataset)
        pseudonym = self.subject(original.identity)
        own = pseudonym == original.identity.patient_id.strip()
        person = _Person(pseudonym, timedelta(0) if own else self._shift(pseudonym))
        body = self._elements(values, person, dataset.elements)
        body |= _private(values)
        body |= self._replaced(original, person)
        pixels, vr, undefined, length = _pixel_parts(dataset, original, stream)
        syntax = EXPLICIT_LITTLE if original.transfer_syntax_uid in NATIVE else original.transfer_syntax_uid
        if not syntax:
            syntax = original.instances[0].pixels.transfer_syntax_uid
        head = b"".join(body[tag] for tag in sorted(body))
        meta = _file_meta(original.sop_class_uid, self.uid(original.sop_instance_uid), syntax)
        pixel_header = struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, 0xFFFFFFFF if undefined else length)
        return meta + head + pixel_header, pixels

    def _replaced(self, original: DicomFile, person: _Person) -> dict[int, bytes]:
        """Attributes that every copy carries (PS3.15 E.1.1, C.12.1.1.1)."""
        codes = (("113100", "Basic Application Confidentiality Profile"),
                 ("113105", "Clean Descriptors Option"),
                 ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
                 ("113111", "Retain Safe Private Option"))  # fmt: skip
        items = b"".join(
            _item(
                _element(0x00080100, b"SH", code.encode())
                + _element(0x00080102, b"CS", b"DCM")
                + _element(0x00080104, b"LO", meaning.encode())
            )
            for code, meaning in codes
        )
        pseudonym = person.pseudonym.encode()
        method = f"{PROFILE}\\{COPY_MARK}{self.fingerprint}".encode()
        attributes = {
            0x00080016: (b"UI", original.sop_class_uid.encode()),
            0x00080018: (b"UI", self.uid(original.sop_instance_uid).encode()),
            0x00080050: (b"SH", b""),
            0x00080090: (b"PN", b""),
            0x00080030: (b"TM", b""),
            0x00100010: (b"PN", pseudonym),
            0x00100020: (b"LO", pseudonym),
            0x00100030: (b"DA", b""),
            0x00100040: (b"CS", b""),
            0x00120062: (b"CS", b"YES"),
            0x00120063: (b"LO", method),
            0x00120064: (b"SQ", items),
            0x00200010: (b"SH", b""),
            0x00280303: (b"CS", b"MODIFIED"),
        }
        if original.sop_class_uid not in dicom_kinds.SHOWN:
            attributes.pop(0x00080016)
        return {tag: _element(tag, vr, value) for tag, (vr, value) in attributes.items()}

    def _shift(self, pseudonym: str) -> timedelta:
        """One to ten years back, the same for all dates of a subject."""
        number = int.from_bytes(self._digest("dates", pseudonym)[:8], "big")
        return timedelta(days=-(365 + number % 3287))

    def _elements(self, values: Values, person: _Person, tags: dict[int, Element]) -> dict[int, bytes]:
        """Kept attributes of one data set or item, written as explicit little endian, by tag."""
        result: dict[int, bytes] = {}
        for tag in tags:
            kept = KEPT.get(tag)
            if kept is None:
                if tag in SIGNED_OR_NOT:
                    vr = b"SS" if values.integer(0x00280103) == 1 else b"US"
                    raw = _little(values, tag, vr)
                    if len(raw) == 2:
                        result[tag] = _element(tag, vr, raw)
                continue
            vr, rule = kept
            if values.elements[tag].vr not in (vr, b"", b"UN"):
                continue
            if rule is Rule.ITEMS:
                value: bytes | None = self._items(values, tag, person)
            else:
                value = self._value(values, tag, vr, rule, person)
            if value is not None:
                result[tag] = _element(tag, vr, value)
        return result

    def _items(self, values: Values, tag: int, person: _Person) -> bytes:
        parts = []
        for item in values.items(tag):
            kept = self._elements(item, person, dict(item.elements))
            kept |= _private(item)
            if kept:
                parts.append(_item(b"".join(kept[t] for t in sorted(kept))))
            elif tag in (0x52009230, 0x52009229):
                parts.append(_item(b""))  # One item per frame: none may be left out.
        return b"".join(parts)

    def _value(self, values: Values, tag: int, vr: bytes, rule: Rule, person: _Person) -> bytes | None:
        """New value of one attribute; None leaves it out."""
        match rule:
            case Rule.NUMBER:
                return _number(values.raw(tag), vr)
            case Rule.BINARY:
                return _binary(_little(values, tag, vr), vr)
            case Rule.CODE:
                return _codes(values, tag)
            case Rule.CLASS:
                uid = values.uid(tag)
                return uid.encode() if uid in dicom_kinds.SHOWN else None
            case Rule.UID:
                uid = values.uid(tag)
                return self.uid(uid).encode() if uid else b""
            case Rule.DATE:
                return _shifted(values.raw(tag), person.shift)
            case Rule.MOMENT:
                day = _shifted(values.raw(tag)[:8], person.shift)
                return day + b"000000" if day else None
            case Rule.WORDS:
                return vocabulary.kept(values.text(tag)).encode()
            case Rule.VENDOR:
                lower = values.text(tag).lower()
                return next((v.encode() for start, v in VENDORS.items() if lower.startswith(start)), b"")
            case Rule.SEQUENCE_NAME:
                name = values.text(tag)
                return name.encode() if _SEQUENCE.fullmatch(name) else None
            case Rule.EMPTY:
                return b""
            case Rule.ITEMS:
                return self._items(values, tag, person)


# --- values ----------------------------------------------------------------------------------------------

_SEQUENCE = re.compile(PULSE_SEQUENCES)
_DECIMAL = re.compile(rb"[+-]?(?:\d{1,12}\.?\d{0,14}|\.\d{1,14})(?:[eE][+-]?\d{1,3})?")
_WHOLE = re.compile(rb"[+-]?\d{1,12}(?:\.0{0,6})?")
_SIZES = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"AT": 4}


def _number(raw: bytes, vr: bytes) -> bytes | None:
    parts = [part.strip(b" \x00") for part in raw.split(b"\\")]
    pattern = _DECIMAL if vr == b"DS" else _WHOLE
    if len(parts) > MOST_VALUES or not all(pattern.fullmatch(part) for part in parts):
        return None
    return b"\\".join(parts)


def _binary(raw: bytes, vr: bytes) -> bytes | None:
    size = _SIZES[vr]
    if not raw or len(raw) % size or len(raw) // size > MOST_VALUES:
        return None
    return raw


def _little(values: Values, tag: int, vr: bytes) -> bytes:
    """Binary numbers of an element in little endian order."""
    raw = values.raw(tag)
    if values.encoding.little:
        return raw
    size = 2 if vr == b"AT" else _SIZES[vr]
    return np.frombuffer(raw[: len(raw) // size * size], f">u{size}").astype(f"<u{size}").tobytes()


def _codes(values: Values, tag: int) -> bytes | None:
    told = values.codes(tag)
    known = [code if code.replace(" ", "_") in CODES else "OTHER" for code in told]
    if tag in (0x00080008, 0x00089007):
        return "\\".join(known).encode()  # Places in ImageType have meanings.
    if tag == 0x00180015:
        return vocabulary_or_code(told[0]) if told else b""
    known = [code for code, original in zip(known, told, strict=True) if code == original]
    return "\\".join(known).encode() if known else None


def vocabulary_or_code(body_part: str) -> bytes:
    """BodyPartExamined as a known code, or the known words in it."""
    if body_part.replace(" ", "_") in CODES:
        return body_part.encode()
    return vocabulary.kept(body_part)[:16].rstrip().encode()


def _shifted(raw: bytes, shift: timedelta) -> bytes:
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


def _private(values: Values) -> dict[int, bytes]:
    """Private elements known to be safe, with the creators of their blocks (PS3.15 E.3.10)."""
    result: dict[int, bytes] = {}
    for place, (vr, rule) in PRIVATE_KEPT.items():
        group, creator, number = place
        tag = private_tag(values, place)
        if tag is None or tag not in values.elements or values.elements[tag].vr not in (vr, b"", b"UN"):
            continue
        raw = values.raw(tag)
        value = _number(raw, vr) if rule is Rule.NUMBER else _binary(_little(values, tag, vr), vr)
        if value is not None and raw.count(b"\\") < 8:
            block = group << 16 | (tag >> 8 & 0xFF)
            result[block] = _element(block, b"LO", creator)
            result[group << 16 | (tag & 0xFF00) | number] = _element(tag, vr, value)
    return result


# --- bytes -----------------------------------------------------------------------------------------------

_LONG_FORM = frozenset((b"SQ", b"OB", b"OW", b"UN", b"UT", b"UC", b"UR"))


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    if len(value) & 1:
        value += b"\x00" if vr == b"UI" else b" "
    if vr in _LONG_FORM:
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    if len(value) > 0xFFFE:
        return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _item(content: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def _file_meta(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """Preamble and group 0002 (PS3.10 7.1), made new: nothing of the original's is copied."""
    body = (
        _element(0x00020001, b"OB", b"\x00\x01")
        + _element(0x00020002, b"UI", sop_class.encode() if sop_class in dicom_kinds.SHOWN else b"")
        + _element(0x00020003, b"UI", sop_instance.encode())
        + _element(0x00020010, b"UI", syntax.encode())
        + _element(0x00020012, b"UI", IMPLEMENTATION_UID.encode())
        + _element(0x00020013, b"SH", b"MARROW")
    )
    return bytes(128) + b"DICM" + _element(0x00020000, b"UL", struct.pack("<I", len(body))) + body


def _pixel_parts(
    dataset: DataSet, original: DicomFile, stream: BinaryIO
) -> tuple[list[bytes | tuple[int, int]], bytes, bool, int]:
    """Pixels to copy, their VR, whether of undefined length, and their length."""
    pixels, element = original.instances[0].pixels, dataset.pixels
    if element is None:
        raise DataError("This file was not copied", "it holds no picture")
    if original.transfer_syntax_uid not in NATIVE:
        stream.seek(element.start)
        data = stream.read(dataset.size - element.start)
        end = fragments_end(data)
        return [data[:end], struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)], b"OB", True, 0
    length = plane_bytes(pixels) * pixels.number_of_frames
    vr = element.vr if element.vr in (b"OB", b"OW") and pixels.bits_allocated == 8 else b"OW"
    padding = b"\x00" * (length & 1)
    if dataset.inflated:
        raw = dataset.buffer[element.start : element.start + length]
        return [raw + padding], vr, False, length + len(padding)
    if not dataset.encoding.little:
        stream.seek(element.start)
        raw = stream.read(length)
        width = pixels.bits_allocated // 8 if pixels.bits_allocated > 8 else (2 if element.vr == b"OW" else 1)
        even = len(raw) // width * width
        swapped = np.frombuffer(raw[:even], f">u{width}").astype(f"<u{width}").tobytes()
        return [swapped + raw[even:] + padding], vr, False, length + len(padding)
    return [(element.start, length), padding], vr, False, length + len(padding)


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        stream = source.open("rb", buffering=0)
    except OSError as error:
        raise DataError(
            "This file was not copied", f"it cannot be read ({error.strerror or 'disk error'})"
        ) from None
    with stream:
        yield stream


def _store(target: Path, header: bytes, pixels: list[bytes | tuple[int, int]], stream: BinaryIO) -> None:
    new = target.with_name(target.name + ".part")
    try:
        with new.open("wb", buffering=0) as out:
            out.write(header)
            for part in pixels:
                if isinstance(part, bytes):
                    out.write(part)
                else:
                    _copy_range(stream, out, *part)
        new.replace(target)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise StoreError(
            "The copy of a file was not written",
            error.strerror or "disk error",
            "Check the disk and import again",
        ) from error


def _copy_range(stream: BinaryIO, out: BinaryIO, offset: int, length: int) -> None:
    stream.seek(offset)
    while length:
        chunk = stream.read(min(length, _CHUNK))
        if not chunk:
            raise DataError("This file was not copied", "it became shorter while it was read")
        out.write(chunk)
        length -= len(chunk)


def _described(header: bytes, size: int, target: Path) -> DicomFile:
    """Read back the header that was written, with the size of the whole copy."""
    from workstation.imaging.dicom_elements import parse

    return from_dataset(parse(io.BytesIO(header), size), str(target))


__all__ = ["Deidentifier", "Element", "Encoding", "os", "sequence_items"]
