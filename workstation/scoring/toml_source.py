"""A TOML file that knows on which line each of its values stands, so that a mistake can be pointed at.

`tomllib` gives the line of a syntax error only. Instruments and plans are written by people, and most
of their mistakes are in the meaning: a level twice, a region that does not exist.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import ResourceError

Where = tuple[str | int, ...]
"""Keys and positions from the top of the file to a value: ``("items", 3, "region")``."""

MAX_BYTES = 2_000_000

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\"|'[^']*')\s*=")
_TRIPLE, _TRIPLE_LITERAL = '"""', "'''"
_STRING = re.compile(r"\"\"\"|'''|\"(?:\\.|[^\"\\])*\"|'[^']*'")


@dataclass(frozen=True)
class TomlSource:
    """A parsed file with the line of each table and key.

    Attributes
    ----------
    kind : str
        What the file is, for the sentence: ``"instrument"``, ``"plan"``.
    name : str
        File name without its folder: a path may name a person.
    """

    kind: str
    name: str
    data: dict[str, Any]
    lines: dict[Where, int]

    def line_of(self, where: Where) -> int:
        """Line (from 1) of a value, or of the nearest thing around it."""
        for length in range(len(where), 0, -1):
            if where[:length] in self.lines:
                return self.lines[where[:length]]
        return 1

    def mistake(self, where: Where, why: str, remedy: str = "") -> ResourceError:
        """The error to raise for a value that cannot be used."""
        return ResourceError(
            f"This {self.kind} cannot be used",
            f"{self.name}, line {self.line_of(where)}: {why}",
            remedy or "Correct that line and try again",
        )

    def table(
        self, where: Where, value: Any, required: Iterable[str], optional: Iterable[str] = ()
    ) -> dict[str, Any]:
        """`value` as a table with all required and no unknown keys.

        Raises
        ------
        ResourceError
            Naming the line, the key and the keys that are known.
        """
        if not isinstance(value, dict):
            raise self.mistake(where, f"a table is expected here, not {_spoken(value)}")
        required, optional = tuple(required), tuple(optional)
        for key in value:
            if key not in required and key not in optional:
                known = ", ".join((*required, *optional))
                raise self.mistake((*where, key), f'"{key}" is not known here (known: {known})')
        for key in required:
            if key not in value:
                raise self.mistake(where, f'"{key}" is missing')
        return value

    def tables(self, where: Where, value: Any) -> list[Any]:
        """`value` as a list with at least one element."""
        if not isinstance(value, list) or not value:
            raise self.mistake(where, f'"{_named(where)}" needs at least one entry')
        return value

    def text(self, where: Where, value: Any) -> str:
        """`value` as text that is not empty."""
        if not isinstance(value, str) or not value.strip():
            raise self.mistake(where, f'"{_named(where)}" must be text in quotes, not {_spoken(value)}')
        return value.strip()

    def texts(self, where: Where, value: Any) -> tuple[str, ...]:
        """`value` as a list of texts."""
        if not isinstance(value, list):
            raise self.mistake(where, f'"{_named(where)}" must be a list of texts, not {_spoken(value)}')
        return tuple(self.text((*where, i), element) for i, element in enumerate(value))

    def number(self, where: Where, value: Any) -> float:
        """`value` as a finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
            raise self.mistake(where, f'"{_named(where)}" must be a number, not {_spoken(value)}')
        return float(value)

    def integer(self, where: Where, value: Any) -> int:
        """`value` as a whole number."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.mistake(where, f'"{_named(where)}" must be a whole number, not {_spoken(value)}')
        return value

    def boolean(self, where: Where, value: Any) -> bool:
        """`value` as true or false."""
        if not isinstance(value, bool):
            raise self.mistake(where, f'"{_named(where)}" must be true or false, not {_spoken(value)}')
        return value

    def choice(self, where: Where, value: Any, allowed: Iterable[str]) -> str:
        """`value` as one of the allowed words."""
        allowed = tuple(allowed)
        if value not in allowed:
            raise self.mistake(
                where, f'"{_named(where)}" must be one of {", ".join(allowed)}, not {_spoken(value)}'
            )
        return str(value)


