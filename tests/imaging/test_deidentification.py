"""De-identified copies: nothing of a person survives, pictures do, and names are the same every time."""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.errors import DataError, StoreError
from workstation.imaging.assemble import build_series
from workstation.imaging.deidentify import Deidentifier
from workstation.imaging.deidentify_rules import CODES, KEPT
from workstation.imaging.dicom import DicomFile, read_file
from workstation.imaging.dicom_pixels import decode_plane
from workstation.imaging.study import Identity

Make = Callable[..., bytes]
KEY = b"a library key of at least 16 bytes"
SENTINEL = "SENTINEL"


@pytest.fixture
def deidentifier() -> Deidentifier:
    """One library's de-identifier."""
    return Deidentifier(KEY)


def copy_of(deidentifier: Deidentifier, content: bytes, folder: Path, name: str = "copy.dcm") -> DicomFile:
    """Write the copy of a file given as bytes."""
    return deidentifier.write(io.BytesIO(content), folder / name)


def without_pixels(path: Path) -> bytes:
    """The bytes of a copy before its pixels' values."""
    content = path.read_bytes()
    return content[: content.index(struct.pack("<HH", 0x7FE0, 0x0010)) + 12]


# --- nothing survives ------------------------------------------------------------------------------------

_TEXTS = {
    "AE": "SENTINEL", "AS": "SENTINEL", "CS": "SENTINEL", "DA": "SENTINEL", "DS": "SENTINEL",
    "DT": "SENTINEL", "IS": "SENTINEL", "LO": "SENTINEL", "LT": "SENTINEL", "PN": "SENTINEL^NAME",
    "SH": "SENTINEL", "ST": "SENTINEL", "TM": "SENTINEL", "UC": "SENTINEL", "UI": "1.2.840.SENTINEL",
    "UR": "SENTINEL", "UT": "SENTINEL",
}  # fmt: skip
_BYTES = {"OB", "OW", "UN", "OD", "OF", "OL"}
_STRUCTURAL = {
    0x00080005, 0x00080016, 0x00080018, 0x00080060, 0x00280002, 0x00280004, 0x00280010, 0x00280011,
    0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280008, 0x00280006, 0x00280301, 0x00041220,
    0x00041200, 0x00041130,
}  # fmt: skip


def _with_every_attribute(depth: int = 0) -> Any:
    """A pydicom data set with a sentinel in every attribute of the standard that can hold text."""
    from pydicom.datadict import DicomDictionary
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    dataset = Dataset()
    for tag, (vr, *_) in DicomDictionary.items():
        group = tag >> 16
        if group in (0x0000, 0x0002, 0x0004, 0x7FE0, 0xFFFE, 0x0006) or (depth == 0 and tag in _STRUCTURAL):
            continue
        if depth and tag not in KEPT and group != 0x0010:
            continue
        first = vr.split(" ")[0]
        if first == "SQ" and depth == 0 and tag not in (0x52009229, 0x52009230):
            dataset.add_new(tag, "SQ", [_with_every_attribute(1)] if tag in KEPT else [_small_item()])
        elif first in _TEXTS or first in _BYTES:
            value = _TEXTS.get(first, SENTINEL).encode()
            value += b" " * (len(value) % 2)
            dataset._dict[Tag(tag)] = RawDataElement(Tag(tag), first, len(value), value, 0, False, True)
        elif first in ("US", "SS", "UL", "SL", "FL", "FD", "AT"):
            value = b"SENTINEL" * 8
            dataset._dict[Tag(tag)] = RawDataElement(Tag(tag), first, len(value), value, 0, False, True)
    return dataset


def _small_item() -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeMeaning = SENTINEL
    item.PatientName = "SENTINEL^NAME"
    return item


_EVERYTHING: dict[str, bytes] = {}


