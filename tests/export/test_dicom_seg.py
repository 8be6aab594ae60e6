"""DICOM SEG: valid, exact round trip, right references, no identity, plain refusals."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, MRImageStorage

from workstation.errors import DataError, StoreError
from workstation.export.dicom_seg import write_seg
from workstation.export.dicom_seg_read import read_seg
from workstation.imaging.assemble import build_series
from workstation.imaging.dicom import read_file
from workstation.imaging.load import stack_geometry
from workstation.imaging.study import Series
from workstation.masks.mask import Code, Mask, Segment

SENTINEL = "SENTINEL"
STUDY, SERIES, FRAME_OF_REFERENCE = "2.25.111", "2.25.222", "2.25.333"
EDEMA = Segment(
    1,
    "edema",
    Code("49755003", "SCT", "Morphologically Abnormal Structure"),
    Code("79654002", "SCT", "Edema"),
    Code("71341001", "SCT", "Femur"),
)
MARROW = Segment(
    7, "low-T1 marrow", Code("85756007", "SCT", "Tissue"), Code("LOWT1MARROW", "99MSKREAD", "Low-T1 marrow")
)
PLANES = {
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "axial": ((1, 0, 0), (0, 1, 0)),
    "oblique": ((0.8, 0.6, 0), (0.12, -0.16, -0.979796)),
}


def directions(plane: str) -> np.ndarray:
    row, column = (np.asarray(one, dtype=float) for one in PLANES[plane])
    row /= np.linalg.norm(row)
    column -= row * (row @ column)
    return np.stack([row, column / np.linalg.norm(column)])


def header(uid: str, sop_class: str, syntax: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
    dataset.PatientName, dataset.PatientID = f"{SENTINEL}^NAME", f"{SENTINEL}-ID"
    dataset.PatientBirthDate, dataset.PatientSex = "19010203", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20190817", "101112", f"{SENTINEL}7"
    dataset.ReferringPhysicianName, dataset.StudyID = f"{SENTINEL}^DOCTOR", f"{SENTINEL}9"
    dataset.StudyDescription = f"{SENTINEL} hospital"
    dataset.SeriesNumber, dataset.Modality, dataset.FrameOfReferenceUID = 4, "MR", FRAME_OF_REFERENCE
    dataset.BodyPartExamined, dataset.Laterality = "KNEE", "R"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = (
        1,
        "MONOCHROME2",
        0,
    )
    dataset.EchoTime, dataset.RepetitionTime, dataset.ScanningSequence = 40.0, 3000.0, "SE"
    return dataset


def single_frames(
    folder: Path,
    plane: str = "sagittal",
    shape: tuple[int, int, int] = (5, 11, 13),
    positions: list[float] | None = None,
    syntax: str = ExplicitVRLittleEndian,
    **attributes: object,
) -> Series:
    slices, rows, columns = shape
    along = directions(plane)
    normal = np.cross(*along)
    steps = positions or [3.3 * i for i in range(slices)]
    paths = []
    for index, step in enumerate(steps):
        dataset = header(f"2.25.9{index}", MRImageStorage, syntax)
        dataset.Rows, dataset.Columns, dataset.InstanceNumber = rows, columns, slices - index
        dataset.ImagePositionPatient = [
            f"{v:.9g}"[:16] for v in np.array([10.5, -20.25, 30.125]) + normal * step
        ]
        dataset.ImageOrientationPatient = [f"{v:.9f}"[:16] for v in along.ravel()]
        dataset.PixelSpacing, dataset.SliceThickness = [0.6, 0.45], 3.0
        for name, value in attributes.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
        dataset.PixelData = np.full((rows, columns), 100 + index, dtype=order).tobytes()
        paths.append(folder / f"{index}.dcm")
        pydicom.dcmwrite(paths[-1], dataset, enforce_file_format=True)
    (series,) = build_series(one for path in paths for one in read_file(path).instances)
    return series


def enhanced(folder: Path, echoes: tuple[float, ...] = (10.0, 80.0), slices: int = 4) -> tuple[Series, ...]:
    along = directions("coronal")
    normal = np.cross(*along)
    dataset = header("2.25.777", EnhancedMRImageStorage, ExplicitVRLittleEndian)
    dataset.Rows, dataset.Columns = 9, 10
    shared, frames = Dataset(), []
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.6, 0.45], 3.0
    orientation.ImageOrientationPatient = [f"{v:.9f}" for v in along.ravel()]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    for index in range(slices):
        for echo in echoes:
            frame, position, timing = Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = [f"{v:.9g}" for v in normal * 3.0 * index]
            timing.EffectiveEchoTime = echo
            frame.PlanePositionSequence, frame.MREchoSequence = [position], [timing]
            frames.append(frame)
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], frames
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = np.zeros((len(frames), 9, 10), dtype="<u2").tobytes()
    path = folder / "enhanced.dcm"
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return build_series(read_file(path).instances)


def mask_on(series: Series, seed: int = 0, recipe: str = "edema", density: float = 0.2) -> Mask:
    geometry = stack_geometry(series)
    assert geometry is not None
    random = np.random.default_rng(seed).random(geometry.shape)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    labels[random < density] = 1
    labels[random > 1 - density / 2] = 7
    labels[0] = 0
    parameters: dict[str, float | str] = {} if recipe == "manual" else {"threshold": 2.5, "window": "soft"}
    return Mask(series.key, labels, geometry, (EDEMA, MARROW), recipe, "1.2", parameters)


def validator_errors(path: Path) -> list[str]:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    told = subprocess.run([program, str(path)], capture_output=True, text=True, errors="replace", check=False)
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]


def assert_same(one: Mask, other: Mask) -> None:
    assert np.array_equal(one.labels, other.labels)
    assert one.segments == other.segments
    assert (one.recipe, one.recipe_version, one.parameters) == (
        other.recipe,
        other.recipe_version,
        other.parameters,
    )


@pytest.mark.parametrize("plane", list(PLANES))
def test_every_plane_is_valid_and_comes_back_exactly(tmp_path: Path, plane: str) -> None:
    series = single_frames(tmp_path, plane)
    mask = mask_on(series)
    path = tmp_path / "out" / "seg.dcm"
    write_seg(mask, series, path)
    assert validator_errors(path) == []
    assert_same(read_seg(path, series.key, mask.geometry), mask)
    assert [file.name for file in path.parent.iterdir()] == ["seg.dcm"]


@pytest.mark.parametrize("shape", [(3, 3, 3), (2, 7, 5), (4, 9, 3), (1, 8, 8), (3, 16, 17)])
def test_sizes_that_do_not_fill_bytes(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    series = single_frames(tmp_path, shape=shape)
    geometry = stack_geometry(series)
    assert geometry is not None
    labels = np.ones(shape, dtype=np.uint8)
    mask = Mask(series.key, labels, geometry, (EDEMA,), "edema", "1.2", {"a": 1.0})
    write_seg(mask, series, tmp_path / "seg.dcm")
    assert validator_errors(tmp_path / "seg.dcm") == []
    assert_same(read_seg(tmp_path / "seg.dcm", series.key, geometry), mask)


def test_big_endian_and_uneven_sources(tmp_path: Path) -> None:
    series = single_frames(tmp_path, "oblique", positions=[0, 3, 6, 15, 18], syntax=ExplicitVRBigEndian)
    mask = mask_on(series, seed=3)
    assert not mask.geometry.is_uniform
    write_seg(mask, series, tmp_path / "seg.dcm")
    assert validator_errors(tmp_path / "seg.dcm") == []
    assert_same(read_seg(tmp_path / "seg.dcm", series.key, mask.geometry), mask)


def test_references_name_the_images_behind_each_plane(tmp_path: Path) -> None:
    series = single_frames(tmp_path, "axial")
    mask = mask_on(series)
    write_seg(mask, series, tmp_path / "seg.dcm")
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    assert (written.StudyInstanceUID, written.FrameOfReferenceUID) == (STUDY, FRAME_OF_REFERENCE)
    listed = written.ReferencedSeriesSequence[0]
    assert listed.SeriesInstanceUID == SERIES
    assert {item.ReferencedSOPInstanceUID for item in listed.ReferencedInstanceSequence} <= {
        one.sop_instance_uid for one in series.instances
    }
    by_position = {one.image_position_patient: one.sop_instance_uid for one in series.instances}
    for frame in written.PerFrameFunctionalGroupsSequence:
        position = tuple(float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient)
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        nearest = min(by_position, key=lambda one: np.linalg.norm(np.subtract(one, position)))
        assert source.ReferencedSOPInstanceUID == by_position[nearest]
        assert source.ReferencedSOPClassUID == MRImageStorage


def test_one_echo_of_an_enhanced_file_names_its_frames(tmp_path: Path) -> None:
    stacks = enhanced(tmp_path)
    assert len(stacks) == 2
    series = stacks[1]
    mask = mask_on(series, density=0.5)
    write_seg(mask, series, tmp_path / "seg.dcm")
    assert validator_errors(tmp_path / "seg.dcm") == []
    assert_same(read_seg(tmp_path / "seg.dcm", series.key, mask.geometry), mask)
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    sources = [
        f.DerivationImageSequence[0].SourceImageSequence[0] for f in written.PerFrameFunctionalGroupsSequence
    ]
    assert {item.ReferencedSOPInstanceUID for item in sources} == {"2.25.777"}
    assert {item.ReferencedSOPClassUID for item in sources} == {EnhancedMRImageStorage}
    frames = {one.frame + 1 for one in series.instances}
    assert {int(item.ReferencedFrameNumber) for item in sources} <= frames
    assert len(written.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 1


def test_segments_carry_codes_side_and_how_they_were_made(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    write_seg(mask_on(series), series, tmp_path / "seg.dcm", reader="R1")
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    first = written.SegmentSequence[0]
    assert (written.SegmentationType, first.SegmentAlgorithmType) == ("BINARY", "SEMIAUTOMATIC")
    assert (first.SegmentLabel, first.SegmentAlgorithmName) == ("edema", "edema")
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "79654002"
    site = first.AnatomicRegionSequence[0]
    assert (site.CodeValue, site.AnatomicRegionModifierSequence[0].CodeMeaning) == ("71341001", "Right")
    assert written.ContentCreatorName == "R1"
    write_seg(mask_on(series, recipe="manual"), series, tmp_path / "hand.dcm")
    by_hand = pydicom.dcmread(tmp_path / "hand.dcm")
    assert by_hand.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    assert validator_errors(tmp_path / "hand.dcm") == []
    assert read_seg(tmp_path / "hand.dcm", series.key, mask_on(series).geometry).recipe == "manual"


def test_no_identity_of_a_file_that_was_not_deidentified(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    write_seg(mask_on(series), series, tmp_path / "seg.dcm")
    raw = (tmp_path / "seg.dcm").read_bytes()
    for secret in (SENTINEL, "19010203", "20190817"):
        assert secret.encode() not in raw


def test_a_deidentified_file_hands_on_its_pseudonym(tmp_path: Path) -> None:
    series = single_frames(
        tmp_path,
        PatientIdentityRemoved="YES",
        DeidentificationMethod="Basic",
        PatientID="S-0042",
        PatientName="S-0042",
    )
    write_seg(mask_on(series), series, tmp_path / "seg.dcm")
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    assert (written.PatientID, str(written.PatientName)) == ("S-0042", "S-0042")
    assert SENTINEL.encode() not in (tmp_path / "seg.dcm").read_bytes()
    assert validator_errors(tmp_path / "seg.dcm") == []


def test_same_mask_has_the_same_uids_and_another_has_others(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    for name, seed, reader in (("a", 1, "R1"), ("b", 1, "R1"), ("c", 2, "R1"), ("d", 1, "R2")):
        write_seg(mask_on(series, seed), series, tmp_path / f"{name}.dcm", reader)
    uids = {name: pydicom.dcmread(tmp_path / f"{name}.dcm").SOPInstanceUID for name in "abcd"}
    assert uids["a"] == uids["b"]
    assert len(set(uids.values())) == 3


def test_refusals_before_anything_is_written(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    mask = mask_on(series)
    out = tmp_path / "seg.dcm"
    empty = Mask(series.key, np.zeros_like(mask.labels), mask.geometry, (EDEMA,))
    with pytest.raises(DataError, match="marks nothing"):
        write_seg(empty, series, out)
    with pytest.raises(DataError, match="label 7 has no name"):
        write_seg(Mask(series.key, mask.labels.copy(), mask.geometry, (EDEMA,)), series, out)
    with pytest.raises(DataError, match="number of slices"):
        write_seg(mask, replace(series, instances=series.instances[1:]), out)
    invented = (replace(EDEMA, type=Code("12345", "SCT", "Invented")), MARROW)
    with pytest.raises(DataError, match="12345 of SCT, which is not listed"):
        write_seg(Mask(series.key, mask.labels.copy(), mask.geometry, invented), series, out)
    without = tuple(replace(one, frame_of_reference_uid="") for one in series.instances)
    with pytest.raises(DataError, match="no frame of reference"):
        write_seg(mask, replace(series, instances=without), out)
    with pytest.raises(DataError, match="several times"):
        write_seg(mask, replace(series, axis="time"), out)
    gone = tuple(replace(one, path=str(tmp_path / "gone.dcm")) for one in series.instances)
    with pytest.raises(DataError, match="cannot be read"):
        write_seg(mask, replace(series, instances=gone), out)
    (tmp_path / "blocker").write_text("x")
    with pytest.raises(StoreError, match="was not written"):
        write_seg(mask, series, tmp_path / "blocker" / "seg.dcm")
    assert not out.exists() and not list(tmp_path.glob(".new-*"))


def test_foreign_and_damaged_segmentations_are_refused(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    mask = mask_on(series)
    path = tmp_path / "seg.dcm"
    write_seg(mask, series, path)
    raw, geometry = path.read_bytes(), mask.geometry

    def refused(words: str, content: bytes | None = None, **changes: object) -> None:
        bad = tmp_path / "bad.dcm"
        if content is not None:
            bad.write_bytes(content)
        else:
            dataset = pydicom.dcmread(path)
            for name, value in changes.items():
                setattr(dataset, name, value)
            dataset.save_as(bad, enforce_file_format=True)
        with pytest.raises(DataError, match=words):
            read_seg(bad, series.key, geometry)

    refused("damaged or not DICOM", b"no DICOM at all")
    refused("damaged or not DICOM", raw[:100])
    refused("not a segmentation", Path(series.first.path).read_bytes())
    refused("probabilities", SegmentationType="FRACTIONAL")
    refused("cut short", PixelData=b"\0\0")
    refused("cut short", NumberOfFrames=10_000_000)
    refused("another number of frames", NumberOfFrames=1)
    refused("size differs", Rows=99)
    refused("another frame of reference", FrameOfReferenceUID="2.25.1")
    for cut in range(400, len(raw) - 40, 701):
        bad = tmp_path / "cut.dcm"
        bad.write_bytes(raw[:cut])
        with pytest.raises(DataError):
            read_seg(bad, series.key, geometry)
    other = replace(geometry, origins=geometry.origins + 1.0)
    with pytest.raises(DataError, match="slice where the series has none"):
        read_seg(path, series.key, other)
    with pytest.raises(DataError, match="directions or distances"):
        read_seg(path, series.key, replace(geometry, pixel_spacing=(0.45, 0.6)))


def test_overlapping_segments_of_another_program_are_refused(tmp_path: Path) -> None:
    series = single_frames(tmp_path)
    mask = mask_on(series)
    write_seg(mask, series, tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    dataset.PixelData = b"\xff" * len(dataset.PixelData)
    dataset.save_as(tmp_path / "overlap.dcm", enforce_file_format=True)
    with pytest.raises(DataError, match="overlap"):
        read_seg(tmp_path / "overlap.dcm", series.key, mask.geometry)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    )
)
@pytest.mark.filterwarnings("ignore")
def test_changed_bytes_give_a_mask_or_a_sentence(tmp_path: Path, changes: list[tuple[float, int]]) -> None:
    whole = tmp_path / "whole.dcm"
    if not whole.exists():
        series = single_frames(tmp_path)
        write_seg(mask_on(series), series, whole)
    (series,) = build_series(i for n in range(5) for i in read_file(tmp_path / f"{n}.dcm").instances)
    raw = bytearray(whole.read_bytes())
    for place, value in changes:
        raw[132 + int(place * (len(raw) - 132))] = value
    (tmp_path / "changed.dcm").write_bytes(raw)
    geometry = stack_geometry(series)
    assert geometry is not None
    with contextlib.suppress(DataError):
        read_seg(tmp_path / "changed.dcm", series.key, geometry)
