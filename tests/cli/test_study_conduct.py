"""``marrow study`` with hidden repeats and with an adjudicator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workstation.cli.main import OK, REFUSED, run
from workstation.workflow.read_case import open_study_folder

RECHT = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""


class Screen:
    """Counts nothing: these commands take no time."""

    progress: Any = None


def call(tmp_path: Path, *words: object) -> int:
    return run(["study", *map(str, words), "--study", str(tmp_path / "study")], Screen())  # type: ignore[arg-type]


def made(tmp_path: Path, more: str) -> None:
    (tmp_path / "plan.toml").write_text(PLAN + more, encoding="utf-8")
    assert call(tmp_path, "new", tmp_path / "plan.toml") == OK


def answers(tmp_path: Path, reader: str, rows: dict[str, tuple[object, ...]]) -> int:
    table = tmp_path / "answers.csv"
    lines = [
        f"{case},{item},{v}" for case, values in rows.items() for item, v in zip(RECHT, values, strict=True)
    ]
    table.write_text("\n".join(["case,item,value", *lines]))
    return call(tmp_path, "read", reader, "--answers", table, "--lock")


def test_an_adjudicator_decides_and_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(
        tmp_path,
        '[reconciliation]\nrule = "adjudication"\n[adjudication]\nadjudicator = "A1"\nsees = "none"\n',
    )
    assert answers(tmp_path, "R1", {"K-1": (0, 1, 2, 3, 4, 1), "K-2": (1,) * 6}) == OK
    assert answers(tmp_path, "R2", {"K-1": (1, 1, 2, 3, 2, "NA"), "K-2": (2, 1, 1, 1, 1, 1)}) == OK
    capsys.readouterr()
    assert call(tmp_path, "reconcile") == OK
    shown = capsys.readouterr().out
    assert "X hidden  Y hidden" in shown
    assert "apart" not in shown
    assert "K-2: 1 item differs, computed" in shown
    assert "X 1  Y 2  -> 2.5 points (mean)" in shown or "X 2  Y 1  -> 2.5 points (mean)" in shown
    assert call(tmp_path, "reconcile", "--json") == OK
    hidden = json.loads(capsys.readouterr().out)["cases"][0]
    assert (hidden["items"], hidden["totals"]) == ([], {}), (
        "a total of what they agree on would tell the answers"
    )
    settled = tmp_path / "settled.csv"
    rows = "".join(f"K-1,{item},2,own reading\n" for item in ("patella", "MTP", "LTP"))
    settled.write_text(f"case,item,value,reason\n{rows}")
    assert call(tmp_path, "reconcile", "--answers", settled, "--sign", "R1") == REFUSED
    assert "the adjudicator decides and signs" in capsys.readouterr().err
    assert call(tmp_path, "reconcile", "--answers", settled, "--sign", "A1", "--json") == OK
    told = json.loads(capsys.readouterr().out)
    assert [case["status"] for case in told["cases"]] == ["signed", "computed"]
    assert told["cases"][0]["triggers"]
    assert call(tmp_path, "verify") == OK


def test_the_order_is_told_to_the_coordinator_and_never_to_a_reader(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, "[repeats]\nshare = 0.5\n")
    capsys.readouterr()
    assert call(tmp_path, "status", "--reader", "R1") == OK
    own = capsys.readouterr().out
    assert "K-" not in own
    assert own.count("not started") == 2
    assert "1 more case comes later." in own
    assert call(tmp_path, "order", "--json") == OK
    told = json.loads(capsys.readouterr().out)
    rows = [row for row in told["order"] if row["reader"] == "R1"]
    assert [row["reading"] for row in rows].count(2) == 1
    assert {row["case"] for row in rows} == {"K-1", "K-2"}
    assert all(row["code"] in own for row in rows if row["reading"] == 1)
    codes = [row["code"] for row in rows if row["reading"] == 1]
    assert answers(tmp_path, "R1", dict.fromkeys(codes, (1,) * 6)) == OK
    capsys.readouterr()
    assert call(tmp_path, "status", "--reader", "R1") == OK
    assert "1 more case comes later on " in capsys.readouterr().out
    assert answers(tmp_path, "R1", {rows[-1]["code"]: (1,) * 6}) == REFUSED
    assert "your worklist has no case" in capsys.readouterr().err
    assert call(tmp_path, "reconcile") == REFUSED
    with open_study_folder(tmp_path / "study") as study:
        assert study.outstanding == 4


def test_times_are_told_like_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, "")
    assert answers(tmp_path, "R1", dict.fromkeys(("K-1", "K-2"), (1,) * 6)) == OK
    capsys.readouterr()
    assert call(tmp_path, "times") == OK
    assert "No times yet" in capsys.readouterr().out
    out = tmp_path / "times.csv"
    assert call(tmp_path, "times", "--reader", "R1", "--out", out) == OK
    assert capsys.readouterr().out.count(" s") == 2
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "study,case,side,visit,repeat,reader,instrument,item,seconds"
    assert len(lines) == 1 + 2 * 7
    assert call(tmp_path, "times", "--reader", "R9") == REFUSED
    assert call(tmp_path, "times", "--reader", "R2", "--json") == OK
    capsys.readouterr()
    assert answers(tmp_path, "R2", dict.fromkeys(("K-1", "K-2"), (1,) * 6)) == OK
    capsys.readouterr()
    assert call(tmp_path, "times", "--json") == OK
    told = json.loads(capsys.readouterr().out)["times"]
    assert {row["reader"] for row in told} == {"R1", "R2"}
    assert call(tmp_path, "times", "--out", tmp_path / "no" / "times.csv") == REFUSED
