"""Read what a DICOM file says: tolerant of what is merely strange, one plain sentence for what is damaged.

Only headers are read here (PS3.10, PS3.3 C.7); pixels are in `dicom_pixels`. The parser is our own (see
`dicom_elements`); pydicom is used for compressed pixels and rare character sets only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from workstation.errors import DataError
from workstation.imaging import dicom_frames, dicom_kinds
from workstation.imaging.dicom_elements import DataSet, parse
from workstation.imaging.dicom_kinds import Kind
from workstation.imaging.dicom_pixels import ALWAYS_LOSSY, OFTEN_LOSSY, check_size
from workstation.imaging.dicom_values import Values
from workstation.imaging.study import Identity, Instance, PixelFormat


@dataclass(frozen=True, slots=True)
class DicomFile:
    """What one file holds.

    Attributes
    ----------
    path : str
        Label it was read under.
    kind : Kind
        Only `Kind.IMAGE` is shown; the others are left out for `skip_reason`.
    instances : tuple of Instance
        One per plane; empty for files without a usable picture.
    identity : Identity
        Who was imaged: for import and crosswalk only.
    copy_mark : str
        Mark of a copy that a library of ours wrote (`Deidentifier.is_own` verifies it), else ``""``.
    notes : tuple of str
        What was assumed while reading, one sentence each.
    """

    path: str
    kind: Kind
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    modality: str
    instances: tuple[Instance, ...]
    identity: Identity
    copy_mark: str = ""
    notes: tuple[str, ...] = ()

    @property
    def skip_reason(self) -> str:
        """Why this file is not loaded although nothing is wrong with it; ``""`` for pictures."""
        return dicom_kinds.WHY_LEFT_OUT[self.kind]


def read_file(source: Path | BinaryIO, path: str = "") -> DicomFile:
    """Read the header of one file and check that its pixels can be there.

    Parameters
    ----------
    source : Path or BinaryIO
        A file, or a seekable stream (a member of a ZIP).
    path : str
        Label for the instances; the path itself if empty.

    Raises
    ------
    DataError
        If it is not DICOM, damaged, cut short, or claims more pixels than it can hold.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb", buffering=0) as stream:
                return _read(stream, path or str(source))
        except OSError as error:
            raise DataError(
                "This file was not loaded", f"it cannot be read ({error.strerror or 'disk error'})"
            ) from None
    return _read(source, path)


def parse_stream(stream: BinaryIO) -> DataSet:
    """Elements of a file up to its pixels; `stream` may be a file or a member of a ZIP."""
    size = stream.seek(0, os.SEEK_END)
    return parse(stream, size)


def _read(stream: BinaryIO, path: str) -> DicomFile:
    return from_dataset(parse_stream(stream), path)


def from_dataset(dataset: DataSet, path: str) -> DicomFile:
    """Interpret parsed elements; raises as `read_file` does."""
    values = Values.of(dataset)
    sop_class = values.uid(0x00080016) or values.uid(0x00020002)
    modality = values.code(0x00080060)
    kind = dicom_kinds.kind_of(
        sop_class,
        modality,
        values.code(0x00280301),
        dataset.pixels is not None,
        0x00041220 in dataset.elements or 0x00041200 in dataset.elements,
    )
    instances: tuple[Instance, ...] = ()
    if dataset.pixels is not None and kind in _WITH_PICTURE:
        instances = _instances(dataset, values, path, sop_class, modality)
    return DicomFile(
        path=path,
        kind=kind,
        sop_class_uid=sop_class,
        sop_instance_uid=values.uid(0x00080018) or values.uid(0x00020003),
        series_instance_uid=values.uid(0x0020000E),
        study_instance_uid=values.uid(0x0020000D),
        transfer_syntax_uid=dataset.transfer_syntax_uid,
        modality=modality,
        instances=instances,
        identity=_identity(values),
        copy_mark=_copy_mark(values),
        notes=dataset.notes,
    )


_WITH_PICTURE = (Kind.IMAGE, Kind.SECONDARY_CAPTURE, Kind.BURNED_IN)
COPY_MARK = "marrow copy "


def _copy_mark(values: Values) -> str:
    method = values.raw(0x00120063)
    if COPY_MARK.encode() not in method:
        return ""
    parts = method.decode("ascii", "replace").rstrip("\x00 ").split("\\")
    return next((p.removeprefix(COPY_MARK) for p in parts if p.startswith(COPY_MARK)), "")


def _identity(values: Values) -> Identity:
    return Identity(
        patient_id=values.text(0x00100020),
        issuer_of_patient_id=values.text(0x00100021),
        patient_name=values.text(0x00100010),
        patient_birth_date=values.text(0x00100030),
        patient_sex=values.code(0x00100040),
        study_date=values.text(0x00080020),
        study_instance_uid=values.uid(0x0020000D),
    )


def _instances(
    dataset: DataSet, values: Values, path: str, sop_class: str, modality: str
) -> tuple[Instance, ...]:
    pixels = _pixel_format(dataset, values)
    check_size(pixels, dataset)
    whole = dicom_frames.plane(values, path, sop_class, modality, pixels)
    if pixels.number_of_frames == 1 and sop_class not in dicom_kinds.ENHANCED:
        return (whole,)
    return dicom_frames.frames(values, whole)


def _pixel_format(dataset: DataSet, values: Values) -> PixelFormat:
    numbers = {
        name: values.integer(tag)
        for name, tag in (("rows", 0x00280010), ("columns", 0x00280011), ("allocated", 0x00280100))
    }
    rows, columns, allocated = numbers["rows"], numbers["columns"], numbers["allocated"]
    if not rows or not columns or not allocated or rows < 0 or columns < 0:
        raise DataError("This file was not loaded", "it does not say how large its picture is")
    frames = values.decimal(0x00280008)
    if values.raw(0x00280008).strip(b" \x00") and (frames is None or frames < 1 or frames != int(frames)):
        raise DataError("This file was not loaded", "its number of frames is damaged")
    slope, intercept = values.decimal(0x00281053), values.decimal(0x00281052)
    syntax = dataset.transfer_syntax_uid
    told = values.code(0x00282110)
    lossy = told == "01" or syntax in ALWAYS_LOSSY or (syntax in OFTEN_LOSSY and told != "00")
    by_plane = values.integer(0x00280006) == 1
    native_little = dataset.pixels is not None and not dataset.pixels.undefined and dataset.encoding.little
    stored = values.integer(0x00280101) or allocated
    return PixelFormat(
        rows=rows,
        columns=columns,
        bits_allocated=allocated,
        bits_stored=min(max(stored, 1), allocated),
        signed=values.integer(0x00280103) == 1,
        samples_per_pixel=values.integer(0x00280002) or 1,
        photometric_interpretation=values.code(0x00280004) or "MONOCHROME2",
        transfer_syntax_uid=syntax,
        number_of_frames=int(frames) if frames else 1,
        rescale_slope=slope if slope else 1.0,
        rescale_intercept=intercept or 0.0,
        offset=dataset.pixels.start
        if native_little and dataset.pixels and not dataset.inflated and not by_plane
        else None,
        lossy=lossy,
    )


def relabel(file: DicomFile, path: str) -> DicomFile:
    """The same file under another path, e.g. after its copy was moved into place."""
    return replace(file, path=path, instances=tuple(replace(i, path=path) for i in file.instances))
