"""A folder of ordinary MR files for the benchmarks of index and import: 16 bits, 40 per series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SLICES = 40


def write_folder(folder: Path, files: int, matrix: int = 512) -> int:
    """Write `files` single-frame MR images of `matrix` squared, explicit little endian; returns their bytes.

    The header is as long as a scanner's usually is (about a hundred elements); only UIDs, number and
    position differ from file to file, so that writing costs little.
    """
    random = np.random.default_rng(7)
    plane = random.integers(0, 4000, (matrix, matrix), dtype=np.uint16)
    total = 0
    for number in range(files):
        series, slice_index = divmod(number, SLICES)
        dataset = mr_dataset("study", series, slice_index)
        dataset.Rows = dataset.Columns = matrix
        # No two pictures alike: a disk that keeps equal blocks once must not look fast.
        dataset.PixelData = np.roll(plane, number).tobytes()
        path = folder / f"series-{series:03}" / f"IM{slice_index:04}"
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        total += path.stat().st_size
    return total


def mr_dataset(name: str, series: int, slice_index: int) -> Dataset:
    """One MR image without pixels; `name` makes the study's UID."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    study = generate_uid(entropy_srcs=[name])
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[study, f"{series}.{slice_index}"])
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[study, f"{series}"])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[study, "frame"])
    dataset.Modality, dataset.BodyPartExamined, dataset.Laterality = "MR", "KNEE", "R"
    dataset.PatientID, dataset.PatientName, dataset.PatientSex = "BENCH-1", "BENCHMARK^PHANTOM", "O"
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20200101"
    dataset.SeriesDescription = "SAG PD FS"
    dataset.SeriesNumber, dataset.InstanceNumber = series + 1, slice_index + 1
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = "SE", "SK", "FS"
    dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = 3000, 30, 90
    dataset.MagneticFieldStrength, dataset.SliceThickness, dataset.SpacingBetweenSlices = 3, 3, 3.3
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    dataset.ImagePositionPatient = [3.3 * slice_index - 60, -80, 80]
    dataset.PixelSpacing = [0.3125, 0.3125]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    for number in range(60):
        dataset.add_new(0x00191010 + number, "LO", f"vendor value {number}")
    dataset.add_new(0x00190010, "LO", "SOME VENDOR 01")
    return dataset
