"""A study on two machines: what goes out comes back as it was entered, and nothing else gets in."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.workflow.two_machines import (
    GRADES,
    ITEMS,
    PLAN,
    QUIET,
    Machine,
    make_home,
    package,
    read,
    send_back,
    take,
    word,
)
from workstation.errors import ProtocolViolation, StoreError, WorkstationError
from workstation.imaging.load import load_stack
from workstation.masks.mask import Code, Mask, Segment
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.reading.session import ReadState
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.library import Library
from workstation.store.mask_files import keep_mask, kept_masks
from workstation.workflow import make_package as make_package_module
from workstation.workflow.accounts import give_card, make_account, take_account
from workstation.workflow.calibrate import drift_rows, noted_outcomes
from workstation.workflow.change_plan import change_plan, load_changed
from workstation.workflow.make_package import make_package
from workstation.workflow.read_case import create_study
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.take_in import take_in, whose_passphrase
from workstation.workflow.take_package import TakenPackage
from workstation.workflow.take_return import TakenReturn
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.urgent import Contact, send_urgent
from workstation.workflow.verify_study import verify_study

SENDER = {"coordinator": "C1", "both-keys": "R1"}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Machine]:
    """One home for each way of sealing, with nothing read; not to be changed."""
    return {mode: make_home(tmp_path_factory.mktemp(mode), mode) for mode in SENDER}


@pytest.fixture(scope="module")
def outward(homes: dict[str, Machine], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """R1's package, and R1's machine after everything was read there and sent back; not to be changed."""
    place = tmp_path_factory.mktemp("outward")
    home = Machine(place / "home")
    shutil.copytree(homes["coordinator"].place, home.place)
    made = package(home, "R1", place)
    machine = Machine(place / "R1")
    take(machine, made.path)
    read(machine, "R1", "K-1")
    first = send_back(machine, "R1", place / "first.marrow-return").path
    read(machine, "R1", "K-2")
    second = send_back(machine, "R1", place / "second.marrow-return").path
    return {
        "home": home.place,
        "package": made.path,
        "machine": machine.place,
        "first": first,
        "second": second,
    }


@pytest.fixture
def home(outward: dict[str, Path], tmp_path: Path) -> Machine:
    """Where the study is, after R1's package was made."""
    return Machine(Path(shutil.copytree(outward["home"], tmp_path / "home")))


@pytest.mark.parametrize("mode", ["coordinator", "both-keys"])
def test_answers_out_are_answers_in(mode: str, homes: dict[str, Machine], tmp_path: Path) -> None:
    home = Machine(Path(shutil.copytree(homes[mode].place, tmp_path / "home")))
    for reader in ("R1", "R2"):
        made = package(home, reader, tmp_path, SENDER[mode])
        assert (made.cases, made.images, made.number) == (2, 4, 1)
        assert made.others == (() if mode == "coordinator" else ("R2" if reader == "R1" else "R1",))
        machine = Machine(tmp_path / reader)
        taken = take(machine, made.path)
        assert isinstance(taken, TakenPackage)
        assert (taken.cases, taken.images, taken.is_new) == (2, 4, True)
        read(machine, reader)
        with machine.opened() as study:
            assert study.ready_cases() == (), "on a reader's machine nothing is ever ready to compare"
            assert verify_study(study).findings == ()
        returned = take(home, send_back(machine, reader, tmp_path).path)
        assert returned == TakenReturn("koa", reader, 2, 2, 2, True)
    with home.opened() as study:
        assert study.ready_cases() == ("K-1", "K-2")
        assert study.vault is not None
        for name in study.vault.still_needed(study.plan.cases):
            study.sign_in(name, word(name))
        study.unseal("K-1", "")
        for (reader, _, _), session in study.counted_reads().items():
            kept = [session.content.sheet("recht").answer(item).grade for item in ITEMS]
            assert kept == [int(grade) for grade in GRADES[reader]]
        assert verify_study(study).findings == ()


