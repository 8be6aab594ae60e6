"""The window is killed in the middle of a form: every answer that was typed is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from workstation.reading.session import ReadState
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.workspace import open_workspace

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from workstation.gui.application import make_application, make_window
from workstation.workflow.workspace import open_workspace

make_application()
window = make_window(open_workspace(Path(sys.argv[1])), synchronous=True)
window.resize(1280, 800)
window.show()
desk = window.show_desk("reading", Path(sys.argv[2]))
desk.choose_reader("R1")
assert QTest.qWaitForWindowActive(window)
print(desk.read.case.code, flush=True)
for key in sys.stdin:
    QTest.keyClick(desk.grid, key.strip())
    print("typed", flush=True)
"""
GRADES = "1203-F2"
"""Six answers, one of them not assessable, and a flag on the sixth item."""


def test_each_answer_is_on_disk_before_the_next_key_and_survives_a_kill(
    knee_library: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'id = "s"\ntitle = "Study"\ncases = ["K-R", "K-L"]\nreaders = ["R1", "R2"]\n'
        'instruments = ["worms-marrow"]\n',
        encoding="utf-8",
    )
    create_study(plan, folder, knee_library).close()
    child = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(knee_library), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        case = child.stdout.readline().strip()
        for number, key in enumerate(GRADES, start=1):
            child.stdin.write(f"{key}\n")
            child.stdin.flush()
            assert child.stdout.readline().strip() == "typed"
            expected = number - ("F" in GRADES[:number])
            assert _answers(knee_library, folder, case)[0] == expected, f"after key {number}"
    finally:
        child.kill()
        child.communicate()

    answered, grades, flagged = _answers(knee_library, folder, case)
    assert answered == 6
    assert grades == [1, 2, 0, 3, None, 2]
    assert flagged == 1


def _answers(library: Path, folder: Path, case: str) -> tuple[int, list[int | None], int]:
    """What a second program finds on disk."""
    with open_workspace(library) as workspace, open_study_folder(folder, workspace) as study:
        read = study.reader("R1").open_read(case)
        assert read.state is not ReadState.LOCKED
        sheet = read.sheets[0]
        every = [sheet.answer(item.id) for item in sheet.instrument.items]
        grades = [answer.grade for answer in every[: sheet.answered]]
        return sheet.answered, grades, sum(answer.flagged for answer in every)
