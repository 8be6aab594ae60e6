"""What a reader may call what is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.masks.codes import (
    ABNORMAL,
    ANATOMY,
    BONE,
    BONE_MARROW,
    CYST,
    EDEMA,
    LOW_T1_MARROW,
    NECROSIS,
)
from workstation.masks.mask import Segment

LABELS: tuple[Segment, ...] = (
    Segment(1, "edema", ABNORMAL, EDEMA, BONE_MARROW),
    Segment(2, "low-T1 marrow, reconversion pattern", ABNORMAL, LOW_T1_MARROW, BONE_MARROW),
    Segment(3, "cyst", ABNORMAL, CYST, BONE),
    Segment(4, "necrosis", ABNORMAL, NECROSIS, BONE),
    Segment(5, "bone", ANATOMY, BONE_MARROW, BONE),
)
"""Numbers and names are kept in journals: one is never given another meaning."""

NAMES = {one.label: one.name for one in LABELS}
NUMBERS = {one.name: one.label for one in LABELS}


def used(labels: NDArray[np.uint8]) -> tuple[Segment, ...]:
    """The labels that occur in a mask."""
    there = set(np.unique(labels).tolist())
    return tuple(one for one in LABELS if one.label in there)