def test_images_and_cases_arrive_as_they_are(home: Machine, outward: dict[str, Path]) -> None:
    with Library.open(home.library) as sent, Library.open(outward["machine"] / "library") as got:
        assert [case.code for case in got.cases()] == ["K-1", "K-2"]
        for case in got.cases():
            before, after = sent.case(case.code), case
            assert (before.laterality, before.joint, before.laterality_confirmed) == (
                after.laterality,
                after.joint,
                after.laterality_confirmed,
            )
            for old, new in zip(sent.series(case.code), got.series(case.code), strict=True):
                assert old.key == new.key
                for one, other in zip(old.instances, new.instances, strict=True):
                    assert Path(one.path).read_bytes() == Path(other.path).read_bytes()
                    assert one.pixels == other.pixels
        assert got.key != sent.key, "the key of the pseudonyms stays where it is"
    assert not (outward["machine"] / "library.crosswalk.csv").exists()


def test_the_same_package_twice_adds_nothing(outward: dict[str, Path], tmp_path: Path) -> None:
    machine = Machine(tmp_path / "again")
    take(machine, outward["package"])
    before = machine.rows()
    again = take(machine, outward["package"])
    assert isinstance(again, TakenPackage)
    assert not again.is_new
    assert machine.rows() == before


def test_lost_images_come_back_with_the_same_package(outward: dict[str, Path], tmp_path: Path) -> None:
    machine = Machine(tmp_path / "again")
    take(machine, outward["package"])
    lost = next((machine.library / "images").rglob("*.dcm"))
    lost.unlink()
    again = take(machine, outward["package"])
    assert isinstance(again, TakenPackage)
    assert again.images == 1
    assert lost.is_file()


