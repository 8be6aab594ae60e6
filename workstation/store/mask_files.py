"""Masks kept beside the images of a library: one file per version, never overwritten.

::

    library/masks/<case>/<name>-<series>-<version>.npz

`name` is the recipe's (or ``regions``), `series` a digest of the series key. The newest version counts;
older ones stay, so that a number in a table can be traced to its mask.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from workstation.errors import DataError, StoreError
from workstation.imaging.geometry import StackGeometry
from workstation.masks.mask import Code, Mask, Segment

FOLDER = "masks"
DRAWN = "drawn"
"""Name of what a person drew by hand."""

_FORMAT = 1
_FILE = re.compile(r"(?P<name>.+)-(?P<series>[0-9a-f]{12})-(?P<version>\d{4})\.npz")


def keep_mask(library: Path, case: str, name: str, mask: Mask, over: Path | None = None) -> Path:
    """Keep a mask of a case as its newest version; an unchanged one adds nothing.

    Parameters
    ----------
    library : Path
        Folder of the library.
    case : str
        Case code.
    name : str
        What it is called in file names: the recipe, ``"regions"`` or ``"drawn"``.
    over : Path, optional
        A version that this one takes the place of: an earlier moment of the same drawing.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    folder = library / FOLDER / _word(case)
    series = hashlib.sha256(mask.series_key.encode()).hexdigest()[:12]
    earlier = _versions(folder).get((_word(name), series), [])
    if earlier and _is_kept(earlier[-1], mask):
        return earlier[-1]
    path = over or folder / f"{_word(name)}-{series}-{len(earlier) + 1:04d}.npz"
    beside = path.with_name(f".new-{path.name}")
    geometry = mask.geometry
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as stream:
            np.savez_compressed(
                stream,
                facts=np.frombuffer(json.dumps(_facts(mask)).encode(), dtype=np.uint8),
                labels=mask.labels,
                origins=geometry.origins,
                directions=np.stack([geometry.along_row, geometry.along_column]),
            )
        beside.replace(path)
    except OSError as error:
        raise StoreError(
            "The mask was not kept",
            error.strerror or "the disk refused",
            "Free some space on the library's disk",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return path


def kept_masks(library: Path, case: str, name: str = "") -> tuple[tuple[str, Mask], ...]:
    """The newest version of every mask of a case, with its name, by name and series.

    Parameters
    ----------
    name : str
        Only masks of this name; of any if empty.

    Raises
    ------
    DataError
        If a file is damaged.
    """
    found = _versions(library / FOLDER / _word(case))
    wanted = sorted(one for one in found if name in ("", one[0]))
    return tuple((one[0], load_mask(found[one][-1])) for one in wanted)


def newest_files(library: Path, case: str) -> tuple[Path, ...]:
    """Files of the newest version of every mask of a case."""
    return tuple(paths[-1] for _, paths in sorted(_versions(library / FOLDER / _word(case)).items()))


def place_file(library: Path, case: str, name: str, data: bytes) -> bool:
    """Put a mask's file from another library in its place; False if one of that name is there.

    Raises
    ------
    DataError
        If it is no mask, or its name is not that of one.
    StoreError
        If it cannot be written.
    """
    folder = library / FOLDER / _word(case)
    path, beside = folder / name, folder / f".new-{name}"
    if _FILE.fullmatch(name) is None or Path(name).name != name:
        raise DataError("A mask was not taken in", "its name is not that of a mask")
    if path.exists():
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        load_mask(beside)
        beside.replace(path)
    except OSError as error:
        raise StoreError(
            "A mask was not taken in", error.strerror or "the disk refused", "Free some space"
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return True


def load_mask(path: Path) -> Mask:
    """Read one kept mask.

    Raises
    ------
    DataError
        If it is damaged, or from a newer version of the program.
    """
    refused = f"The mask {path.name} was not opened"
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            if facts["format"] > _FORMAT:
                raise DataError(refused, "a newer version of the program made it", "Update this program")
            labels = np.array(arrays["labels"], dtype=np.uint8)
            along_row, along_column = arrays["directions"]
            geometry = StackGeometry(
                tuple(labels.shape),
                np.array(arrays["origins"]),
                along_row,
                along_column,
                (facts["pixel_spacing"][0], facts["pixel_spacing"][1]),
                facts["slice_thickness"],
                facts["frame_of_reference_uid"],
            )
        segments = tuple(_segment(one) for one in facts["segments"])
        return Mask(
            facts["series_key"], labels, geometry, segments,
            facts["recipe"], facts["recipe_version"], facts["parameters"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(refused, "its file is damaged", "Make the mask again") from error


def _facts(mask: Mask) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "series_key": mask.series_key,
        "segments": [asdict(one) for one in mask.segments],
        "recipe": mask.recipe,
        "recipe_version": mask.recipe_version,
        "parameters": dict(mask.parameters),
        "pixel_spacing": list(mask.geometry.pixel_spacing),
        "slice_thickness": mask.geometry.slice_thickness,
        "frame_of_reference_uid": mask.geometry.frame_of_reference_uid,
    }


def _segment(facts: dict[str, Any]) -> Segment:
    site = facts["site"]
    return Segment(
        facts["label"],
        facts["name"],
        Code(**facts["category"]),
        Code(**facts["type"]),
        Code(**site) if site else None,
    )


def _is_kept(path: Path, mask: Mask) -> bool:
    try:
        kept = load_mask(path)
    except DataError:
        return False  # a damaged version does not stand in the way of a new one
    one, other = kept.geometry, mask.geometry
    return json.dumps(_facts(kept)) == json.dumps(_facts(mask)) and all(
        np.array_equal(first, second)
        for first, second in (
            (kept.labels, mask.labels),
            (one.origins, other.origins),
            (one.along_row, other.along_row),
            (one.along_column, other.along_column),
        )
    )


def _versions(folder: Path) -> dict[tuple[str, str], list[Path]]:
    found: dict[tuple[str, str], list[Path]] = {}
    if folder.is_dir():
        for path in sorted(folder.glob("*.npz")):
            match = _FILE.fullmatch(path.name)
            if match:
                found.setdefault((match["name"], match["series"]), []).append(path)
    return found


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", text).strip("._-") or "_"
