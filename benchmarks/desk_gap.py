"""How long the window does not answer while a reader works: a read is opened, signed and the next one comes,
reads are compared for the first time, and reconciled; and in the steps of `desk_gap_steps`.

A timer beats in the window every 5 ms; a gap is how much later than that a beat came. Beside it stands the
processor time of the window's own thread within the gap: other work on the machine, and threads that hold
the interpreter, lengthen the first and not the second. Each round is a process of its own, since only the
first time shows what has to be imported and made.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import desk_gap_steps
from benchmarks.figures import Figure, figure

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow

OF_A_STUDY = ("open_read", "sign_next", "results", "reconcile")
STEPS: tuple[str, ...] = OF_A_STUDY + tuple(step for step in desk_gap_steps.STEPS if step != "theme")
"""A change of theme styles every widget at once: it has a figure of its own and is not in the longest."""
NAMES: tuple[str, ...] = ("desk_gap_ms", "desk_gap_cpu_ms", *(f"gap_{step}_ms" for step in (*STEPS, "theme")))
LIMIT_MS = 50
READERS = ("R1", "R2")
RUNS = 3
_BEAT_MS = 5
_PATIENCE_S = 120
_SETTLE_S = 1.0

Gap = tuple[float, float]
"""Wall and processor time in ms."""


def run(runs: int | None = None) -> list[Figure]:
    """The longest gap of each round and of each step, and as floor the window at rest."""
    from benchmarks.one_study import knee_library

    with knee_library() as (library, _code), tempfile.TemporaryDirectory(prefix="marrow-bench-") as place:
        many = desk_gap_steps.many_cases(Path(place))
        rounds = []
        for number in range(runs or RUNS):
            study = Path(place) / f"study-{number}"
            of_a_study = measure("benchmarks.desk_gap", library, study)
            rounds.append({**of_a_study, **measure("benchmarks.desk_gap_steps", many, library)})
    rest = statistics.median(one["rest"][0] for one in rounds)
    told: dict[str, Any] = {
        "floor": rest,
        "floor_name": "longest gap of the same window at rest",
        "limit": LIMIT_MS,
    }
    worst = [[max(one[step][part] for step in STEPS) for one in rounds] for part in (0, 1)]
    return [
        figure("desk_gap_ms", worst[0], "ms", **told),
        figure("desk_gap_cpu_ms", worst[1], "ms", limit=LIMIT_MS),
        *(
            figure(f"gap_{step}_ms", [one[step][0] for one in rounds], "ms", **told)
            for step in (*STEPS, "theme")
        ),
    ]


def measure(module: str, *arguments: Path) -> dict[str, Gap]:
    """One round in a fresh process: the longest gap of each step that a module measures."""
    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as own:
        environment = {
            **os.environ,
            "MARROW_CONFIG": str(Path(own) / "config"),
            "MARROW_LOG": str(Path(own) / "log"),
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "WORKSTATION_SYNCHRONOUS": "",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's Python keeps what it compiled
        command = [sys.executable, "-m", module, *map(str, arguments)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=4 * _PATIENCE_S
        )
    answer: dict[str, Gap] = json.loads(done.stdout.splitlines()[-1])
    return answer


def make_study(library: Path, folder: Path) -> None:
    """A study of both knees on two forms; R2 has signed everything."""
    from workstation.workflow.read_case import create_study
    from workstation.workflow.workspace import open_workspace

    with open_workspace(library) as workspace:
        for case in workspace.library.cases():
            if not case.laterality_confirmed and case.laterality is not None:
                workspace.library.confirm_laterality(case.code, case.laterality, by="benchmark")
        cases = ", ".join(f'"{case.code}"' for case in workspace.library.cases())
        plan = folder.with_suffix(".toml")
        plan.write_text(
            f'id = "bench"\ntitle = "Benchmark"\ncases = [{cases}]\nreaders = ["R1", "R2"]\n'
            'instruments = ["worms-marrow"]\n[reconciliation]\nrule = "consensus"\n',
            encoding="utf-8",
        )
        with create_study(plan, folder, library) as study:
            reader = study.reader("R2")
            for entry in reader.worklist():
                read = reader.open_read(entry.code)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, 1)
                read.lock("R2", blinding_held=True)


def work_through(library: Path, folder: Path, watch: Callable[..., Gap]) -> dict[str, Gap]:
    """R1 reads and signs everything, then results and reconcile are opened for the first time."""
    from workstation.gui.application import make_application, make_window, warm_up
    from workstation.gui.reading.reading_desk import ReadingDesk
    from workstation.workflow.workspace import open_workspace

    make_study(library, folder)
    make_application()
    window = make_window(open_workspace(library), synchronous=False)
    window.resize(1440, 900)
    window.show()
    warm_up(window)  # as the program does once the cases are listed
    watch(lambda: None, lambda: not window.context.jobs.running)
    found = {"rest": watch(lambda: None, lambda: False, _SETTLE_S)}

    def open_read() -> None:
        window.show_desk("reading", folder)

    reading = window.built("reading") or window.show_desk("reading")
    assert isinstance(reading, ReadingDesk)
    found["open_read"] = watch(open_read, lambda: bool(reading.readers))
    opened = watch(lambda: reading.choose_reader("R1"), lambda: is_shown(reading))
    found["open_read"] = _longer(found["open_read"], opened)
    signed = []
    for code in reading.worklist_codes[1:]:
        _answer_all(reading)
        signed.append(watch(lambda: _sign(reading), partial(is_shown, reading, code)))
    _answer_all(reading)
    signed.append(watch(lambda: _sign(reading), lambda: reading.read is None))
    found["sign_next"] = reduce(_longer, signed)
    found["results"] = _first_view(window, folder, watch, "results", lambda desk: desk.results)
    found["reconcile"] = _first_view(window, folder, watch, "reconcile", lambda desk: desk.case)
    window.close()
    return found


def _first_view(
    window: MainWindow,
    folder: Path,
    watch: Callable[..., Gap],
    name: str,
    told: Callable[..., object],
) -> Gap:
    def is_done() -> bool:
        desk = window.built(name)
        return desk is not None and told(desk) is not None

    return watch(lambda: window.show_desk(name, folder), is_done)


def is_shown(reading: object, code: str = "") -> bool:
    from workstation.gui.reading.reading_desk import ReadingDesk

    assert isinstance(reading, ReadingDesk)
    read, presenter = reading.read, reading.grid.presenter
    contents = [presenter.content(tile) for tile in range(len(presenter.states))]
    hung = [content for content in contents if content is not None]
    return (
        read is not None
        and (not code or read.case.code == code)
        and bool(hung)
        and all(content.reading is not None for content in hung)
    )


def _answer_all(reading: object) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from workstation.gui.reading.reading_desk import ReadingDesk

    assert isinstance(reading, ReadingDesk) and reading.read is not None
    for number in range(len(reading.read.sheet().instrument.items)):
        QTest.keyClick(reading.grid, Qt.Key.Key_0 if number % 2 else Qt.Key.Key_2)


def _sign(reading: object) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    from workstation.gui.reading.reading_desk import ReadingDesk

    assert isinstance(reading, ReadingDesk)
    QTest.keyClick(reading.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    signature = reading.findChild(QLineEdit, "signature")
    assert signature is not None
    signature.setText("R1")
    QTest.keyClick(signature, Qt.Key.Key_Return)


def _longer(one: Gap, two: Gap) -> Gap:
    return max(one[0], two[0]), max(one[1], two[1])


def longest_gap(act: Callable[[], object], is_done: Callable[[], bool], seconds: float = 0.0) -> Gap:
    """Act inside the event loop; the longest gap until `is_done` and a while after it, or for `seconds`.

    Raises
    ------
    RuntimeError
        If what was asked for did not come.
    """
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(_BEAT_MS)
    began = last = time.perf_counter()
    used = time.thread_time()
    longest = (0.0, 0.0)
    done_at: float | None = None

    def beat() -> None:
        nonlocal last, used, longest, done_at
        now, cpu = time.perf_counter(), time.thread_time()
        longest = _longer(longest, ((now - last) * 1000 - _BEAT_MS, (cpu - used) * 1000))
        last, used = now, cpu
        if done_at is None and is_done():
            done_at = now
        if (done_at is not None and now - done_at > _SETTLE_S) or now - began > (seconds or _PATIENCE_S):
            loop.quit()

    timer.timeout.connect(beat)
    timer.start()
    QTimer.singleShot(2 * _BEAT_MS, act)
    loop.exec()
    timer.stop()
    if not seconds and done_at is None:
        raise RuntimeError("what was asked for did not come")
    return longest


if __name__ == "__main__":
    print(json.dumps(work_through(Path(sys.argv[1]), Path(sys.argv[2]), longest_gap)), flush=True)
