"""Several readers at once on several machines, the server and one of them killed: nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.store.account_files import FOLDER
from workstation.store.server_engine import ServerAway
from workstation.tasks import SilentProgress
from workstation.workflow.publish_study import join_study
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.replicate import link_status, synchronise
from workstation.workflow.verify_study import verify_study

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
QUIET = SilentProgress()
ENTRIES = int(os.environ.get("MARROW_SERVER_ENTRIES", "40"))
"""Of each machine; more find more."""


def word(name: str) -> str:
    return f"four plain words {name}"


def busy(folder: Path, reader: str, cases: list[str], login: Any, told: Path, seed: int) -> None:
    """Read and exchange by turns; each answer is written to `told` when the program says it is kept."""
    chance = random.Random(seed)
    with open_study_folder(folder) as study, told.open("a", encoding="utf-8") as file:
        study.sign_in(reader, word(reader))
        desk = study.reader(reader)
        reads = [desk.open_read(case) for case in cases]
        for _ in range(ENTRIES):
            read = chance.choice(reads)
            read.answer(chance.choice(ITEMS), chance.randrange(5))
            file.write(f"{read.session.key.kept[1]} {read.session.sequence} {read.session.head}\n")
            file.flush()
            if chance.random() < 0.12:
                exchange(folder, login)
    for _ in range(100):
        if exchange(folder, login):
            break
        time.sleep(0.1)


def exchange(folder: Path, login: Any) -> bool:
    try:
        return synchronise(folder, login, QUIET).not_sent == 0
    except ServerAway:
        return False


def machine(postgres: Any, first: Path, folder: Path, role: str) -> Path:
    (folder / FOLDER).mkdir(parents=True)
    shutil.copy(first / FOLDER / f"{role.split('.')[1]}.json", folder / FOLDER)
    join_study(folder, postgres.login(role), "", QUIET)
    return folder


def test_four_machines_at_once_with_kills_and_an_outage(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    first = publish(tmp_path, "busy", cases=6, readers=3)
    low, high = ["K-1", "K-2", "K-3"], ["K-4", "K-5", "K-6"]
    at_work = [("a", "R1", low), ("b", "R1", high), ("c", "R2", low + high), ("d", "R3", low + high)]
    fork = multiprocessing.get_context("fork")

    def start(name: str, reader: str, cases: list[str], seed: int) -> Any:
        told = tmp_path / f"{name}.told"
        given = (tmp_path / name, reader, cases, postgres.login(f"busy.{reader}"), told, seed)
        process = fork.Process(target=busy, args=given)
        process.start()
        return process

    for name, reader, _ in at_work:
        machine(postgres, first, tmp_path / name, f"busy.{reader}")
    running = [start(*one, seed=number) for number, one in enumerate(at_work)]
    chance = random.Random()
    time.sleep(chance.uniform(0.2, 0.8))
    running[2].kill()
    postgres.stop()
    running[2].join()
    running[2] = start(*at_work[2], seed=99)
    time.sleep(chance.uniform(0.2, 0.8))
    postgres.start()
    for process in running:
        process.join(120)
        assert process.exitcode == 0
    assert "deadlock detected" not in postgres.log
    told = {}
    for name, reader, _ in at_work:
        assert link_status(tmp_path / name, reader).not_sent == 0
        for line in (tmp_path / f"{name}.told").read_text(encoding="utf-8").splitlines():
            case, sequence, head = line.split()
            told[reader, case, int(sequence)] = head
    assert len(told) >= 4 * ENTRIES
    third = machine(postgres, first, tmp_path / "third", "busy.C1")
    with open_study_folder(third) as study:
        kept = {
            (key.reader, key.kept[1], link.sequence): link.digest
            for key, links in study.store.reads.journals().items()
            for link in links
        }
        assert told.items() <= kept.items()
        report = verify_study(study)
        assert report.is_intact, report.findings
    # What R1 read on one machine comes to the other, to go on there.
    assert exchange(tmp_path / "a", postgres.login("busy.R1"))
    with open_study_folder(tmp_path / "a") as study:
        study.sign_in("R1", word("R1"))
        assert {key.case for key in study.store.reads.journals("R1")} == {*low, *high}
        assert {key.reader for key in study.store.reads.journals()} == {"R1"}
        assert verify_study(study).is_intact


def test_a_read_written_on_two_machines_is_told_and_kept_on_both(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    first = publish(tmp_path, "twice")
    login = postgres.login("twice.R1")
    places = [machine(postgres, first, tmp_path / name, "twice.R1") for name in ("a", "b")]
    for place, grade in zip(places, (1, 3), strict=True):
        with open_study_folder(place) as study:
            study.sign_in("R1", word("R1"))
            study.reader("R1").open_read("K-1").answer("patella", grade)
            study.reader("R1").open_read("K-2" if grade == 3 else "K-1").answer("MFC", grade)
    assert synchronise(places[0], login, QUIET).conflicts == ()
    second = synchronise(places[1], login, QUIET)
    assert len(second.conflicts) == 1
    # By the name under which it is kept: which case that is, the machine knows only while R1 is signed in.
    assert re.match(r"The read of r-\w+ was written on two machines", second.conflicts[0])
    assert second.sent > 0  # what is not in conflict goes all the same
    digests = []
    for place in places:
        with open_study_folder(place) as study:
            study.sign_in("R1", word("R1"))
            journals = study.store.reads.journals("R1")
            digests.append({key.case: links[-1].digest for key, links in journals.items()})
    assert digests[0]["K-1"] != digests[1]["K-1"]
    assert link_status(places[1], "R1").conflicts == second.conflicts


def test_a_copied_folder_does_not_tear_the_log(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    first = publish(tmp_path, "copied")
    login = postgres.login("copied.R1")
    place = machine(postgres, first, tmp_path / "a", "copied.R1")
    shutil.copytree(place, tmp_path / "copy")
    for folder, case in ((place, "K-1"), (tmp_path / "copy", "K-2")):
        with open_study_folder(folder) as study:
            study.sign_in("R1", word("R1"))
            study.reader("R1").open_read(case).answer("patella", 2)
    assert synchronise(place, login, QUIET).conflicts == ()
    told = synchronise(tmp_path / "copy", login, QUIET).conflicts
    assert len(told) == 1 and told[0].startswith("This folder is a copy of another machine's")


def test_reading_goes_on_without_a_server(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    first = publish(tmp_path, "away")
    place = machine(postgres, first, tmp_path / "a", "away.R1")
    postgres.stop("fast")
    try:
        with open_study_folder(place) as study:
            study.sign_in("R1", word("R1"))
            study.reader("R1").open_read("K-1").answer("patella", 2)
        with pytest.raises(ServerAway, match="it was not reached"):
            synchronise(place, postgres.login("away.R1"), QUIET)
        said = link_status(place, "R1").sentence
        assert said.startswith("Not sent: ") and "server not reached since" in said
    finally:
        postgres.start()
    assert synchronise(place, postgres.login("away.R1"), QUIET).not_sent == 0
    assert link_status(place, "R1").sentence.startswith("Everything sent")
