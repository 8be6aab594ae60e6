"""A reading package taken in: the study's copy and its images on the reader's own machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import ProtocolViolation, ResourceError, StoreError, WorkstationError
from workstation.imaging.hanging_own import save_own
from workstation.imaging.hanging_protocol import read_protocol
from workstation.reading import package, seal
from workstation.reading.account import Account, account_from_json
from workstation.reading.audit import AuditEntry
from workstation.reading.cards import Card
from workstation.reading.order import Presentation
from workstation.reading.package import Manifest
from workstation.reading.plan import StudyPlan, parse_plan, require_same_instrument
from workstation.reading.reader_plan import shown_cases
from workstation.reading.secret_order import OrderSeed, seed_from
from workstation.scoring.instrument import instruments
from workstation.store.account_files import AccountFolder
from workstation.store.library import Library
from workstation.store.package_file import PackageFile
from workstation.store.packed_cases import checked_cases, not_a_case
from workstation.store.server_join import FIRST, machine_of
from workstation.store.study_machines import PackedPlan, new_copy
from workstation.store.study_seals import PLAN_PURPOSE, PlanSignature, plan_bytes
from workstation.store.study_store import DATABASE, PLAN, StudyStore, keep_plan_text
from workstation.tasks import Progress
from workstation.workflow.acceptance import ACCEPTED
from workstation.workflow.arriving_images import Arrival
from workstation.workflow.packed_masks import checked_masks, place_masks

TAKEN = "package accepted"
_LARGEST_PROTOCOL = 256 * 1024
_PROTOCOL_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class TakenPackage:
    """What a package brought.

    Attributes
    ----------
    images : int
        Images that are new here; 0 when all were here already.
    is_new : bool
        False when this package was taken in before and nothing was missing.
    sender : Card
        Who made it, to compare the fingerprint aloud.
    """

    study: str
    reader: str
    number: int
    cases: int
    images: int
    is_new: bool
    sender: Card
    left_out: int


@dataclass(frozen=True, eq=False, slots=True)
class _Checked:
    """A package that may be taken in."""

    file: PackageFile
    manifest: Manifest
    plan: StudyPlan
    packed: PackedPlan
    keys: seal.Keys
    account: Account
    study_uid: str
    number: int
    cases: list[dict[str, Any]]
    seeds: tuple[OrderSeed, ...]
    masks: list[tuple[str, str, bytes]]


def take_package(
    file: PackageFile,
    folder: Path,
    library: Path,
    accounts: AccountFolder,
    passphrase_of: Callable[[str], str],
    progress: Progress,
) -> TakenPackage:
    """Make or bring up to date the copy of a study on its reader's own machine.

    In the folder of a machine that joined the study on a server only the images are taken in: so that every
    machine has the same ones under the same UIDs, by which slices, measurements and masks are found again.

    Everything is checked before anything is written. Images are put beside the library first, so that a run
    that was stopped goes on; they come into the library and the study together, at the end.

    Raises
    ------
    DataError
        If the package is damaged, changed, or does not hold what it says.
    ProtocolViolation
        If it belongs to another study, another reader or another plan, or is older than the last one.
    StoreError
        If the disk refuses, or the library has other cases of these codes.
    Cancelled
        If the person pressed Stop; the next run goes on from there.
    """
    account, keys = _account(file, accounts, passphrase_of)
    manifest = file.unlock(keys)
    checked = _checked(file, manifest, account, keys)
    before = _present(folder, checked)
    is_new = before is None or (before.number < checked.number and not before.is_joined)
    _require_writable(folder)  # before gigabytes of images are copied
    opened = Library.open(library)
    try:
        with opened.importing():
            opened.require_room(checked.cases)
            arrived = Arrival(file, manifest.parts, checked.cases, opened, progress).files()
            images = len(arrived)
            place_masks(opened.folder, checked.masks)
            if images or is_new:
                opened.add_cases(checked.cases, arrived)
    finally:
        opened.close()
    if is_new:
        _keep(folder, library, accounts, checked, before)
    _take_protocols(manifest.content.get("hanging", []))
    return TakenPackage(
        study=checked.plan.id,
        reader=checked.plan.for_reader,
        number=checked.number,
        cases=len(checked.cases),
        images=images,
        is_new=is_new or images > 0,
        sender=manifest.sender,
        left_out=len(manifest.content.get("left_out", {})),
    )


def _require_writable(folder: Path) -> None:
    present = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not present.is_dir() or not os.access(present, os.W_OK):
        raise StoreError(
            "The package was not taken in",
            f"the study folder {folder.name} cannot be written",
            "Name another folder with --study",
        )


def _account(
    file: PackageFile, accounts: AccountFolder, passphrase_of: Callable[[str], str]
) -> tuple[Account, seal.Keys]:
    """The reader's account: of this machine, or as it travelled with the package."""
    name, sent = file.header.recipient, file.header.account
    if name in accounts.names():
        return accounts.keys(name, passphrase_of(name))
    if not sent:
        raise StoreError(
            "The package was not taken in",
            f"the account of {name} is not in the study folder",
            "Name the folder in which the account was made with --study",
        )
    account = account_from_json(sent, name)
    return account, account.keys(passphrase_of(name))


