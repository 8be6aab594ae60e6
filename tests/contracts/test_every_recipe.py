"""What every recipe must keep, newcomers included: they are found by themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from workstation.errors import Cancelled, DataError, UsageError
from workstation.imaging.study import Weighting
from workstation.masks.codes import region_segment
from workstation.masks.mask import Mask
from workstation.masks.recipe import Material, Recipe, recipe, recipes
from workstation.phantoms.ball import ball
from workstation.tasks import SilentProgress

ALL = pytest.mark.parametrize("one", recipes(), ids=lambda one: one.name)
CONTRASTS = list(product([*Weighting, None], (False, True)))


def material(one: Recipe, *, suited: bool = True, lesions: bool = True) -> Material:
    """The ball on the first series whose contrast the recipe takes, or refuses."""
    for series in ball(lesions=lesions).series:
        sequence = series.acquisition.sequence
        if one.suits(sequence.weighting, sequence.fat_suppressed) is suited:
            bones = np.where(series.bones == 1, 1, 0).astype(np.uint8)
            key = series.series_instance_uid
            regions = Mask(key, bones, series.geometry, (region_segment(1, "femur"),))
            return Material(series.stack(), regions, sequence.weighting, sequence.fat_suppressed)
    raise AssertionError(f"no series of the ball for {one.name}")


class StopsAt:
    """Progress of a person who presses Stop at the first report."""

    def report(self, done: int, total: int, text: str = "") -> None:
        raise Cancelled


@ALL
def test_parameters_are_told_with_unit_and_range(one: Recipe) -> None:
    assert one.title and one.needs and one.version and one.segments
    names = [parameter.name for parameter in one.parameters]
    assert len(set(names)) == len(names)
    assert "override" in names
    for parameter in one.parameters:
        assert parameter.unit, parameter.name
        assert len(parameter.text.split()) > 3, parameter.name
        assert parameter.minimum <= parameter.default <= parameter.maximum, parameter.name
        for value in (parameter.minimum, parameter.maximum):
            assert one.checked({parameter.name: value})[parameter.name] == value
        for value in (parameter.minimum - 1, parameter.maximum + 1, "", "much"):
            with pytest.raises(UsageError, match=parameter.name):
                one.checked({parameter.name: value})


@ALL
def test_every_contrast_is_taken_or_refused_in_words(one: Recipe) -> None:
    reasons = [one.refusal(weighting, fat_suppressed) for weighting, fat_suppressed in CONTRASTS]
    assert "" in reasons, "no images would ever suit it"
    assert all(reason == "" or len(reason.split()) > 3 for reason in reasons)
    for fat_suppressed in (False, True):
        assert one.refusal(None, fat_suppressed), "an unknown contrast must not be guessed"


@ALL
def test_a_refusal_is_overridden_only_on_request_and_on_record(one: Recipe) -> None:
    wrong = material(one, suited=False)
    reason = one.refusal(wrong.weighting, wrong.fat_suppressed)
    with pytest.raises(DataError, match="override=1") as caught:
        one.run(wrong, {}, SilentProgress())
    assert caught.value.why == reason
    made = one.run(wrong, {"override": 1}, SilentProgress())
    assert made.parameters["overridden"] == reason
    assert "overridden" not in one.run(material(one), {"override": 1}, SilentProgress()).parameters


@ALL
def test_the_same_images_give_the_same_mask_and_stay_as_they_are(one: Recipe) -> None:
    given = material(one)
    voxels, regions = given.stack.voxels.copy(), given.regions.labels.copy()
    first, second = (one.run(given, {}, SilentProgress()) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert first.parameters == second.parameters
    assert np.array_equal(given.stack.voxels, voxels)
    assert np.array_equal(given.regions.labels, regions)


@ALL
def test_a_mask_lies_in_the_bone_and_says_how_it_was_made(one: Recipe) -> None:
    given = material(one)
    made = one.run(given, {}, SilentProgress())
    assert made.labels.any(), "the lesion is plain to see"
    assert not made.labels[given.regions.labels == 0].any()
    assert set(np.unique(made.labels)) <= {0, *(segment.label for segment in made.segments)}
    assert (made.recipe, made.recipe_version) == (one.name, one.version)
    assert made.parameters["digest"] == one.digest
    assert {parameter.name for parameter in one.parameters} <= set(made.parameters)


@ALL
def test_plain_marrow_stays_empty(one: Recipe) -> None:
    assert not one.run(material(one, lesions=False), {}, SilentProgress()).labels.any()


@ALL
def test_stop_is_obeyed(one: Recipe) -> None:
    with pytest.raises(Cancelled):
        one.run(material(one), {}, StopsAt())


@pytest.mark.parametrize("one", [one for one in recipes() if one.respects], ids=lambda one: one.name)
def test_what_another_recipe_has_marked_is_not_marked_again(one: Recipe) -> None:
    assert recipe(one.respects).respects == ""
    given = material(one)
    alone = one.run(given, {}, SilentProgress()).labels > 0
    half = alone.copy()
    half[:, :, half.shape[2] // 2 + 11 :] = False
    assert half.any() and (alone & ~half).any()
    beside = Mask(given.stack.series_key, half.astype(np.uint8), given.regions.geometry, ())
    found = one.run(replace(given, companion=beside), {}, SilentProgress()).labels > 0
    assert np.array_equal(found, alone & ~half)
