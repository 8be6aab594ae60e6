"""Masks kept in a library: exact, in versions, damaged ones refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workstation.errors import DataError, StoreError
from workstation.imaging.geometry import StackGeometry
from workstation.masks.mask import Code, Mask, Segment
from workstation.store.mask_files import keep_mask, kept_masks, load_mask

CODE = Code("79654002", "SCT", "Edema")


def mask(seed: int = 0, series: str = "2.25.5#echo2") -> Mask:
    origins = np.array([[0.1, -2.0, 3.3 * i] for i in range(3)])
    grid = StackGeometry(
        (3, 4, 5), origins, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (0.7, 0.4), 3.0, "2.25.1"
    )
    labels = np.random.default_rng(seed).integers(0, 3, grid.shape).astype(np.uint8)
    segments = (Segment(1, "edema", CODE, CODE, CODE), Segment(2, "other", CODE, CODE))
    return Mask(series, labels, grid, segments, "edema", "1.0", {"threshold": 2.5, "mode": "soft"})


def test_a_kept_mask_comes_back_exactly(tmp_path: Path) -> None:
    one = mask()
    keep_mask(tmp_path, "K-0172", "edema", one)
    ((name, found),) = kept_masks(tmp_path, "K-0172")
    assert name == "edema" and np.array_equal(found.labels, one.labels)
    assert (found.segments, found.parameters, found.series_key) == (
        one.segments,
        one.parameters,
        one.series_key,
    )
    for attribute in ("origins", "along_row", "along_column"):
        assert np.array_equal(getattr(found.geometry, attribute), getattr(one.geometry, attribute))
    assert found.geometry.shape == one.geometry.shape
    assert found.geometry.frame_of_reference_uid == "2.25.1"
    assert not found.labels.flags.writeable


def test_a_changed_mask_is_a_new_version_and_the_same_adds_nothing(tmp_path: Path) -> None:
    first = keep_mask(tmp_path, "K", "edema", mask(0))
    assert keep_mask(tmp_path, "K", "edema", mask(0)) == first
    second = keep_mask(tmp_path, "K", "edema", mask(1))
    keep_mask(tmp_path, "K", "edema", mask(0, "2.25.6"))
    keep_mask(tmp_path, "K", "regions", mask(0))
    assert first.exists() and second != first
    assert np.array_equal(load_mask(first).labels, mask(0).labels)
    assert [name for name, _ in kept_masks(tmp_path, "K")] == ["edema", "edema", "regions"]
    assert any(np.array_equal(found.labels, mask(1).labels) for _, found in kept_masks(tmp_path, "K"))
    assert kept_masks(tmp_path, "other") == ()


def test_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    path = keep_mask(tmp_path / "library", "../../K", "../x", mask())
    assert (tmp_path / "library") in path.parents


def test_a_newer_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("workstation.store.mask_files._FORMAT", 2)
        path = keep_mask(tmp_path, "K", "edema", mask())
    with pytest.raises(DataError, match="newer version"):
        load_mask(path)


def test_damage_is_refused_and_does_not_stand_in_the_way(tmp_path: Path) -> None:
    path = keep_mask(tmp_path, "K", "edema", mask())
    whole = path.read_bytes()
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:200] + b"\0" * 50 + whole[250:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged"):
            load_mask(path)
    again = keep_mask(tmp_path, "K", "edema", mask())
    assert again != path and np.array_equal(load_mask(again).labels, mask().labels)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "masks").write_text("x")
    with pytest.raises(StoreError, match="was not kept"):
        keep_mask(tmp_path, "K", "edema", mask())


def test_a_mask_keeps_its_geometry_when_another_has_a_different_one(tmp_path: Path) -> None:
    other = mask()
    moved = replace(other, geometry=replace(other.geometry, origins=other.geometry.origins + 1))
    keep_mask(tmp_path, "K", "edema", other)
    path = keep_mask(tmp_path, "K", "edema", moved)
    assert np.array_equal(load_mask(path).geometry.origins, moved.geometry.origins)
