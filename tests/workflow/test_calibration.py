"""Known answers: a reader passes the calibration first, and drift cases tell later whether the scale held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.cards import Seat
from workstation.reading.known_cases import Measure
from workstation.reading.seal import LEAST_COST
from workstation.reading.visibility import Role, Viewer
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.calibrate import Pair, agreement_with_known, drift_rows, noted_outcomes
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.verify_study import verify_study

RECHT = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
SCALE = (0, 1, 2, 3, 4)
PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3", "K-4"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "mean"
[calibration]
cases = ["C-1", "C-2"]
measure = "{measure}"
threshold = 0.6
attempts = 2
feedback = "items"
answers = "key.csv"
[drift]
cases = ["D-1", "D-2"]
share = 0.25
answers = "key.csv"
[sealing]
mode = "{mode}"
"""
Make = Callable[..., Study]


def word(name: str) -> str:
    return f"four plain words {name}"


def known(case: str, item: str) -> int:
    return (len(case) + RECHT.index(item) + int(case[-1])) % 5


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(
        mode: str = "coordinator", measure: str = "quadratic-kappa", cases: str = "C-1 C-2 D-1 D-2"
    ) -> Study:
        people = AccountFolder(tmp_path / "study" / FOLDER)
        if mode != "none":
            names = {"R1": Seat.READER, "R2": Seat.READER}
            for name, seat in (names if mode == "both-keys" else {**names, "C1": Seat.COORDINATOR}).items():
                make_account(people, name, seat, word(name), cost=LEAST_COST)
        rows = [f"{case},{item},{known(case, item)}" for case in cases.split() for item in RECHT]
        (tmp_path / "key.csv").write_text("\n".join(["case,item,value", *rows]))
        (tmp_path / "plan.toml").write_text(PLAN.format(mode=mode, measure=measure))
        return create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word)

    return made


def sign(reader: str, study: Study) -> str:
    return reader if study.vault is None else word(reader)


def read_listed(study: Study, reader: str, off: int = 0) -> list[str]:
    """Read what the worklist shows now, all grades `off` steps from the known ones."""
    done = []
    for entry in study.reader(reader).worklist():
        if not entry.state.is_shut:
            read = study.reader(reader).open_read(entry.code)
            case = read.session.key.case
            for item in RECHT:
                read.answer(item, (known(case, item) + off) % 5)
            read.lock(sign(reader, study))
            done.append(case)
    return done


@pytest.mark.parametrize("mode", ["none", "coordinator", "both-keys"])
def test_cases_are_offered_once_the_calibration_is_passed(make: Make, mode: str) -> None:
    with make(mode) as study:
        study.sign_in("R1", word("R1"))
        desk = study.reader("R1")
        assert [one.code for one in desk.worklist()] == ["CAL-1", "CAL-2"]
        with pytest.raises(ProtocolViolation, match="Calibration first"):
            desk.open_read("K-1")
        assert sorted(read_listed(study, "R1", off=2)) == ["C-1", "C-2"]
        state = desk.calibration
        assert state is not None and not state.is_passed and state.attempt == 2
        assert not state.differing and "1 attempt is left" in state.sentence
        assert sorted(read_listed(study, "R1")) == ["C-1", "C-2"]
        state = desk.calibration
        assert state is not None and state.is_passed and state.outcomes[-1].value == 1
        assert len(desk.worklist()) == 5 and desk.worklist()[0].code.startswith("S-")
        assert noted_outcomes(study) == {"R1": "passed at attempt 2", "R2": "not yet"}
        assert verify_study(study).findings == ()


def test_without_an_attempt_left_nothing_is_offered(make: Make) -> None:
    with make() as study:
        study.sign_in("R1", word("R1"))
        for _ in range(2):
            read_listed(study, "R1", off=2)
        desk = study.reader("R1")
        assert desk.worklist() == () and desk.next_case() is None
        state = desk.calibration
        assert state is not None and "no attempt is left" in state.sentence and len(state.differing) == 12


