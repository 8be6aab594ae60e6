"""Masks as NIfTI-1 label images.

NIfTI counts voxels as (column, row, slice) here and patient axes to the right, front and head (RAS); DICOM
counts to the left, back and head (LPS). The matrix is turned accordingly, so that any viewer shows the
labels where the reader saw them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workstation import INTENDED_USE
from workstation.errors import DataError
from workstation.export.exporter import Bundle, Exporter, mask_paths, replacing
from workstation.imaging.geometry import StackGeometry
from workstation.masks.mask import Mask
from workstation.tasks import Progress

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL


def ras_affine(geometry: StackGeometry) -> NDArray[np.float64]:
    """4 × 4 matrix from NIfTI index (column, row, slice, 1) to RAS mm.

    Raises
    ------
    DataError
        If the slices are not on a regular grid, which one matrix cannot describe.
    """
    return np.asarray(_LPS_TO_RAS @ geometry.affine[:, [2, 1, 0, 3]])


def write_mask(mask: Mask, path: Path) -> None:
    """Write a mask as a NIfTI label image (``.nii.gz`` or ``.nii``), whole or not at all.

    Raises
    ------
    DataError
        If the series is not a regular grid: missing or unevenly spaced slices would be shown at wrong places.
    StoreError
        If the disk refuses.
    """
    import nibabel

    try:
        affine = ras_affine(mask.geometry)
    except DataError as error:
        raise DataError(
            f"{path.name} was not written as NIfTI",
            error.why,
            "A NIfTI file holds even spacing only; DICOM SEG keeps each slice where it is",
        ) from error
    image = nibabel.Nifti1Image(np.ascontiguousarray(mask.labels.transpose(2, 1, 0)), affine)
    header = image.header
    header.set_xyzt_units("mm")
    header["intent_code"] = _LABEL_INTENT
    made_by = f"{mask.recipe} {mask.recipe_version}".encode("ascii", "replace")
    header["descrip"] = INTENDED_USE.encode("ascii") + b" " + made_by[:24]  # 80 bytes are all there is
    # A sheared grid (sideways stepping slices) has no quaternion form; the matrix form holds it exactly.
    image.set_sform(affine, code=1)
    columns = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.allclose(columns.T @ columns, np.eye(3), atol=1e-5):
        image.set_qform(affine, code=1)
    else:
        header["qform_code"] = 0
    with replacing(path) as beside:
        nibabel.save(image, beside)


def read_labels(path: Path, geometry: StackGeometry) -> NDArray[np.uint8]:
    """Labels of a NIfTI file on the grid of a series, as (slice, row, column).

    Raises
    ------
    DataError
        If it is no NIfTI label image, or lies on another grid.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    refused = f"{path.name} was not read as a mask"
    try:
        image = nibabel.load(path)
        values = np.asanyarray(image.dataobj)
    except (OSError, ValueError, EOFError, ImageFileError) as error:
        raise DataError(refused, "it is damaged or not NIfTI") from error
    if values.ndim != 3 or values.shape != geometry.shape[::-1]:
        raise DataError(refused, "its size differs from the series")
    corners = np.array([[0, 0, 0, 1], [*(size - 1 for size in values.shape), 1]], dtype=np.float64).T
    if not np.allclose(image.affine @ corners, ras_affine(geometry) @ corners, atol=0.05):
        raise DataError(refused, "it lies at another place than the series")
    labels = np.asarray(values, dtype=np.float64)
    if not np.isin(labels, np.arange(256)).all():
        raise DataError(refused, "its values are not labels from 0 to 255")
    return np.ascontiguousarray(labels.astype(np.uint8).transpose(2, 1, 0))


def write(bundle: Bundle, folder: Path, progress: Progress) -> list[Path]:
    """Write every mask of the bundle, one folder per case."""
    paths = mask_paths(bundle.masks, folder, ".nii.gz")
    for done, (one, path) in enumerate(zip(bundle.masks, paths, strict=True)):
        progress.report(done, len(paths), path.name)
        write_mask(one.mask, path)
    progress.report(len(paths), len(paths), "")
    return paths


EXPORTER = Exporter("nifti", "Masks as NIfTI", ".nii.gz", "masks", write)
