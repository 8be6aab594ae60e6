"""``marrow export`` as a person calls it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from workstation.cli.main import run
from workstation.workflow.workspace import open_workspace


@pytest.fixture
def library(tmp_path: Path) -> Path:
    with open_workspace(tmp_path / "library"):
        pass
    return tmp_path / "library"


def call(*words: str) -> int:
    return run(["export", *words], SimpleNamespace())  # type: ignore[arg-type]


def test_an_unknown_format_lists_those_that_there_are(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = call("K-1", "--format", "sr", "--out", str(tmp_path / "o"), "--library", str(library))
    assert code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "csv, html, nifti, seg" in error


def test_an_unknown_case_is_refused(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("K-1", "--format", "seg", "--out", str(tmp_path / "o"), "--library", str(library)) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "K-1" in error


def test_no_library_is_made_by_an_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        call("K-1", "--format", "seg", "--out", str(tmp_path / "o"), "--library", str(tmp_path / "no")) == 1
    )
    assert not (tmp_path / "no").exists()
    assert capsys.readouterr().err.count("\n") == 1


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("K-1") == 2
    assert "--format" in capsys.readouterr().err
    assert call("--help") == 0
    assert "No identity leaves" in capsys.readouterr().out
