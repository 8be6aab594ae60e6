"""Paired time points: a column for each visit, met in an order of chance and told as the visits they were."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from workstation.analysis.reads import load_reads
from workstation.errors import DataError, ProtocolViolation, ResourceError, StoreError, WorkstationError
from workstation.reading.cards import Seat
from workstation.reading.order import Presentation, visit_order
from workstation.reading.seal import LEAST_COST
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account
from workstation.workflow.agree import agreement_of_rows
from workstation.workflow.answers_csv import record_answers, record_consensus
from workstation.workflow.case_forms import single_visits
from workstation.workflow.change_plan import load_changed
from workstation.workflow.deliver import export_study
from workstation.workflow.emergency import unblind
from workstation.workflow.office_tables import orders_told
from workstation.workflow.read_case import Study, create_study, open_study_with_library
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.study_status import reading_orders
from workstation.workflow.study_times import time_rows
from workstation.workflow.verify_study import verify_study

ITEMS = tuple(item.id for item in instrument("recht").items)
COLUMNS = '[[columns]]\ncase = "{}"\nvisits = [{}]\n'
TWO, ONE = '"A", "B"', '"A"'


def word(name: str) -> str:
    return f"four plain words {name}"


def written(
    folder: Path,
    rule: str = "paired-hidden",
    cases: tuple[str, ...] = ("K-1", "K-2"),
    more: str = "",
    top: str = "",
) -> Path:
    """A plan file; without a library the visits stand under ``[[columns]]``."""
    path = folder / "plan.toml"
    path.write_text(
        f'id = "koa"\ntitle = "Knee"\ncases = {list(cases)}\nreaders = ["R1", "R2"]\n'
        'instruments = ["recht"]\n'
        f'{top}[blinding]\ntime_points = "{rule}"\n{more}',
        encoding="utf-8",
    )
    return path


def named(cases: tuple[str, ...] = ("K-1", "K-2")) -> str:
    """The visits of cases, two each, for a study without a library."""
    return "".join(COLUMNS.format(case, TWO) for case in cases)


def sealed(folder: Path, mode: str = "coordinator", more: str = "", **plan: object) -> Study:
    """A sealed study of two cases with two visits each, without a library."""
    people = AccountFolder(folder / "study" / FOLDER)
    names = "R1 R2 C1" if mode == "coordinator" else "R1 R2"
    for name in names.split():
        make_account(
            people, name, Seat.COORDINATOR if name == "C1" else Seat.READER, word(name), cost=LEAST_COST
        )
    text = f'{more}[sealing]\nmode = "{mode}"\n{named()}'
    return create_study(written(folder, more=text, **plan), folder / "study", passphrase_of=word)  # type: ignore[arg-type]  # passed on


def answered(study: Study, reader: str, grade_of: dict[str, int]) -> None:
    """Lock every read of a reader; `grade_of` is the grade for the visit that a time point was."""
    if study.vault is not None:
        study.vault.sign_in(reader, word(reader))
    desk = study.reader(reader)
    while (code := desk.next_case()) is not None:
        read = desk.open_read(code)
        for item in read.sheet().instrument.items:
            visit = item.column.visit if item.column is not None else "A"
            read.answer(item.id, grade_of[visit])
        read.lock(word(reader) if study.vault is not None else reader)
    if study.vault is not None:
        study.vault.sign_out(reader)


def test_a_plan_gets_its_columns_from_the_library(visit_library: Path, tmp_path: Path) -> None:
    with create_study(
        written(tmp_path, cases=("K-1", "K-2", "K-3")), tmp_path / "study", visit_library
    ) as study:
        assert {one.case: one.visits for one in study.plan.columns} == {
            "K-1": ("A", "B"),
            "K-2": ("A",),
            "K-3": ("A", "B", "C"),
        }
        assert single_visits(study.plan) == ("K-2",)
        reads = {code: study.reader("R1").open_read(code) for code in ("K-1", "K-2", "K-3")}
        assert [len(reads[code].sheet().answers) for code in reads] == [12, 6, 18]
        titles = [column.title for column in reads["K-3"].forms[0].columns]
        assert titles == ["Time point 1", "Time point 2", "Time point 3"]


@pytest.mark.parametrize("rule", ["paired-known", "paired-hidden"])
def test_answers_come_out_as_the_visits_they_were(tmp_path: Path, rule: str) -> None:
    plan = written(tmp_path, rule, more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        answered(study, "R1", {"A": 1, "B": 3})
        answered(study, "R2", {"A": 1, "B": 2})
        rows = reads_rows(study)
        values = {(row.reader, row.visit): row.value for row in rows}
        assert values == {("R1", "A"): 1, ("R1", "B"): 3, ("R2", "A"): 1, ("R2", "B"): 2}
        assert {row.item for row in rows} == set(ITEMS), "an item has the name that the form gives it"
        report = agreement_of_rows(rows).parts[0]
        assert (report.cases, report.units) == (2, 4), "visits are units of their own, clustered by case"
        case = reconciliation(study, "K-1")
        assert {case.name_of(pair) for pair in case.differing} == {f"{item} of visit B" for item in ITEMS}
        assert verify_study(study).is_intact


def test_time_points_come_in_an_order_of_chance_for_each_reader_and_case(tmp_path: Path) -> None:
    cases = tuple(f"K-{i}" for i in range(40))
    plan = written(tmp_path, cases=cases, more='[sealing]\nmode = "none"\n' + named(cases))
    with create_study(plan, tmp_path / "study") as study:
        firsts = {
            reader: [study.orders.visits(reader, Presentation(case), knows_order=False)[0] for case in cases]
            for reader in ("R1", "R2")
        }
        assert all(8 <= first.count("B") <= 32 for first in firsts.values())
        assert firsts["R1"] != firsts["R2"]
        again = [study.orders.visits("R1", Presentation(case, 2), knows_order=False)[0] for case in cases]
        assert again != firsts["R1"], "a repeated reading has an order of its own"
        assert set(study.orders.visits("R1", Presentation("K-0"), knows_order=True)) == {"A", "B"}


@pytest.mark.parametrize("mode", ["coordinator", "both-keys"])
def test_in_a_sealed_study_the_order_is_secret_until_the_reads_are_open(tmp_path: Path, mode: str) -> None:
    with sealed(tmp_path, mode) as study:
        with pytest.raises(ProtocolViolation, match="sealed for that reader"):
            study.orders.visits("R1", Presentation("K-1"), knows_order=False)
        answered(study, "R1", {"A": 1, "B": 3})
        with pytest.raises(ProtocolViolation, match="sealed for that reader"):
            study.orders.visits("R1", Presentation("K-1"), knows_order=False)
        answered(study, "R2", {"A": 1, "B": 2})
        assert study.vault is not None
        for name in ("C1",) if mode == "coordinator" else ("R1", "R2"):
            study.vault.sign_in(name, word(name))
        study.unseal_cases(study.plan.cases, "C1")
        values = {(row.reader, row.visit): row.value for row in reads_rows(study)}
        assert values == {("R1", "A"): 1, ("R1", "B"): 3, ("R2", "A"): 1, ("R2", "B"): 2}
        assert verify_study(study).is_intact


def test_in_a_sealed_study_the_order_follows_from_the_secret_seed_alone(tmp_path: Path) -> None:
    """Whoever has plan and program could compute what follows from the plan's own seed."""
    with sealed(tmp_path) as study:
        for case in study.plan.cases:
            drawn = {
                visit_order(study.plan, "R1", Presentation(case), knows_order=False, seed=bytes([seed] * 32))
                for seed in range(16)
            }
            assert drawn == {("A", "B"), ("B", "A")}