def _everything(make: Make, syntax: str) -> bytes:
    """A picture whose every other attribute holds a sentinel, private and overlay groups included."""
    if syntax not in _EVERYTHING:
        import warnings

        import pydicom

        dataset = pydicom.dcmread(io.BytesIO(make(syntax="explicit")))
        every = _with_every_attribute()
        every.update({t: dataset._dict[t] for t in dataset._dict if int(t) in _STRUCTURAL})
        every.PixelData = dataset.PixelData
        every["PixelData"].VR = "OW"
        for group in (0x0019, 0x0029, 0x0043, 0x2001, 0x2005, 0x0065, 0x0009):
            creator = {0x0019: "SIEMENS MR HEADER", 0x0043: "GEMS_PARM_01", 0x0065: "Image Private Header",
                       0x2001: "Philips Imaging DD 001"}.get(group, "SENTINEL")  # fmt: skip
            block = every.private_block(group, creator, create=True)
            for element in (0x01, 0x03, 0x09, 0x0C, 0x2F, 0x39):
                block.add_new(element, "LO", SENTINEL)
            block.add_new(0x50, "SQ", [_small_item()])
        for group in (0x6000, 0x6002):
            every.add_new((group, 0x3000), "OW", SENTINEL.encode())
            every.add_new((group, 0x1500), "LO", SENTINEL)
        every.file_meta = dataset.file_meta
        every.file_meta.SourceApplicationEntityTitle = SENTINEL
        every.file_meta.PrivateInformationCreatorUID = "1.2.3"
        every.file_meta.PrivateInformation = SENTINEL.encode()
        every.preamble = b"SENTINEL" * 16
        every.DataSetTrailingPadding = SENTINEL.encode()
        every.file_meta.TransferSyntaxUID = {
            "explicit": "1.2.840.10008.1.2.1",
            "implicit": "1.2.840.10008.1.2",
        }[syntax]
        out = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pydicom.dcmwrite(out, every, implicit_vr=syntax == "implicit", little_endian=True)
        _EVERYTHING[syntax] = out.getvalue()
    return _EVERYTHING[syntax]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_no_planted_text_survives_anywhere(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path, syntax: str
) -> None:
    content = _everything(dicom_bytes, syntax)
    assert content.count(b"SENTINEL") > 3000
    copy_of(deidentifier, content, tmp_path)
    written = (tmp_path / "copy.dcm").read_bytes()
    assert b"SENTINEL" not in written
    assert b"sentinel" not in written.lower()


@pytest.mark.parametrize("tag", sorted(set(KEPT) - _STRUCTURAL))
def test_a_kept_attribute_keeps_no_text(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path, tag: int
) -> None:
    """Whatever VR the file claims for it, and whatever the value pretends to be."""
    content = dicom_bytes()
    values = (b"SENTINELSENTINEL", b"1\\SENTINEL ", b"MR\\SENTINEL\\W ", b"20200101SENTINEL")
    for vr in {b"LO", b"CS", b"DS", b"UN", KEPT[tag][0]}:
        for value in values:
            long_form = vr in (b"UN", b"SQ")
            length = struct.pack("<HI", 0, len(value)) if long_form else struct.pack("<H", len(value))
            element = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + length + value
            copy_of(deidentifier, _inserted(content, tag, element), tmp_path)
            assert b"SENTINEL" not in without_pixels(tmp_path / "copy.dcm"), (hex(tag), vr, value)


def _inserted(content: bytes, tag: int, element: bytes) -> bytes:
    """The explicit little endian file with a raw element in its place, replacing one of the same tag."""
    from workstation.imaging.dicom_elements import parse

    dataset = parse(io.BytesIO(content), len(content))
    start = 144 + struct.unpack_from("<I", content, 140)[0]
    place, end = start, start
    for other in sorted(t for t in dataset.elements if t > 0x0002FFFF):
        found = dataset.elements[other]
        header = 12 if found.vr in (b"OW", b"OB", b"SQ", b"UN", b"UT") else 8
        if other < tag:
            place = end = found.end
        elif other == tag:
            place, end = found.start - header, found.end
    return content[:place] + element + content[end:]


