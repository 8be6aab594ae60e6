"""The reading package: what a reader needs on a machine of the own, and nothing else, in one file."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading import package
from workstation.reading.cards import Card
from workstation.reading.journal import utc_now
from workstation.reading.package import PACKAGE, Header, Manifest, Part
from workstation.reading.plan import StudyPlan
from workstation.reading.reader_plan import others_named, plan_for, shown_cases
from workstation.reading.secret_order import seed_data
from workstation.store.library import Library
from workstation.store.package_file import PackageWriter, Source, digest_of
from workstation.store.packed_cases import PackedFile
from workstation.store.study_seals import PLAN_PURPOSE, plan_bytes
from workstation.tasks import Progress
from workstation.workflow.packed_masks import packed_masks
from workstation.workflow.read_case import Study
from workstation.workflow.vault import Person

SUFFIX = ".marrow-package"
MADE = "package made"
_IN_MEMORY = 256 << 20
"""Files up to this size are looked at in one piece; larger ones cannot be checked for old overlays."""


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What was put into a package.

    Attributes
    ----------
    number : int
        Counts the packages of this reader, from 1.
    left_out : mapping of str to int
        Images that were not approved, by reason.
    resumed : bool
        True when an earlier run was finished.
    others : tuple of str
        Whose public keys and code the reader learns: with both keys the other reader.
    """

    path: Path
    reader: str
    number: int
    cases: int
    images: int
    size: int
    left_out: Mapping[str, int]
    resumed: bool
    others: tuple[str, ...]


def make_package(
    study: Study,
    library: Library,
    reader: str,
    sender: str,
    target: Path,
    *,
    approve_secondary: bool = False,
    progress: Progress,
) -> PackageReport:
    """Make the package of one reader; a run that was stopped is continued.

    Parameters
    ----------
    sender : str
        Who is signed in and signs: the coordinator, or with both keys one of the readers.
    target : Path
        The file, or a folder to put it into.
    approve_secondary : bool
        A person looked at secondary captures, burned-in text and overlays and lets them go along.

    Raises
    ------
    ProtocolViolation
        If the study is not sealed or its plan not signed, `sender` may not sign, or a case's side is open.
    StoreError
        If an image is missing or damaged, or the disk refuses.
    Cancelled
        If the person pressed Stop; the next run goes on from there.
    """
    own = plan_for(study.plan, reader)
    person = _sender(study, sender, reader)
    _require_ready(study, library)
    path = target / f"{study.plan.id}-{reader}{SUFFIX}" if target.is_dir() else target
    writer = PackageWriter(path)
    cases, files = library.packed_cases(shown_cases(own))
    content = _content(study, own, person, approve_secondary)
    content["masks"] = packed_masks(library.folder, own)
    found = _left_over(writer, person, content, files)
    resumed = found is not None
    if found is None:
        found = _begin(
            study, library, own, person, writer, content, cases, files, approve_secondary, progress
        )
    header, manifest = found
    key = package.file_key(person.keys, header.file_id)
    places = {one.sop_instance_uid: library.folder / one.path for one in files}
    sources = [Source(part, _opener(places[part.name])) for part in manifest.parts]
    try:
        writer.fill(header, key, manifest, sources, progress)
    except StoreError:
        if not all(place.is_file() for place in places.values()):
            writer.discard()
        raise
    _note(study, person, own, manifest)
    writer.finish()
    return PackageReport(
        path=path,
        reader=reader,
        number=int(manifest.content["number"]),
        cases=len(study.plan.cases),
        images=len(manifest.parts),
        size=path.stat().st_size,
        left_out=Counter(manifest.content["left_out"].values()),
        resumed=resumed,
        others=tuple(card.name for card in others_named(own)),
    )


def require_home(study: Study) -> None:
    """Refuse to make packages on a reader's own machine.

    Raises
    ------
    ProtocolViolation
    """
    if study.store.machines.machine_of:
        raise _not_made(
            "this is a reader's own machine; packages are made where the study was",
            "To send back what you have read: marrow study package --return",
        )


