"""``marrow segment`` as a person calls it: what it answers, and what it says of the masks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from workstation.cli.main import run
from workstation.phantoms.ball import BONE, ball
from workstation.phantoms.dicom_files import write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ball") / "dicom"
    write_study(ball(), folder)
    return folder


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return clicks(tmp_path, ball().seeds)


def clicks(folder: Path, points: dict[str, list[list[float]]]) -> Path:
    path = folder / "seeds.json"
    path.write_text(json.dumps(points), encoding="utf-8")
    return path


def call(*words: str | Path) -> int:
    return run(["segment", *map(str, words)], SimpleNamespace())  # type: ignore[arg-type] - asks for no screen


def test_masks_volumes_and_files_are_told(
    study: Path, seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "masks"
    assert call(study, "--recipe", "edema", "--seeds", seeds, "--out", out) == 0
    said = capsys.readouterr().out
    assert "edema" in said and BONE in said and "Unvalidated" in said
    assert {"3-edema.nii.gz", "3-edema.dcm", "3-regions.nii.gz", "volumes.csv"} <= {
        path.name for path in out.iterdir()
    }
    rows = (out / "volumes.csv").read_text(encoding="utf-8")
    assert BONE in rows and "edema" in rows


def test_an_override_is_recorded_and_warned_of(
    study: Path, seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("--recipe", "edema", "--seeds", seeds, "--series", "4", "--out", tmp_path / "masks")
    assert call(study, *wanted) == 1
    assert "fat suppression" in capsys.readouterr().err
    assert call(study, *wanted, "--parameter", "override=1") == 0
    assert "warning: " in capsys.readouterr().out
    assert call(study, *wanted, "--parameter", "override=1", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert any("without fat suppression" in sentence for sentence in report["warnings"])
    assert "without fat suppression" in report["volumes"][0]["parameters"]["overridden"]
    assert "overridden=" in (tmp_path / "masks" / "volumes.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ([400.0, 0.0, 0.0], "none of the clicks lies inside this series"),
        ([54.0, 0.0, 54.0], "the click lies outside the body"),
    ],
)
def test_a_click_beside_the_bone_is_refused_with_what_to_do(
    point: list[float], said: str, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = clicks(tmp_path, {BONE: [point]})
    assert call(study, "--recipe", "edema", "--seeds", seeds, "--out", tmp_path / "masks") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error and "Click in" in error
    assert not (tmp_path / "masks").exists()


def test_a_bone_whose_click_misses_is_left_out_with_a_warning(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = clicks(tmp_path, {**ball().seeds, "tibia": [[54.0, 0.0, 54.0]]})
    wanted = ("--recipe", "edema", "--seeds", seeds, "--out", tmp_path / "masks")
    assert call(study, *wanted) == 0
    assert "tibia left out: the click lies outside the body" in capsys.readouterr().out
    assert call(study, *wanted, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert any("tibia left out" in sentence for sentence in report["warnings"])
    assert {row["region"] for row in report["volumes"]} == {BONE, "all regions"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--recipe", "oedema"), "no recipe called oedema"),
        (("--recipe", "edema", "--parameter", "seed"), "not NAME=VALUE"),
        (("--recipe", "edema", "--parameter", "sead=3"), "sead"),
        (("--recipe", "edema", "--parameter", "seed=1000"), "outside"),
    ],
)
def test_words_that_cannot_be_used_are_usage_errors(
    words: tuple[str, ...], said: str, study: Path, seeds: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert call(study, *words, "--seeds", seeds, "--out", tmp_path / "masks") == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_clicks_are_needed(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(study, "--recipe", "edema", "--out", tmp_path / "masks") == 2
    assert "--seeds" in capsys.readouterr().err
