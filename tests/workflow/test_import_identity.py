"""No identity gets into the library; every identity is in the crosswalk, outside."""

from __future__ import annotations

import csv
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workstation.errors import StoreError
from workstation.imaging.study import Identity, Joint, Laterality
from workstation.store import crosswalk
from workstation.store.records import CaseStudy
from workstation.tasks import SilentProgress
from workstation.workflow import curate
from workstation.workflow.import_files import import_paths
from workstation.workflow.workspace import open_workspace

WriteSeries = Callable[..., list[Path]]

SENTINELS: dict[str, Any] = {
    "PatientName": "SENTINEL^NAME",
    "OtherPatientNames": "SENTINEL^OTHER",
    "PatientBirthDate": "19700102",
    "PatientAddress": "SENTINEL STREET 1",
    "PatientComments": "SENTINEL COMMENT",
    "InstitutionName": "SENTINEL HOSPITAL",
    "ReferringPhysicianName": "SENTINEL^DOCTOR",
    "OperatorsName": "SENTINEL^OPERATOR",
    "AccessionNumber": "SENTINEL77",
    "StudyID": "SENTINEL78",
    "StudyDescription": "SENTINEL knee of the left neighbour",
    "SeriesDescription": "SENTINEL Sag PD FS",
    "ProtocolName": "SENTINEL knee",
    "StationName": "SENTINELST",
    "DeviceSerialNumber": "SENTINEL79",
    "RequestedProcedureDescription": "SENTINEL",
    "ImageComments": "SENTINEL",
    "StudyDate": "20200304",
    "SeriesDate": "20200304",
    "AcquisitionDate": "20200304",
    "ContentDate": "20200304",
    "StudyTime": "131415",
    "BodyPartExamined": "KNEE",
}


def every_byte(folder: Path) -> bytes:
    """Contents and names of everything under a folder."""
    return b"\n".join(
        str(path.relative_to(folder)).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    )


def planted(tmp_path: Path, write_series: WriteSeries) -> list[Path]:
    folder = tmp_path / "SENTINELFOLDER" / "SENTINEL^NAME 19700102"
    paths = write_series(folder, 3, patient="SENTINELID", **SENTINELS)
    named = [path.rename(path.with_name(f"SENTINELFILE{n}.dcm")) for n, path in enumerate(paths)]
    with zipfile.ZipFile(tmp_path / "SENTINELFOLDER" / "SENTINEL.zip", "w") as archive:
        for path in write_series(tmp_path / "zip", 2, study="2", patient="", **SENTINELS):
            archive.write(path, f"SENTINELMEMBER/{path.name}")
    (folder / "letter SENTINEL.txt").write_text("SENTINEL")
    return named


def test_no_sentinel_is_in_any_byte_of_the_library(tmp_path: Path, write_series: WriteSeries) -> None:
    planted(tmp_path, write_series)
    codes = tmp_path / "codes.csv"
    codes.write_text("patient_id,code\nSENTINELID,C7\n")
    with open_workspace(tmp_path / "library") as workspace:
        report = import_paths(
            workspace, [tmp_path / "SENTINELFOLDER"], codes=codes, progress=SilentProgress()
        )
        assert report.loaded == 5
        for case in workspace.library.cases():
            workspace.library.confirm_laterality(case.code, Laterality.LEFT, "coordinator")
        while_open = every_byte(tmp_path / "library")
        assert b"library.sqlite-wal" in while_open
        shown = repr((workspace.library.cases(), workspace.library.studies(), workspace.library.series("C7")))
    for content in (while_open, every_byte(tmp_path / "library"), shown.encode()):
        for secret in (b"SENTINEL", b"19700102", b"20200304", b"131415", b"1.2.826.0.1.9", b"neighbour"):
            assert secret not in content.replace(str(tmp_path).encode(), b""), secret


