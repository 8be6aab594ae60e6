"""DICOM files for the tests of this room, written by pydicom, full of sentinels that must not get far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MR = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT = "1.2.840.10008.1.2.1"

WriteSeries = Callable[..., list[Path]]


def _write(path: Path, syntax: str, attributes: dict[str, Any]) -> Path:
    from pydicom.dataset import Dataset, FileMetaDataset

    dataset = Dataset()
    pixels = attributes.pop("pixels", None)
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if pixels is not None:
        dataset.Rows, dataset.Columns = pixels.shape[-2:]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 0
        dataset.PixelData = pixels.astype("<u2").tobytes()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = attributes.get("SOPClassUID") or MR
    if attributes.get("SOPInstanceUID"):
        dataset.file_meta.MediaStorageSOPInstanceUID = attributes["SOPInstanceUID"]
    dataset.file_meta.TransferSyntaxUID = syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.preamble = bytes(128)
    dataset.save_as(path, enforce_file_format=False)
    return path


@pytest.fixture
def write_series() -> WriteSeries:
    """``write_series(folder, slices=3, name="1", **attributes)``: a sagittal knee series, a file per slice.

    `name` makes the UIDs of the series; ``study`` and ``patient`` those of study and patient. An attribute
    given as None is left out.
    """

    def write(
        folder: Path,
        slices: int = 3,
        name: str = "1",
        study: str = "1",
        patient: str = "SENTINELID",
        **attributes: Any,
    ) -> list[Path]:
        paths = []
        for number in range(slices):
            values: dict[str, Any] = {
                "SOPClassUID": MR,
                "SOPInstanceUID": f"1.2.826.0.1.99.{study}.{name}.{number + 1}",
                "StudyInstanceUID": f"1.2.826.0.1.99.{study}",
                "SeriesInstanceUID": f"1.2.826.0.1.99.{study}.{name}",
                "FrameOfReferenceUID": f"1.2.826.0.1.98.{study}",
                "Modality": "MR",
                "PatientID": patient,
                "PatientName": "SENTINEL^NAME",
                "PatientBirthDate": "19700102",
                "PatientSex": "F",
                "StudyDate": "20200304",
                "SeriesDescription": "Sag PD FS",
                "SeriesNumber": 5,
                "InstanceNumber": number + 1,
                "BodyPartExamined": "KNEE",
                "Laterality": "R",
                "ScanningSequence": "SE",
                "RepetitionTime": 2800,
                "EchoTime": 42,
                "ImagePositionPatient": [3.0 * number - 20, -50, 50],
                "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
                "PixelSpacing": [0.5, 0.4],
                "SliceThickness": 3,
                "pixels": np.full((24, 20), 100 + number),
            }
            values |= {
                keyword: value(number) if callable(value) else value for keyword, value in attributes.items()
            }
            paths.append(_write(folder / f"IM{number:04}", EXPLICIT, values))
        return paths

    return write
