"""Export of studies and cases: what leaves, what never leaves, what is refused."""

from __future__ import annotations

import csv
import errno
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from workstation import INTENDED_USE
from workstation.errors import DataError, ProtocolViolation, StoreError, UsageError
from workstation.export.nifti import read_labels
from workstation.imaging.load import stack_geometry
from workstation.masks import codes
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.strokes import Stroke
from workstation.masks.mask import Mask, Segment
from workstation.reading.plan import Resolution, StudyPlan, Unseal
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.instrument import instrument
from workstation.store.mask_files import keep_mask
from workstation.store.study_store import StudyStore
from workstation.tasks import SilentProgress
from workstation.workflow import deliver
from workstation.workflow.agree import agreement_of
from workstation.workflow.bundles import study_bundle
from workstation.workflow.deliver import MANIFEST, export_study, workspace_for
from workstation.workflow.import_files import import_paths
from workstation.workflow.read_case import Study, open_study_folder
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.set_up_study import set_up_study
from workstation.workflow.workspace import Workspace, open_workspace

SECRETS = ("SENTINEL", "19010203", "20190817")
CASES = ("K-1", "K-2")
FORM = "worms-marrow"


def write_knee(folder: Path, patient: str, slices: int = 3) -> None:
    folder.mkdir(parents=True)
    number = zlib.crc32(patient.encode())
    for index in range(slices):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        uid = f"1.2.3.{number}.3.{index}"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = MRImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
        dataset.PatientName, dataset.PatientID = f"SENTINEL^{patient}", f"SENTINEL-{patient}"
        dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19010203", "F", "050Y"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"1.2.3.{number}.1", f"1.2.3.{number}.2"
        dataset.FrameOfReferenceUID = f"1.2.3.{number}.4"
        dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20190817", "101112", "SENTINEL7"
        dataset.InstitutionName, dataset.ReferringPhysicianName = "SENTINEL hospital", "SENTINEL^DOCTOR"
        dataset.StudyDescription = dataset.SeriesDescription = "SENTINEL COR STIR"
        dataset.SeriesNumber, dataset.InstanceNumber, dataset.Modality = 4, index + 1, "MR"
        dataset.BodyPartExamined, dataset.Laterality = "KNEE", "R"
        dataset.ScanningSequence, dataset.SequenceVariant = ["SE", "IR"], "SK"
        dataset.RepetitionTime, dataset.EchoTime, dataset.InversionTime = 4000, 40, 160
        dataset.Rows, dataset.Columns = 20, 23
        dataset.ImagePositionPatient = [-80, 3.3 * index, 60]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        dataset.PixelSpacing, dataset.SliceThickness = [0.6, 0.6], 3
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PixelData = (np.arange(460, dtype="<u2") + index).tobytes()
        pydicom.dcmwrite(folder / f"{index}.dcm", dataset, enforce_file_format=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    for code in CASES:
        write_knee(tmp_path / "dicom" / code, code)
    table = tmp_path / "codes.csv"
    table.write_text("patient_id,code\n" + "".join(f"SENTINEL-{code},{code}\n" for code in CASES))
    with open_workspace(tmp_path / "library") as opened:
        import_paths(opened, [tmp_path / "dicom"], codes=table, workers=0, progress=SilentProgress())
        yield opened


def mark(workspace: Workspace, code: str, marked: bool = True) -> None:
    (series,) = workspace.library.series(code)
    geometry = stack_geometry(series)
    assert geometry is not None
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    labels[1, 5:9, 6:14] = int(marked)
    segment = Segment(1, "edema", codes.ABNORMAL, codes.EDEMA, codes.BONES["femur"])
    mask = Mask(series.key, labels, geometry, (segment,), "edema", "1.0", {"threshold": 2.5})
    keep_mask(workspace.library.folder, code, "edema", mask)


@pytest.fixture
def study_folder(tmp_path: Path, workspace: Workspace) -> Path:
    plan = StudyPlan(
        "study-1", "A study", 1, CASES, ("R1", "R2"), ((FORM, instrument(FORM).version),),
        resolution=Resolution.CONSENSUS, unseal=Unseal.STUDY,
    )  # fmt: skip
    set_up_study(plan, tmp_path / "study", workspace)
    return tmp_path / "study"


def read_all(study: Study, reader: str, offset: int = 0, lock: bool = True) -> None:
    desk = study.reader(reader)
    for case in CASES:
        read = desk.open_read(case)
        for number, item in enumerate(study.instruments[0].items):
            read.answer(item.id, (number + offset * (number == 4)) % 4, None, instrument=FORM)
        if lock:
            read.lock(reader)


def export(
    workspace: Workspace | None, study: str | Path, formats: Any, out: Path, **more: Any
) -> list[Path]:
    return export_study(workspace, study, formats, out, progress=SilentProgress(), **more)


def manifest(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / MANIFEST).read_text(encoding="utf-8")))


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def finished(workspace: Workspace, study_folder: Path) -> Path:
    for code in CASES:
        mark(workspace, code)
    with open_study_folder(study_folder, workspace) as study:
        read_all(study, "R1")
        read_all(study, "R2", offset=1)
        for case in reconciliations(study):
            for pair in case.unsettled:
                case.settle(pair.item, 1, "looked again", instrument=FORM)
            for reader in study.plan.readers:
                case.sign(reader)
    return study_folder


