"""Real MRI, kept outside the project: every file read or refused with a reason, every series as it is."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from workstation.errors import DataError
from workstation.imaging.assemble import build_series
from workstation.imaging.deidentify import Deidentifier
from workstation.imaging.dicom import DicomFile, read_file
from workstation.imaging.dicom_kinds import Kind
from workstation.imaging.dicom_pixels import check_decodable, decode_plane
from workstation.imaging.load import load_stack, stack_geometry
from workstation.imaging.sources import walk
from workstation.imaging.study import Joint, Plane, Series, Weighting
from workstation.tasks import SilentProgress

pytestmark = pytest.mark.real
QUIET = SilentProgress()

UNREADABLE = {
    "conformance/broken/oob-monochrome-46341.dcm": "46341 × 46341 pixels, more than the file can hold",
    "conformance/pydicom/MR_truncated.dcm": "62 bytes of its pixels are missing",
    "conformance/pydicom/rtplan_truncated.dcm": "cut short",
    "conformance/pydicom/meta_missing_tsyntax.dcm": "how large its picture is",
    "conformance/pydicom/nested_priv_SQ.dcm": "how large its picture is",
    "conformance/pydicom/no_meta.dcm": "not a DICOM file",
    "conformance/wg04-mr3-knee/MR3_JPLY.dcm": "12-bit JPEG Extended, for which there is no decoder",
    "conformance/pydicom/JPGExtended.dcm": "12-bit JPEG Extended, for which there is no decoder",
    "conformance/pydicom/JPEG2000-embedded-sequence-delimiter.dcm": "another size than its header says",
}


@pytest.fixture(scope="module")
def everything(request: pytest.FixtureRequest) -> tuple[dict[str, DicomFile], dict[str, str]]:
    """What was read and what was refused, by path within the folder of real data."""
    import os

    folder = Path(os.environ.get("MARROW_REAL_DATA", Path(__file__).parents[3] / "shared" / "data" / "real"))
    if not folder.is_dir():
        pytest.skip("the real MRI is kept outside the project and is not on this machine")
    read, refused = {}, {}
    for source in walk([folder]):
        name = Path(source.path).relative_to(folder).as_posix()
        try:
            with source.open() as stream:
                file = read_file(stream, source.path)
                check_decodable(file.instances, stream)
            read[name] = file
        except DataError as error:
            refused[name] = error.sentence
    return read, refused


@pytest.fixture(scope="module")
def series(everything: tuple[dict[str, DicomFile], dict[str, str]]) -> dict[str, list[Series]]:
    """Series of each folder."""
    result: dict[str, list[Series]] = {}
    folders: dict[str, list[DicomFile]] = {}
    for name, file in everything[0].items():
        if not file.skip_reason:
            folders.setdefault(str(Path(name).parent), []).append(file)
    for folder, files in folders.items():
        result[folder] = list(build_series(i for f in files for i in f.instances))
    return result


def only(series: dict[str, list[Series]], folder: str) -> Series:
    """The one series of a folder."""
    (found,) = series[folder]
    return found


def test_every_file_is_read_or_refused_with_a_reason(
    everything: tuple[dict[str, DicomFile], dict[str, str]],
) -> None:
    read, refused = everything
    assert len(read) + len(refused) == 697
    for name, reason in UNREADABLE.items():
        assert reason in refused[name], name
    others = {n: r for n, r in refused.items() if n not in UNREADABLE}
    assert len(others) == 23
    assert all("it is not a DICOM file" in reason for reason in others.values())
    kinds = Counter(file.kind for file in read.values())
    assert kinds == {
        Kind.IMAGE: 626,
        Kind.SECONDARY_CAPTURE: 15,
        Kind.DICOMDIR: 8,
        Kind.CONTOURS: 6,
        Kind.NO_PIXELS: 6,
        Kind.REPORT: 2,
        Kind.SEGMENTATION: 1,
        Kind.OTHER_IMAGE: 1,
    }


def test_dess_and_cubequant(series: dict[str, list[Series]]) -> None:
    dess = only(series, "knee-ge-3t-dess-cubequant/DESS-01")
    cube = only(series, "knee-ge-3t-dess-cubequant/cubeQuant-01")
    assert (len(dess.instances), dess.plane, dess.weighting) == (80, Plane.SAGITTAL, Weighting.GRADIENT_ECHO)
    assert (len(cube.instances), cube.plane, cube.weighting) == (80, Plane.SAGITTAL, Weighting.PD)
    assert cube.fat_suppressed and cube.label == "sag PD FS"
    assert dess.warnings == cube.warnings == ()
    one, other = stack_geometry(dess), stack_geometry(cube)
    assert one is not None and other is not None
    assert one.slice_spacing == pytest.approx(1.5)
    assert other.slice_thickness == 3
    assert other.slice_spacing == pytest.approx(1.5)
    assert one.frame_of_reference_uid == other.frame_of_reference_uid
    assert dess.study_instance_uid != cube.study_instance_uid
    stack = load_stack(dess, QUIET)
    assert stack.voxels.shape == (80, 512, 512)
    assert stack.values(40).max() > 100


def test_eight_echoes_in_big_endian(series: dict[str, list[Series]]) -> None:
    echoes = series["knee-ge-3t-mese-t2"]
    assert [s.split for s in echoes] == [f"echo{n}" for n in range(1, 9)]
    assert all(len(s.instances) == 24 and s.plane is Plane.SAGITTAL and not s.warnings for s in echoes)
    times = [s.first.physics.echo_time for s in echoes]
    assert times == sorted(times)
    middles = [load_stack(s, QUIET).values(12).mean() for s in echoes]
    assert middles == sorted(middles, reverse=True)


@pytest.mark.parametrize(
    ("folder", "slices", "shape"),
    [
        ("hip-t1-axial-sts050/image", 52, (135, 141)),
        ("hip-t1-axial-sts031/image", 62, (201, 161)),
        ("knee-t1-axial-sts017/image", 56, (161, 178)),
    ],
)
def test_t1_told_by_the_description_only(
    series: dict[str, list[Series]], folder: str, slices: int, shape: tuple[int, int]
) -> None:
    found = only(series, folder)
    assert (found.plane, found.weighting, found.fat_suppressed) == (Plane.AXIAL, Weighting.T1, False)
    stack = load_stack(found, QUIET)
    assert stack.voxels.shape == (slices, *shape)
    assert stack.geometry is not None
    assert stack.geometry.is_uniform
    assert stack.geometry.slice_spacing == pytest.approx(3.27, abs=0.01)


def test_blank_slices_are_kept(series: dict[str, list[Series]]) -> None:
    stack = load_stack(only(series, "hip-t1-axial-sts050/image"), QUIET)
    blank = [n for n in range(52) if not stack.values(n).any()]
    assert blank
    assert set(blank) <= set(range(10)) | set(range(42, 52))


def test_three_planes_of_one_localizer(series: dict[str, list[Series]]) -> None:
    found = {s.split: (s.plane, len(s.instances)) for s in series["conformance/ge-3plane-localizer"]}
    assert found == {
        "axial": (Plane.AXIAL, 4),
        "coronal": (Plane.CORONAL, 4),
        "sagittal": (Plane.SAGITTAL, 3),
    }


def test_a_moving_knee_is_one_place_at_19_times(series: dict[str, list[Series]]) -> None:
    moving = next(s for s in series["conformance/enhanced"] if s.joint is Joint.KNEE)
    assert (moving.axis, len(moving.instances), moving.plane) == ("time", 19, Plane.SAGITTAL)
    assert moving.laterality == "R"
    assert moving.warnings == ("It shows one place at 19 times.",)
    assert load_stack(moving, QUIET).voxels.shape == (19, 256, 256)


def test_philips_rescale_is_applied(series: dict[str, list[Series]]) -> None:
    found = only(series, "conformance/philips-classic-rescale")
    stack = load_stack(found, QUIET)
    stored = decode_plane(found.instances[1])
    assert stack.slope == pytest.approx(2.36166, abs=1e-4)
    np.testing.assert_allclose(stack.values(1), stored * 2.36166056, rtol=1e-4)


def test_compressed_copies_are_bit_identical(everything: tuple[dict[str, DicomFile], dict[str, str]]) -> None:
    folder = "conformance/wg04-mr3-knee/MR3_"
    planes = [
        decode_plane(everything[0][f"{folder}{syntax}.dcm"].instances[0])
        for syntax in ("UNC", "RLE", "JPLL", "JLSL", "J2KR")
    ]
    assert planes[0].min() >= 0 and planes[0].shape == (512, 512)
    for plane in planes[1:]:
        np.testing.assert_array_equal(plane, planes[0])


def test_mosaic_adc_and_strange_dates(series: dict[str, list[Series]]) -> None:
    mosaic = only(series, "conformance/siemens-mosaic")
    assert "Siemens mosaic" in mosaic.warnings[0]
    assert stack_geometry(mosaic) is None
    assert only(series, "pelvis-ge-adc").weighting is Weighting.MAP
    assert only(series, "pelvis-ge-adc").joint is None
    united = only(series, "conformance/uih-t1-sag")
    assert (united.plane, len(united.instances)) == (Plane.SAGITTAL, 3)


def test_pixels_are_those_that_pydicom_reads(everything: tuple[dict[str, DicomFile], dict[str, str]]) -> None:
    import warnings

    import pydicom

    compared = 0
    for file in list(everything[0].values())[::5]:
        if file.kind is not Kind.IMAGE or file.path.endswith(".gz"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pydicom.dcmread(file.path, force=True).pixel_array
        for instance in file.instances[:3]:
            expected = theirs[instance.frame] if instance.pixels.number_of_frames > 1 else theirs
            np.testing.assert_array_equal(decode_plane(instance), expected)
            compared += 1
    assert compared > 100


def test_copies_say_the_same_as_their_originals(
    everything: tuple[dict[str, DicomFile], dict[str, str]], tmp_path: Path
) -> None:
    deidentifier = Deidentifier(b"a key for a test of sixteen bytes")
    originals, copies = [], []
    for number, file in enumerate(everything[0].values()):
        if file.kind is not Kind.IMAGE or file.path.endswith(".gz"):
            continue
        copy = deidentifier.write(Path(file.path), tmp_path / f"{number}.dcm")
        originals += file.instances
        copies += copy.instances
        person = file.identity
        header = (tmp_path / f"{number}.dcm").read_bytes()[:20_000]
        for text in (person.patient_name, person.patient_id, person.study_instance_uid):
            if len(text) > 5:
                assert text.encode("utf-8") not in header

    def facts(found: Series, uid: str) -> tuple[object, ...]:
        return (uid, found.split, len(found.instances), found.label, found.plane, found.weighting,
                found.fat_suppressed, found.joint, found.laterality, found.axis, found.warnings)  # fmt: skip

    before = {facts(s, deidentifier.uid(s.series_instance_uid)) for s in build_series(originals)}
    after = {facts(s, s.series_instance_uid) for s in build_series(copies)}
    assert before == after
    for original, copy in list(zip(originals, copies, strict=True))[::7]:
        np.testing.assert_array_equal(decode_plane(original), decode_plane(copy))


def test_damage_to_real_files_never_crashes(everything: tuple[dict[str, DicomFile], dict[str, str]]) -> None:
    random = np.random.default_rng(20240607)
    files = [f for n, f in everything[0].items() if n.startswith("conformance") and not n.endswith(".gz")]
    for file in files:
        content = Path(file.path).read_bytes()[:400_000]
        for _ in range(8):
            damaged = bytearray(content)
            for place in random.integers(132, len(damaged), 4):
                damaged[place] = random.integers(0, 256)
            cut = int(random.integers(200, len(damaged)))
            try:
                found = read_file(io.BytesIO(damaged[:cut] if random.random() < 0.3 else damaged))
                check_decodable(found.instances[:1], io.BytesIO(damaged))
            except DataError as error:
                assert "\n" not in error.sentence
