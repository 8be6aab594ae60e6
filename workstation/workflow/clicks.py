"""Clicks per bone as a person or a file gives them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from workstation.errors import DataError


def load_seeds(path: Path) -> dict[str, list[list[float]]]:
    """Read clicks per bone from JSON.

    Raises
    ------
    DataError
        In one sentence: no file, no JSON, or not clicks.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            "The clicks were not read", f"{path.name}: {error.strerror}", "Check --seeds"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError("The clicks were not read", f"{path.name} is no JSON{where}", _SHAPE) from error
    return checked_seeds(data)


_SHAPE = 'Write {"femur": [[x, y, z]], "tibia": [[x, y, z]]}, LPS mm'


def checked_seeds(data: object) -> dict[str, list[list[float]]]:
    """Clicks per bone as numbers.

    Raises
    ------
    DataError
        If something is no click.
    """
    if not isinstance(data, Mapping) or not data:
        raise DataError("The clicks were not used", "they name no bone", _SHAPE)
    found: dict[str, list[list[float]]] = {}
    for bone, points in data.items():
        if not isinstance(points, Sequence) or isinstance(points, str) or not points:
            raise DataError("The clicks were not used", f"{bone} has no click", _SHAPE)
        found[str(bone)] = [_point(str(bone), point) for point in points]
    return found


def _point(bone: str, point: object) -> list[float]:
    is_triplet = isinstance(point, Sequence) and not isinstance(point, str) and len(point) == 3
    values = list(point) if is_triplet and isinstance(point, Sequence) else []
    numbers = [
        v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
    ]
    if len(numbers) != 3:
        raise DataError("The clicks were not used", f"a click on {bone} is not three finite numbers", _SHAPE)
    return [float(v) for v in numbers]
