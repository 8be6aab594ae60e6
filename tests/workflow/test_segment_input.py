"""Clicks and parameters that cannot be used: one plain sentence each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workstation.errors import DataError, UsageError, WorkstationError
from workstation.imaging.study import Weighting
from workstation.masks.recipe import recipe
from workstation.workflow.clicks import load_seeds

BAD_SEEDS = {
    "empty file": ("", "no JSON"),
    "not JSON": ("femur: 1, 2, 3", "no JSON, line 1"),
    "no bone": ("{}", "name no bone"),
    "a list": ("[[1, 2, 3]]", "name no bone"),
    "a bone without a click": ('{"femur": []}', "femur has no click"),
    "a word as clicks": ('{"femur": "here"}', "femur has no click"),
    "two numbers": ('{"femur": [[1, 2]]}', "not three finite numbers"),
    "NaN": ('{"femur": [[NaN, 2, 3]]}', "not three finite numbers"),
    "infinite": ('{"femur": [[1, 2, Infinity]]}', "not three finite numbers"),
    "words": ('{"femur": [["1", "2", "3"]]}', "not three finite numbers"),
    "a truth value": ('{"femur": [[true, 2, 3]]}', "not three finite numbers"),
    "a flat point": ('{"femur": [1, 2, 3]}', "not three finite numbers"),
}


@pytest.mark.parametrize("case", BAD_SEEDS)
def test_bad_clicks_are_refused_in_a_sentence(case: str, tmp_path: Path) -> None:
    text, said = BAD_SEEDS[case]
    path = tmp_path / "clicks.json"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_seeds(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_click_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        load_seeds(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="no JSON"):
        load_seeds(tmp_path / "binary.json")


def test_good_clicks_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "clicks.json"
    path.write_text(json.dumps({"femur": [[1, 2.5, -3]]}))
    assert load_seeds(path) == {"femur": [[1.0, 2.5, -3.0]]}


@pytest.mark.parametrize("name", ["edema", "reconversion"])
@pytest.mark.parametrize("value", ["", "many", "nan", "inf", "-1000", "1e9"])
def test_bad_parameters_are_refused_in_a_sentence(name: str, value: str) -> None:
    with pytest.raises(UsageError, match="seed"):
        recipe(name).checked({"seed": value})


def test_unknown_names_say_what_is_known() -> None:
    with pytest.raises(UsageError, match="seed, grow"):
        recipe("edema").checked({"sead": 3})
    with pytest.raises(WorkstationError, match="edema, reconversion"):
        recipe("oedema")


@pytest.mark.parametrize(
    ("name", "weighting", "fat_suppressed", "said"),
    [
        ("edema", Weighting.GRADIENT_ECHO, True, "underestimate"),
        ("edema", Weighting.T1, True, "T1"),
        ("edema", Weighting.T2, False, "fat suppression"),
        ("edema", None, True, "not known"),
        ("reconversion", Weighting.T1, True, "fat suppression"),
        ("reconversion", Weighting.GRADIENT_ECHO, False, "radient"),
        ("reconversion", Weighting.STIR, True, "not T1"),
        ("reconversion", None, False, "not known"),
    ],
)
def test_images_of_the_wrong_contrast_are_refused_with_the_reason(
    name: str, weighting: Weighting | None, fat_suppressed: bool, said: str
) -> None:
    assert said in recipe(name).refusal(weighting, fat_suppressed)
    assert not recipe(name).suits(weighting, fat_suppressed)
