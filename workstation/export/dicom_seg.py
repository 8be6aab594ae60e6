"""Masks as DICOM Segmentation (PS3.3 A.51), one object per mask, on the grid of its series.

highdicom builds the object from one plain single-frame description per slice, made from what the import
knows; nothing of the patient's module is taken from files that are not de-identified. References to the
source images are then set slice by slice, so that enhanced multi-frame sources and series that were split
(an echo, a Dixon image) are named by instance and frame.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation import INTENDED_USE, __version__
from workstation.errors import DataError
from workstation.export.codes import own_schemes, require_known
from workstation.export.dicom_source import deidentified_facts, plain_source, set_references
from workstation.export.exporter import Bundle, Exporter, mask_paths, replacing
from workstation.imaging.study import Laterality, Series
from workstation.masks.mask import Code, Mask, Segment
from workstation.tasks import Progress

MANUFACTURER = "Marrow Reading Workstation"
MANUAL = "manual"

_SIDES = {
    Laterality.RIGHT: Code("24028007", "SCT", "Right"),
    Laterality.LEFT: Code("7771000", "SCT", "Left"),
    Laterality.BILATERAL: Code("51440002", "SCT", "Right and left"),
}
_BY_HAND = Code("123109", "DCM", "Manual Processing")
_MORPHOLOGY = Code("123104", "DCM", "Morphological Operations")


def write_seg(mask: Mask, series: Series, path: Path, reader: str = "", visit: str = "") -> None:
    """Write a mask as a binary DICOM SEG, whole or not at all.

    Parameters
    ----------
    mask : Mask
        On the grid of `series`; slices without a label are left out of the file.
    series : Series
        The source; its instances give the geometry and the references.
    reader : str
        Code of the reader whose mask it is, kept as content creator.
    visit : str
        Of the series where its case has several, for the description.

    Raises
    ------
    DataError
        If the mask is empty, or the series cannot be referenced: no frame of reference, several slices
        at one place, another size.
    StoreError
        If the disk refuses.
    """
    refuse_unless_possible(mask, series, path.name)
    dataset = _segmentation(mask, series, reader, visit)
    with replacing(path) as beside:
        dataset.save_as(beside, enforce_file_format=True)


def refuse_unless_possible(mask: Mask, series: Series, name: str) -> None:
    """Say in one sentence why a mask cannot be a DICOM SEG.

    Raises
    ------
    DataError
    """
    what = f"{name} was not written as DICOM SEG"
    if not mask.labels.any():
        raise DataError(what, "the mask marks nothing", "An empty mask needs no file")
    unnamed = sorted(set(np.unique(mask.labels).tolist()) - {0, *(one.label for one in mask.segments)})
    if unnamed:
        raise DataError(what, f"its label {unnamed[0]} has no name")
    require_known(mask.segments, what)
    if not series.frame_of_reference_uid:
        raise DataError(what, "its images name no frame of reference", "Export it as NIfTI")
    if len(series.instances) != mask.geometry.shape[0]:
        raise DataError(what, "the mask has another number of slices than its series")
    if series.axis != "position" or len(np.unique(np.round(mask.geometry.positions, 3))) < len(
        series.instances
    ):
        raise DataError(what, "its series shows one place several times", "Mask one time point only")


def _segmentation(mask: Mask, series: Series, reader: str, visit: str) -> Any:
    import highdicom as hd
    from highdicom.content import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence

    geometry, patient = mask.geometry, deidentified_facts(series)
    source = [plain_source(series, mask, index) for index in range(geometry.shape[0])]
    spacing = geometry.slice_spacing if geometry.is_uniform and geometry.shape[0] > 1 else None
    identity = _identity(mask, series, reader)
    dataset = hd.seg.Segmentation(
        source_images=source,
        pixel_array=_renumbered(mask),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(number, one, mask, series, identity)
            for number, one in enumerate(mask.segments, start=1)
        ],
        series_instance_uid=_uid(identity, "series"),
        series_number=9000 + (series.series_number or 0) % 1000,
        sop_instance_uid=_uid(identity, "instance"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=__version__,
        content_label=_code_string(mask.recipe),
        content_description=INTENDED_USE[:64],
        series_description=f"{mask.recipe} mask{f' of visit {visit}' if visit else ''}"[:64],
        pixel_measures=PixelMeasuresSequence(
            geometry.pixel_spacing, geometry.slice_thickness or geometry.slice_spacing, spacing
        ),
        plane_orientation=PlaneOrientationSequence(
            "PATIENT", [*geometry.along_row.tolist(), *geometry.along_column.tolist()]
        ),
        plane_positions=[PlanePositionSequence("PATIENT", origin) for origin in geometry.origins.tolist()],
        omit_empty_frames=True,
        coding_schemes=_schemes(mask) or None,
    )
    set_references(dataset, series, source)
    dataset.update(patient)
    dataset.ContentCreatorName = reader
    return dataset


def _description(number: int, segment: Segment, mask: Mask, series: Series, identity: str) -> Any:
    import highdicom as hd

    by_hand = mask.recipe == MANUAL
    # Kept on one line each: the parameters, for the record, as the standard has a place for them.
    parameters = {name: str(value) for name, value in sorted(mask.parameters.items())}
    algorithm = hd.AlgorithmIdentificationSequence(
        name=mask.recipe[:64],
        family=_concept(_BY_HAND if by_hand else _MORPHOLOGY),
        version=mask.recipe_version[:64],
        source=MANUFACTURER,
        parameters=parameters or None,
    )
    description = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.name[:64],
        segmented_property_category=_concept(segment.category),
        segmented_property_type=_concept(segment.type),
        algorithm_type=(
            hd.seg.SegmentAlgorithmTypeValues.MANUAL
            if by_hand
            else hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC
        ),
        algorithm_identification=None if by_hand else algorithm,
        tracking_uid=_uid(identity, f"segment {segment.label}"),
        tracking_id=f"{segment.name[:60]} {segment.label}",
        anatomic_regions=[_concept(segment.site)] if segment.site else None,
    )
    # The number of the label in our own arrays: SEG numbers must run from 1 without a hole.
    description.SegmentDescription = f"label {segment.label}"
    side = _SIDES.get(series.laterality) if series.laterality else None
    if side is not None and segment.site is not None:
        description.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [_concept(side)]
    return description


def _schemes(mask: Mask) -> list[Any]:
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    used = {code.scheme for one in mask.segments for code in (one.category, one.type, one.site) if code}
    return [
        CodingSchemeIdentificationItem(
            designator=scheme, name=facts["name"], responsible_organization=facts["organization"]
        )
        for scheme, facts in own_schemes().items()
        if scheme in used
    ]


def _renumbered(mask: Mask) -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    for number, segment in enumerate(mask.segments, start=1):
        table[segment.label] = number
    return np.asarray(table[mask.labels])


def _identity(mask: Mask, series: Series, reader: str) -> str:
    """Same mask of the same series by the same hand: same UIDs, so that exporting again adds nothing."""
    digest = hashlib.sha256(np.ascontiguousarray(mask.labels).tobytes())
    facts = [series.key, mask.recipe, mask.recipe_version, mask.parameters, reader, __version__]
    digest.update(json.dumps([*facts, [one.name for one in mask.segments]], default=str).encode())
    return digest.hexdigest()


def _uid(identity: str, part: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"{identity} {part}".encode()).digest()[:16], "big")
    return f"2.25.{number}"


def _concept(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning[:64])


def _code_string(text: str) -> str:
    # CS: upper case, digits, space and underscore, 16 characters (PS3.5 6.2).
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text.upper())[:16] or "MASK"


def write(bundle: Bundle, folder: Path, progress: Progress) -> list[Path]:
    """Write every mask of the bundle that marks something, one folder per case."""
    marked = tuple(one for one in bundle.masks if one.mask.labels.any())
    paths = mask_paths(marked, folder, ".dcm")
    for done, (one, path) in enumerate(zip(marked, paths, strict=True)):
        progress.report(done, len(paths), path.name)
        write_seg(one.mask, one.series, path, one.reader, one.visit)
    progress.report(len(paths), len(paths), "")
    return paths


EXPORTER = Exporter("seg", "Masks as DICOM SEG", ".dcm", "masks", write)
