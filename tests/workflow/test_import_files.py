"""Import: every file accounted for, nothing taken twice, hostile files refused in a sentence."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workstation.errors import Cancelled, DataError, StoreError
from workstation.imaging.study import Joint, Laterality
from workstation.store.library import Library
from workstation.tasks import SilentProgress
from workstation.workflow import import_files
from workstation.workflow.import_files import import_paths
from workstation.workflow.import_report import ImportReport
from workstation.workflow.workspace import Workspace, open_workspace

WriteSeries = Callable[..., list[Path]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "library")


def take(workspace: Workspace, *paths: Path, **options: Any) -> ImportReport:
    return import_paths(workspace, list(paths), progress=SilentProgress(), **options)


def only(report: ImportReport) -> str:
    assert len(report.files) == 1
    return f"{report.files[0].status}: {report.files[0].reason}"


def test_a_series_becomes_a_case(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in", slices=5)
    report = take(workspace, tmp_path / "in")
    assert (report.loaded, report.skipped, report.refused) == (5, 0, 0)
    (case,) = workspace.library.cases()
    assert (case.joint, case.laterality, case.laterality_confirmed) == (Joint.KNEE, Laterality.RIGHT, True)
    assert case.visits == ("A",)
    assert case.code.startswith("K-")
    (series,) = workspace.library.series(case.code)
    assert series.label == "sag PD FS"
    assert len(series.instances) == 5
    assert all(Path(instance.path).is_file() for instance in series.instances)
    assert {file.series for file in report.files} == {series.key}


def test_the_json_adds_up_and_names_every_file(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=3)
    (tmp_path / "in" / "letter.txt").write_text("no image")
    report = json.loads(json.dumps(take(workspace, tmp_path / "in").to_json()))
    assert report["loaded"] + report["skipped"] + report["refused"] == len(report["files"]) == 4
    assert {file["path"] for file in report["files"]} == {str(p) for p in (tmp_path / "in").iterdir()}
    assert set(report["files"][0]) == {"path", "status", "reason", "series"}
    (series,) = report["series"]
    assert (series["plane"], series["weighting"], series["slices"]) == ("sagittal", "PD", 3)
    assert series["slice_spacing"] == pytest.approx(3.0)


def test_the_csv_report_has_a_line_per_file(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=2)
    take(workspace, tmp_path / "in").write_csv(tmp_path / "report.csv")
    lines = (tmp_path / "report.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "path,status,reason,series"
    assert len(lines) == 3
    assert all(",loaded,," in line for line in lines[1:])


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "letter": (lambda _: b"Dear colleague, " * 50, "skipped: it is not a DICOM file"),
    "empty": (lambda _: b"", "refused: it is empty"),
    "cut in the header": (lambda b: b[:299], "refused: it is cut short"),
    "cut between two elements": (lambda b: b[:300], "refused: it says that it is a picture"),
    "cut in the pixels": (lambda b: b[:-100], "refused: it is cut short: 100 bytes"),
    "only the mark": (lambda _: bytes(128) + b"DICM", "refused: "),
    "noise after the mark": (lambda _: bytes(128) + b"DICM" + bytes(range(256)) * 20, "refused: "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_reason_and_its_neighbour_is_loaded(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries, name: str
) -> None:
    spoil, said = HOSTILE[name]
    good, bad = write_series(tmp_path / "in", slices=2)
    bad.write_bytes(spoil(good.read_bytes()))
    report = take(workspace, tmp_path / "in")
    assert report.loaded == 1
    (outcome,) = [file for file in report.files if file.path == str(bad)]
    assert f"{outcome.status}: {outcome.reason}".startswith(said)
    assert outcome.reason
    assert outcome.series == ""


ODD: dict[str, dict[str, Any]] = {
    "no geometry": {"ImagePositionPatient": None, "ImageOrientationPatient": None},
    "zero spacing": {"PixelSpacing": [0, 0]},
    "no spacing": {"PixelSpacing": None},
    "one place": {"ImagePositionPatient": [0, 0, 0]},
    "mixed sizes": {"pixels": lambda n: np.full((20 + n, 20), n)},
    "no patient": {"PatientID": None, "PatientName": None},
    "no instance UID": {"SOPInstanceUID": None},
    "no study UID": {"StudyInstanceUID": None},
    "no series UID": {"SeriesInstanceUID": None},
    "no UID at all": {"SOPInstanceUID": None, "StudyInstanceUID": None, "SeriesInstanceUID": None},
    "no dates": {"StudyDate": None, "PatientBirthDate": None},
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_series_is_kept_and_can_be_opened(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries, name: str
) -> None:
    write_series(tmp_path / "in", slices=3, **ODD[name])
    report = take(workspace, tmp_path / "in")
    assert report.loaded + report.skipped + report.refused == 3
    shown = sum(
        len(s.instances) for case in workspace.library.cases() for s in workspace.library.series(case.code)
    )
    assert shown == report.loaded
    assert report.loaded == 3
    assert take(workspace, tmp_path / "in").loaded == 0


def test_files_without_patient_and_study_are_never_merged(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    for name in ("1", "2"):
        write_series(tmp_path / name, 2, name, StudyInstanceUID=None, PatientID="", FrameOfReferenceUID=None)
    take(workspace, tmp_path / "1", tmp_path / "2")
    cases = workspace.library.cases()
    assert len(cases) == 2
    assert len({case.subject for case in cases}) == 2


def test_importing_again_adds_nothing(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=4)
    take(workspace, tmp_path / "in")
    before = workspace.library.studies()
    files = sorted((tmp_path / "library" / "images").rglob("*.dcm"))
    report = take(workspace, tmp_path / "in")
    assert (report.loaded, report.skipped) == (0, 4)
    assert {file.reason for file in report.files} == {"already in the library"}
    assert workspace.library.studies() == before
    assert sorted((tmp_path / "library" / "images").rglob("*.dcm")) == files


def report_lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "library.crosswalk.csv").read_text(encoding="utf-8-sig").splitlines()


def test_our_own_output_is_recognised(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=3)
    take(workspace, tmp_path / "in")
    shutil.copytree(tmp_path / "library" / "images", tmp_path / "export")
    lines = report_lines(tmp_path)
    report = take(workspace, tmp_path / "export")
    assert {file.reason for file in report.files} == {"already in the library"}
    assert report_lines(tmp_path) == lines, "a pseudonym is no identity"
    assert len(workspace.library.cases()) == 1


def test_a_copy_that_was_lost_on_disk_comes_back(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=3)
    take(workspace, tmp_path / "in")
    lost, short, _ = sorted((tmp_path / "library" / "images").rglob("*.dcm"))
    whole = lost.read_bytes()
    lost.unlink()
    short.write_bytes(short.read_bytes()[:-10])
    assert take(workspace, tmp_path / "in").loaded == 2
    assert lost.read_bytes() == whole
    (case,) = workspace.library.cases()
    assert [len(series.instances) for series in workspace.library.series(case.code)] == [3]


def test_the_same_image_under_two_names_is_taken_once(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    (path,) = write_series(tmp_path / "in", slices=1)
    shutil.copy(path, tmp_path / "in" / "again")
    report = take(workspace, tmp_path / "in")
    assert (report.loaded, report.skipped) == (1, 1)
    assert report.files[1].reason == "already in the library"


def test_two_pictures_under_one_uid_are_said_to_differ(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "a", slices=1)
    write_series(tmp_path / "b", slices=1, pixels=np.full((24, 20), 999))
    report = take(workspace, tmp_path / "a", tmp_path / "b")
    assert (report.loaded, report.skipped) == (1, 1)
    assert "differs from it" in report.files[1].reason
    assert "differs from it" in only(take(workspace, tmp_path / "b"))


def test_one_picture_exported_twice_is_said_to_be_the_same(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "a", slices=1)
    write_series(tmp_path / "b", slices=1, InstitutionName="exported again")
    report = take(workspace, tmp_path / "a", tmp_path / "b")
    assert (report.loaded, report.skipped) == (1, 1)
    assert "the same picture" in report.files[1].reason
    assert "the same picture" in only(take(workspace, tmp_path / "b"))


def test_members_of_an_archive_are_accounted_for_singly(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    paths = write_series(tmp_path / "in", slices=3)
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        for number, path in enumerate(paths):
            archive.write(path, f"../../folder/{number}")
        archive.writestr("readme.txt", "hello")
    report = take(workspace, tmp_path / "disc.zip")
    assert (report.loaded, report.skipped, report.refused) == (3, 1, 0)
    assert all(file.path.startswith(str(tmp_path / "disc.zip")) for file in report.files)
    assert take(workspace, tmp_path / "in").skipped == 3


def test_secondary_captures_wait_for_a_person(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", 1, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", Modality="OT")
    write_series(tmp_path / "burned", 1, "2", BurnedInAnnotation="YES")
    report = take(workspace, tmp_path / "in", tmp_path / "burned")
    assert (report.loaded, report.skipped) == (0, 2)
    assert all("kept out until it is approved" in file.reason for file in report.files)
    assert not report.found_images
    report = take(workspace, tmp_path / "in", tmp_path / "burned", approve_secondary=True)
    assert report.loaded == 2


def test_a_missing_path_and_an_empty_folder_are_sentences(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        take(workspace, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="There is nothing to import: no file was found there"):
        take(workspace, tmp_path / "empty")


# One patient, several times ----------------------------------------------------------------------


def test_a_later_visit_meets_the_same_case(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "b", study="2", StudyDate="20210304")
    (case,) = take(workspace, tmp_path / "b").cases
    write_series(tmp_path / "c", study="3", StudyDate="20220304")
    take(workspace, tmp_path / "c")
    (again,) = workspace.library.cases()
    assert (again.code, again.subject, again.visits) == (case.code, case.subject, ("A", "B"))


def test_an_earlier_visit_moves_the_letters_and_says_so(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "late", study="2", StudyDate="20210304")
    take(workspace, tmp_path / "late")
    write_series(tmp_path / "early", study="1", StudyDate="20200101")
    report = take(workspace, tmp_path / "early")
    assert any("visit A of that case is now B" in note for note in report.notes)
    (case,) = workspace.library.cases()
    visits = workspace.library.visit_of(case.code)
    early = workspace.library.find(report.studies[0].study_instance_uid)
    assert early == case.code
    assert sorted(visits.values()) == ["A", "B"]


def test_both_knees_are_two_cases(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "r", name="1", Laterality="R")
    write_series(tmp_path / "l", name="2", Laterality="L", FrameOfReferenceUID="1.2.7")
    take(workspace, tmp_path / "r", tmp_path / "l")
    sides = {case.laterality: case for case in workspace.library.cases()}
    assert set(sides) == {Laterality.RIGHT, Laterality.LEFT}
    assert sides[Laterality.LEFT].subject == sides[Laterality.RIGHT].subject
    assert sides[Laterality.LEFT].code != sides[Laterality.RIGHT].code


def test_a_missing_side_is_never_guessed_and_can_be_confirmed(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", Laterality=None)
    report = take(workspace, tmp_path / "in")
    (case,) = report.cases
    assert (case.laterality, case.laterality_confirmed) == (None, False)
    assert any("must be confirmed before scoring" in note for note in report.notes)
    confirmed = workspace.library.confirm_laterality(case.code, Laterality.LEFT, "coordinator")
    assert (confirmed.code, confirmed.laterality) == (case.code, Laterality.LEFT)
    assert confirmed.laterality_confirmed
    # A later import of the same patient keeps the word that was given.
    write_series(tmp_path / "more", name="2", Laterality=None)
    take(workspace, tmp_path / "more")
    (case,) = workspace.library.cases()
    assert (case.laterality, case.laterality_confirmed, len(case.series_keys)) == (Laterality.LEFT, True, 2)


def test_contradicting_sides_must_be_confirmed(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", slices=2, Laterality=lambda n: "LR"[n])
    (case,) = take(workspace, tmp_path / "in").cases
    assert (case.laterality, case.laterality_confirmed) == (None, False)


# Codes -------------------------------------------------------------------------------------------


def test_chosen_codes_are_used(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in", name="1", Laterality="R", FrameOfReferenceUID="1.2.6")
    write_series(tmp_path / "in2", name="2", Laterality="L", FrameOfReferenceUID="1.2.7")
    write_series(tmp_path / "in3", study="9", patient="SECOND")
    codes = tmp_path / "codes.csv"
    codes.write_text(
        "patient_id,code,joint,side\nSENTINELID,P01R,knee,R\nSENTINELID,P01L,knee,L\nSECOND,P02\nTHIRD,P03\n"
    )
    report = take(workspace, tmp_path / "in", tmp_path / "in2", tmp_path / "in3", codes=codes)
    assert {case.code for case in workspace.library.cases()} == {"P01R", "P01L", "P02"}
    assert any("1 patients of whom no image was found" in note for note in report.notes)


def test_one_code_for_two_knees_gets_the_sides(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", name="1", Laterality="R", FrameOfReferenceUID="1.2.6")
    write_series(tmp_path / "in2", name="2", Laterality="L", FrameOfReferenceUID="1.2.7")
    (tmp_path / "codes.csv").write_text("patient_id,code\nSENTINELID,P01\n")
    take(workspace, tmp_path / "in", tmp_path / "in2", codes=tmp_path / "codes.csv")
    assert {case.code for case in workspace.library.cases()} == {"P01-L", "P01-R"}


def test_a_code_in_use_is_not_given_again(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    (tmp_path / "first.csv").write_text("patient_id,code\nSENTINELID,P01\n")
    (tmp_path / "second.csv").write_text("patient_id,code\nSECOND,P01\n")
    write_series(tmp_path / "in")
    write_series(tmp_path / "in2", study="2", patient="SECOND")
    take(workspace, tmp_path / "in", codes=tmp_path / "first.csv")
    report = take(workspace, tmp_path / "in2", codes=tmp_path / "second.csv")
    assert workspace.library.case("P01").subject != report.cases[0].subject
    assert report.cases[0].code == "P01-R"


def test_a_code_that_was_given_stays(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "in")
    code = take(workspace, tmp_path / "in").cases[0].code
    (tmp_path / "codes.csv").write_text("patient_id,code\nSENTINELID,P01\n")
    write_series(tmp_path / "more", name="2")
    report = take(workspace, tmp_path / "more", codes=tmp_path / "codes.csv")
    assert [case.code for case in workspace.library.cases()] == [code]
    assert any(f"{code} keeps its code" in note for note in report.notes)


# Torn studies ------------------------------------------------------------------------------------


def torn(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> tuple[str, str]:
    shared = {"FrameOfReferenceUID": "1.2.55", "PatientID": "", "PatientName": ""}
    write_series(tmp_path / "one", study="1", **shared)
    write_series(tmp_path / "two", study="2", Laterality=None, **shared)
    report = take(workspace, tmp_path / "one", tmp_path / "two")
    (pair,) = workspace.library.join_candidates()
    assert any(f"--join {pair.first} {pair.second}" in note for note in report.notes)
    return pair.first, pair.second


def test_a_torn_study_is_offered_joined_and_parted_again(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    library = workspace.library
    first, second = torn(workspace, tmp_path, write_series)
    before = {case.code: case for case in library.cases()}
    joined = library.join(first, second, "coordinator")
    assert joined.code == first
    assert len(joined.series_keys) == 2
    assert joined.visits == ("A",)
    assert (joined.laterality, joined.laterality_confirmed) == (Laterality.RIGHT, True)
    assert [case.code for case in library.cases()] == [first]
    assert library.case(second) == joined, "a code that was given once still leads to its images"
    assert library.join_candidates() == ()
    assert [(d.kind, d.decided_by) for d in library.decisions()] == [("join", "coordinator")]

    parted = library.part(first, "coordinator")
    assert {case.code: case for case in library.cases()} == before
    assert {case.code for case in parted} == {first, second}
    assert library.decisions()[-1].kind == "part"


def test_a_joined_study_stays_joined_when_more_of_it_comes(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    first, second = torn(workspace, tmp_path, write_series)
    workspace.library.join(first, second, "coordinator")
    write_series(
        tmp_path / "more", study="2", name="7", FrameOfReferenceUID="1.2.55", PatientID="", PatientName=""
    )
    take(workspace, tmp_path / "more")
    (case,) = workspace.library.cases()
    assert (case.code, len(case.series_keys)) == (first, 3)


def test_what_does_not_belong_together_is_not_joined(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in", study="1")
    write_series(tmp_path / "in2", study="2", patient="SECOND", FrameOfReferenceUID="1.2.826.0.1.98.1")
    first, second = (case.code for case in take(workspace, tmp_path / "in", tmp_path / "in2").cases)
    assert workspace.library.join_candidates() == ()
    with pytest.raises(StoreError, match="nothing in their files says"):
        workspace.library.join(first, second, "coordinator")
    with pytest.raises(StoreError, match="was never joined"):
        workspace.library.part(first, "coordinator")


# Interrupted -------------------------------------------------------------------------------------


class StopAfter:
    """Presses Stop at the n-th report of a file."""

    def __init__(self, count: int) -> None:
        self.left = count

    def report(self, done: int, total: int, text: str = "") -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


@pytest.mark.parametrize("after", [0, 1, 4, 9])
def test_what_was_taken_before_stop_stays_and_the_rest_follows(
    workspace: Workspace,
    tmp_path: Path,
    write_series: WriteSeries,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    write_series(tmp_path / "in", slices=10)
    monkeypatch.setattr(import_files, "SECONDS_PER_REPORT", 0.0)
    with pytest.raises(Cancelled):
        import_paths(workspace, [tmp_path / "in"], progress=StopAfter(after))
    kept = sum(len(s.instances) for c in workspace.library.cases() for s in workspace.library.series(c.code))
    assert kept == after
    assert workspace.library.warnings == ()
    assert not list((tmp_path / "library" / "incoming").iterdir())
    report = take(workspace, tmp_path / "in")
    assert (report.loaded, report.skipped) == (10 - after, after)
    (case,) = workspace.library.cases()
    assert [len(series.instances) for series in workspace.library.series(case.code)] == [10]


def test_a_full_disk_is_one_sentence_and_what_was_kept_stays(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workstation.imaging.deidentify import Deidentifier

    write_series(tmp_path / "in", slices=6)
    real, count = Deidentifier.write, 0

    def full(self: Deidentifier, source: Any, target: Path) -> Any:
        nonlocal count
        count += 1
        if count > 4:
            raise StoreError(
                "The copy of a file was not written", "No space left on device", "Free some space"
            )
        return real(self, source, target)

    monkeypatch.setattr(Deidentifier, "write", full)
    with pytest.raises(StoreError, match="No space left"):
        take(workspace, tmp_path / "in")
    monkeypatch.undo()
    (case,) = workspace.library.cases()
    assert [len(series.instances) for series in workspace.library.series(case.code)] == [4]
    assert take(workspace, tmp_path / "in").loaded == 2


def test_two_imports_at_once_are_refused_in_a_sentence(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in")
    other = Library.open(tmp_path / "library")
    with (
        other.importing(),
        pytest.raises(StoreError, match="another import into this library is running"),
    ):
        take(workspace, tmp_path / "in")
    assert take(workspace, tmp_path / "in").loaded == 3


def test_a_library_that_may_only_be_read_is_read_and_says_so(
    tmp_path: Path, write_series: WriteSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workstation.store import engine

    write_series(tmp_path / "in")
    with open_workspace(tmp_path / "library") as workspace:
        take(workspace, tmp_path / "in")
    monkeypatch.setattr(engine, "_is_writable", lambda _path: False)
    with open_workspace(tmp_path / "library") as workspace:
        (case,) = workspace.library.cases()
        assert len(workspace.library.series(case.code)[0].instances) == 3
        assert any("may only be read" in text for text in workspace.library.warnings)
        with pytest.raises(StoreError, match="may only be read"):
            take(workspace, tmp_path / "in")
        with pytest.raises(StoreError, match="may only be read"):
            workspace.library.confirm_laterality(case.code, Laterality.LEFT, "coordinator")


def test_a_lost_key_is_said_before_anything_is_mixed(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries
) -> None:
    write_series(tmp_path / "in")
    take(workspace, tmp_path / "in")
    (tmp_path / "library" / "private" / "key").unlink()
    write_series(tmp_path / "more", study="2")
    with pytest.raises(StoreError, match="key was not read"):
        take(workspace, tmp_path / "more")


@pytest.mark.parametrize("shift", [-56.699999999999996, 0.1500000000000057, 6.123233995736766e-17])
def test_a_place_written_with_every_digit_of_a_computer_is_kept(
    workspace: Workspace, tmp_path: Path, write_series: WriteSeries, shift: float
) -> None:
    import pydicom

    for path in write_series(tmp_path / "in"):
        dataset = pydicom.dcmread(path)
        column = f"{shift!r}\\-80\\{80 - int(dataset.InstanceNumber)}"
        dataset.ImagePositionPatient = ["1.25", "2.25", "3.25"]
        dataset.save_as(path)
        data = path.read_bytes()
        old = b"1.25\\2.25\\3.25"
        length = len(old).to_bytes(2, "little")
        new = column.encode() + b" " * (len(column) % 2)
        assert data.count(length + old) == 1
        path.write_bytes(data.replace(length + old, len(new).to_bytes(2, "little") + new))
    report = take(workspace, tmp_path / "in")
    (series,) = workspace.library.series(report.cases[0].code)
    for instance in series.instances:
        assert instance.image_position_patient is not None
        assert instance.image_position_patient[0] == shift
