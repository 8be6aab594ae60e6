"""Bad files through the window and through the command line: the same fate, the same plain sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pydicom
import pytest

from workstation.cli import main as cli
from workstation.gui.application import make_application, make_window
from workstation.gui.library.library_desk import LibraryDesk
from workstation.gui.main_window import MainWindow
from workstation.workflow.import_report import ImportReport
from workstation.workflow.workspace import open_workspace

EXPECTED = {
    "not-dicom": "skipped",
    "empty": "refused",
    "truncated": "refused",
    "too-large": "refused",
    "no-geometry": "loaded",
    "zero-spacing": "loaded",
    "nan-spacing": "loaded",
    "mixed-size": "loaded",
    "good": "loaded",
    "good-twice": "skipped",
}


@pytest.fixture
def bad_files(tmp_path: Path, phantom_knees: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    planes = [path for path in sorted(phantom_knees.rglob("*")) if path.is_file() and _is_image(path)][:6]
    data = planes[0].read_bytes()
    (folder / "not-dicom").write_text("a letter")
    (folder / "empty").write_bytes(b"")
    (folder / "truncated").write_bytes(data[: len(data) // 2])
    shutil.copy(planes[1], folder / "good")
    shutil.copy(planes[1], folder / "good-twice")
    _change(planes[0], folder / "too-large", Rows=46341, Columns=46341)
    _change(planes[2], folder / "no-geometry", ImagePositionPatient=None, ImageOrientationPatient=None)
    _change(planes[3], folder / "zero-spacing", PixelSpacing=[0, 0])
    _change(planes[4], folder / "mixed-size", Rows=8, Columns=8, PixelData=bytes(128))
    nan = pydicom.dcmread(planes[5])
    nan.PixelSpacing = [0.125, 0.125]
    nan.save_as(folder / "nan-spacing")
    whole = (folder / "nan-spacing").read_bytes()
    assert b"0.125\\0.125" in whole
    (folder / "nan-spacing").write_bytes(whole.replace(b"0.125\\0.125", b"nan\\nan    "))
    return folder


def _is_image(path: Path) -> bool:
    try:
        return "PixelSpacing" in pydicom.dcmread(path, stop_before_pixels=True)
    except pydicom.errors.InvalidDicomError:
        return False


def _change(source: Path, target: Path, **values: object) -> None:
    dataset = pydicom.dcmread(source)
    for name, value in values.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    dataset.save_as(target)


class NoScreen:
    """The command line alone: it has no window to open."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} asked for a window")


def command(words: list[str]) -> int:
    return cli.run(words, NoScreen())


def window_on(qtbot, library: Path) -> MainWindow:
    make_application()
    window = make_window(open_workspace(library), synchronous=True)
    qtbot.addWidget(window)
    window.show()
    return window


def test_window_and_command_line_say_the_same_of_every_bad_file(
    qtbot, bad_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(["import", str(bad_files), "--library", str(tmp_path / "one"), "--workers", "0", "--json"])
    assert code == 0
    files = json.loads(capsys.readouterr().out)["files"]
    said = {Path(file["path"]).name: (file["status"], file["reason"]) for file in files}
    window = window_on(qtbot, tmp_path / "two")
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    reports: list[ImportReport] = []
    desk.import_finished.connect(reports.append)
    desk.take((bad_files,))
    shown = {Path(file.path).name: (str(file.status), file.reason) for file in reports[0].files}
    assert shown == said
    assert {name: status for name, (status, _) in said.items()} == EXPECTED
    for status, reason in said.values():
        assert status == "loaded" or (reason and "\n" not in reason and "Error" not in reason)
    spoken = {text for row in desk._model.cases for text in row.warnings}
    assert any("where it lies" in text or "spacing" in text for text in spoken)
    assert window.close()


def test_an_empty_folder_is_a_sentence_in_both(qtbot, tmp_path: Path, capsys) -> None:
    (tmp_path / "nothing").mkdir()
    assert command(["import", str(tmp_path / "nothing"), "--library", str(tmp_path / "one")]) != 0
    assert "no file was found there" in capsys.readouterr().err
    window = window_on(qtbot, tmp_path / "two")
    window.built("library").take((tmp_path / "nothing",))
    assert "no file was found there" in window.context.messages.last.text
    assert window.close()
