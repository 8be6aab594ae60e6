"""Measurements and masks of a sealed study: in no byte of it before it is unsealed, then as drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workstation.imaging.measurement import Mark, Shape, to_dict
from workstation.masks.editing.change import Change, packed
from workstation.masks.editing.strokes import Stroke
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.reading.session import ReadingSession
from workstation.reading.visibility import Role, Viewer
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.reads_csv import measurements
from workstation.workflow.reconcile_case import reconciliations

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1"]
readers = ["R1", "R2"]
instruments = ["recht"]

[sealing]
mode = "coordinator"
"""
NOTES = {"R1": "PLANTEDNOTEONE", "R2": "PLANTEDNOTETWO"}


VOXELS = {"R1": [3, 4, 9], "R2": [4, 5]}
STROKES = {
    reader: Stroke(
        "s",
        "1.2",
        "brush",
        packed(
            Change(
                (1, 4, 4), np.array(voxels), np.zeros(len(voxels), np.uint8), np.ones(len(voxels), np.uint8)
            )
        ),
    )
    for reader, voxels in VOXELS.items()
}


def drawn_in(session: ReadingSession) -> list[int]:
    labels = session.content.drawn.labels_of("1.2")
    return [] if labels is None else np.flatnonzero(labels).tolist()


def word(name: str) -> str:
    return f"four plain words {name}"


def read(study: Study, reader: str) -> None:
    assert study.vault is not None
    study.vault.sign_in(reader, word(reader))
    opened = study.reader(reader).open_read("K-1")
    mark = Mark(f"{reader}-1", Shape.TEXT, "1.2", "1.2.3", 0, ((3.0, 4.0),), NOTES[reader])
    opened.keep_mark(mark.id, to_dict(mark))
    opened.keep_stroke(STROKES[reader])
    for item in opened.sheets[0].instrument.items:
        opened.answer(item.id, 1)
    opened.lock(word(reader))
    again = study.reader(reader).open_read("K-1")
    assert [one["name"] for one in again.marks.values()] == [NOTES[reader]]
    assert drawn_in(again.session) == VOXELS[reader]
    study.vault.sign_out(reader)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    seats = {"R1": Seat.READER, "R2": Seat.READER, "C1": Seat.COORDINATOR}
    for name, seat in seats.items():
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word) as made:
        yield made


def test_no_byte_tells_them_and_the_other_reader_sees_none(study: Study, tmp_path: Path) -> None:
    read(study, "R1")
    read(study, "R2")
    assert study.vault is not None
    study.vault.sign_in("R2", word("R2"))
    assert {drawn_in(one)[0] for one in study.counted_reads().values()} == {4}  # the own one alone
    study.vault.sign_out("R2")
    content = b"".join(path.read_bytes() for path in (tmp_path / "study").rglob("*") if path.is_file())
    assert not any(note.encode() in content for note in NOTES.values())
    assert study.vault is not None
    study.vault.sign_in("R2", word("R2"))
    for viewer in (Viewer(Role.READER, "R2"), Viewer(Role.COORDINATOR)):
        assert {one.reader for one in measurements(study, viewer)} <= {"R2"}  # whoever asks, with R2's keys


def test_no_size_tells_an_outline_from_a_flag(tmp_path: Path) -> None:
    """As many entries of the same visible sizes make a sheet of the same size, whatever they say."""
    chance, sizes = np.random.default_rng(4), set()
    for place, has_outlines in enumerate((True, False)):
        folder = tmp_path / str(place)
        people = AccountFolder(folder / "study" / FOLDER)
        for name in ("R1", "R2", "C1"):
            seat = Seat.COORDINATOR if name == "C1" else Seat.READER
            make_account(people, name, seat, word(name), cost=LEAST_COST)
        (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
        with create_study(folder / "plan.toml", folder / "study", passphrase_of=word) as study:
            study.sign_in("R1", word("R1"))
            opened = study.reader("R1").open_read("K-1")
            for number in range(40):
                points = tuple((float(x), float(y)) for x, y in chance.uniform(0, 300, (100, 2)))
                mark = Mark(str(number), Shape.FREEHAND, "1.2", "1.2.3", 0, points)
                if has_outlines:
                    opened.keep_mark(mark.id, to_dict(mark))
                else:
                    opened.flag("MFC")
            for item in opened.sheets[0].instrument.items:
                opened.answer(item.id, 1)
            key = opened.lock(word("R1")).key
            sheet = study.store.seals.sheet(key)
            assert sheet is not None
            entries = [len(one.payload) for one in study.store.reads.entries(key)]
            sizes.add((tuple(sorted(set(entries))), len(entries), len(sheet.body)))
    assert len(sizes) == 1


def test_unsealing_brings_both_back(study: Study) -> None:
    read(study, "R1")
    read(study, "R2")
    assert study.vault is not None
    for name in study.vault.still_needed(study.plan.cases):
        study.vault.sign_in(name, word(name))
    (case,) = reconciliations(study)
    told = {mark["name"] for session in (case.x, case.y) for mark in session.content.marks.values()}
    assert told == set(NOTES.values())
    assert {one.mark.name for one in measurements(study)} == set(NOTES.values())
    assert sorted([drawn_in(case.x), drawn_in(case.y)]) == sorted(VOXELS.values())
