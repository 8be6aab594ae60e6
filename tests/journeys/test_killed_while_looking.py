"""The window is killed while a reader looks: layout, slices, windows and turns come back with the case."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workstation import settings
from workstation.errors import StoreError
from workstation.workflow.free_view import keep_view, kept_view, view_file, view_of_folder
from workstation.workflow.read_case import create_study

WINDOW = """
import json, sys
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from workstation.gui.application import make_application, make_window
from workstation.gui.reading.read_keeper import KEEP_VIEW_MS
from workstation.workflow.workspace import open_workspace

library, what, keys = sys.argv[1:]
make_application()
window = make_window(open_workspace(Path(library)))
window.resize(1280, 800)
window.show()
desk = window.show_desk("reading", what if what == "K-R" else Path(what))
if what != "K-R":
    for _ in range(600):
        if desk.readers:
            break
        QTest.qWait(50)
    desk.choose_reader("R1")
grid = desk.grid

def loaded():
    contents = grid.presenter.contents.values()
    return contents and all(one.reading or one.problem for one in contents)

for _ in range(600):
    QTest.qWait(50)
    if loaded():
        break
assert loaded()
QTest.qWait(100)
for key in keys.split():
    held = Qt.KeyboardModifier.AltModifier if key.startswith("Alt+") else Qt.KeyboardModifier.NoModifier
    name = key.removeprefix("Alt+")
    QTest.keyClick(grid, getattr(Qt.Key, "Key_" + name), held)
if keys:
    QTest.qWait(KEEP_VIEW_MS + 400)
print(json.dumps(grid.states()), flush=True)
sys.stdin.readline()
"""
KEYS = "PageDown Down Down Down Alt+2 I T PageUp Tab Up Up H"


def look(library: Path, what: str, keys: str) -> dict[str, Any]:
    """Open, press keys, rest, and be killed; what was on the screen."""
    places = {**os.environ, "WORKSTATION_SYNCHRONOUS": "0"}
    child = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(library), what, keys],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=places,
    )
    try:
        assert child.stdout is not None
        return dict(json.loads(child.stdout.readline()))
    finally:
        child.kill()
        child.communicate()


def test_a_case_of_the_library_comes_back_as_it_was_left(knee_library: Path) -> None:
    fresh = look(knee_library, "K-R", "")
    left = look(knee_library, "K-R", KEYS)
    assert left["tiles"] != fresh["tiles"]
    assert left["windows"]
    assert look(knee_library, "K-R", "") == left


def test_a_read_of_a_study_comes_back_and_nothing_of_free_reading_comes_with_it(
    knee_library: Path, tmp_path: Path
) -> None:
    look(knee_library, "K-R", "I Down Down")
    plan, folder = tmp_path / "plan.toml", tmp_path / "study"
    plan.write_text(
        'id = "s"\ntitle = "Study"\ncases = ["K-R"]\nreaders = ["R1", "R2"]\n'
        'instruments = ["worms-marrow"]\n',
        encoding="utf-8",
    )
    create_study(plan, folder, knee_library).close()
    fresh = look(knee_library, str(folder), "")
    assert not any(tile["inverted"] for tile in fresh["tiles"])
    left = look(knee_library, str(folder), KEYS)
    assert left["tiles"] != fresh["tiles"]
    assert look(knee_library, str(folder), "") == left


def test_what_is_kept_names_no_case_and_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    keep_view(tmp_path, "K-R", {"rows": 1})
    assert kept_view(tmp_path, "K-R") == {"rows": 1}
    assert kept_view(tmp_path, "K-L") == {}
    assert kept_view(tmp_path / "other", "K-R") == {}
    path = view_file(tmp_path, "K-R")
    assert "K-R" not in path.name
    path.write_text("[1", encoding="utf-8")
    assert kept_view(tmp_path, "K-R") == {}
    path.write_text("[1]", encoding="utf-8")
    assert kept_view(tmp_path, "K-R") == {}


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MARROW_CONFIG", str(tmp_path / "file"))
    assert settings.settings_file().parent == tmp_path / "file"
    with pytest.raises(StoreError, match="was not kept"):
        keep_view(tmp_path, "K-R", {})


class TestFolderThatWasNotImported:
    """Known again by its series, wherever it lies; nothing in the file tells whose it is."""

    def test_the_view_comes_back_and_holds_no_uid_name_or_path(
        self, phantom_knees: Path, tmp_path: Path
    ) -> None:
        from workstation.tasks import SilentProgress
        from workstation.workflow.open_study import open_folder

        place = tmp_path / "SENTINELFOLDER"
        shutil.copytree(phantom_knees / "right" / "series-4", place / "a")
        series = open_folder(place, SilentProgress()).series
        (one,) = series
        view = {
            "tiles": [{"series_key": one.key, "slice_index": 7}],
            "windows": {one.key: [10.5, 20.25, "LINEAR"], f"{one.key}#reformat-1": [1, 2, "LINEAR"]},
            "ties": {"offsets": [[one.frame_of_reference_uid, "1.2.3.4.5", [1.5, 0.25, -3.125]]]},
            "tools": {"marks": [{"sop": one.instances[3].sop_instance_uid}]},
        }
        free_view = view_of_folder(series)
        assert free_view.kept() == {}
        free_view.keep(view)
        written = free_view.path.read_text(encoding="utf-8") + str(free_view.path)
        hidden = {one.key, one.frame_of_reference_uid, one.study_instance_uid, "SENTINELFOLDER"}
        hidden |= {instance.sop_instance_uid for instance in one.instances} | {"1.2.3.4.5"}
        assert not [word for word in hidden if word in written]
        (place / "a").rename(tmp_path / "moved")
        again = view_of_folder(open_folder(tmp_path / "moved", SilentProgress()).series).kept()
        foreign = again["ties"]["offsets"][0].pop(1)
        assert view["ties"]["offsets"][0].pop(1) == "1.2.3.4.5"
        assert foreign.startswith("uid-"), "a UID of no file here stays a digest"
        assert again == view

    def test_other_files_of_the_same_number_of_series_have_a_view_of_their_own(
        self, phantom_knees: Path
    ) -> None:
        from workstation.tasks import SilentProgress
        from workstation.workflow.open_study import open_folder

        views = [
            view_of_folder(open_folder(phantom_knees / side / "series-4", SilentProgress()).series)
            for side in ("right", "left")
        ]
        views[0].keep({"rows": 1})
        assert views[1].kept() == {}
