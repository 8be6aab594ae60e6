"""Coded words that may leave: those of ``resources/codes``, each looked up in the standard."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from workstation.errors import DataError, ResourceError
from workstation.masks.mask import Code, Segment
from workstation.resources import resource_path


@lru_cache(maxsize=1)
def known_codes() -> dict[tuple[str, str], Code]:
    """Every code that may be written, by scheme and value.

    Raises
    ------
    ResourceError
        If a file of codes has a mistake.
    """
    found: dict[tuple[str, str], Code] = {}
    for path, content in _files():
        try:
            listed = [
                Code(value, group["scheme"], meaning)
                for group in content["codes"]
                for value, meaning in group["codes"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise ResourceError(
                "The codes were not read",
                f"{path.name} is not in the right form",
                "Install the program again",
            ) from error
        found |= {(code.scheme, code.value): code for code in listed}
    return found


def own_schemes() -> dict[str, dict[str, str]]:
    """Name and organization of the coding schemes of this program, by designator."""
    return {name: facts for _, content in _files() for name, facts in content.get("schemes", {}).items()}


def require_known(segments: Iterable[Segment], what: str) -> None:
    """Refuse a segment with a code that was never looked up.

    Raises
    ------
    DataError
    """
    for segment in segments:
        for code in (segment.category, segment.type, segment.site):
            if code is not None and (code.scheme, code.value) not in known_codes():
                raise DataError(
                    what,
                    f"its segment {segment.name} has the code {code.value} of {code.scheme}, "
                    "which is not listed",
                )


def _files() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(resource_path("codes").glob("*.toml")):
        try:
            yield path, tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ResourceError("The codes were not read", f"{path.name}: {error}") from error