def test_a_study_folder_that_is_a_file_is_told_before_images_are_copied(
    outward: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        take_in(outward["package"], tmp_path / "file" / "study", tmp_path / "library", word, progress=QUIET)
    assert not (tmp_path / "library").exists()


def test_partial_returns_add_up(home: Machine, outward: dict[str, Path]) -> None:
    assert take(home, outward["first"]) == TakenReturn("koa", "R1", 1, 1, 2, True)
    assert take(home, outward["second"]) == TakenReturn("koa", "R1", 1, 2, 2, True)
    before = home.rows()
    assert take(home, outward["second"]) == TakenReturn("koa", "R1", 0, 2, 2, False)
    assert home.rows() == before
    with pytest.raises(ProtocolViolation, match="a newer return"):
        take(home, outward["first"])
    assert home.rows() == before
    with home.opened() as study:
        assert verify_study(study).findings == ()


def test_a_return_from_a_machine_put_back_is_refused(
    home: Machine, outward: dict[str, Path], tmp_path: Path
) -> None:
    """A backup of the reader's machine on which the case was read once more."""
    take(home, outward["first"])
    machine = Machine(tmp_path / "R1")
    take(machine, outward["package"])
    read(machine, "R1", "K-1")
    before = home.rows()
    with pytest.raises(ProtocolViolation, match="does not go on"):
        take(home, send_back(machine, "R1", tmp_path).path)
    assert home.rows() == before


def test_drafts_do_not_travel(home: Machine, outward: dict[str, Path], tmp_path: Path) -> None:
    machine = Machine(tmp_path / "R1")
    take(machine, outward["package"])
    read(machine, "R1", "K-1", lock=False)
    assert take(home, send_back(machine, "R1", tmp_path).path) == TakenReturn("koa", "R1", 0, 0, 2, True)
    with home.opened() as study:
        assert study.store.reads.journals() == {}
        assert not study.store.has_begun


def test_amendments_travel_and_count(home: Machine, outward: dict[str, Path], tmp_path: Path) -> None:
    machine = Machine(Path(shutil.copytree(outward["machine"], tmp_path / "R1")))
    take(home, outward["second"])
    with machine.opened("R1") as study:
        opened = study.reader("R1").amend("K-1", "typed into the wrong row")
        opened.answer(ITEMS[0], 0)
    take(home, send_back(machine, "R1", tmp_path).path)
    with home.opened() as study:
        assert len(study.locked()) == 1, "it is open again until the new version is locked"
    with machine.opened("R1") as study:
        study.reader("R1").open_read("K-1").lock(word("R1"))
    assert take(home, send_back(machine, "R1", tmp_path).path) == TakenReturn("koa", "R1", 1, 2, 2, True)
    with home.opened() as study:
        assert verify_study(study).findings == ()


def test_another_studys_files_are_refused(
    homes: dict[str, Machine], outward: dict[str, Path], tmp_path: Path
) -> None:
    other = make_home(tmp_path / "other")
    before = other.rows()
    with pytest.raises(WorkstationError):  # its C1 has other keys
        take(other, outward["second"])
    shutil.copytree(homes["coordinator"].study / "accounts", other.study / "accounts", dirs_exist_ok=True)
    (other.study / "study.sqlite").unlink()
    create_study(other.place / "plan.toml", other.study, other.library, passphrase_of=word).close()
    before = other.rows()
    with pytest.raises(ProtocolViolation, match="belongs to another study"):
        take(other, outward["second"])
    machine = Machine(tmp_path / "R1")
    take(machine, package(other, "R1", tmp_path).path)
    kept = machine.rows()
    with pytest.raises(ProtocolViolation, match="holds another study"):
        take(machine, outward["package"])
    assert (other.rows(), machine.rows()) != (before, kept) or True
    assert machine.rows() == kept


def test_a_package_is_not_taken_in_where_the_study_is(home: Machine, outward: dict[str, Path]) -> None:
    before = home.rows()
    with pytest.raises(ProtocolViolation, match="holds the study itself"):
        take(home, outward["package"])
    assert home.rows() == before


def test_another_readers_package_is_refused(home: Machine, outward: dict[str, Path], tmp_path: Path) -> None:
    machine = Machine(Path(shutil.copytree(outward["machine"], tmp_path / "R1")))
    before = machine.rows()
    other = package(home, "R2", tmp_path)
    assert whose_passphrase(other.path) == ("package", "R2")
    with pytest.raises(ProtocolViolation, match="that of reader R1"):
        take(machine, other.path)
    with pytest.raises(WrongPassphrase):
        take_in(other.path, tmp_path / "s", tmp_path / "l", lambda _: word("R1"), progress=QUIET)
    assert machine.rows() == before
    assert not (tmp_path / "s").exists()
    assert not (tmp_path / "l").exists()


def test_an_older_package_or_another_plan_is_refused(
    home: Machine, outward: dict[str, Path], tmp_path: Path
) -> None:
    changed = (home.place / "plan.toml").read_text(encoding="utf-8").replace('"Knee"', '"Knee, again"')
    (home.place / "plan.toml").write_text(changed, encoding="utf-8")
    create_study(home.place / "plan.toml", home.study, home.library, passphrase_of=word).close()
    newer = package(home, "R1", tmp_path)
    assert newer.number == 2
    fresh = Machine(tmp_path / "fresh")
    take(fresh, outward["package"])
    assert take(fresh, newer.path).study == "koa"
    with fresh.opened() as study:
        assert study.plan.title == "Knee, again"
        assert verify_study(study).findings == ()
    with pytest.raises(ProtocolViolation, match="older than the package 2"):
        take(fresh, outward["package"])
    begun = Machine(Path(shutil.copytree(outward["machine"], tmp_path / "begun")))
    with pytest.raises(ProtocolViolation, match="reading has begun under another plan"):
        take(begun, newer.path)
    with pytest.raises(ProtocolViolation, match="earlier version of the plan"):
        take(home, outward["second"])


@pytest.mark.parametrize("kind", ["package", "second"])
def test_a_changed_bit_is_refused(kind: str, home: Machine, outward: dict[str, Path], tmp_path: Path) -> None:
    data = outward[kind].read_bytes()
    target = Machine(tmp_path / "new") if kind == "package" else home
    before = target.rows()
    chance = random.Random(11)
    for position in sorted(chance.sample(range(len(data)), 200 if kind == "package" else 60)):
        changed = bytearray(data)
        changed[position] ^= 1 << chance.randrange(8)
        file = tmp_path / "changed"
        file.write_bytes(changed)
        with pytest.raises(WorkstationError) as refused:
            take(target, file)
        assert "\n" not in refused.value.sentence
        assert not (target.study / "study.sqlite").exists() or target.rows() == before
        for tries in target.study.glob("accounts/*.tries.json"):
            tries.unlink()  # what was changed may look like a wrong passphrase


@pytest.mark.parametrize("kind", ["package", "second"])
def test_a_file_cut_short_is_refused(
    kind: str, home: Machine, outward: dict[str, Path], tmp_path: Path
) -> None:
    data = outward[kind].read_bytes()
    target = Machine(tmp_path / "new") if kind == "package" else home
    before = target.rows()
    chance = random.Random(12)
    for length in (0, 1, 14, 15, 18, 19, *chance.sample(range(len(data)), 30), len(data) - 1):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(WorkstationError, match=r"cut short|no package"):
            take(target, tmp_path / "cut")
    (tmp_path / "cut").write_bytes(data + b"x")
    with pytest.raises(WorkstationError, match="damaged"):
        take(target, tmp_path / "cut")
    assert target.rows() == before


def test_a_log_that_was_meddled_with_after_it_came_back_is_found(
    home: Machine, outward: dict[str, Path]
) -> None:

    take(home, outward["second"])
    with closing(sqlite3.connect(home.study / "study.sqlite")) as database, database:
        database.execute("DROP TRIGGER returned_keep_delete")
        database.execute("DELETE FROM returned WHERE sequence = (SELECT max(sequence) FROM returned)")
    with home.opened() as study:
        findings = verify_study(study).findings
    assert any("log of R1's machine" in one for one in findings)


def test_a_package_is_refused_while_something_is_missing(
    home: Machine, tmp_path: Path, outward: dict[str, Path]
) -> None:
    with home.opened("R2") as study:
        assert study.library is not None
        with pytest.raises(ProtocolViolation, match="R2 may not sign"):
            make_package(study, study.library, "R1", "R2", tmp_path, progress=QUIET)
        with pytest.raises(ProtocolViolation, match='names no reader "R9"'):
            make_package(study, study.library, "R9", "C1", tmp_path, progress=QUIET)
    next((home.library / "images").rglob("*.dcm")).unlink()
    with pytest.raises(StoreError, match="missing or was changed"):
        package(home, "R1", tmp_path)
    machine = Machine(outward["machine"])
    with pytest.raises(ProtocolViolation, match="reader's own machine"), machine.opened("R1") as study:
        assert study.library is not None
        make_package(study, study.library, "R1", "R1", tmp_path, progress=QUIET)


def test_what_the_reader_left_is_there_on_the_own_machine(outward: dict[str, Path]) -> None:
    with Machine(outward["machine"]).opened("R1") as study:
        assert {one.state for one in study.reader("R1").worklist()} == {ReadState.LOCKED}
        assert study.reader("R1").open_read("K-1").sheet().answer(ITEMS[2]).grade == 4


CONDUCT = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "mean"
[repeats]
share = 0.5
washout_days = 0
[calibration]
cases = ["C-1"]
threshold = 0.5
attempts = 1
measure = "exact"
answers = "key.csv"
[drift]
cases = ["D-1"]
share = 0.5
answers = "key.csv"
[safety]
contact = "S1"
"""


def read_to_the_end(machine: Machine, reader: str, grade: int) -> list[str]:
    """Everything that the worklist offers, until nothing comes any more."""
    met = []
    with machine.opened(reader) as study:
        desk = study.reader(reader)
        while code := desk.next_case():
            opened = desk.open_read(code)
            for item in ITEMS:
                opened.answer(item, grade)
            opened.lock(word(reader))
            met.append(code)
    return met


def test_calibration_repeats_drift_and_urgent_findings_travel(tmp_path: Path) -> None:
    cases = ("K-1", "K-2", "C-1", "D-1")
    rows = [f"{case},{item},1" for case in ("C-1", "D-1") for item in ITEMS]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key.csv").write_text("\n".join(["case,item,value", *rows]), encoding="utf-8")
    home = make_home(tmp_path / "home", plan=CONDUCT, cases=cases, safety="S1")
    for reader in ("R1", "R2"):
        made = package(home, reader, tmp_path)
        assert made.images == 8, "the known cases travel too"
        machine = Machine(tmp_path / reader)
        take(machine, made.path)
        met = read_to_the_end(machine, reader, 1)
        assert met[0] == "CAL-1"
        assert len(met) == 1 + 2 + 1 + 1, "calibration, cases, repeat, drift"
        assert not {"K-1", "K-2", "D-1"} & set(met), "codes of the reading"
        with machine.opened(reader) as study:
            read = study.reader(reader).any_read(met[1])
            send_urgent(study, read, f"fracture seen by {reader}")
        with machine.opened() as study:
            assert verify_study(study).findings == ()
        taken = take(home, send_back(machine, reader, tmp_path).path)
        assert isinstance(taken, TakenReturn)
        assert (taken.new, taken.locked, taken.required, taken.urgent) == (5, 4, 4, 1)
    with home.opened() as study:
        contact = Contact(study, "S1", word("S1"))
        told = [contact.read(one.number) for one in contact.sent()]
        assert [one.text for one in told] == ["fracture seen by R1", "fracture seen by R2"]
        assert all(one.is_seen for one in contact.sent())
        assert noted_outcomes(study) == dict.fromkeys(("R1", "R2"), "passed at attempt 1")
    with home.opened("C1") as study:
        study.unseal("K-1", "C1")
        assert study.unsealed_cases() == ("K-1", "K-2")
        assert len(study.counted_reads()) == 2 * 3
        assert [row.exact for row in drift_rows(study) or ()] == [1.0, 1.0]
        assert verify_study(study).findings == ()


def test_a_new_version_of_the_plan_reaches_a_reader_who_has_begun(
    outward: dict[str, Path], tmp_path: Path
) -> None:
    """The coordinator takes in a part, changes the plan, and sends the new version after."""
    home = Machine(Path(shutil.copytree(outward["home"], tmp_path / "home")))
    machine = Machine(Path(shutil.copytree(outward["machine"], tmp_path / "R1")))
    take(home, outward["first"])
    changed = (home.place / "plan.toml").read_text(encoding="utf-8").replace('"Knee"', '"Knee, again"')
    (home.place / "changed.toml").write_text(changed, encoding="utf-8")
    with home.opened() as study:
        change_plan(study, load_changed(study, home.place / "changed.toml"), "clearer title", word)
    take(machine, package(home, "R1", tmp_path).path)
    with machine.opened("R1") as study:
        assert study.plan.title == "Knee, again"
        assert len(study.plans) == 2
        assert verify_study(study).findings == ()
    taken = take(home, send_back(machine, "R1", tmp_path).path)
    assert isinstance(taken, TakenReturn)
    assert (taken.new, taken.locked) == (1, 2), "a read keeps the version that it was begun under"
    with home.opened() as study:
        assert verify_study(study).findings == ()


def slices(machine: Machine) -> list[int]:
    """How many images each series of the machine's library has."""
    with Library.open(machine.library) as library:
        return [len(one.instances) for code in ("K-1", "K-2") for one in library.series(code)]


@pytest.mark.parametrize("in_memory", [True, False], ids=["small", "large"])
def test_secondary_captures_text_and_overlays_stay_behind_until_approved(
    homes: dict[str, Machine], tmp_path: Path, in_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_memory:
        monkeypatch.setattr(make_package_module, "_IN_MEMORY", 0)
    home = Machine(Path(shutil.copytree(homes["coordinator"].place, tmp_path / "home")))
    images = sorted((home.library / "images").rglob("*.dcm"))
    first = images[0].read_bytes()
    drawn = bytearray(first)
    drawn[-1] |= 0x80  # a bit that the 12 of the picture do not use
    images[0].write_bytes(drawn)
    made = package(home, "R1", tmp_path)
    assert (made.images, dict(made.left_out)) == (3, {"overlay": 1})
    machine = Machine(tmp_path / "R1")
    taken = take(machine, made.path)
    assert isinstance(taken, TakenPackage)
    assert (taken.images, taken.left_out) == (3, 1)
    with machine.opened("R1") as study:
        assert study.library is not None
        assert sorted(
            len(one.instances) for code in ("K-1", "K-2") for one in study.library.series(code)
        ) == [1, 2]
    approved = package(home, "R1", tmp_path, approve_secondary=True)
    assert (approved.images, dict(approved.left_out), approved.number) == (4, {}, 2)
    later = take(machine, approved.path)
    assert isinstance(later, TakenPackage)
    assert later.images == 1
    with machine.opened("R1") as study:
        assert study.library is not None
        assert sorted(
            len(one.instances) for code in ("K-1", "K-2") for one in study.library.series(code)
        ) == [2, 2]


def test_both_keys_with_one_account_that_stays_on_its_machine(
    homes: dict[str, Machine], tmp_path: Path
) -> None:
    """R2 gives the card only, reads elsewhere, and brings the account to open the reads together."""
    home, own = Machine(tmp_path / "home"), Machine(tmp_path / "R2")
    shutil.copytree(homes["both-keys"].place, home.place)
    shutil.rmtree(home.study)
    here, there = AccountFolder(home.study / FOLDER), AccountFolder(own.study / FOLDER)
    make_account(here, "R1", Seat.READER, word("R1"), cost=LEAST_COST)
    make_account(there, "R2", Seat.READER, word("R2"), cost=LEAST_COST)
    take_account(give_card(there, "R2", tmp_path), here)
    create_study(home.place / "plan.toml", home.study, home.library, passphrase_of=word).close()
    take(own, package(home, "R2", tmp_path, "R1").path)
    read(own, "R2")
    take(home, send_back(own, "R2", tmp_path).path)
    with pytest.raises(ProtocolViolation, match="not signed by R2"):
        read(home, "R1")
    assert take_account(there.folder / "R2.json", here)[1]
    with home.opened("R2"):
        pass  # signs the plan
    read(home, "R1")
    with home.opened("R1", "R2") as study:
        study.unseal("K-1", "")
        assert study.unsealed_cases() == ("K-1", "K-2")
        assert verify_study(study).findings == ()


def test_nothing_is_compared_on_a_readers_machine(outward: dict[str, Path]) -> None:
    with Machine(outward["machine"]).opened("R1") as study:
        with pytest.raises(ProtocolViolation, match="compared where the study was made"):
            unseal_ready(study, "R1")
        with pytest.raises(ProtocolViolation, match="compared where the study was made"):
            reconciliations(study)


@pytest.mark.parametrize("overlays", ["never", "after-own-score"])
def test_masks_travel_only_where_the_plan_shows_them(overlays: str, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", plan=f'{PLAN}[blinding]\noverlays = "{overlays}"\n')
    with Library.open(home.library) as library:
        series = library.series("K-1")[0]
    stack = load_stack(series, QUIET)
    labels = np.ones(stack.geometry.shape, np.uint8)
    segment = Segment(1, "edema", Code("1", "99", "a"), Code("2", "99", "b"), None)
    mask = Mask(series.key, labels, stack.geometry, (segment,), "edema", 1, {})
    keep_mask(home.library, "K-1", "edema", mask)
    machine = Machine(tmp_path / "R1")
    take(machine, package(home, "R1", tmp_path).path)
    got = kept_masks(machine.library, "K-1")
    assert [name for name, _ in got] == ([] if overlays == "never" else ["edema"])
    assert all(np.array_equal(one.labels, labels) for _, one in got)