def test_a_finished_study_leaves_whole(workspace: Workspace, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = export(workspace, finished, ("csv", "seg", "nifti", "html"), out)
    names = {path.relative_to(out).as_posix() for path in written}
    assert names == {
        "reads.csv", "reconciled.csv", "agreement.csv", "conduct.csv", "report.html", MANIFEST,
        *(f"{code}/4-edema.{suffix}" for code in CASES for suffix in ("dcm", "nii.gz")),
    }  # fmt: skip
    assert names == {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    reads = rows_of(out / "reads.csv")
    assert len(reads) == 2 * 2 * 15 and {row["side"] for row in reads} == {"R"}
    assert agreement_of(out / "reads.csv").parts[0].pooled.n == 30
    first, _ = rows_of(out / "reconciled.csv")
    assert first["status"] == "signed" and "looked again" in first["reasons"]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in report and "0.04 ml by edema 1.0" in report
    facts = manifest(out)
    assert facts["intended_use"] == INTENDED_USE and facts["limits"] == ""
    assert len(facts["files"]) == len(names) - 1
    with open_study_folder(finished, workspace) as study:
        *_, begun, last = study.store.audit()
    assert (begun.event, last.event) == (deliver.EXPORT_BEGUN, deliver.EXPORTED)
    assert facts["audit_head"] == begun.digest and begun.digest in report
    assert f'"files":{len(names)}' in last.detail
    seconds = [row["seconds"] for row in rows_of(out / "conduct.csv")]
    assert len(seconds) == 4 and facts["facts"]["Blinding at lock"] == "held in 4 of 4 locked reads"


def test_nothing_of_the_patient_leaves(workspace: Workspace, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for path in export(workspace, finished, ("csv", "seg", "nifti", "html"), out):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in raw and secret not in str(path.relative_to(out)), path.name
        assert str(tmp_path).encode() not in raw, f"{path.name} tells a folder of this computer"


def test_before_both_have_locked_no_score_leaves(
    workspace: Workspace, study_folder: Path, tmp_path: Path
) -> None:
    mark(workspace, "K-1")
    with open_study_folder(study_folder, workspace) as study:
        read_all(study, "R1")
        read_all(study, "R2", offset=1, lock=False)
    with pytest.raises(ProtocolViolation, match="2 reads are not locked"):
        export(workspace, study_folder, "csv", tmp_path / "out")
    with open_study_folder(study_folder, workspace) as study:
        assert all(entry.event != deliver.EXPORTED for entry in study.store.audit())  # a refusal is no export
    export(workspace, study_folder, ("html", "seg"), tmp_path / "out")
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "No score is shown: 2 reads are not locked yet." in report
    assert "ICC(2,1)" not in report and "Reconciled results" not in report


def test_a_reader_gets_the_own_reads_and_no_sign_of_the_other(
    workspace: Workspace, study_folder: Path, tmp_path: Path
) -> None:
    mark(workspace, "K-1")
    with open_study_folder(study_folder, workspace) as study:
        read_all(study, "R1")
        read_all(study, "R2", offset=1, lock=False)
    out = tmp_path / "out"
    export(workspace, study_folder, ("csv", "html"), out, reader="R1")
    assert {row["reader"] for row in rows_of(out / "reads.csv")} == {"R1"}
    assert sorted(path.name for path in out.iterdir()) == [
        "conduct.csv",
        MANIFEST,
        "reads.csv",
        "report.html",
    ]
    assert {row["reader"] for row in rows_of(out / "conduct.csv")} == {"R1"}
    for path in out.iterdir():
        assert "R2" not in path.read_text(encoding="utf-8"), path.name
    with pytest.raises(DataError, match="no mask"):  # the plan never shows masks to a reader
        export(workspace, study_folder, "seg", out, reader="R1")
    with pytest.raises(ProtocolViolation, match="no read is locked"):
        export(workspace, study_folder, "csv", out, reader="R2")
    with pytest.raises(ProtocolViolation, match="R9"):
        export(workspace, study_folder, "csv", out, reader="R9")


def test_a_case_of_the_library(workspace: Workspace, tmp_path: Path) -> None:
    mark(workspace, "K-1")
    written = export(workspace, "K-1", ["seg", "html"], tmp_path / "out")
    assert [path.name for path in written] == ["4-edema.dcm", "report.html", MANIFEST]
    dataset = pydicom.dcmread(written[0])
    (series,) = workspace.library.series("K-1")
    assert dataset.FrameOfReferenceUID == series.frame_of_reference_uid
    source = pydicom.dcmread(series.first.path, stop_before_pixels=True)
    assert (dataset.PatientID, dataset.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)


def test_what_cannot_be_made_is_said_in_one_sentence(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match=r"no format 'pdf'.*csv, html, nifti, seg"):
        export(workspace, "K-1", "pdf", out)
    with pytest.raises(DataError, match=r"K-1 has no mask\. Make one first"):
        export(workspace, "K-1", "nifti", out)
    with pytest.raises(DataError, match="K-1 has no reads"):
        export(workspace, "K-1", "csv", out)
    mark(workspace, "K-2", marked=False)
    with pytest.raises(DataError, match="mark nothing"):
        export(workspace, "K-2", "seg", out)
    with pytest.raises(StoreError, match="K-9"):
        export(workspace, "K-9", "seg", out)
    assert not out.exists() or not list(out.rglob("*"))


def test_own_files_are_replaced_and_foreign_ones_never(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mark(workspace, "K-1")
    export(workspace, "K-1", "nifti", out)
    export(workspace, "K-1", ("nifti", "seg"), out)
    assert [one["format"] for one in manifest(out)["files"]] == ["seg", "nifti"]
    (out / "report.html").write_text("mine")
    with pytest.raises(StoreError, match=r"report\.html is already in the folder"):
        export(workspace, "K-1", ("html", "seg"), out)
    assert (out / "report.html").read_text() == "mine"
    mask = out / "K-1" / "4-edema.nii.gz"
    mask.write_bytes(b"edited by hand")
    with pytest.raises(StoreError, match=r"K-1/4-edema\.nii\.gz"):
        export(workspace, "K-1", "nifti", out)
    assert mask.read_bytes() == b"edited by hand"
    assert not list(out.glob(".export-*"))


def test_a_full_disk_leaves_what_was_there(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    mark(workspace, "K-1")
    export(workspace, "K-1", ("nifti", "html"), out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nibabel.save", full)
    with pytest.raises(StoreError, match="No space left on device"):
        export(workspace, "K-1", ("html", "nifti"), out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="Nothing was exported"):
        export(workspace, "K-1", "html", tmp_path / "file")


def test_a_study_without_its_library_still_gives_its_scores(
    workspace: Workspace, finished: Path, tmp_path: Path
) -> None:
    workspace.close()
    (tmp_path / "library").rename(tmp_path / "moved")
    with workspace_for(finished, None) as found:
        assert found is None
        export(found, finished, ("csv", "html"), tmp_path / "out")
    assert len(rows_of(tmp_path / "out" / "reads.csv")) == 60
    with workspace_for(finished, tmp_path / "moved") as found:
        assert found is not None
    with pytest.raises(StoreError), workspace_for("K-1", tmp_path / "absent"):
        pass


@contextmanager
def locked_study(folder: Path, cases: tuple[str, ...]) -> Iterator[Study]:
    """A study without a library in which both readers have locked everything."""
    plan = StudyPlan(
        "study-1", "A study", 1, cases, ("R1", "R2"), ((FORM, instrument(FORM).version),),
        resolution=Resolution.MEAN, unseal=Unseal.STUDY,
    )  # fmt: skip
    StudyStore.create(folder, plan).close()
    with open_study_folder(folder) as study:
        for reader in plan.readers:
            for case in cases:
                read = study.reader(reader).open_read(case)
                for item in instrument(FORM).items:
                    read.answer(item.id, 1)
                read.lock(reader)
        yield study


def test_gathering_cases_asks_the_disk_equally_often_for_few_and_many(tmp_path: Path) -> None:
    """An export of 200 cases took 16 s when every case read all locks again."""
    counted = []
    for number in (2, 6):
        asked = 0
        folder = tmp_path / str(number)
        cases = tuple(f"K-{i}" for i in range(number))
        with locked_study(folder, cases) as study:
            kept = study.store.reads.locks

            def locks(*arguments: Any) -> Any:
                nonlocal asked
                asked += 1
                return kept(*arguments)  # noqa: B023 - called within the round

            study.store.reads.locks = locks  # type: ignore[method-assign]
            bundle = study_bundle(
                study, None, Viewer(Role.COORDINATOR), with_pictures=False, progress=SilentProgress()
            )
        assert [one.case for one in bundle.reconciled] == list(cases)
        counted.append(asked)
    assert counted[0] == counted[1]


def test_no_format_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format is named"):
        export_study(None, tmp_path, (), tmp_path / "out", progress=SilentProgress())
    assert not (tmp_path / "out").exists()


def test_a_refused_export_leaves_no_empty_folder(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Masks as DICOM SEG were not exported: K-1 has no mask"):
        export(workspace, "K-1", "seg", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def draw_and_lock(study: Study, workspace: Workspace, reader: str, left: int) -> None:
    """A box of edema on the middle slice of K-1, and every answer."""
    (series,) = workspace.library.series("K-1")
    geometry = stack_geometry(series)
    assert geometry is not None
    box = np.ones((1, 6, 8), dtype=np.bool_)
    change = change_in(np.zeros(geometry.shape, np.uint8), box, (1, 5, left), 1)
    study.reader(reader).open_read("K-1").keep_stroke(Stroke("s", series.key, "polygon", packed(change)))
    read_all(study, reader)


def test_what_readers_drew_leaves_once_it_may_be_seen(
    workspace: Workspace, study_folder: Path, tmp_path: Path
) -> None:
    with open_study_folder(study_folder, workspace) as study:
        draw_and_lock(study, workspace, "R1", 4)
    with pytest.raises(DataError, match="has no mask"):
        export(workspace, study_folder, ("nifti",), tmp_path / "early")
    own = export(workspace, study_folder, ("nifti", "seg"), tmp_path / "own", reader="R1")
    assert {path.name for path in own} == {"4-drawn-R1.nii.gz", "4-drawn-R1.dcm", MANIFEST}
    with open_study_folder(study_folder, workspace) as study:
        draw_and_lock(study, workspace, "R2", 8)
    out = tmp_path / "out"
    names = {path.name for path in export(workspace, study_folder, ("csv", "html", "nifti", "seg"), out)}
    assert "<td>R1, R2</td>" in (out / "report.html").read_text(encoding="utf-8")
    assert {f"4-drawn-{reader}.{suffix}" for reader in ("R1", "R2") for suffix in ("nii.gz", "dcm")} < names
    (series,) = workspace.library.series("K-1")
    geometry = stack_geometry(series)
    assert geometry is not None
    labels = read_labels(out / "K-1" / "4-drawn-R2.nii.gz", geometry)
    assert np.array_equal(np.argwhere(labels).min(axis=0), (1, 5, 8))
    assert np.count_nonzero(labels) == 48
    assert pydicom.dcmread(out / "K-1" / "4-drawn-R2.dcm").ContentCreatorName == "R2"
    (row,) = rows_of(out / "mask_agreement.csv")
    assert (row["reader_x"], row["reader_y"], row["label"]) == ("R1", "R2", "edema")
    assert float(row["dice"]) == 0.5
    assert float(row["volume_x_ml"]) == pytest.approx(48 * 0.36 * 3.3 / 1000, rel=1e-4)
    assert float(row["surface_mm"]) > 0
