"""What one worker process of an import does: look at a file, check it, write its de-identified copy.

A worker knows the library's key and what is already there; it writes only into ``incoming/`` and tells
the main process, which moves the copy into place and records it.
"""

from __future__ import annotations

import hmac
import io
import os
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from workstation.errors import DataError
from workstation.imaging.deidentify import Deidentifier
from workstation.imaging.dicom import DicomFile, read_file
from workstation.imaging.dicom_elements import NotDicomError
from workstation.imaging.dicom_kinds import AWAITS_APPROVAL, SHOWN, Kind
from workstation.imaging.dicom_pixels import check_decodable
from workstation.imaging.sources import Source
from workstation.imaging.study import Identity
from workstation.store.folder import INCOMING, copy_path
from workstation.store.records import KnownFiles, NewFile
from workstation.workflow.import_duplicates import ALREADY_THERE, why_not_taken

WITHOUT_PIXELS = "it says that it is a picture but holds no pixels; it may be cut short"
_HELD_IN_MEMORY = 64 * 1024**2
"""Files up to this size are read once and worked on from memory."""


class Status(StrEnum):
    """What became of a file: loaded, left out for a reason, or damaged."""

    LOADED = "loaded"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a worker found in one file.

    `copy` names the file as it will be recorded, `incoming` where its copy lies now. `identity` is for the
    crosswalk and goes nowhere else.
    """

    path: str
    status: Status
    reason: str = ""
    copy: NewFile | None = None
    incoming: str = ""
    identity: Identity | None = None
    sop_instance_uid: str = ""


@dataclass(frozen=True)
class Task:
    """What every worker of one import is told."""

    folder: Path
    key: bytes
    known: KnownFiles
    approve_secondary: bool


class Worker:
    """Looks at files, one after another."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._deidentifier = Deidentifier(task.key)
        self._count = 0
        # Several imports may follow each other in one process, and several processes share the folder.
        self._name = f"{os.getpid():x}-{os.urandom(3).hex()}"

    def look(self, source: Source) -> Looked:
        """Read, check and copy one file; every failure of the file becomes its reason.

        Raises
        ------
        StoreError
            If the library's disk is full or cannot be written: that is no fault of the file.
        """
        try:
            with source.open() as stream:
                return self._look(source.path, _in_memory(stream))
        except NotDicomError as error:
            return Looked(source.path, Status.SKIPPED, error.why)
        except DataError as error:
            return Looked(source.path, Status.REFUSED, error.why)
        except MemoryError:
            return Looked(source.path, Status.REFUSED, "it needs more memory than this computer has free")

    def _look(self, path: str, stream: BinaryIO) -> Looked:
        # The label stays behind: a path can name a patient.
        file = read_file(stream, "copy")
        approved = self._task.approve_secondary and file.kind in AWAITS_APPROVAL
        if file.kind is Kind.NO_PIXELS and (file.sop_class_uid in SHOWN or not file.sop_class_uid):
            return Looked(path, Status.REFUSED, WITHOUT_PIXELS)
        if file.kind is not Kind.IMAGE and not approved:
            return Looked(path, Status.SKIPPED, file.skip_reason)
        if not file.instances:
            return Looked(path, Status.SKIPPED, "it holds no picture")
        digest = self._digest(stream)
        known = self._task.known
        uid = self._image_uid(file, digest)
        if uid in known.sop_instance_uids:
            same = digest in known.source_digests or self._deidentifier.is_own(file)
            kept = self._task.folder / copy_path(uid)
            reason = ALREADY_THERE if same else why_not_taken(stream, kept)
            return Looked(path, Status.SKIPPED, reason, identity=self._who(file, digest))
        stream.seek(0)
        check_decodable(file.instances, stream)
        return self._copy(path, stream, file, digest)

    def _copy(self, path: str, stream: BinaryIO, file: DicomFile, digest: bytes) -> Looked:
        self._count += 1
        name = f"{self._name}-{self._count}"
        target = self._task.folder / INCOMING / name
        stream.seek(0)
        copied = self._deidentifier.write(stream, target)
        identity, uid = self._identity(file, digest), self._image_uid(file, digest)
        study = self._deidentifier.uid(identity.study_instance_uid)
        place = copy_path(uid)
        subject = self._deidentifier.subject(identity)
        copy = NewFile(
            path=place,
            sop_instance_uid=uid,
            study_instance_uid=study,
            subject=subject,
            is_identified=subject != self._deidentifier.subject(replace(identity, patient_id="")),
            shifted_date=copied.identity.study_date,
            source_digest=digest,
            size=target.stat().st_size,
            instances=tuple(
                replace(
                    instance,
                    path=place,
                    sop_instance_uid=uid,
                    study_instance_uid=study,
                    series_instance_uid=instance.series_instance_uid or study,
                )
                for instance in copied.instances
            ),
        )
        return Looked(path, Status.LOADED, "", copy, name, self._who(file, digest), uid)

    def _image_uid(self, file: DicomFile, digest: bytes) -> str:
        return self._deidentifier.uid(file.sop_instance_uid or f"file {digest.hex()}")

    def _who(self, file: DicomFile, digest: bytes) -> Identity | None:
        """Line for the crosswalk; none for a copy of ours, which names a pseudonym."""
        return None if self._deidentifier.is_own(file) else self._identity(file, digest)

    @staticmethod
    def _identity(file: DicomFile, digest: bytes) -> Identity:
        """Who was imaged. A file that names no study is one of its own: strangers are never merged."""
        identity = file.identity
        if identity.study_instance_uid:
            return identity
        own = file.series_instance_uid or f"file {digest.hex()}"
        return replace(identity, study_instance_uid=own)

    def _digest(self, stream: BinaryIO) -> bytes:
        # SHA-256 because processors have instructions for it: this touches every byte of every file.
        digest = hmac.new(self._task.key, b"source file", "sha256")
        if isinstance(stream, io.BytesIO):
            digest.update(stream.getbuffer())
        else:
            stream.seek(0)
            while block := stream.read(1024 * 1024):
                digest.update(block)
            stream.seek(0)
        return digest.digest()[:16]


def _in_memory(stream: BinaryIO) -> BinaryIO:
    if isinstance(stream, io.BytesIO):
        return stream
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return io.BytesIO(stream.read()) if size <= _HELD_IN_MEMORY else stream


_worker: Worker | None = None


def start(task: Task) -> None:
    """Make this process a worker. It ends by itself when the main process is gone."""
    global _worker  # noqa: PLW0603 - a pool keeps no other place for what its processes share
    _silence()
    _worker = Worker(task)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _silence() -> None:
    """Decoders written in C++ and Rust print about damaged files; what matters comes back as a reason."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def look_at(sources: tuple[Source, ...]) -> list[Looked]:
    """Look at some files, in the process that `start` prepared."""
    assert _worker is not None, "start was not called"
    return [_worker.look(source) for source in sources]
