"""A sealed return taken in where the study is: checked in every part, then kept as a whole or not at all."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workstation.errors import ProtocolViolation, WorkstationError
from workstation.reading import package
from workstation.reading.audit import AuditEntry, Link, head_of, verify_audit, verify_links
from workstation.reading.cards import Card, Seat
from workstation.reading.journal import ReadKey
from workstation.reading.package import Manifest
from workstation.reading.plan import parse_plan
from workstation.reading.reader_plan import plan_for, shown_cases
from workstation.reading.safety import URGENT
from workstation.reading.sealed_sheet import SealedSheet, is_committed
from workstation.reading.secret_order import OrderSeed, seed_from
from workstation.reading.session import Amendment, Lock
from workstation.reading.signed_chain import is_genuine, verify_signed_links
from workstation.scoring.instrument import instruments
from workstation.store.package_file import PackageFile
from workstation.store.study_file import SYSTEM, log_root
from workstation.store.study_machines import ReturnedRead
from workstation.store.study_reads import LOCK_FIELDS, lock_detail, read_detail
from workstation.store.study_store import StudyStore
from workstation.tasks import Progress
from workstation.workflow.acceptance import PLAN_FROZEN
from workstation.workflow.emergency import unblinded_cases
from workstation.workflow.late import late_amendments, note_late, opened_before
from workstation.workflow.read_case import Study
from workstation.workflow.sealed_return import LOG, locked_count, read_data
from workstation.workflow.take_package import TAKEN
from workstation.workflow.urgent_file import known_messages
from workstation.workflow.verify_seals import BY_NOBODY

_LARGEST_READ = 512 << 20


@dataclass(frozen=True, slots=True)
class TakenReturn:
    """What a return brought.

    Attributes
    ----------
    new : int
        Locked reads that were not here before.
    locked, required : int
        Reads of this reader that are locked now, and how many the plan asks for.
    is_new : bool
        False when this very return was taken in before.
    urgent : int
        Urgent findings that are new, for the safety contact.
    late : int
        Amendments among the new reads that came after the reads were opened: marked, and left out.
    """

    study: str
    reader: str
    new: int
    locked: int
    required: int
    is_new: bool
    urgent: int = 0
    late: int = 0


def take_return(
    file: PackageFile, study: Study, passphrase_of: Callable[[str], str], progress: Progress
) -> TakenReturn:
    """Take in what a reader has locked on another machine.

    Raises
    ------
    DataError
        If the file is damaged, cut short or was changed.
    ProtocolViolation
        If it belongs to another study or plan, is older than what was taken in, or does not hold what its
        log says. Nothing is kept then.
    """
    name, vault = file.header.recipient, study.vault
    if vault is None or study.store.machines.machine_of:
        raise _refused(
            "a return is taken in where the study is, not on a reader's machine",
            "Name its folder with --study",
        )
    account, keys = vault.accounts.keys(vault.sealing.card(name).name, passphrase_of(name))
    manifest = file.unlock(keys)
    card = _sender(study, manifest)
    if account.card not in vault.sealing.signers:
        raise _refused(f"{name} does not hold this study's sheets", "Ask the coordinator")
    _require_plan(study, manifest.content.get("plan"), card.name)
    vault.know_as({name: keys})
    seeds = _seeds(study, manifest, card)
    log = _log(file, manifest, study, card)
    fresh, told = _newer_part(study, card.name, log), known_messages(study.store)
    reads = _reads(file, manifest, study, card, log, progress)
    amendments = _amendments(study, manifest, card, log)
    if fresh:
        _keep(study, name, keys.sign, card.name, manifest, log, fresh, amendments, reads, seeds)
    locked = locked_count(study, card.name)
    required = study.orders.length(card.name)
    urgent = sum(one.event == URGENT and one.digest not in told for one in fresh)
    left_out = late_amendments(study.store).intersection(one.lock.key for one in reads)
    is_new, late = bool(fresh), len(left_out)
    return TakenReturn(study.plan.id, card.name, len(reads), locked, required, is_new, urgent, late)


def _keep(
    study: Study,
    recipient: str,
    sign: Callable[[str, bytes], bytes],
    reader: str,
    manifest: Manifest,
    log: Sequence[AuditEntry],
    fresh: Sequence[AuditEntry],
    amendments: Sequence[Amendment],
    reads: Sequence[ReturnedRead],
    seeds: Sequence[OrderSeed],
) -> None:
    store = study.store
    here = {one.key for one in store.reads.amendments()}
    new = [one for one in amendments if one.key not in here]
    opened = set(study.unsealed_cases())
    added = sorted(one.lock.key.case for one in reads if one.lock.key.version == 1)
    if not opened.isdisjoint(added):
        raise _refused(
            f"the reads of {min(opened.intersection(added))} were opened for comparison, and it adds one",
            "Only an amendment could be added now, marked as late",
        )
    detail = {
        "reader": reader,
        "file": manifest.digest,
        "entries": len(log),
        "head": head_of(log, ""),
        "reads": len(reads),
    }
    store.signers[recipient] = sign
    try:
        with store.batch():
            if reads and not store.has_begun:
                store.record(SYSTEM, PLAN_FROZEN, {})
            store.orders.take_in(seeds)
            store.machines.take_back(reader, fresh, new, reads)
            store.record(recipient, TAKEN, detail)
            late = _came_late(store, new, reads, bool(opened))
            note_late(store, late, bool(opened), by=recipient)
    finally:
        store.signers.pop(recipient, None)


def _came_late(
    store: StudyStore, amendments: Sequence[Amendment], reads: Sequence[ReturnedRead], opened: bool
) -> set[ReadKey]:
    """What of a return must be marked: its machine could not know what was opened here meanwhile."""
    locked = {one.lock.key for one in reads}
    if opened:
        return locked | {one.key for one in amendments if opened_before(store, one.key)}
    unblinded = unblinded_cases(store)
    # Whose order is not known here may have read that case: it is looked at again when it is known.
    return {key for key in locked if unblinded and (key.case == key.slot or key.case in unblinded)}


def _sender(study: Study, manifest: Manifest) -> Card:
    """The reader, as this study's plan lists the keys."""
    sealing = study.plan.sealing
    if manifest.content.get("study") != study.store.study_uid:
        raise _refused("it belongs to another study", "Name that study's folder with --study")
    listed = sealing.find(manifest.sender.name) if sealing is not None else None
    if listed is None or listed.seat is not Seat.READER or listed != manifest.sender:
        raise _refused(
            f"it is signed with keys that the plan does not list for {manifest.sender.name}",
            "Compare the fingerprints with the reader",
        )
    if manifest.content.get("reader") != listed.name:
        raise package.damaged()
    return listed


