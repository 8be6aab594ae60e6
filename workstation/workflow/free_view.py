"""How a person left a case outside any study: kept with the person's settings, never with the study.

Layout, slices, windows, ties and measurements, by library and case code. Of a folder that was not imported
the same, with a digest in place of every UID of its files: neither names, paths nor UIDs are kept. Nothing
here is read or written while a study is read: that state belongs to the read and is kept in its journal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation import settings
from workstation.errors import StoreError
from workstation.imaging.study import Series

MOST_CASES = 1000
"""Views of the cases opened last; older ones are dropped."""


_UID = re.compile(r"\b\d+(?:\.\d+){2,}\b")
_DIGEST = re.compile(r"\buid-[0-9a-f]{32}\b")


@dataclass(frozen=True)
class FreeView:
    """Where the view of one case or folder is kept.

    Attributes
    ----------
    path : Path
    uids : mapping of str to str or None
        UID of each digest where UIDs must not be kept; None for a case of a library, whose UIDs are its own.
    """

    path: Path
    uids: Mapping[str, str] | None = None

    def keep(self, view: Mapping[str, Any]) -> None:
        """Keep how it is shown now, whole or not at all; raises `StoreError` if that cannot be written."""
        text = json.dumps(view)
        _write(self.path, _UID.sub(lambda found: _digest(found.group()), text) if self.uids else text)

    def kept(self) -> dict[str, Any]:
        """How it was left; empty if it was never open or what was kept is damaged."""
        uids = self.uids or {}
        try:
            text = self.path.read_text(encoding="utf-8")
            found = json.loads(_DIGEST.sub(lambda one: uids.get(one.group(), one.group()), text))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def view_of_case(library: Path, code: str) -> FreeView:
    """Of a case of a library."""
    return FreeView(view_file(library, code))


def view_of_folder(series: Iterable[Series]) -> FreeView:
    """Of pictures that were not imported: known again by their series, wherever the folder lies."""
    offered = tuple(series)
    # The first file as well: an anonymiser may have emptied the UIDs of the series.
    names = sorted(f"{one.key} {one.first.sop_instance_uid}" for one in offered)
    name = hashlib.sha256("\n".join(("folder", *names)).encode()).hexdigest()[:32]
    uids = {uid for one in offered for uid in (one.series_instance_uid, one.study_instance_uid)}
    for one in offered:
        uids |= {one.frame_of_reference_uid, *(instance.sop_instance_uid for instance in one.instances)}
        uids |= set(_UID.findall(one.key))
    return FreeView(_folder() / f"{name}.json", {_digest(uid): uid for uid in uids if uid})


def _digest(uid: str) -> str:
    return f"uid-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"


def _folder() -> Path:
    return settings.settings_file().parent / "views"


def view_file(library: Path, code: str) -> Path:
    """Where the view of a case is kept; the name tells neither library nor case."""
    name = hashlib.sha256(f"{library.resolve()}\n{code}".encode()).hexdigest()[:32]
    return _folder() / f"{name}.json"


def keep_view(library: Path, code: str, view: Mapping[str, Any]) -> None:
    """Keep how a case is shown now, whole or not at all.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    view_of_case(library, code).keep(view)


def kept_view(library: Path, code: str) -> dict[str, Any]:
    """How a case was left; empty if it was never open or what was kept is damaged."""
    return view_of_case(library, code).kept()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
        _drop_oldest(path.parent)
    except OSError as error:
        raise StoreError(
            "How the case is shown was not kept", error.strerror or "disk", "Check the disk"
        ) from error


def _drop_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MOST_CASES:]:
        path.unlink(missing_ok=True)
