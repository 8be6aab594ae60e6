"""``marrow import`` and ``marrow library`` as a person types them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from workstation.cli import main as cli
from workstation.store.library import Library


class NoScreen:
    """The command line needs no window here."""

    def can_open_window(self) -> bool:
        return False

    def open_window(self, library: Path | None, study: str | None) -> int:
        raise AssertionError

    def render(self, study: str, library: Path | None, protocol: str | None, out: Path) -> None:
        raise AssertionError

    def screenshots(
        self, study_folder: Path, library: Path, out: Path, passphrases: Mapping[str, str]
    ) -> list[Path]:
        raise AssertionError


def marrow(*words: object) -> int:
    return cli.run([str(word) for word in words], NoScreen())


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert marrow(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def knee(phantom_knees: Path, tmp_path: Path) -> Path:
    """A few slices of a phantom knee, a letter and a damaged file."""
    folder = tmp_path / "disc"
    folder.mkdir()
    for number, path in enumerate(sorted((phantom_knees / "right").rglob("*.dcm"))[:4]):
        shutil.copy(path, folder / f"IM{number}")
    (folder / "letter.txt").write_text("Dear colleague")
    (folder / "IM9").write_bytes((folder / "IM0").read_bytes()[:-500])
    return folder


def test_the_report_is_printed_and_written(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert marrow("import", knee, "--library", tmp_path / "lib", "--report", tmp_path / "report.csv") == 0
    out = capsys.readouterr().out
    assert "4 loaded, 1 skipped, 1 refused" in out
    assert "refused: it is cut short: 500 bytes of its pixels are missing" in out
    assert "lib.crosswalk.csv" in out
    assert len((tmp_path / "report.csv").read_text(encoding="utf-8-sig").splitlines()) == 7


def test_json_of_import_and_library(knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = answer(capsys, "import", knee, "--library", tmp_path / "lib")
    assert (report["loaded"], report["skipped"], report["refused"]) == (4, 1, 1)
    assert {file["status"] for file in report["files"]} == {"loaded", "skipped", "refused"}
    listing = answer(capsys, "--library", tmp_path / "lib", "library")
    (case,) = listing["cases"]
    assert (case["joint"], case["side"], case["side_confirmed"]) == ("knee", "R", True)
    assert [series["key"] for series in listing["series"]] == [series["key"] for series in report["series"]]
    again = answer(capsys, "import", knee, "--library", tmp_path / "lib")
    assert (again["loaded"], again["skipped"], again["refused"]) == (0, 5, 1)


def test_the_table_shows_plane_contrast_and_spacing(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marrow("import", knee, "--library", tmp_path / "lib")
    capsys.readouterr()
    assert marrow("library", "--library", tmp_path / "lib") == 0
    out = capsys.readouterr().out
    assert "knee  R" in out
    assert " slices " in out and " mm" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "{tmp}/nowhere"], 1, "does not exist"),
        (["import", "{tmp}/empty"], 1, "There is nothing to import"),
        (["import", "{tmp}/letters"], 1, "No image was found in these files"),
        (["import", "{tmp}/letters", "--codes", "{tmp}/none.csv"], 1, "The codes file was not read"),
        (["import"], 2, "PATH"),
        (["library"], 1, "there is none in "),
    ],
)
def test_a_refusal_is_one_line(
    words: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("x")
    assert marrow(*[word.format(tmp=tmp_path) for word in words], "--library", tmp_path / "lib") == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    if code == 1:
        assert len(error.strip().splitlines()) == 1


def test_a_side_is_confirmed_and_kept_with_who(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "lib"
    code = answer(capsys, "import", knee, "--library", library)["cases"][0]["case"]
    listing = answer(capsys, "library", "--library", library, "--confirm-side", code, "l", "--by", "someone")
    assert listing["cases"][0]["side"] == "L"
    with Library.open(library) as opened:
        (decision,) = opened.decisions()
    assert (decision.kind, decision.decided_by) == ("confirm side", "someone")
    assert json.loads(decision.detail)["to"] == "L"
    assert marrow("library", "--library", library, "--confirm-side", code, "X") == 2
    assert "It is L, R or B" in capsys.readouterr().err
    assert marrow("library", "--library", library, "--confirm-side", "K-NONE", "L") == 1
    assert marrow("library", "--library", library, "--joint", "knee") == 2


def test_joining_strangers_is_refused(
    phantom_knees: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("right", "left"):
        (tmp_path / side).mkdir()
        for path in sorted((phantom_knees / side).rglob("*.dcm"))[:2]:
            shutil.copy(path, tmp_path / side)
    library = tmp_path / "lib"
    report = answer(capsys, "import", tmp_path / "right", tmp_path / "left", "--library", library)
    first, second = (case["case"] for case in report["cases"])
    assert marrow("library", "--library", library, "--join", first, second) == 1
    assert "were not joined" in capsys.readouterr().err
    assert marrow("library", "--library", library, "--part", first) == 1
    assert "never joined" in capsys.readouterr().err


def test_a_newer_library_is_refused_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    Library.open(tmp_path / "lib").close()
    with sqlite3.connect(tmp_path / "lib" / "library.sqlite") as connection:
        connection.execute("UPDATE schema_version SET version = 999")
    assert marrow("library", "--library", tmp_path / "lib") == 1
    assert "newer version of the program" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_report_that_cannot_be_written_is_said(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert marrow("import", knee, "--library", tmp_path / "lib", "--report", "/dev/full") == 1
    assert "The import report was not written: No space left on device" in capsys.readouterr().err


def test_workers_are_processes_of_their_own(
    knee: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = answer(capsys, "import", knee, "--library", tmp_path / "lib", "--workers", "2")
    assert (report["loaded"], report["skipped"], report["refused"]) == (4, 1, 1)
