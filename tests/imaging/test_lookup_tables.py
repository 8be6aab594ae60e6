"""Tables of a file: stored to real values (PS3.3 C.11.1), real values to grey (C.11.2), also after import."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workstation.imaging.assemble import build_series
from workstation.imaging.deidentify import Deidentifier
from workstation.imaging.dicom import read_file
from workstation.imaging.load import load_middle, load_stack
from workstation.imaging.study import Series
from workstation.imaging.windowing import dragged, file_windows, histogram, lut8, lut32, presets, start_window
from workstation.tasks import SilentProgress

ROW, COLUMN = np.mgrid[:40, :48]
PLANE = (97 + 5 * ROW + COLUMN).astype(np.uint16)
CURVE = (np.linspace(0, 1, 256) ** 3 * 4095).astype(np.uint16)


def item(first: int, entries: Any, bits: int, signed: bool = False) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    made.add_new(0x00283002, "SS" if signed else "US", [len(entries) % 65536, first, bits])
    made.add_new(0x00283006, "OW", np.asarray(entries, "<u2").tobytes())
    return made


@pytest.fixture
def series(dicom_bytes: Callable[..., bytes], tmp_path: Path) -> Callable[..., Series]:
    def make(pixels: Any = PLANE, **attributes: Any) -> Series:
        path = tmp_path / "one.dcm"
        path.write_bytes(dicom_bytes(pixels, **attributes))
        (found,) = build_series(read_file(path).instances)
        return found

    return make


def stack_of(one: Series) -> Any:
    return load_stack(one, SilentProgress())


def test_a_voi_table_gives_its_own_grey_and_holds_beyond_its_ends(series: Callable[..., Series]) -> None:
    one = series(VOILUTSequence=[item(100, CURVE, 12)], Modality="DX", WindowCenter=None, WindowWidth=None)
    stack = stack_of(one)
    window = start_window(stack, one.first)
    assert window.function == "TABLE1"
    table = lut8(window, stack)
    for value in (100, 150, 228, 300, 355):
        assert table[value] == round(int(CURVE[value - 100]) / 4095 * 255)
    assert table[0] == table[99] == 0
    assert table[356] == table[65535] == 255
    assert np.array_equal(lut32(window, stack) & 255, table)
    assert np.array_equal(lut8(window, stack, True), 255 - table)


def test_signed_tables_start_below_zero(series: Callable[..., Series]) -> None:
    one = series(PLANE.astype(np.int16), VOILUTSequence=[item(-50, CURVE, 12, signed=True)], Modality="DX")
    stack = stack_of(one)
    table = lut8(next(p.window for p in presets(stack, one.first) if p.window.function == "TABLE1"), stack)
    stored = {real: round((real - stack.intercept) / stack.slope) for real in (-50, 20, 150)}
    for real, value in stored.items():
        assert table[value] == round(int(CURVE[real + 50]) / 4095 * 255)


def test_mr_starts_from_percentiles_and_offers_the_table(series: Callable[..., Series]) -> None:
    one = series(VOILUTSequence=[item(0, CURVE, 12), item(0, CURVE, 12)])
    stack = stack_of(one)
    assert not start_window(stack, one.first).function.startswith("TABLE")
    functions = [preset.window.function for preset in presets(stack, one.first)]
    assert functions[-2:] == ["TABLE1", "TABLE2"]
    assert len(functions) >= len(file_windows(one.first)) + 2


def test_dragging_stretches_the_table_and_keeps_its_shape(series: Callable[..., Series]) -> None:
    one = series(VOILUTSequence=[item(100, CURVE, 12)], Modality="DX", WindowCenter=None, WindowWidth=None)
    stack = stack_of(one)
    window = start_window(stack, one.first)
    wider = dragged(window, 100, 0, histogram(stack).span)
    assert wider.function == "TABLE1"
    assert (np.diff(lut8(wider, stack).astype(int)) >= 0).all()
    assert lut8(wider, stack)[355] < 255


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_a_modality_table_takes_the_place_of_a_rescale(
    series: Callable[..., Series], photometric: str
) -> None:
    squares = (np.arange(400) ** 2 // 4).astype(np.uint16)
    one = series(
        ModalityLUTSequence=[item(0, squares, 16)], Modality="CR", PhotometricInterpretation=photometric
    )
    stack = stack_of(one)
    assert np.array_equal(stack.values(0), squares[PLANE])
    assert stack.inverted == (photometric == "MONOCHROME1")
    _, middle = load_middle(one)
    assert np.array_equal(middle.voxels[0], stack.voxels[0])


@pytest.mark.parametrize(
    "damaged",
    [
        lambda: item(0, CURVE[:10], 12),
        lambda: item(0, CURVE, 40),
        lambda: item(0, [], 12),
    ],
)
def test_damaged_tables_are_left_out(series: Callable[..., Series], damaged: Callable[[], Any]) -> None:
    made = damaged()
    if len(made[0x00283006].value) == 20:
        made.add_new(0x00283002, "US", [300, 0, 12])  # promises more than it has
    assert stack_of(series(VOILUTSequence=[made])).tables == ()


def test_the_import_keeps_tables_and_nothing_else_of_them(
    series: Callable[..., Series], tmp_path: Path
) -> None:
    told = item(100, CURVE, 12)
    told.LUTExplanation = "SENTINEL^NAME"
    one = series(VOILUTSequence=[told], ModalityLUTSequence=[item(0, np.arange(500), 16)], Modality="DX")
    copy = tmp_path / "copy.dcm"
    Deidentifier(b"k" * 32).write(Path(one.first.path), copy)
    assert b"SENTINEL" not in copy.read_bytes()
    (again,) = build_series(read_file(copy).instances)
    before, after = stack_of(one), stack_of(again)
    assert np.array_equal(before.values(0), after.values(0))
    assert np.array_equal(before.tables[0].entries, after.tables[0].entries)
    assert after.tables[0].first == 100
    words = np.frombuffer(b"SENTINEL^NAME AND MORE " * 30, "<u2")
    hidden = series(VOILUTSequence=[item(0, words, 16)], Modality="DX")
    Deidentifier(b"k" * 32).write(Path(hidden.first.path), copy)
    assert b"SENTINEL" not in copy.read_bytes()
    read_file(io.BytesIO(copy.read_bytes()), "again")
    assert replace(after, tables=()).tables == ()
