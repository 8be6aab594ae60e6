"""The one table of commands, key profiles, and the keymap that a person's settings make of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import ResourceError
from workstation.gui.keymap import Command, Keymap, portable
from workstation.gui.viewer.keys import BINDINGS
from workstation.resources import resource_path

OTHER: tuple[Command, ...] = (
    Command("form_back", "One item back", "Backspace", "form"),
    Command("form_next", "Next item without an answer", "Space", "form"),
    Command("form_column", "Next column: the other visit or side", "J", "form"),
    Command("form_flag", "Flag to come back to", "F", "form"),
    Command("form_evidence", "Tie the slice on screen to this item", "K", "form"),
    Command("detach_form", "Form in its own window, or back", "Shift+D", "reading"),
    Command("undo", "Undo", "Ctrl+Z", "reading"),
    Command("redo", "Redo", "Ctrl+Shift+Z", "reading"),
    Command("case_back", "Previous case of the worklist", "Ctrl+PgUp", "reading"),
    Command("case_on", "Next case of the worklist", "Ctrl+PgDown", "reading"),
    Command("pause", "Pause: cover the case, or go on", "Ctrl+P", "reading"),
    Command("lock", "Lock this read", "Ctrl+L", "reading"),
    Command("sign_several", "Sign several complete reads at once", "Ctrl+Shift+S", "reading"),
    Command("show_masks", "Show masks, where the plan lets you", "Ctrl+M", "reading"),
    Command("urgent", "Urgent finding: tell the safety contact", "Ctrl+U", "reading"),
    Command("next_difference", "Next difference", "J", "reconcile"),
    Command("take_x", "Take the value of X", "X", "reconcile"),
    Command("take_y", "Take the value of Y", "Y", "reconcile"),
    Command("reason", "Write the reason", "R", "reconcile"),
    Command("sides", "Both readers' slices, X alone, Y alone", "B", "reconcile"),
    Command("sides_link", "Both linked, or each by itself", "U", "reconcile"),
    Command("own_slices", "Back to the slices that the readers left", "Backspace", "reconcile"),
    Command("next_pair", "The next two of three readers", "Z", "reconcile"),
    Command("sides_masks", "Masks compared, or each alone", "M", "reconcile"),
    Command("mask_difference", "Next slice where the masks differ", "D", "reconcile"),
    Command("next_mark", "Next measurement of either reader", "L", "reconcile"),
    Command("reconcile_back", "Previous case of the study", "Ctrl+PgUp", "reconcile"),
    Command("reconcile_on", "Next case of the study", "Ctrl+PgDown", "reconcile"),
    Command("open_reconcile_study", "Open a study", "Ctrl+O", "reconcile"),
    Command("sign", "Sign the consensus", "Ctrl+L", "reconcile"),
    Command("import_folder", "Import a folder or disc", "Ctrl+O", "library"),
    Command("import_files", "Import files or ZIP archives", "Ctrl+Shift+O", "library"),
    Command("import_options", "Import with options", "Ctrl+Alt+O", "library"),
    Command("search", "Search cases", "Ctrl+F", "library"),
    Command("joint_knee", "Chosen cases: the joint is a knee", "Alt+K", "library"),
    Command("joint_hip", "Chosen cases: the joint is a hip", "Alt+H", "library"),
    Command("confirm_L", "Chosen cases: confirm the left side", "Alt+L", "library"),
    Command("confirm_R", "Chosen cases: confirm the right side", "Alt+R", "library"),
    Command("confirm_B", "Chosen cases: confirm both sides", "Alt+B", "library"),
    Command("open_reads", "Open a table of reads", "Ctrl+O", "results"),
    Command("open_study", "Open a study", "Ctrl+Shift+O", "results"),
    Command("save_tables", "Save the tables", "Ctrl+S", "results"),
    Command("save_report", "Save the report", "Ctrl+Shift+S", "results"),
    Command("desk_library", "Library", "Ctrl+1", "window"),
    Command("desk_reading", "Reading", "Ctrl+2", "window"),
    Command("desk_reconcile", "Reconcile", "Ctrl+3", "window"),
    Command("desk_results", "Results", "Ctrl+4", "window"),
    Command("desk_setup", "Set-up", "Ctrl+5", "window"),
    Command("lock_session", "Hide all until you sign in again", "Ctrl+Shift+L", "window"),
    Command("cheat_sheet", "All keys on one page", "F1", "window"),
    Command("help", "Help on this desk", "Shift+F1", "window"),
    Command("theme", "Dark or light", "Ctrl+T", "window"),
)
COMMANDS: tuple[Command, ...] = BINDINGS + OTHER

GROUPS: tuple[tuple[str, str], ...] = (
    ("images", "Images"),
    ("form", "Form"),
    ("reading", "Reading"),
    ("reconcile", "Reconcile"),
    ("library", "Library"),
    ("results", "Results"),
    ("window", "Window"),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("wheel", "slices"),
    ("Ctrl + wheel", "zoom"),
    ("Alt + wheel", "size of the brush"),
    ("left drag", "window, or the chosen tool"),
    ("middle drag", "pan"),
    ("right drag", "zoom"),
    ("right click", "series for this viewport"),
    ("double click", "one viewport alone, or all"),
    ("Shift + move", "the same point in every viewport"),
)
FIXED_KEYS: tuple[tuple[str, str, str], ...] = (
    ("images", "Alt + digit", "Window preset (no form: digit alone)"),
    ("images", "Tab", "Next viewport"),
    ("form", "digit", "The grade; the next item follows"),
    ("form", "- or .", "Cannot be assessed"),
    ("reconcile", "digit, -", "Another value; cannot be assessed"),
    ("library", "Enter", "Read the chosen case"),
    ("results", "arrows", "Region to region on the diagram"),
    ("results", "Enter", "Open the chosen case"),
)
PAIRS: Mapping[str, tuple[str, str]] = {
    "first_slice": ("last_slice", "First and last slice"),
    "cine_slower": ("cine_faster", "Cine slower and faster"),
    "undo": ("redo", "Undo and redo"),
    "take_x": ("take_y", "Take the value of X or Y"),
}
"""Commands that the sheet tells in one row with another; back and on are such pairs by their names."""
OWN_PROFILE = "marrow"

Section = tuple[str, tuple[tuple[str, str], ...]]
"""A heading, and pairs of key and what it does."""


def sections(keymap: Keymap) -> tuple[Section, ...]:
    """Headings with their keys, as they are now; commands without a key are left out."""
    found: list[Section] = [("Mouse", MOUSE)]
    for context, heading in GROUPS:
        rows = _paired(keymap, [command for command in keymap.commands if command.context == context])
        rows += [(key, title) for where, key, title in FIXED_KEYS if where == context]
        if rows:
            found.append((heading, tuple(rows)))
    return tuple(found)


def _paired(keymap: Keymap, commands: list[Command]) -> list[tuple[str, str]]:
    """Keys with what they do; back and on, and other pairs, stand in one row."""
    rows = []
    of = {command.action: command for command in commands}
    pairs = dict(PAIRS)
    for command in commands:
        stem, _, way = command.action.rpartition("_")
        if way == "back" and f"{stem}_on" in of:
            words = command.title.replace("Previous", "Previous and next", 1)
            pairs[command.action] = f"{stem}_on", words.replace("Smaller", "Smaller and larger", 1)
    shown = set()
    for command in commands:
        key = keymap.key_of(command.action)
        other, words = pairs.get(command.action, ("", ""))
        second = keymap.key_of(other) if other in of else ""
        if key and second:
            rows.append((f"{key}, {second}", words))
            shown.add(other)
        elif key and command.action not in shown:
            rows.append((key, command.title))
    return rows


@dataclass(frozen=True)
class Profile:
    """Keys as another program has them: a name, and the keys that differ from the table."""

    id: str
    title: str
    keys: Mapping[str, str]


OWN = Profile(OWN_PROFILE, "Marrow", {})


def load_profiles(folder: Path | None = None) -> tuple[Profile, ...]:
    """The program's own keys, then every profile of ``resources/keys``.

    Raises
    ------
    ResourceError
        Naming file and line of an unknown command, of something that is no key, or of a conflict.
    """
    paths = sorted((folder or resource_path("keys")).glob("*.toml"))
    return (OWN, *(load_profile(path) for path in paths))


def load_profile(path: Path) -> Profile:
    """Read one profile; raises `ResourceError` naming the line of a mistake."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(f"The key profile {path.name} was not loaded", "it cannot be read") from error
    except tomllib.TOMLDecodeError as error:
        raise _mistake(path, re.findall(r"line (\d+)|$", str(error))[0] or "1", str(error)) from error
    keys = data.get("keys")
    for key in data:
        if key not in ("title", "keys"):
            raise _mistake(path, _line(text, key), f"{key} is not a key of a profile")
    if not isinstance(data.get("title"), str) or not isinstance(keys, dict):
        raise _mistake(path, 1, "it needs a title and a table [keys]")
    known = {command.action for command in COMMANDS}
    for action, key in keys.items():
        if action not in known:
            raise _mistake(path, _line(text, action), f"there is no command {action}")
        if not isinstance(key, str) or (key and not portable(key)):
            raise _mistake(path, _line(text, action), f"{key!r} is no key")
    trial = Keymap(COMMANDS)
    refused = trial.use(keys)
    if refused:
        wrong = next(name for name in (*keys, *known) if not trial.keys[name] and keys.get(name) != "")
        raise _mistake(path, _line(text, wrong), refused[0].rstrip("."))
    return Profile(path.stem, data["title"], keys)


def make_keymap(chosen: Mapping[str, Any]) -> Keymap:
    """The keymap of the settings: a profile, and what the person changed in it."""
    profile = profile_of(str(chosen.get("key_profile", OWN_PROFILE)))
    own = chosen.get("keys")
    return Keymap(COMMANDS, {**profile.keys, **(own if isinstance(own, dict) else {})})


def profile_of(profile_id: str) -> Profile:
    """A profile by its id; the program's own where there is none of that id."""
    if profile_id == OWN_PROFILE:
        return OWN  # the files of other programs' keys are not read at every start
    return {profile.id: profile for profile in load_profiles()}.get(profile_id, OWN)


def changed_keys(keymap: Keymap, profile: Profile) -> dict[str, str]:
    """What a person changed in a profile: to be kept in the settings."""
    plain = Keymap(COMMANDS, profile.keys)
    return {name: key for name, key in keymap.keys.items() if key != plain.keys[name]}


def _line(text: str, key: str) -> int:
    found = [n for n, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[?{re.escape(key)}\b", line)]
    return found[0] if found else 1


def _mistake(path: Path, line: object, why: str) -> ResourceError:
    return ResourceError(
        f"The key profile {path.name} was not loaded", f"line {line}: {why}", "Correct that line"
    )
