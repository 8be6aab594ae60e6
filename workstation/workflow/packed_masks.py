"""Masks of the library that readers may see by the plan: they travel with the package, and only then."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from workstation.errors import StoreError
from workstation.reading import package
from workstation.reading.blinding_rule import Overlays
from workstation.reading.plan import StudyPlan
from workstation.reading.reader_plan import shown_cases
from workstation.store.mask_files import newest_files, place_file

_MOST_BYTES = 40 << 20
"""Of all masks together: they stand in the manifest, which is read in one piece."""


def packed_masks(library: Path, plan: StudyPlan) -> list[list[str]]:
    """Case, file name and content of the newest masks; none where the plan never shows them.

    Raises
    ------
    StoreError
        If they are too many, or one cannot be read.
    """
    if plan.blinding.overlays is Overlays.NEVER:
        return []
    found, size = [], 0
    for case in shown_cases(plan):
        for path in newest_files(library, case):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise StoreError(
                    "The package was not made", f"a mask cannot be read ({error.strerror or 'disk'})"
                ) from error
            size += len(data)
            found.append([case, path.name, base64.b64encode(data).decode()])
    if size > _MOST_BYTES:
        raise StoreError(
            "The package was not made",
            "the masks of the cases are too large to travel",
            "Set overlays to never, or read this study on one machine",
        )
    return found


def checked_masks(value: Any, plan: StudyPlan) -> list[tuple[str, str, bytes]]:
    """The masks of a package, of the right shape.

    Raises
    ------
    DataError
        If they are not, belong to no case of the plan, or the plan shows none.
    """
    try:
        found = [(str(case), str(name), base64.b64decode(data, validate=True)) for case, name, data in value]
    except (ValueError, TypeError, binascii.Error) as error:
        raise package.damaged() from error
    shown = shown_cases(plan) if plan.blinding.overlays is not Overlays.NEVER else ()
    if any(case not in shown for case, _, _ in found):
        raise package.damaged()
    return found


def place_masks(library: Path, masks: list[tuple[str, str, bytes]]) -> None:
    """Put masks beside the images; those that are here already stay.

    Raises
    ------
    DataError
        If one is no mask.
    StoreError
        If the disk refuses.
    """
    for case, name, data in masks:
        place_file(library, case, name, data)