def test_reads_opened_case_by_case_know_their_visits_without_the_order(tmp_path: Path) -> None:
    """With both keys an order is told only when its reader has read everything."""
    with sealed(tmp_path, "both-keys", '[reconciliation]\nunseal = "case"\n') as study:
        for reader, last in (("R1", 3), ("R2", 2)):
            answered(study, reader, {"A": 1, "B": last})
        assert study.vault is not None
        for name in ("R1", "R2"):
            study.vault.sign_in(name, word(name))
        study.unseal_cases(("K-1",), "R1")
        for name in ("R1", "R2"):
            study.vault.sign_out(name)
    with open_study_with_library(tmp_path / "study") as study:
        assert study.vault is not None
        for name in ("R1", "R2"):
            study.vault.sign_in(name, word(name))
        study.unseal_cases(("K-1",), "R1")
        values = {(row.reader, row.visit): row.value for row in reads_rows(study) if row.case == "K-1"}
        assert values == {("R1", "A"): 1, ("R1", "B"): 3, ("R2", "A"): 1, ("R2", "B"): 2}


def test_the_coordinator_can_tell_which_visit_each_time_point_is(tmp_path: Path) -> None:
    with sealed(tmp_path) as study:
        assert study.vault is not None
        study.vault.sign_in("C1", word("C1"))
        told = {(row.reader, row.case): row.visits for row in reading_orders(study)}
        assert set(told.values()) <= {("A", "B"), ("B", "A")} and len(told) == 4
        assert orders_told(study).columns[-1] == "Time points"
        study.vault.sign_out("C1")
        study.vault.sign_in("R1", word("R1"))
        for case in ("K-1", "K-2"):
            read = study.reader("R1").open_read(case)
            assert tuple(column.visit for column in read.forms[0].columns) == told["R1", case]
        with pytest.raises(ProtocolViolation):
            reading_orders(study)


