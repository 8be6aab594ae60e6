"""Packages on disk: written so that a run that was stopped goes on, and read a chunk at a time."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workstation.errors import DataError, StoreError
from workstation.reading import package, seal
from workstation.reading.cards import Card
from workstation.reading.package import CHUNK, MAGIC, Header, Manifest, Part
from workstation.store.sizes import megabytes
from workstation.tasks import Progress

UNFINISHED = ".part"
_WHOLE = CHUNK + seal.OVERHEAD
_NUMBER = 4


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of a part come from. They must be the same each time it is opened."""

    part: Part
    open: Callable[[], BinaryIO]


class PackageWriter:
    """Writes one package beside its final name, going on where an earlier run was stopped.

    Parameters
    ----------
    target : Path
        The file to be; until it is finished it is called ``target.part``.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._part = target.with_name(target.name + UNFINISHED)

    def left_over(self, keys: seal.Keys) -> tuple[Header, Manifest] | None:
        """Header and manifest of what an earlier run of the same person left; None without any."""
        try:
            with self._part.open("rb") as file:
                header, sealed = _beginning(file, self._part.stat().st_size)
                return header, package.open_manifest(header, package.file_key(keys, header.file_id), sealed)
        except (OSError, DataError):
            return None

    def begin(
        self,
        header: Header,
        key: bytes,
        content: Mapping[str, Any],
        parts: Sequence[Part],
        sender: Card,
        keys: seal.Keys,
    ) -> Manifest:
        """Write header and manifest of a new file; what an earlier run left is removed.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        sealed = package.sealed_manifest(header, key, content, parts, sender, keys)
        head = header.to_bytes()
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            with self._part.open("wb") as file:
                file.write(MAGIC + len(head).to_bytes(_NUMBER, "big") + head)
                file.write(len(sealed).to_bytes(_NUMBER, "big") + sealed)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(error) from error
        return package.open_manifest(header, key, sealed)

    def fill(
        self, header: Header, key: bytes, manifest: Manifest, sources: Sequence[Source], progress: Progress
    ) -> None:
        """Write the chunks that are missing. What is there already is checked and kept.

        Raises
        ------
        StoreError
            If the disk refuses, or a source is no longer what the manifest says.
        Cancelled
            If the person pressed Stop; what is written stays for the next run.
        """
        try:
            with self._part.open("r+b") as file:
                _beginning(file, self._part.stat().st_size)
                base = file.tell()
                done = _whole_chunks(file, header, key, manifest.size, progress)
                file.seek(base + done * _WHOLE)
                file.truncate()
                number, held = done, bytearray()
                for block in _bytes_of(sources, done * CHUNK):
                    held += block
                    while len(held) >= CHUNK:
                        file.write(package.sealed_chunk(header, key, number, bytes(held[:CHUNK])))
                        del held[:CHUNK]
                        number += 1
                        progress.report(*so_far(number * CHUNK, manifest.size))
                if held:
                    file.write(package.sealed_chunk(header, key, number, bytes(held)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(error) from error
        progress.report(100, 100, "written")

    def finish(self) -> None:
        """Give the file its name."""
        try:
            self._part.replace(self.target)
        except OSError as error:
            raise _unwritable(error) from error

    def discard(self) -> None:
        """Remove what is unfinished."""
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


class PackageFile:
    """A package that is being read. Made by `open`; a context manager.

    Attributes
    ----------
    header : Header
    size : int
        Bytes of the file.
    """

    def __init__(self, file: BinaryIO, size: int, header: Header, sealed: bytes) -> None:
        self._file, self._sealed = file, sealed
        self._base = file.tell()
        self._key = b""
        self._parts: tuple[Part, ...] = ()
        self._starts: tuple[int, ...] = ()
        self._held: tuple[int, bytes] = (-1, b"")
        self.size, self.header = size, header

    @classmethod
    def open(cls, path: Path) -> PackageFile:
        """Read the part that anyone may know.

        Raises
        ------
        DataError
            If it is no package, cut short or damaged.
        """
        try:
            if not path.is_file():
                raise DataError(
                    "The file was not taken in", f"there is no file {path.name}", "Check its name"
                )
            file = path.open("rb")
        except OSError as error:
            raise _unreadable(error) from error
        try:
            size = path.stat().st_size
            header, sealed = _beginning(file, size)
            return cls(file, size, header, sealed)
        except OSError as error:
            file.close()
            raise _unreadable(error) from error
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> PackageFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def unlock(self, keys: seal.Keys) -> Manifest:
        """Open the manifest with the recipient's keys, and check that the whole file is there.

        Raises
        ------
        DataError
            If it is for someone else, was changed, or is cut short.
        """
        if keys.encryption_key != self.header.recipient_key:
            raise DataError(
                "The file was not taken in",
                f"it is for another account called {self.header.recipient}",
                "Have it made for the account of this machine; compare the fingerprints",
            )
        try:
            self._key = keys.open(self.header.box)
        except seal.NotOpened as error:
            raise package.damaged() from error
        if len(self._key) != seal.KEY_BYTES:
            raise package.damaged()
        manifest = package.open_manifest(self.header, self._key, self._sealed)
        self._sealed = b""
        wanted = self._base + package.sealed_size(manifest.size)
        if self.size < wanted:
            raise _cut_short(self.size, wanted)
        if self.size > wanted:
            raise package.damaged()
        self._parts = manifest.parts
        starts, start = [], 0
        for part in self._parts:
            starts.append(start)
            start += part.size
        self._starts = tuple(starts)
        return manifest

    def pieces(self, number: int) -> Iterator[bytes]:
        """The bytes of one part, a piece at a time; at the end its digest was checked.

        Raises
        ------
        DataError
            If anything of it was changed.
        """
        part, at = self._parts[number], self._starts[number]
        end, digest = at + part.size, hashlib.sha256()
        while at < end:
            chunk, offset = divmod(at, CHUNK)
            piece = self._chunk(chunk)[offset : offset + end - at]
            digest.update(piece)
            yield piece
            at += len(piece)
        if digest.hexdigest() != part.digest:
            raise package.damaged()

    def read(self, number: int, most: int) -> bytes:
        """The whole of a small part.

        Raises
        ------
        DataError
            If it is larger than `most` bytes, or was changed.
        """
        if self._parts[number].size > most:
            raise package.damaged()
        return b"".join(self.pieces(number))

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            try:
                self._file.seek(self._base + number * _WHOLE)
                data = self._file.read(_WHOLE)
            except OSError as error:
                raise _unreadable(error) from error
            content = package.open_chunk(self.header, self._key, number, data)
            if not content:
                raise package.damaged()
            self._held = (number, content)
        return self._held[1]


def is_package(path: Path) -> bool:
    """Whether a file begins like a package."""
    try:
        with path.open("rb") as file:
            return path.is_file() and file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _beginning(file: BinaryIO, size: int) -> tuple[Header, bytes]:
    """Header and sealed manifest; the file stands at its first chunk then."""
    if file.read(len(MAGIC)) != MAGIC:
        raise DataError(
            "The file was not taken in",
            "it is no package and no sealed return",
            "Choose a file that marrow study package made",
        )
    head = _block(file, size, package.LARGEST_HEADER)
    header = package.header_from(head)
    return header, _block(file, size, package.LARGEST_MANIFEST)


def _block(file: BinaryIO, size: int, most: int) -> bytes:
    length = int.from_bytes(_exactly(file, _NUMBER, size), "big")
    if length > most:
        raise package.damaged()
    return _exactly(file, length, size)


def _exactly(file: BinaryIO, length: int, size: int) -> bytes:
    wanted = file.tell() + length
    if wanted > size:
        raise _cut_short(size, wanted)
    return file.read(length)


def _whole_chunks(file: BinaryIO, header: Header, key: bytes, size: int, progress: Progress) -> int:
    """How many chunks from the first are there and whole; a loss of power can leave holes."""
    for number in range(package.chunk_count(size)):
        data = file.read(_WHOLE)
        if len(data) < _WHOLE:  # the last one is short: it is quickly written again
            return number
        try:
            package.open_chunk(header, key, number, data)
        except DataError:
            return number
        progress.report(*so_far((number + 1) * CHUNK, size))
    return package.chunk_count(size)


def _bytes_of(sources: Sequence[Source], skipped: int) -> Iterator[bytes]:
    """The bytes of all parts in order, from `skipped` on; every part that is read is checked as a whole."""
    at = 0
    for source in sources:
        end = at + source.part.size
        if end > skipped or source.part.size == 0:
            digest, place = hashlib.sha256(), at
            with source.open() as stream:
                while block := stream.read(CHUNK):
                    digest.update(block)
                    place += len(block)
                    if place > skipped:
                        yield block[-min(len(block), place - skipped) :]
            if place != end or digest.hexdigest() != source.part.digest:
                raise StoreError(
                    "The package was not made",
                    "an image was changed while it was packed",
                    "Make the package again",
                )
        at = end


def digest_of(open_source: Callable[[], BinaryIO]) -> tuple[int, str]:
    """Size in bytes and SHA-256 (hex) of what a source gives."""
    digest, size = hashlib.sha256(), 0
    with open_source() as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def so_far(done: int, size: int) -> tuple[int, int, str]:
    """How much of so many bytes is done, for a progress: in percent, and in words."""
    return 100 * min(done, size) // max(size, 1), 100, f"{megabytes(min(done, size))} of {megabytes(size)}"


def _cut_short(size: int, wanted: int) -> DataError:
    return DataError(
        "The file was not taken in",
        f"it is cut short: {megabytes(size)} of at least {megabytes(wanted)} are here",
        "Copy it again; nothing was changed here",
    )


def _unreadable(error: OSError) -> DataError:
    return DataError(
        "The file was not taken in", f"it cannot be read ({error.strerror or 'disk'})", "Check the stick"
    )


def _unwritable(error: OSError) -> StoreError:
    full = error.errno == errno.ENOSPC
    return StoreError(
        "The package was not finished",
        "the disk is full" if full else f"it cannot be written ({error.strerror or 'disk'})",
        "Free some space and make it again; it goes on where it stopped" if full else "Choose another place",
    )