def _checked(file: PackageFile, manifest: Manifest, account: Account, keys: seal.Keys) -> _Checked:
    """What a package says, held against itself: shape, plan, signature, instruments, cases."""
    said = manifest.content
    try:
        raw, uid, number = said["plan"], str(said["study"]), int(said["number"])
        plan = parse_plan(str(raw["toml"]), instruments())
        signature = PlanSignature(
            int(raw["number"]), str(raw["signer"]), bytes.fromhex(raw["signature"]), str(raw["made_at"])
        )
        order = tuple(Presentation(str(case), int(shown)) for case, shown in raw["order"])
        seeds = _seeds(raw.get("seeds", []), plan, uid)
        named = [(str(one), str(version), str(digest)) for one, version, digest in said["instruments"]]
    except ResourceError as error:
        raise _refused(error.why, "Install the version of the program that the coordinator has") from error
    except (ValueError, KeyError, TypeError) as error:
        raise package.damaged() from error
    reader, sealing = plan.for_reader, plan.sealing
    if sealing is None or not reader or reader != file.header.recipient or plan.digest != raw["digest"]:
        raise package.damaged()
    if sealing.find(reader) != account.card:
        raise _refused(
            f"its plan lists other keys for {reader} than this machine has",
            "Compare the fingerprints with the coordinator",
        )
    signed = plan_bytes(uid, signature.number, plan.digest)
    genuine = seal.is_signed(manifest.sender.signing_key, PLAN_PURPOSE, signed, signature.signature)
    if manifest.sender not in sealing.signers or signature.signer != manifest.sender.name or not genuine:
        raise _refused("it is not signed by who signs the plan", "Ask the coordinator")
    here = {(one.id, one.version): one.digest for one in require_same_instrument(plan, instruments())}
    if here != {(one, version): digest for one, version, digest in named}:
        raise _refused(
            "a scoring form of this installation is not the one of the study",
            "Install the version of the program that the coordinator has",
        )
    met = {shown.case for shown in order}
    fits = set(plan.cases) <= met <= set(shown_cases(plan)) and len(set(order)) == len(order)
    if plan.has_secret_orders:
        fits = not order and (bool(seeds) or sealing.coordinator is None)
    if not fits:
        raise package.damaged()
    packed = PackedPlan(
        signature.number, plan.to_toml(), plan.digest, signature.signed_at, (signature,), order
    )
    cases = _cases(said, manifest, plan)
    masks = checked_masks(said.get("masks", []), plan)
    return _Checked(file, manifest, plan, packed, keys, account, uid, number, cases, seeds, masks)


def _seeds(raw: Any, plan: StudyPlan, study_uid: str) -> tuple[OrderSeed, ...]:
    """The seed of the reader's order, drawn by who may; raises ValueError or TypeError."""
    if plan.sealing is None or not isinstance(raw, list):
        raise ValueError("seeds")
    found = tuple(seed_from(one, plan.sealing, study_uid) for one in raw)
    if any(one.reader != plan.for_reader for one in found):
        raise ValueError("seeds")
    return found


def _cases(said: Mapping[str, Any], manifest: Manifest, plan: StudyPlan) -> list[dict[str, Any]]:
    cases = checked_cases(said.get("cases"))
    uids = {uid for case in cases for series in case["series"] for uid, _ in series["places"]}
    if {case["code"] for case in cases} != set(shown_cases(plan)) or uids != {
        part.name for part in manifest.parts
    }:
        raise not_a_case()
    return cases


@dataclass(frozen=True, slots=True)
class _Before:
    """What the folder holds already.

    Attributes
    ----------
    is_joined : bool
        It is a machine of a study on a server, which has everything but the images from there.
    """

    number: int
    plan_number: int
    is_joined: bool = False


