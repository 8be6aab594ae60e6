"""Amendments that come from another machine once the reads were opened: taken, marked, and left out."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workflow.two_machines import ITEMS, PLAN, Machine, make_home, package, read, send_back, take, word
from workstation.errors import ProtocolViolation
from workstation.store.study_seals import Stage
from workstation.store.study_store import DATABASE
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows
from workstation.workflow.emergency import unblind
from workstation.workflow.late import CAME_LATE, late_amendments
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.take_in import said_of_taken
from workstation.workflow.take_return import TakenReturn
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

LAYERS = {"coordinator": ["C1"], "both-keys": ["R1", "R2"]}


@pytest.fixture(scope="module", params=["coordinator", "both-keys"])
def read_out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A study in which everything is locked, R1's reads on R1's own machine; not to be changed."""
    place = tmp_path_factory.mktemp(request.param)
    home, machine = make_home(place / "home", request.param), Machine(place / "R1")
    sender = LAYERS[request.param][0]
    take(machine, package(home, "R1", place, sender).path)
    read(machine, "R1")
    take(home, send_back(machine, "R1", place).path)
    read(home, "R2")
    return request.param, place


@pytest.fixture
def opened(read_out: tuple[str, Path], tmp_path: Path) -> tuple[Machine, Machine, list[str]]:
    """The same with the reads opened, where the study is and at R1's."""
    mode, place = read_out
    for name in ("home", "R1"):
        shutil.copytree(place / name, tmp_path / name)
    home = Machine(tmp_path / "home")
    with home.opened(*LAYERS[mode]) as study:
        assert unseal_ready(study, LAYERS[mode][0]) == (("K-1", "K-2"), ())
    return home, Machine(tmp_path / "R1"), LAYERS[mode]


def amended(machine: Machine, case: str = "K-1", *, lock: bool = True) -> None:
    with machine.opened("R1") as study:
        again = study.reader("R1").amend(case, "second thoughts")
        again.answer(ITEMS[0], 0)
        if lock:
            again.lock(word("R1"))


