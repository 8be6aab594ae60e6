"""Frames of reference tied by hand, right linked with left: what is stated holds, and nothing else."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.imaging import linking
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.ties import BY_HAND, SAME, SIDES, Ties
from workstation.imaging.viewport import ViewportState

SAGITTAL = ((0, 1, 0), (0, 0, -1))
CORONAL = ((1, 0, 0), (0, 0, -1))
AXIAL = ((1, 0, 0), (0, 1, 0))
SHIFT = (12.0, -5.0, 30.0)

numbers = st.floats(-200, 200)
points = st.tuples(numbers, numbers, numbers)


@lru_cache(maxsize=64)  # frozen; one example of the property below asks for hundreds
def stack(
    frame: str = "1",
    plane: tuple[tuple[int, ...], tuple[int, ...]] = SAGITTAL,
    centre: tuple[float, float, float] = (0, 0, 0),
    step: float = 3.0,
    count: int = 31,
    reverse: bool = False,
) -> StackGeometry:
    row, column = (np.array(direction, float) for direction in plane)
    if reverse:
        row = -row
    normal = np.cross(row, column)
    corner = np.array(centre, float) - (row + column) * 49.5
    origins = np.array([corner + normal * step * (i - (count - 1) / 2) for i in range(count)])
    return StackGeometry((count, 100, 100), origins, row, column, (1.0, 1.0), step, frame)


def shown(state: ViewportState, geometry: StackGeometry) -> np.ndarray:
    return linking.centre_point(state, geometry)


class TestOffsets:
    def test_frames_are_not_linked_until_a_reader_ties_them(self) -> None:
        ties = Ties()
        assert ties.bridge(stack("1"), stack("2")) is None
        assert ties.bridge(stack(""), stack("")) is None
        tied = ties.tied("1", "2", SHIFT)
        way = tied.bridge(stack("1"), stack("2"))
        assert way is not None
        assert way.kind == BY_HAND
        assert way.point((1, 2, 3)) == pytest.approx((13, -3, 33))
        back = tied.bridge(stack("2"), stack("1"))
        assert back is not None
        assert back.point(way.point((1, 2, 3))) == pytest.approx((1, 2, 3))
        same = tied.bridge(stack("1"), stack("1"))
        assert same is not None
        assert same.kind == SAME

    @settings(max_examples=60)
    @given(
        st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), points), min_size=1, max_size=6),
        points,
    )
    def test_the_newest_tie_holds_and_every_way_round_agrees(
        self, made: list[tuple[str, str, tuple[float, float, float]]], point: tuple[float, float, float]
    ) -> None:
        ties = Ties()
        for source, target, shift in made:
            ties = ties.tied(source, target, shift)
            way = ties.bridge(stack(source), stack(target))
            assert way is not None
            if source != target:
                assert way.point(point) == pytest.approx(np.add(point, shift), abs=1e-6)
        for one in "abcd":
            for two in "abcd":
                for three in "abcd":
                    ways = [ties.bridge(stack(a), stack(b)) for a, b in ((one, two), (two, three))]
                    straight = ties.bridge(stack(one), stack(three))
                    if all(ways):
                        assert straight is not None
                        there = ways[1].point(ways[0].point(point))  # type: ignore[union-attr]
                        assert straight.point(point) == pytest.approx(there, abs=1e-6)
        again = Ties.from_dict(json.loads(json.dumps(ties.as_dict())))
        assert again == ties

    def test_a_frame_that_others_were_tied_to_can_leave(self) -> None:
        ties = Ties().tied("1", "3", SHIFT).tied("2", "3", (1, 0, 0)).untied("3")
        assert ties.bridge(stack("1"), stack("3")) is None
        way = ties.bridge(stack("1"), stack("2"))
        assert way is not None
        assert way.point((0, 0, 0)) == pytest.approx(np.subtract(SHIFT, (1, 0, 0)))

    def test_damaged_records_are_left_out(self) -> None:
        damaged: list[object] = [[1, 2], ["a", "b", [1, "x", 2]], ["a", "b", [1, float("nan"), 2]]]
        for kept in (None, [], {"offsets": 3}, {"offsets": damaged}, {"centres": [["a", "X", [1, 2, 3]]]}):
            assert Ties.from_dict(kept) == Ties()
        circle = {"offsets": [["a", "b", [1, 0, 0]], ["b", "a", [1, 0, 0]]]}
        assert not Ties.from_dict(circle).offsets


class TestSlices:
    """Tied at the slices shown: the other stack follows from there, also reversed and with other gaps."""

    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize("step", [3.0, 1.0])
    def test_scrolling_keeps_the_distance_that_was_set(self, reverse: bool, step: float) -> None:
        source, target = stack("1"), stack("2", centre=(100, 40, -7), step=step, count=91, reverse=reverse)
        states = [ViewportState("a", 10), ViewportState("b", 60)]
        geometries = [source, target]
        ties = linking.tie_slices(states, geometries, 0, Ties())
        held = linking.synchronise(states, geometries, 0, ties)
        assert held[1].slice_index == 60
        assert held[1].outside is None
        states[0] = ViewportState("a", 14)  # 12 mm toward +normal of the source
        moved = linking.synchronise(states, geometries, 0, ties)[1]
        went = shown(moved, target) - shown(states[1], target)
        assert went @ source.normal == pytest.approx(12, abs=step / 2)
        words = linking.link_words(states, geometries, 0, ties)
        assert words.startswith("offset ")
        assert words.endswith(" mm by hand")

    def test_another_plane_adds_what_the_first_could_not_tell(self) -> None:
        geometries = [
            stack("1"), stack("2", centre=(60, 0, 0)),
            stack("1", AXIAL), stack("2", AXIAL, centre=(0, 0, 33)),
        ]  # fmt: skip
        states = [ViewportState(str(n), 15) for n in range(4)]
        ties = linking.tie_slices(states, [geometries[0], geometries[1], None, None], 0, Ties())
        ties = linking.tie_slices(states, [None, None, geometries[2], geometries[3]], 2, ties)
        way = ties.bridge(geometries[0], geometries[1])
        assert way is not None
        assert way.point((0, 0, 0)) == pytest.approx((60, 0, 33))

    def test_the_3d_cursor_goes_where_the_offset_says(self) -> None:
        geometries = [stack("1"), stack("2", CORONAL), stack("2", AXIAL)]
        states = [ViewportState(name, 0) for name in "abc"]
        moved = linking.at_cursor(states, geometries, 0, (6, -6, -12), Ties().tied("1", "2", SHIFT))
        for axis, state, geometry in ((1, moved[1], geometries[1]), (2, moved[2], geometries[2])):
            there = (6, -6, -12)[axis] + SHIFT[axis]
            assert geometry.origins[state.slice_index][axis] == pytest.approx(there, abs=1.5)
            assert state.outside is None

    def test_a_reference_line_goes_where_the_offset_says(self) -> None:
        sagittal, coronal = stack("1"), stack("2", CORONAL)
        way = Ties().tied("1", "2", SHIFT).bridge(sagittal, coronal)
        line = linking.reference_line(sagittal, 18, coronal, 15, way)
        assert line is not None
        ends = [coronal.point_at(15, y - 0.5, x - 0.5) for x, y in line]
        expected = sagittal.origins[18][0] + SHIFT[0]
        assert [end[0] for end in ends] == pytest.approx([expected, expected])
        assert max(end[2] for end in ends) == pytest.approx(50 + SHIFT[2])

    def test_crossing_planes_and_one_frame_are_not_tied(self) -> None:
        states = [ViewportState("a", 10), ViewportState("b", 10)]
        for other in (stack("2", CORONAL), stack("1"), stack(""), None):
            assert linking.tie_slices(states, [stack("1"), other], 0, Ties()) == Ties()


class TestSides:
    """Right beside left through the joint centres: equally far from the centre, on mirrored ways."""

    RIGHT, LEFT = (-90.0, 10.0, 5.0), (85.0, 12.0, -4.0)

    def ties(self, frames: tuple[str, str] = ("1", "1")) -> Ties:
        return Ties().centred(frames[0], "R", self.RIGHT).centred(frames[1], "L", self.LEFT)

    @pytest.mark.parametrize("frames", [("1", "1"), ("1", "2")])
    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize("medial", [-12.0, 0.0, 15.0])
    def test_sagittal_hips_meet_equally_far_from_the_midline(
        self, frames: tuple[str, str], reverse: bool, medial: float
    ) -> None:
        right = stack(frames[0], centre=self.RIGHT, step=1.0, count=61)
        left = stack(frames[1], centre=self.LEFT, step=1.0, count=81, reverse=reverse)
        index, _ = right.nearest_slice((self.RIGHT[0] + medial, 0, 0))
        states = [ViewportState("r", index, side="R"), ViewportState("l", 0, side="L")]
        moved = linking.synchronise(states, [right, left], 0, self.ties(frames))[1]
        assert moved.outside is None
        assert left.point_at(moved.slice_index, 0, 0)[0] == pytest.approx(self.LEFT[0] - medial, abs=0.51)

    def test_axial_slices_keep_the_height_above_each_centre(self) -> None:
        right, left = (stack(plane=AXIAL, count=61, step=1.0) for _ in range(2))
        index, _ = right.nearest_slice((0, 0, 12))
        states = [ViewportState("r", index, side="R"), ViewportState("l", 0, side="L")]
        moved = linking.synchronise(states, [right, left], 0, self.ties())[1]
        assert left.positions[moved.slice_index] == pytest.approx(3, abs=0.51)  # 12 - 5 + -4

    def test_a_drag_goes_toward_the_midline_on_both_sides(self) -> None:
        both = [stack(plane=CORONAL), stack(plane=CORONAL)]
        before = ViewportState("r", 5, side="R")
        states = [linking.panned(before, 8.0, 3.0), ViewportState("l", 5, side="L")]
        moved = linking.pan_together(before, states, both, 0, self.ties())[1]
        assert moved.pan == pytest.approx((-8.0, 3.0))

    def test_two_viewports_of_one_side_stay_linked_by_their_frame(self) -> None:
        way = self.ties().bridge(stack(), stack(), ("R", "R"))
        assert way is not None
        assert way.kind == SAME
        opposite = self.ties().bridge(stack(), stack(), ("R", "L"))
        assert opposite is not None
        assert opposite.kind == SIDES
        assert Ties().bridge(stack("1"), stack("2"), ("R", "L")) is None

    @given(points)
    def test_there_and_back_is_the_same_point(self, point: tuple[float, float, float]) -> None:
        way = self.ties().bridge(stack(), stack(), ("R", "L"))
        assert way is not None
        assert way.back.point(way.point(point)) == pytest.approx(point, abs=1e-9)
        assert way.point(self.RIGHT) == pytest.approx(self.LEFT)

    def test_no_line_of_one_side_is_drawn_on_the_other(self) -> None:
        way = self.ties().bridge(stack(), stack(plane=CORONAL), ("R", "L"))
        assert linking.reference_line(stack(), 15, stack(plane=CORONAL), 15, way) is None
