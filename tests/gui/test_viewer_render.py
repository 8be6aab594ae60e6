"""The hung screen as a picture, from the command line, on phantoms and on real data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from workstation import cli
from workstation.__main__ import QtSurface


def render(*arguments: object) -> int:
    return cli.run(["render", *map(str, arguments)], QtSurface())


def test_a_phantom_knee_hangs_in_the_knee_protocol(
    phantom_knees: Path, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "knee.png"
    assert render(phantom_knees / "left", "--out", out, "--size", "900x600", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["protocol"] == "knee-oa-bml"
    assert (told["rows"], told["columns"]) == (2, 3)
    hung = [tile for tile in told["tiles"] if tile["series"]]
    assert len(hung) >= 3
    assert not any(tile["problem"] for tile in hung)
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (900, 600)
    # Each viewport with a series shows more than text on black.
    for tile in hung:
        left, top = (tile["column"] - 1) * 300, (tile["row"] - 1) * 300
        grey = [
            picture.pixelColor(left + x, top + y).red() for x in range(60, 240, 6) for y in range(60, 240, 6)
        ]
        assert np.std(grey) > 10


def test_a_named_protocol_and_its_empty_tiles(
    phantom_knees: Path, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hip.png"
    assert render(phantom_knees / "left", "--protocol", "hip-bilateral", "--out", out) == 0
    assert "hip-bilateral), 2 × 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--protocol", "brain"], 2, "Known are baseline-follow-up, generic, hip-bilateral, knee-oa-bml"),
        (["--size", "big"], 2, "the size big is not WIDTHxHEIGHT"),
        (["--size", "99999x10"], 2, "the size 99999x10"),
    ],
)
def test_mistakes_are_told_in_one_line(
    phantom_knees: Path,
    tmp_path: Path,
    qtbot: QtBot,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    assert render(phantom_knees / "left", "--out", tmp_path / "x.png", *arguments) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_folder_without_pictures_and_an_unwritable_place_are_refused(
    phantom_knees: Path, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert render(tmp_path / "empty", "--out", tmp_path / "x.png") == 1
    (tmp_path / "file").write_text("no folder")
    assert render(phantom_knees / "left", "--out", tmp_path / "file" / "x.png") == 1
    assert "The picture was not saved" in capsys.readouterr().err


def test_a_damaged_slice_is_said_and_the_others_are_shown(
    phantom_knees: Path, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "knee"
    shutil.copytree(phantom_knees / "left", folder)
    files = sorted(path for path in folder.rglob("*") if path.suffix == ".dcm")
    with files[len(files) // 2].open("r+b") as file:
        file.truncate(files[len(files) // 2].stat().st_size - 2000)
    assert render(folder, "--out", tmp_path / "x.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(tile["series"] is not None for tile in told["tiles"]) >= 3


REAL = {
    # folder: (protocol, series hung, slices)
    "knee-ge-3t-dess-cubequant": ("generic", ["sag PD FS", "sag GRE"], 80),
    "hip-t1-axial-sts050": ("generic", ["ax T1"], 52),
    "hip-t1-axial-sts031": ("generic", ["ax T1"], 62),
    "knee-t1-axial-sts017": ("generic", ["ax T1"], 56),
}


@pytest.mark.real
@pytest.mark.parametrize("folder", REAL)
def test_real_series_hang(
    real_data: Path, folder: str, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    protocol, series, count = REAL[folder]
    assert render(real_data / folder, "--out", tmp_path / "x.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["protocol"] == protocol
    assert [tile["series"] for tile in told["tiles"] if tile["series"]] == series
    assert all(tile["slices"] == count for tile in told["tiles"] if tile["series"])
    assert not any(tile["problem"] for tile in told["tiles"])


@pytest.mark.real
@pytest.mark.parametrize(
    "folder",
    ["knee-ge-3t-mese-t2", "pelvis-ge-adc", "conformance/ge-3plane-localizer", "conformance/wg04-mr3-knee",
     "conformance/enhanced", "conformance/toshiba-epi", "conformance/uih-t1-sag",
     "conformance/siemens-mosaic",
     "conformance/philips-classic-rescale", "conformance/siemens-jpeg-lossless", "conformance/charsets"],
)  # fmt: skip
def test_what_is_no_neat_stack_shows_or_says_why_not(
    real_data: Path, folder: str, tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    code = render(real_data / folder, "--out", tmp_path / "x.png", "--json")
    captured = capsys.readouterr()
    assert code in (0, 1)
    if code == 1:
        assert captured.err.count("\n") == 1
    else:
        tiles = json.loads(captured.out)["tiles"]
        assert any(tile["series"] for tile in tiles)