_NAME_LIKE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=4, max_size=24)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.from_regex(r"[A-Z]{4,10}ZQX[A-Z]{2,8}", fullmatch=True), number=st.integers(10**7, 10**8 - 1))
def test_names_and_numbers_in_descriptions_do_not_survive(
    dicom_bytes: Make, tmp_path_factory: pytest.TempPathFactory, name: str, number: int
) -> None:
    deidentifier = Deidentifier(KEY)
    folder = tmp_path_factory.mktemp("names")
    content = dicom_bytes(
        PatientName=f"{name}^A",
        PatientID=str(number),
        SeriesDescription=f"Sag PD FS {name} {number}",
        ProtocolName=f"{name}_KNEE",
        StudyDescription=f"MR KNEE {name}/{number}",
        BodyPartExamined=name[:16],
        SequenceName=name[:16],
        Manufacturer=name,
    )
    copy = copy_of(deidentifier, content, folder)
    written = without_pixels(folder / "copy.dcm").upper()
    assert name.encode() not in written
    assert str(number).encode() not in written
    assert copy.instances[0].series_description == "SAG PD FS"


def test_overlay_planes_are_left_out_and_pixels_stay(
    deidentifier: Deidentifier, dicom_bytes: Make, plane: Any, tmp_path: Path
) -> None:
    content = _inserted(dicom_bytes(), 0x00283006, b"")
    place = content.index(struct.pack("<HH", 0x7FE0, 0x0010))
    overlay = b"\x00\x60\x00\x30OW\x00\x00\x08\x00\x00\x00SENTINEL"
    copy = copy_of(deidentifier, content[:place] + overlay + content[place:], tmp_path)
    assert b"SENTINEL" not in (tmp_path / "copy.dcm").read_bytes()
    np.testing.assert_array_equal(decode_plane(copy.instances[0]), plane)


# --- pictures survive ------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpeg2000", "jpegls"])
@pytest.mark.parametrize("kind", ["u2", "i2", "u1"])
def test_copies_show_the_same_picture(
    deidentifier: Deidentifier, dicom_bytes: Make, plane: Any, tmp_path: Path, syntax: str, kind: str
) -> None:
    pixels = (plane % 251).astype(kind) if kind == "u1" else plane.astype(kind)
    content = dicom_bytes(pixels, syntax)
    copy = copy_of(deidentifier, content, tmp_path)
    np.testing.assert_array_equal(decode_plane(copy.instances[0]), pixels)
    native = syntax in ("explicit", "implicit", "big", "deflated")
    assert (copy.transfer_syntax_uid == "1.2.840.10008.1.2.1") == native


@pytest.mark.parametrize("syntax", ["explicit", "rle", "big", "deflated"])
def test_another_reader_reads_the_copy(
    deidentifier: Deidentifier, dicom_bytes: Make, plane: Any, tmp_path: Path, syntax: str
) -> None:
    import pydicom

    copy_of(deidentifier, dicom_bytes(syntax=syntax), tmp_path)
    dataset = pydicom.dcmread(tmp_path / "copy.dcm")
    np.testing.assert_array_equal(dataset.pixel_array, plane)
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"
    assert dataset.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert dataset.PatientName == dataset.PatientID
    assert dataset.PatientSex == "" and dataset.PatientBirthDate == ""
    assert list(dataset.PixelSpacing) == [0.5, 0.4]
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID


def test_odd_length_pixels_are_padded(deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path) -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    copy = copy_of(deidentifier, dicom_bytes(pixels), tmp_path)
    np.testing.assert_array_equal(decode_plane(copy.instances[0]), pixels)
    assert len((tmp_path / "copy.dcm").read_bytes()) % 2 == 0


def test_the_original_is_untouched_and_a_failed_copy_leaves_nothing(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path
) -> None:
    original = tmp_path / "original.dcm"
    original.write_bytes(dicom_bytes())
    original.chmod(0o444)
    before = original.read_bytes()
    with pytest.raises(StoreError):
        deidentifier.write(original, tmp_path / "missing" / "copy.dcm")
    deidentifier.write(original, tmp_path / "copy.dcm")
    assert original.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.dcm", "original.dcm"]


