"""kill -9 in the middle of a sealed read: every answer and stroke that was acknowledged is there afterwards.

``MARROW_KILLS=200`` makes it 200 moments; without it there are 10.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = [{cases}]
readers = ["R1", "R2"]
instruments = ["recht"]
[sealing]
mode = "both-keys"
"""
READER = """
import sys
from pathlib import Path
import numpy as np
from workstation.masks.editing.change import Change, packed
from workstation.masks.editing.strokes import Stroke
from workstation.workflow.read_case import open_study_folder

study = open_study_folder(Path(sys.argv[1]))
study.sign_in("R1", "four plain words R1")
desk = study.reader("R1")
def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

# So many scattered voxels that it takes two entries.
voxels = np.arange(0, 3200, 2)
large = packed(Change((1, 40, 80), voxels, np.zeros(1600, np.uint8), np.ones(1600, np.uint8)))
say("ready")
grade = int(sys.argv[2])
code = desk.next_case()
while code:
    read = desk.open_read(code)
    for turn in range(3):
        read.keep_stroke(Stroke(f"{grade}-{turn}", "1.2", "grow", large))
        say(f"stroke {code} {grade}-{turn} 2")
        for item in read.sheet().instrument.items:
            grade += 1
            read.answer(item.id, grade % len(item.levels))
            say(f"answer {code} {item.id} {grade % len(item.levels)}")
    read.lock("four plain words R1")
    say(f"lock {code} - 0")
    code = desk.next_case(code)
"""
KILLS = int(os.environ.get("MARROW_KILLS", "10"))
LONGEST_S = 0.25


@pytest.mark.timeout(60 + 10 * KILLS)
@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_killed_in_a_sealed_read(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    people = AccountFolder(folder / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, f"four plain words {name}", cost=LEAST_COST)
    cases = ", ".join(f'"K-{number:03}"' for number in range(1, 4 * KILLS + 2))
    (tmp_path / "plan.toml").write_text(PLAN.format(cases=cases), encoding="utf-8")
    create_study(
        tmp_path / "plan.toml", folder, passphrase_of=lambda name: f"four plain words {name}"
    ).close()
    chance = random.Random(20261121 + KILLS)
    answers: dict[tuple[str, str], int | None] = {}
    locked: set[str] = set()
    entries: dict[str, int] = {}
    total = 0
    for number in range(KILLS):
        acknowledged = _killed_after(folder, number, chance.uniform(0.0, LONGEST_S))
        with open_study_folder(folder) as study:
            assert verify_study(study).findings == (), f"after kill {number + 1}"
            study.sign_in("R1", "four plain words R1")
            desk = study.reader("R1")
            for what, code, item, grade in acknowledged:
                total += 1
                if what == "lock":
                    locked.add(code)
                elif what == "answer":
                    answers[code, item] = int(grade)
            for code in {code for _, code, _, _ in acknowledged}:
                read = desk.open_read(code)
                assert read.is_locked or code not in locked, (
                    f"the lock of {code} was acknowledged and is gone"
                )
                mine = [(what, item) for what, one, item, _ in acknowledged if one == code]
                told = sum(1 + (what == "stroke") for what, _ in mine if what != "lock")
                drawn = {one.id: len(one.deltas) for one in read.drawn.all()}
                assert {item for what, item in mine if what == "stroke"} <= set(drawn)
                assert set(drawn.values()) <= {2}, "half a stroke was kept"
                # One answer or stroke more may be there: it was on its way when the program was killed.
                more = read.session.sequence - entries.get(code, 0) - told
                entries[code] = read.session.sequence
                assert more >= 0, f"{-more} acknowledged answers of {code} are lost"
                sheet = read.sheet()
                known = {item: grade for (one, item), grade in answers.items() if one == code}
                other = [item for item, grade in known.items() if sheet.answer(item).grade != grade]
                assert len(other) <= more, (code, other)
                for item in other:
                    answers[code, item] = sheet.answer(item).grade
    assert total >= KILLS
    with open_study_folder(folder) as study:  # at the end everything, not only what was touched last
        study.sign_in("R1", "four plain words R1")
        assert study.locked() >= {("R1", code, 1) for code in locked}
        assert verify_study(study).is_intact
    print(f"{KILLS} kills, {total} acknowledged, {len(locked)} locked")


def _killed_after(folder: Path, number: int, seconds: float) -> list[tuple[str, str, str, str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(folder), str(number)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    parts = [line.split() for line in lines[1:] if line.endswith("\n")]
    return [(what, code, item, grade) for what, code, item, grade in parts]
