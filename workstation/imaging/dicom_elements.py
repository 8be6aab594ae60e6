"""The bytes of a DICOM data set: where each element starts and ends (PS3.5 section 7).

Own and small because it decides three things at once: headers are scanned at the speed of the disk, a
hostile length can never make us allocate, and a de-identified copy is written from the same view of the
bytes that was checked. Values are not interpreted here.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from workstation.errors import DataError
from workstation.imaging.dicom_fragments import guess_syntax

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
NATIVE = frozenset((IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED))

PIXEL_DATA = 0x7FE00010
_TITLE = "This file was not loaded"
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, PIXEL_DATA))
_FIRST_TAG = 0x00040000
"""Below it are the groups of the file header only."""
_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
VALUE_REPRESENTATIONS = _LONG | frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
_DEEPEST = 24
_FIRST_READ = 96 * 1024
_LARGEST_HEADER = 256 * 1024 * 1024
_LARGEST_INFLATED = 512 * 1024 * 1024


class NotDicomError(DataError):
    """The file is no DICOM file at all: left out, not damaged."""


class CutShortError(Exception):
    """The bytes end inside an element; more may have to be read."""


class DamagedError(Exception):
    """The bytes are not a data set in the assumed encoding."""


class Element(NamedTuple):
    """One element: its tag as an integer, its VR (``b""`` if implicit), and its value's place.

    `end` is the end of the value itself, without delimiters; `undefined` marks undefined length. A tuple,
    because a header has hundreds.
    """

    tag: int
    vr: bytes
    start: int
    end: int
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are written: explicit or implicit VR, little or big endian."""

    explicit: bool
    little: bool

    @property
    def syntax_uid(self) -> str:
        """The native transfer syntax with this encoding."""
        if not self.little:
            return EXPLICIT_BIG
        return EXPLICIT_LITTLE if self.explicit else IMPLICIT_LITTLE


@dataclass(frozen=True, slots=True)
class DataSet:
    """Top-level elements of one file up to its pixels.

    Attributes
    ----------
    buffer : bytes
        The file's first bytes (all of them where it was deflated), at least up to the pixels.
    elements : dict of int to Element
        By tag; the file meta group included.
    transfer_syntax_uid : str
        As the bytes are; ``""`` if the file does not say and it could not be determined yet.
    pixels : Element or None
        Pixel Data; its `end` may lie beyond `buffer`, and beyond the file if that is cut short.
    size : int
        Bytes of the whole file (after inflating, if deflated).
    notes : tuple of str
        What had to be assumed.
    """

    buffer: bytes
    elements: dict[int, Element]
    encoding: Encoding
    transfer_syntax_uid: str
    pixels: Element | None
    size: int
    inflated: bool = False
    notes: tuple[str, ...] = ()

    def value(self, tag: int) -> bytes:
        """Raw value of a top-level element, ``b""`` if absent."""
        element = self.elements.get(tag)
        return self.buffer[element.start : element.end] if element else b""

    def items(self, tag: int) -> list[dict[int, Element]]:
        """Items of a top-level sequence, each as elements by tag; empty if absent or damaged."""
        element = self.elements.get(tag)
        return sequence_items(self.buffer, element, self.encoding) if element else []


def walk(
    buffer: bytes, position: int, end: int, encoding: Encoding, size: int | None = None, depth: int = 0
) -> Iterator[Element]:
    """Elements of one data set (or item), in file order.

    Parameters
    ----------
    buffer : bytes
    position, end : int
        Where the data set lies.
    size : int, optional
        Size of the whole file when `buffer` is only its beginning; a value ending beyond it is cut short.

    Raises
    ------
    CutShortError
        If an element continues beyond `end`; elements before it have been yielded.
    DamagedError
        If no element can start here.
    """
    explicit = encoding.explicit
    order = "<" if encoding.little else ">"
    short = struct.Struct(order + "HH2sH")
    plain = struct.Struct(order + "HHI")
    long = struct.Struct(order + "I")
    while position < end:
        if position + 8 > end:
            raise CutShortError
        vr = b""
        if explicit:
            group, number, vr, length = short.unpack_from(buffer, position)
            position += 8
            if vr in _LONG:
                if position + 4 > end:
                    raise CutShortError
                (length,) = long.unpack_from(buffer, position)
                position += 4
            elif vr not in VALUE_REPRESENTATIONS:
                if group == 0xFFFE:
                    return
                raise DamagedError
        else:
            group, number, length = plain.unpack_from(buffer, position)
            position += 8
            if group == 0xFFFE:
                return
        tag = group << 16 | number
        if tag in _PIXELS and depth == 0:
            limit = size if size is not None else end
            stop = limit if length == _UNDEFINED else position + length
            yield Element(tag, vr, position, stop, length == _UNDEFINED)
            return
        if length == _UNDEFINED:
            # PS3.5 6.2.2 note 2: UN of undefined length holds an implicit little endian sequence.
            inner = Encoding(False, True) if vr == b"UN" else encoding
            stop, after = _skip_items(buffer, position, end, inner, depth + 1)
            yield Element(tag, vr, position, stop, True)
            position = after
            continue
        stop = position + length
        if stop > end:
            raise CutShortError
        yield Element(tag, vr, position, stop)
        position = stop


