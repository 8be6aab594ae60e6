"""De-identified copies by the DICOM PS3.15 Basic Profile, under a library's own key.

The same original always becomes the same copy: UIDs, subject and dates are keyed (HMAC-SHA256), so a
patient imported later meets the same subject, and a copy that is imported again is recognised. Without
the key nothing leads back. Pixels are copied verbatim; originals are never touched.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np

from workstation.errors import DataError, StoreError
from workstation.imaging import dicom_kinds
from workstation.imaging.deidentify_rules import (
    CODED_ITEMS,
    KEPT,
    LOOKUP_TABLES,
    SIGNED_OR_NOT,
    Rule,
)
from workstation.imaging.deidentify_values import (
    cleaned,
    element,
    item,
    little_endian,
    lookup_table,
    private_elements,
    shifted_date,
)
from workstation.imaging.dicom import COPY_MARK, DicomFile, from_dataset, parse_stream
from workstation.imaging.dicom_elements import EXPLICIT_LITTLE, NATIVE, DataSet, parse
from workstation.imaging.dicom_fragments import fragments_end
from workstation.imaging.dicom_pixels import plane_bytes
from workstation.imaging.dicom_values import Values
from workstation.imaging.pseudonyms import Pseudonyms
from workstation.imaging.study import Identity

PROFILE = "DICOM PS3.15 Basic Profile, dates shifted, descriptors cleaned"
IMPLEMENTATION_UID = "2.25.205236189735521743081826474619843152101"
_CHUNK = 1024 * 1024
_COPIED = dicom_kinds.SHOWN | dicom_kinds.SECONDARY_CAPTURES
_FUNCTIONAL_GROUPS = frozenset((0x52009229, 0x52009230))

Part = bytes | tuple[int, int]
"""Pixels to write: bytes, or (offset, length) of the original file."""


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
        self._names = Pseudonyms(key)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without revealing them."""
        return self._names.fingerprint

    def uid(self, original: str) -> str:
        """The library's UID for an original one; see `Pseudonyms.uid`."""
        return self._names.uid(original)

    def subject(self, identity: Identity) -> str:
        """Pseudonym of who was imaged; see `Pseudonyms.subject`."""
        return self._names.subject(identity)

    def is_own(self, file: DicomFile) -> bool:
        """True for a copy that this library (this key) has written before."""
        return file.copy_mark == self.fingerprint and self._names.is_our_uid(file.sop_instance_uid)

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

    def _copy(self, dataset: DataSet, original: DicomFile, stream: BinaryIO) -> tuple[bytes, list[Part]]:
        """Bytes up to the pixels, and the pixels as bytes or as (offset, length) of the original."""
        values = Values.of(dataset)
        pseudonym = self.subject(original.identity)
        own = self._names.is_our_subject(original.identity.patient_id.strip())
        person = _Person(pseudonym, timedelta(0) if own else self._names.date_shift(pseudonym))
        body = self._elements(values, person, dataset.elements)
        body |= private_elements(values)
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
            item(
                element(0x00080100, b"SH", code.encode())
                + element(0x00080102, b"SH", b"DCM")
                + element(0x00080104, b"LO", meaning.encode())
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
        if original.sop_class_uid in dicom_kinds.ENHANCED:
            # Enhanced objects may not leave these empty (PS3.3 C.7.5.2): dummies, as the profile asks.
            attributes |= {
                0x00080033: (b"TM", b"000000"),
                0x00081090: (b"LO", b"REMOVED"),
                0x00181000: (b"LO", b"REMOVED"),
                0x00181020: (b"LO", b"REMOVED"),
            }
        if original.sop_class_uid not in _COPIED:
            attributes.pop(0x00080016)
        return {tag: element(tag, vr, value) for tag, (vr, value) in attributes.items()}

    def _elements(self, values: Values, person: _Person, tags: Iterable[int]) -> dict[int, bytes]:
        """Kept attributes of one data set or item, written as explicit little endian, by tag."""
        result: dict[int, bytes] = {}
        for tag in tags:
            if tag in SIGNED_OR_NOT:
                vr = b"SS" if values.integer(0x00280103) == 1 else b"US"
                raw = little_endian(values, tag, vr)
                if len(raw) == 2:
                    result[tag] = element(tag, vr, raw)
                continue
            if tag in LOOKUP_TABLES:
                table = lookup_table(values)
                if table is not None:
                    result[tag] = element(tag, LOOKUP_TABLES[tag], table[tag])
                continue
            kept = KEPT.get(tag)
            # A VR other than the standard's could carry text where a number belongs.
            if kept is None or values.elements[tag].vr not in (kept[0], b"", b"UN"):
                continue
            value = self._value(values, tag, *kept, person)
            if value is not None:
                result[tag] = element(tag, kept[0], value)
        return result

    def _value(self, values: Values, tag: int, vr: bytes, rule: Rule, person: _Person) -> bytes | None:
        """New value of one attribute; None leaves it out."""
        match rule:
            case Rule.ITEMS:
                return self._items(values, tag, person)
            case Rule.UID:
                return self.uid(values.uid(tag)).encode() or None
            case Rule.DATE:
                return shifted_date(values.raw(tag), person.shift)
            case Rule.MOMENT:
                day = shifted_date(values.raw(tag)[:8], person.shift)
                return day + b"000000" if day else None
            case _:
                return cleaned(values, tag, vr, rule)

    def _items(self, values: Values, tag: int, person: _Person) -> bytes | None:
        parts = []
        for one in values.items(tag):
            kept = self._elements(one, person, one.elements) | private_elements(one)
            if tag in CODED_ITEMS and 0x00080100 not in kept:
                continue
            # Functional groups have one item per frame: none may be left out.
            if kept or tag in _FUNCTIONAL_GROUPS:
                parts.append(item(b"".join(kept[t] for t in sorted(kept))))
        return b"".join(parts) if parts else None


def _file_meta(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """Preamble and group 0002 (PS3.10 7.1), made new: nothing of the original's is copied."""
    body = (
        element(0x00020001, b"OB", b"\x00\x01")
        + element(0x00020002, b"UI", sop_class.encode() if sop_class in _COPIED else b"")
        + element(0x00020003, b"UI", sop_instance.encode())
        + element(0x00020010, b"UI", syntax.encode())
        + element(0x00020012, b"UI", IMPLEMENTATION_UID.encode())
        + element(0x00020013, b"SH", b"MARROW")
    )
    return bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<I", len(body))) + body


def _pixel_parts(
    dataset: DataSet, original: DicomFile, stream: BinaryIO
) -> tuple[list[Part], bytes, bool, int]:
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


def _store(target: Path, header: bytes, pixels: list[Part], stream: BinaryIO) -> None:
    new = target.with_name(target.name + ".part")
    try:
        with new.open("wb", buffering=0) as out:
            _write(out, header)
            for part in pixels:
                if isinstance(part, bytes):
                    _write(out, part)
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


def _write(out: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of it: an unbuffered file may take less at a time, as on a disk that is nearly full."""
    view = memoryview(content)
    while view.nbytes:
        view = view[out.write(view) :]


def _copy_range(stream: BinaryIO, out: BinaryIO, offset: int, length: int) -> None:
    if isinstance(stream, io.BytesIO):
        with stream.getbuffer() as whole:
            _write(out, whole[offset : offset + length])
        return
    stream.seek(offset)
    while length:
        chunk = stream.read(min(length, _CHUNK))
        if not chunk:
            raise DataError("This file was not copied", "it became shorter while it was read")
        _write(out, chunk)
        length -= len(chunk)


def _described(header: bytes, size: int, target: Path) -> DicomFile:
    """Read back the header that was written, with the size of the whole copy."""
    return from_dataset(parse(io.BytesIO(header), size), str(target))
