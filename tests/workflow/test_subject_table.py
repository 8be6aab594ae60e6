"""Sex and age decade from the coordinator's table into the plan, and what readers and exports are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.two_machines import PLAN as HOME_PLAN
from tests.workflow.two_machines import QUIET, Machine, make_home, package, read, take, word
from workstation.errors import ResourceError, WorkstationError
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.change_plan import change_plan, load_changed
from workstation.workflow.conduct_rows import conduct_rows
from workstation.workflow.deliver import export_study
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.subject_table import read_facts
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[blinding]
reveal = ["sex", "age_decade"]
"""
TABLE = "case,sex,age\nK-1,F,63\nK-2,male,\nK-9,nonsense,999\n"
CROSSWALK = "case,visit,patient_name,sex,birth_date,study_date\n"
BOTH = ("sex", "age_decade")


def write(folder: Path, table: str = TABLE, plan: str = PLAN) -> tuple[Path, Path]:
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "SENTINELFILE.csv").write_text(table, encoding="utf-8")
    return folder / "plan.toml", folder / "SENTINELFILE.csv"


def make(folder: Path, table: str = TABLE, plan: str = PLAN) -> Study:
    file, subjects = write(folder, table, plan)
    return create_study(file, folder / "study", subjects=subjects)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("case,sex,age\nK-1,F,63\n", "SENTINELFILE.csv has no row for K-2"),
        ("case,sex,age\n", "SENTINELFILE.csv has no row for K-1 and 1 more"),
        ("", "SENTINELFILE.csv is empty"),
        ("case,age\nK-1,63\nK-2,5\n", "it lacks the column sex"),
        ("case,sex,birth_date\nK-1,F,19600101\nK-2,F,\n", "it lacks the column age"),
        ("sex,age\nF,63\n", "line 1 lacks the column case"),
        ("case,sex,age\nK-1,F,63\nK-2,lady,5\n", 'line 3 has the sex "lady"'),
        ("case,sex,age\nK-1,F,230\nK-2,F,5\n", 'line 2 has the age "230"'),
        ("case,sex,age\nK-1,F,-3\nK-2,F,5\n", 'line 2 has the age "-3"'),
        ("case,sex,age\nK-1,F,old\nK-2,F,5\n", 'line 2 has the age "old"'),
        ("case,sex,age\nK-1,F,63\nK-1,F,75\nK-2,F,5\n", "line 3 has another age for K-1"),
        ("case,sex,age\nK-1,F,63\nK-1,M,63\nK-2,F,5\n", "line 3 has another sex for K-1"),
        (CROSSWALK + "K-1,A,,F,20200101,20190307\nK-2,A,,F,,\n", "for K-1 that lies after its visit"),
        (CROSSWALK + "K-1,A,,F,29990101,\nK-2,A,,F,,\n", "that lies after today"),
        (CROSSWALK + "K-1,A,,F,18600101,20190307\nK-2,A,,F,,\n", "makes K-1 older than 120 years"),
        (CROSSWALK + "K-1,A,,F,19601399,20190307\nK-2,A,,F,,\n", "line 2 has a birth date that is no date"),
        (CROSSWALK + "K-1,A,,F,19600101,2019\nK-2,A,,F,,\n", "line 2 has a study date that is no date"),
        (
            CROSSWALK + "K-1,A,,F,19600101,20190307\nK-1,B,,F,19610101,20200307\nK-2,A,,F,,\n",
            "line 3 has another birth date for K-1",
        ),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused_and_nothing_is_made(
    tmp_path: Path, table: str, said: str
) -> None:
    with pytest.raises(WorkstationError) as refused:
        make(tmp_path, table)
    assert said in refused.value.sentence
    assert refused.value.what == "The study was not made"
    assert "1960" not in refused.value.sentence, "a birth date is not repeated"
    assert not (tmp_path / "study").exists()


def test_a_plan_that_reveals_without_a_table_or_a_table_without_need(tmp_path: Path) -> None:
    file, subjects = write(tmp_path)
    with pytest.raises(ResourceError, match="no table tells of K-1 and 1 more"):
        create_study(file, tmp_path / "study")
    file.write_text(PLAN.replace('reveal = ["sex", "age_decade"]', ""), encoding="utf-8")
    with pytest.raises(ResourceError, match="the plan reveals neither"):
        create_study(file, tmp_path / "study", subjects=subjects)
    with pytest.raises(ResourceError, match=r"gone\.csv"):
        create_study(write(tmp_path)[0], tmp_path / "study", subjects=tmp_path / "gone.csv")
    file.write_text(PLAN + '[[blinding.facts]]\ncase = "K-7"\nsex = "male"\n', encoding="utf-8")
    with pytest.raises(ResourceError, match=r'"K-7" under .* is no case of the plan'):
        create_study(file, tmp_path / "study", subjects=subjects)


def test_the_age_is_that_at_the_first_visit_and_turns_on_the_birthday(tmp_path: Path) -> None:
    rows = (
        "K-1,B,SENTINEL^NAME,F,1960-03-08,20210504\nK-1,A,SENTINEL^NAME,F,19600308,20200307\n"
        "K-2,A,,M,19600308,20200308\nK-3,A,,O,20030101,20200308\nK-4,A,,,,20200308\nK-5,A,,f,19250101,20200308\n"
    )
    table = tmp_path / "crosswalk.csv"
    table.write_text("\ufeff" + CROSSWALK + rows, encoding="utf-8")
    found = read_facts(table, [f"K-{number}" for number in range(1, 6)], BOTH)
    assert {case: (one.sex, one.age_decade) for case, one in found.items()} == {
        "K-1": ("female", "50-59"),
        "K-2": ("male", "60-69"),
        "K-3": ("other", "10-19"),
        "K-4": ("", ""),
        "K-5": ("female", "90+"),
    }


