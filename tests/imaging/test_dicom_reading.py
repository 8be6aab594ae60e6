"""Reading DICOM: what is strange is read, what is damaged is refused in one sentence, nothing crashes."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.errors import DataError
from workstation.imaging import dicom_elements
from workstation.imaging.dicom import read_file
from workstation.imaging.dicom_kinds import Kind
from workstation.imaging.dicom_pixels import check_decodable, decode_plane

Make = Callable[..., bytes]


def refusal(content: bytes, decode: bool = False) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(DataError) as caught:
        file = read_file(io.BytesIO(content))
        if decode:
            check_decodable(file.instances, io.BytesIO(content))
    sentence = caught.value.sentence
    assert sentence.startswith("This file was not loaded: ")
    assert "\n" not in sentence
    return sentence


def bytes_of_value(content: bytes, tag: tuple[int, int], new: bytes) -> bytes:
    """The file with the value of a short explicit little endian element replaced by one of equal length."""
    place = content.index(struct.pack("<HH", *tag), 132)
    length = struct.unpack_from("<H", content, place + 6)[0]
    assert length == len(new)
    return content[: place + 8] + new + content[place + 8 + length :]


# --- hostile ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"hello, this is a text about knees " * 20, b"\x89PNG\r\n\x1a\n" + bytes(500), bytes(1000), b"\x00"],
)
def test_other_files_are_named_as_such(content: bytes) -> None:
    assert "it is not a DICOM file" in refusal(content)


def test_an_empty_file_is_named_as_such() -> None:
    assert "it is empty" in refusal(b"")


def test_a_file_cut_within_its_pixels_is_refused(dicom_bytes: Make) -> None:
    sentence = refusal(dicom_bytes()[:-62])
    assert "cut short" in sentence
    assert "62 bytes" in sentence
    assert sentence.endswith("Copy it again.")


def test_a_file_cut_anywhere_is_refused_or_holds_no_picture(dicom_bytes: Make) -> None:
    content = dicom_bytes()
    for length in range(1, len(content) - 1, 7):
        try:
            file = read_file(io.BytesIO(content[:length]))
        except DataError:
            continue
        assert file.kind is Kind.NO_PIXELS


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "rle", "jpeg2000", "jpegls"])
def test_a_memory_bomb_is_refused_before_anything_is_allocated(dicom_bytes: Make, syntax: str) -> None:
    content = dicom_bytes(syntax=syntax)
    order = ">" if syntax == "big" else "<"
    short = struct.pack(order + "HH", 0x0028, 0x0010)
    place = content.index(short)
    value = place + 8
    end = value + 2
    content = content[:value] + struct.pack(order + "H", 46341) + content[end:]
    place = content.index(struct.pack(order + "HH", 0x0028, 0x0011)) + 8
    content = content[:place] + struct.pack(order + "H", 46341) + content[place + 2 :]
    tracemalloc.start()
    sentence = refusal(content, decode=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "46341 × 46341" in sentence
    assert "more than the file can hold" in sentence
    assert peak < 8 * 1024 * 1024


def test_more_frames_than_the_file_can_hold_are_refused(dicom_bytes: Make) -> None:
    assert "more than the file can hold" in refusal(dicom_bytes(NumberOfFrames="100000"))
    few = dicom_bytes(np.zeros((2, 40, 48), np.uint16), "rle")
    place = few.index(b"\x28\x00\x08\x00IS")
    assert few[place + 6 : place + 10] == b"\x02\x002 "
    many = few[: place + 6] + b"\x08\x0010000000" + few[place + 10 :]
    assert "more than the file can hold" in refusal(many)


def test_a_file_of_a_million_tiny_planes_is_refused(dicom_bytes: Make) -> None:
    tiny = np.zeros((30_000, 1, 2), np.uint8)
    assert "more than 20000 planes" in refusal(dicom_bytes(tiny))


def test_reading_headers_needs_no_pydicom() -> None:
    """It takes a second to import, in every worker process."""
    code = (
        "import sys, workstation.imaging.dicom, workstation.imaging.deidentify, workstation.imaging.load, "
        "workstation.imaging.assemble, workstation.imaging.sources; sys.exit('pydicom' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_frame_that_is_larger_than_its_header_is_not_decoded(dicom_bytes: Make) -> None:
    content = dicom_bytes(syntax="jpeg2000")
    start = content.index(b"\xff\x4f\xff\x51")
    content = content[: start + 8] + struct.pack(">II", 60000, 60000) + content[start + 16 :]
    assert "another size than its header says" in refusal(content, decode=True)


def test_deflated_content_may_not_unpack_without_end(
    header_bytes: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_elements, "_LARGEST_INFLATED", 100_000)
    head = header_bytes("deflated")
    start = head.index(b"1.2.840.10008.1.2.1.99") + 22
    length = struct.unpack_from("<I", head, 140)[0]
    start = 144 + length
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = head[:start] + engine.compress(bytes(3_000_000)) + engine.flush()
    assert "512 MiB" in refusal(bomb)


@pytest.mark.parametrize("syntax", ["rle", "jpeg2000", "jpegls"])
def test_damaged_compressed_pixels_are_refused_at_import(dicom_bytes: Make, syntax: str) -> None:
    content = dicom_bytes(syntax=syntax)
    start = content.index(struct.pack("<HH", 0x7FE0, 0x0010)) + 12 + 8 + 8
    damaged = content[: start + 20] + bytes(len(content) - start - 28) + content[-8:]
    assert "not loaded" in refusal(damaged, decode=True)
    assert "cut short" in refusal(content[: len(content) - 40], decode=True)


def test_a_file_without_size_of_its_picture_is_refused(dicom_bytes: Make) -> None:
    assert "how large its picture is" in refusal(dicom_bytes(Rows=None))


def test_odd_bit_depths_are_refused_by_name(dicom_bytes: Make) -> None:
    assert "12 bits" in refusal(dicom_bytes(BitsAllocated=12, BitsStored=12))


def test_palettes_and_floating_point_pixels_are_refused_by_name(dicom_bytes: Make) -> None:
    assert "palette" in refusal(dicom_bytes(PhotometricInterpretation="PALETTE COLOR"))
    content = dicom_bytes()
    place = content.index(struct.pack("<HH", 0x7FE0, 0x0010))
    floating = content[:place] + b"\xe0\x7f\x08\x00OF" + content[place + 6 :]
    assert "floating-point" in refusal(floating)


def test_sequences_nested_without_end_are_refused(dicom_bytes: Make) -> None:
    content = dicom_bytes()
    nested = b""
    for _ in range(2000):
        nested += b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    place = content.index(struct.pack("<HH", 0x0010, 0x0010))
    sentence = refusal(content[:place] + nested + content[place:])
    assert "damaged" in sentence or "cut short" in sentence


def test_an_unknown_compression_is_named(dicom_bytes: Make) -> None:
    content = dicom_bytes(syntax="rle").replace(b"1.2.840.10008.1.2.5\x00", b"1.2.840.10008.9.9.9\x00")
    assert "its compression (1.2.840.10008.9.9.9) is not read here" in refusal(content, decode=True)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
def test_no_damage_crashes_the_reader(dicom_bytes: Make, data: st.DataObject, syntax: str) -> None:
    content = bytearray(_valid(dicom_bytes, syntax))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert", "remove", "length"])):
            case "change":
                content[place] = data.draw(st.integers(0, 255))
            case "cut" if place > 140:
                del content[place:]
            case "insert":
                content[place:place] = data.draw(st.binary(min_size=1, max_size=12))
            case "remove":
                del content[place : place + data.draw(st.integers(1, 12))]
            case "length":
                content[place : place + 4] = b"\xff\xff\xff\xff"
    try:
        file = read_file(io.BytesIO(content))
        if file.instances:
            check_decodable(file.instances, io.BytesIO(content))
            decode_plane(file.instances[0], io.BytesIO(content))
    except DataError as error:
        assert "\n" not in error.sentence


_CACHE: dict[str, bytes] = {}


def _valid(make: Make, syntax: str) -> bytes:
    if syntax not in _CACHE:
        _CACHE[syntax] = make(syntax=syntax)
    return _CACHE[syntax]


# --- strange but readable --------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpeg2000", "jpegls"])
@pytest.mark.parametrize("kind", ["u2", "i2", "u1"])
def test_pixels_are_the_same_in_every_syntax(
    dicom_bytes: Make, plane: Any, tmp_path: Path, syntax: str, kind: str
) -> None:
    pixels = (plane % 251).astype(kind) if kind == "u1" else plane.astype(kind)
    if kind == "i2":
        pixels = pixels - 300
    path = tmp_path / "a.dcm"
    path.write_bytes(dicom_bytes(pixels, syntax))
    file = read_file(path)
    check_decodable(file.instances, path)
    (instance,) = file.instances
    assert instance.pixel_spacing == (0.5, 0.4)
    assert instance.physics.repetition_time == 2800
    assert instance.series_description == "Sag PD FS"
    assert (instance.pixels.offset is not None) == (syntax in ("explicit", "implicit"))
    np.testing.assert_array_equal(decode_plane(instance), pixels)


def test_a_file_without_preamble_and_meta_is_read(dicom_bytes: Make, plane: Any) -> None:
    content = dicom_bytes()
    length = struct.unpack_from("<I", content, 140)[0]
    bare = content[144 + length :]
    file = read_file(io.BytesIO(bare))
    assert "file header" in file.notes[0]
    np.testing.assert_array_equal(decode_plane(file.instances[0], io.BytesIO(bare)), plane)


@pytest.mark.parametrize(
    ("real", "stated"), [("implicit", "explicit"), ("explicit", "implicit"), ("big", "explicit")]
)
def test_a_wrongly_stated_native_syntax_is_found_out(
    dicom_bytes: Make, plane: Any, real: str, stated: str
) -> None:
    content = dicom_bytes(syntax=real)
    ours, theirs = (_meta_uid(s) for s in (real, stated))
    content = _with_meta(content, ours, theirs)
    file = read_file(io.BytesIO(content))
    assert any("stated wrongly" in note for note in file.notes)
    np.testing.assert_array_equal(decode_plane(file.instances[0], io.BytesIO(content)), plane)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "jpeg2000", "jpegls"])
def test_a_missing_syntax_is_found_from_the_content(dicom_bytes: Make, plane: Any, syntax: str) -> None:
    content = dicom_bytes(syntax=syntax)
    content = _with_meta(content, _meta_uid(syntax), None)
    file = read_file(io.BytesIO(content))
    check_decodable(file.instances, io.BytesIO(content))
    np.testing.assert_array_equal(decode_plane(file.instances[0], io.BytesIO(content)), plane)


def test_pixels_said_to_be_compressed_but_are_not(dicom_bytes: Make) -> None:
    content = _with_meta(dicom_bytes(), _meta_uid("explicit"), _meta_uid("jpeg2000"))
    assert "they are not" in refusal(content, decode=True)


def _meta_uid(name: str) -> bytes:
    from pydicom.uid import UID

    names = {
        "explicit": "1.2.840.10008.1.2.1",
        "implicit": "1.2.840.10008.1.2",
        "big": "1.2.840.10008.1.2.2",
        "jpeg2000": "1.2.840.10008.1.2.4.90",
        "jpegls": "1.2.840.10008.1.2.4.80",
    }
    return UID(names[name]).encode()


def _with_meta(content: bytes, old: bytes, new: bytes | None) -> bytes:
    """The file with another TransferSyntaxUID in its meta group, or without one."""

    def element(uid: bytes) -> bytes:
        uid += b"\x00" * (len(uid) % 2)
        return b"\x02\x00\x10\x00UI" + struct.pack("<H", len(uid)) + uid

    before = element(old)
    after = element(new) if new is not None else b""
    assert before in content
    content = content.replace(before, after, 1)
    length = struct.unpack_from("<I", content, 140)[0] - len(before) + len(after)
    return content[:140] + struct.pack("<I", length) + content[144:]


@pytest.mark.parametrize(
    ("keyword", "raw"),
    [
        ("StudyDate", b"***"),
        ("PatientAge", b"000Y"),
        ("PatientBirthDate", b"SENTINEL"),
        ("EchoTime", b"short"),
        ("RepetitionTime", b""),
        ("InstanceNumber", b"one"),
        ("SeriesNumber", b"99999999999999999999"),
        ("WindowCenter", b"NaN\\inf"),
        ("SpecificCharacterSet", b"ISO 9999"),
        ("RescaleSlope", b"0"),
        ("BurnedInAnnotation", b""),
    ],
)
def test_invalid_values_count_as_absent(dicom_bytes: Make, keyword: str, raw: bytes) -> None:
    from pydicom.datadict import tag_for_keyword

    content = dicom_bytes(**{keyword: None}) if keyword != "StudyDate" else dicom_bytes(StudyDate=None)
    content = _inserted(content, int(tag_for_keyword(keyword) or 0), raw)
    file = read_file(io.BytesIO(content))
    assert file.kind is Kind.IMAGE
    assert file.instances[0].pixels.rescale_slope == 1.0


@pytest.mark.parametrize("raw", [b"0\\0", b"NaN\\NaN", b"-1\\0.5", b"", b"0.5", b"1e9\\1e9"])
def test_useless_spacing_is_absent_not_fatal(dicom_bytes: Make, raw: bytes) -> None:
    content = _inserted(dicom_bytes(PixelSpacing=None), 0x00280030, raw)
    (instance,) = read_file(io.BytesIO(content)).instances
    assert instance.pixel_spacing is None
    assert instance.image_position_patient == (0, -50, 50)


@pytest.mark.parametrize("raw", [b"1\\2", b"a\\b\\c", b"NaN\\0\\0", b"1e30\\0\\0"])
def test_useless_positions_are_absent_not_fatal(dicom_bytes: Make, raw: bytes) -> None:
    content = _inserted(dicom_bytes(ImagePositionPatient=None), 0x00200032, raw)
    (instance,) = read_file(io.BytesIO(content)).instances
    assert instance.image_position_patient is None


def _inserted(content: bytes, tag: int, raw: bytes) -> bytes:
    """The explicit little endian file with one more element, in its place by tag."""
    from pydicom.datadict import dictionary_VR

    raw += b" " * (len(raw) % 2)
    element = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + dictionary_VR(tag).encode()
    element += struct.pack("<H", len(raw)) + raw
    dataset = dicom_elements.parse(io.BytesIO(content), len(content))
    later = [e for t, e in dataset.elements.items() if t > tag] or [dataset.pixels]
    assert later[0] is not None
    header = 12 if later[0].vr in (b"OW", b"SQ", b"UN", b"UT") else 8
    place = later[0].start - header
    return content[:place] + element + content[place:]


@pytest.mark.parametrize(
    ("character_set", "raw", "text"),
    [
        ("ISO_IR 192", "膝关节 SAG".encode(), "膝关节 SAG"),
        ("GB18030", "膝关节 SAG".encode("gb18030"), "膝关节 SAG"),
        ("GBK", "膝关节 SAG".encode("gbk"), "膝关节 SAG"),
        ("ISO_IR 100", "Knie längs".encode("latin-1"), "Knie längs"),
        ("ISO_IR 144", "колено".encode("iso8859-5"), "колено"),
        ("", "Knie längs".encode("latin-1"), "Knie"),
        ("NONSENSE", "Knie längs".encode("latin-1"), "Knie"),
    ],
)
def test_descriptions_in_every_script(dicom_bytes: Make, character_set: str, raw: bytes, text: str) -> None:
    content = dicom_bytes(SeriesDescription=None)
    content = _inserted(content, 0x0008103E, raw)
    content = _inserted(content, 0x00080005, character_set.encode())
    assert read_file(io.BytesIO(content)).instances[0].series_description.startswith(text)


# --- what a file is --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sop_class", "attributes", "kind"),
    [
        ("4", {}, Kind.IMAGE),
        ("2", {"Modality": "CT"}, Kind.IMAGE),
        ("1", {"Modality": "CR"}, Kind.IMAGE),
        ("1.1", {"Modality": "DX"}, Kind.IMAGE),
        ("7", {"Modality": "OT"}, Kind.SECONDARY_CAPTURE),
        ("7", {"Modality": "MR"}, Kind.SECONDARY_CAPTURE),
        ("7.2", {"Modality": "MR"}, Kind.SECONDARY_CAPTURE),
        ("4", {"BurnedInAnnotation": "YES"}, Kind.BURNED_IN),
        ("4", {"BurnedInAnnotation": "NO"}, Kind.IMAGE),
        ("6.1", {"Modality": "US"}, Kind.OTHER_IMAGE),
        ("66.4", {"Modality": "SEG"}, Kind.SEGMENTATION),
        ("481.2", {"Modality": "RTDOSE"}, Kind.CONTOURS),
    ],
)
def test_kinds_of_pictures(dicom_bytes: Make, sop_class: str, attributes: dict[str, Any], kind: Kind) -> None:
    uid = f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    file = read_file(io.BytesIO(dicom_bytes(SOPClassUID=uid, **attributes)))
    assert file.kind is kind
    assert bool(file.skip_reason) == (kind is not Kind.IMAGE)


@pytest.mark.parametrize(
    ("sop_class", "modality", "kind"),
    [
        ("481.3", "RTSTRUCT", Kind.CONTOURS),
        ("88.22", "SR", Kind.REPORT),
        ("104.1", "DOC", Kind.REPORT),
        ("11.1", "PR", Kind.PRESENTATION),
        ("4", "MR", Kind.NO_PIXELS),
    ],
)
def test_kinds_without_pictures(header_bytes: Make, sop_class: str, modality: str, kind: Kind) -> None:
    uid = f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    file = read_file(io.BytesIO(header_bytes(SOPClassUID=uid, Modality=modality)))
    assert file.kind is kind
    assert file.skip_reason
    assert file.instances == ()


def test_pixels_are_not_read_with_the_header(dicom_bytes: Make) -> None:
    class Counting(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1, /) -> bytes:
            result = super().read(size)
            self.count += len(result)
            return result

    stream = Counting(dicom_bytes(np.zeros((1024, 1024), np.uint16)))
    read_file(stream)
    assert stream.count <= 100 * 1024


@pytest.mark.parametrize(
    ("syntax", "told", "lossy"),
    [
        ("explicit", None, False),
        ("explicit", "01", True),
        ("jpeg2000", None, False),
        ("jpeg2000", "01", True),
    ],
)
def test_lossy_compression_is_known(dicom_bytes: Make, syntax: str, told: str | None, lossy: bool) -> None:
    file = read_file(io.BytesIO(dicom_bytes(syntax=syntax, LossyImageCompression=told)))
    assert file.instances[0].pixels.lossy is lossy


def test_identity_is_apart_from_the_instances(dicom_bytes: Make) -> None:
    file = read_file(io.BytesIO(dicom_bytes()))
    assert file.identity.patient_name == "SENTINEL^NAME"
    assert "SENTINEL" not in repr(file.instances)


# --- enhanced multi-frame --------------------------------------------------------------------------------


def _enhanced(frames: int = 4) -> Any:
    from pydicom.dataset import Dataset

    def item(**attributes: Any) -> Dataset:
        result = Dataset()
        for keyword, value in attributes.items():
            setattr(result, keyword, value)
        return result

    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])],
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.4], SliceThickness=3)],
        MRTimingAndRelatedParametersSequence=[item(RepetitionTime=2800, FlipAngle=90)],
        MRModifierSequence=[item(SpectrallySelectedSuppression="FAT", InversionRecovery="NO")],
        FrameAnatomySequence=[item(FrameLaterality="R")],
    )
    per_frame = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[3.3 * n, -50, 50])],
            MREchoSequence=[item(EffectiveEchoTime=42.0)],
            FrameContentSequence=[item(TemporalPositionIndex=1)],
            PixelValueTransformationSequence=[item(RescaleSlope=2 + n, RescaleIntercept=0)],
        )
        for n in range(frames)
    ]
    return {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4.1",
        "EchoPulseSequence": "SPIN",
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": per_frame,
        "ImagePositionPatient": None,
        "ImageOrientationPatient": None,
        "PixelSpacing": None,
        "RepetitionTime": None,
        "EchoTime": None,
        "ScanningSequence": None,
    }


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "rle", "jpegls"])
def test_enhanced_frames_get_their_own_facts(dicom_bytes: Make, tmp_path: Path, syntax: str) -> None:
    pixels = np.stack([np.full((40, 48), 100 + n, np.uint16) for n in range(4)])
    path = tmp_path / "enhanced.dcm"
    path.write_bytes(dicom_bytes(pixels, syntax, **_enhanced()))
    file = read_file(path)
    check_decodable(file.instances, path)
    assert [i.frame for i in file.instances] == [0, 1, 2, 3]
    for n, instance in enumerate(file.instances):
        assert instance.image_position_patient == pytest.approx((3.3 * n, -50, 50))
        assert instance.pixel_spacing == (0.5, 0.4)
        assert instance.physics.repetition_time == 2800
        assert instance.physics.echo_time == 42
        assert instance.physics.scanning_sequence == ("SE",)
        assert instance.physics.spectrally_selected_suppression == "FAT"
        assert instance.laterality == "R"
        assert instance.pixels.rescale_slope == 2 + n
        assert (decode_plane(instance) == 100 + n).all()


def test_fewer_groups_than_frames_leave_the_rest_without_place(dicom_bytes: Make) -> None:
    pixels = np.zeros((4, 40, 48), np.uint16)
    file = read_file(io.BytesIO(dicom_bytes(pixels, **_enhanced(2))))
    assert [i.image_position_patient is None for i in file.instances] == [False, False, True, True]


def test_sides_that_contradict_each_other_are_both_told(dicom_bytes: Make) -> None:
    file = read_file(io.BytesIO(dicom_bytes(Laterality="L", ImageLaterality="R")))
    assert file.instances[0].laterality == "L\\R"
