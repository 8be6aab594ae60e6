"""``marrow study``: from plan to reconciliation, with exit codes and one line for each refusal."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.cli.main import OK, REFUSED, USAGE, run
from workstation.store.study_store import DATABASE

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""
ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")


class Screen:
    """The command line opens no window here."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    for reader, grades in (("R1", "324131"), ("R2", "224241")):
        lines = ["case,item,value"]
        for case in ("K-1", "K-2"):
            lines += [f"{case},{item},{grade}" for item, grade in zip(ITEMS, grades, strict=True)]
        (tmp_path / f"{reader}.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def study(place: Path, *words: str | Path) -> int:
    return run(["study", *map(str, words), "--study", str(place / "study")], Screen())  # type: ignore[arg-type]


def read_both(place: Path) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    for reader in ("R1", "R2"):
        assert study(place, "read", reader, "--answers", place / f"{reader}.csv", "--lock") == OK


def as_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def test_the_whole_way_in_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study(place, "new", place / "plan.toml", "--json") == OK
    made = as_json(capsys)
    assert (made["study"], made["readers"], made["rule"]) == ("koa", ["R1", "R2"], "consensus")
    assert made["sealed"] is False
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock", "--json") == OK
    done = as_json(capsys)
    assert (done["answers"], [one["case"] for one in done["locks"]]) == (12, ["K-1", "K-2"])
    assert study(place, "status", "--json") == OK
    status = as_json(capsys)
    assert (status["locked"], status["required"], status["reconcile"]) == (2, 4, [])
    assert study(place, "read", "R2", "--answers", place / "R2.csv", "--lock") == OK
    capsys.readouterr()
    assert study(place, "reconcile", "--json") == OK
    cases = {one["case"]: one for one in as_json(capsys)["cases"]}
    assert [pair["item"] for pair in cases["K-1"]["differing"]] == ["patella", "LFC", "MTP"]
    assert cases["K-1"]["status"] == "open"
    assert study(place, "verify", "--json") == OK
    assert as_json(capsys)["intact"] is True


def test_means_come_out_unrounded(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = place / "plan.toml"
    plan.write_text(PLAN + '[reconciliation]\nrule = "mean"\n', encoding="utf-8")
    read_both(place)
    capsys.readouterr()
    assert study(place, "reconcile", "--json") == OK
    case = as_json(capsys)["cases"][0]
    assert [item["points"] for item in case["items"]] == [3.5, 3, 5, 2.5, 4.5, 2]
    assert [item["grade"] for item in case["items"]] == [None, 2, 4, None, None, 1]
    assert case["totals"]["recht"]["total"]["value"] == 20.5


def test_a_consensus_from_a_table_signed_by_both(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_both(place)
    rows = [
        f"K-1,{item},{value},seen together" for item, value in (("patella", 3), ("LFC", 2), ("MTP", "NA"))
    ]
    (place / "consensus.csv").write_text("case,item,value,reason\n" + "\n".join(rows), encoding="utf-8")
    capsys.readouterr()
    words = ("reconcile", "--answers", place / "consensus.csv", "--sign", "R1", "--sign", "R2", "--json")
    assert study(place, *words) == OK
    cases = {one["case"]: one for one in as_json(capsys)["cases"]}
    assert cases["K-1"]["status"] == "signed"
    assert cases["K-2"]["status"] == "open"
    assert study(place, "verify") == OK


def test_a_signature_over_something_unsettled_keeps_nothing_of_the_table(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_both(place)
    (place / "consensus.csv").write_text("case,item,value,reason\nK-1,patella,3,why\n", encoding="utf-8")
    capsys.readouterr()
    assert study(place, "reconcile", "--answers", place / "consensus.csv", "--sign", "R1") == REFUSED
    assert "not yet settled: LFC, MTP" in refused(capsys)
    assert study(place, "reconcile", "--json") == OK
    assert as_json(capsys)["cases"][0]["differing"][0]["settled"] is None


def test_one_reader_learns_nothing_of_the_other(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock") == OK
    capsys.readouterr()
    assert study(place, "status", "--reader", "R2") == OK
    out = capsys.readouterr().out
    assert "R1" not in out
    assert out.count("not started") == 2
    assert study(place, "status", "--reader", "R2", "--json") == OK
    assert "R1" not in capsys.readouterr().out
    assert study(place, "reconcile") == REFUSED
    assert "not available yet" in refused(capsys)


def test_the_coordinators_status_says_who_is_locked_and_nothing_more(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    lines = (place / "R1.csv").read_text(encoding="utf-8").splitlines()
    (place / "part.csv").write_text("\n".join(lines[:4]), encoding="utf-8")
    capsys.readouterr()
    assert study(place, "status", "--json") == OK
    before = as_json(capsys)["reads"]
    assert study(place, "read", "R1", "--answers", place / "part.csv") == OK
    capsys.readouterr()
    assert study(place, "status", "--json") == OK
    assert as_json(capsys)["reads"] == before, "a draft does not show"
    assert {frozenset(row) for row in before} == {frozenset({"case", "presentation", "reader", "locked"})}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("read", "R3", "--answers", "R1.csv"), 'names no reader "R3"'),
        (("read", "R1", "--answers", "none.csv"), "there is no file none.csv"),
        (("status", "--reader", "R9"), 'names no reader "R9"'),
        (("new", "none.toml"), "none.toml: No such file"),
        (("status", "--library", "no-such-library"), "The library was not opened"),
    ],
)
def test_refusals_are_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    capsys.readouterr()
    paths = [place / word if word.endswith((".csv", ".toml", "no-such-library")) else word for word in words]
    assert study(place, *paths) == REFUSED
    assert sentence in refused(capsys)


def test_a_value_out_of_range_names_the_line_and_records_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    text = (place / "R1.csv").read_text(encoding="utf-8").replace("K-2,MFC,4", "K-2,MFC,5")
    (place / "R1.csv").write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock") == REFUSED
    assert 'line 10 gives MFC the value "5"' in refused(capsys)
    assert study(place, "verify", "--json") == OK
    assert as_json(capsys)["journal_entries"] == 0


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('["recht"]', '["rect"]', 'plan.toml, line 5: instrument "rect" is not known'),
        ('["R1", "R2"]', '["R1", "R1"]', 'plan.toml, line 4: reader "R1" is named twice'),
        ('title = "Knee"', "title = Knee", "plan.toml, line 2:"),
    ],
)
def test_a_plan_with_a_mistake_makes_no_study(
    place: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, sentence: str
) -> None:
    (place / "plan.toml").write_text(PLAN.replace(old, new), encoding="utf-8")
    assert study(place, "new", place / "plan.toml") == REFUSED
    assert sentence in refused(capsys)
    assert not (place / "study").exists()


def test_the_library_may_be_named_before_the_command_too(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from workstation.store.library import Library

    Library.open(place / "library").close()
    words = ["--library", place / "library", "study", "new", place / "plan.toml", "--study", place / "study"]
    assert run([str(word) for word in words], Screen()) == REFUSED  # type: ignore[arg-type]
    assert "is not in the library" in refused(capsys)


def test_cases_are_checked_against_the_library(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from workstation.store.library import Library

    Library.open(place / "library").close()
    assert study(place, "new", place / "plan.toml", "--library", place / "library") == REFUSED
    assert 'plan.toml, line 3: case "K-1" is not in the library' in refused(capsys)


def test_a_plan_is_frozen_once_reading_has_begun(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_both(place)
    (place / "plan.toml").write_text(PLAN + "seed = 99\n", encoding="utf-8")
    capsys.readouterr()
    assert study(place, "new", place / "plan.toml") == REFUSED
    assert "frozen" in refused(capsys)


def test_verify_finds_a_changed_byte_and_exits_1(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read_both(place)
    capsys.readouterr()
    assert study(place, "verify", "--json") == OK
    code = as_json(capsys)["head_code"]
    assert re.fullmatch(r"[0-9a-f]{4}(-[0-9a-f]{4}){2}", code)
    assert study(place, "verify", "--head", code) == OK
    assert "Intact" in capsys.readouterr().out
    raw = sqlite3.connect(place / "study" / DATABASE)
    raw.execute("DROP TRIGGER journal_keep_update")
    raw.execute("UPDATE journal SET payload = CAST(replace(payload, '\"grade\":4', '\"grade\":3') AS BLOB)")
    raw.commit()
    raw.close()
    assert study(place, "verify") == REFUSED
    out = capsys.readouterr().out
    assert "read of K-1 by R1: entry 3 was changed" in out
    assert "NOT intact" in out
    assert study(place, "verify", "--head", "0000-0000-0000", "--json") == REFUSED
    assert as_json(capsys)["intact"] is False


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a person without all rights")
def test_a_folder_that_may_only_be_read(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    (place / "study").chmod(0o500)
    capsys.readouterr()
    assert study(place, "read", "R1", "--answers", place / "R1.csv") == REFUSED
    assert "may only be read" in refused(capsys)


def test_words_that_are_missing_are_a_usage_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["study"], ["study", "read", "R1", "--study", "x"], ["study", "new", "--study", "x"]):
        assert run(words, Screen()) == USAGE  # type: ignore[arg-type]
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["new", "status", "read", "reconcile", "verify"])
def test_each_action_explains_itself(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["study", action, "--help"], Screen()) == OK  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert "--study" in out
    assert "--json" in out


def test_an_amendment_before_comparison_counts_once_it_is_locked_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock") == OK
    capsys.readouterr()
    words = ("amend", "R1", "--case", "K-1", "--reason", "typing mistake")
    assert study(place, *words, "--json") == OK
    assert as_json(capsys) == {
        "study": "koa",
        "reader": "R1",
        "case": "K-1",
        "version": 2,
        "reason": "typing mistake",
        "after_comparison": False,
    }
    assert study(place, *words) == REFUSED  # one amendment at a time
    assert "it is not locked" in refused(capsys)
    (place / "fix.csv").write_text("case,item,value\nK-1,patella,0\n", encoding="utf-8")
    assert study(place, "read", "R1", "--answers", place / "fix.csv", "--lock") == OK
    assert study(place, "read", "R2", "--answers", place / "R2.csv", "--lock") == OK
    assert exported_patella(place, capsys) == [("K-1", "R1", "0", "2"), ("K-1", "R2", "2", "1")]
    assert study(place, "verify") == OK


def test_an_amendment_after_comparison_is_kept_and_left_out(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_both(place)
    capsys.readouterr()
    assert study(place, "amend", "R1", "--case", "K-1", "--reason", "seen in the meeting") == OK
    assert "left out of agreement" in capsys.readouterr().out
    (place / "fix.csv").write_text("case,item,value\nK-1,patella,0\n", encoding="utf-8")
    assert study(place, "read", "R1", "--answers", place / "fix.csv", "--lock") == OK
    assert exported_patella(place, capsys) == [("K-1", "R1", "3", "1"), ("K-1", "R2", "2", "1")]
    assert study(place, "verify") == OK


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("R1", "--case", "K-1", "--reason", " "), "no reason is given"),
        (("R1", "--case", "K-9", "--reason", "x"), 'no case "K-9"'),
        (("R9", "--case", "K-1", "--reason", "x"), 'no reader "R9"'),
    ],
)
def test_an_amendment_without_its_facts_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock") == OK
    capsys.readouterr()
    assert study(place, "amend", *words) == REFUSED
    assert why in refused(capsys)


def exported_patella(place: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str, str]]:
    out = place / "out"
    words = ["export", str(place / "study"), "--format", "csv", "--out", str(out)]
    assert run(words, Screen()) == OK  # type: ignore[arg-type]
    capsys.readouterr()
    with (out / "reads.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["case"] == "K-1" and row["item"] == "patella"]
    return [(row["case"], row["reader"], row["value"], row["read_version"]) for row in rows]


@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: text.replace(",3\n", ",3.0\n").encode(),
        lambda text: text.replace(",", ";").replace(";3\n", ";3,0\n").encode("utf-8-sig"),
        lambda text: ("sep=;\n" + text.replace(",", ";")).replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", "\t").encode("utf-16"),
    ],
    ids=["3.0", "3,0 with semicolons", "sep=", "utf-16 with tabs"],
)
def test_tables_as_spreadsheets_save_them(place: Path, spelled: Callable[[str], bytes]) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    text = (place / "R1.csv").read_text(encoding="utf-8") + "\n"
    (place / "R1.csv").write_bytes(spelled(text))
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock") == OK


