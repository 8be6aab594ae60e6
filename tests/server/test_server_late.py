"""Amendments that reach the server once the reads were opened: taken by everybody, marked, and left out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.store.account_files import FOLDER
from workstation.tasks import SilentProgress
from workstation.workflow.late import CAME_LATE, late_amendments
from workstation.workflow.publish_study import join_study
from workstation.workflow.read_case import Study, open_study_folder
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.replicate import synchronise
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
QUIET = SilentProgress()


def word(name: str) -> str:
    return f"four plain words {name}"


class Place:
    """One machine of the study on the server."""

    def __init__(self, folder: Path, login: Any, name: str) -> None:
        self.folder, self.login, self.name = folder, login, name

    def exchange(self) -> None:
        assert synchronise(self.folder, self.login, QUIET).conflicts == ()

    def opened(self, *more: str) -> Study:
        study = open_study_folder(self.folder)
        for name in (self.name, *more):
            study.sign_in(name, word(name))
        return study

    def sign(self, read: Any, study: Study) -> None:
        read.lock(word(self.name) if study.vault is not None else self.name)

    def read_all(self, grade: int) -> None:
        with self.opened() as study:
            for entry in study.reader(self.name).worklist():
                read = study.reader(self.name).open_read(entry.code)
                for item in ITEMS:
                    read.answer(item, grade)
                self.sign(read, study)

    def counted(self) -> dict[Any, Any]:
        with self.opened() as study:
            assert study.unsealed_cases() == ("K-1", "K-2"), self.name
            assert len(reconciliations(study)) == 2
            report = verify_study(study)
            assert report.is_intact, (self.name, report.findings)
            found = study.counted_reads().items()
            return {key: (one.key.version, one.content.sheet("recht").totals()) for key, one in found}


@pytest.mark.parametrize("mode", ["coordinator", "both-keys", "none"])
def test_a_late_amendment_changes_nothing_that_is_compared(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path], mode: str
) -> None:
    study_id = f"late-{mode}"
    home = publish(tmp_path, study_id, mode)
    watcher = "C1" if mode == "coordinator" else "coordinator"
    places = {}
    for name in ("R1", "R2"):
        folder = tmp_path / name
        (folder / FOLDER).mkdir(parents=True)
        if mode != "none":
            shutil.copy(home / FOLDER / f"{name}.json", folder / FOLDER)
        login = postgres.login(f"{study_id}.{name}")
        join_study(folder, login, "", QUIET)
        places[name] = Place(folder, login, name)
    first = Place(home, postgres.login(f"{study_id}.{watcher}"), watcher if mode == "coordinator" else "R2")
    one, two = places["R1"], places["R2"]
    for grade, place in enumerate(places.values(), start=1):
        place.read_all(grade)
        place.exchange()
    first.exchange()
    if mode == "both-keys":
        one.exchange()
        with one.opened() as study:
            assert unseal_ready(study, "R1") == ((), ("R2",))
        one.exchange()
        two.exchange()
    opener = two if mode == "both-keys" else first
    with opener.opened() as study:
        assert unseal_ready(study, opener.name) == (("K-1", "K-2"), ())
    opener.exchange()
    first.exchange()
    before = first.counted()
    with one.opened() as study:  # it has not heard of it
        again = study.reader("R1").amend(study.reader("R1").worklist()[0].code, "second thoughts")
        again.answer(ITEMS[0], 3)
    for place in (one, first, two):
        place.exchange()
    assert first.counted() == before, "an open amendment closes nothing again"
    if mode != "none":  # there only who has compared knows that it was opened
        assert two.counted() == before
    with one.opened() as study:
        worklist = study.reader("R1").worklist()
        read = study.reader("R1").open_read(next(row.code for row in worklist if row.version == 2))
        one.sign(read, study)
    for place in (one, first, two, one):
        place.exchange()
    assert first.counted() == two.counted() == before
    with first.opened() as study:
        unseal_ready(study, opener.name)
        assert len(late_amendments(study.store)) == 1
        assert sum(entry.event == CAME_LATE for entry in study.store.audit()) == 2, "begun, and locked"
    assert first.counted() == before
