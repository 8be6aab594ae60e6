"""Bad files through the window and through the command line: the same fate, the same plain sentence."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from workstation.cli import main as cli
from workstation.errors import StoreError
from workstation.gui.application import make_application, make_window
from workstation.gui.library.library_desk import LibraryDesk
from workstation.gui.main_window import MainWindow
from workstation.imaging.deidentify import Deidentifier
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
    "no-syntax": "loaded",
    "wrong-syntax": "refused",
    "unknown-syntax": "refused",
}


@pytest.fixture
def bad_files(tmp_path: Path, phantom_knees: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    planes = [path for path in sorted(phantom_knees.rglob("*")) if path.is_file() and _is_image(path)][:9]
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
    _with_syntax(planes[6], folder / "no-syntax", "")
    _with_syntax(planes[7], folder / "wrong-syntax", "1.2.840.10008.1.2.4.70")
    _with_syntax(planes[8], folder / "unknown-syntax", "1.2.840.10008.1.2.4.999")
    nan = pydicom.dcmread(planes[5])
    nan.PixelSpacing = [0.125, 0.125]
    nan.save_as(folder / "nan-spacing")
    whole = (folder / "nan-spacing").read_bytes()
    assert b"0.125\\0.125" in whole
    (folder / "nan-spacing").write_bytes(whole.replace(b"0.125\\0.125", b"nan\\nan    "))
    return folder


def _with_syntax(source: Path, target: Path, syntax: str) -> None:
    """A copy whose file meta names another transfer syntax than its data have, or none."""
    dataset = pydicom.dcmread(source)
    data = source.read_bytes()
    named = dataset.file_meta.TransferSyntaxUID.encode()
    whole = _ui(0x0010, named)
    assert data.count(whole) == 1
    changed = _ui(0x0010, syntax.encode()) if syntax else b""
    length = dataset.file_meta.FileMetaInformationGroupLength
    old, new = (
        struct.pack("<HH2sHI", 2, 0, b"UL", 4, n) for n in (length, length + len(changed) - len(whole))
    )
    target.write_bytes(data.replace(whole, changed).replace(old, new))


def _ui(element: int, value: bytes) -> bytes:
    padded = value + b"\0" * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, b"UI", len(padded)) + padded


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


def test_a_full_disk_is_one_sentence_in_both_and_the_import_goes_on(
    qtbot, phantom_knees: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = Deidentifier.write, 0

    def full(self: Deidentifier, source: object, target: Path) -> object:
        nonlocal count
        count += 1
        if count > 4:
            raise StoreError(
                "The copy of a file was not written", "No space left on device", "Free some space"
            )
        return real(self, source, target)

    monkeypatch.setattr(Deidentifier, "write", full)
    words = ["import", str(phantom_knees), "--library", str(tmp_path / "one"), "--workers", "0"]
    assert command(words) == 1
    assert "No space left on device" in capsys.readouterr().err
    count = 0
    window = window_on(qtbot, tmp_path / "two")
    desk = window.built("library")
    desk.take((phantom_knees,))
    assert "No space left on device" in window.context.messages.last.text
    monkeypatch.setattr(Deidentifier, "write", real)
    reports: list[ImportReport] = []
    desk.import_finished.connect(reports.append)
    desk.take((phantom_knees,))
    assert reports[0].refused == 0
    assert sum(file.reason == "already in the library" for file in reports[0].files) == 4
    assert window.close()


def test_a_library_of_a_newer_version_is_left_alone_by_both(qtbot, knee_library: Path, capsys) -> None:
    with sqlite3.connect(knee_library / "library.sqlite") as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    assert command(["library", "--library", str(knee_library)]) == 1
    said = capsys.readouterr().err
    assert "newer version of the program" in said
    make_application()
    window = make_window(open_workspace=lambda _progress: open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(window)
    window.show()
    assert "newer version of the program" in window.context.messages.last.text
    assert window.close()


_AS_NOBODY = """
import os, sys
from pathlib import Path
from workstation.cli import main as cli
from workstation.gui.application import make_application, make_window
from workstation.workflow.workspace import open_workspace
home = Path(sys.argv[1])
make_application()
window = make_window(open_workspace(home / "two"), synchronous=True)
desk = window.built("library")
reports = []
desk.import_finished.connect(reports.append)
for _ in range(2):  # as root: everything that an import needs is loaded now, of Python too
    desk.take((home / "in",))
    cli.run(["import", str(home / "in"), "--library", str(home / "one"), "--workers", "0"], None)
for path in (home, *home.rglob("*")):
    if "locked" not in path.parts:
        os.chown(path, 65534, 65534)
os.setgid(65534); os.setuid(65534)
desk.take((home / "in",))
print("WINDOW", [file.reason for file in reports[-1].files if "already" not in file.reason])
cli.run(["import", str(home / "in"), "--library", str(home / "one"), "--workers", "0", "--json"], None)
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="becomes another user, which only root can")
def test_a_folder_that_may_not_be_read_is_named_by_both(phantom_knees: Path, tmp_path: Path) -> None:
    for part in (tmp_path, *tmp_path.parents):
        if part.stat().st_mode & 0o077 == 0:  # made for this run of the tests; another user must get through
            part.chmod(0o755)
    home = tmp_path / "home"
    (home / "in" / "locked").mkdir(parents=True)
    first = next(path for path in sorted(phantom_knees.rglob("*")) if path.is_file() and _is_image(path))
    shutil.copy(first, home / "in" / "good")
    shutil.copy(first, home / "in" / "locked" / "hidden")
    (home / "in" / "locked").chmod(0o700)
    environment = {**os.environ, "MARROW_CONFIG": str(home / "config"), "MARROW_LOG": str(home / "log")}
    run = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(home)],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    reason = "this folder cannot be read (Permission denied)"
    assert f"WINDOW ['{reason}']" in run.stdout, run.stderr
    assert f'"reason": "{reason}"' in run.stdout
