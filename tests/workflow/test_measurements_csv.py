"""Measurements of locked reads as a table: seen by whom the answers are seen, by nobody else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from workstation.imaging.measurement import Calibration, Mark, Shape, to_dict
from workstation.imaging.roi import PictureValues, measure
from workstation.reading.visibility import Role, Viewer
from workstation.tasks import SilentProgress
from workstation.workflow.deliver import export_study
from workstation.workflow.read_case import OpenRead, Study, create_study
from workstation.workflow.reads_csv import measurements

PICTURE = PictureValues(
    np.arange(400, dtype=np.uint16).reshape(20, 20), 1.0, 0.0, Calibration((0.5, 0.5), "mm", ""), "stored"
)
COORDINATOR = Viewer(Role.COORDINATOR)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "plan.toml").write_text(
        'id = "koa"\ntitle = "Knee"\ncases = ["K-1"]\nreaders = ["R1", "R2"]\ninstruments = ["recht"]\n',
        encoding="utf-8",
    )
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as made:
        yield made


def drawn(read: OpenRead, mark_id: str, shape: Shape, name: str = "") -> None:
    points = ((2.0, 4.0), (8.0, 12.0)) if shape is not Shape.KEY else ()
    mark = Mark(mark_id, shape, "1.2", "1.2.3", 0, points, name, measure(shape, points, PICTURE))
    read.keep_mark(mark_id, to_dict(mark))


def lock(read: OpenRead) -> None:
    for item in read.sheets[0].instrument.items:
        read.answer(item.id, 1)
    read.lock(read.session.key.reader)


def read_by(study: Study, reader: str) -> OpenRead:
    return study.reader(reader).open_read("K-1")


def test_they_are_seen_with_the_answers_and_not_before(study: Study) -> None:
    first = read_by(study, "R1")
    drawn(first, "a", Shape.LENGTH)
    assert measurements(study, Viewer(Role.READER, "R1")) == ()
    lock(first)
    assert [one.mark.id for one in measurements(study, Viewer(Role.READER, "R1"))] == ["a"]
    assert measurements(study, Viewer(Role.READER, "R2")) == ()
    assert measurements(study, COORDINATOR) == ()
    second = read_by(study, "R2")
    drawn(second, "b", Shape.KEY)
    lock(second)
    assert [(one.reader, one.mark.id) for one in measurements(study)] == [("R1", "a"), ("R2", "b")]


def test_what_was_taken_back_is_not_told(study: Study) -> None:
    first = read_by(study, "R1")
    drawn(first, "a", Shape.LENGTH)
    drawn(first, "b", Shape.ELLIPSE)
    first.undo()
    first.keep_mark("a", None)
    lock(first)
    assert measurements(study, Viewer(Role.READER, "R1")) == ()


def test_every_number_is_a_row_with_its_unit(study: Study, tmp_path: Path) -> None:
    for reader in ("R1", "R2"):
        read = read_by(study, reader)
        drawn(read, f"{reader}-a", Shape.RECTANGLE, "=lesion")
        drawn(read, f"{reader}-b", Shape.KEY)
        read.keep_mark("region", {"type": "region", "voxels": [1, 2]})
        lock(read)
    folder = Path(study.store.folder)
    study.close()
    export_study(None, folder, "csv", tmp_path / "out", progress=SilentProgress())
    with (tmp_path / "out" / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    mine = [row for row in rows if row["reader"] == "R1"]
    numbers = {row["quantity"]: (float(row["value"]), row["unit"]) for row in mine if row["quantity"]}
    block = PICTURE.stored[4:12, 2:8].astype(float)
    assert numbers["area"] == (48 * 0.25, "mm2")
    assert numbers["n"] == (48, "pixels")
    assert numbers["mean"] == (pytest.approx(block.mean(), rel=1e-5), "stored")
    assert numbers["sd"] == (pytest.approx(block.std(ddof=1), rel=1e-5), "stored")
    assert (numbers["min"][0], numbers["max"][0]) == (block.min(), block.max())
    assert {row["kind"] for row in mine} == {"rectangle", "key"}
    assert {row["frame_number"] for row in mine} == {"1"}
    assert mine[0]["points"] == "2 4; 8 12"
    assert mine[0]["name"] == "'=lesion"
