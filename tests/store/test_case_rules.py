"""Which series belong to which case; what is certain about its side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.study import Joint, Laterality
from workstation.store.case_rules import Evidence, Grouping, Place, group_series

KNEE, HIP = Joint.KNEE, Joint.HIP
L, R, B = Laterality.LEFT, Laterality.RIGHT, Laterality.BILATERAL


def group(*series: tuple[str, Joint | None, Laterality | None, str]) -> Grouping:
    return group_series(Evidence(key, "A", joint, side, frame) for key, joint, side, frame in series)


def test_an_untagged_series_follows_its_frame_of_reference() -> None:
    found = group(("a", KNEE, R, "1"), ("b", None, None, "1"), ("c", KNEE, L, "2"), ("d", KNEE, None, "2"))
    assert found.members == {Place(KNEE, R): ("a", "b"), Place(KNEE, L): ("c", "d")}
    assert found.certain == {Place(KNEE, R), Place(KNEE, L)}


def test_without_a_shared_frame_the_side_is_not_certain() -> None:
    found = group(("a", KNEE, R, "1"), ("b", KNEE, None, ""))
    assert found.members == {Place(KNEE, R): ("a", "b")}
    assert not found.certain


def test_between_two_sides_nothing_is_guessed() -> None:
    found = group(("a", KNEE, R, "1"), ("b", KNEE, L, "1"), ("c", KNEE, None, "1"))
    assert found.members[Place(KNEE, None)] == ("c",)
    assert Place(KNEE, None) not in found.certain
    assert found.certain == {Place(KNEE, R), Place(KNEE, L)}


def test_both_hips_are_read_together_with_close_ups_of_one() -> None:
    found = group(("both", HIP, B, "1"), ("right", HIP, R, "1"), ("left", HIP, L, "1"))
    assert found.members == {Place(HIP, B): ("both", "right", "left")}
    assert found.certain == {Place(HIP, B)}


def test_knees_are_read_one_by_one_beside_an_overview() -> None:
    found = group(("both", KNEE, B, "1"), ("right", KNEE, R, "1"), ("left", KNEE, L, "2"))
    assert set(found.members) == {Place(KNEE, R), Place(KNEE, L)}
    assert set(found.members[Place(KNEE, R)]) == {"both", "right"}


def test_an_unknown_joint_joins_the_only_one_there_is() -> None:
    found = group(("a", HIP, R, "1"), ("localizer", None, R, "9"))
    assert found.members == {Place(HIP, R): ("a", "localizer")}
    several = group(("a", HIP, R, "1"), ("b", KNEE, R, "2"), ("c", None, None, "3"))
    assert several.members[Place(None, None)] == ("c",)
    assert Place(None, None) not in several.certain


def test_a_contradiction_is_certain_only_after_a_person_decided() -> None:
    series = Evidence("a", "A", KNEE, L, "1", is_contradictory=True)
    assert not group_series([series]).certain
    assert group_series([Evidence("a", "A", KNEE, L, "1", is_confirmed=True, is_contradictory=True)]).certain


def test_visits_are_sorted_apart_and_meet_in_one_case() -> None:
    found = group_series(
        [
            Evidence("a", "A", KNEE, R, "1"),
            Evidence("b", "B", KNEE, R, "2"),
            Evidence("c", "B", KNEE, None, "2"),
        ]
    )
    assert found.members == {Place(KNEE, R): ("a", "b", "c")}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B"]),
            st.sampled_from([None, KNEE, HIP]),
            st.sampled_from([None, L, R, B]),
            st.sampled_from(["", "1", "2"]),
        ),
        max_size=8,
    )
)
def test_every_series_is_in_exactly_one_case_and_no_side_is_invented(
    rows: list[tuple[str, Joint | None, Laterality | None, str]],
) -> None:
    evidence = [Evidence(str(n), *row) for n, row in enumerate(rows)]
    found = group_series(evidence)
    placed = [key for keys in found.members.values() for key in keys]
    assert sorted(placed) == sorted(series.key for series in evidence)
    told = {series.laterality for series in evidence} | {None}
    assert {place.laterality for place in found.members} <= told
    for place in found.certain:
        assert place.joint is not None and place.laterality is not None
    assert group_series(reversed(evidence)).certain == found.certain
