"""``marrow agreement`` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from workstation.cli import agreement as command
from workstation.cli.main import run
from workstation.errors import DataError


def reads(tmp_path: Path, value: str = "2") -> Path:
    path = tmp_path / "reads.csv"
    lines = [f"K{c},{r},MFc,{value if c == 3 else c % 3}" for c in range(6) for r in ("R1", "R2")]
    path.write_text("case,reader,item,value\n" + "\n".join(lines) + "\n")
    return path


def call(path: Path, *more: str) -> int:
    return run(["agreement", str(path), *more], SimpleNamespace())  # type: ignore[arg-type]


def test_table_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(reads(tmp_path), "--instrument", "worms-marrow") == 0
    shown = capsys.readouterr().out
    assert "WORMS" in shown and "MFc" in shown and "kappa quadratic" in shown


def test_json_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "agreement.csv"
    assert call(reads(tmp_path), "--instrument", "worms-marrow", "--json", "--out", str(out)) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["instruments"][0]["readers"] == ["R1", "R2"]
    assert out.read_text().startswith("instrument,instrument_version,comparison,level")


def test_refusal_is_one_line_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(reads(tmp_path, "7"), "--instrument", "worms-marrow") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "line 8 gives MFc the value 7" in error


def test_usage_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agreement"], SimpleNamespace()) == 2  # type: ignore[arg-type]
    assert "READS.csv" in capsys.readouterr().err


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    arguments = SimpleNamespace(reads=tmp_path / "none.csv", instrument=None, out=None, json=False)
    with pytest.raises(DataError, match=r"no file none\.csv"):
        command.run(arguments, SimpleNamespace())  # type: ignore[arg-type]


def test_one_case_is_counted_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reads.csv"
    path.write_text("case,reader,item,value\nK,R1,M,1\nK,R2,M,1\n", encoding="utf-8")
    command.run(SimpleNamespace(reads=path, instrument=None, out=None, json=False), SimpleNamespace())  # type: ignore[arg-type]
    assert "1 case, 1 joint or visit" in capsys.readouterr().out


DEGENERATE = {
    "all alike": "".join(f"K{i},{r},MFC,1\n" for i in range(5) for r in ("R1", "R2")),
    "one case": "K,R1,MFC,1\nK,R2,MFC,2\n",
    "no case in common": "K,R1,MFC,1\nL,R2,MFC,1\n",
    "always opposite": "".join(f"K{i},{r},MFC,{(i + j) % 2}\n" for i in range(8) for j, r in enumerate("AB")),
    "only not assessable": "K,R1,MFC,NA\nK,R2,MFC,NA\n",
}


@pytest.mark.parametrize("rows", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("form", [None, "recht"])
def test_degenerate_tables_are_strict_json_without_nan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, form: str | None
) -> None:
    path = tmp_path / "reads.csv"
    path.write_text("case,reader,item,value\n" + rows, encoding="utf-8")
    command.run(SimpleNamespace(reads=path, instrument=form, out=None, json=True), SimpleNamespace())  # type: ignore[arg-type]
    captured = capsys.readouterr()
    assert captured.err == ""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(captured.out, parse_constant=refuse)
