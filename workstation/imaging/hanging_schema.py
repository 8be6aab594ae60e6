"""What a hanging protocol file must look like, with the line to fix when it does not."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from workstation.errors import ResourceError
from workstation.imaging.study import Joint, Laterality, Plane, Weighting

LARGEST_WEIGHT = 1000
MOST_ROWS = MOST_COLUMNS = 4

WINDOWS = ("start", "marrow-t1", "edema", "full", "file1")

DESKS = ("reading", "reconcile")

_PROTOCOL = {
    "id", "version", "title", "rows", "columns", "grid", "most", "fewest", "desk", "shrink", "match",
    "stage", "tile",
}  # fmt: skip
_STAGE = {"title", "rows", "columns"}
_TILE = {"role", "stage", "row", "column", "again", "link", "window", "rules"}
_WORDS: dict[str, set[str]] = {
    "plane": {plane.value for plane in Plane},
    "weighting": {weighting.value for weighting in Weighting},
    "joint": {joint.value for joint in Joint},
    "laterality": {side.value for side in Laterality},
    "axis": {"position", "time"},
    "visit": {"first", "later", "last"},
}
_FREE = {"description", "split", "modality"}
_RULE = {*_WORDS, *_FREE, "fat_suppressed", "fewest_slices", "weight", "required"}


@dataclass(frozen=True)
class Source:
    """A protocol file with what is needed to point at a line of it."""

    name: str
    text: str

    def mistake(
        self, why: str, section: str = "", number: int = 0, key: str = "", nth: int = 0
    ) -> ResourceError:
        """An error that names the line.

        Parameters
        ----------
        section : str
            ``"tile"`` or ``"match"``; ``""`` for the head of the file.
        number : int
            Which of the sections of that name, from 0.
        key, nth : str, int
            Which occurrence (from 0) of a word inside the section.
        """
        line = self._line(section, number, key, nth)
        return ResourceError(
            f"The hanging protocol {self.name} was not loaded", f"line {line}: {why}", "Correct that line"
        )

    def _line(self, section: str, number: int, key: str, nth: int) -> int:
        lines = self.text.splitlines()
        heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{section}\s*\]\]", line)]
        start = heads[number] if section and number < len(heads) else 0
        ends = [i for i, line in enumerate(lines) if i > start and re.match(r"\s*\[", line)]
        end = ends[0] if ends else len(lines)
        found = [i for i in range(start, end) for _ in range(len(re.findall(_word(key), lines[i]))) if key]
        return (found[min(nth, len(found) - 1)] if found else start) + 1


def _word(key: str) -> str:
    return rf"\b{re.escape(key)}\b" if key.isidentifier() else re.escape(key)


def parse(source: Source) -> dict[str, Any]:
    """The checked content of a protocol file.

    Raises
    ------
    ResourceError
        Naming the file and the line of the first mistake.
    """
    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = line.group(1) if line else str(source.text.count("\n") + 1)
        raise ResourceError(
            f"The hanging protocol {source.name} was not loaded",
            f"line {where}: {str(error).split(' (at')[0]}",
            "Correct that line",
        ) from error
    _check_head(source, data)
    for number, stage in enumerate(data.get("stage", ())):
        _check_stage(source, stage, number)
    for number, rule in enumerate(data["match"]):
        _check_rule(source, rule, "match", number, 0)
    for number, tile in enumerate(data["tile"]):
        _check_tile(source, data, tile, number)
    return data


def _check_head(source: Source, data: dict[str, Any]) -> None:
    for key in data:
        if key not in _PROTOCOL:
            raise source.mistake(f"{key} is not a key of a hanging protocol", key=key)
    for key in ("id", "title"):
        if not isinstance(data.get(key), str) or not data[key]:
            raise source.mistake(f"{key} is missing or no text", key=key)
    if not isinstance(data.get("version"), int):
        raise source.mistake("version is missing or no whole number", key="version")
    for key in ("match", "tile"):
        if not isinstance(data.get(key), list) or not data[key]:
            raise source.mistake(f"there is no [[{key}]] section", key=key)
    if data.get("desk", "reading") not in DESKS:
        raise source.mistake(f"desk must be one of {', '.join(DESKS)}", key="desk")
    if not isinstance(data.get("shrink", False), bool):
        raise source.mistake("shrink must be true or false", key="shrink")
    for key in ("match", "stage", "tile"):
        sections = data.get(key, [])
        if not isinstance(sections, list) or not all(isinstance(one, dict) for one in sections):
            raise source.mistake(f"a {key} is written [[{key}]]", key=key)
    _check_grid(source, data)


def _check_grid(source: Source, data: dict[str, Any]) -> None:
    if "grid" in data:
        if data["grid"] != "automatic":
            raise source.mistake('grid can only be "automatic"', key="grid")
        _whole(source, data, "most", 1, MOST_ROWS * MOST_COLUMNS)
        if len(data["tile"]) != 1 or data.get("stage"):
            raise source.mistake("an automatic grid has exactly one [[tile]] and no [[stage]]", "tile", 1)
    else:
        _whole(source, data, "rows", 1, MOST_ROWS)
        _whole(source, data, "columns", 1, MOST_COLUMNS)
    if "fewest" in data:
        _whole(source, data, "fewest", 0, len(data["tile"]))


def _whole(source: Source, data: dict[str, Any], key: str, low: int, high: int) -> None:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise source.mistake(f"{key} must be a whole number from {low} to {high}", key=key)


def _check_stage(source: Source, stage: dict[str, Any], number: int) -> None:
    for key in stage:
        if key not in _STAGE:
            raise source.mistake(f"{key} is not a key of a stage", "stage", number, key)
    if not isinstance(stage.get("title"), str) or not stage["title"]:
        raise source.mistake("title is missing or no text", "stage", number, "title")
    for key, most in (("rows", MOST_ROWS), ("columns", MOST_COLUMNS)):
        value = stage.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            why = f"{key} must be a whole number from 1 to {most}"
            raise source.mistake(why, "stage", number, key)


def _check_tile(source: Source, data: dict[str, Any], tile: dict[str, Any], number: int) -> None:
    for key in tile:
        if key not in _TILE:
            raise source.mistake(f"{key} is not a key of a tile", "tile", number, key)
    if not isinstance(tile.get("role"), str) or not tile["role"]:
        raise source.mistake("role is missing: it says what an empty tile waits for", "tile", number, "role")
    if tile.get("window", "start") not in WINDOWS:
        raise source.mistake(f"window must be one of {', '.join(WINDOWS)}", "tile", number, "window")
    if not isinstance(tile.get("link", ""), str):
        raise source.mistake("link must be the name of a group", "tile", number, "link")
    if not isinstance(tile.get("again", False), bool):
        raise source.mistake("again must be true or false", "tile", number, "again")
    if "grid" not in data:
        _check_place(source, data, tile, number)
    rules = tile.get("rules")
    if not isinstance(rules, list) or not rules:
        raise source.mistake("a tile needs rules", "tile", number, "rules")
    for nth, rule in enumerate(rules):
        _check_rule(source, rule, "tile", number, nth)


def _check_place(source: Source, data: dict[str, Any], tile: dict[str, Any], number: int) -> None:
    further = data.get("stage", [])
    stage = tile.get("stage", 1)
    if not isinstance(stage, int) or isinstance(stage, bool) or not 1 <= stage <= len(further) + 1:
        why = f"stage must be from 1 to {len(further) + 1}; 2 is the first [[stage]]"
        raise source.mistake(why, "tile", number, "stage")
    grid = data if stage == 1 else further[stage - 2]
    for key, most in (("row", grid["rows"]), ("column", grid["columns"])):
        place = tile.get(key)
        if not isinstance(place, int) or isinstance(place, bool) or not 1 <= place <= most:
            raise source.mistake(f"{key} must be from 1 to {most}", "tile", number, key)
    mine = (stage, tile["row"], tile["column"])
    earlier = data["tile"][:number]
    if any((t.get("stage", 1), t["row"], t["column"]) == mine for t in earlier):
        raise source.mistake("another tile is already at this row and column", "tile", number, "row")


def _check_rule(source: Source, rule: object, section: str, number: int, nth: int) -> None:
    def mistake(why: str, key: str) -> ResourceError:
        # The rules of a tile are tables in one list: the nth brace is the nth rule.
        return source.mistake(why, section, number, *(("{", nth) if section == "tile" else (key, 0)))

    if not isinstance(rule, dict):
        raise mistake("a rule is written { … }", "rules")
    weight = rule.get("weight")
    if not isinstance(weight, int | float) or isinstance(weight, bool):
        raise mistake("a rule needs a weight, a number", "weight")
    if not -LARGEST_WEIGHT <= weight <= LARGEST_WEIGHT:
        raise mistake(f"a weight is from -{LARGEST_WEIGHT} to {LARGEST_WEIGHT}", "weight")
    for key, value in rule.items():
        words = value if isinstance(value, list) else [value]
        if key not in _RULE:
            raise mistake(f"{key} is not a condition of a rule", key)
        if key in _WORDS and (unknown := [word for word in words if word not in _WORDS[key]]):
            allowed = ", ".join(sorted(_WORDS[key]))
            raise mistake(f"{key} {unknown[0]!r} is unknown, it can be {allowed}", key)
        if key in _FREE and not all(isinstance(word, str) for word in words):
            raise mistake(f"{key} must be text", key)
        if key in ("fat_suppressed", "required") and not isinstance(value, bool):
            raise mistake(f"{key} must be true or false", key)
        if key == "fewest_slices" and (not isinstance(value, int) or isinstance(value, bool)):
            raise mistake("fewest_slices must be a whole number", key)