def test_only_what_is_revealed_enters_the_study(tmp_path: Path) -> None:
    rows = "K-1,A,SENTINEL^NAME,F,19601231,20190307\nK-2,A,SENTINEL^NAME,M,19510203,20190308\n"
    only_age = PLAN.replace('"sex", ', "")
    with make(tmp_path, CROSSWALK + rows, only_age) as study:
        assert [one.sex for one in study.plan.blinding.facts] == ["", ""], "sex is not asked for"
        assert study.reader("R1").open_read("K-1").case.title.endswith("· 50-59")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "study").rglob("*") if path.is_file())
    for planted in ("SENTINEL", "19601231", "1960-12-31", "19510203", "20190307", "female"):
        assert planted.encode() not in kept


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A study with images; its facts come from the crosswalk that the import wrote, which has no sex."""
    plan = f"{HOME_PLAN}[blinding]\nreveal = {list(BOTH)}\n"
    return make_home(tmp_path_factory.mktemp("home"), "coordinator", plan)


def test_readers_see_the_same_on_both_machines_and_reports_say_so(home: Machine, tmp_path: Path) -> None:
    package(home, "R1", tmp_path / "r1.marrow")
    away = Machine(tmp_path / "away")
    take(away, tmp_path / "r1.marrow")
    for machine, reader in ((away, "R1"), (home, "R2")):
        with machine.opened(reader) as study:
            assert study.plan.blinding.unknown == {"K-1": ("sex",), "K-2": ("sex",)}
            desk = study.reader(reader)
            titles = {desk.open_read(case).case.title for case in ("K-1", "K-2")}
            assert titles == {
                "K-1 · right knee · 50-59 · sex not known",
                "K-2 · left knee · 50-59 · sex not known",
            }
    read(home, "R1")
    read(home, "R2")
    with home.opened("C1") as study:
        unseal_ready(study, "C1")
        assert {row.revealed for row in conduct_rows(study)} == {"sex and age decade"}
        assert verify_study(study).is_intact

    def signed_in(study: Study) -> None:
        study.sign_in("C1", word("C1"))

    export_study(None, home.study, ("csv", "html"), tmp_path / "out", sign_in=signed_in, progress=QUIET)
    assert "revealed" in (tmp_path / "out" / "conduct.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    report = next((tmp_path / "out").glob("*.html")).read_text(encoding="utf-8")
    assert "Readers saw case codes with sex and age decade, nothing else of a case" in report
    for path in (tmp_path / "out").rglob("*"):
        assert b"1970" not in path.read_bytes(), "the crosswalk's birth date stays in the crosswalk"


def test_known_cases_and_repeats_carry_theirs_so_that_nothing_betrays_them(tmp_path: Path) -> None:
    key = "\n".join(f"D-1,{item.id},1" for item in instrument("recht").items)
    (tmp_path / "key.csv").write_text(f"case,item,value\n{key}\n", encoding="utf-8")
    more = '[drift]\ncases = ["D-1"]\nanswers = "key.csv"\nshare = 0.5\n'
    more += "[repeats]\nshare = 0.5\nwashout_days = 0\n"
    with pytest.raises(ResourceError, match="has no row for D-1"):
        make(tmp_path, TABLE, PLAN + more)
    with make(tmp_path, TABLE + "D-1,F,41\n", PLAN + more) as study:
        desk, orders, told = study.reader("R1"), study.orders, study.plan.blinding.told_of
        codes = orders.codes("R1")
        assert len(codes) == 4, "two cases, one of them again, and a known one"
        for entry in desk.worklist():
            shown = next(one for one, code in codes.items() if code == entry.code)
            assert desk.any_read(entry.code).case.title.endswith(told(shown.case))
            assert told(shown.case)


def test_new_cases_bring_theirs_and_begun_reads_keep_what_they_were_shown(tmp_path: Path) -> None:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    file, subjects = write(tmp_path)
    with create_study(file, tmp_path / "study", passphrase_of=word, subjects=subjects) as study:
        study.sign_in("R1", word("R1"))
        first = study.reader("R1").open_read("K-1")
        first.answer("patella", 1)
        file.write_text(PLAN.replace('"K-2"]', '"K-2", "K-3"]'), encoding="utf-8")
        with pytest.raises(ResourceError, match=r"The plan was not changed: .* no table tells of K-3"):
            load_changed(study, file)
        subjects.write_text("case,sex,age\nK-1,F,71\nK-3,F,8\n", encoding="utf-8")
        plan = load_changed(study, file, subjects)
        assert [plan.blinding.told_of(case) for case in plan.cases] == [
            "female · 70-79",
            "male · age not known",
            "female · 0-9",
        ]
        change_plan(study, plan, "more", word)
    with open_study_folder(tmp_path / "study") as study:
        study.sign_in("R1", word("R1"))
        desk = study.reader("R1")
        assert desk.open_read("K-1").case.facts == "female · 60-69", "as it was begun"
        assert desk.open_read("K-3").case.facts == "female · 0-9"