def test_a_full_disk_leaves_no_half_copy(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import resource

    content = dicom_bytes(np.zeros((512, 512), np.uint16))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreError) as caught:
            copy_of(deidentifier, content, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.why == os.strerror(errno.EFBIG)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_picture_is_not_copied(
    deidentifier: Deidentifier, header_bytes: Make, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="holds no picture"):
        copy_of(deidentifier, header_bytes(), tmp_path)


def test_an_approved_secondary_capture_stays_one(
    deidentifier: Deidentifier, dicom_bytes: Make, plane: Any, tmp_path: Path
) -> None:
    content = dicom_bytes(SOPClassUID="1.2.840.10008.5.1.4.1.1.7", Modality="OT")
    copy = copy_of(deidentifier, content, tmp_path)
    assert copy.kind == "secondary capture"
    np.testing.assert_array_equal(decode_plane(copy.instances[0]), plane)


def test_the_described_copy_is_what_is_on_disk(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path
) -> None:
    for syntax in ("explicit", "implicit", "big", "rle"):
        copy = copy_of(deidentifier, dicom_bytes(syntax=syntax), tmp_path)
        assert read_file(tmp_path / "copy.dcm") == copy


# --- the same names every time ---------------------------------------------------------------------------


def test_the_same_original_gives_the_same_copy_and_another_key_another(
    dicom_bytes: Make, tmp_path: Path
) -> None:
    content = dicom_bytes()
    one = copy_of(Deidentifier(KEY), content, tmp_path, "one.dcm")
    copy_of(Deidentifier(KEY), content, tmp_path, "two.dcm")
    other = copy_of(Deidentifier(KEY + b"x"), content, tmp_path, "other.dcm")
    assert (tmp_path / "one.dcm").read_bytes() == (tmp_path / "two.dcm").read_bytes()
    assert other.study_instance_uid != one.study_instance_uid
    assert other.identity.patient_id != one.identity.patient_id


def test_a_copy_imported_again_is_itself(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path
) -> None:
    first = copy_of(deidentifier, dicom_bytes(), tmp_path, "first.dcm")
    assert deidentifier.is_own(first)
    assert not Deidentifier(KEY + b"x").is_own(first)
    again = deidentifier.write(tmp_path / "first.dcm", tmp_path / "again.dcm")
    assert (tmp_path / "again.dcm").read_bytes() == (tmp_path / "first.dcm").read_bytes()
    assert again.sop_instance_uid == first.sop_instance_uid
    assert deidentifier.subject(first.identity) == first.identity.patient_id


def test_a_copy_of_another_library_gets_new_names(dicom_bytes: Make, tmp_path: Path) -> None:
    theirs, ours = Deidentifier(KEY + b"x"), Deidentifier(KEY)
    first = copy_of(theirs, dicom_bytes(), tmp_path, "theirs.dcm")
    second = ours.write(tmp_path / "theirs.dcm", tmp_path / "ours.dcm")
    assert second.sop_instance_uid != first.sop_instance_uid
    assert second.identity.patient_id != first.identity.patient_id


@given(original=st.text(st.sampled_from("0123456789."), min_size=1, max_size=64))
def test_uids_are_valid_and_mapped_once(original: str) -> None:
    deidentifier = Deidentifier(KEY)
    uid = deidentifier.uid(original)
    assert uid.startswith("2.25.")
    assert len(uid) <= 64
    assert uid.split(".")[2] == str(int(uid.split(".")[2]))
    assert deidentifier.uid(uid) == uid
    assert Deidentifier(KEY).uid(original) == uid
    assert Deidentifier(KEY + b"x").uid(uid) != uid


def test_references_follow_their_targets(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path
) -> None:
    import pydicom
    from pydicom.dataset import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    reference.ReferencedSOPInstanceUID = "1.2.3.4.77"
    copy_of(deidentifier, dicom_bytes(ReferencedImageSequence=[reference]), tmp_path)
    dataset = pydicom.dcmread(tmp_path / "copy.dcm")
    kept = dataset.ReferencedImageSequence[0]
    assert kept.ReferencedSOPInstanceUID == deidentifier.uid("1.2.3.4.77")
    assert dataset.FrameOfReferenceUID == deidentifier.uid("1.2.3.3")
    assert dataset.StudyInstanceUID == deidentifier.uid("1.2.3.1")


def test_dates_move_together_and_only_real_ones_stay(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path
) -> None:
    import datetime

    import pydicom

    def dates(**attributes: Any) -> Any:
        copy_of(deidentifier, dicom_bytes(**attributes), tmp_path)
        return pydicom.dcmread(tmp_path / "copy.dcm")

    first = dates(StudyDate="20200304", SeriesDate="20200305", AcquisitionDateTime="20200306101112.123")
    second = dates(StudyDate="20210304", StudyInstanceUID="1.2.3.9")

    def day(text: str) -> datetime.date:
        return datetime.datetime.strptime(text[:8], "%Y%m%d").date()

    assert day(first.StudyDate) < datetime.date(2020, 3, 4)
    assert (day(first.SeriesDate) - day(first.StudyDate)).days == 1
    assert (day(first.AcquisitionDateTime) - day(first.StudyDate)).days == 2
    assert first.AcquisitionDateTime.endswith("000000")
    assert (day(second.StudyDate) - day(first.StudyDate)).days == 365
    stranger = dates(PatientID="SOMEONEELSE")
    assert stranger.StudyDate != first.StudyDate


@pytest.mark.parametrize(
    "date", [b"***", b"00010101", b"20201332", b"", b"20200304", b"2020.03.04", b"99991231"]
)
def test_impossible_dates_do_not_stop_a_copy(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path, date: bytes
) -> None:
    date += b" " * (len(date) % 2)
    element = b"\x08\x00\x20\x00DA" + struct.pack("<H", len(date)) + date
    copy_of(deidentifier, _inserted(dicom_bytes(), 0x00080020, element), tmp_path)
    import pydicom

    study_date = pydicom.dcmread(tmp_path / "copy.dcm").get("StudyDate", "")
    assert bool(study_date) == (date.strip() in (b"20200304", b"2020.03.04"))


@pytest.mark.parametrize(
    "patient_id",
    ["", " ", "***", "000", "0", "xxx", "ANONYMOUS", "Anonymized", "anon12", "-", "unknown", "N/A"],
)
def test_strangers_without_an_id_are_never_merged(deidentifier: Deidentifier, patient_id: str) -> None:
    one = Identity(patient_id=patient_id, study_instance_uid="1.2.3")
    other = replace(one, study_instance_uid="1.2.4")
    assert deidentifier.subject(one) == deidentifier.subject(one)
    assert deidentifier.subject(one) != deidentifier.subject(other)


def test_the_same_patient_meets_the_same_subject(deidentifier: Deidentifier) -> None:
    one = Identity(patient_id="4711 ", study_instance_uid="1.2.3")
    later = Identity(patient_id="4711", study_instance_uid="1.2.4", patient_name="SPELT^OTHERWISE")
    elsewhere = Identity(patient_id="4711", issuer_of_patient_id="OTHER HOSPITAL")
    assert deidentifier.subject(one) == deidentifier.subject(later)
    assert deidentifier.subject(one) != deidentifier.subject(elsewhere)
    forged = Identity(patient_id=deidentifier.subject(one)[:-1] + "A")
    assert deidentifier.subject(forged) != forged.patient_id


def test_a_short_key_is_refused() -> None:
    with pytest.raises(StoreError, match="16 bytes"):
        Deidentifier(b"short")


# --- what is derived from a copy is what was derived from its original ------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "SeriesDescription": "t2_tse_dixon_cor_320_W",
            "ImageType": ["DERIVED", "PRIMARY", "DIXON", "WATER"],
        },
        {"SeriesDescription": "STIR cor bilat", "ScanningSequence": ["SE", "IR"], "InversionTime": 170},
        {"SeriesDescription": "MRT Knie li pd_tse_fs_sag", "BodyPartExamined": "", "Laterality": "L"},
        {
            "SeriesDescription": "AX T1",
            "RepetitionTime": None,
            "EchoTime": None,
            "BodyPartExamined": "LT HIP",
        },
        {"SeriesDescription": "ADC", "ImageType": ["DERIVED", "PRIMARY", "ADC"]},
        {"SeriesDescription": "", "StudyDescription": "MRI KNEE LT W/O", "BodyPartExamined": ""},
        {"ScanOptions": ["FAST_GEMS", "FS", "SENTINEL"], "SeriesDescription": "x"},
        {"DiffusionBValue": 500.0, "SeriesDescription": "ep2d_diff"},
    ],
)
def test_roles_survive(
    deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path, attributes: dict[str, Any]
) -> None:
    content = dicom_bytes(**attributes)
    (original,) = build_series(read_file(io.BytesIO(content)).instances)
    (copy,) = build_series(copy_of(deidentifier, content, tmp_path).instances)
    facts = ("plane", "weighting", "fat_suppressed", "joint", "laterality", "axis", "split", "label")
    assert [getattr(copy, f) for f in facts] == [getattr(original, f) for f in facts]


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr", "value"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", 800),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", [1000000800, 8, 0, 0]),
        (0x2001, "Philips Imaging DD 001", 0x03, "FL", 800.0),
        (0x0065, "Image Private Header", 0x09, "FD", 800.0),
    ],
)
def test_private_b_values_survive_and_other_private_elements_do_not(
    deidentifier: Deidentifier,
    dicom_bytes: Make,
    tmp_path: Path,
    group: int,
    creator: str,
    element: int,
    vr: str,
    value: Any,
) -> None:
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes()))
    block = dataset.private_block(group, creator, create=True)
    block.add_new(element, vr, value)
    block.add_new(0x51, "LO", "SENTINEL")
    other = dataset.private_block(group, "SENTINEL", create=True)
    other.add_new(element, vr, value)
    source = tmp_path / "source.dcm"
    dataset.save_as(source)
    assert read_file(source).instances[0].physics.b_value == 800
    copy = deidentifier.write(source, tmp_path / "copy.dcm")
    assert copy.instances[0].physics.b_value == 800
    assert b"SENTINEL" not in without_pixels(tmp_path / "copy.dcm")