def test_nobody_else_finds_the_known_answers(make: Make, tmp_path: Path) -> None:
    with make() as study:
        assert "C-1,patella" not in study.plan.to_toml()
        calibration, drift = study.plan.conduct.calibration, study.plan.conduct.drift
        assert calibration is not None and drift is not None
        assert [name for name, _ in calibration.answers.boxes] == ["R1", "R2", "C1"]
        assert [name for name, _ in drift.answers.boxes] == ["C1"]
        assert calibration.answers.file == drift.answers.file == ""


@pytest.mark.parametrize("mode", ["none", "coordinator", "both-keys"])
def test_known_cases_count_nowhere_and_drift_is_told_at_the_end(make: Make, mode: str) -> None:
    with make(mode) as study:
        for reader, off in (("R1", 0), ("R2", 1)):
            study.sign_in(reader, word(reader))
            read_listed(study, reader)
            met = read_listed(study, reader, off)
            assert len(met) == 5 and len({case for case in met if case.startswith("D")}) == 1
            own = reads_rows(study, Viewer(Role.READER, reader))
            assert {row.case for row in own}.isdisjoint({"C-1", "C-2"})
            assert drift_rows(study) is None or (mode, reader) == ("none", "R2")
            if mode != "both-keys":
                study.sign_out(reader)
        if mode == "coordinator":
            study.sign_in("C1", word("C1"))
        study.unseal_cases(study.ready_cases(), "C1")
        rows = drift_rows(study)
        assert rows is not None and [one.reader for one in rows] == ["R1", "R2"]
        assert (rows[0].exact, rows[0].bias) == (1, 0) and rows[1].exact == 0
        assert {row.case for row in reads_rows(study)} == {"K-1", "K-2", "K-3", "K-4"}
        assert {one.case for one in reconciliations(study)} == {"K-1", "K-2", "K-3", "K-4"}
        assert "left out" in dict(conduct_facts(study, conduct_rows(study)))["Known cases among the others"]
        assert verify_study(study).findings == ()


def test_a_reader_who_reads_exports_the_known_cases_like_any_other(make: Make) -> None:
    with make("none") as study:
        read_listed(study, "R1")
        desk = study.reader("R1")
        for entry in desk.worklist()[:4]:
            desk.open_read(entry.code).call_not_readable("motion")
            desk.any_read(entry.code).lock("R1")
        own = {row.case for row in reads_rows(study, Viewer(Role.READER, "R1"))}
        assert own == {entry.code for entry in desk.worklist()[:4]}


def test_known_answers_must_be_whole(make: Make) -> None:
    with pytest.raises(ResourceError, match="no answer for patella of C-2"):
        make(cases="C-1 D-1 D-2")


@pytest.mark.parametrize(
    ("measure", "own", "value"),
    [
        (Measure.EXACT, (0, 1, 2, 3), 1.0),
        (Measure.EXACT, (0, 2, 2, 3), 0.75),
        (Measure.WITHIN_ONE, (1, 2, 3, 4), 1.0),
        (Measure.WITHIN_ONE, (None, 1, 2, 3), 0.75),
        (Measure.QUADRATIC_KAPPA, (0, 1, 2, 3), 1.0),
        (Measure.QUADRATIC_KAPPA, (3, 2, 1, 0), -1.0),
    ],
)
def test_measures(measure: Measure, own: tuple[int | None, ...], value: float) -> None:
    pairs = [Pair("C-1", "recht", "MFC", SCALE, one, grade) for grade, one in enumerate(own)]
    assert agreement_with_known(measure, pairs) == pytest.approx(value)


def test_one_grade_throughout_is_judged_by_exact_agreement() -> None:
    pairs = [Pair("C-1", "recht", "MFC", SCALE, 0, 0) for _ in range(4)]
    assert agreement_with_known(Measure.QUADRATIC_KAPPA, pairs) == 1
