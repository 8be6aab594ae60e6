"""A study on a server: what each role sees, what it may add, and the whole way on three machines."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.store.account_files import FOLDER
from workstation.tasks import SilentProgress
from workstation.workflow.publish_study import join_study
from workstation.workflow.read_case import Study, open_study_folder
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.replicate import link_status, synchronise
from workstation.workflow.verify_study import verify_study

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
GRADES = {"R1": "324131", "R2": "224241"}
QUIET = SilentProgress()


def word(name: str) -> str:
    return f"four plain words {name}"


def joined(postgres: Any, first: Path, folder: Path, role: str) -> Path:
    """Another machine of the study, with the account's file brought there by hand."""
    account = role.split(".")[1]
    (folder / FOLDER).mkdir(parents=True)
    if (first / FOLDER / f"{account}.json").exists():
        shutil.copy(first / FOLDER / f"{account}.json", folder / FOLDER)
    join_study(folder, postgres.login(role), "", QUIET)
    return folder


def read_all(folder: Path, reader: str, *, lock: bool = True, cases: int = 99) -> None:
    with open_study_folder(folder) as study:
        study.sign_in(reader, word(reader))
        for entry in study.reader(reader).worklist()[:cases]:
            read = study.reader(reader).open_read(entry.code)
            if read.session.lock is not None:
                continue
            for item, grade in zip(ITEMS, GRADES[reader], strict=True):
                read.answer(item, int(grade))
            if lock:
                read.lock(word(reader) if study.vault is not None else reader)


def require_intact(folder: Path) -> Study:
    with open_study_folder(folder) as study:
        report = verify_study(study)
        assert report.is_intact, report.findings
        return study


@pytest.mark.parametrize("mode", ["coordinator", "both-keys"])
def test_the_whole_way_on_three_machines(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path], mode: str
) -> None:
    study = f"way-{mode}"
    first = publish(tmp_path, study, mode)
    one = joined(postgres, first, tmp_path / "one", f"{study}.R1")
    two = joined(postgres, first, tmp_path / "two", f"{study}.R2")
    read_all(one, "R1")
    done = synchronise(one, postgres.login(f"{study}.R1"), QUIET)
    assert done.sent >= 2 * len(ITEMS) and done.not_sent == 0
    read_all(two, "R2", cases=1)
    mine = synchronise(two, postgres.login(f"{study}.R2"), QUIET)
    assert mine.fetched == 0  # nothing of the other reader, before everything is read
    with open_study_folder(two) as opened:
        assert {key.reader for key in opened.store.reads.journals()} == {"R2"}
        assert {lock.key.reader for lock in opened.store.reads.locks()} == {"R2"}
    require_intact(two)
    read_all(two, "R2")
    synchronise(two, postgres.login(f"{study}.R2"), QUIET)
    watcher = {"coordinator": f"{study}.C1"}.get(mode, f"{study}.coordinator")
    synchronise(first, postgres.login(watcher), QUIET)
    require_intact(first)
    if mode == "coordinator":
        with open_study_folder(first) as opened:
            opened.sign_in("C1", word("C1"))
            opened.unseal_cases(("K-1", "K-2"), "C1")
        synchronise(first, postgres.login(watcher), QUIET)
    if mode == "both-keys":
        for folder, name in ((one, "R1"), (two, "R2"), (one, "R1")):
            synchronise(folder, postgres.login(f"{study}.{name}"), QUIET)
            with open_study_folder(folder) as opened:
                opened.sign_in(name, word(name))
                opened.vault.open_sheets(opened.ready_cases())  # type: ignore[union-attr] - it is sealed
            synchronise(folder, postgres.login(f"{study}.{name}"), QUIET)
    for folder, name in ((one, "R1"), (two, "R2")):
        synchronise(folder, postgres.login(f"{study}.{name}"), QUIET)
        with open_study_folder(folder) as opened:
            opened.sign_in(name, word(name))
            cases = {case.case: case for case in reconciliations(opened)}
            assert sorted(pair.item for pair in cases["K-1"].differing) == ["LFC", "MTP", "patella"]
        require_intact(folder)
    fresh = joined(postgres, first, tmp_path / "fresh", watcher)
    require_intact(fresh)
    assert link_status(one, "R1").not_sent == 0