def test_a_read_that_names_another_order_of_visits_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader's own program that says it saw the visits the other way round is not believed."""
    with sealed(tmp_path) as study:
        with monkeypatch.context() as changed:
            changed.setattr(
                "workstation.workflow.open_read.visits_of", lambda _study, _key, _replay: ("B", "B")
            )
            answered(study, "R1", {"A": 1, "B": 3})
        answered(study, "R2", {"A": 1, "B": 3})
        assert study.vault is not None
        study.vault.sign_in("C1", word("C1"))
        study.unseal_cases(study.plan.cases, "C1")
        with pytest.raises(StoreError, match="another order of the visits than the one that was drawn"):
            reads_rows(study)
        report = verify_study(study)
        assert sum("another order of the visits" in finding for finding in report.findings) == 2


def test_a_reader_gets_the_own_reads_by_time_point_before_the_study_is_open(tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        answered(study, "R1", {"A": 1, "B": 3})
        viewer = Viewer(Role.READER, "R1")
        assert {row.visit for row in reads_rows(study, viewer)} == {"1", "2"}
        assert {row.visit for row in time_rows(study, viewer) if row.item} == {"1", "2"}
        answered(study, "R2", {"A": 1, "B": 3})
        assert {row.visit for row in reads_rows(study, viewer)} == {"A", "B"}
        assert {row.visit for row in time_rows(study) if row.item} == {"A", "B"}


def test_by_case_a_reader_gets_visits_of_open_cases_only(tmp_path: Path) -> None:
    """A read of a case that is still closed can be amended: its reader is not told which visit came first."""
    more = '[reconciliation]\nunseal = "case"\n[sealing]\nmode = "none"\n' + named()
    with create_study(written(tmp_path, more=more), tmp_path / "study") as study:
        answered(study, "R1", {"A": 1, "B": 3})
        read = study.reader("R2").open_read("K-1")
        for item in read.sheet().instrument.items:
            read.answer(item.id, 1)
        read.lock("R2")
        assert study.unsealed_cases() == ("K-1",)
        for viewer, closed in ((Viewer(Role.READER, "R1"), {"1", "2"}), (None, set())):
            rows = [(row.case, row.visit) for row in reads_rows(study, viewer)]
            times = [(row.case, row.visit) for row in time_rows(study, viewer) if row.item]
            for told in (rows, times):
                assert {visit for case, visit in told if case == "K-1"} == {"A", "B"}
                assert {visit for case, visit in told if case == "K-2"} == closed


def test_the_journal_of_a_study_that_is_not_sealed_names_no_visit(
    visit_library: Path, tmp_path: Path
) -> None:
    plan = written(tmp_path, cases=("K-1",), more='[sealing]\nmode = "none"\n')
    with create_study(plan, tmp_path / "study", visit_library) as study:
        read = study.reader("R1").open_read("K-1")
        for item in read.sheet().instrument.items:
            read.answer(item.id, 2)
        read.undo()
        links = study.store.reads.entries(read.session.key)
        text = b"\n".join(link.payload for link in links).decode()
        assert '"item":"MFC@1"' in text
        assert "@A" not in text and "visit" not in text and "20190307" not in text


def test_every_column_must_be_answered_and_the_sentence_names_it(tmp_path: Path) -> None:
    plan = written(tmp_path, "paired-known", more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        read = study.reader("R1").open_read("K-1")
        for item in read.sheet().instrument.items[:-1]:
            read.answer(item.id, 0)
        with pytest.raises(ProtocolViolation, match=r"not yet read: .*: LTP of Follow-up"):
            read.lock("R1")
        read.answer("LTP@2", None)
        read.undo()
        assert not read.session.content.is_complete
        read.redo()
        read.flag("MFC@2")
        assert read.sheet().flagged_items == ("MFC@2",)
        totals = read.sheet().totals()
        assert (totals["total@1"].partial, totals["total@2"].partial) == (False, True)
        read.lock("R1")
    with open_study_with_library(tmp_path / "study") as study:
        again = study.reader("R1").open_read("K-1")
        assert again.sheet().answer("LTP@2").state == "not_assessable"
        amended = study.reader("R1").amend("K-1", "wrong row")
        amended.answer("LTP@2", 1)
        assert amended.sheet().answer("LTP@1").grade == 0


def test_a_case_that_cannot_be_read_cannot_be_read_at_any_visit(tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        read = study.reader("R1").open_read("K-1")
        read.call_not_readable("motion")
        assert {answer.state for answer in read.sheet().answers} == {"not_assessable"}
        assert len(read.sheet().answers) == 12


def test_a_repeated_reading_has_columns_and_counts_by_visit(tmp_path: Path) -> None:
    repeats = "[repeats]\nshare = 0.5\nwashout_days = 0\n"
    with sealed(tmp_path, more=repeats) as study:
        for reader in ("R1", "R2"):
            answered(study, reader, {"A": 1, "B": 3})
        assert study.vault is not None
        study.vault.sign_in("C1", word("C1"))
        study.unseal_cases(study.plan.cases, "C1")
        rows = reads_rows(study)
        assert {(row.repeat, row.visit, row.value) for row in rows} == {
            (repeat, visit, grade) for repeat in (0, 1) for visit, grade in (("A", 1.0), ("B", 3.0))
        }
        within = [part for part in agreement_of_rows(rows).parts if part.comparison.startswith("repeated")]
        assert len(within) == 2 and all(part.units == 2 for part in within)


def test_calibration_is_judged_by_visit(tmp_path: Path) -> None:
    rows = [f"C-1,{visit},{item},{grade}" for visit, grade in (("A", 0), ("B", 4)) for item in ITEMS]
    (tmp_path / "key.csv").write_text("\n".join(["case,visit,item,value", *rows]))
    more = '[calibration]\ncases = ["C-1"]\nanswers = "key.csv"\nmeasure = "exact"\nthreshold = 1.0\n'
    more += '[sealing]\nmode = "none"\n' + named(("K-1", "K-2", "C-1"))
    with create_study(written(tmp_path, more=more), tmp_path / "study") as study:
        answered(study, "R1", {"A": 0, "B": 4})
        state = study.reader("R1").calibration
        assert state is not None and state.is_passed and state.outcomes[0].value == 1.0
        read = study.reader("R2").open_read("CAL-1")
        for item in read.sheet().instrument.items:
            assert item.column is not None
            read.answer(item.id, 4 if item.column.visit == "A" else 0)
        read.lock("R2")
        state = study.reader("R2").calibration
        assert state is not None and not state.is_passed and state.outcomes[0].value == 0.0
    (tmp_path / "key.csv").write_text("\n".join(["case,visit,item,value", *rows[:-1]]))
    with pytest.raises(ResourceError, match="no answer for LTP of visit B of C-1"):
        create_study(tmp_path / "plan.toml", tmp_path / "other")


def test_an_emergency_tells_the_visits(tmp_path: Path) -> None:
    with sealed(tmp_path) as study:
        answered(study, "R1", {"A": 1, "B": 3})
        assert study.vault is not None
        study.vault.sign_in("C1", word("C1"))
        (opened,) = unblind(study, "K-1", "operation tomorrow")
        sheet = opened.content.sheet("recht")
        assert {sheet.instrument.item(one.item_id).name: one.grade for one in sheet.answers} == {
            f"{item} of visit {visit}": grade for item in ITEMS for visit, grade in (("A", 1), ("B", 3))
        }


# answers from a table --------------------------------------------------------------------------------


def table(folder: Path, rows: list[str], header: str = "case,visit,item,value") -> Path:
    path = folder / "answers.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def known(tmp_path: Path) -> Study:
    """Not sealed: two cases of two visits, in known order."""
    plan = written(tmp_path, "paired-known", more='[sealing]\nmode = "none"\n' + named())
    return create_study(plan, tmp_path / "study")


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (["K-1,C,MFC,1"], None, 'line 2 names the visit "C", which K-1 does not have'),
        (["K-1,,MFC,1"], None, "line 2 does not say which visit of K-1 it is"),
        (["K-1,MFC,1"], "case,item,value", "line 2 does not say which visit of K-1 it is"),
        (["K-1,A,MFC,1", "K-1,B,MFC,1", "K-1,A,MFC,2"], None, "line 4 repeats line 2: K-1, MFC of Baseline"),
        (["K-1,A,MFC,9"], None, 'line 2 gives MFC of Baseline the value "9"'),
        (["K-1,A,MFC@1,1"], None, 'line 2 names the item "MFC@1"'),
        (["K-1,A,tibia,1"], None, 'line 2 names the item "tibia"'),
        ([f"K-1,{'x' * 500},MFC,1"], None, 'line 2 names the visit "xxx'),
    ],
)
def test_a_wrong_table_gets_one_sentence(
    known: Study, tmp_path: Path, rows: list[str], header: str | None, said: str
) -> None:
    with known as study:
        path = table(tmp_path, rows, header or "case,visit,item,value")
        with pytest.raises(DataError) as refused:
            record_answers(study, "R1", path)
        assert said in refused.value.sentence
        assert "\n" not in refused.value.sentence and len(refused.value.sentence) < 300
        assert not study.store.has_begun, "nothing of it was recorded"


def test_a_case_with_one_visit_needs_no_visit_in_a_table_and_takes_no_other(tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n' + COLUMNS.format("K-1", ONE) + named(("K-2",)))
    with create_study(plan, tmp_path / "study") as study:
        with pytest.raises(DataError, match='line 2 names the visit "B" of K-1, which has A only'):
            record_answers(study, "R1", table(tmp_path, ["K-1,B,MFC,1"]))
        rows = [f"K-1,{visit},{item},1" for visit, item in zip(("", "A", "1") * 2, ITEMS, strict=True)]
        assert len(record_answers(study, "R1", table(tmp_path, rows), lock=True).locks) == 1
        assert {row.visit for row in reads_rows(study, Viewer(Role.READER, "R1"))} == {"A"}


def test_in_a_hidden_order_a_table_names_time_points_and_no_visit(tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        with pytest.raises(DataError, match="Its visits are 1, 2"):
            record_answers(study, "R1", table(tmp_path, ["K-1,A,MFC,1"]))
        rows = [
            f"{case},{visit},{item},{visit}" for case in ("K-1", "K-2") for visit in (1, 2) for item in ITEMS
        ]
        recorded = record_answers(study, "R1", table(tmp_path, rows), lock=True)
        assert (recorded.answers, len(recorded.locks)) == (24, 2)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_consensus_and_exports_are_by_visit(visit_library: Path, tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n')
    with create_study(plan, tmp_path / "study", visit_library) as study:
        answered(study, "R1", {"A": 1, "B": 3})
        answered(study, "R2", {"A": 1, "B": 2})
        with pytest.raises(DataError, match="both readers agree on it"):
            record_consensus(study, table(tmp_path, ["K-1,A,MFC,1,x"], "case,visit,item,value,reason"))
        with pytest.raises(DataError, match='names the visit "1", which K-1 does not have'):
            record_consensus(study, table(tmp_path, ["K-1,1,MFC,1,x"], "case,visit,item,value,reason"))
        rows = [f"K-1,B,{item},3,seen again" for item in ITEMS]
        (case,) = record_consensus(study, table(tmp_path, rows, "case,visit,item,value,reason"))
        with pytest.raises(WorkstationError, match="MFC of visit A"):
            case.settle("MFC@A", 2, "other")
        for reader in ("R1", "R2"):
            case.sign(reader)
    export_study(None, tmp_path / "study", "csv", tmp_path / "out", progress=SilentProgress())
    wide = rows_of(tmp_path / "out" / "reconciled.csv")
    assert [(row["case"], row["visit"]) for row in wide] == [("K-1", "A"), ("K-1", "B"), ("K-2", "A")]
    assert [row["recht.MFC"] for row in wide] == ["2", "4", "2"], "points: the grade and one"
    assert [row["recht.total.total"] for row in wide] == ["12", "24", "12"]
    assert wide[1]["status"] == "signed" and "MFC: seen again" in wide[1]["reasons"]
    reads = load_reads(tmp_path / "out" / "reads.csv")
    assert {(row.case, row.visit) for row in reads} == {("K-1", "A"), ("K-1", "B"), ("K-2", "A")}
    conduct = rows_of(tmp_path / "out" / "conduct.csv")
    assert {row["time_points"] for row in conduct} == {"paired-hidden"}


# plans ----------------------------------------------------------------------------------------------


def test_a_plan_without_a_library_must_name_the_visits(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="without a library nobody knows the visits"):
        create_study(written(tmp_path), tmp_path / "study")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (COLUMNS.format("K-9", TWO), '"K-9" is no case of the plan'),
        (COLUMNS.format("K-1", TWO) * 2, 'case "K-1" is named twice'),
        (COLUMNS.format("K-1", '"A", "A"'), 'a visit of "K-1" is named twice'),
        (COLUMNS.format("K-1", '"A", "B", "C", "D", "E"'), "5 columns, and a form has room for 4"),
        (COLUMNS.format("K-1", "1"), '"visits" must be text'),
        ('[[columns]]\nvisits = ["A"]\n', '"case" is missing'),
        ('[[columns]]\ncase = "K-1"\nsides = ["L"]\n', "the sides of"),
        ("columns = 3\n", "columns"),
    ],
)
def test_a_mistake_in_a_plan_names_its_line(tmp_path: Path, more: str, said: str) -> None:
    top = more if more.startswith("columns") else ""
    with pytest.raises(ResourceError) as refused:
        create_study(written(tmp_path, more="" if top else more, top=top), tmp_path / "study")
    assert said in refused.value.sentence and "line" in refused.value.sentence


@pytest.mark.parametrize(
    ("visits", "said"),
    [
        ('"A"', "K-1 has the visits A and B in the library, and its plan names the visit A"),
        ('"A", "C"', "A and C"),
    ],
)
def test_visits_that_the_library_does_not_have_are_refused(
    visit_library: Path, tmp_path: Path, visits: str, said: str
) -> None:
    plan = written(tmp_path, more=COLUMNS.format("K-1", visits))
    with pytest.raises(ResourceError, match=said):
        create_study(plan, tmp_path / "study", visit_library)


def test_pairing_stays_once_reading_has_begun(visit_library: Path, tmp_path: Path) -> None:
    plan = written(tmp_path, cases=("K-1",), more='[sealing]\nmode = "none"\n')
    create_study(plan, tmp_path / "study", visit_library).close()
    with open_study_with_library(tmp_path / "study") as study:
        study.reader("R1").open_read("K-1").answer("MFC@1", 1)
        for rule in ("hidden", "known", "paired-known"):
            with pytest.raises(ProtocolViolation, match="whether time points are paired stays as it is"):
                load_changed(study, written(tmp_path, rule, cases=("K-1",)))
        more = load_changed(study, written(tmp_path, cases=("K-1", "K-3")))
        assert [one.visits for one in more.columns] == [("A", "B"), ("A", "B", "C")]


def test_a_case_with_another_visit_since_is_not_opened(visit_library: Path, tmp_path: Path) -> None:
    plan = written(tmp_path, cases=("K-1",), more='[sealing]\nmode = "none"\n' + COLUMNS.format("K-1", ONE))
    create_study(plan, tmp_path / "study").close()
    with (
        open_study_with_library(tmp_path / "study", visit_library) as study,
        pytest.raises(ProtocolViolation, match="its visits are no longer what the plan was made with"),
    ):
        study.reader("R1").open_read("K-1")


def test_such_a_case_stands_blocked_in_the_worklist_and_the_next_one_is_offered(
    visit_library: Path, tmp_path: Path
) -> None:
    plan = written(
        tmp_path,
        more='[sealing]\nmode = "none"\n' + "".join(COLUMNS.format(case, ONE) for case in ("K-1", "K-2")),
    )
    create_study(plan, tmp_path / "study").close()
    with open_study_with_library(tmp_path / "study", visit_library) as study:
        blocked = {entry.code: entry.blocked for entry in study.reader("R1").worklist()}
        assert "no longer what the plan was made with" in blocked["K-1"] and not blocked["K-2"]
        assert study.reader("R1").next_case() == "K-2"


def test_a_change_of_the_plan_that_needs_a_library_says_so(tmp_path: Path) -> None:
    plan = written(tmp_path, more='[sealing]\nmode = "none"\n' + named())
    with create_study(plan, tmp_path / "study") as study:
        study.reader("R1").open_read("K-1").answer("MFC@1", 1)
        with pytest.raises(ResourceError, match=r"The plan was not changed: .*nobody knows the visits"):
            load_changed(study, written(tmp_path, cases=("K-1", "K-2", "K-9")))


def test_a_plan_without_columns_keeps_its_digest(tmp_path: Path) -> None:
    """Studies of earlier versions open: their plans say nothing of columns."""
    plan = written(tmp_path, "hidden", more='[sealing]\nmode = "none"\n')
    with create_study(plan, tmp_path / "study") as study:
        assert "columns" not in study.store.plans()[-1].toml
        assert study.plan.digest == "d9ef29dc8326456fba16c0348e2ea1ad7a92720eb3e61d5bbaee93965b325dfc"
