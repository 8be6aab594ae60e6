"""``marrow study plan``: a change after the first read is a new version, earlier reads keep theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workstation.cli.main import OK, REFUSED, run
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.verify_study import verify_study

RECHT = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
PLAN = """\
id = "koa"
title = "Knee"
cases = [{cases}]
readers = ["R1", "R2"]
instruments = ["recht"]
seed = 7
[reconciliation]
rule = "{rule}"
[repeats]
share = 0.5
washout_days = 0
"""


class Screen:
    """Counts nothing: these commands take no time."""

    progress: Any = None


def call(tmp_path: Path, *words: object) -> int:
    given = ["study", *map(str, words), "--study", str(tmp_path / "study")]
    return run(given, Screen())  # type: ignore[arg-type] - has what is asked for


def plan(tmp_path: Path, cases: str, rule: str = "mean", more: str = "") -> Path:
    file = tmp_path / f"plan-{len(list(tmp_path.iterdir()))}.toml"
    file.write_text(PLAN.format(cases=", ".join(f'"{one}"' for one in cases.split()), rule=rule) + more)
    return file


def read_first(tmp_path: Path, reader: str) -> str:
    with open_study_folder(tmp_path / "study") as study:
        code = study.reader(reader).worklist()[0].code
        read = study.reader(reader).open_read(code)
        for item in RECHT:
            read.answer(item, 1)
        read.lock(reader)
    return code


def test_new_cases_come_behind_and_begun_reads_keep_their_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, "new", plan(tmp_path, "K-1 K-2 K-3 K-4")) == OK
    code = read_first(tmp_path, "R1")
    with open_study_folder(tmp_path / "study") as study:
        before = {reader: study.store.order(reader) for reader in ("R1", "R2")}
        codes = [one.code for one in study.reader("R1").worklist()]
    changed = plan(tmp_path, "K-1 K-2 K-3 K-4 K-5 K-6")
    assert call(tmp_path, "plan", "change", changed, "--reason", "two more knees") == OK
    assert "2 more cases" in capsys.readouterr().out
    with open_study_folder(tmp_path / "study") as study:
        for reader, order in before.items():
            assert study.store.order(reader)[: len(order)] == order
            assert {one.case for one in study.store.order(reader)[len(order) :]} == {"K-5", "K-6"}
        assert [one.code for one in study.reader("R1").worklist()][: len(codes)] == codes
        assert study.plan.version == 2
        begun = study.reader("R1")._opened(code)
        assert study.plan_of(begun.session).version == 1
        later = study.reader("R1").open_read(codes[-1])
        later.answer("patella", 2)
        assert study.plan_of(later.session).version == 2
        assert verify_study(study).is_intact
    assert call(tmp_path, "plan", "list", "--json") == OK
    rows = json.loads(capsys.readouterr().out)["plans"]
    assert [(one["version"], one["reason"]) for one in rows] == [(1, ""), (2, "two more knees")]


@pytest.mark.parametrize(
    ("cases", "rule", "old", "new", "why"),
    [
        ("K-1 K-2", "mean", "", "", "no case goes away"),
        ("K-2 K-1 K-3 K-4", "mean", "", "", "no case goes away"),
        ("K-1 K-2 K-3 K-4", "mean", "seed = 7", "seed = 8", "seed"),
        ("K-1 K-2 K-3 K-4", "mean", '["R1", "R2"]', '["R1", "R3"]', "who reads"),
        ("K-1 K-2 K-3 K-4", "mean", '["recht"]', '["worms-marrow"]', "forms"),
        ("K-1 K-2 K-3 K-4", "mean", "share = 0.5", "share = 0.25", "repeats"),
        ("K-1 K-2 K-3 K-4", "mean", "", "", "says the same"),
    ],
)
def test_what_reads_rest_on_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cases: str, rule: str, old: str, new: str, why: str
) -> None:
    assert call(tmp_path, "new", plan(tmp_path, "K-1 K-2 K-3 K-4")) == OK
    read_first(tmp_path, "R1")
    changed = plan(tmp_path, cases, rule)
    changed.write_text(changed.read_text().replace(old, new) if old else changed.read_text())
    capsys.readouterr()
    assert call(tmp_path, "plan", "change", changed, "--reason", "because") == REFUSED
    told = capsys.readouterr().err
    assert why in told and told.count("\n") == 1
    assert call(tmp_path, "new", changed) == REFUSED or why == "says the same"


def test_a_reason_and_a_first_read_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "new", plan(tmp_path, "K-1 K-2")) == OK
    changed = plan(tmp_path, "K-1 K-2", "consensus")
    assert call(tmp_path, "plan", "change", changed, "--reason", "better") == REFUSED
    assert "needs no new version" in capsys.readouterr().err
    read_first(tmp_path, "R1")
    assert call(tmp_path, "plan", "change", changed, "--reason", "  ") == REFUSED
    assert "no reason" in capsys.readouterr().err
    assert call(tmp_path, "plan", "show", "--number", "9") != OK


def test_what_readers_are_told_of_a_case_is_said_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subjects = tmp_path / "subjects.csv"
    subjects.write_text("case,sex,age\nK-1,F,63\nK-2,male,\n", encoding="utf-8")
    file = plan(tmp_path, "K-1 K-2", more='[blinding]\nreveal = ["sex", "age_decade"]\n')
    told = "Readers are told sex and age decade of each case\nNot known, and shown so: age decade of K-2\n"
    assert call(tmp_path, "new", file) == REFUSED
    assert "no table tells of K-1 and 1 more" in capsys.readouterr().err
    assert call(tmp_path, "new", file, "--subjects", subjects) == OK
    assert told in capsys.readouterr().out
    assert call(tmp_path, "status") == OK
    assert told in capsys.readouterr().out
    assert call(tmp_path, "status", "--json") == OK
    document = json.loads(capsys.readouterr().out)
    assert (document["reveal"], document["not_known"]) == (["sex", "age_decade"], {"K-2": ["age_decade"]})
    assert call(tmp_path, "plan", "show") == OK
    shown = capsys.readouterr().out
    assert 'sex = "female", age_decade = "60-69"' in shown
    assert "63" not in shown and "subjects" not in shown
    read_first(tmp_path, "R1")
    more = plan(tmp_path, "K-1 K-2 K-3", more='[blinding]\nreveal = ["sex", "age_decade"]\n')
    assert call(tmp_path, "plan", "change", more, "--reason", "more") == REFUSED
    subjects.write_text("case,sex,age\nK-3,F,70\n", encoding="utf-8")
    assert call(tmp_path, "plan", "change", more, "--reason", "more", "--subjects", subjects) == OK
    assert "Version 2 is in force (1 more case, blinding)" in capsys.readouterr().out
    assert call(tmp_path, "verify") == OK
