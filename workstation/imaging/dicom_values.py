"""Values of DICOM elements, read tolerantly: what is damaged counts as absent and never stops an import."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from workstation.imaging.dicom_elements import DataSet, Element, Encoding, sequence_items

_INTEGER = re.compile(rb"[+-]?\d{1,15}(\.0*)?")
_LONGEST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Values:
    """Typed look at the elements of one data set or one sequence item."""

    buffer: bytes
    elements: Mapping[int, Element]
    encoding: Encoding
    character_set: bytes = b""

    @classmethod
    def of(cls, dataset: DataSet) -> Values:
        """Values of the top level of a file."""
        return cls(dataset.buffer, dataset.elements, dataset.encoding, dataset.value(0x00080005))

    def raw(self, tag: int) -> bytes:
        """The bytes of a value, ``b""`` if absent."""
        element = self.elements.get(tag)
        return self.buffer[element.start : element.end] if element else b""

    def items(self, tag: int) -> list[Values]:
        """Items of a sequence."""
        element = self.elements.get(tag)
        if element is None:
            return []
        found = sequence_items(self.buffer, element, self.encoding)
        encoding = Encoding(False, True) if element.vr == b"UN" else self.encoding
        return [Values(self.buffer, item, encoding, self.character_set) for item in found]

    def item(self, tag: int) -> Values:
        """First item of a sequence; empty values if there is none."""
        found = self.items(tag)
        return found[0] if found else Values(b"", {}, self.encoding)

    def text(self, tag: int) -> str:
        """One line of text, decoded by SpecificCharacterSet, without padding and control characters."""
        raw = self.raw(tag)[:_LONGEST_TEXT]
        if not raw:
            return ""
        if raw.isascii() and b"\x1b" not in raw:
            text = raw.decode("ascii")
        else:
            text = decode_text(raw, self.character_set)
        text = text.rstrip("\x00 ").lstrip()
        return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text).strip()

    def code(self, tag: int) -> str:
        """First value of a code string, upper case."""
        values = self.codes(tag)
        return values[0] if values else ""

    def codes(self, tag: int) -> tuple[str, ...]:
        """All values of a code string, upper case."""
        raw = self.raw(tag)[:_LONGEST_TEXT].rstrip(b"\x00 ")
        if not raw:
            return ()
        return tuple(part.strip().upper() for part in raw.decode("ascii", "replace").split("\\"))

    def uid(self, tag: int) -> str:
        """A unique identifier, ``""`` if absent."""
        return self.raw(tag)[:128].strip(b"\x00 ").decode("ascii", "replace")

    def decimals(self, tag: int) -> tuple[float, ...]:
        """Numbers written as text (DS, IS) or in binary (FD, FL, US, SS, UL, SL).

        A value that is not a finite number becomes ``nan``, so that the others keep their places.
        """
        element = self.elements.get(tag)
        if element is None or element.start >= element.end:
            return ()
        raw = self.buffer[element.start : min(element.end, element.start + 4096)]
        kind = _BINARY.get(element.vr or _IMPLICIT.get(tag, b""))
        if kind is None:
            return tuple(_number(part) for part in raw.split(b"\\"))
        order, size = "<" if self.encoding.little else ">", struct.calcsize(kind)
        count = len(raw) // size
        numbers = struct.unpack_from(f"{order}{count}{kind}", raw)
        return tuple(float(n) if math.isfinite(n) else math.nan for n in numbers)

    def decimal(self, tag: int) -> float | None:
        """First number of a value; None if absent or not a finite number."""
        numbers = self.decimals(tag)
        return numbers[0] if numbers and not math.isnan(numbers[0]) else None

    def integer(self, tag: int) -> int | None:
        """First number of a value as an integer; None if absent or not whole."""
        number = self.decimal(tag)
        if number is None or abs(number) > 2**53 or number != int(number):
            return None
        return int(number)


_BINARY = {b"FD": "d", b"FL": "f", b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"AT": "H"}

_IMPLICIT = {
    # VRs of the binary numbers read here, for files with implicit VR (PS3.6).
    0x00280002: b"US", 0x00280006: b"US", 0x00280010: b"US", 0x00280011: b"US",
    0x00280100: b"US", 0x00280101: b"US", 0x00280102: b"US", 0x00280103: b"US",
    0x00189082: b"FD", 0x00189079: b"FD", 0x00189087: b"FD", 0x00209157: b"UL",
    0x00209057: b"UL", 0x00209128: b"UL", 0x00209153: b"FD", 0x00209156: b"US",
    0x00186011: b"SQ", 0x00189240: b"US", 0x00189241: b"US",
}  # fmt: skip


def _number(part: bytes) -> float:
    try:
        number = float(part.strip(b" \x00"))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def decode_text(raw: bytes, character_set: bytes) -> str:
    """Decode text by SpecificCharacterSet (PS3.3 C.12.1.1.2); unknown sets fall back to Latin-1."""
    names = [name.strip() for name in character_set.decode("ascii", "replace").rstrip("\x00 ").split("\\")]
    # Late: only files with other than plain letters pay for pydicom's tables.
    import warnings

    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encodings = convert_encodings([name or "ISO_IR 6" for name in names])
            return str(decode_bytes(raw, encodings, {"\\", "^", "=", "\n", "\r", "\t", "\f"}))
        except (LookupError, ValueError):
            return raw.decode("latin-1")
