"""Files to import: folders, single files, members of ZIP archives; each one accounted for.

Nothing is unpacked to disk, so a member's name can lead nowhere; what a member may unpack to is bounded.
"""

from __future__ import annotations

import gzip
import io
import os
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workstation.errors import DataError

LARGEST_MEMBER = 2 * 1024**3
"""Most bytes that one member of an archive may unpack to."""

LARGEST_RATIO = 1032
"""Deflate cannot exceed this; a member that claims more is a forgery."""

MOST_MEMBERS = 1_000_000

_TITLE = "This file was not loaded"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to look at.

    Attributes
    ----------
    path : str
        How it is named in reports: its path, or ``archive.zip/member``.
    file : Path or None
        The file itself, or the archive that holds it.
    member : str
        Name inside the archive, ``""`` for a file of its own.
    refusal : str
        Why it cannot even be opened, ``""`` if it can.
    index : int
        Place of the member in the archive's directory (names may repeat).
    """

    path: str
    file: Path
    member: str = ""
    refusal: str = ""
    index: int = -1

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The content as a seekable stream.

        Raises
        ------
        DataError
            If it cannot be read, is encrypted, damaged or unpacks to too much.
        """
        if self.refusal:
            raise DataError(_TITLE, self.refusal)
        try:
            with self._stream() as stream:
                yield stream
        except OSError as error:
            raise DataError(_TITLE, f"it cannot be read ({error.strerror or 'disk error'})") from None

    @contextmanager
    def _stream(self) -> Iterator[BinaryIO]:
        if self.index >= 0:
            yield io.BytesIO(_member(self.file, self.index))
        else:
            with self.file.open("rb") as stream:
                yield _unzipped(stream) or stream


def walk(paths: Iterable[Path]) -> Iterator[Source]:
    """Every file under `paths`, folders in name order, archives opened.

    A folder or file reached twice (by a link, or named twice) is yielded once. What cannot be read is yielded
    with its `refusal`, so that the report is complete.

    Raises
    ------
    DataError
        If a path does not exist.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if not path.exists():
            raise DataError("Nothing was imported", f"{path} does not exist", "Check the name")
        yield from _walk(path, seen)
    _last_archive.close()


def _walk(path: Path, seen: set[tuple[int, int]]) -> Iterator[Source]:
    try:
        status = path.stat()
    except OSError as error:
        yield Source(str(path), path, refusal=f"it cannot be read ({error.strerror or 'disk error'})")
        return
    place = (status.st_dev, status.st_ino)
    if place in seen and status.st_ino:
        return
    seen.add(place)
    if path.is_dir():
        yield from _folder(path, seen)
    elif not path.is_file():
        yield Source(str(path), path, refusal="it is not a file but a device, pipe or socket")
    elif _is_zip(path):
        yield from _archive(path)
    else:
        yield Source(str(path), path)


def _folder(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Source]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        yield Source(
            str(folder), folder, refusal=f"this folder cannot be read ({error.strerror or 'disk error'})"
        )
        return
    for name in names:
        yield from _walk(folder / name, seen)


def _is_zip(path: Path) -> bool:
    """By content: the first bytes of an archive (an empty one included)."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def _archive(path: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Source(str(path), path, refusal="the ZIP archive is damaged or cut short")
        return
    if len(members) > MOST_MEMBERS:
        yield Source(str(path), path, refusal="the ZIP archive claims more than a million files")
        return
    for index, member in enumerate(members):
        if not member.is_dir():
            label = f"{path}/{member.filename}"
            yield Source(label, path, member.filename, _member_refusal(member), index)


def _member_refusal(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & 0x1:
        return "it is encrypted in its ZIP archive; unpack it with its password first"
    if member.file_size > LARGEST_MEMBER or member.file_size > LARGEST_RATIO * member.compress_size + 1024:
        return "it claims to unpack to more than its archive can hold"
    return ""


class _LastArchive(threading.local):
    """The archive opened last: reading its directory for each member would take longer than the member."""

    def __init__(self) -> None:
        self._place: tuple[Path, int, int] | None = None
        self._archive: zipfile.ZipFile | None = None

    def open(self, path: Path) -> zipfile.ZipFile:
        """The archive at `path`, as it is now."""
        status = path.stat()
        place = (path, status.st_mtime_ns, status.st_size)
        if self._archive is None or place != self._place:
            self.close()
            self._archive, self._place = zipfile.ZipFile(path), place
        return self._archive

    def close(self) -> None:
        """Let go of the file."""
        if self._archive is not None:
            self._archive.close()
        self._archive = self._place = None


_last_archive = _LastArchive()


def _member(path: Path, index: int) -> bytes:
    try:
        archive = _last_archive.open(path)
        info = archive.infolist()[index]
        with archive.open(info) as stream:
            # The directory may lie about the size: never read more than it says.
            content = stream.read(info.file_size + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        IndexError,
        ValueError,
    ):
        raise DataError(_TITLE, "it is damaged inside its ZIP archive", "Copy the archive again") from None
    if len(content) != info.file_size:
        raise DataError(_TITLE, "it is damaged inside its ZIP archive", "Copy the archive again")
    if content[:4] == b"PK\x03\x04":
        raise DataError(_TITLE, "it is an archive inside an archive", "Unpack the outer one first")
    return content


def _unzipped(stream: BinaryIO) -> BinaryIO | None:
    """Content of a gzip file that holds one DICOM file; None for anything else (stream rewound)."""
    head = stream.read(2)
    stream.seek(0)
    if head != b"\x1f\x8b":
        return None
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            start = unpacked.read(132)
            if start[128:] == b"DICM":
                content = start + unpacked.read(LARGEST_MEMBER // 4)
                return io.BytesIO(content)
    except (OSError, EOFError, zlib.error):
        raise DataError(_TITLE, "its gzip wrapper is damaged", "Copy it again") from None
    stream.seek(0)
    return None
