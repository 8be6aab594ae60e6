"""Stacks: right values for every sort of pixel, little memory, one bad slice does not take the others."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.errors import Cancelled, DataError
from workstation.imaging.assemble import build_series
from workstation.imaging.dicom import read_file
from workstation.imaging.load import load_middle, load_readable, load_stack, outwards, stack_geometry
from workstation.imaging.study import Series
from workstation.tasks import SilentProgress

Make = Callable[..., bytes]
QUIET = SilentProgress()


@pytest.fixture
def series_of(dicom_bytes: Make, tmp_path: Path) -> Callable[..., Series]:
    """``series_of(slices, syntax, **attributes)``: a series on disk, slices 3.3 mm apart."""

    def make(slices: list[Any], syntax: str = "explicit", per_slice: Any = None, **attributes: Any) -> Series:
        instances = []
        for n, pixels in enumerate(slices):
            path = tmp_path / f"{n}.dcm"
            own = {"ImagePositionPatient": [-3.3 * n, -50, 50], "SOPInstanceUID": f"1.2.3.4.{n + 1}"}
            own |= {"InstanceNumber": n + 1} | (per_slice[n] if per_slice else {})
            path.write_bytes(dicom_bytes(pixels, syntax, **(attributes | own)))
            instances += read_file(path).instances
        (series,) = build_series(instances)
        return series

    return make


def planes(count: int = 5, kind: str = "u2", start: int = 0) -> list[Any]:
    """Asymmetric slices, each different."""
    row, column = np.mgrid[:40, :48]
    return [np.asarray(start + 97 * n + 5 * row + column, dtype=kind) for n in range(count)]


def real_values(stack: Any) -> Any:
    """Real values of all slices."""
    return np.stack([stack.values(n) for n in range(stack.number_of_slices)])


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
@pytest.mark.parametrize(("kind", "start"), [("u2", 0), ("i2", -300), ("u2", 64000), ("i2", -32768)])
def test_values_are_right_whatever_is_stored(
    series_of: Callable[..., Series], syntax: str, kind: str, start: int
) -> None:
    slices = planes(3, kind, start)
    stack = load_stack(series_of(slices, syntax), QUIET)
    assert stack.voxels.dtype == np.uint16
    assert stack.voxels.shape == (3, 40, 48)
    assert not stack.voxels.flags.writeable
    np.testing.assert_array_equal(real_values(stack), np.stack(slices))


def test_eight_bits(series_of: Callable[..., Series]) -> None:
    slices = [(p % 251).astype(np.uint8) for p in planes()]
    np.testing.assert_array_equal(real_values(load_stack(series_of(slices), QUIET)), np.stack(slices))


@pytest.mark.parametrize(("slope", "intercept"), [(2.36166, 0.0), (1.0, -1024.0), (0.1, 12.5), (3.0, 7.0)])
def test_one_rescale_for_the_series(series_of: Callable[..., Series], slope: float, intercept: float) -> None:
    slices = planes()
    series = series_of(slices, RescaleSlope=slope, RescaleIntercept=intercept)
    expected = np.stack(slices) * slope + intercept
    np.testing.assert_allclose(real_values(load_stack(series, QUIET)), expected, rtol=1e-5, atol=1e-3)
    index, middle = load_middle(series)
    assert index == 2
    assert (middle.slope, middle.intercept) == pytest.approx((slope, intercept))
    np.testing.assert_allclose(middle.values(0), expected[2], rtol=1e-5, atol=1e-3)


def test_a_rescale_per_slice_is_kept(series_of: Callable[..., Series]) -> None:
    slices = planes()
    slopes = [1.0, 2.5, 0.7, 3.1, 1.3]
    series = series_of(slices, per_slice=[{"RescaleSlope": s, "RescaleIntercept": 10 * s} for s in slopes])
    expected = np.stack([p * s + 10 * s for p, s in zip(slices, slopes, strict=True)])
    stack = load_stack(series, QUIET)
    np.testing.assert_allclose(real_values(stack), expected, atol=stack.slope * 0.51 + 1e-3)
    assert stack.slope <= 0.7 + 1e-9


def test_values_of_32_bits_are_scaled_into_16(series_of: Callable[..., Series]) -> None:
    slices = [(p.astype(np.uint32) * 5000) for p in planes()]
    stack = load_stack(series_of(slices), QUIET)
    top = np.stack(slices).max()
    np.testing.assert_allclose(real_values(stack), np.stack(slices), atol=top / 65535)


def test_monochrome1_shows_dense_white(series_of: Callable[..., Series]) -> None:
    slices = planes(3)
    series = series_of(slices, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    stack = load_stack(series, QUIET)
    assert stack.inverted
    assert stack.voxels[0, 0, 0] > stack.voxels[0, -1, -1]
    np.testing.assert_array_equal(real_values(stack), np.stack(slices))


def test_colour_becomes_luminance(series_of: Callable[..., Series]) -> None:
    rgb = np.zeros((40, 48, 3), np.uint8)
    rgb[:20] = (255, 0, 0)
    rgb[20:] = (0, 255, 0)
    stack = load_stack(series_of([rgb, rgb, rgb]), QUIET)
    assert stack.voxels.shape == (3, 40, 48)
    assert stack.voxels[0, 0, 0] == 76
    assert stack.voxels[0, 39, 0] == 150


def test_colour_by_plane_is_read_as_colour_by_pixel(series_of: Callable[..., Series]) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (40, 48, 3), np.uint8)
    by_plane = np.ascontiguousarray(rgb.transpose(2, 0, 1)).reshape(40, 48, 3)
    one = load_stack(series_of([rgb] * 2), QUIET)
    other = load_stack(series_of([by_plane] * 2, PlanarConfiguration=1), QUIET)
    np.testing.assert_array_equal(one.voxels, other.voxels)


def test_unused_high_bits_are_cleared(series_of: Callable[..., Series]) -> None:
    slices = planes(2)
    dirty = [p | np.uint16(0xF000) for p in slices]
    stack = load_stack(series_of(dirty, BitsStored=12, HighBit=11), QUIET)
    np.testing.assert_array_equal(real_values(stack), np.stack(slices))


def test_signed_values_of_12_bits_keep_their_sign(series_of: Callable[..., Series]) -> None:
    slices = planes(2, "i2", -400)
    stored = [p & np.int16(0x0FFF) for p in slices]
    stack = load_stack(series_of(stored, BitsStored=12, HighBit=11), QUIET)
    np.testing.assert_array_equal(real_values(stack), np.stack(slices))


def test_blank_slices_stay(series_of: Callable[..., Series]) -> None:
    slices = planes()
    slices[0][:] = 0
    stack = load_stack(series_of(slices), QUIET)
    assert stack.number_of_slices == 5
    assert not stack.voxels[0].any()


def test_geometry_is_per_slice(series_of: Callable[..., Series]) -> None:
    stack = load_stack(series_of(planes()), QUIET)
    assert stack.geometry is not None
    assert stack.geometry.shape == (5, 40, 48)
    assert stack.geometry.slice_spacing == pytest.approx(3.3)
    np.testing.assert_allclose(stack.geometry.point_at(2, 10, 20), [-6.6, -50 + 20 * 0.4, 50 - 10 * 0.5])
    assert stack.geometry.frame_of_reference_uid == "1.2.3.3"


# --- damage and order --------------------------------------------------------------------------------------


def test_a_slice_that_went_missing_is_named_and_the_others_are_shown(
    series_of: Callable[..., Series],
) -> None:
    series = series_of(planes())
    Path(series.instances[3].path).unlink()
    with pytest.raises(DataError, match="Slice 4"):
        load_stack(series, QUIET)
    loaded = load_readable(series, QUIET)
    assert len(loaded.problems) == 1
    assert loaded.problems[0].startswith("Slice 4 is black: ")
    assert not loaded.stack.voxels[3].any()
    assert loaded.stack.voxels[2].any()


def test_a_slice_that_became_shorter_is_named(series_of: Callable[..., Series]) -> None:
    series = series_of(planes())
    path = Path(series.instances[1].path)
    path.write_bytes(path.read_bytes()[:-500])
    loaded = load_readable(series, QUIET)
    assert loaded.problems == ("Slice 2 is black: it is cut short within its pixels.",)


def test_when_nothing_can_be_read_it_is_refused(series_of: Callable[..., Series]) -> None:
    series = series_of(planes())
    for instance in series.instances:
        Path(instance.path).unlink()
    with pytest.raises(DataError, match="none of its slices"):
        load_readable(series, QUIET)
    with pytest.raises(DataError):
        load_middle(series)


@given(count=st.integers(1, 60), start=st.integers(-5, 70))
def test_slices_come_from_the_asked_one_outwards(count: int, start: int) -> None:
    order = outwards(count, start)
    first = min(max(start, 0), count - 1)
    assert sorted(order) == list(range(count))
    assert order[0] == first
    distances = [abs(i - first) for i in order]
    assert distances == sorted(distances)


def test_stop_is_obeyed_between_slices(series_of: Callable[..., Series]) -> None:
    class Stop:
        calls = 0

        def report(self, done: int, total: int, text: str = "") -> None:
            self.calls += 1
            if done == 2:
                raise Cancelled

    stop = Stop()
    with pytest.raises(Cancelled):
        load_stack(series_of(planes()), stop)
    assert stop.calls == 2


def test_memory_is_the_voxels_and_one_slice(series_of: Callable[..., Series]) -> None:
    slices = [np.full((256, 256), n, np.uint16) for n in range(20)]
    series = series_of(slices, per_slice=[{"PixelSpacing": [1, 1]}] * 20)
    load_stack(series, QUIET)
    tracemalloc.start()
    stack = load_stack(series, QUIET)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= stack.voxels.nbytes + 3 * slices[0].nbytes + 200_000


def test_frames_of_one_file_are_slices(dicom_bytes: Make, tmp_path: Path) -> None:
    path = tmp_path / "frames.dcm"
    pixels = np.stack(planes(6))
    for syntax in ("explicit", "big", "rle", "jpegls"):
        path.write_bytes(dicom_bytes(pixels, syntax))
        (series,) = build_series(read_file(path).instances)
        assert series.axis == "time"
        np.testing.assert_array_equal(real_values(load_stack(series, QUIET)), pixels)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["u1", "u2", "i2", "i1"]),
    slope=st.floats(0.01, 50),
    intercept=st.floats(-5000, 5000),
    inverted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_scale_gives_the_real_values(
    dicom_bytes: Make,
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    slope: float,
    intercept: float,
    inverted: bool,
    seed: int,
) -> None:
    info = np.iinfo(kind)
    pixels = np.random.default_rng(seed).integers(info.min, info.max, (40, 48), kind, endpoint=True)
    path = tmp_path_factory.mktemp("scale") / "a.dcm"
    slope, intercept = float(f"{slope:.6g}"), float(f"{intercept:.6g}")
    photometric = "MONOCHROME1" if inverted else "MONOCHROME2"
    path.write_bytes(
        dicom_bytes(
            pixels, RescaleSlope=slope, RescaleIntercept=intercept, PhotometricInterpretation=photometric
        )
    )
    (series,) = build_series(read_file(path).instances)
    stack = load_stack(series, QUIET)
    expected = pixels * slope + intercept
    np.testing.assert_allclose(stack.values(0), expected, atol=1e-2 + 2e-6 * np.abs(expected).max())
    order = np.argsort(pixels, axis=None)
    shown = stack.voxels[0].ravel()[order].astype(int)
    assert (np.diff(shown) <= 0).all() if inverted else (np.diff(shown) >= 0).all()
    assert stack_geometry(series) is not None