def test_the_line_is_right_below_a_separator_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study(place, "new", place / "plan.toml") == OK
    (place / "a.csv").write_text("sep=;\ncase;item;value\nK-1;MFC;9\n", encoding="utf-8")
    capsys.readouterr()
    assert study(place, "read", "R1", "--answers", place / "a.csv") == REFUSED
    assert "line 3 gives MFC the value" in refused(capsys)


def test_an_empty_folder_name_makes_no_study_here(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert run(["study", "new", "plan.toml", "--study", ""], Screen()) == USAGE  # type: ignore[arg-type]
    assert "the name is empty" in capsys.readouterr().err
    assert not (place / DATABASE).exists()


def test_help_promises_only_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["study", "--help"], Screen()) == OK  # type: ignore[arg-type]
    text = capsys.readouterr().out
    assert "marrow study reconcile --study koa" in text
    for later in ("analyse", "practice"):
        assert later not in text


@pytest.mark.parametrize("words", [("sync",), ("server", "status"), ("server", "verify")])
def test_a_server_of_no_study_is_refused_by_what_is_wrong(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert study(place, *words) == REFUSED
    assert "the folder study holds no reading study" in capsys.readouterr().err
    assert study(place, "new", place / "plan.toml") == OK
    assert study(place, *words) == USAGE
    assert "the study's folder names none" in capsys.readouterr().err
