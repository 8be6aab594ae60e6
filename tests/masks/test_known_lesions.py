"""Lesions of known size are found and normal joints stay empty: bones joined over a visit, recipes inside."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from workstation.errors import DataError
from workstation.imaging.study import Joint
from workstation.masks.joint import joint_region
from workstation.masks.mask import Mask
from workstation.masks.overlap import dice
from workstation.masks.recipe import Material, recipe
from workstation.masks.regions import transferred
from workstation.phantoms.hip import hip
from workstation.phantoms.knee import knee
from workstation.phantoms.study import EDEMA, RECONVERSION, PhantomStudy
from workstation.tasks import SilentProgress

LEAST_DICE, LEAST_ML = 0.80, 1.0

PHANTOMS = {
    "right knee": lambda: knee("R", variant=1, seed=2),
    "left normal knee": lambda: knee("L", lesions=False, seed=5),
    "hips": lambda: hip(variant=1, seed=4),
    "normal hips": lambda: hip(lesions=False, seed=7),
}
CORONAL = {Joint.KNEE: "COR T2 FS", Joint.HIP: "COR STIR"}
CASES = [
    ("right knee", "SAG PD FS", "edema"), ("right knee", "AX PD FS", "edema"),
    ("right knee", "COR T2 FS", "edema"), ("right knee", "COR T1", "reconversion"),
    ("left normal knee", "SAG PD FS", "edema"), ("left normal knee", "COR T2 FS", "edema"),
    ("left normal knee", "COR T1", "reconversion"),
    ("hips", "SAG PD FS FSE RIGHT", "edema"), ("hips", "COR STIR", "edema"),
    ("hips", "AX T1", "reconversion"),
    ("normal hips", "COR STIR", "edema"), ("normal hips", "COR T1", "reconversion"),
]  # fmt: skip


@lru_cache(maxsize=4)
def visit(name: str) -> tuple[PhantomStudy, Mask]:
    """A phantom and its bones, made once."""
    phantom = PHANTOMS[name]()
    heard = [
        one.stack()
        for one in phantom.series
        if one.acquisition.number != 2 or "T2 FSE" not in one.description
    ]
    return phantom, joint_region(heard, phantom.seeds, SilentProgress())


@lru_cache(maxsize=2)
def marked(name: str, description: str, method: str) -> NDArray[np.uint8]:
    """What a recipe marks on a series; low-T1 marrow with regard to the edema of the coronal series."""
    phantom, bones = visit(name)
    series = phantom.find(description)
    regions = transferred(bones, series.series_instance_uid, series.geometry)
    beside = None
    if method == "reconversion":
        partner = phantom.find(CORONAL[phantom.joint])
        there = marked(name, CORONAL[phantom.joint], "edema")
        edema = Mask(partner.series_instance_uid, there, partner.geometry, recipe("edema").segments)
        beside = transferred(edema, series.series_instance_uid, series.geometry)
    sequence = series.acquisition.sequence
    material = Material(series.stack(), regions, sequence.weighting, sequence.fat_suppressed, beside)
    return recipe(method).run(material, {}, SilentProgress()).labels


@pytest.mark.parametrize(("name", "description", "method"), CASES)
def test_lesions_are_found_and_normal_bones_stay_empty(name: str, description: str, method: str) -> None:
    series = visit(name)[0].find(description)
    found = marked(name, description, method) > 0
    truth = series.lesions == (EDEMA if method == "edema" else RECONVERSION)
    if not truth.any():
        assert not found.any(), f"{found.sum()} voxels marked where nothing is"
        return
    pieces, number = ndimage.label(truth, np.ones((3, 3, 3)))
    nearest = pieces[
        tuple(ndimage.distance_transform_edt(pieces == 0, return_distances=False, return_indices=True))
    ]
    for piece in range(1, number + 1):
        lesion = pieces == piece
        if lesion.sum() * series.geometry.voxel_volume_mm3 / 1000 >= LEAST_ML:
            assert (dice(found & (nearest == piece), lesion) or 0) >= LEAST_DICE


@pytest.mark.parametrize("name", ["right knee", "hips"])
def test_bones_are_outlined_on_every_series(name: str) -> None:
    phantom, bones = visit(name)
    for series in phantom.series:
        regions = transferred(bones, series.series_instance_uid, series.geometry)
        for segment in regions.segments:
            truth = series.bones == phantom.bones[segment.name]
            assert (dice(regions.labels == segment.label, truth) or 0) > 0.88, (
                series.description,
                segment.name,
            )


@pytest.mark.parametrize(
    ("shift", "why"),
    [((400, 0, 0), "none of the clicks lies inside"), ((-60, 0, 0), "outside the body|outside the images")],
)
def test_a_click_that_is_on_no_bone_is_refused_with_the_reason(shift: tuple[int, ...], why: str) -> None:
    phantom, _ = visit("right knee")
    click = (np.asarray(phantom.seeds["femur"][0]) + shift).tolist()
    stacks = [phantom.find("SAG PD").stack(), phantom.find("COR T1").stack()]
    with pytest.raises(DataError, match=why):
        joint_region(stacks, {"femur": [click]}, SilentProgress())


def test_a_bone_without_a_usable_click_is_left_out_and_named() -> None:
    phantom, _ = visit("right knee")
    stacks = [phantom.find("SAG PD").stack(), phantom.find("COR T1").stack()]
    seeds = {"tibia": phantom.seeds["tibia"], "femur": [[900.0, 0.0, 0.0]]}
    found = joint_region(stacks, seeds, SilentProgress())
    assert [segment.name for segment in found.segments] == ["tibia"]
    assert "femur left out" in str(found.parameters["warning"])
