"""Where a plan hides the order of visits, no order on the screen may tell it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from tests.gui.viewer_scene import make
from workstation.gui.reading.opening import in_order_of_chance, series_shown
from workstation.gui.viewer.captions import captions_of
from workstation.imaging import hanging
from workstation.imaging.study import Weighting
from workstation.reading.blinding_rule import Blinding
from workstation.workflow.open_read import OpenRead
from workstation.workflow.open_study import OpenStudy

ROLES = ((Weighting.PD, "sagittal"), (Weighting.T1, "coronal"))


def opened(code: str) -> OpenStudy:
    """A case of two visits with two series each, in order of visit as the library gives them."""
    series, visits = [], {}
    for visit in ("A", "B"):
        for weighting, plane in ROLES:
            one, _ = make(
                plane, key=f"{code}-{visit}-{plane}", weighting=weighting, study=f"2.25.{code}.{visit}"
            )
            series.append(one)
            visits[one.key] = visit
    return OpenStudy(code, code, tuple(series), None, None, True, visits)


def read_with(time_points: str) -> OpenRead:
    return cast(OpenRead, SimpleNamespace(rules=Blinding(time_points=time_points)))


def test_hidden_visits_come_in_an_order_of_chance_that_stays_the_same() -> None:
    first = []
    for number in range(40):
        case = opened(f"K-{number:04d}")
        series, visits, _ = series_shown(read_with("hidden"), case)
        assert not visits
        assert series == series_shown(read_with("hidden"), case)[0]
        assert sorted(one.key for one in series) == sorted(one.key for one in case.series)
        shown = [case.visits[one.key] for one in series]
        assert shown in (["A", "A", "B", "B"], ["B", "B", "A", "A"]), "a visit stays together"
        first.append(shown[0])
    assert 8 <= first.count("B") <= 32, "neither always nor never the follow-up first"


def test_nothing_that_follows_the_order_tells_the_first_visit() -> None:
    """What hangs first and the numbers of alike captions follow the order shown, not the order of time."""
    seen = set()
    for number in range(20):
        case = opened(f"K-{number:04d}")
        series = in_order_of_chance(case)
        captions = captions_of(series, {})
        numbered = next(case.visits[key] for key, words in captions.items() if words == "cor T1 (1)")
        layout = hanging.rank(series)
        hung = next(case.visits[tile.series_key] for tile in layout.tiles if tile.series_key)
        seen |= {("number", numbered), ("hung", hung)}
    assert seen == {(what, visit) for what in ("number", "hung") for visit in ("A", "B")}


def test_the_order_stays_where_the_plan_lets_it_be_known_and_outside_a_study() -> None:
    case = opened("K-1")
    for read in (read_with("known"), None):
        assert series_shown(read, case) == (case.series, case.visits, None)
