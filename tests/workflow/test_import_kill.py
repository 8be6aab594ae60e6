"""An import that is killed at any moment leaves a valid library, and the next one finishes it."""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import workstation
from workstation.imaging.deidentify import Deidentifier
from workstation.tasks import SilentProgress
from workstation.workflow.import_files import import_paths
from workstation.workflow.workspace import open_workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")

SLICES = 24
_ROOT = Path(workstation.__file__).parents[1]

# The process kills itself at the n-th time that it touches a file of the library or the crosswalk.
_CHILD = """
import os, signal, sys
from pathlib import Path
library, source, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
from workstation.tasks import SilentProgress
from workstation.workflow import import_files
from workstation.workflow.workspace import open_workspace
import_files.FILES_PER_TRANSACTION = 5
seen = 0
def touched(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.link") and str(library) in str(arguments):
        seen += 1
        if seen == count:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(touched)
with open_workspace(library) as workspace:
    import_files.import_paths(workspace, [source], workers=0, progress=SilentProgress())
print(seen)
"""


def run_child(library: Path, source: Path, count: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _CHILD, str(library), str(source), str(count)],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )


def check_valid(library: Path) -> None:
    """What is recorded is whole on disk, and its identity is known outside."""
    database = library / "library.sqlite"
    if not database.exists() or not (library / "private" / "key").exists():
        return
    with open_workspace(library) as workspace:
        workspace.library.cases()
        workspace.library.studies()
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for path, size in connection.execute("SELECT path, size FROM files"):
            assert (library / path).stat().st_size == size
        studies = {row[0] for row in connection.execute("SELECT study_instance_uid FROM studies")}
    if studies:
        hashed = Deidentifier((library / "private" / "key").read_bytes()).uid
        known = {hashed(row["study_instance_uid"]) for row in crosswalk_rows(library)}
        assert studies <= known


def crosswalk_rows(library: Path) -> list[dict[str, str]]:
    path = library.with_name(library.name + ".crosswalk.csv")
    return read_csv(path) if path.exists() else []


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def check_complete(library: Path, source: Path) -> None:
    with open_workspace(library) as workspace:
        report = import_paths(workspace, [source], workers=0, progress=SilentProgress())
        assert report.loaded + report.skipped == 2 * SLICES
        assert {file.reason for file in report.files} <= {"", "already in the library"}
        cases = workspace.library.cases()
        assert len(cases) == 2
        for case in cases:
            (series,) = workspace.library.series(case.code)
            assert len(series.instances) == SLICES
            assert [Path(i.path).is_file() for i in series.instances] == [True] * SLICES
        assert workspace.library.warnings == ()
    assert not list((library / "incoming").iterdir())
    assert len(list((library / "images").rglob("*.dcm"))) == 2 * SLICES
    assert sorted(row["case"] for row in crosswalk_rows(library)) == sorted(case.code for case in cases)


@pytest.fixture
def source(tmp_path: Path, write_series: Callable[..., list[Path]]) -> Path:
    write_series(tmp_path / "in" / "1", SLICES, study="1")
    write_series(tmp_path / "in" / "2", SLICES, study="2", patient="SECOND")
    return tmp_path / "in"


@pytest.mark.slow
def test_killed_at_a_random_touch_of_the_disk(tmp_path: Path, source: Path) -> None:
    whole = run_child(tmp_path / "whole", source, 0)
    touches = int(whole.stdout)
    assert touches > 4 * SLICES
    # Keys differ, and with them the number of folders that are made.
    chosen = random.Random(4).sample(range(2, touches - 10), 9)
    for count in (1, *sorted(chosen), touches - 10):
        library = tmp_path / f"killed-{count}"
        killed = run_child(library, source, count)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        check_valid(library)
        check_complete(library, source)


@pytest.mark.slow
def test_killed_twice_before_it_ends(tmp_path: Path, source: Path) -> None:
    library = tmp_path / "library"
    for count in (60, 90):
        run_child(library, source, count)
        check_valid(library)
    check_complete(library, source)


@pytest.mark.slow
def test_killed_with_workers_no_process_stays(tmp_path: Path, source: Path) -> None:
    library = tmp_path / "library"
    environment = {**os.environ, "MARROW_TEST_MARK": str(tmp_path)}
    command = [sys.executable, "-m", "workstation", "import", str(source), "--library", str(library)]
    for wait in (0.6, 1.0, 1.4):
        process = subprocess.Popen([*command, "--workers", "2"], cwd=_ROOT, env=environment)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        check_valid(library)
    deadline = time.monotonic() + 20
    while (left := marked_processes(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    check_complete(library, source)


def marked_processes(mark: str) -> list[str]:
    """Processes whose environment carries the mark of this test (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found
