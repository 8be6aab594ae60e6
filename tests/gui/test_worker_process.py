"""Work in another process: answer, progress, stop, errors, sudden death."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workstation.errors import Cancelled, DataError
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
