"""Work in another process: answer, progress, stop, errors, sudden death."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from workstation.errors import Cancelled, DataError
from workstation.gui import worker_process
from workstation.gui.jobs import Jobs
from workstation.gui.worker_process import run_in_process
from workstation.tasks import SilentProgress


def add(first: int, second: int, *, progress) -> int:
    for step in range(3):
        progress.report(step + 1, 3, "adding")
    return first + second


def never_ends(place: Path, *, progress) -> None:
    place.write_text(str(os.getpid()), encoding="utf-8")
    while True:
        time.sleep(0.01)  # does not even ask


def refuse(*, progress) -> None:
    raise DataError("No mask was made", "the series is gradient echo", "Choose a spin-echo series")


def stumble(*, progress) -> None:
    raise KeyError("SENTINEL^NAME")


def die(*, progress) -> None:
    os._exit(9)


def keeps_what_it_has(place: Path, *, progress) -> None:
    try:
        while True:
            progress.report(1, 2, "working")
            time.sleep(0.01)
    except Cancelled:
        for _ in range(3):  # a person who stopped once has stopped for good
            with pytest.raises(Cancelled):
                progress.report(2, 2)
        place.write_text("kept", encoding="utf-8")
        raise


def has_workers(*, progress) -> int:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(abs, -3).result()


class Remembering:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int, str]] = []

    def report(self, done: int, total: int, text: str = "") -> None:
        self.seen.append((done, total, text))


def test_the_answer_and_the_progress_come_back() -> None:
    progress = Remembering()
    assert run_in_process(add, (2, 3), {}, progress) == 5
    assert (3, 3, "adding") in progress.seen


def test_a_known_error_keeps_its_three_parts() -> None:
    with pytest.raises(DataError) as caught:
        run_in_process(refuse, (), {}, SilentProgress())
    assert caught.value.remedy == "Choose a spin-echo series"


def test_a_mistake_comes_back_without_what_it_quotes() -> None:
    with pytest.raises(RuntimeError, match="KeyError") as caught:
        run_in_process(stumble, (), {}, SilentProgress())
    assert "SENTINEL" not in str(caught.value)


def test_a_process_that_dies_is_said_in_plain_words() -> None:
    with pytest.raises(DataError, match="sudden end"):
        run_in_process(die, (), {}, SilentProgress())


def test_stop_ends_even_work_that_never_asks(qtbot, tmp_path: Path) -> None:
    jobs = Jobs(print, print, synchronous=False)
    stopped: list[bool] = []
    place = tmp_path / "pid"
    work = jobs.in_process(never_ends, place)
    jobs.start("segment", work, on_cancelled=lambda: stopped.append(True))
    qtbot.waitUntil(lambda: place.exists() and bool(place.read_text()), timeout=20_000)
    jobs.cancel("segment")
    qtbot.waitUntil(lambda: stopped == [True], timeout=5_000)
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)
    assert jobs.close()


def test_jobs_in_place_need_no_process(qtbot) -> None:
    jobs = Jobs(print, print, synchronous=True)
    answers: list[int] = []
    jobs.start("x", jobs.in_process(add, 1, second=2), answers.append)
    assert answers == [3]


def test_stop_before_the_first_report_is_quiet() -> None:
    class Stopped:
        def report(self, done: int, total: int, text: str = "") -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_in_process(add, (1, 2), {}, Stopped())


def test_work_stopped_gently_keeps_what_it_has(qtbot, tmp_path: Path) -> None:
    jobs = Jobs(print, print, synchronous=False)
    begun: list[str] = []
    stopped: list[bool] = []
    jobs.start(
        "import",
        jobs.in_gentle_process(keeps_what_it_has, tmp_path / "kept"),
        on_progress=lambda _done, _total, text: begun.append(text),
        on_cancelled=lambda: stopped.append(True),
    )
    qtbot.waitUntil(lambda: "working" in begun, timeout=20_000)
    jobs.cancel("import")
    qtbot.waitUntil(lambda: stopped == [True], timeout=10_000)
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "kept"
    assert jobs.close()


def test_work_stopped_gently_may_have_processes_of_its_own() -> None:
    assert run_in_process(has_workers, (), {}, SilentProgress(), gently=True) == 3


def test_work_that_does_not_stop_when_asked_is_ended(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(worker_process, "LAST_STEPS_S", 0.5)

    class StoppedOnceItRuns:
        def report(self, done: int, total: int, text: str = "") -> None:
            if (tmp_path / "pid").exists():
                raise Cancelled

    with pytest.raises(Cancelled):
        run_in_process(never_ends, (tmp_path / "pid",), {}, StoppedOnceItRuns(), gently=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
