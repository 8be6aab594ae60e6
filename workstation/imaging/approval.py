"""What a person must look at before an image leaves the library: text in the picture, and old overlays."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from workstation.imaging.dicom import DicomFile, read_file
from workstation.imaging.dicom_kinds import Kind
from workstation.imaging.dicom_pixels import plane_bytes
from workstation.imaging.study import Instance

SECONDARY, TEXT, OVERLAY = "secondary capture", "burned-in text", "overlay"


def awaits_approval(stream: BinaryIO) -> str:
    """Why a copy must be approved before it is given away; empty when it need not be.

    Parameters
    ----------
    stream : BinaryIO
        The whole file, of any size: never more than one plane of it is in memory.

    Returns
    -------
    str
        `SECONDARY`, `TEXT` or `OVERLAY`. An overlay here is drawn in the bits of each pixel that the image
        does not use (retired in DICOM since 2004, PS3.3 C.9.2); one of its own group is never in a copy.

    Raises
    ------
    DataError
        If it is no readable image.
    """
    file = read_file(stream, "copy")
    if file.kind is Kind.SECONDARY_CAPTURE:
        return SECONDARY
    if file.kind is Kind.BURNED_IN or any(one.burned_in_annotation == "YES" for one in file.instances):
        return TEXT
    return OVERLAY if _has_overlay(file, stream) else ""


def _has_overlay(file: DicomFile, stream: BinaryIO) -> bool:
    return any(_draws_above(one, stream) for one in file.instances)


def _draws_above(instance: Instance, stream: BinaryIO) -> bool:
    pixels = instance.pixels
    if pixels.offset is None or pixels.bits_stored >= pixels.bits_allocated or pixels.bits_allocated == 32:
        return False
    kind = "i" if pixels.signed else "u"
    stream.seek(pixels.offset)
    data = stream.read(plane_bytes(pixels))
    plane = np.frombuffer(data, f"<{kind}{pixels.bits_allocated // 8}")
    if pixels.signed:  # the sign fills the unused bits: anything else in them is drawn
        unused = pixels.bits_allocated - pixels.bits_stored
        return bool(np.any((plane << unused) >> unused != plane))
    return bool(plane.max(initial=0) >> pixels.bits_stored)
