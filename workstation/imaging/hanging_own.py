"""A person's own hanging protocols: saved from the screen, kept as TOML files, given to others.

A file says planes, contrasts and places only, nothing of the case it was saved on.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

from workstation import settings
from workstation.errors import ResourceError, StoreError
from workstation.imaging.hanging_protocol import (
    Protocol,
    Rule,
    Stage,
    TileRule,
    load_protocol,
    load_protocols,
)
from workstation.imaging.study import Joint, Series

FOLDER = "hanging"
FITS_AGAIN = 200.0
"""Weight of an own protocol's joint: on a case that fills it, it goes before those of the program."""

_KEPT_OUT = Rule(-20.0, description=("loc", "scout", "survey", "localizer"))
_LARGEST_FILE = 256 * 1024


def own_folder() -> Path:
    """Where own protocols are kept, beside the settings."""
    return settings.settings_file().parent / FOLDER


def own_protocols() -> tuple[tuple[Protocol, ...], tuple[ResourceError, ...]]:
    """What a person saved or was given, by title, and what is wrong with the files that were left out."""
    found: dict[str, Protocol] = {}
    wrong: list[ResourceError] = []
    shipped = {protocol.id for protocol in load_protocols()}
    for path in sorted(own_folder().glob("*.toml")):
        try:
            protocol = load_protocol(path, own=True)
        except ResourceError as error:
            wrong.append(error)
            continue
        if protocol.id in found or protocol.id in shipped:
            wrong.append(_taken(path.name, protocol.id))
        else:
            found[protocol.id] = protocol
    return tuple(sorted(found.values(), key=lambda one: one.title.casefold())), tuple(wrong)


def offered_protocols() -> tuple[Protocol, ...]:
    """Own protocols and those of the program."""
    return own_protocols()[0] + load_protocols()


def protocol_of_screen(
    title: str,
    grid: tuple[int, int],
    hung: Sequence[tuple[Series | None, str, str]],
    joint: Joint | None = None,
    visits: Mapping[str, str] | None = None,
    protocol_id: str = "",
) -> Protocol:
    """A protocol that hangs like cases as the present screen does.

    Parameters
    ----------
    title : str
        Its name in the menu; the id is made from it.
    grid : (int, int)
        Rows and columns.
    hung : sequence of (Series or None, str, str)
        What hangs at each place, row by row, with its link group and the key of its window preset.
    joint : Joint or None
    visits : mapping of str to str or None
        Visit label of each series key where several visits hang side by side.
    protocol_id : str
        Id of the protocol that it replaces; made from the title if empty.
    """
    shown = [series for series, _, _ in hung if series is not None]
    if not shown:
        raise ResourceError("The screen was not saved", "nothing hangs on it", "Hang a series first")
    sides = len({one.laterality for one in shown}) > 1
    labels = list(dict.fromkeys(label for label in (visits or {}).values() if label))
    order = labels if len({(visits or {}).get(one.key) for one in shown}) > 1 else []
    tiles = []
    for number, (series, link, window) in enumerate(hung):
        if series is not None:
            visit = _visit(order, (visits or {}).get(series.key, ""))
            rules = _rules_for(series, sides=sides, visit=visit)
            role = _role(series, sides=sides, visit=visit)
            tiles.append(TileRule(role, *divmod(number, grid[1]), link, window, rules))
    known = joint or next((one.joint for one in shown if one.joint), None)
    match = (Rule(FITS_AGAIN, required=True, joint=(known.value,)) if known else Rule(FITS_AGAIN),)
    # One place may stay empty: the next patient's examination lacks a series more often than not.
    fewest = max(1, len(tiles) - 1)
    return Protocol(
        protocol_id or _identifier(title),
        1,
        title.strip(),
        *grid,
        fewest,
        None,
        match,
        tuple(tiles),
        own=True,
    )


def save_own(protocol: Protocol, *, replacing: bool = False) -> Path:
    """Keep a protocol.

    Raises
    ------
    ResourceError
        If its id belongs to the program, or to another own one and `replacing` is not set.
    StoreError
        If the file cannot be written.
    """
    present = {one.id for one in own_protocols()[0]}
    if protocol.id in {one.id for one in load_protocols()} or (protocol.id in present and not replacing):
        raise _taken(protocol.title, protocol.id)
    return _write(own_folder() / f"{protocol.id}.toml", to_toml(protocol))


def rename_own(protocol_id: str, title: str) -> Protocol:
    """Give an own protocol another title; its id stays, so that kept screens still find it."""
    if not title.strip():
        raise ResourceError("The protocol was not renamed", "its title is empty", "Type a title")
    renamed = replace(_own(protocol_id), title=title.strip())
    _write(_file_of(protocol_id), to_toml(renamed))
    return renamed


def delete_own(protocol_id: str) -> None:
    """Remove an own protocol; those of the program stay."""
    try:
        _file_of(protocol_id).unlink()
    except OSError as error:
        raise StoreError("The protocol was not deleted", error.strerror or "disk") from error


def share_own(protocol_id: str, path: Path) -> Path:
    """Write a copy for another person."""
    return _write(path, to_toml(_own(protocol_id)))


