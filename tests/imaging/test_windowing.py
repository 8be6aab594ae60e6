"""Which value becomes which grey: standard functions, percentile start, presets, odd data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.study import Instance, PixelFormat, Weighting
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import (
    LINEAR,
    SIGMOID,
    Window,
    between,
    dragged,
    file_windows,
    histogram,
    lut8,
    lut32,
    percentile_window,
    presets,
    start_window,
    transferred,
)

PIXELS = PixelFormat(4, 4, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")


def stack_of(voxels: object, slope: float = 1.0, intercept: float = 0.0, inverted: bool = False) -> Stack:
    array = np.atleast_3d(np.asarray(voxels, dtype=np.uint16))
    return Stack("s", array, slope, intercept, None, inverted=inverted)


def instance(**values: object) -> Instance:
    return Instance("", "1", "1", "1", "1", str(values.pop("modality", "MR")), PIXELS, **values)  # type: ignore[arg-type]


class TestLookup:
    def test_linear_follows_the_standard_to_the_value(self) -> None:
        # PS3.3 C.11.2.1.2.1 with c=2048, w=4096: y = ((x - 2047.5) / 4095 + 0.5) * 255
        table = lut8(Window(2048, 4096, LINEAR), stack_of([[[0]]]))
        for value in (0, 1, 1000, 2048, 4000, 4095):
            expected = round(min(max((value - 2047.5) / 4095 + 0.5, 0), 1) * 255)
            assert table[value] == expected
        assert table[0] == 0
        assert table[4095] == 255
        # In a narrow window the half and the one that the standard takes off are whole greys.
        narrow = lut8(Window(20, 11, LINEAR), stack_of([[[0]]]))
        assert [int(narrow[value]) for value in (14, 15, 17, 19, 24, 25)] == [0, 13, 64, 115, 242, 255]

    def test_linear_of_width_one_is_a_step(self) -> None:
        table = lut8(Window(100, 1, LINEAR), stack_of([[[0]]]))
        assert table[99] == 0
        assert table[101] == 255

    def test_sigmoid_is_half_grey_at_its_centre_and_never_overflows(self) -> None:
        table = lut8(Window(1000, 1e-6, SIGMOID), stack_of([[[0]]]))
        assert table[0] == 0
        assert table[65535] == 255
        soft = lut8(Window(1000, 400, SIGMOID), stack_of([[[0]]]))
        assert soft[1000] in (127, 128)
        assert soft[1200] == round(255 / (1 + np.exp(-2)))

    def test_rescale_is_applied_before_the_window(self) -> None:
        # Stored 0 is -1024 and stored 1024 is 0, as in CT.
        table = lut8(Window(0, 400), stack_of([[[0]]], 1.0, -1024.0))
        assert table[1024] in (127, 128)
        assert table[800] == 0
        assert table[1300] == 255

    def test_monochrome1_and_invert_cancel_each_other(self) -> None:
        window = Window(50, 100)
        plain = lut8(window, stack_of([[[0]]]))
        assert np.array_equal(lut8(window, stack_of([[[0]]], inverted=True)), 255 - plain)
        assert np.array_equal(lut8(window, stack_of([[[0]]], inverted=True), True), plain)

    def test_rgb_table_is_grey_and_opaque(self) -> None:
        table = lut32(Window(32768, 65536), stack_of([[[0]]]))
        assert table[65535] == 0xFFFFFFFF
        assert table[0] == 0xFF000000
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1

    @given(
        st.floats(-1e6, 1e6),
        st.floats(0, 1e7),
        st.sampled_from([LINEAR, "LINEAR_EXACT", SIGMOID]),
        st.floats(1e-4, 100),
        st.floats(-40000, 40000),
    )
    def test_brighter_never_becomes_darker(
        self, center: float, width: float, function: str, slope: float, intercept: float
    ) -> None:
        table = lut8(Window(center, width, function), stack_of([[[0]]], slope, intercept))
        assert (np.diff(table.astype(int)) >= 0).all()


class TestStart:
    def test_blank_slices_and_zeros_do_not_pull_the_window_down(self) -> None:
        rng = np.random.default_rng(1)
        tissue = rng.integers(1000, 2000, (5, 40, 40))
        padded = np.zeros((25, 40, 40), dtype=int)
        padded[10:15] = tissue
        padded[10:15, :, :15] = 0
        window = percentile_window(stack_of(padded))
        assert window.low == pytest.approx(1010, abs=15)
        assert window.high == pytest.approx(1990, abs=15)

    @pytest.mark.parametrize("blank", [7, 60000])
    def test_blank_slices_of_any_value_are_left_out(self, blank: int) -> None:
        padded = np.full((25, 40, 40), blank)
        padded[10:15] = np.random.default_rng(1).integers(1000, 2000, (5, 40, 40))
        window = percentile_window(stack_of(padded))
        assert (window.low, window.high) == pytest.approx((1010, 1990), abs=15)

    def test_zero_is_the_real_zero_of_signed_data(self) -> None:
        # Stored 32768 is 0: padding there, tissue from 100 to 199 above it.
        voxels = np.full((3, 20, 20), 32768)
        voxels[:, 5:15] = 32768 + np.arange(100, 300).reshape(10, 20)
        window = percentile_window(stack_of(voxels, 1.0, -32768.0))
        assert window.low == pytest.approx(101, abs=2)
        assert window.high == pytest.approx(297, abs=3)

    @pytest.mark.parametrize("value", [0, 7, 65535])
    def test_a_constant_image_has_a_usable_window(self, value: int) -> None:
        stack = stack_of(np.full((4, 8, 8), value))
        window = percentile_window(stack)
        assert window.width > 0
        assert np.isfinite([window.center, window.width]).all()
        assert 0 < lut8(window, stack)[value] < 255
        assert [p.key for p in presets(stack)] == ["start", "full"]

    def test_nonsense_limits_give_some_window(self) -> None:
        assert between(float("nan"), 1).width > 0
        assert between(5, 5).width > 0

    def test_mr_ignores_the_file_window_ct_uses_it(self) -> None:
        stack = stack_of(np.arange(1000).reshape(10, 10, 10))
        proposed = {"window_center": (40.0,), "window_width": (400.0,)}
        assert start_window(stack, instance(**proposed)) == percentile_window(stack)
        assert start_window(stack, instance(modality="CT", **proposed)) == Window(40, 400, LINEAR)

    def test_file_windows_skip_what_cannot_be(self) -> None:
        found = file_windows(
            instance(window_center=(10.0, 20.0, float("nan"), 40.0), window_width=(0.0, 100.0, 5.0, -3.0))
        )
        assert found == (Window(20, 100, LINEAR),)
        assert file_windows(instance(window_center=(0.5,), window_width=(0.2,))) == ()
        narrow = instance(window_center=(0.5,), window_width=(0.2,), voi_lut_function="LINEAR_EXACT")
        assert file_windows(narrow) == (Window(0.5, 0.2, "LINEAR_EXACT"),)


class TestPresets:
    def tissue(self, **levels: int) -> Stack:
        """Air 20, then three tissues with the shares of a knee."""
        rng = np.random.default_rng(2)
        shares = (("air", 9000), ("muscle", 12000), ("fat", 9000))
        values = np.concatenate([rng.normal(levels[name], levels[name] * 0.05 + 3, n) for name, n in shares])
        return stack_of(np.clip(values, 1, 65535).reshape(30, 25, 40))

    @pytest.mark.parametrize("gain", [1, 12])
    def test_marrow_t1_puts_muscle_near_25_and_fat_near_90_percent(self, gain: int) -> None:
        stack = self.tissue(air=20 * gain, muscle=300 * gain, fat=1000 * gain)
        window = {p.key: p.window for p in presets(stack, weighting=Weighting.T1)}["marrow-t1"]
        table = lut8(window, stack)
        assert table[300 * gain] / 255 == pytest.approx(0.25, abs=0.04)
        assert table[1000 * gain] / 255 == pytest.approx(0.90, abs=0.04)

    def test_edema_puts_suppressed_marrow_near_10_percent_and_fluid_near_white(self) -> None:
        stack = self.tissue(air=10, muscle=90, fat=350)  # suppressed marrow at 90, muscle at 350
        window = {p.key: p.window for p in presets(stack, None, Weighting.PD, True)}["edema"]
        assert lut8(window, stack)[90] / 255 == pytest.approx(0.10, abs=0.03)
        assert lut8(window, stack)[380] / 255 > 0.9

    def test_the_file_window_is_one_of_them(self) -> None:
        stack = self.tissue(air=20, muscle=300, fat=900)
        found = presets(stack, instance(window_center=(500.0,), window_width=(900.0,)), Weighting.T1)
        assert [p.key for p in found] == ["start", "marrow-t1", "full", "file1"]


class TestDrag:
    def test_feels_the_same_on_12_and_16_bit(self) -> None:
        ramp = np.arange(1, 4001).reshape(10, 20, 20)
        small, large = stack_of(ramp), stack_of(ramp * 16)
        one = dragged(percentile_window(small), 80, -40, histogram(small).span)
        two = dragged(percentile_window(large), 80, -40, histogram(large).span)
        assert two.width / one.width == pytest.approx(16, rel=1e-3)
        assert two.center / one.center == pytest.approx(16, rel=1e-2)

    def test_right_widens_down_darkens_and_width_stays_positive(self) -> None:
        window = dragged(Window(100, 100), 40, 40, 400)
        assert (window.center, window.width) == (140, 140)
        assert dragged(window, -10_000, 0, 400).width > 0
        assert dragged(Window(0, 5, LINEAR), -10_000, 0, 1).width >= 1

    def test_carried_to_another_scale_it_looks_alike(self) -> None:
        ramp = np.arange(1, 4001).reshape(10, 20, 20)
        source, target = histogram(stack_of(ramp)), histogram(stack_of(ramp * 10 + 5000))
        carried = transferred(between(source.percentile(1), source.percentile(99)), source, target)
        assert carried.low == pytest.approx(target.percentile(1), rel=1e-6)
        assert carried.high == pytest.approx(target.percentile(99), rel=1e-6)
