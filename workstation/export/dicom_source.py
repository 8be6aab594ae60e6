"""The source images of a derived DICOM object: a plain description of each slice, and references to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from workstation.errors import DataError
from workstation.imaging.study import Series
from workstation.masks.mask import Mask

_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
_FROM_A_DEIDENTIFIED_FILE: dict[str, str] = {
    "PatientID": r".{1,64}",
    "PatientName": r".{1,64}",
    "PatientSex": r"[MFO]",
    "PatientAge": r"\d{3}[DWMY]",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{6}(\.\d{1,6})?",
}
"""Attributes that a de-identified file hands on, and the form in which their value is valid."""

_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
    "StudyDate", "StudyTime", "ReferringPhysicianName",
)  # fmt: skip


def plain_source(series: Series, mask: Mask, index: int) -> Any:
    """One slice as a single-frame MR header: geometry and UIDs, nothing of the patient."""
    from pydicom.dataset import Dataset
    from pydicom.valuerep import DS

    instance = series.instances[index]
    geometry = mask.geometry
    source = Dataset()
    for name in _EMPTY:
        setattr(source, name, "")
    source.SOPClassUID = _MR_IMAGE
    # Frames of one file share its UID; each plain header has its own until `set_references`.
    source.SOPInstanceUID = f"2.25.{index + 1}"
    source.StudyInstanceUID = instance.study_instance_uid
    source.SeriesInstanceUID = instance.series_instance_uid
    source.FrameOfReferenceUID = series.frame_of_reference_uid
    source.PositionReferenceIndicator = ""
    source.Modality = instance.modality or "MR"
    source.Rows, source.Columns = geometry.shape[1:]
    source.ImagePositionPatient = [DS(value, auto_format=True) for value in geometry.origins[index].tolist()]
    directions = [*geometry.along_row.tolist(), *geometry.along_column.tolist()]
    source.ImageOrientationPatient = [DS(value, auto_format=True) for value in directions]
    source.PixelSpacing = [DS(value, auto_format=True) for value in geometry.pixel_spacing]
    source.SliceThickness = DS(geometry.slice_thickness or geometry.slice_spacing, auto_format=True)
    if any(one.pixels.lossy for one in series.instances):
        source.LossyImageCompression = "01"
    return source


def set_references(dataset: Any, series: Series, source: Sequence[Any]) -> None:
    """Replace the plain headers by the real instances and frames in every reference of an object."""
    real = {str(one.SOPInstanceUID): instance for one, instance in zip(source, series.instances, strict=True)}
    several = {one.sop_instance_uid for one in series.instances if one.pixels.number_of_frames > 1}

    def real_item(item: Any, by_frame: bool) -> Any:
        # A copy: highdicom puts one and the same item into several sequences.
        instance, named = real[str(item.ReferencedSOPInstanceUID)], deepcopy(item)
        named.ReferencedSOPInstanceUID = instance.sop_instance_uid
        named.ReferencedSOPClassUID = instance.sop_class_uid
        if by_frame and instance.sop_instance_uid in several:
            named.ReferencedFrameNumber = instance.frame + 1
        return named

    def whole_instances(items: Any) -> list[Any]:
        named = [real_item(item, by_frame=False) for item in items]
        return list({str(item.ReferencedSOPInstanceUID): item for item in named}.values())

    for frame in dataset.PerFrameFunctionalGroupsSequence:
        for derivation in frame.get("DerivationImageSequence", []):
            planes = derivation.get("SourceImageSequence", [])
            derivation.SourceImageSequence = [real_item(item, by_frame=True) for item in planes]
    for listed in dataset.get("ReferencedSeriesSequence", []):
        listed.ReferencedInstanceSequence = whole_instances(listed.ReferencedInstanceSequence)
    if "SourceImageSequence" in dataset:
        dataset.SourceImageSequence = whole_instances(dataset.SourceImageSequence)


def deidentified_facts(series: Series) -> Any:
    """Pseudonym, sex, age and shifted dates of a file that says it is de-identified; else nothing.

    Raises
    ------
    DataError
        If the first image cannot be read.
    """
    from pydicom import dcmread
    from pydicom.dataset import Dataset
    from pydicom.errors import BytesLengthException, InvalidDicomError

    facts = Dataset()
    path = Path(series.first.path)
    wanted = [*_FROM_A_DEIDENTIFIED_FILE, "PatientIdentityRemoved", "SpecificCharacterSet"]
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=wanted)
    except (OSError, InvalidDicomError, BytesLengthException, EOFError, ValueError) as error:
        raise DataError(
            "The mask was not written as DICOM SEG", "its images cannot be read", "Import them again"
        ) from error
    facts.SpecificCharacterSet = "ISO_IR 192"
    if header.get("PatientIdentityRemoved") != "YES":
        return facts
    # Made anew from valid values: other programs leave elements with a wrong representation behind.
    for name, form in _FROM_A_DEIDENTIFIED_FILE.items():
        value = str(header.get(name) or "")
        if re.fullmatch(form, value) and value.isprintable() and "\\" not in value:
            setattr(facts, name, value)
    facts.PatientIdentityRemoved = "YES"
    facts.DeidentificationMethod = "As the source images"
    return facts
