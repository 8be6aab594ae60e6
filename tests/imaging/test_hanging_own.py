"""Own hanging protocols: saved from the screen, found again on a like case, given to others, refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.errors import ResourceError, StoreError
from workstation.imaging import hanging, hanging_own
from workstation.imaging.hanging_protocol import (
    Protocol,
    Rule,
    Stage,
    TileRule,
    load_protocol,
    load_protocols,
    read_protocol,
)
from workstation.imaging.study import Instance, Joint, Laterality, PixelFormat, Plane, Series, Weighting
from workstation.resources import resource_path

PIXELS = PixelFormat(256, 256, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")


def series(key: str, plane: Plane, weighting: Weighting, fat_suppressed: bool, side: str = "L") -> Series:
    instances = tuple(
        Instance("", f"{key}.{i}", "", key, "st", "MR", PIXELS, series_description="SENTINEL^NAME")
        for i in range(20)
    )
    return Series(
        key, key, "st", "", instances, plane, weighting, fat_suppressed, Joint.KNEE, Laterality(side)
    )


def knee(number: int) -> dict[str, Series]:
    rows = {
        "sag": (Plane.SAGITTAL, Weighting.PD, True),
        "cor": (Plane.CORONAL, Weighting.T2, True),
        "t1": (Plane.CORONAL, Weighting.T1, False),
        "ax": (Plane.AXIAL, Weighting.PD, True),
        "t2": (Plane.SAGITTAL, Weighting.T2, False),
    }
    return {name: series(f"{number}.{name}", *facts) for name, facts in rows.items()}


def saved(title: str = "My knee") -> Protocol:
    case = knee(1)
    hung = [(case["t1"], "position", "marrow-t1"), (case["ax"], "position", "start"), (None, "", "start")]
    protocol = hanging_own.protocol_of_screen(title, (1, 3), hung, Joint.KNEE)
    hanging_own.save_own(protocol)
    return protocol


def test_a_saved_screen_hangs_the_next_case_alike() -> None:
    saved()
    case = knee(2)
    layout = hanging.rank(tuple(case.values()))
    assert (layout.id, layout.title, layout.rows, layout.columns) == ("own-my-knee", "My knee", 1, 3)
    assert [tile.series_key for tile in layout.tiles] == ["2.t1", "2.ax", None]
    assert layout.tiles[0].window == "marrow-t1"


def test_it_gives_way_on_a_case_that_does_not_fill_it() -> None:
    saved()
    case = knee(2)
    del case["t1"], case["ax"]
    assert hanging.rank(tuple(case.values())).id == "knee-oa-bml"


def test_nothing_of_the_case_is_in_the_file() -> None:
    saved()
    text = (hanging_own.own_folder() / "own-my-knee.toml").read_text(encoding="utf-8")
    assert "SENTINEL" not in text
    assert "1.t1" not in text


def test_sides_and_visits_that_hang_together_are_told_apart() -> None:
    right, left = (series(side, Plane.CORONAL, Weighting.T1, False, side) for side in "RL")
    protocol = hanging_own.protocol_of_screen("Sides", (1, 2), [(right, "", "start"), (left, "", "start")])
    hanging_own.save_own(protocol)
    layout = hanging.hang("own-sides", (left, right))
    assert [tile.series_key for tile in layout.tiles] == ["R", "L"]
    first, last = knee(1)["sag"], knee(2)["sag"]
    visits = {first.key: "A", last.key: "B"}
    protocol = hanging_own.protocol_of_screen(
        "Course", (1, 2), [(last, "", "start"), (first, "", "start")], visits=visits
    )
    hanging_own.save_own(protocol)
    layout = hanging.hang("own-course", (first, last), visits=visits)
    assert [tile.series_key for tile in layout.tiles] == [last.key, first.key]


def test_rename_share_delete() -> None:
    saved()
    hanging_own.rename_own("own-my-knee", "Ours")
    assert [one.title for one in hanging_own.own_protocols()[0]] == ["Ours"]
    copy = hanging_own.share_own("own-my-knee", hanging_own.own_folder().parent / "given.toml")
    hanging_own.delete_own("own-my-knee")
    assert hanging_own.own_protocols() == ((), ())
    assert hanging_own.take_protocol(copy).title == "Ours"
    assert [one.id for one in hanging_own.own_protocols()[0]] == ["own-my-knee"]


def test_a_second_one_of_the_same_title_does_not_overwrite_the_first() -> None:
    first = saved()
    with pytest.raises(ResourceError, match="there is one with the id own-my-knee already"):
        hanging_own.save_own(first)
    hanging_own.save_own(first, replacing=True)


@pytest.mark.parametrize("title", ["", "   "])
def test_a_title_is_needed(title: str) -> None:
    with pytest.raises(ResourceError, match="it has no title"):
        saved(title)


def test_a_title_in_any_script_gives_a_file() -> None:
    saved("膝关节")
    saved("../../etc")
    assert {path.parent for path in hanging_own.own_folder().glob("*")} == {hanging_own.own_folder()}
    assert {one.title for one in hanging_own.own_protocols()[0]} == {"膝关节", "../../etc"}


def test_an_empty_screen_is_not_saved() -> None:
    with pytest.raises(ResourceError, match="nothing hangs on it"):
        hanging_own.protocol_of_screen("None", (1, 1), [(None, "", "start")])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("version = 1", 'version = 1\nrun = "rm -rf"'), "line 3: run is not a key of a hanging protocol"),
        (('id = "own-my-knee"', 'id = "../up"'), "may have small letters, figures and hyphens only"),
        (('id = "own-my-knee"', 'id = "knee-oa-bml"'), "there is one with the id knee-oa-bml already"),
        (("rows = 1", "rows = 1000"), "rows must be a whole number from 1 to 4"),
        (("[[match]]", "[[match"), "line 8: "),
    ],
)
def test_a_file_of_another_person_is_refused_in_a_sentence(
    change: tuple[str, str], why: str, tmp_path: Path
) -> None:
    text = hanging_own.to_toml(saved())
    hanging_own.delete_own("own-my-knee")
    assert change[0] in text
    path = tmp_path / "theirs.toml"
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        hanging_own.take_protocol(path)
    assert why in caught.value.sentence
    assert hanging_own.own_protocols()[0] == ()


def test_a_huge_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    with pytest.raises(ResourceError, match="cannot be read"):
        hanging_own.take_protocol(path)
    path.write_text("#" * 300_000, encoding="utf-8")
    with pytest.raises(ResourceError, match="far too large"):
        hanging_own.take_protocol(path)


def test_a_damaged_own_file_is_told_and_hides_no_other() -> None:
    saved()
    (hanging_own.own_folder() / "a.toml").write_text("id = 3", encoding="utf-8")
    found, wrong = hanging_own.own_protocols()
    assert [one.id for one in found] == ["own-my-knee"]
    assert ["a.toml" in error.sentence for error in wrong] == [True]
    assert hanging.rank(tuple(knee(2).values())).id == "own-my-knee"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MARROW_CONFIG", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="The protocol was not saved"):
        saved()


@pytest.mark.parametrize("protocol", load_protocols(), ids=lambda one: one.id)
def test_every_shipped_protocol_is_written_as_it_was_read(protocol: Protocol) -> None:
    assert read_protocol(hanging_own.to_toml(protocol), "again.toml") == protocol


TEXT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=30)
RULE = st.builds(
    Rule,
    weight=st.integers(-20, 20).map(float),
    required=st.booleans(),
    plane=st.sampled_from([(), ("sagittal",), ("sagittal", "axial")]),
    weighting=st.sampled_from([(), ("T1",), ("fat fraction", "map")]),
    description=st.lists(TEXT, max_size=2).map(tuple),
    visit=st.sampled_from([(), ("first",)]),
    fat_suppressed=st.sampled_from([None, True, False]),
    fewest_slices=st.sampled_from([None, 8]),
)


# Drawing text takes long where other tests run beside it; that says nothing about protocols.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(TEXT, TEXT, TEXT, st.lists(RULE, min_size=1, max_size=4).map(tuple))
def test_any_protocol_is_written_as_it_was_read(
    title: str, role: str, link: str, rules: tuple[Rule, ...]
) -> None:
    tiles = (TileRule(role, 0, 0, link, "start", rules), TileRule(role, 1, 0, "", "full", rules, 2, True))
    protocol = Protocol("x", 3, title, 1, 1, 1, None, rules, tiles, (Stage(title, 2, 1),))
    assert read_protocol(hanging_own.to_toml(protocol), "again.toml") == protocol


def test_the_example_of_the_documentation_loads_and_hangs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hanging-protocols.md").read_text(encoding="utf-8")
    protocol = read_protocol(page.split("```toml\n")[1].split("```")[0], "example")
    case = knee(1)
    first, second = hanging.screens(tuple(case.values()), [protocol])
    assert [tile.series_key for tile in first.tiles] == ["1.sag", "1.t1"]
    assert [tile.series_key for tile in second.tiles] == ["1.sag"]


def test_an_unchanged_file_is_read_once_and_a_changed_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.toml"
    shipped = (resource_path("hanging") / "knee-oa-bml.toml").read_text(encoding="utf-8")
    path.write_text(shipped, encoding="utf-8")
    first = load_protocol(path)
    with monkeypatch.context() as only_here:
        only_here.setattr(Path, "read_text", lambda *_args, **_named: pytest.fail("it was read again"))
        assert load_protocol(path) is first
    path.write_text(shipped.replace('\ntitle = "', '\ntitle = "My ', 1), encoding="utf-8")
    assert load_protocol(path).title == f"My {first.title}"
    path.unlink()
    with pytest.raises(ResourceError, match="cannot be read"):
        load_protocol(path)