def _sender(study: Study, sender: str, reader: str) -> Person:
    vault = study.vault
    assert vault is not None  # plan_for refuses what is not sealed
    require_home(study)
    signers = [card.name for card in vault.sealing.signers]
    if sender not in signers:
        raise _not_made(f"{sender} may not sign it", f"It is signed by {' or '.join(signers)}")
    missing = [name for name in vault.missing_plan_signatures() if name != reader]
    if missing:
        raise _not_made(
            f"the plan with everybody's keys is not signed by {' and '.join(missing)}",
            f"It is signed when {' and '.join(missing)} signs in",
        )
    return vault.person(sender)


def _require_ready(study: Study, library: Library) -> None:
    """A reader cannot confirm a side, so that a case whose side is open would come back unread."""
    known = {case.code: case for case in library.cases()}
    needed = shown_cases(study.plan)
    absent = [code for code in needed if code not in known]
    if absent:
        raise StoreError(
            "The package was not made",
            f"{_some(absent)} not in the library",
            "Name the library that has the study's images with --library",
        )
    waiting = [code for code in needed if not known[code].laterality_confirmed]
    if waiting:
        raise _not_made(
            f"the side of {', '.join(waiting[:5])} is not confirmed",
            "Confirm it first: marrow library --confirm-side CODE L|R|B",
        )
    if study.plan.conduct.hides_repeats and not study.orders.are_secret:
        raise _not_made(
            "hidden repeats follow from the seed of the plan, which a reader must not have",
            "Read this study on one machine",
        )


def _content(study: Study, own: StudyPlan, person: Person, approved: bool) -> dict[str, Any]:
    """What the package says beside its images, as far as it is known before they are looked at."""
    version = study.store.plans()[-1]
    signature = person.keys.sign(PLAN_PURPOSE, plan_bytes(study.store.study_uid, version.number, own.digest))
    order = [[shown.case, shown.number] for shown in study.store.order(own.for_reader)]
    seeds = [one for one in study.store.orders.seeds([own.for_reader]) if one.reader == own.for_reader]
    return {
        "study": study.store.study_uid,
        "reader": own.for_reader,
        "number": 1 + sum(1 for _ in _made(study, own.for_reader)),
        "approved": approved,
        "plan": {
            "number": version.number,
            "toml": own.to_toml(),
            "digest": own.digest,
            "made_at": version.made_at,
            "signer": person.name,
            "signature": signature.hex(),
            "order": order,
            "seeds": [seed_data(one) for one in seeds],
        },
        "instruments": [[one.id, one.version, one.digest] for one in study.instruments],
        "hanging": _own_protocols(),
    }


def _made(study: Study, reader: str) -> list[dict[str, Any]]:
    """Packages of a reader that were made, as the log says."""
    details = (json.loads(one.detail) for one in study.store.audit(MADE))
    return [detail for detail in details if detail.get("reader") == reader]


def _own_protocols() -> list[str]:
    from workstation.imaging.hanging_own import own_protocols, to_toml

    return [to_toml(one) for one in own_protocols()[0]]


def _left_over(
    writer: PackageWriter, person: Person, content: Mapping[str, Any], files: Sequence[PackedFile]
) -> tuple[Header, Manifest] | None:
    """What an earlier run left, if it was making this very package."""
    found = writer.left_over(person.keys)
    if found is None:
        return None
    said = found[1].content
    same = all(said.get(name) == value for name, value in content.items())
    left_out = said.get("left_out", {})
    packed = {part.name: part.size for part in found[1].parts}
    wanted = {one.sop_instance_uid: one.size for one in files if one.sop_instance_uid not in left_out}
    return found if same and packed == wanted else None


