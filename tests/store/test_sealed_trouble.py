"""A sealed study in trouble: power cut, full disk, another program, a clock set back, two windows.

The power is cut at 10 moments; ``MARROW_KILLS=200`` makes it 200.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from workstation.errors import StoreError
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store import engine
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import OpenRead, Study, create_study, open_study_folder
from workstation.workflow.verify_study import verify_study

CASES = tuple(f"K-{number:03}" for number in range(1, 41))
PLAN = """\
id = "koa"
title = "Knee"
cases = [{cases}]
readers = ["R1", "R2"]
instruments = ["recht"]
[sealing]
mode = "both-keys"
"""
READER = """
import sys
from pathlib import Path
from workstation.workflow.read_case import open_study_folder

study = open_study_folder(Path(sys.argv[1]))
study.sign_in("R1", "four plain words R1")
desk = study.reader("R1")
told = open(sys.argv[2], "w")
def say(text):
    told.write(text + "\\n")
    told.flush()

grade = 0
code = desk.next_case()
while code:
    read = desk.open_read(code)
    for turn in range(4):
        for item in read.sheet().instrument.items:
            grade += 1
            read.answer(item.id, grade % len(item.levels))
            say(f"answer {code} {item.id} {grade % len(item.levels)}")
    read.lock("four plain words R1")
    say(f"lock {code} - 0")
    code = desk.next_case(code)
"""
MOMENTS = int(os.environ.get("MARROW_KILLS", "10"))


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sealed")
    people = AccountFolder(place / "study" / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    text = PLAN.format(cases=", ".join(f'"{case}"' for case in CASES))
    (place / "plan.toml").write_text(text, encoding="utf-8")
    create_study(place / "plan.toml", place / "study", passphrase_of=word).close()
    return place / "study"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program is not waited for as long as a person would."""
    short = partial(engine.open_database, busy_timeout_s=0.2)
    monkeypatch.setattr("workstation.store.study_store.open_database", short)


@pytest.fixture
def study(impatient: None, folder: Path) -> Iterator[Study]:
    with open_study_folder(folder) as opened:
        opened.sign_in("R1", word("R1"))
        yield opened


def first_read(study: Study, reader: str = "R1") -> OpenRead:
    desk = study.reader(reader)
    return desk.open_read(desk.worklist()[0].code)


def require_kept(folder: Path, code: str, grades: dict[str, int]) -> None:
    with open_study_folder(folder) as again:
        assert verify_study(again).findings == ()
        again.sign_in("R1", word("R1"))
        sheet = again.reader("R1").open_read(code).sheet()
        assert {item: sheet.answer(item).grade for item in grades} == grades


@pytest.mark.timeout(60 + 5 * MOMENTS)
@pytest.mark.skipif(os.name != "posix", reason="sends SIGSTOP")
def test_the_power_is_cut_and_the_disk_opened_elsewhere(folder: Path, tmp_path: Path) -> None:
    """What was acknowledged is on the disk: database and log are copied while the program stands still."""
    said = tmp_path / "said"
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", READER, str(folder), str(said)], cwd=root)
    chance = random.Random(20261121 + MOMENTS)
    acknowledged = 0
    try:
        until = time.monotonic() + 60
        while not said.is_file() or not said.stat().st_size:
            assert time.monotonic() < until
            time.sleep(0.01)
        for number in range(MOMENTS):
            time.sleep(chance.uniform(0.0, 0.05))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGSTOP)
            told = said.read_text(encoding="utf-8")
            place = tmp_path / f"cut-{number}"
            shutil.copytree(folder, place, ignore=shutil.ignore_patterns("*-shm"))
            process.send_signal(signal.SIGCONT)
            lines = [line.split() for line in told.splitlines(keepends=True) if line.endswith("\n")]
            acknowledged = max(acknowledged, len(lines))
            require_acknowledged(place, lines)
            shutil.rmtree(place)
    finally:
        process.kill()
        process.wait()
    assert acknowledged >= min(MOMENTS, 20)
    print(f"{MOMENTS} power cuts, {acknowledged} acknowledged before the last")


