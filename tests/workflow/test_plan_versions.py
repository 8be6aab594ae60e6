"""A sealed study whose plan is changed: signed like the first, accepted only as a lawful next version."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.cards import Seat
from workstation.reading.plan_change import next_version
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.acceptance import PlanNotAccepted
from workstation.workflow.accounts import make_account
from workstation.workflow.change_plan import change_plan, load_changed
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = [{cases}]
readers = ["R1", "R2"]
instruments = ["recht"]
[blinding]
overlays = "{overlays}"
[sealing]
mode = "{mode}"
"""


def word(name: str) -> str:
    return f"four plain words {name}"


def write(folder: Path, mode: str, cases: str = "K-1 K-2", overlays: str = "never", more: str = "") -> Path:
    file = folder / "plan.toml"
    listed = ", ".join(f'"{one}"' for one in cases.split())
    file.write_text(PLAN.format(cases=listed, mode=mode, overlays=overlays) + more, encoding="utf-8")
    return file


def make(folder: Path, mode: str, more: str = "") -> Study:
    people = AccountFolder(folder / "study" / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        if mode == "coordinator" or seat is Seat.READER:
            make_account(people, name, seat, word(name), cost=LEAST_COST)
    return create_study(write(folder, mode, more=more), folder / "study", passphrase_of=word)


def begin(study: Study, reader: str) -> str:
    study.sign_in(reader, word(reader))
    code = study.reader(reader).worklist()[0].code
    study.reader(reader).open_read(code).answer("patella", 1)
    study.sign_out(reader)
    return code


@pytest.mark.parametrize("mode", ["coordinator", "both-keys"])
def test_a_signed_next_version_is_accepted_by_all(tmp_path: Path, mode: str) -> None:
    with make(tmp_path, mode) as study:
        code = begin(study, "R1")
        begin(study, "R2")
        plan = load_changed(study, write(tmp_path, mode, "K-1 K-2 K-3", "always"))
        assert change_plan(study, plan, "one more knee", word) == 2
    with open_study_folder(tmp_path / "study") as study:
        for name in ("R2", "R1"):
            study.sign_in(name, word(name))
            assert len(study.reader(name).worklist()) == 3
        read = study.reader("R1").open_read(code)
        assert (read.rules.overlays, study.plan_of(read.session).version) == ("never", 1)
        fresh = next(one.code for one in study.reader("R1").worklist() if one.code not in ("K-1", "K-2"))
        assert study.reader("R1").open_read(fresh).rules.overlays == "always"
        assert verify_study(study).findings == ()


def test_a_version_that_nobody_signed_lets_nobody_in(tmp_path: Path) -> None:
    with make(tmp_path, "coordinator") as study:
        begin(study, "R1")
        forged = next_version(study.plan, load_changed(study, write(tmp_path, "coordinator", "K-1 K-2 K-3")))
        study.store.signers.clear()
        study.store.change_plan(forged, "none of your business", ["C1"])
    with open_study_folder(tmp_path / "study") as study:
        for name in ("R1", "C1"):
            with pytest.raises(ProtocolViolation, match="not the one that"):
                study.sign_in(name, word(name))
        assert not verify_study(study).is_intact


def test_before_the_first_read_a_changed_plan_is_shown_and_accepted(tmp_path: Path) -> None:
    with make(tmp_path, "coordinator") as study:
        study.sign_in("R1", word("R1"))
    create_study(write(tmp_path, "coordinator", "K-1"), tmp_path / "study", passphrase_of=word).close()
    with open_study_folder(tmp_path / "study") as study:
        with pytest.raises(PlanNotAccepted) as told:
            study.sign_in("R1", word("R1"))
        assert len(told.value.fingerprints) == 3
        with pytest.raises(PlanNotAccepted):
            study.sign_in("R1", word("R1"), told.value.code[:-1])
        study.sign_in("R1", word("R1"), told.value.code)
        study.sign_out("R1")
        study.sign_in("R1", word("R1"))


def test_the_code_of_another_plan_is_never_accepted(tmp_path: Path) -> None:
    """Who was told a code and finds another plan must hear of it, at the first sign-in and later."""
    with make(tmp_path, "coordinator") as study:
        for _ in range(2):
            with pytest.raises(ProtocolViolation, match="the code that was given is not that of the plan"):
                study.sign_in("R1", word("R1"), "0000-1111-2222")
            assert study.vault is not None and "R1" not in study.vault.people
            study.sign_in("R1", word("R1"), study.plan.digest)
            study.sign_out("R1")


def lock_all(study: Study, *cases: str) -> None:
    for reader in study.plan.readers:
        study.sign_in(reader, word(reader))
        codes = study.orders.codes(reader)
        for shown in study.order(reader):
            if not cases or shown.case in cases:
                read = study.reader(reader).open_read(codes[shown])
                read.call_not_readable("motion")
                read.lock(word(reader))


def test_compared_reads_end_all_changes(tmp_path: Path) -> None:
    with make(tmp_path, "coordinator") as study:
        lock_all(study)
        plan = load_changed(study, write(tmp_path, "coordinator", "K-1 K-2 K-3"))
        study.sign_in("C1", word("C1"))
        study.unseal_cases(study.ready_cases(), "C1")
        with pytest.raises(ProtocolViolation, match="no read is left that another version could count for"):
            change_plan(study, plan, "late", word)


@pytest.mark.parametrize("mode", ["coordinator", "both-keys"])
def test_by_case_a_later_version_is_for_the_reads_still_to_be_made(tmp_path: Path, mode: str) -> None:
    by_case = '[reconciliation]\nunseal = "case"\n'
    signers = ["C1"] if mode == "coordinator" else ["R1", "R2"]
    with make(tmp_path, mode, by_case) as study:
        lock_all(study, "K-1")
        for name in signers:
            study.sign_in(name, word(name))
        unseal_ready(study, signers[0])
        assert study.unsealed_cases() == ("K-1",)
        rule = load_changed(study, write(tmp_path, mode, more=by_case + "tolerance = 1\n"))
        with pytest.raises(ProtocolViolation, match="so the tolerance stays as it is"):
            change_plan(study, rule, "fewer to settle", word)
        more = load_changed(study, write(tmp_path, mode, "K-1 K-2 K-3", more=by_case))
        change_plan(study, more, "one more knee", word)
    with open_study_folder(tmp_path / "study") as study:
        lock_all(study, "K-2", "K-3")
        for name in signers:
            study.sign_in(name, word(name))
        unseal_ready(study, signers[0])
        rows = conduct_rows(study)
        said = {(row.case, row.plan_version, row.after_unsealing) for row in rows}
        assert said == {("K-1", 1, False), ("K-2", 2, True), ("K-3", 2, True)}
        facts = dict(conduct_facts(study, rows))
        assert "(one more knee, made when reads were opened already): 4 reads" in facts["Plan versions"]
        assert facts["Read after unsealing"].startswith("4 of 6 reads")
        assert verify_study(study).findings == ()