def test_the_crosswalk_leads_back_and_only_its_owner_reads_it(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    planted(tmp_path, write_series)
    with open_workspace(tmp_path / "library") as workspace:
        report = import_paths(workspace, [tmp_path / "SENTINELFOLDER"], progress=SilentProgress())
    assert report.crosswalk == tmp_path / "library.crosswalk.csv"
    assert stat.S_IMODE(report.crosswalk.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "library" / "private" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "library" / "private").stat().st_mode) == 0o700
    rows = read(report.crosswalk)
    assert {row["case"] for row in rows} == {case.code for case in report.cases}
    named = next(row for row in rows if row["patient_id"])
    assert (named["patient_id"], named["patient_name"]) == ("SENTINELID", "SENTINEL^NAME")
    assert (named["sex"], named["birth_date"]) == ("F", "19700102")
    assert (named["study_date"], named["joint"], named["side"], named["visit"]) == (
        "20200304",
        "knee",
        "R",
        "A",
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_crosswalk_follows_a_join_and_keeps_what_the_coordinator_wrote(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    shared = {"FrameOfReferenceUID": "1.2.55", "patient": ""}
    write_series(tmp_path / "in" / "1", study="1", **shared)
    write_series(tmp_path / "in" / "2", study="2", **shared)
    path = tmp_path / "library.crosswalk.csv"
    with open_workspace(tmp_path / "library") as workspace:
        import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        path.write_text("\n".join([lines[0] + ",group", *(line + ",red" for line in lines[1:])]))
        (pair,) = workspace.library.join_candidates()
        curate.join(workspace, pair.first, pair.second, "coordinator")
        assert [row["case"] for row in read(path)] == [pair.first, pair.first]
        curate.part(workspace, pair.first, "coordinator")
    rows = read(path)
    assert {row["case"] for row in rows} == {pair.first, pair.second}
    assert {row["group"] for row in rows} == {"red"}


def test_a_pair_said_to_be_apart_is_never_offered_again_but_may_be_joined_by_name(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    shared = {"FrameOfReferenceUID": "1.2.55", "patient": ""}
    write_series(tmp_path / "in" / "1", study="1", **shared)
    write_series(tmp_path / "in" / "2", study="2", **shared)
    with open_workspace(tmp_path / "library") as workspace:
        import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
        (pair,) = workspace.library.join_candidates()
        curate.keep_apart(workspace, pair.first, pair.second, "coordinator")
    with open_workspace(tmp_path / "library") as workspace:  # on disk, not only on the screen
        library = workspace.library
        assert library.join_candidates() == ()
        assert library.decisions()[-1].decided_by == "coordinator"
        write_series(tmp_path / "in" / "3", study="3", **shared)
        import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
        offered = {frozenset((found.first, found.second)) for found in library.join_candidates()}
        assert len(offered) == 2 and frozenset((pair.first, pair.second)) not in offered
        curate.confirm_side(workspace, pair.second, Laterality.LEFT, "coordinator", Joint.HIP)
        moved = library.case(pair.second).code
        assert frozenset((pair.first, moved)) not in {
            frozenset((found.first, found.second)) for found in library.join_candidates()
        }
        assert library.joined_cases() == frozenset()


def test_a_person_may_join_what_was_kept_apart_and_sees_that_it_is_joined(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    shared = {"FrameOfReferenceUID": "1.2.55", "patient": ""}
    write_series(tmp_path / "in" / "1", study="1", **shared)
    write_series(tmp_path / "in" / "2", study="2", **shared)
    with open_workspace(tmp_path / "library") as workspace:
        import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
        (pair,) = workspace.library.join_candidates()
        curate.keep_apart(workspace, pair.first, pair.second, "coordinator")
        kept = curate.join(workspace, pair.first, pair.second, "coordinator")
        assert workspace.library.joined_cases() == {kept.code}
        curate.part(workspace, kept.code, "coordinator")
        assert workspace.library.joined_cases() == frozenset()
        assert workspace.library.join_candidates() == ()  # the word that they are apart still stands


def test_a_deleted_crosswalk_is_made_again_from_the_originals(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in")
    with open_workspace(tmp_path / "library") as workspace:
        path = import_paths(workspace, [tmp_path / "in"], progress=SilentProgress()).crosswalk
        before = read(path)
        path.unlink()
        assert import_paths(workspace, [tmp_path / "in"], progress=SilentProgress()).loaded == 0
    assert read(path) == before


def test_one_number_with_two_birth_dates_is_said(tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in" / "1", study="1")
    write_series(tmp_path / "in" / "2", study="2", PatientBirthDate="19550505")
    with open_workspace(tmp_path / "library") as workspace:
        report = import_paths(workspace, [tmp_path / "in"], progress=SilentProgress())
    assert any("different birth dates" in note for note in report.notes)


# The file itself ---------------------------------------------------------------------------------


def test_the_crosswalk_never_lies_in_the_library(tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in")
    with (
        open_workspace(tmp_path / "library") as workspace,
        pytest.raises(StoreError, match="must hold no identity"),
    ):
        import_paths(
            workspace,
            [tmp_path / "in"],
            crosswalk=tmp_path / "library" / "x.csv",
            progress=SilentProgress(),
        )


def test_some_other_file_is_not_overwritten(tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in")
    other = tmp_path / "list.csv"
    other.write_text("a,b\n1,2\n")
    with open_workspace(tmp_path / "library") as workspace:
        with pytest.raises(StoreError, match=r"list\.csv is some other file"):
            import_paths(workspace, [tmp_path / "in"], crosswalk=other, progress=SilentProgress())
        assert workspace.library.cases() == ()
    assert other.read_text() == "a,b\n1,2\n"


def test_nothing_is_taken_where_the_crosswalk_cannot_be_written(
    tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in")
    with open_workspace(tmp_path / "library") as workspace:
        with pytest.raises(StoreError, match="crosswalk"):
            import_paths(
                workspace, [tmp_path / "in"], crosswalk=tmp_path / "no" / "x.csv", progress=SilentProgress()
            )
        assert workspace.library.cases() == ()


def identity(number: int) -> Identity:
    return Identity(
        patient_id=f"ID{number}", patient_name='SENTINEL, "X"\n^N', study_instance_uid=f"1.2.{number}"
    )


def test_a_line_cut_short_by_a_power_loss_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    first = crosswalk.Crosswalk(path, tmp_path / "library")
    first.note([("S1", identity(1)), ("S2", identity(2))])
    path.write_bytes(path.read_bytes()[:-4])
    second = crosswalk.Crosswalk(path, tmp_path / "library")
    second.note([("S3", identity(3))])
    rows = read(path)
    assert [row["patient_id"] for row in rows] == ["ID1", "ID2", "ID3"]
    assert rows[0]["patient_name"] == 'SENTINEL, "X"\n^N'


def test_a_study_of_two_cases_has_two_lines(tmp_path: Path) -> None:
    walk = crosswalk.Crosswalk(tmp_path / "x.csv", tmp_path / "library")
    walk.note([("S1", identity(1))])
    walk.note([("S1", identity(1))])
    studies = [CaseStudy("h1", "S1", code, "A", None, None) for code in ("K-1", "K-2")]
    for _ in range(2):
        walk.fill_in(studies, {"1.2.1": "h1"}.__getitem__)
    rows = read(tmp_path / "x.csv")
    assert [row["case"] for row in rows] == ["K-1", "K-2"]
    assert not list(tmp_path.glob("*.new"))
