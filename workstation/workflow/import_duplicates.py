"""Two files under one SOP Instance UID: the same image, or two pictures of which one would be lost."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from workstation.errors import DataError
from workstation.imaging.dicom import read_file
from workstation.imaging.dicom_pixels import decode_plane

ALREADY_THERE = "already in the library"
OTHER_FORM = "already in the library: the same picture with another header or in another compression"
OTHER_PICTURE = (
    "another picture with the same SOP Instance UID is in the library; "
    "this one differs from it and was not taken"
)


def why_not_taken(new: BinaryIO, kept: Path) -> str:
    """Reason for leaving out `new`, whose UID is that of the library's copy `kept`.

    Both are decoded: a file that was merely exported again may be forgotten, another picture may not.
    """
    return OTHER_FORM if _same_picture(new, kept) else OTHER_PICTURE


def _same_picture(new: BinaryIO, kept: Path) -> bool:
    import numpy as np

    try:
        second = BytesIO(kept.read_bytes())
        new.seek(0)
        ours, theirs = read_file(new).instances, read_file(second).instances
        return len(ours) == len(theirs) and all(
            np.array_equal(decode_plane(a, new), decode_plane(b, second))
            for a, b in zip(ours, theirs, strict=True)
        )
    except (DataError, OSError):
        return False