def _require_plan(study: Study, said: object, reader: str) -> None:
    """The plan of this digest must be the one in force, or one that was while reading had begun."""
    versions = study.store.plans()
    known = []
    for version in versions:
        try:
            known.append(plan_for(parse_plan(version.toml, instruments()), reader).digest)
        except WorkstationError:
            known.append("")  # a version in which this reader did not read yet
    allowed = known if study.store.has_begun else known[-1:]
    if said not in allowed:
        why = "an earlier version of the plan" if said in known else "another plan than this study's"
        raise _refused(f"it was read under {why}", "Give the reader a new package")


def _log(file: PackageFile, manifest: Manifest, study: Study, card: Card) -> tuple[AuditEntry, ...]:
    """The log of the reader's machine, every entry signed by the reader."""
    try:
        number = [part.name for part in manifest.parts].index(LOG)
        rows = json.loads(file.read(number, _LARGEST_READ))
        log = tuple(_entry(*row) for row in rows)
    except (ValueError, TypeError, RecursionError) as error:
        raise package.damaged() from error
    broken = verify_audit(log, log_root(study.store.study_uid, card.name))
    for entry in log:
        by_nobody = entry.actor == SYSTEM and entry.event in BY_NOBODY
        if broken or not (by_nobody or is_genuine(entry, card)):
            raise _refused("its log is not what the reader signed", "Run marrow study verify on that machine")
    if not log or log[-1].actor != card.name:
        raise _refused("its log does not end with the reader's word", "Have the return made again")
    return log


