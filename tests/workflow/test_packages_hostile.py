"""Packages and returns that were made to do harm: refused in a sentence, and nothing is left behind."""

from __future__ import annotations

import base64
import json
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.two_machines import Machine, make_home, package, read, send_back, take, word, write_images
from workstation import settings
from workstation.errors import WorkstationError
from workstation.imaging.hanging_own import to_toml
from workstation.imaging.hanging_protocol import load_protocols
from workstation.reading import package as packages
from workstation.reading import seal
from workstation.reading.account import new_account
from workstation.reading.cards import Card, Seat, canonical
from workstation.reading.package import CHUNK, PACKAGE, RETURN, Header, Part
from workstation.reading.seal import LEAST_COST, Keys
from workstation.reading.secret_order import SEED_PURPOSE, sealed_seeds, seed_data
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.mask_files import place_file
from workstation.store.package_file import PackageFile
from workstation.store.study_seals import PLAN_PURPOSE, plan_bytes
from workstation.workflow.accounts import make_account, take_account
from workstation.workflow.take_package import TakenPackage

Content = dict[str, Any]
Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home, R1's package beside it, and R1's machine with one locked read; not to be changed."""
    place = tmp_path_factory.mktemp("genuine")
    home = make_home(place / "home")
    package(home, "R1", place / "R1.marrow-package")
    machine = Machine(place / "R1")
    take(machine, place / "R1.marrow-package")
    read(machine, "R1", "K-1")
    send_back(machine, "R1", place / "R1.marrow-return")
    return home


@pytest.fixture
def home(genuine: Machine, tmp_path: Path) -> Machine:
    return Machine(Path(shutil.copytree(genuine.place, tmp_path / "home")))


def own_machine(home: Machine, place: Path) -> Machine:
    """A machine on which R1 made the own account."""
    machine = Machine(place)
    (machine.study / FOLDER).mkdir(parents=True, exist_ok=True)
    shutil.copy(home.study / FOLDER / "R1.json", machine.study / FOLDER)
    return machine


def keys_of(home: Machine, name: str) -> tuple[Card, Keys]:
    account, keys = AccountFolder(home.study / FOLDER).keys(name, word(name))
    return account.card, keys


def opened(file: Path, keys: Keys) -> tuple[Header, Content, Parts]:
    with PackageFile.open(file) as one:
        manifest = one.unlock(keys)
        parts = {part.name: b"".join(one.pieces(n)) for n, part in enumerate(manifest.parts)}
        return one.header, dict(manifest.content), parts


def forged(
    target: Path,
    kind: str,
    recipient: Card,
    sender: Card,
    keys: Keys,
    content: Content,
    listed: list[Part],
    data: bytes,
) -> Path:
    """A file of any content, correctly encrypted and signed by `sender`."""
    header, key = packages.new_header(kind, recipient, keys)
    head = header.to_bytes()
    sealed = packages.sealed_manifest(header, key, content, listed, sender, keys)
    with target.open("wb") as file:
        file.write(packages.MAGIC + len(head).to_bytes(4, "big") + head)
        file.write(len(sealed).to_bytes(4, "big") + sealed)
        for number in range(packages.chunk_count(len(data))):
            chunk = data[number * CHUNK : (number + 1) * CHUNK]
            file.write(packages.sealed_chunk(header, key, number, chunk))
    return target


def listed(parts: Parts) -> list[Part]:
    import hashlib

    return [Part(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in parts.items()]


Change = Callable[[Content, Parts], None]


def reforged(home: Machine, tmp_path: Path, change: Change, sender: str = "C1") -> Path:
    """R1's package, changed by somebody who has the coordinator's keys."""
    reader, reader_keys = keys_of(home, "R1")
    card, keys = keys_of(home, sender)
    _, content, parts = opened(home.place.parent / "R1.marrow-package", reader_keys)
    content = json.loads(json.dumps(content))
    change(content, parts)
    target = tmp_path / "forged"
    return forged(target, PACKAGE, reader, card, keys, content, listed(parts), b"".join(parts.values()))


@pytest.fixture
def beside(genuine: Machine, tmp_path: Path) -> None:
    """The genuine files, where `reforged` looks for them."""
    for name in ("R1.marrow-package", "R1.marrow-return"):
        shutil.copy(genuine.place.parent / name, tmp_path / name)


def refused(machine: Machine, file: Path, match: str | None = None) -> None:
    """The file is refused in one sentence, and study and library stay as they are."""
    before, outside = machine.rows(), every_file(machine.place.parent)
    with pytest.raises(WorkstationError, match=match) as told:
        take(machine, file)
    assert "\n" not in told.value.sentence
    after = machine.rows()
    assert {name: rows for name, rows in after.items() if name in before} == before
    assert not [rows for name, rows in after.items() if "files" in name and rows and name not in before]
    made = every_file(machine.place.parent) - outside
    assert all(machine.place in path.parents for path in made), made
    assert not list((machine.library / "images").rglob("*.dcm")) or before


def every_file(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def renamed(content: Content, parts: Parts, new: str) -> None:
    old = next(iter(parts))
    parts[new] = parts.pop(old)
    for case in content["cases"]:
        for series in case["series"]:
            series["places"] = [[new if uid == old else uid, frame] for uid, frame in series["places"]]


def swapped(content: Content, parts: Parts, data: bytes) -> None:
    parts[next(iter(parts))] = data


FALSE_PACKAGES: tuple[Change, ...] = (
    lambda content, parts: renamed(content, parts, "../../../../outside"),
    lambda content, parts: renamed(content, parts, "/tmp/outside"),
    lambda content, parts: renamed(content, parts, "C:\\outside"),
    lambda content, parts: renamed(content, parts, "1.2.3"),
    lambda content, parts: swapped(content, parts, b"no image"),
    lambda content, parts: swapped(content, parts, b""),
    lambda content, parts: parts.update({"9.9.9": b"more"}),
    lambda content, parts: parts.pop(next(iter(parts))),
    lambda content, parts: content.pop("cases"),
    lambda content, parts: content["cases"].pop(),
    lambda content, parts: content["cases"][0].update(code="../K-1"),
    lambda content, parts: content["cases"][0]["series"][0]["columns"].update(case_id=1),
    lambda content, parts: content["cases"][0]["series"][0]["columns"].update(rows={"a": 1}),
    lambda content, parts: content["cases"][0].update(laterality="X"),
    lambda content, parts: content["cases"][0]["series"][0]["places"].append(["1.2.3", 0]),
    lambda content, parts: content["plan"].update(toml="id = 'x'"),
    lambda content, parts: content["plan"].update(signature="00" * 64),
    lambda content, parts: content["plan"].update(order=[["K-1", 1]]),
    lambda content, parts: content["plan"].update(number="x"),
    lambda content, parts: content.update(instruments=[["recht", "1.0", "00" * 32]]),
    lambda content, parts: content.update(study=None),
    lambda content, parts: content.update(masks=[["K-1", "edema-0123456789ab-0001.npz", "AAAA"]]),
    lambda content, parts: content.update(masks="x"),
    lambda content, parts: content.clear(),
)  # fmt: skip


def test_a_package_that_says_what_is_not_so(home: Machine, tmp_path: Path, beside: None) -> None:
    machine = own_machine(home, tmp_path / "new")
    for change in FALSE_PACKAGES:
        refused(machine, reforged(home, tmp_path, change))


def test_the_forging_itself_would_get_through(home: Machine, tmp_path: Path, beside: None) -> None:
    """Otherwise the test above would prove nothing."""
    taken = take(own_machine(home, tmp_path / "new"), reforged(home, tmp_path, lambda content, parts: None))
    assert isinstance(taken, TakenPackage)
    assert taken.is_new


def test_an_image_with_an_identity_is_refused(home: Machine, tmp_path: Path, beside: None) -> None:
    """An original file under the UID of a copy, and a copy whose mark was taken off."""
    write_images(tmp_path / "originals")
    original = next((tmp_path / "originals").iterdir()).read_bytes()
    refused(
        own_machine(home, tmp_path / "new"), reforged(home, tmp_path, lambda c, p: swapped(c, p, original))
    )

    def unmarked(content: Content, parts: Parts) -> None:
        name = next(iter(parts))
        parts[name] = parts[name].replace(b"marrow copy ", b"marrow c0py ")

    refused(own_machine(home, tmp_path / "new2"), reforged(home, tmp_path, unmarked))


def test_a_hanging_protocol_does_not_choose_its_folder(home: Machine, tmp_path: Path, beside: None) -> None:
    protocol = load_protocols()[0]

    def evil(content: Content, parts: Parts) -> None:
        ids = ("../../evil", "/tmp/evil", "good")
        texts = [to_toml(replace(protocol, id=one, title=f"own {n}")) for n, one in enumerate(ids)]
        content["hanging"] = [*texts, "no protocol", 7]

    before = every_file(settings.settings_file().parent.parent)
    take(own_machine(home, tmp_path / "new"), reforged(home, tmp_path, evil))
    made = every_file(settings.settings_file().parent.parent) - before
    assert made == {settings.settings_file().parent / "hanging" / "good.toml"}


def test_a_mask_does_not_choose_its_folder_and_is_a_mask(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    for name in ("../../evil-0123456789ab-0001.npz", "/tmp/evil-0123456789ab-0001.npz", "evil.npz", ""):
        with pytest.raises(WorkstationError, match="not that of a mask"):
            place_file(tmp_path / "library", "K-1", name, b"")
    with pytest.raises(WorkstationError, match="damaged"):
        place_file(tmp_path / "library", "../K-1", "edema-0123456789ab-0001.npz", b"no mask")
    assert not every_file(tmp_path)


def test_a_name_twice_and_sizes_that_are_not_there(home: Machine, tmp_path: Path, beside: None) -> None:
    reader, keys = keys_of(home, "R1")
    card, own = keys_of(home, "C1")
    _, content, parts = opened(tmp_path / "R1.marrow-package", keys)
    honest = listed(parts)
    twice, data = [*honest, honest[0]], b"".join(parts.values())
    file = forged(
        tmp_path / "a",
        PACKAGE,
        reader,
        card,
        own,
        content,
        twice,
        b"".join(parts.values()) + parts[honest[0].name],
    )
    refused(own_machine(home, tmp_path / "new"), file, "damaged")
    huge = [Part(honest[0].name, 1 << 47, honest[0].digest), *honest[1:]]
    file = forged(tmp_path / "b", PACKAGE, reader, card, own, content, huge, data)
    refused(own_machine(home, tmp_path / "new"), file, "cut short")


def test_a_manifest_that_unpacks_without_end(
    home: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, _ = keys_of(home, "R1")
    _, own = keys_of(home, "C1")
    header, key = packages.new_header(PACKAGE, reader, own)
    monkeypatch.setattr(packages, "LARGEST_MANIFEST", 1 << 20)
    place = canonical(["package file", packages.FORMAT, header.file_id, "manifest"])
    sealed = seal.encrypt(key, zlib.compress(bytes(64 << 20), 9), place)
    head = header.to_bytes()
    blocks = (len(head).to_bytes(4, "big"), head, len(sealed).to_bytes(4, "big"), sealed)
    (tmp_path / "bomb").write_bytes(packages.MAGIC + b"".join(blocks))
    refused(own_machine(home, tmp_path / "new"), tmp_path / "bomb", "damaged")


def test_lengths_beyond_reason_are_not_read(home: Machine, tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(packages.MAGIC + b"\xff\xff\xff\xff" + bytes(1000))
    refused(own_machine(home, tmp_path / "new"), tmp_path / "long", "damaged")
    for name, content in (("zip", b"PK\x03\x04" + bytes(500)), ("empty", b""), ("text", b"hello")):
        (tmp_path / name).write_bytes(content)
        refused(own_machine(home, tmp_path / "new"), tmp_path / name, "no package")
    refused(own_machine(home, tmp_path / "new"), tmp_path, "there is no file")
    refused(own_machine(home, tmp_path / "new"), tmp_path / "absent", "there is no file")


def test_a_stranger_cannot_take_the_coordinators_place(home: Machine, tmp_path: Path, beside: None) -> None:
    """A package with a coordinator of the stranger's own, for a study that is there already."""
    stranger = new_account("C1", Seat.COORDINATOR, word("X"), None, LEAST_COST)
    keys = stranger.keys(word("X"))
    reader, reader_keys = keys_of(home, "R1")
    old, _ = keys_of(home, "C1")
    _, content, parts = opened(tmp_path / "R1.marrow-package", reader_keys)
    toml = content["plan"]["toml"].replace(old.encryption_key, stranger.card.encryption_key)
    toml = toml.replace(old.signing_key, stranger.card.signing_key)
    toml = toml.replace(old.fingerprint, stranger.card.fingerprint)
    from workstation.reading.plan import parse_plan
    from workstation.scoring.instrument import instruments

    theirs = parse_plan(toml, instruments())
    digest, uid = theirs.digest, content["study"]
    assert theirs.sealing is not None
    drawn = sealed_seeds(uid, theirs.sealing, "R1", bytes(32), stranger.card, "2026-01-01T00:00:00+00:00")
    seeds = [
        seed_data(replace(one, signature=keys.sign(SEED_PURPOSE, one.signed_bytes(uid))))
        for one in drawn
        if one.recipient == "R1"
    ]
    signature = keys.sign(PLAN_PURPOSE, plan_bytes(content["study"], 1, digest))
    plan = {**content["plan"], "toml": toml, "digest": digest, "signature": signature.hex(), "seeds": seeds}
    content = {**content, "plan": plan, "number": 2}
    file = forged(
        tmp_path / "x", PACKAGE, reader, stranger.card, keys, content, listed(parts), b"".join(parts.values())
    )
    machine = Machine(tmp_path / "R1")
    take(machine, tmp_path / "R1.marrow-package")
    refused(machine, file, "other keys than the first package")


