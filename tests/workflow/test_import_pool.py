"""Worker processes: a file that kills its process harms no other; full disks; folders that cannot be read."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

import workstation
from workstation.errors import StoreError
from workstation.imaging.sources import Source, walk
from workstation.store.records import KnownFiles
from workstation.tasks import SilentProgress
from workstation.workflow import import_pool
from workstation.workflow.import_files import import_paths
from workstation.workflow.import_pool import look_at_all
from workstation.workflow.import_worker import Looked, Status, Task, Worker
from workstation.workflow.workspace import open_workspace

WriteSeries = Callable[..., list[Path]]


def task(tmp_path: Path) -> Task:
    (tmp_path / "library" / "incoming").mkdir(parents=True)
    return Task(tmp_path / "library", bytes(range(32)), KnownFiles(frozenset(), frozenset()), False)


class PoolThatDies:
    """Works in this process and breaks, as a real pool does, when it meets the deadly file."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._broken = False

    def submit(self, _look_at: object, sources: tuple[Source, ...]) -> Future[list[Looked]]:
        future: Future[list[Looked]] = Future()
        self._broken = self._broken or any("deadly" in source.path for source in sources)
        if self._broken:
            future.set_exception(BrokenProcessPool("died"))
        else:
            future.set_result([self._worker.look(source) for source in sources])
        return future

    def shutdown(self, **_: Any) -> None:
        """Nothing to end."""


def test_only_the_file_that_kills_its_process_is_refused(
    tmp_path: Path, write_series: WriteSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_series(tmp_path / "in", slices=30)
    paths[13].rename(paths[13].with_name("IM0013 deadly"))
    worker = Worker(task(tmp_path))
    monkeypatch.setattr(import_pool._Pool, "_start", lambda self: PoolThatDies(worker))
    sources = list(walk([tmp_path / "in"]))
    task_again = Task(tmp_path / "library", bytes(range(32)), KnownFiles(frozenset(), frozenset()), False)
    found = list(look_at_all(sources, task_again, 2, lambda: None))
    assert [looked.path for looked in found] == [source.path for source in sources]
    refused = [looked for looked in found if looked.status is not Status.LOADED]
    assert [Path(looked.path).name for looked in refused] == ["IM0013 deadly"]
    assert "made the reading process stop" in refused[0].reason


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_no_file(
    tmp_path: Path, write_series: WriteSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_series(tmp_path / "in", slices=60)
    killed: list[int] = []

    class KillOnce(SilentProgress):
        def report(self, done: int, total: int, text: str = "") -> None:
            if done > 5 and not killed:
                for child in multiprocessing.active_children():
                    if child.pid:
                        killed.append(child.pid)
                        child.kill()

    monkeypatch.setattr("workstation.workflow.import_files.SECONDS_PER_REPORT", 0.0)
    with open_workspace(tmp_path / "library") as workspace:
        report = import_paths(workspace, [tmp_path / "in"], workers=2, progress=KillOnce())
    assert killed
    assert report.loaded == 60
    assert not list((tmp_path / "library" / "incoming").iterdir())


def test_a_folder_that_cannot_be_read_is_in_the_report(tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in" / "good")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "in" / "pipe")
    with open_workspace(tmp_path / "library") as workspace:
        report = import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
    reasons = {Path(file.path).name: file.reason for file in report.files if file.status != "loaded"}
    assert report.loaded == 3
    assert set(reasons) == {"gone", "pipe"}
    assert all(reasons.values())


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to become another user")
def test_folders_without_permission(tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in" / "open")
    write_series(tmp_path / "in" / "shut", name="2")
    (tmp_path / "in" / "shut").chmod(0)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    for part in (tmp_path, *tmp_path.parents):
        if part == Path(tempfile.gettempdir()):
            break
        part.chmod(0o755)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from workstation.errors import WorkstationError\n"
        "from workstation.tasks import SilentProgress\n"
        "from workstation.workflow.import_files import import_paths\n"
        "from workstation.workflow.workspace import open_workspace\n"
        "import alembic.migration, alembic.operations, workstation.imaging.assemble\n"
        "home, source = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "import workstation.store.migrations.library.step_0001_subject_to_instance\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "def take():\n"
        "    try:\n"
        "        with open_workspace(home / 'library') as workspace:\n"
        "            report = import_paths(workspace, [source], workers=0, progress=SilentProgress())\n"
        "            print(report.loaded, [f.reason for f in report.files if f.reason])\n"
        "    except WorkstationError as error: print(error.sentence)\n"
        "take()\n"
        "(home / 'library').chmod(0o555); (home / 'library' / 'library.sqlite').chmod(0o444)\n"
        "take()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(home), str(tmp_path / "in")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(workstation.__file__).parents[1],
    )
    first, second = run.stdout.splitlines()
    assert first == "3 ['this folder cannot be read (Permission denied)']", run.stderr
    assert "may only be read" in second


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to mount a small disk")
def test_a_disk_that_fills_up(tmp_path: Path, write_series: WriteSeries) -> None:
    import numpy as np

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not let a test mount a disk")
    try:
        write_series(tmp_path / "in", slices=60, pixels=lambda n: np.full((200, 256), n))
        with open_workspace(disk / "library") as workspace:
            with pytest.raises(StoreError) as raised:
                import_paths(
                    workspace,
                    [tmp_path / "in"],
                    crosswalk=tmp_path / "crosswalk.csv",
                    workers=2,
                    progress=SilentProgress(),
                )
            sentence = raised.value.sentence.lower()
            assert "full" in sentence or "no space" in sentence
            assert "traceback" not in sentence
        with open_workspace(disk / "library") as workspace:
            for case in workspace.library.cases():
                for series in workspace.library.series(case.code):
                    assert all(Path(instance.path).is_file() for instance in series.instances)
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        with open_workspace(disk / "library") as workspace:
            report = import_paths(
                workspace,
                [tmp_path / "in"],
                crosswalk=tmp_path / "crosswalk.csv",
                progress=SilentProgress(),
            )
            assert report.loaded + report.skipped == 60
            (case,) = workspace.library.cases()
            assert [len(series.instances) for series in workspace.library.series(case.code)] == [60]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
