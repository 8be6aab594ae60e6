"""Phantom studies as DICOM files (MR Image Storage, PS3.3 A.4), with their truth beside them on request."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from workstation.errors import StoreError
from workstation.imaging.study import Joint, Laterality, Weighting
from workstation.phantoms.study import PhantomSeries, PhantomStudy, uid
from workstation.tasks import Progress, SilentProgress

_IMPLEMENTATION = "2.25.161803398874989484820458683436563811"


def write_study(
    phantom: PhantomStudy,
    folder: Path,
    *,
    patient_id: str = "",
    patient_name: str = "",
    study_date: str = "20200101",
    truth: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a phantom as one DICOM study.

    Parameters
    ----------
    phantom : PhantomStudy
    folder : Path
        Made if absent. Files go to ``<folder>/series-<number>/<instance>.dcm``.
    patient_id, patient_name : str
        Neutral ones by default (``PHANTOM^KNEE``).
    study_date : str
        DICOM DA.
    truth : bool
        Also write ``<folder>/truth/``: ``seeds.json``, ``truth.json`` and ``series-<number>.npz`` with
        the arrays ``lesions`` and ``bones``.

    Returns
    -------
    list of Path
        The DICOM files.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    progress = progress or SilentProgress()
    joint = "KNEE" if phantom.joint is Joint.KNEE else "HIP"
    base = Dataset()
    base.SpecificCharacterSet = "ISO_IR 192"
    base.PatientName = patient_name or f"PHANTOM^{joint}"
    base.PatientID = patient_id or f"PHANTOM-{joint}"
    base.PatientBirthDate = "19600101"
    base.PatientSex = "O"
    base.PatientAge = "060Y"
    base.StudyInstanceUID = uid(phantom.name, "study", base.PatientID, study_date)
    base.StudyDate = study_date
    base.StudyTime = "120000"
    base.StudyID = "1"
    base.StudyDescription = f"{joint} PHANTOM"
    base.AccessionNumber = ""
    base.ReferringPhysicianName = ""
    written: list[Path] = []
    total = sum(series.geometry.shape[0] for series in phantom.series)
    try:
        for series in phantom.series:
            place = folder / f"series-{series.acquisition.number}"
            place.mkdir(parents=True, exist_ok=True)
            shared = _series_attributes(phantom, series, joint)
            for index in range(series.geometry.shape[0]):
                path = place / f"{index + 1:04d}.dcm"
                _instance(base, shared, series, index).save_as(path, enforce_file_format=True)
                written.append(path)
                progress.report(len(written), total, "Writing the phantom")
        if truth:
            write_truth(phantom, folder / "truth")
    except OSError as error:
        raise StoreError(
            "The phantom was not written", str(error.strerror or error), "Choose another folder"
        ) from error
    return written


def write_truth(phantom: PhantomStudy, folder: Path) -> None:
    """Write what is known about a phantom: clicks, label numbers, volumes and the arrays per series."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seeds.json").write_text(json.dumps(phantom.seeds, indent=1), encoding="utf-8")
    summary = {
        "name": phantom.name,
        "joint": phantom.joint.value,
        "laterality": phantom.laterality.value,
        "bones": phantom.bones,
        "lesions": {"edema": 1, "reconversion": 2},
        "lesion_ml": phantom.lesion_ml,
        "series": {
            str(series.acquisition.number): {
                "series_instance_uid": series.series_instance_uid,
                "description": series.description,
                "voxel_volume_mm3": series.geometry.voxel_volume_mm3,
            }
            for series in phantom.series
        },
    }
    (folder / "truth.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    for series in phantom.series:
        np.savez_compressed(
            folder / f"series-{series.acquisition.number}.npz", lesions=series.lesions, bones=series.bones
        )


def _series_attributes(phantom: PhantomStudy, series: PhantomSeries, joint: str) -> Dataset:
    acquisition, sequence, geometry = series.acquisition, series.acquisition.sequence, series.geometry
    dataset = Dataset()
    dataset.SOPClassUID = MRImageStorage
    dataset.Modality = "MR"
    dataset.Manufacturer = "Marrow phantom"
    dataset.ManufacturerModelName = "Analytic"
    dataset.SeriesInstanceUID = series.series_instance_uid
    dataset.SeriesNumber = acquisition.number
    dataset.SeriesDescription = series.description
    dataset.ProtocolName = series.description
    dataset.BodyPartExamined = joint
    side = acquisition.side or phantom.laterality.value
    if side == Laterality.BILATERAL.value:
        dataset.ImageLaterality = side  # Laterality knows no B, and must be absent beside ImageLaterality
    else:
        dataset.Laterality = side
    dataset.PatientPosition = "FFS" if phantom.joint is Joint.KNEE else "HFS"
    dataset.PositionReferenceIndicator = ""
    dataset.FrameOfReferenceUID = geometry.frame_of_reference_uid
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence = ["SE", "IR"] if sequence.weighting is Weighting.STIR else ["SE"]
    dataset.SequenceVariant = "SK"
    suppressed = sequence.fat_suppressed and sequence.weighting is not Weighting.STIR
    dataset.ScanOptions = "FS" if suppressed else ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime = sequence.repetition_time
    dataset.EchoTime = sequence.echo_time
    if sequence.inversion_time is not None:
        dataset.InversionTime = sequence.inversion_time
    dataset.EchoTrainLength = sequence.echo_train_length
    dataset.FlipAngle = 90
    dataset.MagneticFieldStrength = 3
    dataset.SliceThickness = acquisition.thickness
    dataset.SpacingBetweenSlices = acquisition.spacing
    dataset.PixelSpacing = [_decimal(value) for value in geometry.pixel_spacing]
    directions = [*geometry.along_row, *geometry.along_column]
    dataset.ImageOrientationPatient = [_decimal(value) for value in directions]
    dataset.Rows, dataset.Columns = geometry.shape[1:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.BurnedInAnnotation = "NO"
    top = float(np.percentile(series.voxels, 99.5))
    dataset.WindowCenter, dataset.WindowWidth = round(top / 2), round(top)
    return dataset


def _instance(base: Dataset, shared: Dataset, series: PhantomSeries, index: int) -> FileDataset:
    name = uid(series.series_instance_uid, base.PatientID, base.StudyDate, index)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = name
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.update(base)
    dataset.update(shared)
    dataset.SOPInstanceUID = name
    dataset.InstanceNumber = index + 1
    dataset.AcquisitionNumber = 1
    dataset.ImagePositionPatient = [_decimal(value) for value in series.geometry.origins[index]]
    dataset.PixelData = series.voxels[index].astype("<u2").tobytes()
    return dataset


def _decimal(value: float) -> str:
    # DS holds 16 characters (PS3.5 6.2); repr of a float may be longer.
    return f"{float(value):.10g}"[:16]
