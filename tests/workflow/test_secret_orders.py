"""The order of a sealed study's reader: known to that reader and the coordinator, and readable nowhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.cards import Seat
from workstation.reading.order import Presentation
from workstation.reading.plan import parse_plan
from workstation.reading.seal import LEAST_COST, NotOpened
from workstation.scoring.instrument import instruments
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE, PLAN, StudyStore
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.study_status import reading_orders
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

PLAN_TEXT = """\
id = "koa"
title = "Knee"
cases = ["KNEE-1", "KNEE-2", "KNEE-3", "KNEE-4"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "mean"
unseal = "{unseal}"
[repeats]
share = {share}
washout_days = 0
[sealing]
mode = "{mode}"
"""


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, mode: str, unseal: str = "study", share: float = 0.5) -> Path:
    people = AccountFolder(folder / "study" / FOLDER)
    for name in ("R1", "R2", "C1"):
        if name != "C1" or mode == "coordinator":
            seat = Seat.COORDINATOR if name == "C1" else Seat.READER
            make_account(people, name, seat, word(name), cost=LEAST_COST)
    text = PLAN_TEXT.format(mode=mode, unseal=unseal, share=share)
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    create_study(folder / "plan.toml", folder / "study", passphrase_of=word).close()
    return folder / "study"


def read(study: Study, reader: str, most: int = 99) -> list[str]:
    """Read the worklist, which grows when repeats become due; the cases in the order they were met."""
    study.sign_in(reader, word(reader))
    desk, met = study.reader(reader), []
    while len(met) < most and (code := desk.next_case()):
        opened = desk.open_read(code)
        met.append(opened.images_of)
        for item in opened.sheet().instrument.items:
            opened.answer(item.id, 1)
        opened.lock(word(reader))
    study.sign_out(reader)
    return met


def unseal(study: Study) -> None:
    assert study.vault is not None
    while needed := study.vault.still_needed(study.plan.cases):
        study.sign_in(needed[0], word(needed[0]))
        unseal_ready(study, needed[0])


@pytest.fixture(params=["coordinator", "both-keys"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def study(tmp_path: Path, mode: str) -> Iterator[Study]:
    with open_study_folder(make(tmp_path, mode)) as made:
        yield made


def kept_rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(folder / DATABASE)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    connection.close()
    return found


def test_nothing_that_is_kept_says_which_case_was_read_or_comes_again(study: Study) -> None:
    assert len(read(study, "R1")) == 6
    rows = kept_rows(study.store.folder)
    assert rows["orders"] == []
    assert rows["told_reads"] == []
    assert len(rows["locks"]) == 6
    for table, kept in rows.items():
        if table != "plans":  # which cases the study has is no secret
            assert "KNEE-" not in repr(kept), table
    for table in ("journal", "locks", "sheets"):
        assert all("r-" in repr(row) for row in rows[table])
    places = {row[2] for row in rows["locks"]}
    assert places == {1}, "a repeat looks like any other read"


def test_the_seed_of_the_plan_does_not_give_the_order(tmp_path: Path, mode: str) -> None:
    """Two studies of one plan: the same seed stands in both, and the orders differ."""
    orders = []
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        with open_study_folder(make(tmp_path / str(number), mode)) as study:
            study.sign_in("R1", word("R1"))
            orders.append(study.order("R1"))
    assert len(set(orders)) > 1


def test_one_reader_learns_nothing_of_the_others_order(study: Study) -> None:
    read(study, "R2", most=2)
    study.sign_in("R1", word("R1"))
    assert study.orders.knows("R1")
    assert not study.orders.knows("R2")
    for look in (lambda: study.order("R2"), lambda: study.orders.codes("R2"), lambda: reading_orders(study)):
        with pytest.raises(ProtocolViolation):
            look()
    assert not {case for _, case, _ in study.locked()} & set(study.plan.cases)
    for seed in study.store.orders.seeds():
        if seed.reader == "R2":
            assert study.vault is not None
            with pytest.raises(NotOpened):
                study.vault.people["R1"].keys.open(seed.box)


def test_nobody_but_the_coordinator_is_told_how_far_the_readers_are(study: Study) -> None:
    read(study, "R1", most=2)
    assert study.status() == ()
    assert study.not_locked_yet == "not every read is locked yet"
    study.sign_in("R2", word("R2"))
    assert {row.reader for row in study.status()} == {"R2"}
    assert study.not_locked_yet == "not every read is locked yet"
    study.sign_out("R2")
    if study.plan.sealing and study.plan.sealing.coordinator:
        study.sign_in("C1", word("C1"))
        assert len(study.status()) == 12
        assert study.not_locked_yet == "10 reads are not locked yet"


def test_the_coordinator_reproduces_every_order(tmp_path: Path) -> None:
    folder = make(tmp_path, "coordinator")
    with open_study_folder(folder) as study:
        met = {reader: read(study, reader) for reader in ("R1", "R2")}
    with open_study_folder(folder) as study:
        study.sign_in("C1", word("C1"))
        rows = reading_orders(study)
        for reader, cases in met.items():
            assert [row.case for row in rows if row.reader == reader] == cases
            assert sum(row.reading == 2 for row in rows if row.reader == reader) == 2
        assert all(row.case for row in study.status())


def test_everybody_is_told_once_everything_is_read(study: Study) -> None:
    met = {reader: read(study, reader) for reader in ("R1", "R2")}
    assert study.ready_cases() == study.plan.cases
    assert study.store.orders.told() == ()
    unseal(study)
    assert reconciliation(study, "KNEE-1").identities is None
    folder = study.store.folder
    study.close()
    with open_study_folder(folder) as again:  # nobody is signed in
        assert verify_study(again).findings == ()
        for reader, cases in met.items():
            assert [shown.case for shown in again.order(reader)] == cases
        assert again.unsealed_cases() == again.plan.cases
        again.sign_in("R2", word("R2"))
        assert {case for _, case, _ in again.counted_reads()} == set(again.plan.cases)


def test_by_case_a_case_opens_when_all_of_it_is_locked_and_only_it_is_told(tmp_path: Path, mode: str) -> None:
    with open_study_folder(make(tmp_path, mode, unseal="case", share=0.0)) as study:
        read(study, "R1")
        read(study, "R2", most=3)
        for name in ("C1",) if mode == "coordinator" else ("R1", "R2"):
            study.sign_in(name, word(name))
        ready = study.ready_cases()
        assert 2 <= len(ready) <= 3
        unseal_ready(study, "")
        assert study.unsealed_cases() == ready
        told = {(one.reader, one.case) for one in study.store.orders.told()}
        assert {("R1", case) for case in ready} <= told
        assert {case for reader, case in told if reader == "R2"} <= set(ready)
        assert verify_study(study).findings == ()
        read(study, "R2")
        for name in ("C1",) if mode == "coordinator" else ("R1", "R2"):
            study.sign_in(name, word(name))
        unseal_ready(study, "")
        assert study.unsealed_cases() == study.plan.cases
        assert verify_study(study).findings == ()


def test_by_case_nothing_opens_and_nothing_is_told_before_the_last_repeat(tmp_path: Path, mode: str) -> None:
    openers = ("C1",) if mode == "coordinator" else ("R1", "R2")
    with open_study_folder(make(tmp_path, mode, unseal="case", share=0.25)) as study:
        read(study, "R1")
        study.sign_in("R2", word("R2"))
        order = study.order("R2")
        last = max(place for place, shown in enumerate(order) if shown.number > 1)
        read(study, "R2", most=last)
        for name in openers:
            study.sign_in(name, word(name))
        # What stays closed although both have locked it would be known to come again.
        assert study.ready_cases() == () and not [
            one for one in study.store.orders.told() if one.reader == "R2"
        ]
        with pytest.raises(ProtocolViolation, match="not locked yet"):
            unseal_ready(study, "")
        read(study, "R2", most=1)
        for name in openers:
            study.sign_in(name, word(name))
        unseal_ready(study, "")
        read_now = {shown.case for shown in order[: last + 1]}
        assert study.unsealed_cases() == tuple(case for case in study.plan.cases if case in read_now)
        assert verify_study(study).findings == ()


def test_an_order_that_was_taken_away_is_not_drawn_anew(tmp_path: Path, mode: str) -> None:
    folder = make(tmp_path, mode)
    with open_study_folder(folder) as study:
        read(study, "R1", most=1)
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    connection.execute("DROP TRIGGER order_seeds_keep_delete")
    connection.execute("DELETE FROM order_seeds WHERE reader = 'R1'")
    connection.close()
    with open_study_folder(folder) as study:
        with pytest.raises(NotOpened, match="The order of R1"):
            study.sign_in("R1", word("R1"))
        assert study.vault is not None
        assert study.vault.people == {}
        if mode == "coordinator":
            study.sign_in("C1", word("C1"))
        assert {one.reader for one in study.store.orders.seeds()} <= {"R2"}
        assert any("the order of R1 was removed" in one for one in verify_study(study).findings)


def test_with_both_keys_each_reader_draws_the_own_order_at_the_first_sign_in(tmp_path: Path) -> None:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    text = PLAN_TEXT.format(mode="both-keys", unseal="study", share=0.0)
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        study.sign_in("R1", word("R1"))
        assert [(one.reader, one.recipient) for one in study.store.orders.seeds()] == [("R1", "R1")]
        study.sign_in("R2", word("R2"))
        assert [one.by for one in study.store.orders.seeds()] == ["R1", "R2"]
        assert verify_study(study).findings == ()


def test_before_the_coordinator_has_signed_a_reader_is_told_what_is_missing(tmp_path: Path) -> None:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    text = PLAN_TEXT.format(mode="coordinator", unseal="study", share=0.0)
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        study.sign_in("R1", word("R1"))
        with pytest.raises(ProtocolViolation, match="not signed by C1"):
            study.reader("R1").worklist()
        study.sign_in("C1", word("C1"))
        assert len(study.reader("R1").worklist()) == 4


def test_a_study_of_an_earlier_version_opens_with_its_readable_orders(tmp_path: Path, mode: str) -> None:
    folder = make(tmp_path, mode)
    plan = parse_plan((folder / PLAN).read_text(encoding="utf-8"), instruments())
    assert plan.sealing is not None
    assert "secret_orders" in plan.to_toml()
    before = replace(plan, sealing=replace(plan.sealing, secret_orders=False))
    assert "secret_orders" not in before.to_toml()
    StudyStore.create(tmp_path / "old", before).close()
    with open_study_folder(tmp_path / "old", accounts=folder / FOLDER) as study:
        for name in [card.name for card in plan.sealing.signers]:
            study.sign_in(name, word(name))
            study.sign_out(name)
        met = {reader: read(study, reader) for reader in ("R1", "R2")}
        assert all(len(cases) == 6 for cases in met.values())
        assert {key.case for key in study.store.reads.journals()} == set(study.plan.cases)
        unseal(study)
        assert study.store.orders.told() == ()
        assert study.store.order("R1")[0] == Presentation(met["R1"][0])
        assert verify_study(study).findings == ()
