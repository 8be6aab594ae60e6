"""B reads through the window in a home of its own; then every byte that was left anywhere is searched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import create_study, open_study_folder

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-R", "K-L"]
readers = ["A", "B"]
instruments = ["recht"]
[repeats]
share = 0.5
washout_days = 0
[sealing]
mode = "both-keys"
"""
SECRET = "SENTINELSECRET"
READER = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from workstation.gui.application import make_application, make_window
from workstation.gui.crash import CrashGuard
from workstation.workflow.workspace import open_workspace

library, study, secret, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
application = make_application()
guard = CrashGuard(lambda _text: None)
window = make_window(open_workspace(library), synchronous=True)
window.resize(1280, 800)
window.show()
window.show_desk("reading", "K-R")  # freely, as anybody may: what it keeps is searched too
desk = window.show_desk("reading", study)
desk.choose_reader("B")
desk.sign_in("B", "not the right words " + secret)
desk.sign_in("B", "four plain words B")
met = []
while desk.read is not None and not desk.read.is_locked:
    read = desk.read
    met.append(read.images_of)
    desk._screen.side_window.turn()
    desk.grid.detach(0)
    for number, item in enumerate(read.sheet().instrument.items):
        read.answer(item.id, 4 if number % 2 else 1)
    read.keep_mark("m1", {"kind": "annotation", "text": secret + " annotation", "points": [[1.0, 2.0, 3.0]]})
    read.undo()
    read.redo()
    QApplication.clipboard().setText(secret + " copied")
    try:
        raise ValueError(secret + " in an error")
    except ValueError as error:
        guard.report(error)
    desk._keeper.flush()
    if how == "killed" and len(met) == 2:
        print(",".join(met), flush=True)
        import time
        time.sleep(60)
    desk._lock.signed.emit("four plain words B", False, secret + " remark")
print(",".join(met), flush=True)
window.close()
"""


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture(params=["closed", "killed"])
def left(request: pytest.FixtureRequest, knee_library: Path, tmp_path: Path) -> tuple[Path, list[str]]:
    """Everything that a session left, and the cases in the order in which B met them."""
    box = tmp_path / "box"
    study = box / "study"
    people = AccountFolder(study / FOLDER)
    for name in ("A", "B"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    (box / "plan.toml").write_text(PLAN, encoding="utf-8")
    create_study(box / "plan.toml", study, knee_library, passphrase_of=word).close()
    with open_study_folder(study) as opened:
        for name in ("A", "B"):
            opened.sign_in(name, word(name))
            opened.sign_out(name)
    shutil.move(knee_library, box / "library")
    script = box.with_name("read.py")
    script.write_text(READER, encoding="utf-8")
    homes = {name: str(box / name) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    homes |= {name: str(box / name) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")}
    for place in homes.values():
        Path(place).mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MARROW_", "XDG_"))}
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, str(script), str(box / "library"), str(study), SECRET, request.param],
        stdout=subprocess.PIPE,
        text=True,
        cwd=box,
        env={
            **kept,
            **homes,
            "PYTHONPATH": root,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    assert process.stdout is not None
    met = process.stdout.readline().strip().split(",")
    if request.param == "killed":
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert request.param == "killed" or process.returncode == 0
    return box, met


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_nothing_of_b_and_nothing_of_bs_order_lies_anywhere(left: tuple[Path, list[str]]) -> None:
    box, met = left
    assert len(met) >= 2
    files = {path: path.read_bytes() for path in box.rglob("*") if path.is_file()}
    assert any(path.name.startswith("crash-") for path in files), "the search looks where the program writes"
    with open_study_folder(box / "study") as study:
        study.sign_in("B", word("B"))
        seed = study.orders.seeds["B"]
        slots = {slot for shown, slot in study.orders.slots("B").items() if shown.number == 1}
    traces = [SECRET.encode(), b'"grade"', b'"annotation"', word("B").encode(), seed, seed.hex().encode()]
    traces += [trace.decode("latin-1").encode("utf-16-le") for trace in traces[:1]]
    for path, content in files.items():
        for trace in traces:
            assert trace not in content, f"{trace!r} in {path.relative_to(box)}"
    # Which case B has read, or in which order, shows in no file: no slot beside a case, no case in the log.
    plans = {box / "plan.toml", box / "study" / "plan.toml"}
    for path, content in files.items():
        if path.is_relative_to(box / "library") or path in plans:
            continue
        text = content.decode("latin-1")
        if path.name.startswith(DATABASE):
            continue
        assert "K-R" not in text, path.relative_to(box)
        assert "K-L" not in text, path.relative_to(box)
    rows = sqlite3.connect(box / "study" / DATABASE)
    kept = rows.execute("SELECT DISTINCT case_code, presentation FROM journal").fetchall()
    events = rows.execute("SELECT detail FROM audit").fetchall()
    rows.close()
    assert slots & {code for code, _ in kept}
    assert {number for _, number in kept} == {1}
    assert not {code for code, _ in kept} & {"K-R", "K-L"}
    assert not any("K-R" in json.dumps(event) or "K-L" in json.dumps(event) for event in events)