def _newer_part(study: Study, reader: str, log: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """What of a log is not here yet; nothing when this very log is."""
    kept = study.store.machines.returned().get(reader, ())
    common = min(len(kept), len(log))
    if [one.digest for one in kept[:common]] != [one.digest for one in log[:common]]:
        raise _refused(
            "its log does not go on from the return that was taken in before",
            "Has the reader's machine been put back from a backup? Ask the reader",
        )
    if len(log) < len(kept):
        raise _refused("a newer return of this reader was taken in already", "Use the newest one")
    return log[len(kept) :]


def _reads(
    file: PackageFile,
    manifest: Manifest,
    study: Study,
    card: Card,
    log: Sequence[AuditEntry],
    progress: Progress,
) -> list[ReturnedRead]:
    """Reads that are not here yet; all of the file are checked, and none that the log names may lack."""
    noted = [json.loads(one.detail) for one in log if one.event == "read locked" and one.actor == card.name]
    here = {lock.key: lock for lock in study.store.reads.locks()}
    found, new = [], []
    for number, part in enumerate(manifest.parts):
        progress.report(number, len(manifest.parts), "checking the reads")
        if part.name == LOG:
            continue
        read = _named(_read(file.read(number, _LARGEST_READ)), study)
        _require_genuine(read, study, card, manifest)
        found.append(lock_detail(read.lock, read.sheet))
        if read.lock.key not in here:
            new.append(read)
        elif not _is_same(read, study, here[read.lock.key]):
            raise _refused(f"its read of {read.lock.key.name} is not the one that is locked here")
    if len(found) != len(noted) or any(one not in noted for one in found):
        raise _refused("it does not hold the reads that its log names", "Have the return made again")
    return new


def _require_genuine(read: ReturnedRead, study: Study, card: Card, manifest: Manifest) -> None:
    """The read is this reader's, of this study and plan, and every entry of it is signed."""
    key, lock, uid = read.lock.key, read.lock, study.store.study_uid
    root = study.store.reads.root(key)
    last = read.links[-1].digest if read.links else root
    is_unknown = key.case == key.slot and not study.orders.knows(card.name)
    if key.reader != card.name or (key.case not in shown_cases(study.plan) and not is_unknown):
        raise _refused("it holds a read that the plan does not ask for", "Ask the reader")
    if (
        not is_committed(uid, lock, read.sheet, card)
        or verify_links(read.links, root, "read")
        or verify_signed_links(read.links, card, "read")
        or (len(read.links), last) != (lock.entries, lock.digest)
    ):
        raise _refused(f"its read of {key.name} is not what {card.name} signed", "Have the return made again")
    if read.sheet.plan_digest != manifest.content["plan"]:
        _require_plan(study, read.sheet.plan_digest, card.name)


def _is_same(read: ReturnedRead, study: Study, lock: Lock) -> bool:
    key = read.lock.key
    return (
        lock == read.lock
        and study.store.seals.sheet(key) == read.sheet
        and study.store.reads.entries(key) == read.links
    )


def _named(read: ReturnedRead, study: Study) -> ReturnedRead:
    """A read with the case it stands for, where that is known here."""
    key = study.orders.named(read.lock.key)
    return replace(read, lock=replace(read.lock, key=key), sheet=replace(read.sheet, key=key))


def _seeds(study: Study, manifest: Manifest, card: Card) -> tuple[OrderSeed, ...]:
    """The seed of the reader's order as it is kept there: with both keys it is drawn there."""
    sealing = study.plan.sealing
    try:
        raw = manifest.content.get("seeds", [])
        assert sealing is not None
        found = tuple(seed_from(one, sealing, study.store.study_uid) for one in raw)
    except (ValueError, TypeError) as error:
        raise package.damaged() from error
    if any(one.reader != card.name for one in found):
        raise package.damaged()
    return found


def _amendments(study: Study, manifest: Manifest, card: Card, log: Sequence[AuditEntry]) -> list[Amendment]:
    try:
        found = [
            Amendment(study.orders.named(_key(read)), str(reason), str(at), bool(compared))
            for read, reason, at, compared in manifest.content["amendments"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise package.damaged() from error
    noted = [json.loads(one.detail) for one in log if one.event == "read amended" and one.actor == card.name]
    said = [
        {
            **read_detail(one.key),
            "reason": one.reason,
            "post_comparison": one.post_comparison,
        }
        for one in found
    ]
    if len(said) != len(noted) or any(one not in noted for one in said):
        raise _refused("its amendments are not those that its log names", "Have the return made again")
    if any(one.key.reader != card.name for one in found):
        raise package.damaged()
    return found


def _read(data: bytes) -> ReturnedRead:
    try:
        raw: Mapping[str, Any] = json.loads(data)
        key = _key(raw["read"])
        lock = Lock(key=key, blinding_held=None, **{name: raw["lock"][name] for name in LOCK_FIELDS})
        plan, *blobs = raw["sheet"]
        body, box, signature = (base64.b64decode(one, validate=True) for one in blobs)
        links = tuple(
            Link(_number(n), base64.b64decode(p, validate=True), str(d), base64.b64decode(s, validate=True))
            for n, p, d, s in raw["entries"]
        )
        if read_data(key) != raw["read"] or not _is_lock(lock):
            raise ValueError("read")
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise package.damaged() from error
    return ReturnedRead(lock, SealedSheet(key, str(plan), body, box, signature), links)


def _is_lock(lock: Lock) -> bool:
    texts = (lock.signer, lock.meaning, lock.locked_at, lock.digest, lock.remark)
    return (
        all(isinstance(one, str) for one in texts)
        and type(lock.entries) is int
        and type(lock.after_unsealing) is bool
    )


def _key(value: Any) -> ReadKey:
    reader, case, presentation, version = value
    if not isinstance(reader, str) or not isinstance(case, str):
        raise ValueError("read")
    return ReadKey(reader, case, _number(presentation), _number(version))


def _number(value: Any) -> int:
    if type(value) is not int or not 0 < value < 1 << 40:
        raise ValueError("number")
    return value


def _entry(
    sequence: Any, at: Any, actor: Any, event: Any, detail: Any, previous: Any, digest: Any, signature: Any
) -> AuditEntry:
    texts = (at, actor, event, detail, previous, digest)
    if not all(isinstance(one, str) for one in texts) or not isinstance(json.loads(detail), dict):
        raise ValueError("entry")
    return AuditEntry(_number(sequence), at, actor, event, detail, previous, digest, bytes.fromhex(signature))


def _refused(why: str, remedy: str = "") -> ProtocolViolation:
    return ProtocolViolation("The return was not taken in", why, remedy)
