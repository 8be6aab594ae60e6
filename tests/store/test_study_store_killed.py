"""kill -9 while scoring: every answer that was acknowledged is there afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3", "K-4"]
readers = ["R1", "R2"]
instruments = ["worms-marrow", "recht"]
"""
READER = """
import sys
from pathlib import Path
from workstation.workflow.read_case import open_study_folder

study = open_study_folder(Path(sys.argv[1]))
desk = study.reader("R1")
number = int(sys.argv[2])
while True:
    for entry in desk.worklist():
        read = desk.open_read(entry.code)
        for sheet in read.sheets:
            for item in sheet.instrument.items:
                grade = number % len(item.levels)
                read.answer(item.id, grade, instrument=sheet.instrument.id)
                sys.stdout.write(f"{entry.code} {sheet.instrument.id} {item.id} {grade}\\n")
                sys.stdout.flush()
                number += 1
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_killed_while_scoring(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    folder = tmp_path / "study"
    create_study(tmp_path / "plan.toml", folder).close()
    chance = random.Random(20261121)
    acknowledged: dict[tuple[str, str, str], int] = {}
    total = 0
    for round_number in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), str(round_number)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        assert process.stdout is not None
        lines = [process.stdout.readline()]  # it has begun
        time.sleep(chance.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        for line in lines:
            if line.endswith("\n"):
                case, form, item, grade = line.split()
                acknowledged[case, form, item] = int(grade)
                total += 1
        with open_study_folder(folder) as study:
            desk = study.reader("R1")
            lost = []
            for (case, form, item), grade in acknowledged.items():
                kept = desk.open_read(case).sheet(form).answer(item).grade
                # The one answer after the last acknowledged may also be there: it was on its way.
                if kept != grade:
                    lost.append((case, form, item, grade, kept))
            assert len(lost) <= 1, lost
            for case, form, item, _, kept in lost:
                assert kept is not None
                acknowledged[case, form, item] = kept
            assert verify_study(study).is_intact
    assert total >= 6
