"""Lengths, angles and regions against answers found another way."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging import roi
from workstation.imaging.mark_history import MarkHistory
from workstation.imaging.measurement import (
    DETECTOR,
    NOT_CALIBRATED,
    Calibration,
    Mark,
    Point,
    Quantity,
    Result,
    Shape,
    calibration_of,
    from_dict,
    lines_of,
    marks_of,
    to_dict,
    value_unit,
)
from workstation.imaging.placement import place
from workstation.imaging.roi import PictureValues, measure
from workstation.imaging.study import Instance, Physics, PixelFormat
from workstation.imaging.viewport import ViewportState

RNG = np.random.default_rng(7)
PICTURE = RNG.integers(0, 4000, (40, 60)).astype(np.uint16)
PLAIN = PictureValues(PICTURE, 1.0, 0.0, Calibration((1.0, 1.0), "mm", ""), "stored")

coordinate = st.floats(0, 40).map(lambda value: round(value, 3))
points = st.tuples(coordinate, coordinate)


def instance(**changes: object) -> Instance:
    pixels = PixelFormat(40, 60, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
    plain = Instance("", "1.2.3", "", "1.2", "1", "MR", pixels, pixel_spacing=(0.5, 0.25))
    return replace(plain, **changes)  # type: ignore[arg-type] - keywords of the test's choice


def inside(x: float, y: float, corners: tuple[Point, ...]) -> bool:
    """Even-odd rule for one point, edge by edge: slow and plain."""
    found = False
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 <= y) != (y1 <= y) and x >= x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            found = not found
    return found


def whole_mask(shape: Shape, corners: tuple[Point, ...]) -> NDArray[np.bool_]:
    mask, top, left = roi.region_mask(shape, corners, PICTURE.shape)
    whole = np.zeros(PICTURE.shape, dtype=np.bool_)
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


class TestLengthAndAngle:
    def test_a_length_goes_by_row_and_column_spacing(self) -> None:
        picture = replace(PLAIN, calibration=calibration_of(instance()))
        result = measure(Shape.LENGTH, ((0.0, 0.0), (12.0, 8.0)), picture)
        assert result == Result((Quantity("length", math.hypot(12 * 0.25, 8 * 0.5), "mm"),))

    def test_a_right_angle_is_right_in_mm_not_in_pixels(self) -> None:
        picture = replace(PLAIN, calibration=Calibration((2.0, 1.0), "mm", ""))
        # In mm the arms are (3, 4) and (4, -3); in pixels they would enclose 72 degrees.
        corners = ((13.0, 12.0), (10.0, 10.0), (14.0, 8.5))
        assert measure(Shape.ANGLE, corners, picture).value("angle") == pytest.approx(90.0)

    @pytest.mark.parametrize("degrees", [0.001, 30.0, 90.0, 179.999, 180.0])
    def test_flat_and_sharp_angles_are_exact(self, degrees: float) -> None:
        way = math.radians(degrees)
        corners = ((20.0, 10.0), (10.0, 10.0), (10 + 5 * math.cos(way), 10 + 5 * math.sin(way)))
        assert measure(Shape.ANGLE, corners, PLAIN).value("angle") == pytest.approx(degrees, abs=1e-9)

    @given(
        points,
        points,
        st.integers(0, 3),
        st.booleans(),
        st.floats(0.2, 9.0),
        st.tuples(coordinate, coordinate),
    )
    def test_no_turn_mirror_zoom_or_pan_of_the_screen_changes_a_length(
        self, one: Point, two: Point, turns: int, mirrored: bool, scale: float, pan: Point
    ) -> None:
        spacing = (0.7, 0.4)
        state = ViewportState("s", 0, scale=scale, pan=pan, rotation=turns, mirrored=mirrored)
        shown = place(state, PICTURE.shape, spacing, None, (300.0, 200.0))
        ends = [shown.to_viewport(*point) for point in (one, two)]
        back = tuple(shown.to_image(*end) for end in ends)
        picture = replace(PLAIN, calibration=Calibration(spacing, "mm", ""))
        in_mm = measure(Shape.LENGTH, (one, two), picture).value("length") or 0.0
        assert (measure(Shape.LENGTH, back, picture).value("length") or 0.0) == pytest.approx(in_mm, abs=1e-6)
        # And the line on the screen is as long as the scale says.
        assert math.dist(*ends) / scale == pytest.approx(in_mm, abs=1e-6)


class TestRegions:
    @given(st.lists(points, min_size=3, max_size=12))
    @settings(max_examples=60)
    def test_a_pixel_belongs_to_an_outline_when_its_centre_does(self, corners: list[Point]) -> None:
        outline = tuple(corners)
        expected = [[inside(c + 0.5, r + 0.5, outline) for c in range(60)] for r in range(40)]
        assert (whole_mask(Shape.FREEHAND, outline) == np.array(expected)).all()

    @given(st.integers(3, 40), st.floats(1.0, 15.0), st.floats(0.3, 3.0), st.floats(0.3, 3.0))
    def test_the_area_of_a_regular_polygon(self, sides: int, radius: float, tall: float, wide: float) -> None:
        around = [2 * math.pi * side / sides + 0.1 for side in range(sides)]
        corners = tuple((20 + radius * math.cos(a), 20 + radius * math.sin(a)) for a in around)
        picture = replace(PLAIN, calibration=Calibration((tall, wide), "mm", ""))
        result = measure(Shape.FREEHAND, corners, picture)
        expected = sides / 2 * radius**2 * math.sin(2 * math.pi / sides) * tall * wide
        assert result.value("area") == pytest.approx(expected)
        assert not result.note

    def test_statistics_are_those_of_the_pixels_inside(self) -> None:
        result = measure(Shape.RECTANGLE, ((10.0, 5.0), (20.0, 9.0)), PLAIN)
        block = PICTURE[5:9, 10:20].astype(float)
        assert result.value("n") == 40
        assert result.value("area") == 40
        assert result.value("mean") == pytest.approx(block.mean())
        assert result.value("sd") == pytest.approx(block.std(ddof=1))
        assert (result.value("min"), result.value("max")) == (block.min(), block.max())

    def test_corners_may_be_given_in_any_order(self) -> None:
        ways = [((10.0, 5.0), (20.0, 9.0)), ((20.0, 9.0), (10.0, 5.0)), ((20.0, 5.0), (10.0, 9.0))]
        assert len({measure(Shape.RECTANGLE, way, PLAIN) for way in ways}) == 1
        assert len({measure(Shape.ELLIPSE, way, PLAIN) for way in ways}) == 1

    def test_neighbours_share_no_pixel_and_miss_none(self) -> None:
        halves = [((0.0, 0.0), (17.3, 40.0)), ((17.3, 0.0), (60.0, 40.0))]
        first, second = (whole_mask(Shape.RECTANGLE, half) for half in halves)
        assert not (first & second).any()
        assert (first | second).all()

    def test_an_ellipse(self) -> None:
        result = measure(Shape.ELLIPSE, ((10.0, 6.0), (40.0, 26.0)), PLAIN)
        rows, columns = np.mgrid[0:40, 0:60] + 0.5
        mask = ((columns - 25) / 15) ** 2 + ((rows - 16) / 10) ** 2 <= 1
        assert result.value("area") == pytest.approx(math.pi * 150)
        assert result.value("n") == mask.sum()
        assert result.value("mean") == pytest.approx(PICTURE[mask].mean())

    def test_real_values_through_slope_and_intercept(self) -> None:
        turned = replace(PLAIN, slope=-0.5, intercept=100.0, unit="rescaled")
        result = measure(Shape.RECTANGLE, ((10.0, 5.0), (20.0, 9.0)), turned)
        real = PICTURE[5:9, 10:20] * -0.5 + 100.0
        assert result.value("mean") == pytest.approx(real.mean())
        assert result.value("sd") == pytest.approx(real.std(ddof=1))
        assert (result.value("min"), result.value("max")) == (real.min(), real.max())

    def test_what_lies_beyond_the_picture_is_left_out_and_said(self) -> None:
        result = measure(Shape.RECTANGLE, ((-10.0, -10.0), (5.0, 4.0)), PLAIN)
        assert result.value("n") == 20
        assert result.value("area") == 15 * 14
        assert roi.BEYOND in result.note

    def test_between_the_centres_there_is_no_value(self) -> None:
        result = measure(Shape.RECTANGLE, ((3.6, 3.6), (4.4, 4.4)), PLAIN)
        assert result.value("n") == 0
        assert result.value("mean") is None
        assert roi.EMPTY in result.note

    def test_one_pixel_has_no_spread(self) -> None:
        result = measure(Shape.RECTANGLE, ((3.0, 3.0), (4.0, 4.0)), PLAIN)
        assert result.value("mean") == PICTURE[3, 3]
        assert result.value("sd") is None

    def test_an_outline_that_crosses_itself_counts_its_pixels(self) -> None:
        bow = ((0.0, 0.0), (20.0, 20.0), (20.0, 0.0), (0.0, 20.0))
        result = measure(Shape.FREEHAND, bow, PLAIN)
        assert result.value("area") == result.value("n") == pytest.approx(200, abs=20)
        assert roi.CROSSES in result.note

    @given(st.lists(points, min_size=2, max_size=60), st.floats(0.01, 3.0))
    def test_a_thinned_outline_stays_where_it_was(self, corners: list[Point], tolerance: float) -> None:
        thin = roi.thinned(tuple(corners), tolerance)
        assert math.dist(thin[0], corners[0]) <= 0.01
        assert math.dist(thin[-1], corners[-1]) <= 0.01
        for point in corners:
            near = min(to_segment(point, one, two) for one, two in itertools.pairwise(thin))
            assert near <= tolerance + 0.02

    def test_a_hand_drawn_circle_needs_few_points(self) -> None:
        around = np.linspace(0, 2 * math.pi, 400)[:-1]
        circle = tuple((20 + 12 * math.cos(a), 20 + 12 * math.sin(a)) for a in around)
        thin = roi.thinned(circle, 0.15)
        assert len(thin) < 40
        assert roi.polygon_area(thin) == pytest.approx(roi.polygon_area(circle), rel=0.02)


def to_segment(point: Point, one: Point, two: Point) -> float:
    way, apart = np.subtract(two, one), np.subtract(point, one)
    part = min(max(float(apart @ way) / max(float(way @ way), 1e-12), 0.0), 1.0)
    return float(np.hypot(*(apart - part * way)))


class TestCalibration:
    def test_without_pixel_spacing_in_pixels_and_said(self) -> None:
        calibration = calibration_of(instance(pixel_spacing=None))
        result = measure(Shape.LENGTH, ((0.0, 0.0), (3.0, 4.0)), replace(PLAIN, calibration=calibration))
        assert result == Result((Quantity("length", 5.0, "px"),), NOT_CALIBRATED)

    def test_the_detector_is_named(self) -> None:
        calibration = calibration_of(instance(pixel_spacing=None, imager_pixel_spacing=(0.2, 0.2)))
        assert calibration == Calibration((0.2, 0.2), "mm", DETECTOR)

    @pytest.mark.parametrize("spacing", [(0.0, 1.0), (math.nan, 1.0), (-1.0, 1.0), (math.inf, 1.0)])
    def test_useless_spacing_is_none(self, spacing: tuple[float, float]) -> None:
        assert calibration_of(instance(pixel_spacing=spacing)).unit == "px"

    def test_a_mosaic_has_no_mm(self) -> None:
        calibration = calibration_of(instance(physics=Physics(image_type=("ORIGINAL", "MOSAIC"))))
        assert calibration.unit == "px"
        assert "mosaic" in calibration.note

    def test_units_of_values(self) -> None:
        rescaled = replace(instance().pixels, rescale_slope=2.0)
        assert value_unit(instance()) == "stored"
        assert value_unit(instance(pixels=rescaled)) == "rescaled"
        assert value_unit(instance(modality="CT")) == "HU"


@pytest.mark.parametrize(
    ("shape", "corners"),
    [
        (Shape.LENGTH, ((1.0, 1.0), (1.0, 1.0))),
        (Shape.LENGTH, ((1.0, 1.0),)),
        (Shape.LENGTH, ((1.0, 1.0), (math.nan, 1.0))),
        (Shape.ANGLE, ((1.0, 1.0), (1.0, 1.0), (5.0, 5.0))),
        (Shape.RECTANGLE, ((1.0, 1.0), (1.0, 9.0))),
        (Shape.ELLIPSE, ((1.0, 3.0), (8.0, 3.0))),
        (Shape.FREEHAND, ((1.0, 1.0), (2.0, 2.0))),
        (Shape.KEY, ((1.0, 1.0),)),
    ],
)
def test_degenerate_shapes_give_no_number_and_are_not_kept(shape: Shape, corners: tuple[Point, ...]) -> None:
    result = measure(shape, corners, PLAIN)
    assert not result.quantities
    assert result.note
    with pytest.raises(DataError):
        from_dict("m", to_dict(Mark("m", shape, "s", "1.2", 0, corners)))


class TestKeeping:
    def test_a_mark_comes_back_from_json(self) -> None:
        corners = ((1.0, 2.0), (30.1234, 20.5))
        mark = Mark(
            "m", Shape.ELLIPSE, "s", "1.2.3", 4, corners, "lesion", measure(Shape.ELLIPSE, corners, PLAIN)
        )
        assert from_dict("m", json.loads(json.dumps(to_dict(mark)))) == mark

    def test_damaged_marks_are_counted_and_others_are_shown(self) -> None:
        good = to_dict(Mark("a", Shape.TEXT, "s", "1.2", 0, ((1.0, 1.0),), "here"))
        kept = {"a": good, "b": {"type": "measurement", "shape": "spiral"}, "c": {"type": "region"}}
        found, damaged = marks_of(kept)
        assert [mark.id for mark in found] == ["a"]
        assert damaged == 1

    def test_what_stands_beside_it(self) -> None:
        corners = ((10.0, 5.0), (20.0, 9.0))
        mark = Mark("m", Shape.RECTANGLE, "s", "1", 0, corners, "", measure(Shape.RECTANGLE, corners, PLAIN))
        first, second, third, last = lines_of(mark)
        assert first == "40.0 mm²"
        assert second.startswith("mean ")
        assert " to " in third
        assert last == "n 40"


MARKS = [Mark(name, Shape.TEXT, "s", "1", 0, ((0.0, 0.0),), text) for name in "abc" for text in "xy"]


@given(st.lists(st.one_of(st.sampled_from(MARKS), st.sampled_from("abc"), st.sampled_from(["undo", "redo"]))))
def test_undo_and_redo_go_back_and_forth_exactly(steps: list[Mark | str]) -> None:
    history = MarkHistory()
    for step in steps:
        before = history
        if isinstance(step, Mark):
            history = history.with_mark(step.id, step)
        elif step == "undo":
            history = history.undo()
        elif step == "redo":
            history = history.redo()
        else:
            history = history.with_mark(step, None)
        if step not in ("undo", "redo") and history is not before:
            assert history.undo().marks == before.marks
            assert history.undo().redo().marks == history.marks
    states = [history.marks]
    while history.past:
        history = history.undo()
        states.append(history.marks)
    assert history.marks == {}
    for expected in states[-2::-1]:
        history = history.redo()
        assert history.marks == expected