def _present(folder: Path, checked: _Checked) -> _Before | None:
    """The study that is in the folder, if the package may bring it up to date; None where there is none."""
    if not (folder / DATABASE).is_file():
        return None
    store = StudyStore.open(folder)
    try:
        machine, audit, plans = store.machines.machine_of, store.audit(), store.plans()
        same, begun = store.study_uid == checked.study_uid, store.has_begun
    finally:
        store.close()
    if not same:
        raise _refused("the folder holds another study", "Name a new folder with --study")
    is_joined = not machine and machine_of(audit[:1]) != FIRST
    if not machine and not is_joined:
        raise _refused(
            "the folder holds the study itself, from which packages are made",
            "Take it in on the reader's machine",
        )
    if machine and machine != checked.plan.for_reader:
        raise _refused(f"the folder is that of reader {machine}", "Name a folder of its own with --study")
    held = parse_plan(plans[-1].toml, instruments())
    if held.sealing is None or checked.manifest.sender not in held.sealing.signers:
        raise _refused(
            "it is signed with other keys than the first package of this study", "Ask the coordinator"
        )
    if is_joined:
        return _Before(0, plans[-1].number, is_joined=True)
    last = _last_taken(audit)
    if checked.number < last.get("number", 0):
        raise _refused(
            f"it is older than the package {last['number']} that was taken in", "Use the newest package"
        )
    if checked.number == last.get("number") and checked.manifest.digest != last.get("file"):
        raise _refused("another package of the same number was taken in", "Ask the coordinator")
    if plans[-1].digest != checked.plan.digest:
        if begun and not _follows(held, checked.plan):
            raise _refused("reading has begun under another plan", "Ask the coordinator")
        if checked.packed.number <= plans[-1].number:
            raise _refused("it holds an older version of the plan", "Use the newest package")
    return _Before(int(last.get("number", 0)), plans[-1].number)


def _follows(old: StudyPlan, new: StudyPlan) -> bool:
    """Whether a plan is a later version of the one that was begun: the same keys, no case gone."""
    same = old.sealing == new.sealing and new.cases[: len(old.cases)] == old.cases
    return same and new.id == old.id and new.version > old.version


def _last_taken(audit: tuple[AuditEntry, ...]) -> dict[str, Any]:
    details = [json.loads(one.detail) for one in audit if one.event == TAKEN]
    return dict(details[-1]) if details else {}


def _keep(
    folder: Path, library: Path, accounts: AccountFolder, checked: _Checked, before: _Before | None
) -> None:
    """The study's part: plan, order, signature, account, and the event, together."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = checked.plan.for_reader
    if reader not in accounts.names():
        accounts.add(checked.account)
    if before is None:
        with new_copy(folder, reader, checked.study_uid, str(library.absolute())) as file:
            _write(StudyStore(folder, file), checked, new_plan=True)
    else:
        store = StudyStore.open(folder)
        try:
            with store.batch():
                _write(store, checked, new_plan=before.plan_number < checked.packed.number)
        finally:
            store.close()
    keep_plan_text(folder / PLAN, checked.packed.toml)


def _write(store: StudyStore, checked: _Checked, *, new_plan: bool) -> None:
    reader = checked.plan.for_reader
    store.signers[reader] = checked.keys.sign
    if new_plan:
        store.machines.add_plans([checked.packed])
    store.machines.add_signatures(checked.packed.signatures)
    store.orders.take_in(checked.seeds)
    if checked.account.card in (checked.plan.sealing.signers if checked.plan.sealing else ()):
        store.sign_plan(reader)
    if new_plan:
        # Taking it in with the passphrase is the reader's word on this plan.
        store.record(reader, ACCEPTED, {"digest": checked.plan.digest})
    detail = {
        "number": checked.number,
        "file": checked.manifest.digest,
        "from": checked.manifest.sender.name,
        "plan": checked.plan.digest,
    }
    store.record(reader, TAKEN, detail)
    store.signers.clear()  # taking a package in is not signing in


def _take_protocols(texts: Any) -> None:
    """Hanging protocols of the coordinator; one that is here already, or does not fit, is left out."""
    for text in texts if isinstance(texts, list) else []:
        try:
            protocol = read_protocol(str(text)[:_LARGEST_PROTOCOL], "protocol.toml", own=True)
            if _PROTOCOL_ID.fullmatch(protocol.id):  # it becomes the name of a file
                save_own(protocol)
        except WorkstationError:
            continue


def _refused(why: str, remedy: str = "") -> ProtocolViolation:
    return ProtocolViolation("The package was not taken in", why, remedy)
