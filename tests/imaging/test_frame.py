"""What a frame shows: asymmetric phantoms in three planes, both sides, mirrored, oblique; overlays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workstation.imaging import linking, viewport
from workstation.imaging.frame import LabelStyle, Overlay, resolve, scale_bar, window_text
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.outline import Outlines, trace
from workstation.imaging.pixels import PixelBuffer
from workstation.imaging.placement import place, usable_spacing
from workstation.imaging.viewport import Outside, ViewportState
from workstation.imaging.volume import Stack
from workstation.imaging.windowing import Window

# Balls at known places in the patient (LPS mm), each with its own brightness.
BALLS = {"L": ((30, 0, 0), 1000), "P": ((0, 30, 0), 2000), "S": ((0, 0, 30), 3000)}
PLANES = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
}
OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S"}
SIZE = (400.0, 300.0)


def phantom(
    along_row: object,
    along_column: object,
    spacing: tuple[float, float] = (1.0, 1.0),
    matrix: tuple[int, int] = (100, 100),
    slices: int = 3,
) -> Stack:
    """Slices through the isocentre showing `BALLS` flattened along the normal."""
    row, column = np.array(along_row, float), np.array(along_column, float)
    normal = np.cross(row, column)
    corner = -row * spacing[1] * (matrix[1] - 1) / 2 - column * spacing[0] * (matrix[0] - 1) / 2
    origins = np.array([corner + normal * 2 * (i - slices // 2) for i in range(slices)])
    points = (
        origins[slices // 2]
        + np.arange(matrix[0])[:, None, None] * spacing[0] * column
        + np.arange(matrix[1])[None, :, None] * spacing[1] * row
    )
    plane = np.full(matrix, 100, dtype=np.uint16)
    for centre, value in BALLS.values():
        plane[np.linalg.norm(points - np.array(centre), axis=-1) < 8] = value
    geometry = StackGeometry((slices, *matrix), origins, row, column, spacing, 2.0, "1.2.3")
    return Stack("s", np.stack([plane] * slices), 1.0, 0.0, geometry)


def shown_at(stack: Stack, state: ViewportState, across: float, down: float) -> int:
    """Grey of the frame at a screen position (nearest pixel), 0 outside the image."""
    frame = resolve(state, stack, SIZE, start=Window(2000, 4000))
    x, y = (int(np.floor(v)) for v in frame.placement.to_image(across, down))
    rows, columns = frame.pixels.shape
    return int(frame.pixels[y, x] & 255) if 0 <= x < columns and 0 <= y < rows else 0


def grey(value: int) -> int:
    return round(value / 4000 * 255)


def place_of(letter: str, stack: Stack, state: ViewportState) -> tuple[float, float]:
    """Where a ball lies on screen, through the geometry alone."""
    assert stack.geometry is not None
    row, column = stack.geometry.in_plane(BALLS[letter][0], 1)
    frame = resolve(state, stack, SIZE)
    return frame.placement.to_viewport(column + 0.5, row + 0.5)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("rotation", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_letters_and_pixels_stay_together(plane: str, rotation: int, mirrored: bool) -> None:
    stack = phantom(*PLANES[plane])
    state = ViewportState("s", 1, rotation=rotation, mirrored=mirrored)
    letters = resolve(state, stack, SIZE).letters
    centre, reach = (200.0, 150.0), 90.0  # 30 mm at 3 px/mm
    sides = {
        letters.left: (centre[0] - reach, centre[1]),
        letters.right: (centre[0] + reach, centre[1]),
        letters.top: (centre[0], centre[1] - reach),
        letters.bottom: (centre[0], centre[1] + reach),
    }
    seen = 0
    for letter, position in sides.items():
        if letter in BALLS:
            assert shown_at(stack, state, *position) == pytest.approx(grey(BALLS[letter][1]), abs=1)
            seen += 1
        else:
            assert shown_at(stack, state, *position) == grey(100)
    assert seen == 2
    assert letters.left == OPPOSITE[letters.right]
    assert letters.top == OPPOSITE[letters.bottom]


@pytest.mark.parametrize("plane", PLANES)
def test_convention_whatever_the_stored_orientation(plane: str) -> None:
    row, column = (np.array(direction, float) for direction in PLANES[plane])
    expected = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}[plane]
    for stored in (
        (row, column), (-row, column), (row, -column), (-row, -column),
        (column, row), (-column, row), (column, -row), (-column, -row),
    ):  # fmt: skip
        stack = phantom(*stored)
        frame = resolve(ViewportState("s", 1), stack, SIZE)
        letters = frame.letters
        assert letters.left + letters.right + letters.top + letters.bottom == expected
        assert frame.badges == ()
        for letter in set(BALLS) & set(expected):
            across, down = place_of(letter, stack, ViewportState("s", 1))
            assert shown_at(stack, ViewportState("s", 1), across, down) == grey(BALLS[letter][1])


def test_mirrored_says_so_and_turns_the_letters() -> None:
    frame = resolve(ViewportState("s", 1, mirrored=True), phantom(*PLANES["axial"]), SIZE)
    assert [badge.text for badge in frame.badges] == ["MIRRORED"]
    assert (frame.letters.left, frame.letters.right) == ("L", "R")


def test_oblique_letters_name_both_axes() -> None:
    angle = np.radians(30)
    along_row = (0, np.cos(angle), -np.sin(angle))
    along_column = (0, -np.sin(angle), -np.cos(angle))
    letters = resolve(ViewportState("s", 1), phantom(along_row, along_column), SIZE).letters
    assert letters.right == "PI"
    assert letters.left == "AS"


class TestPlacement:
    @pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.0), (2.0, 0.5)])
    def test_a_round_ball_is_round_on_screen_with_any_pixels(self, spacing: tuple[float, float]) -> None:
        matrix = (round(100 / spacing[0]), round(100 / spacing[1]))
        stack = phantom(*PLANES["axial"], spacing, matrix)
        frame = resolve(ViewportState("s", 1), stack, SIZE)
        rows, columns = np.nonzero(stack.voxels[1] == 1000)
        corners = [
            frame.placement.to_viewport(columns.min(), rows.min()),
            frame.placement.to_viewport(columns.max() + 1, rows.max() + 1),
        ]
        width, height = (corners[1][i] - corners[0][i] for i in (0, 1))
        assert width == pytest.approx(height, abs=2 * 3 * max(spacing))
        assert width == pytest.approx(16 * 3, abs=2 * 3 * max(spacing))

    def test_pixel_spacing_is_row_spacing_first(self) -> None:
        frame = resolve(ViewportState("s", 1), phantom(*PLANES["axial"], (2.0, 0.5), (50, 200)), SIZE)
        m11, _, _, m22, _, _ = frame.placement.matrix
        assert m22 / m11 == pytest.approx(4.0)

    @given(
        st.integers(0, 3), st.booleans(), st.floats(0.2, 20),
        st.tuples(st.floats(-50, 50), st.floats(-50, 50)), st.sampled_from(list(PLANES)),
    )  # fmt: skip
    def test_to_image_undoes_to_viewport(
        self, rotation: int, mirrored: bool, scale: float, pan: tuple[float, float], plane: str
    ) -> None:
        stack = phantom(*PLANES[plane], (0.7, 1.1), (20, 30))
        state = ViewportState("s", 0, scale, pan, rotation=rotation, mirrored=mirrored)
        placement = place(state, (20, 30), (0.7, 1.1), stack.geometry, SIZE)
        x, y = placement.to_image(*placement.to_viewport(3.25, 17.5))
        assert (x, y) == pytest.approx((3.25, 17.5), abs=1e-6)
        middle = placement.to_image(SIZE[0] / 2, SIZE[1] / 2)
        assert (middle[0] - 15) * 1.1 == pytest.approx(pan[0], abs=1e-6)
        assert (middle[1] - 10) * 0.7 == pytest.approx(pan[1], abs=1e-6)

    def test_linked_zoom_shows_10_mm_equally_long_in_every_matrix(self) -> None:
        stacks = [
            phantom(*PLANES["axial"], (0.5, 0.5), (256, 256)),
            phantom(*PLANES["coronal"], (0.9, 0.4), (100, 300)),
        ]
        states = [ViewportState("a", scale=4.0), ViewportState("b")]
        states = linking.zoom_together(states, [stack.geometry for stack in stacks], 0)
        for state, stack in zip(states, stacks, strict=True):
            placement = resolve(state, stack, SIZE).placement
            assert stack.geometry is not None
            row, column = stack.geometry.pixel_spacing
            for x, y in ((10 / column, 0), (0, 10 / row)):
                start, end = placement.to_viewport(0, 0), placement.to_viewport(x, y)
                assert np.hypot(end[0] - start[0], end[1] - start[1]) == pytest.approx(40)

    def test_a_drag_of_the_picture_follows_the_pointer(self) -> None:
        stack = phantom(*PLANES["sagittal"], (0.5, 0.8), (100, 80))
        for rotation in range(4):
            for mirrored in (False, True):
                state = ViewportState("s", 1, rotation=rotation, mirrored=mirrored)
                before = resolve(state, stack, SIZE).placement
                along_row, along_column = before.drag_in_plane(25, -10)
                after = resolve(viewport.panned(state, -along_row, -along_column), stack, SIZE).placement
                old, new = before.to_viewport(7, 9), after.to_viewport(7, 9)
                assert (new[0] - old[0], new[1] - old[1]) == pytest.approx((25, -10))

    @pytest.mark.parametrize("spacing", [None, (0.0, 1.0), (float("nan"), 1.0), (-1.0, 1.0)])
    def test_unusable_spacing_draws_square_pixels_and_claims_no_scale(
        self, spacing: tuple[float, float] | None
    ) -> None:
        assert usable_spacing(spacing) == (1.0, 1.0)
        stack = Stack("s", np.zeros((1, 10, 10), np.uint16), 1.0, 0.0, None)
        frame = resolve(ViewportState("s"), stack, SIZE, pixel_spacing=spacing)
        assert frame.scale_bar is None
        assert frame.letters.left == ""
        assert "no position" in frame.corners.bottom_right


class TestTexts:
    def test_corners_say_slice_window_zoom_and_link_and_nothing_else(self) -> None:
        stack = phantom(*PLANES["axial"])
        corners = resolve(ViewportState("s", 1, window=Window(540, 1051)), stack, SIZE, title="ax T1").corners
        assert corners.top_left == "ax T1"
        assert corners.top_right == "2/3"
        assert corners.bottom_left == "W 1051  C 540"
        assert corners.bottom_right == "300%  linked"

    def test_small_values_keep_their_decimals(self) -> None:
        assert window_text(Window(0.05, 0.12)) == "W 0.1200  C 0.0500"
        assert window_text(Window(1.5, 3)) == "W 3.00  C 1.50"

    def test_outside_is_said_and_dimmed(self) -> None:
        state = ViewportState("s", 0, outside=Outside(9.2))
        frame = resolve(state, phantom(*PLANES["axial"]), SIZE)
        assert frame.dimmed
        assert frame.badges[0].text == "9 mm outside this series"

    def test_time_series_say_that_they_are_not_linked(self) -> None:
        stack = Stack("s", np.zeros((4, 10, 10), np.uint16), 1.0, 0.0, None, axis="time")
        assert "time series" in resolve(ViewportState("s"), stack, SIZE).corners.bottom_right

    def test_lossy_pictures_carry_a_badge(self) -> None:
        frame = resolve(ViewportState("s"), phantom(*PLANES["axial"]), SIZE, lossy=True)
        assert [badge.text for badge in frame.badges] == ["LOSSY"]

    @given(st.floats(0.05, 200), st.floats(100, 2000))
    def test_the_scale_bar_is_true_round_and_fits(self, scale: float, width: float) -> None:
        bar = scale_bar(scale, width)
        assert bar is not None
        assert bar.length_px == pytest.approx(bar.length_mm * scale)
        assert width / 10 * 0.99 <= bar.length_px <= width / 4 * 1.001
        digits = bar.length_mm / 10 ** np.floor(np.log10(bar.length_mm) + 1e-9)
        assert round(digits, 6) in (1, 2, 5)

    def test_a_slice_past_the_end_shows_the_end(self) -> None:
        frame = resolve(ViewportState("s", 99), phantom(*PLANES["axial"]), SIZE)
        assert frame.corners.top_right == "3/3"


def masked(labels: NDArray[np.uint8], **look: object) -> Overlay:
    styles = {
        1: LabelStyle(0xD55E00),
        2: LabelStyle(0x009E73, outline_only=True),
        3: LabelStyle(1, "forward"),
    }
    return Overlay(labels, styles, **look)  # type: ignore[arg-type]


class TestOverlay:
    def labels(self) -> NDArray[np.uint8]:
        labels = np.zeros((3, 100, 100), np.uint8)
        labels[1, 10:20, 60:90] = 1
        labels[1, 40:60, 0:10] = 2
        labels[1, 80:90, 80:90] = 3
        return labels

    def test_fill_blends_exactly_its_pixels(self) -> None:
        stack, labels = phantom(*PLANES["axial"]), self.labels()
        state = ViewportState("s", 1, window=Window(2000, 4000))
        plain = resolve(state, stack, SIZE).pixels
        filled = resolve(state, stack, SIZE, overlays=(masked(labels, filled=True, opacity=0.35),)).pixels
        changed = plain != filled
        assert np.array_equal(changed, labels[1] == 1)
        base = plain[15, 70] & 255
        expected = [round(base * 0.65 + 0.35 * channel) for channel in (0xD5, 0x5E, 0x00)]
        got = [int(filled[15, 70]) >> shift & 255 for shift in (16, 8, 0)]
        assert got == pytest.approx(expected, abs=1)

    def test_outline_leaves_every_pixel_alone(self) -> None:
        stack = phantom(*PLANES["axial"])
        state = ViewportState("s", 1)
        plain = resolve(state, stack, SIZE).pixels
        frame = resolve(state, stack, SIZE, overlays=(masked(self.labels()),))
        assert np.array_equal(plain, frame.pixels)
        assert {outline.color for outline in frame.outlines} == {0xD55E00, 0x009E73, 1}
        assert all(outline.hatch == "" for outline in frame.outlines)

    def test_hatch_only_when_filled(self) -> None:
        frame = resolve(
            ViewportState("s", 1),
            phantom(*PLANES["axial"]),
            SIZE,
            overlays=(masked(self.labels(), filled=True),),
        )
        assert {o.color: o.hatch for o in frame.outlines}[1] == "forward"

    def test_outlines_lie_on_the_pixels_they_enclose(self) -> None:
        (line,) = trace(self.labels()[1])[1]
        assert line[:, 0].min() == pytest.approx(60)  # left edge of column 60, image coordinates
        assert line[:, 0].max() == pytest.approx(90)
        assert line[:, 1].min() == pytest.approx(10)
        assert line[:, 1].max() == pytest.approx(20)
        assert np.array_equal(line[0], line[-1])

    def test_outline_at_the_image_edge_is_closed(self) -> None:
        (line,) = trace(self.labels()[1])[2]
        assert np.array_equal(line[0], line[-1])
        assert line[:, 0].min() == pytest.approx(0)

    def test_a_hole_has_its_own_outline(self) -> None:
        labels = np.zeros((30, 30), np.uint8)
        labels[5:25, 5:25] = 1
        labels[12:15, 12:15] = 0
        assert len(trace(labels)[1]) == 2

    def test_outlines_are_traced_once_per_slice(self) -> None:
        outlines = Outlines(self.labels())
        assert outlines.of(1) is outlines.of(1)
        assert outlines.of(0) == {}

    def test_the_buffer_is_used_again(self) -> None:
        stack, buffer = phantom(*PLANES["axial"]), PixelBuffer()
        one = resolve(ViewportState("s", 0), stack, SIZE, buffer=buffer).pixels
        two = resolve(ViewportState("s", 1), stack, SIZE, buffer=buffer).pixels
        assert one is two

    def test_two_overlays_do_not_hide_each_other(self) -> None:
        stack = phantom(*PLANES["axial"])
        first, second = np.zeros((2, 3, 100, 100), np.uint8)
        first[1, 10:20, 10:20] = 1
        second[1, 15:25, 15:25] = 1
        overlays = (masked(first, filled=True), masked(second, filled=True))
        state = ViewportState("s", 1)
        plain = resolve(state, stack, SIZE).pixels
        both = resolve(state, stack, SIZE, overlays=overlays).pixels
        assert np.array_equal(plain != both, (first[1] | second[1]) > 0)