def return_of(home: Machine, tmp_path: Path, change: Change) -> Path:
    """R1's return, changed by R1."""
    reader, keys = keys_of(home, "R1")
    card, own = keys_of(home, "C1")
    _, content, parts = opened(tmp_path / "R1.marrow-return", own)
    content = json.loads(json.dumps(content))
    change(content, parts)
    return forged(
        tmp_path / "forged", RETURN, card, reader, keys, content, listed(parts), b"".join(parts.values())
    )


def edited(parts: Parts, change: Callable[[Any], None], name: str = "read-00001") -> None:
    data = json.loads(parts[name])
    change(data)
    parts[name] = canonical(data)


FALSE_RETURNS: tuple[Change, ...] = (
    lambda content, parts: parts.pop("read-00001"),
    lambda content, parts: parts.update({"read-00002": parts["read-00001"]}),
    lambda content, parts: parts.pop("log"),
    lambda content, parts: parts.update(log=b"[]"),
    lambda content, parts: parts.update(log=b"[" * 100_000),
    lambda content, parts: edited(parts, lambda log: log.pop(3), "log"),
    lambda content, parts: edited(parts, lambda one: one["read"].__setitem__(0, "R2")),
    lambda content, parts: edited(parts, lambda one: one["read"].__setitem__(1, "K-2")),
    lambda content, parts: edited(parts, lambda one: one["read"].__setitem__(1, "K-9")),
    lambda content, parts: edited(parts, lambda one: one["read"].__setitem__(3, 2)),
    lambda content, parts: edited(parts, lambda one: one["lock"].update(meaning="x")),
    lambda content, parts: edited(parts, lambda one: one["lock"].update(entries=-1)),
    lambda content, parts: edited(parts, lambda one: one["lock"].pop("digest")),
    lambda content, parts: edited(parts, lambda one: one["entries"].pop()),
    lambda content, parts: edited(parts, lambda one: one["entries"].reverse()),
    lambda content, parts: edited(parts, lambda one: one["sheet"].__setitem__(0, "00" * 32)),
    lambda content, parts: edited(
        parts, lambda one: one["sheet"].__setitem__(1, base64.b64encode(b"other").decode())
    ),
    lambda content, parts: content.update(plan="00" * 32),
    lambda content, parts: content.update(study="00" * 16),
    lambda content, parts: content.update(reader="R2"),
    lambda content, parts: content.update(amendments=[[["R1", "K-1", 1, 2], "", "", False]]),
    lambda content, parts: content.update(amendments=7),
)  # fmt: skip


