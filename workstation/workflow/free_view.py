"""How a person left a case outside any study: kept with the person's settings, never with the study.

Layout, slices, windows, ties and measurements, by library and case code. Nothing here is read or written
while a study is read: that state belongs to the read and is kept in its journal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workstation import settings
from workstation.errors import StoreError

MOST_CASES = 1000
"""Views of the cases opened last; older ones are dropped."""


def view_file(library: Path, code: str) -> Path:
    """Where the view of a case is kept; the name tells neither library nor case."""
    name = hashlib.sha256(f"{library.resolve()}\n{code}".encode()).hexdigest()[:32]
    return settings.settings_file().parent / "views" / f"{name}.json"


def keep_view(library: Path, code: str, view: Mapping[str, Any]) -> None:
    """Keep how a case is shown now, whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    path = view_file(library, code)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(view), encoding="utf-8")
        new.replace(path)
        _drop_oldest(path.parent)
    except OSError as error:
        raise StoreError(
            "How the case is shown was not kept", error.strerror or "disk", "Check the disk"
        ) from error


def kept_view(library: Path, code: str) -> dict[str, Any]:
    """How a case was left; empty if it was never open or what was kept is damaged."""
    try:
        found = json.loads(view_file(library, code).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _drop_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MOST_CASES:]:
        path.unlink(missing_ok=True)
