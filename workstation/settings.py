"""The settings of the program: one table; the dialog, the help and the checks are made from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from workstation.errors import StoreError

APPLICATION = "marrow"


@dataclass(frozen=True)
class Setting:
    """One thing that a person may choose.

    `check` says whether a value may be kept; an unknown or refused value falls back to `default`.
    """

    name: str
    default: Any
    help: str
    check: Callable[[Any], bool]


SETTINGS: tuple[Setting, ...] = (
    Setting("theme", "dark", "Colours of the window: dark or light.", {"dark", "light"}.__contains__),
    Setting(
        "overlay_opacity",
        0.35,
        "Opacity of a filled mask, 0 to 1.",
        lambda value: isinstance(value, int | float) and 0 <= value <= 1,
    ),
    Setting(
        "cache_mib",
        0,
        "Memory for decoded images in MiB; 0 takes a quarter of this computer's memory.",
        lambda value: isinstance(value, int) and value >= 0,
    ),
    Setting(
        "idle_lock_min",
        10,
        "Minutes without key or mouse after which a sealed study asks for the passphrase again; 0 never.",
        lambda value: isinstance(value, int | float) and 0 <= value <= 1440,
    ),
    Setting(
        "key_profile",
        "marrow",
        "Keys: marrow, or those of another program: horos, ohif, weasis.",
        lambda value: isinstance(value, str) and value.isalnum(),
    ),
    Setting(
        "keys",
        {},
        "Keys that were changed in the profile, by command.",
        lambda value: (
            isinstance(value, dict)
            and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())
        ),
    ),
    Setting(
        "intended_use_seen",
        False,
        "The note on intended use was read.",
        lambda value: isinstance(value, bool),
    ),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def settings_file() -> Path:
    """Where settings are kept (``MARROW_CONFIG`` names another folder)."""
    folder = os.environ.get("MARROW_CONFIG") or platformdirs.user_config_dir(APPLICATION)
    return Path(folder) / "settings.json"


def default_library() -> Path:
    """The library used when none is named (``MARROW_LIBRARY`` names another folder)."""
    named = os.environ.get("MARROW_LIBRARY")
    return Path(named) if named else Path(platformdirs.user_data_dir(APPLICATION)) / "library"


def load(file: Path | None = None) -> dict[str, Any]:
    """All settings by name, defaults filled in; a damaged file counts as empty."""
    values = {setting.name: setting.default for setting in SETTINGS}
    try:
        stored = json.loads((file or settings_file()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return values
    if isinstance(stored, dict):
        for name, value in stored.items():
            if name in _BY_NAME and _BY_NAME[name].check(value):
                values[name] = value
    return values


def save(values: dict[str, Any], file: Path | None = None) -> None:
    """Keep the values that differ from their default.

    Raises
    ------
    StoreError
        If a value is not allowed or the file cannot be written.
    """
    for name, value in values.items():
        if name not in _BY_NAME or not _BY_NAME[name].check(value):
            raise StoreError("A setting was not saved", f"{name} cannot be {value!r}")
    changed = {n: v for n, v in values.items() if v != _BY_NAME[n].default}
    path = file or settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(changed, indent=1), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise StoreError(
            "The settings were not saved", error.strerror or "disk", "Check the disk and try again"
        ) from error
