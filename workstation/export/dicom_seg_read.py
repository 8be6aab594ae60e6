"""DICOM Segmentation back onto the grid of a series."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import StackGeometry, Vector
from workstation.masks.mask import Code, Mask, Segment

_SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
_TOLERANCE_MM = 0.05
_OWN_LABEL = re.compile(r"label (\d{1,3})")


def read_seg(path: Path, series_key: str, geometry: StackGeometry) -> Mask:
    """Read a binary SEG as a mask on the grid of a series.

    Parameters
    ----------
    path : Path
        A SEG of this program or of another one, on exactly this grid.
    series_key : str
        `Series.key` that the mask will belong to.
    geometry : StackGeometry
        Of the series.

    Raises
    ------
    DataError
        If it is damaged, not a binary SEG, lies on another grid, or two segments overlap (one voxel
        holds one label here).
    """
    refused = f"{path.name} was not read as a mask"
    dataset = _opened(path, refused)
    try:
        return _mask(dataset, series_key, geometry, refused)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A foreign file may lack any attribute or hold any value in it.
        raise DataError(refused, "it is damaged: a part of it is missing or has a wrong value") from error


def _mask(dataset: Any, series_key: str, geometry: StackGeometry, refused: str) -> Mask:
    _check_plane(dataset, geometry, refused)
    items = list(dataset.get("SegmentSequence", []))
    labels_of, segments = _segments(items)
    voxels = np.zeros(geometry.shape, dtype=np.uint8)
    planes = _planes(dataset, refused)
    frames = dataset.PerFrameFunctionalGroupsSequence
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if len(frames) != len(planes):
        raise DataError(refused, "it describes another number of frames than it holds")
    for frame, plane in zip(frames, planes, strict=True):
        index = _slice_of(_position(frame, shared, refused), geometry, refused)
        number = int(_group(frame, shared, "SegmentIdentificationSequence", refused).ReferencedSegmentNumber)
        if number not in labels_of:
            raise DataError(refused, f"a frame belongs to segment {number}, which it does not describe")
        marked = plane > 0
        if (voxels[index][marked] > 0).any():
            raise DataError(refused, "two of its segments overlap, and a voxel holds one label here")
        voxels[index][marked] = labels_of[number]
    recipe, version, parameters = _origin(items)
    return Mask(series_key, voxels, geometry, segments, recipe, version, parameters)


def _opened(path: Path, refused: str) -> Any:
    from pydicom import dcmread
    from pydicom.errors import BytesLengthException, InvalidDicomError

    damage = (
        OSError, InvalidDicomError, BytesLengthException, EOFError, ValueError, KeyError,
        AttributeError, TypeError, NotImplementedError, struct.error,
    )  # fmt: skip
    try:
        dataset = dcmread(path)
        for _ in dataset.iterall():  # pydicom parses late; damage shows now, not in the middle
            pass
    except damage as error:
        raise DataError(refused, "it is damaged or not DICOM") from error
    if dataset.get("SOPClassUID") != _SEGMENTATION_STORAGE:
        raise DataError(refused, "it is not a segmentation")
    if dataset.get("SegmentationType") != "BINARY":
        raise DataError(refused, "it holds probabilities, not labels")
    for name in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence", "PixelData"):
        if not dataset.get(name):
            raise DataError(refused, f"it is damaged: {name} is missing")
    return dataset


def _planes(dataset: Any, refused: str) -> NDArray[np.uint8]:
    try:
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        count = int(dataset.get("NumberOfFrames") or 1)
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(refused, "it is damaged: its size is missing") from error
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        # Frames are packed without padding between them (PS3.5 8.1.1); claim and content must agree
        # before memory is taken.
        if len(dataset.PixelData) * 8 < rows * columns * count:
            raise DataError(refused, "it is cut short")
        bits = np.unpackbits(
            np.frombuffer(dataset.PixelData, dtype=np.uint8), bitorder="little", count=rows * columns * count
        )
        return bits.reshape(count, rows, columns)
    try:
        return np.asarray(dataset.pixel_array, dtype=np.uint8).reshape(count, rows, columns)
    except (ValueError, RuntimeError, AttributeError, NotImplementedError) as error:
        raise DataError(refused, "its frames cannot be decoded") from error


def _check_plane(dataset: Any, geometry: StackGeometry, refused: str) -> None:
    if (int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)) != geometry.shape[1:]:
        raise DataError(refused, "its size differs from the series")
    own = geometry.frame_of_reference_uid
    if own and dataset.get("FrameOfReferenceUID") != own:
        raise DataError(refused, "it belongs to another frame of reference than the series")
    shared, first = dataset.SharedFunctionalGroupsSequence[0], dataset.PerFrameFunctionalGroupsSequence[0]
    measures = _group(first, shared, "PixelMeasuresSequence", refused)
    orientation = _group(first, shared, "PlaneOrientationSequence", refused)
    spacing = np.asarray(measures.PixelSpacing, dtype=np.float64)
    directions = np.asarray(orientation.ImageOrientationPatient, dtype=np.float64)
    extent = max(geometry.shape[1:])
    same_spacing = np.allclose(
        spacing * extent, np.array(geometry.pixel_spacing) * extent, atol=_TOLERANCE_MM
    )
    own_directions = np.concatenate([geometry.along_row, geometry.along_column])
    if not same_spacing or not np.allclose(directions, own_directions, atol=1e-4):
        raise DataError(refused, "its pixels lie in other directions or distances than those of the series")


def _slice_of(position: Vector, geometry: StackGeometry, refused: str) -> int:
    distances = np.linalg.norm(geometry.origins - position, axis=1)
    index = int(np.argmin(distances))
    if distances[index] > _TOLERANCE_MM:
        raise DataError(refused, "it has a slice where the series has none")
    return index


def _position(frame: Any, shared: Any, refused: str) -> Vector:
    group = _group(frame, shared, "PlanePositionSequence", refused)
    return np.asarray(group.ImagePositionPatient, dtype=np.float64)


def _group(frame: Any, shared: Any, name: str, refused: str) -> Any:
    found = frame.get(name) or shared.get(name)
    if not found:
        raise DataError(refused, f"it is damaged: {name} is missing")
    return found[0]


def _segments(items: list[Any]) -> tuple[dict[int, int], tuple[Segment, ...]]:
    """Label of each segment number: ours where the file keeps it, else the number itself."""
    labels: dict[int, int] = {}
    segments = []
    for item in items:
        number = int(item.SegmentNumber)
        own = _OWN_LABEL.fullmatch(str(item.get("SegmentDescription", "")))
        label = int(own.group(1)) if own else number
        labels[number] = label if 0 < label < 256 and label not in labels.values() else number
        sites = item.get("AnatomicRegionSequence")
        segments.append(
            Segment(
                labels[number],
                str(item.get("SegmentLabel", f"segment {number}")),
                _code(item.SegmentedPropertyCategoryCodeSequence[0]),
                _code(item.SegmentedPropertyTypeCodeSequence[0]),
                _code(sites[0]) if sites else None,
            )
        )
    return labels, tuple(segments)


def _code(item: Any) -> Code:
    return Code(str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning))


def _origin(items: list[Any]) -> tuple[str, str, dict[str, float | str]]:
    sequence = items[0].get("SegmentationAlgorithmIdentificationSequence") if items else None
    if not sequence:
        return "manual", "1", {}
    algorithm = sequence[0]
    parameters: dict[str, float | str] = {}
    for part in str(algorithm.get("AlgorithmParameters", "")).split(","):
        name, equals, value = part.partition("=")
        if equals:
            try:
                parameters[name] = float(value)
            except ValueError:
                parameters[name] = value
    return str(algorithm.AlgorithmName), str(algorithm.get("AlgorithmVersion", "1")), parameters
