"""Hanging protocols: which series hangs where, what an empty tile says, mistakes with their line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from workstation.errors import ResourceError, UsageError
from workstation.imaging.hanging import (
    Layout,
    grid_of,
    hang,
    load_protocol,
    load_protocols,
    rank,
    ranked,
    screens,
)
from workstation.imaging.study import Instance, Joint, Laterality, PixelFormat, Plane, Series, Weighting

PIXELS = PixelFormat(256, 256, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")


def series(
    plane: str,
    weighting: str | None,
    fat_suppressed: bool = False,
    *,
    joint: str | None = "knee",
    side: str | None = "L",
    slices: int = 30,
    number: int = 1,
    description: str = "",
    split: str = "",
    axis: str = "position",
    key: str = "",
) -> Series:
    key = key or f"{plane}-{weighting}-{fat_suppressed}-{side}-{number}-{split}"
    instances = tuple(
        Instance("", f"{key}.{i}", "", key, "st", "MR", PIXELS, series_number=number,
                 series_description=description)
        for i in range(slices)
    )  # fmt: skip
    return Series(
        key,
        key,
        "st",
        split,
        instances,
        Plane(plane),
        Weighting(weighting) if weighting else None,
        fat_suppressed,
        Joint(joint) if joint else None,
        Laterality(side) if side else None,
        axis=axis,
    )


SAG_PD_FS = series("sagittal", "PD", True, number=3)
COR_T2_FS = series("coronal", "T2", True, number=4)
AX_PD_FS = series("axial", "PD", True, number=5)
SAG_T2 = series("sagittal", "T2", number=6)
COR_T1 = series("coronal", "T1", number=7)
KNEE = (COR_T1, SAG_T2, AX_PD_FS, COR_T2_FS, SAG_PD_FS)


def keys(layout: Layout) -> list[str | None]:
    return [tile.series_key for tile in layout.tiles]


def test_the_knee_of_the_sichuan_study_hangs_as_its_readers_expect() -> None:
    layout = rank(KNEE)
    assert (layout.id, layout.rows, layout.columns) == ("knee-oa-bml", 2, 3)
    expected = [SAG_PD_FS.key, COR_T2_FS.key, AX_PD_FS.key, SAG_T2.key, COR_T1.key, None]
    assert keys(layout) == expected
    assert layout.tiles[5].missing == "No further series in this study"
    assert {tile.link for tile in layout.tiles} == {"position"}
    assert {tile.window for tile in layout.tiles} == {"start"}


def test_an_empty_tile_says_what_is_missing() -> None:
    layout = rank([s for s in KNEE if s is not COR_T1])
    assert layout.id == "knee-oa-bml"
    assert layout.tiles[4].series_key is None
    assert layout.tiles[4].missing == "No coronal T1 in this study"


def test_a_series_hangs_once() -> None:
    layout = rank([SAG_PD_FS, COR_T2_FS, AX_PD_FS])
    hung = [key for key in keys(layout) if key]
    assert sorted(hung) == sorted({SAG_PD_FS.key, COR_T2_FS.key, AX_PD_FS.key})


@pytest.mark.parametrize("order", [KNEE, KNEE[::-1]])
def test_the_order_of_arrival_does_not_matter(order: Sequence[Series]) -> None:
    assert keys(rank(order)) == keys(rank(KNEE))


def test_bilateral_hips_hang_coronal_above_and_each_side_on_its_side() -> None:
    t1 = series("coronal", "T1", joint="hip", side="B", number=1)
    stir = series("coronal", "STIR", True, joint="hip", side="B", number=2)
    right = series("sagittal", "PD", True, joint="hip", side="R", number=3)
    left = series("sagittal", "PD", True, joint="hip", side="L", number=4)
    layout = rank([left, right, stir, t1])
    assert layout.id == "hip-bilateral"
    assert keys(layout) == [t1.key, stir.key, right.key, left.key]


def test_the_left_hip_never_hangs_in_the_place_of_the_right() -> None:
    t1 = series("coronal", "T1", joint="hip", side="B", number=1)
    stir = series("coronal", "STIR", True, joint="hip", side="B", number=2)
    left = series("sagittal", "PD", True, joint="hip", side="L", number=4)
    layout = rank([left, stir, t1])
    assert keys(layout) == [t1.key, stir.key, None, left.key]
    assert layout.tiles[2].missing == "No right hip in this study"


def test_a_localizer_gives_way() -> None:
    localizer = series("sagittal", "PD", True, slices=3, number=1, description="3-plane LOC")
    assert keys(rank([localizer, *KNEE]))[0] == SAG_PD_FS.key


def test_gradient_echo_gives_way_to_spin_echo_for_lesions() -> None:
    dess = series("sagittal", "GRE", True, number=1, slices=160)
    assert keys(rank([dess, *KNEE]))[0] == SAG_PD_FS.key


def test_what_fits_nothing_hangs_in_an_automatic_grid() -> None:
    unknown = [series("oblique", None, joint=None, number=n) for n in range(1, 4)]
    layout = rank(unknown)
    assert (layout.id, layout.rows, layout.columns) == ("generic", 2, 2)
    assert keys(layout) == [s.key for s in unknown] + [None]
    assert layout.tiles[3].missing == "Choose a series"


@pytest.mark.parametrize(
    ("count", "grid"), [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (4, (2, 2)), (6, (2, 3)), (30, (2, 3))]
)
def test_the_automatic_grid_is_as_large_as_needed(count: int, grid: tuple[int, int]) -> None:
    layout = rank([series("axial", "T1", joint=None, number=n) for n in range(count)])
    assert (layout.rows, layout.columns) == grid
    assert len(layout.tiles) == grid[0] * grid[1]


def test_only_localizers_are_still_shown() -> None:
    only = series("axial", None, joint=None, slices=1, description="Localizer")
    assert keys(rank([only])) == [only.key]


def test_two_series_of_a_knee_do_not_open_a_grid_of_holes() -> None:
    assert rank([SAG_PD_FS, COR_T1]).id == "generic"


def test_the_joint_of_the_case_helps_where_tags_are_silent() -> None:
    silent = [
        series(s.plane or "", s.weighting, s.fat_suppressed, joint=None, number=n) for n, s in enumerate(KNEE)
    ]
    assert rank(silent).id == "generic"
    assert rank(silent, joint=Joint.KNEE).id == "knee-oa-bml"


def test_a_named_protocol_hangs_even_where_it_does_not_fit() -> None:
    layout = hang("hip-bilateral", KNEE)
    assert (layout.rows, layout.columns) == (2, 2)
    with pytest.raises(UsageError, match="Known are baseline-follow-up, generic, hip-bilateral"):
        hang("brain", KNEE)


def test_stages_are_the_fitting_protocols_best_first() -> None:
    assert [layout.id for layout in ranked(KNEE)] == ["knee-oa-bml", "generic"]


def test_a_plain_grid_takes_the_series_in_their_order() -> None:
    layout = grid_of(2, 2, KNEE[:3])
    assert keys(layout) == [*(s.key for s in KNEE[:3]), None]
    assert [(t.row, t.column) for t in layout.tiles] == [(0, 0), (0, 1), (1, 0), (1, 1)]


GOOD = """\
id = "x"
version = 1
title = "X"
rows = 1
columns = 2

