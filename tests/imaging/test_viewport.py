"""Moves of a viewport and links between viewports, in patient millimetres."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.imaging import linking, viewport
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.viewport import Links, ViewportState
from workstation.imaging.windowing import Window

SAGITTAL = ((0, 1, 0), (0, 0, -1))
CORONAL = ((1, 0, 0), (0, 0, -1))
AXIAL = ((1, 0, 0), (0, 1, 0))


def turned(orientation: object, degrees: float, axis: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """An orientation tilted about a patient axis."""
    angle = np.radians(degrees)
    one, two = [i for i in range(3) if i != axis]
    matrix = np.eye(3)
    matrix[[one, one, two, two], [one, two, one, two]] = np.array(
        [np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)]
    )
    along_row, along_column = (matrix @ np.array(direction, float) for direction in orientation)  # type: ignore[attr-defined]
    return tuple(along_row), tuple(along_column)


def stack(
    orientation: object = SAGITTAL,
    count: int = 31,
    step: float = 3.0,
    centre: tuple[float, float, float] = (0, 0, 0),
    frame: str = "1.2.3",
    matrix: tuple[int, int] = (200, 160),
    spacing: tuple[float, float] = (0.5, 0.8),
    missing: tuple[int, ...] = (),
    thickness: float | None = None,
    reverse: bool = False,
) -> StackGeometry:
    """Slices about a centre in the patient; `reverse` turns normal and rows round."""
    along_row, along_column = (np.array(direction, float) for direction in orientation)  # type: ignore[attr-defined]
    if reverse:
        along_row = -along_row
    normal = np.cross(along_row, along_column)
    corner = np.array(centre, float)
    corner = corner - along_row * spacing[1] * (matrix[1] - 1) / 2
    corner = corner - along_column * spacing[0] * (matrix[0] - 1) / 2
    places = [i for i in range(count) if i not in missing]
    origins = np.array([corner + normal * step * (i - (count - 1) / 2) for i in places])
    shape = (len(places), *matrix)
    return StackGeometry(shape, origins, along_row, along_column, spacing, thickness or step, frame)


def linked(source: StackGeometry, target: StackGeometry, index: int) -> ViewportState:
    """The target after the source scrolled to a slice."""
    states = [ViewportState("a", index), ViewportState("b", 0)]
    return linking.synchronise(states, [source, target], 0)[1]


LINKED = {
    # name: (source, slice of source, target, slice of target expected, distance if outside)
    "same stack": (stack(), 20, stack(), 20, None),
    "reversed normal": (stack(), 20, stack(reverse=True), 10, None),
    "other spacing": (stack(), 20, stack(count=91, step=1.0), 60, None),
    "other count and centre": (stack(), 20, stack(count=11, centre=(-15, 0, 0)), 5, None),
    "8 degrees about the head axis": (stack(), 20, stack(turned(SAGITTAL, 8, 2)), 20, None),
    "25 degrees about the head axis": (stack(), 20, stack(turned(SAGITTAL, 25, 2)), 20, None),
    "25 degrees, reversed": (stack(), 25, stack(turned(SAGITTAL, 25, 2), reverse=True), 6, None),
    "past the end": (stack(), 30, stack(count=11), 10, 30.0),
    "before the start": (stack(), 0, stack(count=11), 0, 30.0),
    "past the end, reversed": (stack(), 30, stack(count=11, reverse=True), 0, 30.0),
    "in a gap of missing slices": (stack(), 20, stack(missing=(19, 20, 21)), 18, 6.0),
    "half a slice away belongs": (stack(), 20, stack(centre=(1.5, 0, 0)), 20, None),
}


@pytest.mark.parametrize("name", LINKED)
def test_linked_scrolling(name: str) -> None:
    source, index, target, expected, outside = LINKED[name]
    state = linked(source, target, index)
    assert state.slice_index in (expected, expected + 1 if outside is None else expected)
    if outside is None:
        assert state.outside is None
        point = linking.centre_point(ViewportState("a", index), source)
        _, distance = target.nearest_slice(point)
        assert distance <= 0.505 * target.slice_spacing
    else:
        assert state.outside is not None
        assert state.outside.distance_mm == pytest.approx(outside, abs=0.01)


def test_the_badge_names_the_distance_and_a_gap_is_not_called_an_end() -> None:
    for reverse in (False, True):
        for index, side in ((0, 21), (30, -21)):  # before the first slice, and past the last
            beyond = linked(stack(), stack(count=11, centre=(side, 0, 0), reverse=reverse), index).outside
            assert beyond is not None
            assert beyond.text == "9 mm outside this series"
    gap = linked(stack(), stack(missing=(19, 20, 21)), 20).outside
    assert gap is not None
    assert gap.text == "no slice here, nearest 6 mm"


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("step", [1.0, 3.0, 4.4])
def test_the_badge_comes_exactly_beyond_half_of_thickness_and_gap(step: float, reverse: bool) -> None:
    """Whatever the thickness: the gap makes up the rest, and is negative where slices overlap."""
    for thickness in (0.5 * step, step, 2 * step):
        for beyond, outside in ((0.49, False), (0.5, False), (0.51, True), (0.9, True)):
            target = stack(count=11, step=step, thickness=thickness, reverse=reverse)
            source = stack(count=1, centre=(5 * step + beyond * step, 0, 0))
            state = linked(source, target, 0)
            assert (state.outside is not None) is outside, (thickness, beyond)
            if state.outside is not None:
                assert state.outside.distance_mm == pytest.approx(beyond * step, abs=1e-9)


NOT_LINKED = {
    "another frame of reference": (stack(), stack(frame="9.9")),
    "no frame of reference": (stack(frame=""), stack(frame="")),
    "no geometry": (stack(), None),
    "source without geometry": (None, stack()),
    "sagittal beside coronal": (stack(), stack(CORONAL)),
    "sagittal beside axial": (stack(), stack(AXIAL)),
}


@pytest.mark.parametrize("name", NOT_LINKED)
def test_what_is_not_linked_stays(name: str) -> None:
    source, target = NOT_LINKED[name]
    states = [ViewportState("a", 25), ViewportState("b", 3)]
    assert linking.synchronise(states, [source, target], 0)[1] == states[1]


def test_a_broken_link_stays_broken_on_either_side() -> None:
    off = Links(scroll=False)
    for states in (
        [ViewportState("a", 25, links=off), ViewportState("b", 3)],
        [ViewportState("a", 25), ViewportState("b", 3, links=off)],
    ):
        assert linking.synchronise(states, [stack(), stack()], 0) == states


def test_left_beside_right_knee_meet_only_where_the_body_does() -> None:
    left, right = stack(centre=(90, 0, 0)), stack(centre=(-90, 0, 0))
    state = linked(left, right, 15)
    assert state.outside is not None
    assert state.outside.distance_mm == pytest.approx(180 - 45)
    assert state.slice_index == 0  # the end of the right stack that is nearest to the left knee


@given(
    tilt=st.floats(-50, 50),
    axis=st.sampled_from([1, 2]),
    step=st.floats(0.5, 7),
    count=st.integers(1, 60),
    reverse=st.booleans(),
    index=st.integers(0, 30),
    offset=st.floats(-40, 40),
    plane=st.sampled_from([SAGITTAL, CORONAL, AXIAL]),
)
@settings(max_examples=150)
def test_the_target_shows_the_point_or_says_how_far_it_is(
    tilt: float,
    axis: int,
    step: float,
    count: int,
    reverse: bool,
    index: int,
    offset: float,
    plane: object,
) -> None:
    source = stack(plane)
    centre = tuple(source.normal * offset)
    target = stack(turned(plane, tilt, axis), count, step, centre, reverse=reverse)  # type: ignore[arg-type]
    if abs(source.normal @ target.normal) < linking.PARALLEL_COSINE:
        return
    state = linked(source, target, index)
    point = linking.centre_point(ViewportState("a", index), source)
    distances = np.abs((target.origins - point) @ target.normal)
    assert distances[state.slice_index] == pytest.approx(distances.min(), abs=1e-6)
    assert (state.outside is None) == target.reaches(float(distances.min()))
    if state.outside is not None:
        assert state.outside.distance_mm == pytest.approx(distances.min(), abs=1e-6)


def test_scrolling_back_and_forth_does_not_drift() -> None:
    source, target = stack(), stack(turned(SAGITTAL, 8, 2), step=4.0, reverse=True)
    states = [ViewportState("a", 15), ViewportState("b", 15)]
    states = linking.synchronise(states, [source, target], 0)
    start = states[1].slice_index
    for index in (*range(15, 31), *range(30, -1, -1), *range(16)):
        states[0] = replace(states[0], slice_index=index)
        states = linking.synchronise(states, [source, target], 0)
    assert states[1].slice_index == start


class TestZoomAndPan:
    def test_linked_zoom_gives_one_scale_to_all_with_a_geometry(self) -> None:
        states = [ViewportState("a", scale=3.0), ViewportState("b"), ViewportState("c"), ViewportState("d")]
        states[3] = replace(states[3], links=Links(zoom=False))
        geometries = [stack(), stack(CORONAL, matrix=(512, 384), frame="9"), None, stack()]
        scales = [s.scale for s in linking.zoom_together(states, geometries, 0)]
        assert scales == [3.0, 3.0, None, None]

    def test_the_anchor_stays_under_the_pointer(self) -> None:
        before = ViewportState("a", scale=2.0, pan=(5.0, -3.0))
        anchor = (20.0, 10.0)
        after = viewport.zoomed(before, 1.5, 2.0, anchor)
        for axis in (0, 1):
            on_screen = [(anchor[axis] - s.pan[axis]) * (s.scale or 0) for s in (before, after)]
            assert on_screen[0] == pytest.approx(on_screen[1])

    def test_zoom_has_limits(self) -> None:
        assert viewport.zoomed(ViewportState(), 1e9, 1.0).scale == viewport.LARGEST_SCALE
        assert viewport.zoomed(ViewportState(), 1e-9, 1.0).scale == viewport.SMALLEST_SCALE

    def test_pan_carries_the_head_axis_to_the_other_plane_and_nothing_else(self) -> None:
        before = ViewportState("a")
        states = [viewport.panned(before, 12.0, 7.0), ViewportState("b"), ViewportState("c")]
        geometries = [stack(SAGITTAL), stack(CORONAL), stack(SAGITTAL, reverse=True)]
        moved = linking.pan_together(before, states, geometries, 0)
        assert moved[1].pan == pytest.approx((0.0, 7.0))
        assert moved[2].pan == pytest.approx((-12.0, 7.0))

    def test_pan_stays_in_its_frame_of_reference(self) -> None:
        before = ViewportState("a")
        states = [viewport.panned(before, 12.0, 7.0), ViewportState("b")]
        assert linking.pan_together(before, states, [stack(), stack(frame="9")], 0)[1].pan == (0, 0)


class TestCursorAndLines:
    def test_the_cursor_brings_every_plane_to_the_point(self) -> None:
        geometries = [stack(SAGITTAL), stack(CORONAL), stack(AXIAL), stack(AXIAL, frame="9")]
        states = [ViewportState(str(i), 3) for i in range(4)]
        point = (9.0, -12.0, 21.0)
        moved = linking.at_cursor(states, geometries, 0, point)
        assert moved[0] == states[0]
        assert moved[3] == states[3]
        for axis, state, geometry in ((1, moved[1], geometries[1]), (2, moved[2], geometries[2])):
            assert geometry.origins[state.slice_index][axis] == pytest.approx(point[axis])

    def test_reference_line_of_a_sagittal_slice_on_a_coronal_image(self) -> None:
        sagittal, coronal = stack(SAGITTAL), stack(CORONAL)
        index = 20
        line = linking.reference_line(sagittal, index, coronal, 15)
        assert line is not None
        x_mm = sagittal.origins[index][0]
        for x, y in line:
            on_target = coronal.point_at(15, y - 0.5, x - 0.5)
            assert on_target[0] == pytest.approx(x_mm)
        heights = sorted(coronal.point_at(15, y - 0.5, x - 0.5)[2] for x, y in line)
        assert heights == pytest.approx([-50.0, 50.0])  # as far as the 200 × 0.5 mm image reaches

    def test_no_line_between_parallel_distant_or_foreign_planes(self) -> None:
        assert linking.reference_line(stack(), 1, stack(step=2), 1) is None
        assert linking.reference_line(stack(), 1, stack(CORONAL, frame="9"), 1) is None
        far = stack(CORONAL, centre=(0, 500, 0))
        assert linking.reference_line(stack(), 1, far, 15) is None


class TestTurns:
    def matrix(self, state: ViewportState) -> np.ndarray:
        from workstation.imaging.placement import place

        return place(state, (10, 10), (1, 1), None, (10, 10)).turn

    @given(st.integers(0, 3), st.booleans())
    def test_flips_act_on_the_screen_whatever_the_rotation(self, rotation: int, mirrored: bool) -> None:
        state = ViewportState("a", rotation=rotation, mirrored=mirrored)
        sideways = self.matrix(viewport.flipped_horizontally(state))
        assert np.allclose(sideways, np.diag([-1, 1]) @ self.matrix(state))
        over = self.matrix(viewport.flipped_vertically(state))
        assert np.allclose(over, np.diag([1, -1]) @ self.matrix(state))

    @given(st.integers(0, 3), st.booleans())
    def test_every_turn_undoes_itself(self, rotation: int, mirrored: bool) -> None:
        state = ViewportState("a", rotation=rotation, mirrored=mirrored)
        for move in (viewport.flipped_horizontally, viewport.flipped_vertically):
            assert move(move(state)) == state
        assert viewport.rotated(viewport.rotated(state), 3) == state
        both = viewport.flipped_vertically(viewport.flipped_horizontally(state))
        assert both == viewport.rotated(state, 2)


class TestKept:
    def test_comes_back_from_json(self) -> None:
        state = ViewportState(
            "k", 7, 2.5, (1.0, -2.0), Window(40, 400, "SIGMOID"), True, 3, True, Links(pan=False)
        )
        assert viewport.from_dict(json.loads(json.dumps(viewport.as_dict(state)))) == state
        state = replace(state, outside=viewport.Outside(9.5, beyond=False), side="L")
        assert viewport.from_dict(json.loads(json.dumps(viewport.as_dict(state)))) == state

    @pytest.mark.parametrize(
        "damage",
        [
            {},
            {"scale": "wide", "pan": "left", "window": [1], "links": 3, "slice_index": -5},
            {"scale": float("inf"), "pan": [1, None], "window": [0, -1], "rotation": "x"},
            {"scale": 1e9, "slice_index": None, "links": {"scroll": True, "unknown": 1}},
            {"outside": [float("nan"), True]},
            {"outside": [-3.0, True]},
            {"outside": 9},
        ],
    )
    def test_a_damaged_record_still_opens(self, damage: dict[str, object]) -> None:
        state = viewport.from_dict(damage)
        assert state.slice_index == 0
        assert state.pan == (0.0, 0.0)
        assert state.outside is None
        assert state.scale is None or state.scale <= viewport.LARGEST_SCALE

    def test_reset_keeps_slice_and_links(self) -> None:
        links = Links(window=False)
        state = ViewportState("k", 7, 2.5, (1, 2), Window(1, 2), True, 3, True, links)
        assert viewport.reset(state) == ViewportState("k", 7, links=links)

    def test_ends_stop_and_cine_goes_round(self) -> None:
        assert viewport.scrolled(ViewportState("a", 9), 5, 10).slice_index == 9
        assert viewport.scrolled(ViewportState("a", 1), -5, 10).slice_index == 0
        assert viewport.at_slice(ViewportState("a", 1), 10**9, 0).slice_index == 0
        assert viewport.cine_step(ViewportState("a", 9), 10).slice_index == 0

    def test_links_are_told(self) -> None:
        assert Links().text == "linked"
        assert Links(False, False, False, False).text == "unlinked"
        assert Links(window=False, pan=False).text == "linked: scroll, zoom"