def _skip_items(buffer: bytes, position: int, end: int, encoding: Encoding, depth: int) -> tuple[int, int]:
    """(end of the items, position after the sequence delimiter) of a sequence of undefined length."""
    for _, _, stop in _items(buffer, position, end, encoding, depth):
        position = stop
    return position, position + 8


def _items(
    buffer: bytes, position: int, end: int, encoding: Encoding, depth: int, delimited: bool = True
) -> Iterator[tuple[int, int, int]]:
    """(start, end of content, position after) of each item of a sequence."""
    if depth > _DEEPEST:
        raise DamagedError
    header = struct.Struct(("<" if encoding.little else ">") + "HHI")
    while position < end or delimited:
        if position + 8 > end:
            raise CutShortError
        group, number, length = header.unpack_from(buffer, position)
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise DamagedError
        start = position + 8
        if length != _UNDEFINED:
            if start + length > end:
                raise CutShortError
            position = start + length
            yield start, position, position
            continue
        content_end = start
        for element in walk(buffer, start, end, encoding, depth=depth):
            content_end = element.end + 8 if element.undefined else element.end
        if content_end + 8 > end:
            raise CutShortError
        position = content_end + 8
        yield start, content_end, position


def sequence_items(buffer: bytes, element: Element, encoding: Encoding) -> list[dict[int, Element]]:
    """Items of a sequence as elements by tag; what is damaged inside is left out."""
    inner = Encoding(False, True) if element.vr == b"UN" else encoding
    result = []
    try:
        for start, stop, _ in _items(buffer, element.start, element.end, inner, 1, delimited=False):
            result.append({e.tag: e for e in walk(buffer, start, stop, inner, depth=1)})
    except (CutShortError, DamagedError):
        return result
    return result


def parse(stream: BinaryIO, size: int) -> DataSet:
    """Find the elements of a file up to its pixels.

    Parameters
    ----------
    stream : BinaryIO
        Positioned anywhere; read from its start.
    size : int
        Its length in bytes.

    Raises
    ------
    DataError
        If it is not DICOM, is cut short before its pixels, or is damaged.
    """
    stream.seek(0)
    buffer = stream.read(_FIRST_READ)
    while True:
        try:
            return _parse(buffer, size, complete=len(buffer) >= size, stream=stream)
        except CutShortError:
            if len(buffer) >= size:
                raise DataError(_TITLE, "it is cut short before its pixels", "Copy it again") from None
            if len(buffer) >= _LARGEST_HEADER:
                raise _damaged() from None
            buffer += stream.read(min(len(buffer) * 3, _LARGEST_HEADER - len(buffer) + 1))
        except DamagedError:
            raise _damaged() from None


def _damaged() -> DataError:
    return DataError(_TITLE, "its DICOM header is damaged", "Export it again")


def _not_dicom() -> DataError:
    return NotDicomError(_TITLE, "it is not a DICOM file")


