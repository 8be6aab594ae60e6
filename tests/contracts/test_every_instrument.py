"""What every instrument file must keep, ours and a newcomer's alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.resources import resource_path
from workstation.scoring.diagram import area, contains, is_simple, mirrored, region_at
from workstation.scoring.instrument import Instrument, instrument, instruments, load_instrument
from workstation.scoring.sheet import Answer, ScoreSheet

FILES = sorted(resource_path("instruments").glob("*.toml"))
EVERY = pytest.mark.parametrize("form", instruments(), ids=lambda form: f"{form.id}-{form.version}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_named_after_what_it_holds(path: Path) -> None:
    form = load_instrument(path)
    assert path.stem == f"{form.id}-{form.version}"


@EVERY
def test_every_level_has_a_definition(form: Instrument) -> None:
    for item in form.items:
        assert len(item.levels) >= 2
        for level in item.levels:
            assert level.definition.endswith("."), (item.id, level.grade)
            assert level.definition[0].isupper() or level.definition[0].isdigit()
            assert level.key


@EVERY
def test_every_region_can_be_clicked(form: Instrument) -> None:
    views = {view.id: view for view in form.views}
    for region in form.regions:
        assert region.shapes, region.id
        for shape in region.shapes:
            assert shape.view in views
            assert is_simple(shape.points), region.id
            assert area(shape.points) >= 40, f"{region.id} is too small to click"
            assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in shape.points)
            turned = mirrored(shape.points)
            assert area(turned) == pytest.approx(area(shape.points))
            for (x, _), (x_turned, _) in zip(shape.points, turned, strict=True):
                assert x + x_turned == pytest.approx(100)


@EVERY
def test_regions_of_a_view_do_not_overlap(form: Instrument) -> None:
    for view in form.views:
        shapes = [(r.id, s.points) for r in form.regions for s in r.shapes if s.view == view.id]
        assert shapes, f"{view.id} shows no region"
        for column in range(200):
            for row in range(200):
                x, y = column / 2 + 0.26, row / 2 + 0.26
                inside = [name for name, points in shapes if contains(points, x, y)]
                assert len(inside) < 2, (view.id, x, y, inside)
                found = region_at(form, view.id, x, y)
                assert (found.id if found else None) == (inside[0] if inside else None)


@EVERY
def test_every_item_is_reached_from_its_region(form: Instrument) -> None:
    for item in form.items:
        assert item in form.items_in(form.region_of(item.id).id)


@EVERY
def test_totals_reach_their_stated_range(form: Instrument) -> None:
    for lowest in (True, False):
        sheet = ScoreSheet.empty(form)
        for item in form.items:
            level = min(item.levels, key=lambda one: one.points) if lowest else item.levels[-1]
            sheet = sheet.with_answer(Answer.scored(item.id, level.grade))
        totals = sheet.totals()
        for derived in form.derived:
            total = totals[derived.id]
            assert not total.partial
            assert total.value == (derived.minimum if lowest else derived.maximum), derived.id


@EVERY
def test_an_unvalidated_scale_says_so(form: Instrument) -> None:
    assert form.status in ("validated", "unvalidated")
    decided = any(level.tag == "P" for item in form.items for level in item.levels)
    assert not (decided and form.is_validated)
    assert form.citation


@EVERY
def test_it_is_found_by_name_and_version(form: Instrument) -> None:
    assert instrument(form.id, form.version) is form
    assert len(form.digest) == 64


def test_patellar_ridge_and_trochlear_groove_belong_to_the_medial_side() -> None:
    """The ridge is the deepest point of the patella, the groove of the trochlea (WORMS convention)."""
    worms = instrument("worms-marrow")
    shapes = {r.id: s.points for r in worms.regions for s in r.shapes if s.view == "axial"}
    assert max(shapes["MP"], key=lambda p: p[1])[1] > max(shapes["LP"], key=lambda p: p[1])[1]
    groove = max((p for p in shapes["MFa"] if p[1] < 60), key=lambda p: p[1])
    assert groove not in shapes["LFa"]


def test_right_knee_is_drawn_with_its_lateral_side_on_the_left_of_the_screen() -> None:
    worms = instrument("worms-marrow")
    for view in worms.views:
        if not view.mirrors:
            assert (view.left, view.right) == ("anterior", "posterior")
            continue
        assert (view.left, view.right) == ("lateral", "medial")
        middle = {
            region.id: sum(x for x, _ in shape.points) / len(shape.points)
            for region in worms.regions
            for shape in region.shapes
            if shape.view == view.id
        }
        for name, x in middle.items():
            if name[0] in "ML" and len(name) > 1:
                assert (x > 50) == (name[0] == "M"), (view.id, name, x)
