"""The sealed return: what a reader has locked on a machine of the own, on its way back."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from workstation.errors import ProtocolViolation
from workstation.reading import package
from workstation.reading.cards import Card, canonical
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.package import RETURN, Part
from workstation.reading.secret_order import seed_data
from workstation.reading.session import Lock
from workstation.store.package_file import PackageWriter, Source
from workstation.store.study_reads import LOCK_FIELDS
from workstation.tasks import Progress
from workstation.workflow.make_package import MADE
from workstation.workflow.read_case import Study
from workstation.workflow.take_package import TAKEN

SUFFIX = ".marrow-return"
LOG = "log"


@dataclass(frozen=True, slots=True)
class ReturnReport:
    """What was put into a return: locked reads, of how many the plan asks for, and for whom it is."""

    path: Path
    reader: str
    recipient: str
    reads: int
    required: int
    size: int


def make_return(study: Study, target: Path, progress: Progress) -> ReturnReport:
    """Write the locked reads of a reader's own machine into one file.

    It holds ciphertext, signatures and the log of this machine, no draft, and is encrypted to who made the
    package. What was sent back before is in it again; the other side takes in what is new.

    Parameters
    ----------
    target : Path
        The file, or a folder to put it into.

    Raises
    ------
    ProtocolViolation
        If this is no reader's machine, or the reader is not signed in.
    StoreError
        If the disk refuses.
    """
    reader, vault = study.store.machines.machine_of, study.vault
    if not reader or vault is None:
        raise ProtocolViolation(
            "The return was not made",
            "this folder is no reader's own copy of the study",
            "A return is made where a package was taken in",
        )
    person, recipient = vault.person(reader), _recipient(study)
    locks = [lock for lock in study.store.reads.locks() if lock.key.reader == reader]
    study.store.record(reader, MADE, {"for": recipient.name, "reads": len(locks)})
    path = target / f"{study.plan.id}-{reader}{SUFFIX}" if target.is_dir() else target
    makers: dict[str, Callable[[], bytes]] = {LOG: partial(_log, study)}
    makers |= {f"read-{n:05}": partial(_read, study, lock) for n, lock in enumerate(locks, start=1)}
    parts = []
    for number, (name, make) in enumerate(makers.items()):
        progress.report(number, len(makers), "packing")
        data = make()
        parts.append(Part(name, len(data), hashlib.sha256(data).hexdigest()))
    content = {
        "study": study.store.study_uid,
        "reader": reader,
        "plan": study.plan.digest,
        "made_at": utc_now(),
        "amendments": _amendments(study, reader),
        "seeds": [seed_data(one) for one in study.store.orders.seeds([reader]) if one.reader == reader],
    }
    writer = PackageWriter(path)
    header, key = package.new_header(RETURN, recipient, person.keys)
    manifest = writer.begin(header, key, content, parts, person.card, person.keys)
    sources = [Source(part, partial(_opened, makers[part.name])) for part in parts]
    writer.fill(header, key, manifest, sources, progress)
    writer.finish()
    required = study.orders.length(reader)
    done = locked_count(study, reader)
    return ReturnReport(path, reader, recipient.name, done, required, path.stat().st_size)


def locked_count(study: Study, reader: str) -> int:
    """How many of the reads that the plan asks of a reader are locked; a calibration is none of them."""
    calibration = study.plan.conduct.calibration
    apart = calibration.cases if calibration is not None else ()
    return sum(1 for name, case, _ in study.locked() if name == reader and case not in apart)


def read_data(key: ReadKey) -> list[object]:
    """A read's key as JSON values, as it is kept."""
    return [*key.kept]


def _recipient(study: Study) -> Card:
    """Who made the last package: a return goes back to where that came from."""
    sealing = study.plan.sealing
    names = [json.loads(one.detail).get("from") for one in study.store.audit(TAKEN)]
    found = sealing.find(str(names[-1])) if sealing is not None and names else None
    if found is None:
        raise ProtocolViolation("The return was not made", "the log does not say who made the package")
    return found


def _log(study: Study) -> bytes:
    entries = [
        [
            one.sequence,
            one.at,
            one.actor,
            one.event,
            one.detail,
            one.previous,
            one.digest,
            one.signature.hex(),
        ]
        for one in study.store.audit()
    ]
    return canonical(entries)


def _read(study: Study, lock: Lock) -> bytes:
    sheet = study.store.seals.sheet(lock.key)
    if sheet is None:
        raise ProtocolViolation(
            "The return was not made",
            f"the read of {lock.key.name} has lost its sheet",
            "Run marrow study verify",
        )
    return canonical(
        {
            "read": read_data(lock.key),
            "lock": {name: getattr(lock, name) for name in LOCK_FIELDS},
            "sheet": [sheet.plan_digest, _text(sheet.body), _text(sheet.key_box), _text(sheet.signature)],
            "entries": [
                [link.sequence, _text(link.payload), link.digest, _text(link.signature)]
                for link in study.store.reads.entries(lock.key)
            ],
        }
    )


def _amendments(study: Study, reader: str) -> list[list[object]]:
    return [
        [read_data(one.key), one.reason, one.at, one.post_comparison]
        for one in study.store.reads.amendments()
        if one.key.reader == reader
    ]


def _opened(make: Callable[[], bytes]) -> BinaryIO:
    return io.BytesIO(make())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