def require_acknowledged(place: Path, lines: list[list[str]]) -> None:
    answers = {(code, item): int(grade) for what, code, item, grade in lines if what == "answer"}
    locked = {code for what, code, _, _ in lines if what == "lock"}
    with open_study_folder(place) as study:
        assert verify_study(study).findings == ()
        study.sign_in("R1", word("R1"))
        states = {entry.code: entry.state for entry in study.reader("R1").worklist()}
        assert {code for code, state in states.items() if state == "locked"} >= locked
        last = lines[-1][1]
        read = study.reader("R1").open_read(last)
        known = {item: grade for (code, item), grade in answers.items() if code == last}
        wrong = [item for item, grade in known.items() if read.sheet().answer(item).grade != grade]
        # One answer more may be there: it was on its way when the power went.
        entries = sum(what == "answer" and code == last for what, code, _, _ in lines)
        assert len(wrong) <= max(0, read.session.sequence - entries)


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_is_said_and_the_read_goes_on_when_there_is_room(folder: Path) -> None:
    """The system refuses to let the database's log grow: a process of its own, since its limit is lowered."""
    script = """
import resource, sys, signal
from pathlib import Path
from workstation.errors import StoreError
from workstation.workflow.read_case import open_study_folder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
study = open_study_folder(folder)
study.sign_in("R1", "four plain words R1")
desk = study.reader("R1")
read = desk.open_read(desk.worklist()[0].code)
items = [item.id for item in read.sheet().instrument.items]
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
size = (folder / "study.sqlite-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, unlimited[1]))
kept, sentence = 0, ""
for number in range(200):
    try:
        read.answer(items[number % 6], number % 5)
        kept += 1
    except StoreError as error:
        sentence = error.sentence
        break
before = read.session.sequence
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
read.answer(items[0], 3)
assert read.session.sequence == before + 1
print(kept, read.session.sequence, read.case.code, sentence, sep="|")
study.close()
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    kept, entries, code, sentence = done.stdout.strip().split("|")
    assert 0 < int(kept) < 200
    assert int(entries) == int(kept) + 1
    assert sentence.startswith("The study was not changed: ")
    assert "disk" in sentence
    require_kept(folder, code, {"patella": 3})


def test_a_folder_that_may_only_be_read_is_said_before_anything_is_typed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_is_writable", lambda _path: False)
    with open_study_folder(folder) as study:
        assert verify_study(study).is_intact
        with pytest.raises(StoreError, match="its folder may only be read"):
            study.sign_in("R1", word("R1"))
        assert study.vault is not None
        assert study.vault.people == {}, "nobody is half signed in"


def test_another_program_that_holds_the_database_is_said_and_the_answer_given_again(
    study: Study, folder: Path
) -> None:
    read = first_read(study)
    read.answer("patella", 2)
    holder = sqlite3.connect(folder / DATABASE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="another program is using it"):
        read.answer("MFC", 1)
    assert read.sheet().answer("MFC").grade is None, "the form does not show what was not kept"
    with pytest.raises(StoreError, match="another program is using it"):
        study.store.record("R1", "exported", {})
    holder.execute("ROLLBACK")
    holder.close()
    read.answer("MFC", 1)
    code = read.case.code
    study.close()
    require_kept(folder, code, {"patella": 2, "MFC": 1})


def test_a_clock_that_was_set_back_loses_nothing_and_is_noted(
    study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = first_read(study)
    read.answer("patella", 2)
    past = datetime.now(UTC) - timedelta(days=400)
    for room in ("workflow.open_read", "store.study_file", "reading.journal", "workflow.reader_desk"):
        monkeypatch.setattr(
            f"workstation.{room}.utc_now", lambda: past.isoformat(timespec="microseconds"), raising=False
        )
    for item in read.sheet().instrument.items:
        read.answer(item.id, 1)
    read.lock(word("R1"))
    code = read.case.code
    study.close()
    monkeypatch.undo()
    with open_study_folder(folder) as again:
        report = verify_study(again)
        assert report.findings == ()
        assert any("clock" in note for note in report.notes)
    require_kept(folder, code, {"patella": 1, "LTP": 1})


def test_one_reader_in_two_windows_is_told_and_loses_nothing(study: Study, folder: Path) -> None:
    here = first_read(study)
    with open_study_folder(folder) as other:
        other.sign_in("R1", word("R1"))
        there = first_read(other)
        here.answer("patella", 2)
        with pytest.raises(StoreError, match="open in another window"):
            there.answer("MFC", 1)
        again = first_read(other)
        assert again.sheet().answer("patella").grade == 2
        again.answer("MFC", 1)
    with pytest.raises(StoreError, match="open in another window"):
        here.answer("LFC", 4)
    code = here.case.code
    study.close()
    require_kept(folder, code, {"patella": 2, "MFC": 1})


def test_both_readers_at_once_get_in_nobodys_way(study: Study, folder: Path) -> None:
    mine = first_read(study)
    with open_study_folder(folder) as other:
        other.sign_in("R2", word("R2"))
        theirs = first_read(other, "R2")
        for item in mine.sheet().instrument.items:
            mine.answer(item.id, 1)
            theirs.answer(item.id, 2)
        theirs.lock(word("R2"))
        mine.lock(word("R1"))
    assert verify_study(study).findings == ()
    assert len(study.store.reads.locks()) == 2