def _parse(buffer: bytes, size: int, complete: bool, stream: BinaryIO) -> DataSet:
    elements: dict[int, Element] = {}
    notes: list[str] = []
    start = _beginning(buffer)
    if start == 0:
        notes.append("It lacks the DICOM file header; its encoding was found from its content.")
    start = _file_meta(buffer, start, elements)
    stated = _uid(buffer, elements.get(0x00020010))
    if stated == DEFLATED:
        if not complete:
            stream.seek(0)
            buffer = stream.read(size)
        buffer = buffer[:start] + _inflate(buffer[start:])
        size, complete = len(buffer), True
    encoding = _encoding(buffer, start, stated)
    if stated in NATIVE and stated not in (DEFLATED, encoding.syntax_uid):
        notes.append("Its transfer syntax is stated wrongly; it was found from its content.")
    pixels = None
    for element in walk(buffer, start, len(buffer), encoding, size):
        if element.tag in _PIXELS:
            pixels = element
            break
        elements[element.tag] = element
    if pixels is None and (not complete or max(elements, default=0) < _FIRST_TAG):
        raise CutShortError
    syntax = encoding.syntax_uid if not stated or stated in NATIVE else stated
    if pixels is not None and pixels.undefined and syntax in NATIVE:
        if pixels.start + 4096 > len(buffer) and not complete:
            raise CutShortError
        syntax = _compression(buffer[pixels.start :])
        notes.append("Its compression is not stated; it was found from its content.")
    return DataSet(buffer, elements, encoding, syntax, pixels, size, stated == DEFLATED, tuple(notes))


def _beginning(buffer: bytes) -> int:
    """Where the first element is: after the preamble, or at the very start where that is missing."""
    if not buffer:
        raise DataError(_TITLE, "it is empty")
    if buffer[128:132] == b"DICM":
        return 132
    if buffer[:4] == b"DICM":
        return 4
    if _starts_like_a_data_set(buffer):
        return 0
    raise _not_dicom()


def _compression(pixels: bytes) -> str:
    """Transfer syntax of compressed pixels whose file does not state it."""
    syntax = guess_syntax(pixels)
    if not syntax:
        raise DataError(_TITLE, "its pixels are compressed in a way that it does not say")
    return syntax


def _file_meta(buffer: bytes, position: int, elements: dict[int, Element]) -> int:
    """Read group 0002 (always explicit little endian) and return where the data set starts."""
    end = len(buffer)
    while position + 8 <= end and buffer[position : position + 2] == b"\x02\x00":
        if buffer[position + 4 : position + 6] not in VALUE_REPRESENTATIONS:
            raise DamagedError
        for element in walk(buffer, position, end, Encoding(True, True)):
            elements[element.tag] = element
            position = element.end
            break
    return position


_VR_PATTERN = re.compile(b"[A-Z]{2}")


def _encoding(buffer: bytes, start: int, syntax: str) -> Encoding:
    """Found from the first element of the data set; the stated syntax only settles what is open."""
    head = buffer[start : start + 8]
    if len(head) < 8:
        return Encoding(syntax != IMPLICIT_LITTLE, syntax != EXPLICIT_BIG)
    little, big = struct.unpack("<H", head[:2])[0], struct.unpack(">H", head[:2])[0]
    explicit = head[4:6] in VALUE_REPRESENTATIONS
    if syntax and syntax not in NATIVE:
        explicit = True
    if syntax == EXPLICIT_BIG and explicit:
        return Encoding(True, not big <= little)
    return Encoding(explicit, not (big < little and explicit and big <= 0x00FF))


def _starts_like_a_data_set(buffer: bytes) -> bool:
    """True for the first element of a data set without preamble: group 0002 or 0008, sane length."""
    if len(buffer) < 8:
        return False
    group, number, vr, length = struct.unpack_from("<HH2sH", buffer)
    if group in (0x0002, 0x0008) and vr in VALUE_REPRESENTATIONS and number <= 0x1200:
        return True
    if buffer[:2] == b"\x00\x08" and vr in VALUE_REPRESENTATIONS:
        return True
    (length,) = struct.unpack_from("<I", buffer, 4)
    return bool(group == 0x0008 and number <= 0x1200 and length <= 1024)


def _inflate(deflated: bytes) -> bytes:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = engine.decompress(deflated, _LARGEST_INFLATED)
    except zlib.error:
        raise DataError(_TITLE, "its compressed content is damaged") from None
    if engine.unconsumed_tail:
        raise DataError(_TITLE, "its compressed content unpacks to more than 512 MiB")
    if not engine.eof:
        raise DataError(_TITLE, "its compressed content is cut short", "Copy it again")
    return inflated


def _uid(buffer: bytes, element: Element | None) -> str:
    if element is None:
        return ""
    return buffer[element.start : element.end].rstrip(b"\x00 ").decode("ascii", "replace")
