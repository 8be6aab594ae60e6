"""What every exporter must keep, newcomers included: they are found by themselves."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr._concepts_dict import concepts  # the dictionary of PS3.16 that pydicom carries
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from workstation import INTENDED_USE
from workstation.analysis.reads import ReadRow
from workstation.errors import Cancelled, StoreError, UsageError
from workstation.export.codes import known_codes, own_schemes
from workstation.export.exporter import (
    Bundle,
    CaseMask,
    Exporter,
    FinalTotal,
    FinalValue,
    Picture,
    ReconciledCase,
    exporter,
    exporters,
    mask_paths,
)
from workstation.imaging.assemble import build_series
from workstation.imaging.dicom import read_file
from workstation.imaging.load import stack_geometry
from workstation.masks import codes
from workstation.masks.mask import Code, Mask, Segment
from workstation.tasks import SilentProgress
from workstation.workflow.agree import agreement_of_rows

SENTINEL = "SENTINEL"
ALL = pytest.mark.parametrize("one", exporters(), ids=lambda one: one.id)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """One case with a mask on files that still name the patient, and two readers' reads."""
    source = tmp_path / "images"
    source.mkdir()
    for index in range(3):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = MRImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"2.25.7{index}"
        dataset.PatientName = dataset.PatientID = dataset.InstitutionName = SENTINEL
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = (
            "2.25.1",
            "2.25.2",
            "2.25.3",
        )
        dataset.SeriesDescription, dataset.SeriesNumber, dataset.Modality = SENTINEL, 4, "MR"
        dataset.Rows, dataset.Columns = 6, 7
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 3 * index], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [0.5, 0.4], 3
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = (
            16,
            12,
            11,
            0,
        )
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.PixelData = bytes(84)
        dcmwrite(source / f"{index}.dcm", dataset, enforce_file_format=True)
    (series,) = build_series(i for path in sorted(source.iterdir()) for i in read_file(path).instances)
    geometry = stack_geometry(series)
    assert geometry is not None
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    labels[1, 2:4, 3:6] = 1
    segment = Segment(1, "edema", codes.ABNORMAL, codes.EDEMA, codes.BONES["femur"])
    mask = Mask(series.key, labels, geometry, (segment,), "edema", "1.0")
    rows = tuple(
        ReadRow(f"K-{case}", reader, "MFc", float((case + late) % 4), instrument="worms-marrow", study="S")
        for case in range(6)
        for late, reader in enumerate(("R1", "R2"))
    )
    return Bundle(
        title="K-1",
        study="S",
        facts=(("Blinding", "case codes only"),),
        reads=rows,
        reconciled=(
            ReconciledCase(
                "K-1",
                "mean",
                "computed",
                (FinalValue("worms-marrow", "MFc", "scored", None, 1.5, "mean"),),
                (FinalTotal("worms-marrow", "sum", "Sum", 1.5, 1, 1),),
            ),
        ),
        agreement=agreement_of_rows(rows),
        masks=(CaseMask("K-1", "edema", series, mask),),
        pictures=(Picture("K-1", "series 4", b"\x89PNG\r\n"),),
        audit_head="0f" * 32,
    )


class Stop:
    def report(self, done: int, total: int, text: str = "") -> None:
        raise Cancelled


class Steps:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def report(self, done: int, total: int, text: str = "") -> None:
        self.seen.append((done, total))


def test_the_registry_holds_them_all_once() -> None:
    ids = [one.id for one in exporters()]
    assert ids == sorted(set(ids)) and {"csv", "html", "nifti", "seg"} <= set(ids)
    assert exporter("csv").title
    with pytest.raises(UsageError, match="Formats are csv, html"):
        exporter("word")


@ALL
def test_it_describes_itself(one: Exporter) -> None:
    assert one.id.isidentifier() and one.title and one.suffix.startswith(".") and one.needs


@ALL
def test_it_says_what_it_wrote_and_writes_nothing_else(one: Exporter, bundle: Bundle, tmp_path: Path) -> None:
    out, progress = tmp_path / "out", Steps()
    written = one.write(bundle, out, progress)
    assert written and all(path.name.endswith(one.suffix) for path in written)
    assert sorted(written) == sorted(path for path in out.rglob("*") if path.is_file())
    done, total = progress.seen[-1]
    assert done == total and progress.seen == sorted(progress.seen)


@ALL
def test_no_identity_leaves(one: Exporter, bundle: Bundle, tmp_path: Path) -> None:
    for path in one.write(bundle, tmp_path / "out", SilentProgress()):
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        assert SENTINEL.encode() not in raw and str(tmp_path).encode() not in raw
        assert SENTINEL not in path.name


@ALL
def test_it_stops_when_asked(one: Exporter, bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        one.write(bundle, tmp_path / "out", Stop())
    assert not list((tmp_path / "out").rglob("*"))


@ALL
def test_a_disk_that_refuses_is_one_sentence(one: Exporter, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "blocker").write_text("x")
    with pytest.raises(StoreError) as refused:
        one.write(bundle, tmp_path / "blocker" / "out", SilentProgress())
    assert "\n" not in refused.value.sentence


@ALL
def test_nothing_to_write_writes_nothing_but_a_report(one: Exporter, tmp_path: Path) -> None:
    written = one.write(Bundle(title="K-1"), tmp_path / "out", SilentProgress())
    assert written == [] or one.id == "html"


@ALL
def test_the_intended_use_stands_on_what_a_person_opens(
    one: Exporter, bundle: Bundle, tmp_path: Path
) -> None:
    if one.id == "csv":
        pytest.skip("tables have no place for it; the manifest beside them says it")
    for path in one.write(bundle, tmp_path / "out", SilentProgress()):
        raw = path.read_bytes()
        assert INTENDED_USE.encode() in (gzip.decompress(raw) if path.suffix == ".gz" else raw)


def test_masks_that_would_share_a_name_do_not(bundle: Bundle, tmp_path: Path) -> None:
    paths = mask_paths(bundle.masks * 3, tmp_path, ".dcm")
    assert [path.name for path in paths] == ["4-edema.dcm", "4-edema-2.dcm", "4-edema-3.dcm"]


def test_every_code_stands_in_the_standard_or_in_our_own_scheme() -> None:
    standard = {
        (scheme, value): next(iter(meanings)) if isinstance(meanings, dict) else meanings[0]
        for scheme in ("SCT", "DCM")
        for entry in concepts[scheme].values()
        for value, meanings in entry.items()
    }
    for (scheme, value), code in known_codes().items():
        if scheme in own_schemes():
            continue
        meaning = str(standard[scheme, value]).lower()
        assert set(code.meaning.lower().split()) & set(meaning.replace(",", " ").split()), (code, meaning)


def test_every_code_of_our_masks_may_be_written() -> None:
    used = [value for value in vars(codes).values() if isinstance(value, Code)]
    for code in (*used, *codes.BONES.values()):
        assert (code.scheme, code.value) in known_codes(), code
