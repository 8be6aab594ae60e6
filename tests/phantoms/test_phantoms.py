"""Phantoms: valid files, truth where it should be, right and left really different."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from workstation.errors import StoreError
from workstation.imaging.geometry import plane_of
from workstation.imaging.study import Laterality, Plane
from workstation.phantoms.dicom_files import write_study
from workstation.phantoms.hip import hip
from workstation.phantoms.knee import LESIONS, knee
from workstation.phantoms.study import EDEMA, RECONVERSION, PhantomSeries, PhantomStudy


def right_knee() -> PhantomStudy:
    return knee("R")


def both_hips() -> PhantomStudy:
    return hip()


def _center_of(series: PhantomSeries, label: int) -> np.ndarray:
    where = np.argwhere(series.lesions == label)
    index = np.append(where.mean(axis=0), 1.0)
    return (series.geometry.affine @ index)[:3]


def test_the_knee_protocol_is_that_of_the_source_study() -> None:
    described = [
        (plane_of([*s.geometry.along_row, *s.geometry.along_column]), s.acquisition.sequence.description)
        for s in right_knee().series
    ]
    assert described == [
        (Plane.SAGITTAL, "T2 FSE"),
        (Plane.SAGITTAL, "PD FS FSE"),
        (Plane.CORONAL, "T2 FS FSE"),
        (Plane.CORONAL, "T1 FSE"),
        (Plane.AXIAL, "PD FS FSE"),
    ]
    for series in right_knee().series:
        assert series.geometry.slice_spacing == pytest.approx(3.3, abs=1e-4)
        assert series.geometry.slice_thickness == 3.0
        assert series.geometry.pixel_spacing[0] * series.geometry.shape[1] == pytest.approx(180)


@pytest.mark.parametrize("make", [right_knee, both_hips])
def test_every_series_shows_the_same_lesions_at_the_same_place(make) -> None:
    """The truth is one anatomy: its volume and centre hardly depend on the plane it is sampled in."""
    whole = [s for s in make().series if s.acquisition.side in ("B", make().laterality.value)]
    for label in (EDEMA, RECONVERSION):
        centers = [_center_of(s, label) for s in whole if (s.lesions == label).any()]
        volumes = [
            (s.lesions == label).sum() * s.geometry.voxel_volume_mm3
            for s in whole
            if (s.lesions == label).any()
        ]
        for center, volume in zip(centers, volumes, strict=True):
            assert np.linalg.norm(center - centers[0]) < 1.5
            assert volume == pytest.approx(volumes[0], rel=0.06)


def test_edema_is_bright_on_fat_suppressed_images_and_dark_on_t1() -> None:
    phantom = right_knee()
    for words, brighter in (("COR T2 FS", True), ("SAG PD FS", True), ("AX PD FS", True), ("COR T1", False)):
        series = phantom.find(words)
        marrow = np.median(series.voxels[(series.bones == 1) & (series.lesions == 0)])
        lesion = np.median(series.voxels[series.lesions == EDEMA])
        assert (lesion > 2 * marrow) if brighter else (lesion < 0.7 * marrow)


def test_red_marrow_of_the_hip_is_brighter_than_muscle_on_t1() -> None:
    series = both_hips().find("COR T1")
    lesion = np.median(series.voxels[series.lesions == RECONVERSION])
    fat = np.median(series.voxels[(series.bones > 0) & (series.lesions == 0)])
    assert 300 < lesion < 0.7 * fat


def test_the_hips_differ_from_side_to_side() -> None:
    series = both_hips().find("COR T1")
    right = ((series.lesions == RECONVERSION) & (series.bones == 1)).sum()
    left = ((series.lesions == RECONVERSION) & (series.bones == 2)).sum()
    assert right > 2 * left > 0
    assert not ((series.lesions == EDEMA) & (series.bones == 1)).any()


def test_a_left_knee_is_the_mirror_image_in_the_patient() -> None:
    """Medial is toward the patient's midline on either side (x grows to the left in LPS)."""
    right, left = right_knee(), knee("L")
    assert left.laterality is Laterality.LEFT
    ours, theirs = (_center_of(p.find("COR T1"), EDEMA) for p in (right, left))
    assert ours[0] < 0 < theirs[0]
    np.testing.assert_allclose(ours * [-1, 1, 1], theirs, atol=1.0)
    assert abs(ours[0]) < abs(right.seeds["femur"][0][0])  # medial lesion, lateral click


def test_every_click_lies_in_its_bone_on_every_series_that_shows_it() -> None:
    for phantom in (right_knee(), both_hips()):
        for bone, points in phantom.seeds.items():
            seen = 0
            for series in phantom.series:
                slice_index, row, column = series.geometry.index_of(points[0])
                inside = 0 <= row < series.geometry.shape[1] and 0 <= column < series.geometry.shape[2]
                if inside and series.geometry.reaches(series.geometry.nearest_slice(points[0])[1]):
                    found = series.bones[slice_index, round(row), round(column)]
                    assert found == phantom.bones[bone], (phantom.name, series.description)
                    seen += 1
            assert seen >= 3


def test_normal_phantoms_have_no_lesion() -> None:
    for phantom in (knee(lesions=False), hip(lesions=False)):
        assert not any(series.lesions.any() for series in phantom.series)


def test_variants_differ_and_noise_is_repeatable() -> None:
    volumes = {round(knee("R", variant=v).lesion_ml["edema"], 3) for v in range(len(LESIONS))}
    assert len(volumes) == len(LESIONS)
    knee.cache_clear()
    again, other = knee("R"), knee("R", seed=2)
    first = right_knee().series[0].voxels
    assert np.array_equal(first, again.series[0].voxels)
    assert not np.array_equal(first, other.series[0].voxels)


@pytest.mark.parametrize("make", [right_knee, both_hips])
def test_the_files_are_valid_dicom(make, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    phantom = make()
    files = write_study(phantom, tmp_path, truth=True)
    assert len(files) == sum(len(series.voxels) for series in phantom.series)
    for series in phantom.series:
        number = series.acquisition.number
        datasets = [pydicom.dcmread(p) for p in sorted((tmp_path / f"series-{number}").glob("*.dcm"))]
        assert np.array_equal(np.stack([d.pixel_array for d in datasets]), series.voxels)
        positions = np.asarray([d.ImagePositionPatient for d in datasets], dtype=float)
        np.testing.assert_allclose(positions, series.geometry.origins, atol=1e-4)
        assert str(datasets[0].PatientName).startswith("PHANTOM^")
        truth = np.load(tmp_path / "truth" / f"series-{number}.npz")
        assert np.array_equal(truth["lesions"], series.lesions)
        if shutil.which("dciodvfy"):
            path = tmp_path / f"series-{number}" / "0001.dcm"
            said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in said.stdout + said.stderr
    assert json.loads((tmp_path / "truth" / "seeds.json").read_text()) == phantom.seeds


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="phantom was not written"):
        write_study(right_knee(), tmp_path / "file")
