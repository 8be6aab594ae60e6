"""Masks on real series: every one that can carry a SEG gives a valid one that comes back exactly."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from workstation.errors import DataError
from workstation.export.dicom_seg import write_seg
from workstation.export.dicom_seg_read import read_seg
from workstation.export.nifti import read_labels, write_mask
from workstation.imaging.assemble import build_series
from workstation.imaging.dicom import read_file
from workstation.imaging.dicom_elements import NotDicomError
from workstation.imaging.load import stack_geometry
from workstation.imaging.study import Instance, Series
from workstation.masks import codes
from workstation.masks.mask import Mask, Segment

pytestmark = pytest.mark.real

FOLDERS = (
    "knee-ge-3t-mese-t2", "hip-t1-axial-sts050", "knee-t1-axial-sts017", "pelvis-ge-adc",
    "knee-ge-3t-dess-cubequant", "conformance",
)  # fmt: skip
SEGMENT = Segment(3, "edema", codes.ABNORMAL, codes.EDEMA, codes.BONES["femur"])


def instances(folder: Path) -> Iterator[Instance]:
    for path in sorted(folder.rglob("*.dcm")):
        try:
            yield from read_file(path).instances
        except (DataError, NotDicomError):
            continue


def mask_on(series: Series) -> Mask | None:
    geometry = stack_geometry(series)
    if geometry is None:
        return None
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    random = np.random.default_rng(5)
    for index in random.choice(geometry.shape[0], min(4, geometry.shape[0]), replace=False):
        labels[index] = 3 * (random.random(geometry.shape[1:]) > 0.97)
    labels[0, 0, 0] = 3
    return Mask(series.key, labels, geometry, (SEGMENT,), "edema", "1.0", {"threshold": 2.5})


@pytest.mark.parametrize("name", FOLDERS)
def test_real_series(real_data: Path, tmp_path: Path, name: str) -> None:
    program = shutil.which("dciodvfy")
    written = refused = 0
    for number, series in enumerate(build_series(instances(real_data / name))):
        mask = mask_on(series)
        if mask is None:
            continue
        path = tmp_path / f"{number}.dcm"
        try:
            write_seg(mask, series, path)
        except DataError as error:
            assert "was not written as DICOM SEG" in error.sentence
            refused += 1
            continue
        written += 1
        assert np.array_equal(read_seg(path, series.key, mask.geometry).labels, mask.labels), series.label
        if program:
            told = subprocess.run(
                [program, str(path)], capture_output=True, text=True, errors="replace", check=False
            )
            errors = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
            assert errors == [], (series.label, series.first.path)
        nifti = tmp_path / f"{number}.nii.gz"
        if mask.geometry.is_uniform:
            write_mask(mask, nifti)
            assert np.array_equal(read_labels(nifti, mask.geometry), mask.labels)
        else:
            with pytest.raises(DataError, match="unevenly spaced"):
                write_mask(mask, nifti)
    print(f"{name}: {written} written, {refused} refused with the reason")
    assert written > 0
