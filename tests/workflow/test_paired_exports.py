"""Paired time points that leave: on a stick, as masks and measurements, and of both sides."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.workflow.two_machines import QUIET, Machine, make_home, send_back, take, word
from workstation.errors import ProtocolViolation
from workstation.imaging.load import stack_geometry
from workstation.imaging.measurement import Mark, Shape, to_dict
from workstation.imaging.study import Laterality
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.strokes import Stroke
from workstation.reading.cards import Seat
from workstation.reading.order import Presentation
from workstation.reading.seal import LEAST_COST
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account
from workstation.workflow.deliver import export_study
from workstation.workflow.make_package import make_package
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.verify_study import verify_study
from workstation.workflow.workspace import Workspace, open_workspace

PLAN = (
    'id = "koa"\ntitle = "Knee"\ncases = ["K-1", "K-2"]\nreaders = ["R1", "R2"]\ninstruments = ["recht"]\n'
    '[blinding]\ntime_points = "paired-hidden"\n'
)


def answered(study: Study, reader: str, last: int, signature: str) -> None:
    desk = study.reader(reader)
    while (code := desk.next_case()) is not None:
        read = desk.open_read(code)
        for item in read.sheet().instrument.items:
            visit = item.column.visit if item.column is not None else "A"
            read.answer(item.id, 1 if visit == "A" else last)
        read.lock(signature)


def test_a_package_brings_the_columns_and_the_return_the_visits(visit_library: Path, tmp_path: Path) -> None:
    home, away = Machine(tmp_path / "home"), Machine(tmp_path / "away")
    home.place.mkdir()
    visit_library.rename(home.library)
    people = AccountFolder(home.study / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(f'{PLAN}[sealing]\nmode = "coordinator"\n', encoding="utf-8")
    create_study(tmp_path / "plan.toml", home.study, home.library, passphrase_of=word).close()
    with home.opened("C1") as study:
        assert study.library is not None
        drawn = study.orders.visits("R1", Presentation("K-1"), knows_order=False)
        make_package(study, study.library, "R1", "C1", tmp_path / "out", progress=QUIET)
    take(away, tmp_path / "out")
    with away.opened("R1") as study:
        read = study.reader("R1").open_read("K-1")
        assert [column.visit for column in read.forms[0].columns] == list(drawn)
        answered(study, "R1", 3, word("R1"))
    send_back(away, "R1", tmp_path / "back")
    take(home, tmp_path / "back")
    with home.opened("R2") as study:
        answered(study, "R2", 2, word("R2"))
    with home.opened("C1") as study:
        study.unseal_cases(study.plan.cases, "C1")
        values = {(row.reader, row.visit, row.value) for row in reads_rows(study) if row.case == "K-1"}
        assert values == {("R1", "A", 1), ("R2", "A", 1), ("R1", "B", 3), ("R2", "B", 2)}
        assert verify_study(study).is_intact


@pytest.fixture
def workspace(visit_library: Path) -> Iterator[Workspace]:
    with open_workspace(visit_library) as opened:
        yield opened


def test_masks_and_measurements_name_the_visit(workspace: Workspace, tmp_path: Path) -> None:
    library = workspace.library
    (tmp_path / "plan.toml").write_text(f'{PLAN}[sealing]\nmode = "none"\n', encoding="utf-8")
    create_study(tmp_path / "plan.toml", tmp_path / "study", library.folder).close()
    visits = library.visit_of("K-1")
    with open_study_folder(tmp_path / "study", workspace) as study:
        for reader in ("R1", "R2"):
            read = study.reader(reader).open_read("K-1")
            for series in library.series("K-1"):
                geometry = stack_geometry(series)
                assert geometry is not None
                change = change_in(
                    np.zeros(geometry.shape, np.uint8), np.ones((1, 6, 8), np.bool_), (1, 5, 4), 1
                )
                read.keep_stroke(Stroke(series.key[-8:], series.key, "polygon", packed(change)))
                image = series.instances[1].sop_instance_uid
                mark = Mark(f"{reader}-{series.key[-8:]}", Shape.KEY, series.key, image, 0, ())
                read.keep_mark(mark.id, to_dict(mark))
        met = [column.visit for column in read.forms[0].columns]
        answered(study, "R1", 3, "R1")
    with pytest.raises(ProtocolViolation, match="carry the dates of their visits"):
        export_study(
            workspace, tmp_path / "study", "seg", tmp_path / "own", reader="R1", progress=SilentProgress()
        )
    own = export_study(
        workspace,
        tmp_path / "study",
        ("nifti", "csv"),
        tmp_path / "own",
        reader="R1",
        progress=SilentProgress(),
    )
    assert {path.name for path in own if path.suffix == ".gz"} == {
        f"{number}-drawn-visit{point}-R1.nii.gz" for number in (2, 3) for point in (1, 2)
    }, "before the study is open its reader learns the time point only"
    assert {row["visit"] for row in rows_of(tmp_path / "own" / "measurements.csv")} == {"1", "2"}
    with open_study_folder(tmp_path / "study", workspace) as study:
        answered(study, "R2", 2, "R2")
    out = tmp_path / "out"
    formats = ("csv", "html", "seg", "nifti")
    made = export_study(workspace, tmp_path / "study", formats, out, progress=SilentProgress())
    names = {path.name for path in made}
    assert {f"2-drawn-visit{visit}-{reader}.dcm" for visit in "AB" for reader in ("R1", "R2")} < names
    dataset = pydicom.dcmread(out / "K-1" / "2-drawn-visitB-R1.dcm")
    assert dataset.SeriesDescription.endswith("of visit B")
    sources = {visits[series.key]: series.first.study_instance_uid for series in library.series("K-1")}
    assert dataset.StudyInstanceUID == sources["B"], "the mask of visit B belongs to the study of visit B"
    for table in ("measurements.csv", "mask_agreement.csv"):
        found = {(row["series"], row["visit"]) for row in rows_of(out / table)}
        assert found == set(visits.items())
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "K-1 visit B drawn R1" in report and "each in a column, in an order of chance" in report
    assert set(met) == {"A", "B"}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_a_bilateral_case_has_a_column_for_each_side(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    with open_workspace(home.library) as workspace:
        workspace.library.confirm_laterality("K-2", Laterality.BILATERAL, "C1")
    (tmp_path / "plan.toml").write_text(
        PLAN.replace("paired-hidden", "known") + '[sealing]\nmode = "none"\n', encoding="utf-8"
    )
    with create_study(tmp_path / "plan.toml", tmp_path / "sides", home.library) as made:
        assert [(one.case, one.sides) for one in made.plan.columns] == [("K-2", ("R", "L"))]
    with open_workspace(home.library) as workspace, open_study_folder(tmp_path / "sides", workspace) as study:
        for reader, left in (("R1", 3), ("R2", 2)):
            for code in ("K-1", "K-2"):
                read = study.reader(reader).open_read(code)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, left if item.column is not None and item.column.side == "L" else 1)
                read.lock(reader)
        assert [column.title for column in read.forms[0].columns] == ["Right", "Left"]
        values = {(row.side, row.visit, row.value) for row in reads_rows(study) if row.case == "K-2"}
        assert values == {("R", "A", 1), ("L", "A", 3), ("L", "A", 2)}
    export_study(None, tmp_path / "sides", "csv", tmp_path / "out", progress=SilentProgress())
    wide = rows_of(tmp_path / "out" / "reconciled.csv")
    assert [(row["case"], row["side"]) for row in wide][1:] == [("K-2", "R"), ("K-2", "L")]


def test_a_form_that_asks_about_both_sides_itself_has_no_columns_for_them() -> None:
    assert instrument("red-marrow-hip").asks_both_sides
    assert not instrument("recht").asks_both_sides