def take_protocol(path: Path) -> Protocol:
    """Add a protocol file that another person made.

    Raises
    ------
    ResourceError
        If it is no protocol, has a key that does not exist, or its id is taken; the sentence says the line.
    """
    name = path.name
    try:
        too_large = path.stat().st_size > _LARGEST_FILE
    except OSError as error:
        raise ResourceError(f"The hanging protocol {name} was not loaded", "it cannot be read") from error
    if too_large:
        raise ResourceError(f"The hanging protocol {name} was not loaded", "it is far too large for one")
    protocol = load_protocol(path, own=True)
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", protocol.id) is None:
        raise ResourceError(
            f"The hanging protocol {name} was not loaded",
            f"its id {protocol.id!r} may have small letters, figures and hyphens only",
            "Correct the id",
        )
    save_own(protocol)
    return protocol


def to_toml(protocol: Protocol) -> str:
    """The file of a protocol; reading it gives the same protocol."""
    head = [f"id = {_text(protocol.id)}", f"version = {protocol.version}", f"title = {_text(protocol.title)}"]
    if protocol.most is None:
        head += [f"rows = {protocol.rows}", f"columns = {protocol.columns}"]
    else:
        head += ['grid = "automatic"', f"most = {protocol.most}"]
    if protocol.fewest:
        head.append(f"fewest = {protocol.fewest}")
    if protocol.desk != "reading":
        head.append(f"desk = {_text(protocol.desk)}")
    if protocol.shrink:
        head.append("shrink = true")
    parts = ["\n".join(head)]
    parts += ["[[match]]\n" + "\n".join(_conditions(rule)) for rule in protocol.match]
    parts += [_stage(stage) for stage in protocol.stages]
    parts += [_tile(tile, automatic=protocol.most is not None) for tile in protocol.tiles]
    return "\n\n".join(parts) + "\n"


# --- private -------------------------------------------------------------------------------------------


def _rules_for(series: Series, *, sides: bool, visit: str) -> tuple[Rule, ...]:
    """What another examination's series must be to hang in this one's place."""
    rules = []
    if series.plane is not None:
        rules.append(Rule(6.0, required=True, plane=(series.plane.value,)))
    if series.weighting is not None:
        rules.append(Rule(6.0, required=True, weighting=(series.weighting.value,)))
    rules.append(Rule(4.0, fat_suppressed=series.fat_suppressed, required=series.weighting is None))
    if sides and series.laterality is not None:
        rules.append(Rule(6.0, required=True, laterality=(series.laterality.value,)))
    if visit:
        rules.append(Rule(6.0, required=True, visit=(visit,)))
    if series.split:
        rules.append(Rule(3.0, split=(series.split,)))
    if series.axis != "position":
        rules.append(Rule(3.0, axis=(series.axis,)))
    if series.first.modality != "MR":
        rules.append(Rule(6.0, required=True, modality=(series.first.modality,)))
    return (*rules, _KEPT_OUT)


def _role(series: Series, *, sides: bool, visit: str) -> str:
    side = {"L": "left", "R": "right", "B": "both sides"}.get(str(series.laterality or ""), "")
    return ", ".join(
        part for part in (series.label, side if sides else "", visit and f"{visit} visit") if part
    )


def _visit(order: Sequence[str], label: str) -> str:
    if label not in order:
        return ""
    place = order.index(label)
    return "first" if place == 0 else "last" if place == len(order) - 1 else "later"


def _identifier(title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.casefold())
    if not title.strip():
        raise ResourceError("The screen was not saved", "it has no title", "Type a title")
    return "own-" + ("-".join(words)[:56].strip("-") or f"{zlib.crc32(title.encode()):08x}")


def _own(protocol_id: str) -> Protocol:
    for protocol in own_protocols()[0]:
        if protocol.id == protocol_id:
            return protocol
    raise ResourceError("The protocol was not found", f"no protocol of yours has the id {protocol_id}")


def _file_of(protocol_id: str) -> Path:
    for path in sorted(own_folder().glob("*.toml")):
        try:
            if load_protocol(path).id == protocol_id:
                return path
        except ResourceError:
            continue  # told where protocols are listed
    raise ResourceError("The protocol was not found", f"no protocol of yours has the id {protocol_id}")


def _taken(name: str, protocol_id: str) -> ResourceError:
    return ResourceError(
        f"The hanging protocol {name} was not loaded",
        f"there is one with the id {protocol_id} already",
        "Give it another title or id",
    )


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise StoreError(
            "The protocol was not saved", error.strerror or "disk", "Choose another place"
        ) from error
    return path


def _stage(stage: Stage) -> str:
    return f"[[stage]]\ntitle = {_text(stage.title)}\nrows = {stage.rows}\ncolumns = {stage.columns}"


def _tile(tile: TileRule, *, automatic: bool) -> str:
    lines = ["[[tile]]", f"role = {_text(tile.role)}"]
    if tile.stage > 1:
        lines.append(f"stage = {tile.stage}")
    if not automatic:
        lines += [f"row = {tile.row + 1}", f"column = {tile.column + 1}"]
    if tile.again:
        lines.append("again = true")
    lines += [f"link = {_text(tile.link)}", f"window = {_text(tile.window)}", "rules = ["]
    lines += [f"  {{ {', '.join(_conditions(rule))} }}," for rule in tile.rules]
    return "\n".join([*lines, "]"])


def _conditions(rule: Rule) -> list[str]:
    found = []
    for one in fields(rule):
        value = getattr(rule, one.name)
        if one.name in ("weight", "required") or value is None or value == ():
            continue
        found.append(f"{one.name} = {_value(value)}")
    found.append(f"weight = {rule.weight:g}")
    if rule.required:
        found.append("required = true")
    return found


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(str(one)) for one in value) + "]" if len(value) > 1 else _text(value[0])
    return str(value).lower()


def _text(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
