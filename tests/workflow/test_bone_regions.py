"""One bone or one way that fails does not take the others with it, and the report says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Series
from workstation.imaging.volume import Stack
from workstation.masks.codes import region_segment
from workstation.masks.mask import NOT_MEASURED, Mask
from workstation.masks.measure import volumes
from workstation.masks.placing import Seeds, no_region
from workstation.masks.signal import unmeasured
from workstation.tasks import Progress, SilentProgress
from workstation.workflow.bone_regions import VisitRegions

SEEDS = {"femur": [[1.0, 1.0, 1.0]], "tibia": [[2.0, 2.0, 2.0]]}
AXES = np.eye(3)
GRID = StackGeometry((4, 6, 6), np.arange(4)[:, None] * AXES[2], AXES[0], AXES[1], (1.0, 1.0), 1.0, "2.25.1")
SERIES = cast(Series, SimpleNamespace(key="s", series_number=4, split="", frame_of_reference_uid="2.25.1"))
STACK = Stack("s", np.zeros((4, 6, 6), dtype=np.uint16), 1.0, 0.0, GRID)


def outlined(*bad: str) -> Any:
    """A way of outlining that fails as a whole when one of the bones is among `bad`."""

    def bone_region(stack: Stack, seeds: Seeds, progress: Progress) -> Mask:
        for bone in seeds:
            if bone in bad:
                raise no_region(bone, "it leaked out of the bone (900 ml)", "Click again")
        labels = np.zeros(GRID.shape, dtype=np.uint8)
        for label, bone in enumerate(seeds, start=1):
            labels[1, list(SEEDS).index(bone)] = label
        segments = tuple(region_segment(n, bone) for n, bone in enumerate(seeds, start=1))
        return Mask("s", labels, GRID, segments)

    return bone_region


def regions(monkeypatch: pytest.MonkeyPatch, *bad: str, joint: DataError | None = None) -> Mask:
    monkeypatch.setattr("workstation.masks.regions.bone_region", outlined(*bad))
    visit = VisitRegions([], SEEDS)
    monkeypatch.setattr(visit, "_of_frame", lambda *_: joint)
    return visit.on(SERIES, STACK, SilentProgress())


def test_bones_are_outlined_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    found = regions(monkeypatch)
    assert [one.name for one in found.segments] == ["femur", "tibia"]
    assert found.parameters == {"regions_from": "4"}


def test_series_that_do_not_join_are_outlined_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = regions(monkeypatch, joint=no_region("femur", "it leaked out of the bone (500 ml)", ""))
    assert [one.name for one in found.segments] == ["femur", "tibia"]
    assert "on this series alone: it leaked" in str(found.parameters["warning"])


def test_a_bone_that_leaks_is_left_out_and_the_other_keeps_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = regions(monkeypatch, "femur")
    assert [(one.label, one.name) for one in found.segments] == [(2, "tibia")]
    assert set(np.unique(found.labels)) == {0, 2}
    assert found.parameters["warning"] == "femur left out: it leaked out of the bone (900 ml)"


def test_when_every_bone_fails_the_first_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="why they do not join"):
        regions(monkeypatch, "femur", "tibia", joint=DataError("x", "why they do not join"))
    with pytest.raises(DataError, match="leaked"):
        regions(monkeypatch, "femur", "tibia")


def test_a_bone_that_could_not_be_measured_has_no_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    place = regions(monkeypatch)
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    record = unmeasured({"femur": DataError("x", "too few voxels")}, measured=True, warnings=[])
    assert record[f"femur{NOT_MEASURED}"] == "too few voxels"
    mask = Mask("s", labels, GRID, (region_segment(1, "edema"),), parameters=record)
    rows = volumes(mask, place)
    assert [row.region for row in rows] == ["tibia", "all regions"]
    assert rows[1].region_voxels == rows[0].region_voxels
    with pytest.raises(DataError, match="too few"):
        unmeasured({"femur": DataError("x", "too few voxels")}, measured=False, warnings=[])
