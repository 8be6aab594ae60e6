"""What a plan may reveal of its cases: sex and decade, and nothing finer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.errors import ResourceError
from workstation.reading.case_facts import DECADES, CaseFacts, decade_of
from workstation.reading.plan import parse_plan
from workstation.scoring.instrument import instruments

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = [{ id = "recht", version = "1.0" }]
[blinding]
"""
FACTS = """\
reveal = ["age_decade", "sex"]
[[blinding.facts]]
case = "K-1"
sex = "female"
age_decade = "60-69"
[[blinding.facts]]
case = "K-2"
sex = "male"
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            'reveal = ["sex", "name"]',
            'line 7: "name" cannot be revealed to readers, only "sex" and "age_decade"',
        ),
        ('reveal = ["sex", "sex"]', '"sex" is named twice'),
        ('reveal = "sex"', '"reveal" must be a list of texts'),
        (FACTS.replace("60-69", "63"), 'line 11: "age_decade" must be one of 0-9'),
        (FACTS.replace('"female"', '"F"'), '"sex" must be one of female, male, other'),
        (FACTS.replace('"K-2"', '"K-1"'), 'case "K-1" is named twice'),
        (FACTS + 'birth_date = "19601231"', '"birth_date" is not known here'),
        (FACTS.replace('"age_decade", ', ""), '"age_decade" is not known here'),
        (FACTS.replace('reveal = ["age_decade", "sex"]', ""), '"sex" is not known here'),
    ],
)
def test_what_cannot_be_revealed_is_refused_with_its_line(more: str, said: str) -> None:
    with pytest.raises(ResourceError) as refused:
        parse_plan(PLAN + more, instruments())
    assert said in refused.value.sentence


def test_a_plan_that_reveals_nothing_is_the_plan_it_was() -> None:
    """Digest and text as before plans could reveal anything: signed plans open unchanged."""
    plan = parse_plan(PLAN, instruments())
    assert plan.digest == "2cac9ffde07b0879776dc81ad4bb0178ee79da5951b54c7f28a851966b586542"
    assert "reveal" not in plan.to_toml()
    assert "facts" not in plan.to_toml()
    assert plan.blinding.told_of("K-1") == ""


def test_facts_are_part_of_what_is_signed_and_come_back() -> None:
    plan = parse_plan(PLAN + FACTS, instruments())
    assert parse_plan(plan.to_toml(), instruments()) == plan
    assert plan.blinding.reveal == ("sex", "age_decade"), "in the order in which they are shown"
    assert plan.blinding.told_of("K-1") == "female · 60-69"
    assert plan.blinding.told_of("K-2") == "male · age not known"
    assert plan.blinding.unknown == {"K-2": ("age_decade",)}
    other = parse_plan(PLAN + FACTS.replace("60-69", "70-79"), instruments())
    assert plan.digest != other.digest != parse_plan(PLAN, instruments()).digest


@given(st.integers(0, 120))
def test_a_decade_holds_its_age(years: int) -> None:
    first, _, last = decade_of(years).rstrip("+").partition("-")
    assert int(first) <= years <= int(last or 120)
    assert decade_of(years) in DECADES


def test_children_and_the_oldest_have_decades_too() -> None:
    assert [decade_of(one) for one in (0, 9, 17, 89, 90, 107)] == [
        "0-9",
        "0-9",
        "10-19",
        "80-89",
        "90+",
        "90+",
    ]
    for wrong in (-1, 121, 230):
        with pytest.raises(ValueError, match="is no age"):
            decade_of(wrong)


def test_only_what_is_revealed_is_told() -> None:
    both = CaseFacts("K-1", "female", "60-69")
    assert both.told(("age_decade",)) == "60-69"
    assert both.told(()) == ""
    assert CaseFacts("K-1").told(("sex", "age_decade")) == "sex, age not known"
