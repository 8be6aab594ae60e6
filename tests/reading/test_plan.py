"""A study plan: read back as written, and each mistake told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ResourceError
from workstation.imaging.study import Joint
from workstation.reading.blinding_rule import Blinding, Overlays
from workstation.reading.conduct import Conduct, Repeats, Sees, Triggers
from workstation.reading.plan import Resolution, StudyPlan, Unseal, load_plan, parse_plan
from workstation.scoring.instrument import instruments

GOOD = """\
id = "koa"
title = "Knee study"
seed = 4
readers = ["R1", "R2"]
cases = [
    "K-1",
    "K-2",
    "K-3",
]

[[instruments]]
id = "recht"

[[instruments]]
id = "worms-marrow"
version = "1.0"

[reconciliation]
rule = "mean"
tolerance = 1

[blinding]
overlays = "never"
"""
LIBRARY = {"K-1": Joint.KNEE, "K-2": Joint.KNEE, "K-3": None, "H-1": Joint.HIP}


def test_a_plan_says_what_was_written() -> None:
    plan = parse_plan(GOOD, instruments(), LIBRARY)
    assert plan.instruments == (("recht", "1.0"), ("worms-marrow", "1.0"))
    assert (plan.resolution, plan.tolerance, plan.unseal) == (Resolution.MEAN, 1, Unseal.STUDY)
    assert plan.cases == ("K-1", "K-2", "K-3")
    assert plan.blinding == Blinding()


def test_the_strictest_rules_are_the_default() -> None:
    plan = parse_plan(
        'id="a"\ntitle="A"\ncases=["K"]\nreaders=["R1","R2"]\ninstruments=["recht"]', instruments()
    )
    assert plan.unseal is Unseal.STUDY
    assert plan.blinding.overlays is Overlays.NEVER
    assert not plan.blinding.totals
    assert not plan.blinding.region_borders
    assert plan.blinding.time_points == "hidden"
    assert plan.tolerance == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"K-2"', '"K-9"', 7, 'case "K-9" is not in the library'),
        ('"K-2"', '"H-1"', 7, 'case "H-1" is a hip'),
        ('"K-2"', '"K-1"', 7, 'case "K-1" is named twice'),
        ('"K-2"', '"k-1"', 7, "too easily confused"),
        ('"K-2"', '"../K"', 7, "cannot be a code"),
        ('"K-2"', "7", 7, "must be text in quotes"),
        ('["R1", "R2"]', '["R1", "R1"]', 4, 'reader "R1" is named twice'),
        ('["R1", "R2"]', '["R1", "R2", "R3"]', 4, "3 readers are named"),
        ('["R1", "R2"]', "[]", 4, '"readers" needs at least one entry'),
        ('["R1", "R2"]', '"R1"', 4, '"readers" needs at least one entry'),
        ('id = "recht"', 'id = "rect"', 12, 'instrument "rect" is not known'),
        ('id = "recht"', 'id = "worms-marrow"', 15, 'instrument "worms-marrow" is named twice'),
        ('version = "1.0"', 'version = "3.0"', 16, "has no version 3.0"),
        ('rule = "mean"', 'rule = "first"', 19, "must be one of mean, consensus"),
        ('rule = "mean"', 'rule = "median"', 4, "a median needs 3 readers, and 2 are named"),
        ('rule = "mean"', 'rule = "adjudication"', 19, "adjudication needs an adjudicator"),
        (
            "[blinding]",
            '[adjudication]\nadjudicator = "A1"\n[blinding]',
            22,
            'the rule of reconciliation is "mean"',
        ),
        ("[blinding]", "[repeats]\nshare = 0.6\n[blinding]", 23, "between 0 and 0.5, not 0.6"),
        ("[blinding]", "[repeats]\nshare = nan\n[blinding]", 23, "must be a number"),
        ("[blinding]", "[repeats]\n[blinding]", 22, '"share" is missing'),
        ("[blinding]", "[repeats]\nshare = 0.1\nwashout_days = -1\n[blinding]", 24, "between 0 and 3650"),
        ("[blinding]", "[repeats]\nshare = 0.1\nwashout_days = 1.5\n[blinding]", 24, "whole number"),
        ("seed = 4", 'seed = 4\nrequired_series = ["T1", "T9"]', 4, '"T9" is no kind of series'),
        ("seed = 4", 'seed = 4\nrequired_series = "T1"', 4, "must be a list of texts"),
        ("seed = 4", 'seed = 4\nrequired_series = ["oblong T1"]', 4, "is no kind of series"),
        ("seed = 4", 'seed = 4\nrequired_series = ["-FS"]', 4, "is no kind of series"),
        ("tolerance = 1", "tolerance = -1", 20, "must not be -1"),
        ("tolerance = 1", "tolerance = 0.5", 20, "must be a whole number"),
        ('overlays = "never"', 'overlays = "sometimes"', 23, "must be one of never"),
        ('overlays = "never"', "names = true", 23, '"names" is not known here'),
        ("seed = 4", "seed = 4\nsecret = 1", 4, '"secret" is not known here'),
        ('title = "Knee study"\n', "", 1, '"title" is missing'),
        ("seed = 4", "seed = ", 3, "Invalid value"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ResourceError) as caught:
        load_plan(path, instruments(), LIBRARY)
    assert f"plan.toml, line {line}: " in caught.value.sentence, caught.value.sentence
    assert words in caught.value.sentence


def test_without_a_library_the_case_codes_are_taken_as_written() -> None:
    assert parse_plan(GOOD.replace("K-2", "K-9"), instruments()).cases[1] == "K-9"


codes = st.from_regex(r"[A-Z][A-Z0-9._-]{0,8}", fullmatch=True)


@given(
    cases=st.lists(codes, min_size=1, max_size=20, unique=True),
    readers=st.lists(codes, min_size=1, max_size=2, unique=True),
    title=st.text(min_size=1).filter(lambda text: text.strip() == text and text),
    seed=st.integers(-(2**63), 2**63 - 1),
    rule=st.sampled_from([Resolution.MEAN, Resolution.CONSENSUS]),
    share=st.integers(0, 50).map(lambda percent: percent / 100),
    washout_days=st.integers(0, 3650),
    required=st.lists(
        st.sampled_from(["T1", "PD-FS", "sagittal fluid-sensitive", "coronal T2-FS"]), max_size=3
    ),
    unseal=st.sampled_from(Unseal),
    tolerance=st.integers(0, 5),
    totals=st.booleans(),
)
def test_a_plan_written_and_read_back_is_equal(
    cases: list[str],
    readers: list[str],
    title: str,
    seed: int,
    rule: Resolution,
    unseal: Unseal,
    tolerance: int,
    totals: bool,
    share: float,
    washout_days: int,
    required: list[str],
) -> None:
    series = parse_plan(f"required_series = {required}\n{GOOD}", instruments()).conduct.required_series
    plan = StudyPlan(
        id="study",
        title=title,
        version=2,
        cases=tuple(cases),
        readers=tuple(readers),
        instruments=(("recht", "1.0"),),
        resolution=rule,
        tolerance=tolerance,
        unseal=unseal,
        seed=seed,
        blinding=Blinding(totals=totals),
        conduct=Conduct(Repeats(share, washout_days), series),
    )
    again = parse_plan(plan.to_toml(), instruments())
    assert again == plan
    assert again.digest == plan.digest


def test_a_plan_from_before_keeps_its_digest() -> None:
    """Written down once: the digest stands in the log of every study that was ever made."""
    assert (
        parse_plan(GOOD, instruments()).digest
        == "3b8d1ece3dd9883f7ae6ab55a742e3b78f0647d14084802da7d5b1d8d0c9fdad"
    )


ADJUDICATION = """\
[adjudication]
adjudicator = "A1"
sees = "none"
triggers = { grades = 3, absent_present = false, total = 2.5 }
"""


def test_an_adjudicator_is_named_apart_with_what_brings_a_case_before_him() -> None:
    text = GOOD.replace('"mean"', '"adjudication"')
    plan = parse_plan(text + ADJUDICATION, instruments())
    adjudication = plan.conduct.adjudication
    assert adjudication is not None
    assert (adjudication.adjudicator, adjudication.sees) == ("A1", Sees.NONE)
    assert adjudication.triggers == Triggers(3, False, 2.5)
    assert parse_plan(plan.to_toml(), instruments()) == plan
    for old, new, words in (
        ("A1", "r2", "is one of the two readers"),
        ("A1", "../A", "cannot be a code"),
        ('"none"', '"all"', "must be one of both, none"),
        ("grades = 3", "grades = -1", "must not be -1"),
        ("total = 2.5", "total = -2.5", "must not be -2.5"),
        ("total = 2.5", "stage = true", "is not known here"),
    ):
        with pytest.raises(ResourceError, match=words):
            parse_plan(text + ADJUDICATION.replace(old, new), instruments())
    alone = text.replace('["R1", "R2"]', '["R1"]')
    with pytest.raises(ResourceError, match="an adjudicator decides between 2 readers"):
        parse_plan(alone + ADJUDICATION, instruments())


def test_the_digest_changes_with_every_rule() -> None:
    texts = [
        GOOD,
        GOOD.replace("seed = 4", "seed = 5"),
        GOOD.replace('"mean"', '"consensus"'),
        GOOD.replace('"K-1",\n    "K-2"', '"K-2",\n    "K-1"'),
        GOOD.replace("tolerance = 1", "tolerance = 2"),
        GOOD + "totals = true\n",
        GOOD + "[repeats]\nshare = 0.1\n",
        GOOD + "[repeats]\nshare = 0.1\nwashout_days = 15\n",
        'required_series = ["T1"]\n' + GOOD,
    ]
    assert len({parse_plan(text, instruments()).digest for text in texts}) == len(texts)