def read_source(path: Path, kind: str) -> TomlSource:
    """Read a TOML file.

    Raises
    ------
    ResourceError
        If it cannot be read or is not TOML; a syntax error names its line.
    """
    what = f"This {kind} cannot be used"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ResourceError(what, f"{path.name} is larger than any {kind} can be")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ResourceError(
            what, f"{path.name}, line {line}: this is not UTF-8 text", "Save it as UTF-8"
        ) from error
    except OSError as error:
        raise ResourceError(
            what, f"{path.name}: {error.strerror or 'it cannot be read'}", "Check the file's place and rights"
        ) from error
    return parse_source(text.removeprefix("\ufeff"), kind, path.name)


def parse_source(text: str, kind: str, name: str) -> TomlSource:
    """Parse TOML text; see `read_source`."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        line, reason = _syntax_error(str(error), text)
        raise ResourceError(
            f"This {kind} cannot be used",
            f"{name}, line {line}: {reason}",
            "Correct that line and try again",
        ) from error
    return TomlSource(kind, name, data, _line_map(text))


def _syntax_error(message: str, text: str) -> tuple[int, str]:
    found = re.search(r"\(at line (\d+), column \d+\)", message)
    if found:
        return int(found[1]), message[: found.start()].strip()
    last = text.count("\n") + 1
    return last, message.replace("(at end of document)", "").strip() or "the text ends too early"


class _Value:
    """Follows one value over its lines: open brackets, strings, and where list elements begin."""

    def __init__(self, where: Where, lines: dict[Where, int]) -> None:
        self._where = where
        self._lines = lines
        self._depth = 0
        self._element = 0
        self._expects = False
        self._closing = ""  # the quotes that end a multi-line string

    @property
    def is_open(self) -> bool:
        """True while the value goes on in the next line."""
        return self._depth > 0 or bool(self._closing)

    def read(self, text: str, number: int) -> None:
        """Take the rest of a line."""
        place = 0
        while place < len(text):
            if self._closing:
                end = text.find(self._closing, place)
                if end < 0:
                    return
                place, self._closing = end + len(self._closing), ""
            elif string := _STRING.match(text, place):
                self._begins_element(number)
                place = string.end()
                if string[0] in (_TRIPLE, _TRIPLE_LITERAL):
                    self._closing = string[0]
            elif text[place] == "#":
                return
            else:
                self._take(text[place], number)
                place += 1

    def _take(self, character: str, number: int) -> None:
        if character in "[{":
            self._begins_element(number)
            self._depth += 1
            if self._depth == 1:
                self._element, self._expects = 0, True
        elif character in "]}":
            self._depth = max(0, self._depth - 1)
        elif character == "," and self._depth == 1:
            self._element, self._expects = self._element + 1, True
        elif not character.isspace():
            self._begins_element(number)

    def _begins_element(self, number: int) -> None:
        if self._depth == 1 and self._expects:
            self._lines.setdefault((*self._where, self._element), number)
            self._expects = False


def _line_map(text: str) -> dict[Where, int]:
    """Line of each table header, of each key, and of each element of a list."""
    lines: dict[Where, int] = {}
    seen: dict[Where, int] = {}  # last index of each array of tables
    table: Where = ()
    value: _Value | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if value is not None and value.is_open:
            value.read(line + "\n", number)
            continue
        header = _HEADER.match(line)
        key = _KEY.match(line)
        if header:
            table = _table_path(header[2], header[1] == "[[", seen)
            lines.setdefault(table, number)
            if isinstance(table[-1], int):
                lines.setdefault(table[:-1], number)
        elif key:
            where = (*table, key[1].strip("\"'"))
            lines.setdefault(where, number)
            value = _Value(where, lines)
            value.read(line[key.end() :] + "\n", number)
    return lines


def _table_path(name: str, is_array: bool, seen: dict[Where, int]) -> Where:
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    path: Where = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        last = position == len(parts) - 1
        if last and is_array:
            seen[path] = seen.get(path, -1) + 1
            for nested in [p for p in seen if len(p) > len(path) and p[: len(path)] == path]:
                if nested[len(path)] == seen[path]:
                    del seen[nested]
        if path in seen:
            path = (*path, seen[path])
    return path


def _named(where: Where) -> str:
    """The key that a value belongs to; an element of a list has the name of the list."""
    return next((str(part) for part in reversed(where) if isinstance(part, str)), "the file")


def _spoken(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "…"