def meddle(home: Machine, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(home.study / DATABASE, isolation_level=None)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute(statement)


def agreement(home: Machine, people: list[str]) -> tuple[object, ...]:
    """What is compared: the differing items of each case, and the answers of the reads that count."""
    with home.opened(*people) as study:
        differing = {one.case: [pair.item for pair in one.differing] for one in reconciliations(study)}
        counted = {
            key: [answer.grade for answer in one.content.sheet("recht").answers]
            for key, one in study.counted_reads().items()
        }
        assert study.unsealed_cases() == ("K-1", "K-2")
        return differing, counted


def test_a_late_amendment_is_taken_marked_and_left_out(
    opened: tuple[Machine, Machine, list[str]], tmp_path: Path
) -> None:
    home, machine, people = opened
    before = agreement(home, people)
    amended(machine)
    file = send_back(machine, "R1", tmp_path).path
    taken = take(home, file)
    assert taken == TakenReturn("koa", "R1", 1, 2, 2, True, late=1)
    assert "came after the reads were opened: marked, and left out of agreement" in said_of_taken(taken)
    assert agreement(home, people) == before
    with home.opened(*people) as study:
        assert [one.actor for one in study.store.audit() if one.event == CAME_LATE] == people[:1]
        assert len([lock for lock in study.store.reads.locks() if lock.key.version == 2]) == 1
        report = verify_study(study)
        assert report.findings == ()
        facts = dict(conduct_facts(study, conduct_rows(study)))
        assert facts["Amended after unsealing"].startswith("1 amendment, left out of agreement")
        unseal_ready(study, people[0])  # its sheet may be looked at as well, and still does not count
    assert agreement(home, people) == before
    again = take(home, file)
    assert isinstance(again, TakenReturn) and not again.is_new and again.late == 0


def test_an_open_amendment_does_not_close_what_is_open(
    opened: tuple[Machine, Machine, list[str]], tmp_path: Path
) -> None:
    home, machine, people = opened
    before = agreement(home, people)
    amended(machine, lock=False)
    taken = take(home, send_back(machine, "R1", tmp_path).path)
    assert isinstance(taken, TakenReturn) and (taken.new, taken.late) == (0, 0)
    assert agreement(home, people) == before
    with machine.opened("R1") as study:
        study.reader("R1").open_read("K-1").lock(word("R1"))
    taken = take(home, send_back(machine, "R1", tmp_path).path)
    assert isinstance(taken, TakenReturn) and (taken.new, taken.late) == (1, 1)
    assert agreement(home, people) == before


def test_one_that_came_in_time_counts(read_out: tuple[str, Path], tmp_path: Path) -> None:
    mode, place = read_out
    for name in ("home", "R1"):
        shutil.copytree(place / name, tmp_path / name)
    home, machine = Machine(tmp_path / "home"), Machine(tmp_path / "R1")
    if mode == "both-keys":  # the outer layer of what was there is open already
        with home.opened("R1") as study:
            assert unseal_ready(study, "R1") == ((), ("R2",))
    amended(machine)
    take(home, send_back(machine, "R1", tmp_path).path)
    if mode == "both-keys":  # one of two cannot open a part
        with home.opened("R2") as study:
            assert unseal_ready(study, "R2") == ((), ("R1", "R2"))
            assert not study.vault.opened()
    with home.opened(*LAYERS[mode]) as study:
        unseal_ready(study, LAYERS[mode][0])
        read = study.counted_reads()["R1", "K-1", 1]
        assert (read.key.version, read.content.sheet("recht").answer(ITEMS[0]).grade) == (2, 0)
        assert not [one for one in study.store.audit() if one.event == CAME_LATE]
        assert verify_study(study).findings == ()


def test_a_first_read_of_an_opened_case_is_still_refused(tmp_path: Path) -> None:
    one_reader = PLAN.replace('readers = ["R1", "R2"]', 'readers = ["R1"]')
    home, machine = make_home(tmp_path / "home", plan=one_reader), Machine(tmp_path / "R1")
    take(machine, package(home, "R1", tmp_path).path)
    other = Machine(Path(shutil.copytree(machine.place, tmp_path / "other")))
    read(machine, "R1")
    take(home, send_back(machine, "R1", tmp_path).path)
    with home.opened("C1") as study:
        study.unseal("K-1", "C1")
    read(other, "R1")
    before = home.rows()
    with pytest.raises(ProtocolViolation, match="does not go on from"):
        take(home, send_back(other, "R1", tmp_path).path)
    assert home.rows() == before


def test_reads_that_come_after_another_case_was_opened_are_flagged(tmp_path: Path) -> None:
    plan = PLAN + '[reconciliation]\nunseal = "case"\n'
    home, machine = make_home(tmp_path / "home", plan=plan), Machine(tmp_path / "R1")
    take(machine, package(home, "R1", tmp_path).path)
    read(machine, "R1", "K-1")
    take(home, send_back(machine, "R1", tmp_path).path)
    read(home, "R2", "K-1")
    with home.opened("C1") as study:
        assert unseal_ready(study, "C1") == (("K-1",), ())
    read(machine, "R1", "K-2")
    read(home, "R2", "K-2")
    take(home, send_back(machine, "R1", tmp_path).path)
    with home.opened("C1") as study:
        unseal_ready(study, "C1")
        flags = {(row.case, row.reader): row.after_unsealing for row in conduct_rows(study)}
        assert verify_study(study).findings == ()
    assert flags == {(c, r): c == "K-2" for c in ("K-1", "K-2") for r in ("R1", "R2")}


def test_reads_that_come_after_an_emergency_are_flagged(tmp_path: Path) -> None:
    home, machine = make_home(tmp_path / "home"), Machine(tmp_path / "R1")
    take(machine, package(home, "R1", tmp_path).path)
    read(home, "R2")
    with home.opened("C1") as study:
        unblind(study, "K-1", "operation tomorrow")
    read(machine, "R1")
    take(home, send_back(machine, "R1", tmp_path).path)
    with home.opened("C1") as study:
        unseal_ready(study, "C1")
        flagged = {(row.case, row.reader) for row in conduct_rows(study) if row.after_unsealing}
    assert flagged == {("K-1", "R1")}


@pytest.mark.parametrize("read_out", ["both-keys"], indirect=True)
def test_with_both_keys_the_second_reader_cannot_amend_once_the_outer_layer_is_open(
    read_out: tuple[str, Path], tmp_path: Path
) -> None:
    """From then on that reader's key opens the other's answers, whether or not the program has shown them."""
    _, place = read_out
    home = Machine(Path(shutil.copytree(place / "home", tmp_path / "home")))
    with home.opened("R1") as study:
        assert unseal_ready(study, "R1") == ((), ("R2",))
    with home.opened("R2") as study:
        again = study.reader("R2").amend("K-1", "looked, and thought again")
        again.answer(ITEMS[0], 0)
        again.lock(word("R2"))
        assert unseal_ready(study, "R2") == (("K-1", "K-2"), ())
        read = study.counted_reads()["R2", "K-1", 1]
        assert (read.key.version, read.content.sheet("recht").answer(ITEMS[0]).grade) == (1, 2)
    with home.opened("R1", "R2") as study:
        # Its opening at the same moment as that of the first version would be that reader's own word.
        seals, vault = study.store.seals, study.vault
        assert vault is not None
        unseal_ready(study, "R1")
        first, second = (
            next(one for one in seals.openings() if one.key.version == number and one.key.reader == "R2"
                 and one.key.case == "K-1" and one.stage is Stage.KEY)
            for number in (1, 2)
        )  # fmt: skip
        meddle(home, "delete from openings where version = 2 and stage = 'key'")
        seals.open([replace(second, opened_at=first.opened_at, recipient=one) for one in ("R1", "R2")])
        assert study.counted_reads()["R2", "K-1", 1].key.version == 1
        assert [key.version for key in late_amendments(study.store)] == [2]


@pytest.mark.parametrize("read_out", ["both-keys"], indirect=True)
def test_nobody_opens_the_layer_of_another(read_out: tuple[str, Path], tmp_path: Path) -> None:
    """Openings that the wrong one of two readers has signed are named by verification."""
    _, place = read_out
    home = Machine(Path(shutil.copytree(place / "home", tmp_path / "home")))
    with home.opened("R1", "R2") as study:
        unseal_ready(study, "R1")
        assert verify_study(study).is_intact
        layers = [one for one in study.store.seals.openings() if one.stage is Stage.LAYER]
        meddle(home, "delete from openings where stage = 'layer'")
        study.store.seals.open([replace(one, opener="R2") for one in layers])
        findings = verify_study(study).findings
        assert sum("opening of its sheet for R2 was changed or added" in one for one in findings) == 4
