"""Drawing by hand: what is done can be undone and kept, and every size is in millimetres."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.masks.editing.brush import BACKGROUND, Place, Within, polygon, swept
from workstation.masks.editing.change import (
    MOST_RUNS,
    Change,
    applied,
    apply,
    merged,
    packed,
    unpack_runs,
)
from workstation.masks.editing.operations import (
    copied,
    grown,
    holes_filled,
    interpolated,
    island_erased,
)
from workstation.masks.editing.strokes import NONE, Stroke, counts_of, stroke_data, stroke_from, way


def stack(
    shape: tuple[int, int, int],
    spacing: tuple[float, float] = (1.0, 1.0),
    step: float = 1.0,
    shift: float = 0.0,
    tilt: float = 0.0,
) -> StackGeometry:
    """Slices `step` mm apart, each `shift` mm farther along its rows than the one before, and tilted."""
    turn = np.array([[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]])
    row, column, normal = np.eye(3)[[1, 2, 0]] @ turn if tilt else np.eye(3)
    origins = np.array([normal * step * i + row * shift * i for i in range(shape[0])])
    return StackGeometry(shape, origins, row, column, spacing)


def empty(geometry: StackGeometry) -> np.ndarray:
    return np.zeros(geometry.shape, dtype=np.uint8)


masks = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).choice(4, (4, 9, 11), p=(0.6, 0.2, 0.1, 0.1)).astype(np.uint8)
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[np.ndarray, Change]:
    """A mask and one edit of it, also at and beyond the borders of the series."""
    labels = draw(masks)
    geometry = stack((4, 9, 11), (draw(st.floats(0.3, 2)), draw(st.floats(0.3, 2))), draw(st.floats(0.5, 5)))
    label, index = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    place = Place(index, draw(st.floats(-4, 12)), draw(st.floats(-4, 14)))
    other = Place(index, draw(st.floats(-4, 12)), draw(st.floats(-4, 14)))
    kind = draw(st.sampled_from(["brush", "polygon", "holes", "grow", "island", "copy", "between"]))
    solid, size = draw(st.booleans()), draw(st.floats(0.1, 6))
    made = {
        "brush": lambda: swept(labels, geometry, place, other, size, label, in_3d=solid),
        "polygon": lambda: polygon(labels, index, [(1, 1), (place.column, place.row), (9.5, 3)], label),
        "holes": lambda: holes_filled(labels, label or 1, None if solid else index),
        "grow": lambda: grown(labels, geometry, label or 1, size - 3, None if solid else index),
        "island": lambda: island_erased(labels, place, in_3d=solid),
        "copy": lambda: copied(labels, label or 1, index, index + 1),
        "between": lambda: interpolated(labels, geometry, label or 1),
    }
    return labels, made[kind]()


@settings(max_examples=150)
@given(edits())
def test_every_edit_can_be_undone_and_comes_back_from_what_is_kept(edit: tuple[np.ndarray, Change]) -> None:
    labels, change = edit
    before = labels.copy()
    after = applied(labels, change)
    assert np.array_equal(labels, before)
    assert np.array_equal(applied(after, change.reverse), before)
    kept = [delta.unpacked() for delta in packed(change)]
    assert np.array_equal(applied(labels, merged(kept)) if kept else labels, after)
    changed = np.flatnonzero(before != after)
    assert np.array_equal(changed, change.voxels)  # nothing is listed that does not change
    gained = {
        label: counts_of(after).get(label, 0) - counts_of(before).get(label, 0) for label in range(1, 256)
    }
    assert change.counts() == {label: count for label, count in gained.items() if count}


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=8))
def test_the_steps_of_a_stroke_are_one_change(steps: list[tuple[int, float, float]]) -> None:
    geometry = stack((4, 9, 11))
    labels = start = empty(geometry)
    changes = []
    for label, row, column in steps:
        changes.append(swept(labels, geometry, Place(1, row, column), Place(1, row, column), 2.5, label))
        labels = applied(labels, changes[-1])
    whole = merged(changes)
    assert np.array_equal(applied(start, whole), labels)
    assert np.array_equal(applied(labels, whole.reverse), start)


class TestBrush:
    @pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.3, 0.8), (1.1, 0.4)])
    def test_a_disc_has_its_area_whatever_the_shape_of_the_pixels(self, spacing: tuple[float, float]) -> None:
        geometry = stack((3, 200, 200), spacing, 4.0)
        middle = Place(1, 99.3, 100.4)
        change = swept(empty(geometry), geometry, middle, middle, 15.0, 1)
        assert change.slices == (1,)
        assert len(change.voxels) * spacing[0] * spacing[1] == pytest.approx(math.pi * 15**2, rel=0.01)

    @pytest.mark.parametrize(("shift", "tilt"), [(0.0, 0.0), (0.7, 0.0), (0.0, 0.6)])
    def test_a_ball_has_its_volume_also_where_slices_are_tilted_or_step_sideways(
        self, shift: float, tilt: float
    ) -> None:
        geometry = stack((60, 120, 120), (0.5, 0.8), 0.9, shift, tilt)
        middle = Place(30, 60.0, 60.0)
        labels = applied(
            empty(geometry), swept(empty(geometry), geometry, middle, middle, 12.0, 1, in_3d=True)
        )
        volume = np.count_nonzero(labels) * geometry.voxel_volume_mm3
        assert volume == pytest.approx(4 / 3 * math.pi * 12**3, rel=0.01)
        depth, row, column = np.nonzero(labels)
        points = np.array([geometry.point_at(*one) for one in zip(depth, row, column, strict=True)])
        centre = geometry.point_at(30, 60.0, 60.0)
        assert np.linalg.norm(points - centre, axis=1).max() <= 12.0 + 1e-6

    def test_a_way_is_a_band_with_round_ends(self) -> None:
        geometry = stack((1, 100, 160), (0.5, 0.5))
        change = swept(empty(geometry), geometry, Place(0, 50.3, 40), Place(0, 50.3, 120), 6.0, 1)
        assert len(change.voxels) * 0.25 == pytest.approx(math.pi * 36 + 12 * 40, rel=0.01)

    def test_no_brush_is_too_small_and_a_quick_hand_leaves_no_gap(self) -> None:
        geometry = stack((1, 20, 20))
        change = swept(empty(geometry), geometry, Place(0, 2, 2), Place(0, 17, 12), 0.01, 1)
        rows = {int(one) // 20 for one in change.voxels}
        assert rows == set(range(2, 18))

    def test_the_eraser_takes_every_label_and_the_limit_leaves_values_out(self) -> None:
        geometry = stack((1, 20, 20))
        labels = np.full(geometry.shape, 3, dtype=np.uint8)
        there = Place(0, 10, 10)
        assert set(swept(labels, geometry, there, there, 3, BACKGROUND).before.tolist()) == {3}
        values = np.tile(np.arange(20, dtype=np.uint16), (1, 20, 1))
        change = swept(empty(geometry), geometry, there, there, 6, 1, within=Within(values, 8, 11))
        assert {int(one) % 20 for one in change.voxels} == {8, 9, 10, 11}

    def test_outside_the_picture_nothing_is_painted(self) -> None:
        geometry = stack((2, 9, 9))
        assert swept(empty(geometry), geometry, Place(0, -30, 4), Place(0, -30, 4), 3, 1).is_empty


class TestOperations:
    def test_holes_and_islands(self) -> None:
        labels = np.zeros((2, 20, 20), dtype=np.uint8)
        labels[0, 3:12, 3:12] = 1
        labels[0, 6:8, 6:8] = 0
        labels[0, 15:17, 15:17] = 1
        filled = applied(labels, holes_filled(labels, 1))
        assert filled[0, 3:12, 3:12].all()
        left = applied(filled, island_erased(filled, Place(0, 15.2, 15.9)))
        assert np.count_nonzero(left) == 81
        assert island_erased(left, Place(0, 19, 19)).is_empty

    def test_an_island_in_three_dimensions_goes_through_the_slices(self) -> None:
        labels = np.zeros((3, 9, 9), dtype=np.uint8)
        labels[:, 2:5, 2:5] = 2
        assert island_erased(labels, Place(1, 3, 3)).slices == (1,)
        assert not applied(labels, island_erased(labels, Place(1, 3, 3), in_3d=True)).any()

    def test_growing_is_in_mm_on_every_side_and_spares_other_labels(self) -> None:
        geometry = stack((9, 41, 41), (0.5, 1.0), 2.0)
        labels = empty(geometry)
        labels[4, 20, 20] = 1
        labels[4, 20, 21] = 2
        made = applied(labels, grown(labels, geometry, 1, 4.0))
        depth, row, column = np.nonzero(made == 1)
        assert (np.ptp(depth), np.ptp(row), np.ptp(column)) == (4, 16, 8)
        assert made[4, 20, 21] == 2
        back = applied(made, grown(made, geometry, 1, -4.0))
        assert np.count_nonzero(back == 1) <= 1
        assert grown(labels, geometry, 1, 4.0, 4).slices == (4,)

    def test_slices_between_two_discs_are_discs_of_sizes_between(self) -> None:
        geometry = stack((5, 80, 80), (0.5, 0.5), 3.0)
        labels = empty(geometry)
        for index, radius in ((0, 6.0), (4, 14.0)):
            apply(labels, swept(labels, geometry, Place(index, 40, 40), Place(index, 40, 40), radius, 1))
        made = applied(labels, interpolated(labels, geometry, 1))
        areas = [np.count_nonzero(plane) * 0.25 for plane in made]
        assert [math.sqrt(area / math.pi) for area in areas] == pytest.approx([6, 8, 10, 12, 14], abs=0.4)

    def test_a_copy_adds_to_the_next_slice_and_stops_at_the_last(self) -> None:
        labels = np.zeros((2, 5, 5), dtype=np.uint8)
        labels[0, 1:3, 1:3], labels[1, 4, 4] = 1, 1
        assert np.count_nonzero(applied(labels, copied(labels, 1, 0, 1))[1]) == 5
        assert copied(labels, 1, 1, 2).is_empty


def stroke(change: Change, number: int) -> Stroke:
    return Stroke(f"s{number}", "1.2", "brush", packed(change))


class TestKeeping:
    def test_a_hundred_strokes_are_undone_and_redone_one_by_one(self) -> None:
        geometry = stack((3, 60, 60))
        labels, now = empty(geometry), NONE
        moments, seen = [now], [labels.copy()]
        chance = np.random.default_rng(1)
        for number in range(120):
            there = Place(int(chance.integers(3)), *chance.uniform(0, 60, 2))
            change = swept(labels, geometry, there, there, 5, int(chance.integers(0, 4)))
            if change.is_empty:
                continue
            apply(labels, change)
            now = now.adding(stroke(change, number))
            moments.append(now)
            seen.append(labels.copy())
        assert len(moments) > 100
        for moment, wanted in zip(reversed(moments), reversed(seen), strict=True):
            back, on = way(now, moment)
            for one in back:
                apply(labels, one.change().reverse)
            assert not on
            now = moment
            assert np.array_equal(labels, wanted)
        back, on = way(now, moments[-1])
        assert len(on) == len(moments) - 1
        for one in on:
            apply(labels, one.change())
        assert np.array_equal(labels, seen[-1])
        assert np.array_equal(moments[-1].labels_of("1.2"), seen[-1])
        assert [one.id for one in moments[-1].latest(3).all()] == [one.id for one in moments[-1].all()[-3:]]

    def test_a_stroke_of_the_brush_is_small_and_the_worst_is_split(self) -> None:
        geometry = stack((40, 512, 512), (0.3, 0.3), 3.0)
        ball = swept(empty(geometry), geometry, Place(20, 200, 200), Place(20, 240, 300), 10, 1, in_3d=True)
        (delta,) = packed(ball)
        assert sum(len(group.runs) for group in delta.groups) < 1200
        noise = np.flatnonzero(np.random.default_rng(2).random(40 * 512) < 0.5) * 512
        ones = np.ones(len(noise), dtype=np.uint8)
        parts = packed(Change(geometry.shape, noise, ones * 0, ones))
        assert len(parts) == math.ceil(len(noise) / MOST_RUNS)
        assert np.array_equal(merged([one.unpacked() for one in parts]).voxels, noise)

    def test_thousands_of_strokes_do_not_pile_up_the_stack(self) -> None:
        geometry = stack((1, 9, 9))
        change = swept(empty(geometry), geometry, Place(0, 4, 4), Place(0, 4, 4), 2, 1)
        now = NONE
        one = stroke(change, 0)
        for _ in range(30_000):
            now = now.adding(one)
        assert len(now.all()) == now.count == 30_000
        del now  # a chain so long must not break the interpreter when it goes

    @pytest.mark.parametrize(
        "spoil",
        [
            {"shape": [1, 2]},
            {"shape": [1, 2, 2]},
            {"shape": [-1, -9, 9]},
            {"shape": "many"},
            {"shape": [100_000, 100_000, 100_000]},
            {"changes": []},
            {"changes": [["", "something else", "eJwDAAAAAAE="]]},
            {"changes": [["", "edema", "no base64!"]]},
            {"changes": [["", "edema", "AAAA"]]},
            {"series": None, "did": None, "stroke": None, "changes": None},
        ],
    )
    def test_damaged_strokes_are_refused_in_a_sentence(self, spoil: dict[str, Any]) -> None:
        geometry = stack((1, 9, 9))
        change = swept(empty(geometry), geometry, Place(0, 4, 4), Place(0, 4, 4), 2, 1)
        (data,) = stroke_data(stroke(change, 1))
        assert stroke_from(data).change().counts() == change.counts()
        with pytest.raises(DataError, match="damaged"):
            stroke_from({**data, **spoil})

    def test_a_bomb_is_not_unpacked(self) -> None:
        import zlib

        with pytest.raises(DataError):
            unpack_runs(zlib.compress(bytes(20_000_000), 1), 1000)