def test_a_return_that_says_what_is_not_so(home: Machine, tmp_path: Path, beside: None) -> None:
    for change in FALSE_RETURNS:
        refused(home, return_of(home, tmp_path, change))


def test_the_forged_return_would_get_through(home: Machine, tmp_path: Path, beside: None) -> None:
    assert take(home, return_of(home, tmp_path, lambda content, parts: None)).is_new


def test_one_reader_cannot_return_for_another(home: Machine, tmp_path: Path, beside: None) -> None:
    """R2 hands in R1's return under the own name."""
    other, keys = keys_of(home, "R2")
    card, own = keys_of(home, "C1")
    _, content, parts = opened(tmp_path / "R1.marrow-return", own)
    data = b"".join(parts.values())
    for said in (content, {**content, "reader": "R2"}):
        refused(home, forged(tmp_path / "f", RETURN, card, other, keys, said, listed(parts), data))


def test_cards_with_other_keys_are_refused(tmp_path: Path) -> None:
    people, elsewhere = AccountFolder(tmp_path / "here"), AccountFolder(tmp_path / "there")
    make_account(people, "R1", Seat.READER, word("R1"), cost=LEAST_COST)
    from workstation.workflow.accounts import give_card

    make_account(elsewhere, "R1", Seat.READER, word("R1"), cost=LEAST_COST)
    file = give_card(elsewhere, "R1", tmp_path)
    with pytest.raises(WorkstationError, match="with other keys already"):
        take_account(file, people)
    own = give_card(people, "R1", tmp_path)
    assert take_account(own, people) == (people.load("R1").card, False)
    for text in ("", "{}", "[" * 10_000, file.read_text(encoding="utf-8").replace('"R1"', '"R3"')):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WorkstationError, match="no account's card"):
            take_account(file, people)