def _begin(
    study: Study,
    library: Library,
    own: StudyPlan,
    person: Person,
    writer: PackageWriter,
    content: Mapping[str, Any],
    cases: Sequence[Mapping[str, Any]],
    files: Sequence[PackedFile],
    approved: bool,
    progress: Progress,
) -> tuple[Header, Manifest]:
    parts, left_out = _looked_at(library, files, approved, progress)
    recipient = own.sealing.card(own.for_reader) if own.sealing is not None else None
    assert recipient is not None
    header, key = package.new_header(PACKAGE, recipient, person.keys, _account_of(study, recipient))
    whole = {
        **content,
        "made_at": utc_now(),
        "left_out": left_out,
        "cases": [_without(case, left_out) for case in cases],
    }
    return header, writer.begin(header, key, whole, parts, person.card, person.keys)


def _looked_at(
    library: Library, files: Sequence[PackedFile], approved: bool, progress: Progress
) -> tuple[list[Part], dict[str, str]]:
    """Every image read once: its digest, and whether it may go along."""
    from workstation.imaging.approval import awaits_approval

    parts, left_out = [], {}
    for number, one in enumerate(files):
        progress.report(number, len(files), "looking at the images")
        path = library.folder / one.path
        if one.size <= _IN_MEMORY:
            data = _read(path)
            reason = "" if approved else awaits_approval(io.BytesIO(data))
            size, digest = len(data), hashlib.sha256(data).hexdigest()
        else:
            with _opener(path)() as stream:  # looked at plane by plane, then read again for its digest
                reason = "" if approved else awaits_approval(stream)
            size, digest = digest_of(_opener(path))
        if size != one.size:
            raise _image_gone()
        if reason:
            left_out[one.sop_instance_uid] = reason
        else:
            parts.append(Part(one.sop_instance_uid, size, digest))
    return parts, left_out


def _without(case: Mapping[str, Any], left_out: Mapping[str, str]) -> dict[str, Any]:
    """A case without images that stay behind, and without series that have none left."""
    series = []
    for one in case["series"]:
        places = [place for place in one["places"] if place[0] not in left_out]
        if places:
            columns = {**one["columns"], "slices": len(places)}
            series.append({**one, "columns": columns, "places": places})
    if not series:
        raise _not_made(
            f"all images of {case['code']} are secondary captures or have something drawn into them",
            "Look at them, and approve them with --approve-secondary",
        )
    return {**case, "series": series}


def _account_of(study: Study, recipient: Card) -> str:
    """The reader's account where it was made here, to travel along under its passphrase."""
    assert study.vault is not None
    accounts = study.vault.accounts
    if recipient.name not in accounts.names():
        return ""
    account = accounts.load(recipient.name)
    return account.to_json() if account.card == recipient else ""


def _note(study: Study, person: Person, own: StudyPlan, manifest: Manifest) -> None:
    """One event for each package, also when its last step is done again."""
    detail = {
        "reader": own.for_reader,
        "number": manifest.content["number"],
        "file": manifest.digest,
        "plan": own.digest,
        "images": len(manifest.parts),
    }
    if not any(one.get("file") == manifest.digest for one in _made(study, own.for_reader)):
        study.store.record(person.name, MADE, detail)


def _opener(path: Path) -> Any:
    def opened() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise _image_gone() from error

    return opened


def _read(path: Path) -> bytes:
    with _opener(path)() as stream:
        data: bytes = stream.read()
        return data


def _image_gone() -> StoreError:
    return StoreError(
        "The package was not made",
        "an image of the library is missing or was changed",
        "Import the same files again, then make the package",
    )


def _not_made(why: str, remedy: str = "") -> ProtocolViolation:
    return ProtocolViolation("The package was not made", why, remedy)


def _some(codes: Sequence[str]) -> str:
    shown = ", ".join(codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
    return f"{shown} {'is' if len(codes) == 1 else 'are'}"


__all__ = ["MADE", "SUFFIX", "PackageReport", "make_package"]
