"""NIfTI label images: right place in the patient, exact round trip, refusals."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.errors import DataError, StoreError
from workstation.export.nifti import ras_affine, read_labels, write_mask
from workstation.imaging.geometry import StackGeometry
from workstation.masks.mask import Code, Mask, Segment

CODE = Code("79654002", "SCT", "Edema")
SEGMENTS = (Segment(1, "edema", CODE, CODE), Segment(2, "reconversion", CODE, CODE))


def geometry(
    shape: tuple[int, int, int] = (4, 5, 6), turn: tuple[float, float, float] = (0, 0, 0), shift: float = 0.0
) -> StackGeometry:
    a, b, c = turn
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    row, column, normal = (about_x @ about_y @ about_z).T
    steps = np.arange(shape[0])[:, None] * (3.3 * normal + shift * row)
    return StackGeometry(shape, np.array([10.0, -20.0, 30.0]) + steps, row, column, (0.7, 0.4), 3.0, "2.25.1")


def labelled(grid: StackGeometry, seed: int = 0) -> Mask:
    labels = np.random.default_rng(seed).integers(0, 3, grid.shape).astype(np.uint8)
    return Mask("2.25.5", labels, grid, SEGMENTS, "edema", "1.0")


@settings(max_examples=25)
@given(turn=st.tuples(*[st.floats(-3.1, 3.1)] * 3), shift=st.sampled_from([0.0, 0.25]))
def test_every_voxel_is_at_its_place_in_the_patient(
    tmp_path_factory: pytest.TempPathFactory, turn: tuple[float, float, float], shift: float
) -> None:
    grid = geometry(turn=turn, shift=shift)
    mask = labelled(grid)
    path = tmp_path_factory.mktemp("nifti") / "4-edema.nii.gz"
    write_mask(mask, path)
    image = nibabel.load(path)
    values = np.asarray(image.dataobj)
    for slice_index, row, column in ((0, 0, 0), (3, 4, 5), (2, 1, 4)):
        assert values[column, row, slice_index] == mask.labels[slice_index, row, column]
        x, y, z = grid.point_at(slice_index, row, column)
        found = image.affine @ [column, row, slice_index, 1]
        assert found[:3] == pytest.approx([-x, -y, z], abs=1e-3)
    assert np.array_equal(read_labels(path, grid), mask.labels)


def test_header_says_what_it_is_and_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "mask.nii.gz"
    write_mask(labelled(geometry()), path)
    header = nibabel.load(path).header
    assert header.get_data_dtype() == np.uint8
    assert header.get_xyzt_units()[0] == "mm"
    assert int(header["intent_code"]) == 1002
    description = bytes(header["descrip"]).rstrip(b"\0")
    assert description == b"For research and teaching. Not for primary diagnosis. edema 1.0"
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 1)
    assert header.get_zooms() == pytest.approx((0.4, 0.7, 3.3), abs=1e-5)
    assert [file.name for file in path.parent.iterdir()] == ["mask.nii.gz"]


def test_a_sheared_grid_has_no_quaternion(tmp_path: Path) -> None:
    write_mask(labelled(geometry(shift=0.5)), tmp_path / "m.nii.gz")
    assert int(nibabel.load(tmp_path / "m.nii.gz").header["qform_code"]) == 0


def test_uneven_slices_are_refused_with_the_reason(tmp_path: Path) -> None:
    grid = geometry()
    origins = grid.origins.copy()
    origins[3] += 3.3 * grid.normal
    mask = labelled(replace(grid, origins=origins))
    with pytest.raises(DataError, match="unevenly spaced") as refused:
        write_mask(mask, tmp_path / "m.nii.gz")
    assert "DICOM SEG" in refused.value.sentence
    assert not list(tmp_path.iterdir())


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    grid = geometry()
    path = tmp_path / "m.nii.gz"
    write_mask(labelled(grid), path)
    with pytest.raises(DataError, match="another place"):
        read_labels(path, replace(grid, origins=grid.origins + 1))
    with pytest.raises(DataError, match="size differs"):
        read_labels(path, geometry((4, 5, 7)))
    (tmp_path / "text.nii.gz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="damaged or not NIfTI"):
        read_labels(tmp_path / "text.nii.gz", grid)
    whole = gzip.decompress(path.read_bytes())
    (tmp_path / "short.nii").write_bytes(whole[:-20])
    with pytest.raises(DataError, match="damaged or not NIfTI"):
        read_labels(tmp_path / "short.nii", grid)
    affine = ras_affine(grid)
    nibabel.save(nibabel.Nifti1Image(np.full((6, 5, 4), 0.5, np.float32), affine), tmp_path / "half.nii")
    with pytest.raises(DataError, match="not labels"):
        read_labels(tmp_path / "half.nii", grid)


def test_a_disk_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="was not written"):
        write_mask(labelled(geometry()), tmp_path / "file" / "m.nii.gz")