[[match]]
joint = "knee"
weight = 1

[[tile]]
role = "first"
row = 1
column = 1
rules = [
  { plane = "sagittal", weight = 1 },
  { weighting = ["T1"], weight = 2 },
]

[[tile]]
role = "second"
row = 1
column = 2
rules = [ { plane = "axial", weight = 1 } ]
"""

MISTAKES = {
    "no TOML": ("rows = 1", "rows = = 1", 4, ""),
    "unknown key": ("rows = 1", 'rows = 1\nflavour = "sweet"', 5, "flavour is not a key"),
    "version": ("version = 1", 'version = "one"', 2, "version is missing or no whole number"),
    "grid too large": ("columns = 2", "columns = 9", 5, "columns must be a whole number from 1 to 4"),
    "unknown plane": ('plane = "sagittal"', 'plane = "sideways"', 16, "'sideways' is unknown"),
    "unknown weighting": ('["T1"]', '["T9"]', 17, "'T9' is unknown"),
    "unknown condition": ('plane = "axial"', 'colour = "axial"', 24, "colour is not a condition"),
    "no weight": ('plane = "axial", weight = 1', 'plane = "axial"', 24, "a rule needs a weight"),
    "weight as text": ('weight = 1\n\n', 'weight = "much"\n\n', 9, "a rule needs a weight"),
    "row outside the grid": ("row = 1\ncolumn = 2", "row = 3\ncolumn = 2", 22, "row must be from 1 to 1"),
    "same place twice": ("column = 2\nrules", "column = 1\nrules", 22, "another tile is already"),
    "no role": ('role = "second"\n', "", 20, "role is missing"),
    "unknown window": ('role = "second"', 'role = "second"\nwindow = "bone"', 22, "window must be one of"),
    "empty rules": ('rules = [ { plane = "axial", weight = 1 } ]', "rules = []", 24, "a tile needs rules"),
    "fewest": ("rows = 1", "rows = 1\nfewest = 7", 5, "fewest must be a whole number from 0 to 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, line, why = MISTAKES[name]
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        load_protocol(path)
    assert caught.value.what == "The hanging protocol mine.toml was not loaded"
    assert caught.value.why.startswith(f"line {line}: ")
    assert why in caught.value.why


def test_the_good_one_loads_and_ids_are_unique(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    assert [protocol.id for protocol in load_protocols(tmp_path)] == ["x"]
    (tmp_path / "b.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ResourceError, match="another file already has the id x"):
        load_protocols(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResourceError, match="cannot be read"):
        load_protocols(tmp_path)


def test_every_shipped_protocol_loads() -> None:
    assert [p.id for p in load_protocols()] == [
        "baseline-follow-up",
        "generic",
        "hip-bilateral",
        "knee-oa-bml",
        "right-left",
        "two-readers",
    ]


# --- visits, sides, stages ---------------------------------------------------------------------------------


def two_visits() -> tuple[tuple[Series, ...], dict[str, str]]:
    later = [
        series(
            str(s.plane), str(s.weighting), s.fat_suppressed, number=s.series_number or 0, key=f"{s.key}-B"
        )
        for s in KNEE
    ]
    both = (*KNEE, *later)
    return both, {one.key: "B" if one.key.endswith("-B") else "A" for one in both}


def test_baseline_hangs_left_of_follow_up_in_the_same_role() -> None:
    both, visits = two_visits()
    layout = rank(both, visits=visits)
    assert layout.id == "baseline-follow-up"
    assert keys(layout) == [SAG_PD_FS.key, f"{SAG_PD_FS.key}-B", COR_T1.key, f"{COR_T1.key}-B"]


def test_the_order_of_visits_is_not_shown_to_a_reader_who_must_not_know_it() -> None:
    both, _ = two_visits()
    assert "baseline-follow-up" not in [layout.id for layout in ranked(both)]
    assert "baseline-follow-up" not in [layout.id for layout in ranked(KNEE, visits=dict.fromkeys("A"))]


def test_of_three_visits_the_first_and_the_last_hang() -> None:
    both, visits = two_visits()
    third = series("sagittal", "PD", True, number=3, key="third")
    layout = rank([*both, third], visits={**visits, "third": "C"})
    assert keys(layout)[:2] == [SAG_PD_FS.key, "third"]


def test_both_knees_hang_side_by_side_with_the_right_one_on_the_left() -> None:
    right = [
        series(str(s.plane), str(s.weighting), s.fat_suppressed, side="R", number=s.series_number or 0)
        for s in KNEE
    ]
    layout = rank([*KNEE, *right])
    assert layout.id == "right-left"
    sides = [key.split("-")[-3] for key in keys(layout) if key]
    assert sides == ["R", "L", "R", "L"]
    assert [key.split("-")[0] for key in keys(layout) if key] == ["coronal"] * 4


def test_pages_go_through_the_stages_of_a_protocol_and_then_to_the_next_protocol() -> None:
    dess = series("sagittal", "GRE", True, number=9, slices=160)
    found = screens([*KNEE, dess])
    assert [layout.id for layout in found] == ["knee-oa-bml", "knee-oa-bml/2", "knee-oa-bml/3", "generic"]
    assert found[1].title == "Knee: osteoarthritis and marrow lesions · lesions, large"
    assert keys(found[1]) == [SAG_PD_FS.key, COR_T2_FS.key]
    assert keys(found[2]) == [dess.key]
    assert hang("knee-oa-bml/2", KNEE).rows == 1


def test_what_is_left_of_one_column_hangs_side_by_side() -> None:
    layout = hang("knee-oa-bml", [SAG_PD_FS, SAG_T2])
    assert (layout.rows, layout.columns) == (1, 2)
    assert [(tile.row, tile.column) for tile in layout.tiles] == [(0, 0), (0, 1)]
    assert set(keys(layout)) == {SAG_PD_FS.key, SAG_T2.key}


def test_a_stage_that_finds_nothing_is_left_out() -> None:
    assert [layout.id for layout in screens(KNEE)] == ["knee-oa-bml", "knee-oa-bml/2", "generic"]


def test_two_readers_see_one_series_twice_and_only_where_they_are_compared() -> None:
    layout = hang("two-readers", KNEE)
    assert keys(layout) == [SAG_PD_FS.key, SAG_PD_FS.key]
    assert len({tile.link for tile in layout.tiles}) == 2
    assert "two-readers" not in [one.id for one in ranked(KNEE)]


def test_rows_in_which_nothing_hangs_are_left_out_where_the_protocol_says_so() -> None:
    right = series("sagittal", "PD", True, side="R", joint="hip", number=1)
    left = series("sagittal", "PD", True, side="L", joint="hip", number=2)
    layout = hang("right-left", [left, right])
    assert (layout.rows, layout.columns) == (1, 2)
    assert keys(layout) == [right.key, left.key]
    only = hang("right-left", [left, right, series("coronal", "T1", side="L", joint="hip", number=3)])
    assert (only.rows, only.columns) == (2, 2)
    assert only.tiles[2].missing == "No T1, right in this study"


STAGED = {
    "stage number": (
        "row = 1\ncolumn = 2",
        "stage = 3\nrow = 1\ncolumn = 2",
        22,
        "stage must be from 1 to 1",
    ),
    "stage key": ("[[match]]", '[[stage]]\ntitel = "x"\n[[match]]', 8, "titel is not a key of a stage"),
    "stage grid": ("[[match]]", '[[stage]]\ntitle = "x"\nrows = 1\n[[match]]', 7, "columns must be"),
    "no tables": ("[[match]]", "stage = [1]\n[[match]]", 7, "a stage is written [[stage]]"),
    "visit": ('plane = "axial"', 'visit = "second"', 24, "'second' is unknown"),
    "not a number": ("weight = 1 },\n", "weight = nan },\n", 16, "a weight is from -1000 to 1000"),
    "endless": ("weight = 1 },\n", "weight = inf },\n", 16, "a weight is from -1000 to 1000"),
    "shrink": ("rows = 1", 'shrink = "yes"\nrows = 1', 4, "shrink must be true or false"),
    "desk": ("rows = 1", 'desk = "garage"\nrows = 1', 4, "desk must be one of"),
}


@pytest.mark.parametrize("name", STAGED)
def test_a_mistake_in_stages_and_visits_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, line, why = STAGED[name]
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        load_protocol(path)
    assert caught.value.why.startswith(f"line {line}: ")
    assert why in caught.value.why
