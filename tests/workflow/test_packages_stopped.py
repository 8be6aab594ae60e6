"""Packages that were stopped midway: the same command again goes on, on either side, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.two_machines import QUIET, Machine, make_home, package, read, take, word
from workstation.errors import Cancelled, StoreError
from workstation.reading.package import CHUNK, Header
from workstation.store import package_file
from workstation.workflow.make_package import make_package
from workstation.workflow.take_in import take_in

SCRIPT = """
import os, signal, sys
from pathlib import Path
from workstation.workflow.make_package import make_package
from workstation.workflow.read_case import open_study_with_library
from workstation.workflow.take_in import take_in

class Deadly:
    left = int(sys.argv[2])

    def report(self, done, total, text=""):
        Deadly.left -= 1
        if Deadly.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

place = Path(sys.argv[3])
if sys.argv[1] == "make":
    with open_study_with_library(place / "study", place / "library") as study:
        study.sign_in("C1", "four plain words C1")
        make_package(study, study.library, "R1", "C1", Path(sys.argv[4]), progress=Deadly())
else:
    words = lambda name: f"four plain words {name}"
    take_in(Path(sys.argv[4]), place / "study", place / "library", words, progress=Deadly())
"""


class Stop:
    """Presses Stop at a certain report."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.heard = 0

    def report(self, done: int, total: int, text: str = "") -> None:
        self.heard += 1
        self.left -= 1
        if self.left < 0:
            raise Cancelled


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home whose package has several chunks; not to be changed."""
    return make_home(tmp_path_factory.mktemp("large"), slices=4, matrix=(512, 512))


@pytest.fixture
def home(large: Machine, tmp_path: Path) -> Machine:
    return Machine(Path(shutil.copytree(large.place, tmp_path / "home")))


def killed(*words: object) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, *map(str, words)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_killed_on_either_side(home: Machine, tmp_path: Path) -> None:
    target = tmp_path / "koa.marrow-package"
    part = tmp_path / "koa.marrow-package.part"
    killed("make", 11, home.place, target)
    assert not target.exists()
    written = part.stat().st_size
    assert written > 2 * CHUNK, "some of it was written"
    first = part.read_bytes()[: 2 * CHUNK]
    made = package(home, "R1", target)
    assert made.resumed
    assert (made.number, made.images) == (1, 8)
    assert target.read_bytes()[: 2 * CHUNK] == first, "what was there was kept"
    machine = Machine(tmp_path / "R1")
    killed("take", 5, machine.place, target)
    assert not (machine.study / "study.sqlite").exists()
    staged = list((machine.library / "incoming").rglob("*.dcm"))
    assert len(staged) == 5
    kept = {path.name: path.stat().st_mtime_ns for path in staged}
    killed("take", 6, machine.place, target)
    again = {path.name: path.stat().st_mtime_ns for path in (machine.library / "incoming").rglob("*.dcm")}
    assert {name: again[name] for name in kept} == kept, "checked images are not written again"
    assert take(machine, target).is_new
    assert not list((machine.library / "incoming").iterdir())
    read(machine, "R1")


@pytest.mark.parametrize("after", [3, 11])
def test_stopped_while_made(after: int, home: Machine, tmp_path: Path) -> None:
    target = tmp_path / "koa.marrow-package"
    with home.opened("C1") as study:
        assert study.library is not None
        before = [one.event for one in study.store.audit()]
        with pytest.raises(Cancelled):
            make_package(study, study.library, "R1", "C1", target, progress=Stop(after))
        assert [one.event for one in study.store.audit()] == before
        assert not target.exists()
        made = make_package(study, study.library, "R1", "C1", target, progress=QUIET)
        assert made.number == 1
        assert [one.event for one in study.store.audit()].count("package made") == 1
    assert take(Machine(tmp_path / "R1"), target).is_new


def test_what_was_left_is_not_used_for_another_package(home: Machine, tmp_path: Path) -> None:
    """Another reader, changed images, or approval: the half made file is of no use."""
    target = tmp_path / "koa.marrow-package"
    with home.opened("C1") as study:
        assert study.library is not None
        with pytest.raises(Cancelled):
            make_package(study, study.library, "R1", "C1", target, progress=Stop(11))
        assert not make_package(study, study.library, "R2", "C1", target, progress=QUIET).resumed
    assert take(Machine(tmp_path / "R2"), target).is_new


def test_holes_in_what_was_left_are_filled(home: Machine, tmp_path: Path) -> None:
    """After a loss of power the end of a file may be there in length only."""
    target = tmp_path / "koa.marrow-package"
    part = tmp_path / "koa.marrow-package.part"
    with home.opened("C1") as study:
        assert study.library is not None
        with pytest.raises(Cancelled):
            make_package(study, study.library, "R1", "C1", target, progress=Stop(11))
        size = part.stat().st_size
        with part.open("r+b") as file:
            file.seek(size - CHUNK)
            file.write(bytes(CHUNK))
        assert make_package(study, study.library, "R1", "C1", target, progress=QUIET).resumed
    assert take(Machine(tmp_path / "R1"), target).is_new


@pytest.mark.parametrize("after", [0, 8])
def test_stopped_while_taken_in(after: int, home: Machine, tmp_path: Path) -> None:
    target = package(home, "R1", tmp_path).path
    machine = Machine(tmp_path / "R1")
    with pytest.raises(Cancelled):
        take_in(target, machine.study, machine.library, word, progress=Stop(after))
    assert not (machine.study / "study.sqlite").exists()
    rows = machine.rows()
    assert rows["library.sqlite cases"] == []
    assert rows["library.sqlite files"] == []
    assert take(machine, target).is_new


def test_a_staged_image_that_is_no_longer_whole_is_read_again(home: Machine, tmp_path: Path) -> None:
    target = package(home, "R1", tmp_path).path
    machine = Machine(tmp_path / "R1")
    with pytest.raises(Cancelled):
        take_in(target, machine.study, machine.library, word, progress=Stop(4))
    staged = sorted((machine.library / "incoming").rglob("*.dcm"))[0]
    staged.write_bytes(bytes(staged.stat().st_size))
    assert take(machine, target).is_new


def test_a_full_disk_is_told_and_the_rest_comes_later(
    home: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "koa.marrow-package"
    sealed_chunk = package_file.package.sealed_chunk

    def full(header: Header, key: bytes, number: int, data: bytes) -> bytes:
        if number == 2:
            raise OSError(28, "No space left on device")
        return sealed_chunk(header, key, number, data)

    monkeypatch.setattr(package_file.package, "sealed_chunk", full)
    with pytest.raises(StoreError, match="the disk is full"):
        package(home, "R1", target)
    monkeypatch.undo()
    assert package(home, "R1", target).resumed


def test_too_little_room_for_the_images_is_told_first(
    home: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = package(home, "R1", tmp_path).path
    machine = Machine(tmp_path / "R1")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(StoreError, match=r"its images need 4\.\d MB, and 1\.0 MB are free"):
        take(machine, target)
    assert not (machine.study / "study.sqlite").exists()
