"""What a reader finds on the own machine, and a thief on the stick: nothing of the other, no identity."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from tests.workflow.two_machines import ITEMS, Machine, make_home, package, read, send_back, take, word
from workstation.reading.order import case_order
from workstation.reading.seal import Keys
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.package_file import PackageFile

OTHER = "SENTINELB"
SEED = "7340033"
IDENTITY = (b"SENTINELONE", b"SENTINELTWO", b"SENTINEL^NAME", b"19700102", b"20200304", b"1.2.826.0.1.99")
SECRET = "SENTINELCOMMENT"
MANY = "K-1", "K-2"


@pytest.fixture(scope="module", params=["coordinator", "both-keys"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """B has read and half amended at home; then R1 got a package, took it in, read and sent back."""
    place = tmp_path_factory.mktemp("attack")
    home = make_home(place / "home", request.param, second=OTHER)
    with home.opened(OTHER) as study:
        opened = study.reader(OTHER).open_read("K-1")
        for item in ITEMS:
            opened.answer(item, 1)
        opened.keep_mark("m1", {"text": SECRET})
        opened.lock(word(OTHER), blinding_held=False, remark=SECRET)
        study.reader(OTHER).amend("K-1", SECRET)
    sender = "C1" if request.param == "coordinator" else "R1"
    file = package(home, "R1", place, sender).path
    machine = Machine(place / "R1")
    logs, settings = place / "log", place / "config"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MARROW_LOG", str(logs))
        patch.setenv("MARROW_CONFIG", str(settings))
        take(machine, file)
        read(machine, "R1", "K-1")
        back = send_back(machine, "R1", place).path
    return {"mode": request.param, "home": home, "file": file, "machine": machine, "back": back}


def contents(*places: Path) -> dict[Path, bytes]:
    files = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    return {path: path.read_bytes() for path in files if path.is_file()}


def unpacked(file: Path, keys: Keys) -> bytes:
    """Everything in a package, for who can open it."""
    import json

    with PackageFile.open(file) as one:
        manifest = one.unlock(keys)
        parts = b"".join(b"".join(one.pieces(n)) for n in range(len(manifest.parts)))
        return one.header.to_bytes() + json.dumps(dict(manifest.content)).encode() + parts


def traces(home: Machine, mode: str) -> list[bytes]:
    """What would tell something of B, of the library's key or of the orders."""
    card = AccountFolder(home.study / FOLDER).load(OTHER).card
    found = [
        SECRET.encode(),
        (home.library / "private" / "key").read_bytes(),
        home.library.name.encode() + b".cross",
    ]
    with home.opened() as study:
        found += [one.payload for links in study.store.reads.journals(OTHER).values() for one in links]
        found += [bytes.fromhex(one.digest) for one in study.store.audit()]
        found += [one.digest.encode() for one in study.store.audit()]
        found += [one.body for one in study.store.seals.sheets().values()]
    if mode == "coordinator":
        found += [OTHER.encode(), card.encryption_key.encode(), card.signing_key.encode()]
        found.append(bytes.fromhex(card.encryption_key))
    return found


def test_nothing_of_the_other_reader_is_on_the_machine(scene: dict[str, object], tmp_path: Path) -> None:
    home, machine, file = scene["home"], scene["machine"], scene["file"]
    assert isinstance(home, Machine)
    assert isinstance(machine, Machine)
    assert isinstance(file, Path)
    keys = AccountFolder(machine.study / FOLDER).keys("R1", word("R1"))[1]
    everything = contents(machine.place, machine.place.parent / "log", machine.place.parent / "config")
    assert len(everything) > 8
    everything[file] = unpacked(file, keys)
    for path, content in everything.items():
        for trace in (*traces(home, str(scene["mode"])), *IDENTITY):
            assert trace not in content, f"{trace[:40]!r} in {path.name}"
    with machine.opened("R1") as study:
        assert study.plan.readers == ("R1",)
        assert study.plan.seed == 0
        assert not re.search(SEED, study.plan.to_toml())
        named = {card.name for card in (study.plan.sealing.accounts if study.plan.sealing else ())}
        assert named == ({"R1", "C1"} if scene["mode"] == "coordinator" else {"R1", OTHER})


def test_the_search_would_find_it(scene: dict[str, object]) -> None:
    home = scene["home"]
    assert isinstance(home, Machine)
    everything = b"".join(contents(home.study).values())
    found = traces(home, str(scene["mode"]))
    assert sum(trace in everything for trace in found) > len(found) / 2
    assert any(one in b"".join(contents(home.place / "disc").values()) for one in IDENTITY)


def test_the_stick_alone_tells_nothing(scene: dict[str, object]) -> None:
    for name in ("file", "back"):
        path = scene[name]
        assert isinstance(path, Path)
        content = path.read_bytes()
        told = (b"Knee", b"recht", b"DICM", b"sheet", b"lock", b'"K-1"', SEED.encode(), SECRET.encode())
        for trace in (*told, *IDENTITY, OTHER.encode()):
            assert trace not in content, f"{trace!r} in {path.name}"
        packed = zlib.compress(content, 9)
        assert len(packed) > 0.8 * len(content), "it looks random but for the header"
    machine = scene["machine"]
    assert isinstance(machine, Machine)
    account = (machine.study / FOLDER / "R1.json").read_text(encoding="utf-8")
    assert word("R1") not in account


def test_the_order_of_the_other_does_not_follow(scene: dict[str, object]) -> None:
    """Whatever R1 does with the own plan, the seed that decides about B is not in it."""
    machine = scene["machine"]
    assert isinstance(machine, Machine)
    with machine.opened("R1") as study:
        assert study.store.order(OTHER) == ()
        with pytest.raises(Exception, match="names no reader"):
            case_order(study.plan, OTHER)
