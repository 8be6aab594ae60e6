"""Series from planes: split where they must be, sorted in the patient, every fault said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.assemble import build_series
from workstation.imaging.geometry import slice_normal
from workstation.imaging.load import stack_geometry
from workstation.imaging.study import Instance, Physics, PixelFormat, Plane, Series

PIXELS = PixelFormat(64, 48, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def at(position: float, number: int = 1, orientation: Sequence[float] = SAGITTAL, **changes: Any) -> Instance:
    """A plane `position` mm along the normal of its orientation."""
    origin = np.asarray(slice_normal(orientation)) * position
    physics = changes.pop("physics", {})
    defaults = {
        "path": f"{number}.dcm",
        "sop_instance_uid": f"1.2.{number}",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.4",
        "series_instance_uid": "1.9",
        "study_instance_uid": "1.8",
        "modality": "MR",
        "pixels": PIXELS,
        "instance_number": number,
        "frame_of_reference_uid": "1.7",
        "image_position_patient": tuple(origin),
        "image_orientation_patient": tuple(orientation),
        "pixel_spacing": (0.5, 0.4),
        "slice_thickness": 3.0,
        "physics": Physics(2800, 42, scanning_sequence=("SE",), **physics),
    }
    return Instance(**(defaults | changes))


def stack(count: int = 8, spacing: float = 3.3, first: int = 1, **changes: Any) -> list[Instance]:
    """Even slices."""
    return [at(n * spacing, first + n, **changes) for n in range(count)]


def only(instances: Sequence[Instance]) -> Series:
    """The one series that these planes make."""
    (series,) = build_series(instances)
    return series


def positions(series: Series) -> list[float]:
    """mm along the normal, in the order of the stack."""
    normal = slice_normal(series.first.image_orientation_patient or ())
    return [round(float(np.dot(normal, i.image_position_patient or ())), 3) for i in series.instances]


# --- order -------------------------------------------------------------------------------------------------


@given(order=st.permutations(range(8)))
def test_order_is_by_place_whatever_the_files_say(order: list[int]) -> None:
    planes = [replace(p, instance_number=n) for p, n in zip(stack(), order, strict=True)]
    series = only([planes[i] for i in order])
    assert positions(series) == [round(3.3 * n, 3) for n in range(8)]
    assert series.warnings == ()
    assert series.split == ""
    assert series.key == "1.9"
    assert series.plane is Plane.SAGITTAL


@given(order=st.permutations(range(24)))
def test_the_result_does_not_depend_on_the_order_of_the_files(order: list[int]) -> None:
    planes = [at(3.3 * n, 3 * n + e, echo_number=e, physics={}) for n in range(8) for e in (1, 2, 3)]
    assert build_series([planes[i] for i in order]) == build_series(planes)


def test_a_reversed_series_stands_the_same_way_round() -> None:
    forward, backward = stack(), [replace(p, instance_number=9 - (p.instance_number or 0)) for p in stack()]
    assert positions(only(forward)) == positions(only(backward))


# --- splits ------------------------------------------------------------------------------------------------


def splits(instances: Sequence[Instance]) -> dict[str, int]:
    """Split key to number of slices."""
    return {series.split: len(series.instances) for series in build_series(instances)}


def test_echoes() -> None:
    planes = [at(3 * n, 8 * n + e, echo_number=e) for n in range(24) for e in range(1, 9)]
    assert splits(planes) == {f"echo{e}": 24 for e in range(1, 9)}
    assert {s.key for s in build_series(planes)} == {f"1.9#echo{e}" for e in range(1, 9)}


def test_echo_times_without_echo_numbers() -> None:
    planes = [
        replace(at(3 * n, 2 * n + e), physics=Physics(2800, (13.0, 39.5)[e]))
        for n in range(5)
        for e in (0, 1)
    ]
    assert splits(planes) == {"echo13.0ms": 5, "echo39.5ms": 5}


def test_slightly_different_echo_times_of_one_stack_do_not_split_it() -> None:
    planes = [replace(p, physics=Physics(2800, 42 + 0.01 * n)) for n, p in enumerate(stack())]
    assert splits(planes) == {"": 8}


def test_dixon_products() -> None:
    kinds = {"WATER": "water", "FAT": "fat", "IN_PHASE": "in-phase", "OPP_PHASE": "opposed-phase"}
    planes = [
        at(3 * n, 4 * n + k, physics={"image_type": ("DERIVED", "PRIMARY", "DIXON", kind)})
        for n in range(6)
        for k, kind in enumerate(kinds)
    ]
    assert splits(planes) == dict.fromkeys(kinds.values(), 6)
    assert {s.weighting for s in build_series(planes)} == set(kinds.values())


def test_three_planes_of_a_localizer() -> None:
    planes = [at(10.0 * n, 3 * n + k, o) for n in range(3) for k, o in enumerate((SAGITTAL, CORONAL, AXIAL))]
    assert splits(planes) == {"sagittal": 3, "coronal": 3, "axial": 3}
    assert {s.split: s.plane for s in build_series(planes)}["coronal"] is Plane.CORONAL


def test_two_tilts_of_one_plane_get_numbers() -> None:
    tilted = (0.0, 0.94, 0.342, 0.0, 0.342, -0.94)
    planes = stack(4) + [at(3.3 * n, 20 + n, tilted) for n in range(4)]
    assert splits(planes) == {"sagittal1": 4, "sagittal2": 4}


def test_radial_slices_stay_together_and_say_so() -> None:
    angles = np.radians(np.arange(0, 180, 20))
    planes = [at(0, n, (np.cos(a), np.sin(a), 0, 0, 0, -1)) for n, a in enumerate(angles)]
    series = only(planes)
    assert len(series.instances) == 9
    assert "turned against each other" in series.warnings[0]
    assert stack_geometry(series) is None


def test_sizes() -> None:
    series = build_series(stack(4) + stack(4, first=10, pixels=replace(PIXELS, rows=32)))
    assert {s.split: len(s.instances) for s in series} == {"48x64": 4, "48x32": 4}
    assert all("2 sizes" in s.warnings[0] for s in series)


def test_b_values() -> None:
    planes = [
        at(3 * n, 2 * n + k, physics={"b_value": b}) for n in range(5) for k, b in enumerate((0.0, 500.0))
    ]
    assert splits(planes) == {"b0": 5, "b500": 5}


def test_temporal_positions() -> None:
    planes = [at(3 * n, 3 * n + t, temporal_position=t) for n in range(5) for t in (1, 2, 3)]
    assert splits(planes) == {"time1": 5, "time2": 5, "time3": 5}


def test_one_place_at_many_times_is_no_volume() -> None:
    series = only([at(0, 20 - t, temporal_position=t, path=f"{t}") for t in range(1, 20)])
    assert series.axis == "time"
    assert [i.temporal_position for i in series.instances] == list(range(1, 20))
    assert series.warnings == ("It shows one place at 19 times.",)


def test_frames_of_one_place_are_times() -> None:
    pixels = replace(PIXELS, number_of_frames=6)
    planes = [at(0, 1, frame=n, pixels=pixels) for n in range(6)]
    series = only(list(reversed(planes)))
    assert series.axis == "time"
    assert [i.frame for i in series.instances] == list(range(6))


def test_magnitude_and_phase() -> None:
    kinds = (("ORIGINAL", "PRIMARY", "M"), ("ORIGINAL", "PRIMARY", "P"))
    planes = [at(3 * n, 2 * n + k, physics={"image_type": t}) for n in range(4) for k, t in enumerate(kinds)]
    assert splits(planes) == {"magnitude": 4, "phase": 4}


def test_whole_repeats_without_a_reason_are_shown_apart_and_say_so() -> None:
    series = build_series(stack(5) + stack(5, first=10))
    assert {s.split: len(s.instances) for s in series} == {"repeat1": 5, "repeat2": 5}
    assert all("does not say why" in s.warnings[0] for s in series)


def test_split_keys_are_fit_for_file_names() -> None:
    kinds = (("DERIVED", "PRIMARY", "FF"), ("DERIVED", "PRIMARY", "W"), ("ORIGINAL", "PRIMARY", "M"))
    planes = [
        at(3 * n, n, o, echo_number=e, physics={"image_type": t})
        for n in range(3)
        for o in (SAGITTAL, AXIAL)
        for e in (1, 2)
        for t in kinds
    ]
    planes = [replace(p, sop_instance_uid=f"1.2.{n}") for n, p in enumerate(planes)]
    found = [s.split for s in build_series(planes)]
    assert len(set(found)) == len(found) == 12
    assert all(re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", split) for split in found)


def test_series_of_different_studies_do_not_mix() -> None:
    planes = stack(3) + [replace(p, study_instance_uid="1.88") for p in stack(3, first=7)]
    assert [len(s.instances) for s in build_series(planes)] == [3, 3]


def test_series_without_a_uid_are_told_apart_by_number() -> None:
    planes = [replace(p, series_instance_uid="", series_number=n) for n in (3, 4) for p in stack(4)]
    planes = [replace(p, sop_instance_uid=f"1.2.{n}") for n, p in enumerate(planes)]
    assert [(s.key, len(s.instances)) for s in build_series(planes)] == [("series-3", 4), ("series-4", 4)]


def test_echoes_that_share_no_place_still_split() -> None:
    planes = [at(3 * n, n, echo_number=1 + n % 2) for n in range(8)]
    assert splits(planes) == {"echo1": 4, "echo2": 4}


# --- faults ------------------------------------------------------------------------------------------------


def test_the_same_file_twice_is_shown_once() -> None:
    planes = stack()
    series = only(planes + [replace(p, path=f"again/{p.path}") for p in planes[2:5]])
    assert len(series.instances) == 8
    assert series.warnings == ("3 slices came twice; one copy of each is shown.",)


def test_two_slices_at_one_place() -> None:
    series = only([*stack(), at(6.6, 99)])
    assert len(series.instances) == 8
    assert [i.instance_number for i in series.instances] == list(range(1, 9))
    assert series.warnings == ("One slice lies where another slice is; the first at each place is shown.",)


def test_missing_slices() -> None:
    planes = stack(20)
    assert only(planes[:7] + planes[8:]).warnings == ("One slice is missing, between slices 7 and 8.",)
    assert only(planes[:7] + planes[9:15] + planes[16:]).warnings == (
        "3 slices are missing, the first between slices 7 and 8.",
    )


def test_uneven_spacing() -> None:
    planes = [at(x, n) for n, x in enumerate((0, 3, 6, 9.4, 12.4, 15.4))]
    assert only(planes).warnings == (
        "Its slices are unevenly spaced, 3.00 to 3.40 mm apart; it is read slice by slice.",
    )


def test_rounding_in_positions_is_no_fault() -> None:
    assert only([at(round(3.27 * n, 2) + 0.01 * (n % 2), n) for n in range(30)]).warnings == ()


def test_sideways_shift() -> None:
    planes = [
        replace(p, image_position_patient=(p.image_position_patient[0], 1.0 * n, 0.0))  # type: ignore[index]
        for n, p in enumerate(stack())
    ]
    assert only(planes).warnings == ("Its slices are shifted sideways against each other by up to 1.0 mm.",)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_position_patient": None},
        {"image_orientation_patient": None},
        {"image_orientation_patient": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)},
        {"image_orientation_patient": (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)},
    ],
)
def test_without_geometry_it_is_shown_in_order_of_numbers(changes: dict[str, Any]) -> None:
    planes = [replace(p, **changes) for p in stack()]
    series = only(planes[::-1])
    assert [i.instance_number for i in series.instances] == list(range(1, 9))
    assert "neither linked nor measured" in series.warnings[0]
    assert series.plane is None
    assert stack_geometry(series) is None


def test_slices_without_a_place_stand_apart() -> None:
    planes = stack()
    planes[3] = replace(planes[3], image_position_patient=None)
    assert splits(planes) == {"placed": 7, "unplaced": 1}


def test_useless_spacing_is_said_and_never_measured() -> None:
    series = only([replace(p, pixel_spacing=None) for p in stack()])
    assert series.warnings == (
        "It has no usable pixel spacing; it is shown, but neither linked nor measured.",
    )
    assert stack_geometry(series) is None


def test_mixed_spacing_is_said() -> None:
    planes = stack()
    planes[2] = replace(planes[2], pixel_spacing=(0.6, 0.6))
    series = only(planes)
    assert "different pixel spacings" in series.warnings[0]
    assert stack_geometry(series) is None


def test_a_mosaic_is_called_so() -> None:
    mosaic = {"image_type": ("ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC")}
    series = only([at(0, n, physics=mosaic) for n in range(3)])
    assert "Siemens mosaic" in series.warnings[0]
    assert series.plane is None
    assert stack_geometry(series) is None


def test_two_frames_of_reference_are_not_linked() -> None:
    planes = stack()
    planes[0] = replace(planes[0], frame_of_reference_uid="1.77")
    series = only(planes)
    assert "frames of reference" in series.warnings[0]
    geometry = stack_geometry(series)
    assert geometry is not None
    assert geometry.frame_of_reference_uid == ""


def test_two_blocks_far_apart_are_not_called_missing_slices() -> None:
    planes = stack(5, 3) + [at(200 + 3 * n, 20 + n) for n in range(5)]
    (warning,) = only(planes).warnings
    assert "unevenly spaced, 3.00 to 188.00 mm" in warning


def test_contradicting_sides_are_said_on_the_series() -> None:
    series = only([replace(p, laterality="L\\R", body_part_examined="KNEE") for p in stack()])
    assert series.laterality is None
    assert "must be confirmed" in series.warnings[0]


def test_lossy_pictures_are_said() -> None:
    series = only([replace(p, pixels=replace(PIXELS, lossy=True)) for p in stack()])
    assert series.warnings == ("It was compressed with loss.",)


def test_a_single_slice_is_no_fault() -> None:
    assert only(stack(1)).warnings == ()


def test_nothing_gives_nothing() -> None:
    assert build_series([]) == ()
