"""The images of a package on their way into a library: checked one by one, kept when a run is stopped."""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workstation.errors import DataError, StoreError
from workstation.imaging.dicom import read_file
from workstation.imaging.dicom_pixels import check_decodable
from workstation.reading.package import Part
from workstation.store import folder as places
from workstation.store.library import Library
from workstation.store.package_file import PackageFile, digest_of, so_far
from workstation.store.packed_cases import ArrivedFile, not_a_case
from workstation.store.sizes import megabytes
from workstation.tasks import Progress

_OWN_ROOM = 64 << 20
"""Bytes that must stay free beside what a package brings."""


class Arrival:
    """Images on their way into the library.

    Parameters
    ----------
    cases : sequence of mapping
        As `checked_cases` gives them.
    """

    def __init__(
        self,
        file: PackageFile,
        parts: Sequence[Part],
        cases: Sequence[Mapping[str, Any]],
        library: Library,
        progress: Progress,
    ) -> None:
        self._file, self._parts = file, parts
        self._studies = {
            uid: series["study"] for case in cases for series in case["series"] for uid, _ in series["places"]
        }
        self._library, self._progress = library, progress
        self._stage = library.folder / places.INCOMING / file.header.file_id
        self._key = library.key

    def files(self) -> dict[str, ArrivedFile]:
        """New images in their places, by UID; what is here already is left as it is.

        Raises
        ------
        DataError
            If an image is not what the package says.
        StoreError
            If the disk is full or cannot be written.
        Cancelled
            If the person pressed Stop; what was checked stays for the next run.
        """
        known = self._library.known_files().sop_instance_uids
        new = [number for number, part in enumerate(self._parts) if part.name not in known]
        total = sum(self._parts[number].size for number in new)
        self._require_space(total)
        done, arrived = 0, {}
        try:
            self._stage.mkdir(parents=True, exist_ok=True)
            for number in new:
                part = self._parts[number]
                self._progress.report(*so_far(done, total))
                arrived[part.name] = self._staged(number)
                done += part.size
            placed = [self._place(number, arrived[self._parts[number].name]) for number in new]
            places.flush_to_disk(self._library.folder, placed)
            self._clear()
        except OSError as error:
            raise places.unwritable(error) from error
        self._progress.report(100, 100, "images checked")
        return arrived

    def _require_space(self, total: int) -> None:
        free = shutil.disk_usage(self._library.folder).free
        if total and free < total + _OWN_ROOM:
            raise StoreError(
                "The package was not taken in",
                f"its images need {megabytes(total)}, and {megabytes(free)} are free",
                "Free some space, or name a library on another disk",
            )

    def _staged(self, number: int) -> ArrivedFile:
        """An image whole and checked, beside the library; what an earlier run brought is kept."""
        part, path = self._parts[number], self._stage / f"{number:06}.dcm"
        final = places.copy_path(part.name)
        if not _is(path, part):
            new = path.with_suffix(".new")
            with new.open("wb") as stream:
                for piece in self._file.pieces(number):
                    stream.write(piece)
            new.replace(path)
        return self._read(path, part.name, final, part.size)

    def _read(self, path: Path, uid: str, final: str, size: int) -> ArrivedFile:
        """What the image says by its own header: nothing that the package says of it is believed."""
        digest = hmac.new(self._key, b"source file", "sha256")
        try:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                stream.seek(0)
                found = read_file(stream, final)
                check_decodable(found.instances, stream)
        except DataError as error:
            raise not_a_case() from error
        if not found.instances or found.sop_instance_uid != uid or not found.copy_mark:
            raise not_a_case()
        study = self._studies[uid]
        instances = tuple(
            replace(
                one,
                path=final,
                sop_instance_uid=uid,
                study_instance_uid=study,
                series_instance_uid=one.series_instance_uid or study,
            )
            for one in found.instances
        )
        return ArrivedFile(final, size, digest.digest()[:16], instances)

    def _place(self, number: int, file: ArrivedFile) -> Path:
        target = self._library.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        (self._stage / f"{number:06}.dcm").replace(target)
        return target

    def _clear(self) -> None:
        """Remove what this and abandoned runs left beside the library."""
        for path in self._stage.parent.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def _is(path: Path, part: Part) -> bool:
    """Whether a file is this very part; after a loss of power it may only look like it."""
    return (
        path.is_file()
        and path.stat().st_size == part.size
        and digest_of(lambda: path.open("rb"))
        == (
            part.size,
            part.digest,
        )
    )