def test_the_list_of_what_is_kept_uses_the_vrs_of_the_standard() -> None:
    from pydicom.datadict import dictionary_VR, keyword_for_tag

    for tag, (vr, _) in KEPT.items():
        assert keyword_for_tag(tag), hex(tag)
        assert dictionary_VR(tag) == vr.decode(), keyword_for_tag(tag)


def test_classic_copies_conform(deidentifier: Deidentifier, dicom_bytes: Make, tmp_path: Path) -> None:
    """David Clunie's validator finds nothing in a copy that was not in its original."""
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")

    def errors(path: Path) -> set[str]:
        result = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
        lines = (result.stdout + result.stderr).splitlines()
        return {line for line in lines if line.startswith("Error")}

    for syntax in ("explicit", "big", "rle"):
        (tmp_path / "original.dcm").write_bytes(dicom_bytes(syntax=syntax))
        deidentifier.write(tmp_path / "original.dcm", tmp_path / "copy.dcm")
        assert errors(tmp_path / "copy.dcm") <= errors(tmp_path / "original.dcm")


def test_every_code_that_roles_and_splits_rely_on_is_kept() -> None:
    from workstation.imaging import assemble, roles

    relied_on = {*roles._DIXON_TYPES, *roles._MAP_TYPES, *roles._SUPPRESSING_OPTIONS, *assemble._COMPONENTS}
    assert {code for code in relied_on if code.replace(" ", "_") not in CODES} == set()
