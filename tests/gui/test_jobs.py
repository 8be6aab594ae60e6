"""Jobs: answers reach the GUI thread, outdated ones never, and nothing is lost by quick restarts."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication, QWidget

from workstation.errors import Cancelled, DataError
from workstation.gui.jobs import WORKERS, Jobs


@pytest.fixture
def threaded(qtbot):
    told: list[BaseException] = []
    jobs = Jobs(told.append, told.append, synchronous=False)
    jobs.told = told  # type: ignore[attr-defined]
    yield jobs
    assert jobs.close()


def test_the_result_comes_in_the_gui_thread_and_the_work_does_not(qtbot, threaded) -> None:
    seen: list[object] = []

    def work(progress):
        return QThread.currentThread() is QApplication.instance().thread()

    threaded.start("a", work, lambda value: seen.extend([value, threading.current_thread()]))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [False, threading.main_thread()]


def test_a_newer_job_outdates_the_older_of_its_slot(qtbot, threaded) -> None:
    gate = threading.Event()
    answers: list[str] = []

    def slow(progress):
        gate.wait(5)
        return "old"

    threaded.start("viewport-1", slow, answers.append)
    threaded.start("viewport-1", lambda progress: "new", answers.append)
    qtbot.waitUntil(lambda: answers == ["new"])
    gate.set()
    qtbot.wait(50)
    assert answers == ["new"]


def test_a_long_job_never_holds_up_another_slot(qtbot, threaded) -> None:
    gate = threading.Event()
    answers: list[int] = []
    for blocked in range(WORKERS - 1):
        threaded.start(f"long-{blocked}", lambda progress: gate.wait(5))
    for number in range(50):
        threaded.start(f"quick-{number}", lambda progress, n=number: n, answers.append)
    qtbot.waitUntil(lambda: len(answers) == 50, timeout=2000)
    gate.set()


def test_three_thousand_quick_restarts_give_one_answer_per_slot_and_no_leak(qtbot, threaded) -> None:
    before = threading.active_count()  # of other tests
    answers: dict[int, list[int]] = {slot: [] for slot in range(3)}
    for number in range(3000):
        slot = number % 3
        threaded.start(str(slot), lambda progress, n=number: n, answers[slot].append)
        if number % 100 == 0:
            QApplication.processEvents()
    qtbot.waitUntil(lambda: not threaded.running, timeout=10000)
    for slot in range(3):
        assert answers[slot][-1] == 2997 + slot  # the newest always arrives
        assert answers[slot] == sorted(answers[slot])
    assert threading.active_count() <= before + WORKERS + 1
    assert threaded.told == []


def test_cancel_stops_at_the_next_report_and_says_so_quietly(qtbot, threaded) -> None:
    events: list[str] = []
    began = threading.Event()

    def work(progress):
        began.set()
        while True:
            progress.report(1, 2)
            time.sleep(0.002)

    threaded.start("import", work, on_cancelled=lambda: events.append("cancelled"))
    assert began.wait(2)
    threaded.cancel("import")
    qtbot.waitUntil(lambda: events == ["cancelled"])
    assert threaded.told == []


def test_a_forgotten_job_calls_nobody(qtbot, threaded) -> None:
    gate = threading.Event()
    events: list[str] = []
    threaded.start("x", lambda progress: gate.wait(5), events.append, on_cancelled=lambda: events.append("c"))
    threaded.forget("x")
    gate.set()
    qtbot.wait(50)
    assert events == []


def test_progress_comes_at_most_ten_times_a_second_and_always_at_the_end(qtbot, threaded) -> None:
    reports: list[tuple[int, int, str]] = []
    done: list[object] = []

    def work(progress):
        for step in range(1, 2001):
            progress.report(step, 2000, "reading")

    threaded.start("x", work, done.append, on_progress=lambda *report: reports.append(report))
    qtbot.waitUntil(lambda: bool(done))
    assert reports[-1] == (2000, 2000, "reading")
    assert len(reports) <= 10


def test_a_known_error_goes_to_the_job_or_to_the_person(qtbot, threaded) -> None:
    own: list[BaseException] = []

    def fail(progress):
        raise DataError("This file was not loaded", "it is not DICOM")

    threaded.start("a", fail, on_error=own.append)
    threaded.start("b", fail)
    qtbot.waitUntil(lambda: bool(own) and bool(threaded.told))
    assert "not DICOM" in str(own[0]) and "not DICOM" in str(threaded.told[0])


@pytest.mark.expects_warning
def test_a_mistake_of_ours_is_reported_and_the_next_job_runs(qtbot, threaded) -> None:
    ended: list[str] = []
    threaded.start("a", lambda progress: 1 / 0, on_cancelled=lambda: ended.append("ended"))
    qtbot.waitUntil(lambda: len(threaded.told) == 1)
    assert isinstance(threaded.told[0], ZeroDivisionError)
    assert ended == ["ended"]
    answers: list[int] = []
    threaded.start("a", lambda progress: 7, answers.append)
    qtbot.waitUntil(lambda: answers == [7])


def test_an_answer_for_a_closed_widget_is_dropped(qtbot, threaded) -> None:
    class Panel(QWidget):
        def take(self, value) -> None:
            self.setWindowTitle(str(value))

    gate = threading.Event()
    panel = Panel()
    threaded.start("x", lambda progress: gate.wait(5), panel.take)
    import shiboken6

    shiboken6.delete(panel)
    gate.set()
    qtbot.waitUntil(lambda: not threaded.running)
    assert threaded.told == []


def test_closing_is_bounded_even_when_work_does_not_listen(qtbot) -> None:
    jobs = Jobs(print, print, synchronous=False)
    release = threading.Event()
    running = threading.Event()
    jobs.start("deaf", lambda progress: (running.set(), release.wait(20)))
    assert running.wait(2)
    began = time.monotonic()
    assert jobs.close(wait_s=0.2) is False
    assert time.monotonic() - began < 1.0
    answers: list[object] = []
    jobs.start("late", lambda progress: 1, answers.append)
    qtbot.wait(20)
    assert answers == []
    release.set()


def test_synchronous_jobs_run_in_place(qtbot) -> None:
    events: list[object] = []
    jobs = Jobs(events.append, events.append, synchronous=True)

    def work(progress):
        progress.report(1, 1, "one")
        return "result"

    jobs.start("x", work, events.append, on_progress=lambda *report: events.append(report))
    assert events == [(1, 1, "one"), "result"]

    def stop(progress):
        raise Cancelled

    jobs.start("x", stop, on_cancelled=lambda: events.append("quiet"))
    assert events[-1] == "quiet"
    assert not jobs.running


def test_qt_keeps_the_references_it_is_given(qtbot) -> None:
    # PySide6 6.12.0 on CPython 3.11 loses one reference to None per call and aborts after some thousands.
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(1000):
        widget.update()
    assert sys.getrefcount(None) > before - 100


def test_signals_keep_the_references_they_carry(qtbot) -> None:
    bell = QObject()
    seen: list[str] = []
    bell.objectNameChanged.connect(seen.append)
    before = sys.getrefcount(True)
    for number in range(1000):
        bell.setObjectName(str(number))
        bell.blockSignals(False)
    assert len(seen) == 1000
    assert sys.getrefcount(True) > before - 100


def test_steps_are_taken_in_turns_that_let_the_window_paint_between(qtbot, threaded) -> None:
    taken: list[str] = []

    class Painted(QWidget):
        def paintEvent(self, _event) -> None:
            taken.append("painted")

    widget = Painted()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: bool(taken))
    taken.clear()

    def step(name: str) -> None:
        taken.append(name)
        widget.update()

    threaded.in_turns("show", lambda: step("one"), lambda: step("two"))
    assert not taken and threaded.is_running("show")
    qtbot.waitUntil(lambda: len(taken) == 4)
    assert taken == ["one", "painted", "two", "painted"]
    assert not threaded.is_running("show")


def test_steps_left_are_dropped_when_they_are_forgotten_or_something_newer_comes(qtbot, threaded) -> None:
    taken: list[str] = []
    threaded.in_turns("show", lambda: threaded.forget("show"), lambda: taken.append("late"))
    threaded.in_turns("other", lambda: taken.append("old"))
    threaded.in_turns("other", lambda: taken.append("new"))
    qtbot.waitUntil(lambda: taken == ["new"])
    qtbot.wait(20)
    assert taken == ["new"]


def test_where_jobs_run_in_place_the_steps_do_too(qtbot) -> None:
    taken: list[int] = []
    Jobs(print, print, synchronous=True).in_turns("show", lambda: taken.append(1), lambda: taken.append(2))
    assert taken == [1, 2]
