"""A changed plan and a server; and a read that was locked on two machines."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workstation.store.account_files import FOLDER
from workstation.tasks import SilentProgress
from workstation.workflow.change_plan import change_plan, load_changed
from workstation.workflow.publish_study import join_study, publish_study
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.replicate import BEHIND, SyncReport, synchronise
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
QUIET = SilentProgress()


def word(name: str) -> str:
    return f"four plain words {name}"


def read(folder: Path, reader: str, *cases: str, grade: int = 1) -> None:
    with open_study_folder(folder) as study:
        study.sign_in(reader, word(reader))
        for case in cases:
            opened = study.reader(reader).open_read(case)
            for item in ITEMS:
                opened.answer(item, grade)
            opened.lock(reader if study.vault is None else word(reader))


def readers_seen(folder: Path) -> set[str]:
    with open_study_folder(folder) as study:
        return {key.reader for key in study.store.reads.journals()}


def test_a_server_that_does_not_know_the_new_plan_opens_nothing_and_says_so(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    home = publish(tmp_path, "replan", "none")
    folders = {"coordinator": home, "R1": tmp_path / "R1", "R2": tmp_path / "R2"}

    def exchange(name: str) -> SyncReport:
        return synchronise(folders[name], postgres.login(f"replan.{name}"), QUIET)

    for name in ("R1", "R2"):
        join_study(folders[name], postgres.login(f"replan.{name}"), "", QUIET)
    read(folders["R1"], "R1", "K-1", "K-2")
    exchange("R1")
    exchange("coordinator")
    text = (tmp_path / "plan.toml").read_text(encoding="utf-8").replace('"K-2"]', '"K-2", "K-3"]')
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with open_study_folder(home) as study:
        change_plan(study, load_changed(study, tmp_path / "plan.toml"), "one more knee", word)
    assert exchange("coordinator").conflicts == (BEHIND,)
    read(folders["R2"], "R2", "K-1", "K-2")
    assert exchange("R2").conflicts == (BEHIND,)
    exchange("R2")
    assert readers_seen(folders["R2"]) == {"R2"}, "under the old rules everything would be locked"
    publish_study(home, postgres.admin, lambda role: f"password of {role}")
    assert exchange("R2").conflicts == () == exchange("coordinator").conflicts
    assert readers_seen(folders["R2"]) == {"R2"}
    for name in ("R1", "R2"):
        exchange(name)
        read(folders[name], name, "K-3")
        exchange(name)
    exchange("R2")
    assert readers_seen(folders["R2"]) == {"R1", "R2"}


def test_a_read_that_was_locked_on_two_machines_counts_once_and_verifies_everywhere(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    home = publish(tmp_path, "losing", cases=1)
    places = {name: tmp_path / name for name in ("a", "b", "two")}
    for name, folder in places.items():
        reader = "R2" if name == "two" else "R1"
        (folder / FOLDER).mkdir(parents=True)
        shutil.copy(home / FOLDER / f"{reader}.json", folder / FOLDER)
        join_study(folder, postgres.login(f"losing.{reader}"), "", QUIET)

    def exchange(name: str) -> SyncReport:
        role = {"home": "C1", "two": "R2"}.get(name, "R1")
        return synchronise(home if name == "home" else places[name], postgres.login(f"losing.{role}"), QUIET)

    for name, grade in (("a", 1), ("b", 3)):  # neither has heard of the other
        read(places[name], "R1", "K-1", grade=grade)
    read(places["two"], "R2", "K-1", grade=2)
    assert exchange("a").conflicts == ()
    told = exchange("b").conflicts
    assert len(told) == 1 and "was written on two machines" in told[0]
    assert exchange("b").conflicts == told, "it is said until somebody has seen to it"
    exchange("two")
    exchange("home")
    with open_study_folder(home) as study:
        study.sign_in("C1", word("C1"))
        assert unseal_ready(study, "C1") == (("K-1",), ())
        counted = study.counted_reads()
        assert counted["R1", "K-1", 1].content.sheet("recht").answer("patella").grade == 1
    for name in ("home", "a", "b", "two", "home"):
        exchange(name)
    shutil.copytree(home / FOLDER, tmp_path / "anew" / FOLDER)
    join_study(tmp_path / "anew", postgres.login("losing.R1"), "", QUIET)
    for folder in (home, places["a"], places["two"], tmp_path / "anew"):
        with open_study_folder(folder) as study:
            report = verify_study(study)
            assert report.is_intact, (folder.name, report.findings)
            assert any("K-1 by R1 was locked on two machines" in note for note in report.notes)
    with open_study_folder(places["b"]) as study:
        study.sign_in("R1", word("R1"))
        own = study.reader("R1").open_read("K-1")
        assert own.sheet().answer("patella").grade == 3, "nothing that was entered is lost"
