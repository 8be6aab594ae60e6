"""DICOM files for the tests of this room, written by pydicom: another hand than the reader under test."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

UIDS = {
    "mr": "1.2.840.10008.5.1.4.1.1.4",
    "enhanced": "1.2.840.10008.5.1.4.1.1.4.1",
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "big": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "jpegls": "1.2.840.10008.1.2.4.80",
}


def asymmetric_plane(rows: int = 40, columns: int = 48, start: int = 0) -> NDArray[np.uint16]:
    """A picture that no flip or transposition leaves the same."""
    row, column = np.mgrid[:rows, :columns]
    return np.asarray(start + 7 * row + 3 * column + (row > rows // 2) * 400, dtype=np.uint16)


def dataset_of(pixels: NDArray[Any] | None, **attributes: Any) -> Any:
    """A pydicom data set of one MR picture; `attributes` by keyword, None removes one."""
    from pydicom.dataset import Dataset, FileMetaDataset

    dataset = Dataset()
    values: dict[str, Any] = {
        "SOPClassUID": UIDS["mr"],
        "SOPInstanceUID": "1.2.3.4.1",
        "StudyInstanceUID": "1.2.3.1",
        "SeriesInstanceUID": "1.2.3.2",
        "FrameOfReferenceUID": "1.2.3.3",
        "Modality": "MR",
        "PatientID": "SENTINELID",
        "PatientName": "SENTINEL^NAME",
        "PatientBirthDate": "19700102",
        "PatientSex": "F",
        "StudyDate": "20200304",
        "SeriesDescription": "Sag PD FS",
        "SeriesNumber": 5,
        "InstanceNumber": 1,
        "BodyPartExamined": "KNEE",
        "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
        "ScanningSequence": "SE",
        "RepetitionTime": 2800,
        "EchoTime": 42,
        "ImagePositionPatient": [0, -50, 50],
        "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
        "PixelSpacing": [0.5, 0.4],
        "SliceThickness": 3,
    }
    if pixels is not None:
        rgb = pixels.ndim == 3 and pixels.shape[-1] == 3
        frames = pixels.ndim == 3 and not rgb
        bits = pixels.dtype.itemsize * 8
        values |= {
            "Rows": pixels.shape[1] if frames else pixels.shape[0],
            "Columns": pixels.shape[2] if frames else pixels.shape[1],
            "SamplesPerPixel": 3 if rgb else 1,
            "PhotometricInterpretation": "RGB" if rgb else "MONOCHROME2",
            "BitsAllocated": bits,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": int(pixels.dtype.kind == "i"),
        }
        if frames:
            values["NumberOfFrames"] = pixels.shape[0]
        if rgb:
            values["PlanarConfiguration"] = 0
    values |= attributes
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if pixels is not None and "PixelData" not in attributes:
        raw = pixels.tobytes()
        dataset.PixelData = raw + b"\x00" * (len(raw) % 2)
        dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", UIDS["mr"])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3.4.1")
    return dataset


def encoded(dataset: Any, syntax: str = "explicit") -> bytes:
    """A data set as the bytes of a file in one of the syntaxes of `UIDS`."""
    from pydicom.uid import UID

    uid = UID(UIDS.get(syntax, syntax))
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if uid.is_compressed and uid != UIDS["deflated"]:
            dataset.file_meta.TransferSyntaxUID = UID(UIDS["explicit"])
            dataset.compress(uid, generate_instance_uid=False)
        elif uid == UIDS["big"] and "PixelData" in dataset:
            width = dataset.BitsAllocated // 8
            dataset.PixelData = np.frombuffer(dataset.PixelData, f"<u{width}").astype(f">u{width}").tobytes()
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.fixture
def dicom_bytes() -> Callable[..., bytes]:
    """``dicom_bytes(pixels, syntax, **attributes)``: the bytes of one DICOM file."""

    def make(pixels: NDArray[Any] | None = None, syntax: str = "explicit", **attributes: Any) -> bytes:
        plane = asymmetric_plane() if pixels is None else pixels
        return encoded(dataset_of(plane, **attributes), syntax)

    return make


@pytest.fixture
def header_bytes() -> Callable[..., bytes]:
    """``header_bytes(syntax, **attributes)``: a DICOM file without pixels."""

    def make(syntax: str = "explicit", **attributes: Any) -> bytes:
        return encoded(dataset_of(None, **attributes), syntax)

    return make


@pytest.fixture
def plane() -> NDArray[np.uint16]:
    """A small picture without symmetry."""
    return asymmetric_plane()
