"""Lines of the library without a screen: what a case is called, what it needs, what a filter keeps."""

from __future__ import annotations

import pytest

from workstation.gui.library.case_rows import (
    CaseFilter,
    State,
    case_rows,
    filter_counts,
    series_facts,
    series_label,
)
from workstation.gui.library.case_table import _natural
from workstation.imaging.study import Case, Joint, Laterality, Plane, Weighting
from workstation.store.records import SeriesRow, StudyRow


def series(key: str, **changed) -> SeriesRow:
    values = {
        "key": key, "series_number": 3, "split": "", "modality": "MR", "plane": Plane.SAGITTAL,
        "weighting": Weighting.PD, "fat_suppressed": True, "laterality": Laterality.RIGHT, "slices": 36,
        "rows": 384, "columns": 320, "row_spacing": 0.36, "column_spacing": 0.364, "slice_spacing": 3.5,
        "warnings": (),
    }  # fmt: skip
    return SeriesRow(**(values | changed))


def case(code: str, joint=Joint.KNEE, side=Laterality.RIGHT, confirmed=True, visits=("A",)) -> Case:
    return Case(code, "subject", joint, side, confirmed, visits, ())


def study(of: Case, *found: SeriesRow, visit: str = "A") -> StudyRow:
    return StudyRow(of, visit, f"2.25.{of.code}.{visit}", tuple(found))


@pytest.mark.parametrize(
    ("changed", "label"),
    [
        ({}, "sag PD FS"),
        ({"plane": Plane.CORONAL, "weighting": Weighting.STIR}, "cor STIR"),
        ({"weighting": Weighting.T2, "fat_suppressed": False, "split": "echo2"}, "sag T2 echo2"),
        ({"plane": None, "weighting": None, "fat_suppressed": False}, "series"),
        ({"plane": None, "weighting": None, "fat_suppressed": False, "modality": "DX"}, "DX"),
    ],
)
def test_a_series_is_named_by_its_physics(changed, label) -> None:
    assert series_label(series("a", **changed)) == label


def test_facts_carry_their_unit_and_say_what_is_missing() -> None:
    assert series_facts(series("a")) == "36 slices · 384 × 320 · 0.36 × 0.36 × 3.5 mm"
    bare = series("a", slices=1, row_spacing=None, column_spacing=None, slice_spacing=None)
    assert series_facts(bare) == "1 slice · 384 × 320 · no spacing"


def test_visits_and_studies_of_a_case_become_one_line() -> None:
    knee = case("K-1", visits=("A", "B"))
    rows = case_rows(
        [study(knee, series("a")), study(knee, series("b"), visit="B"), study(knee, series("c"), visit="B")]
    )
    assert len(rows) == 1
    assert [(visit, [s.key for s in found]) for visit, found in rows[0].visits] == [
        ("A", ["a"]),
        ("B", ["b", "c"]),
    ]
    assert rows[0].roles_text.replace("\u00a0", " ") == "sag PD FS ×3"


@pytest.mark.parametrize(
    ("of", "state", "side"),
    [
        (case("a"), State.READY, "right"),
        (case("a", side=None, confirmed=False), State.SIDE, "?"),
        (case("a", confirmed=False), State.SIDE, "right ?"),
        (case("a", joint=None, side=None, confirmed=False), State.DISPLAY, "?"),
        (case("a", joint=Joint.HIP, side=Laterality.BILATERAL), State.READY, "both"),
    ],
)
def test_a_case_says_what_keeps_it_from_being_read(of, state, side) -> None:
    (row,) = case_rows([study(of, series("a"))])
    assert (row.state, row.side_text) == (state, side)


def test_the_picture_of_a_case_is_a_whole_series_in_the_usual_plane() -> None:
    localizer = series("loc", plane=Plane.AXIAL, slices=3, weighting=None)
    coronal = series("cor", plane=Plane.CORONAL)
    sagittal = series("sag")
    (knee,) = case_rows([study(case("K"), localizer, coronal, sagittal)])
    (hip,) = case_rows([study(case("H", joint=Joint.HIP), localizer, sagittal, coronal)])
    assert knee.face is not None and knee.face.key == "sag"
    assert hip.face is not None and hip.face.key == "cor"


@pytest.mark.parametrize(
    ("chosen", "codes"),
    [
        (CaseFilter(), ["K-1", "H-1", "X-1"]),
        (CaseFilter(joints=frozenset({"hip"})), ["H-1"]),
        (CaseFilter(joints=frozenset({"hip", "other"})), ["H-1", "X-1"]),
        (CaseFilter(sides=frozenset({"B"})), ["H-1"]),
        (CaseFilter(states=frozenset({"side not confirmed"})), ["H-1"]),
        (CaseFilter(states=frozenset({"warnings"})), ["K-1"]),
        (CaseFilter(text="PD fs right"), ["K-1", "X-1"]),
        (CaseFilter(text="  "), ["K-1", "H-1", "X-1"]),
        (CaseFilter(text="nothing like it"), []),
        (CaseFilter(joints=frozenset({"knee"}), text="stir"), []),
    ],
)
def test_filters_widen_inside_a_group_and_narrow_between_groups(chosen, codes) -> None:
    rows = case_rows(
        [
            study(case("K-1"), series("a", warnings=("a slice is missing",))),
            study(case("H-1", Joint.HIP, Laterality.BILATERAL, False), series("b", weighting=Weighting.STIR)),
            study(case("X-1", None), series("c")),
        ]
    )
    assert [row.code for row in rows if chosen.accepts(row)] == codes
    counts = filter_counts(rows)
    assert (counts["knee"], counts["hip"], counts["other"], counts["warnings"]) == (1, 1, 1, 1)


def test_codes_are_ordered_as_a_person_counts() -> None:
    codes = ["K-10", "K-2", "k-1", "K-2b", "H-100", ""]
    assert sorted(codes, key=_natural) == ["", "H-100", "k-1", "K-2", "K-2b", "K-10"]


def test_many_echoes_of_one_series_are_one_role_and_a_dual_echo_stays_two() -> None:
    mapping = [
        series(f"1.2#echo{n}", split=f"echo{n}", fat_suppressed=False, weighting=weighting)
        for n, weighting in enumerate([Weighting.PD] * 3 + [Weighting.T2] * 4, start=1)
    ]
    dual = [
        series("1.3#echo1", split="echo1", fat_suppressed=False),
        series("1.3#echo2", split="echo2", fat_suppressed=False, weighting=Weighting.T2),
    ]
    (row,) = case_rows([study(case("K-1"), *mapping, *dual)])
    told = row.roles_text.replace("\u00a0", " ").replace("\u2011", "-")
    assert told == "sag multi-echo (7 echoes) · sag PD echo1 · sag T2 echo2"


def test_what_the_coil_suggests_stays_a_question() -> None:
    unknown = case("X-1", joint=None, side=None, confirmed=False)
    (row,) = case_rows([study(unknown, series("a"))], suggested={"X-1": Joint.KNEE})
    assert (row.joint_text, row.joint_shown, row.state) == ("other", "knee ?", State.DISPLAY)
