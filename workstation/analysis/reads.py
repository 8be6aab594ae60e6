"""Reads as a long CSV table: one row for one item of one read. One header everywhere."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workstation.errors import DataError, StoreError

HEADER: tuple[str, ...] = (
    "study", "case", "side", "visit", "repeat", "reader", "read_version", "instrument",
    "instrument_version", "item", "value", "points", "state", "locked_at",
)  # fmt: skip
NEEDED: tuple[str, ...] = ("case", "reader", "item", "value")

UNREAD, SCORED, NOT_ASSESSABLE = "unread", "scored", "not_assessable"
NOT_ASSESSABLE_WORDS = frozenset({"na", "n/a", "not assessable", "not_assessable", "-"})
STATES: tuple[str, ...] = (SCORED, UNREAD, NOT_ASSESSABLE)

_REFUSED = "This reads table was not used"
_SAVE_AS = "Save it as CSV UTF-8 and try again"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LARGEST_NUMBER = 1e6
_LARGEST_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One item of one read.

    Attributes
    ----------
    repeat : int
        0 for the first presentation of a case to a reader, 1, 2 … for hidden repeats.
    value : float or None
        The grade, None unless `state` is ``"scored"``.
    points : float or None
        What is summed into totals; None where the table does not say.
    state : str
        ``"scored"``, ``"unread"`` or ``"not_assessable"``.
    line : int
        Line of the file it came from, 0 if it did not come from a file.
    """

    case: str
    reader: str
    item: str
    value: float | None
    points: float | None = None
    state: str = SCORED
    study: str = ""
    side: str = ""
    visit: str = ""
    repeat: int = 0
    read_version: int = 1
    instrument: str = ""
    instrument_version: str = ""
    locked_at: str = ""
    line: int = field(default=0, compare=False)

    @property
    def unit(self) -> tuple[str, str, str]:
        """What was rated: case, side and visit."""
        return (self.case, self.side, self.visit)


def load_reads(path: Path) -> tuple[ReadRow, ...]:
    """Read a table of reads.

    Needs only the columns ``case, reader, item, value`` and takes the rest of `HEADER` when there.
    Comma, semicolon and tab separate; a byte order mark, ``sep=;`` in the first line and, with
    semicolons, a decimal comma are understood, since spreadsheets write them.

    Raises
    ------
    DataError
        One sentence that names the line: no such column, unknown state, not a number, given twice.
    """
    text = _decoded(path)
    first, _, rest = text.partition("\n")
    skipped = 0
    separator = ""
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        separator, text, skipped = first.strip()[4], rest, 1
        first = rest.partition("\n")[0]
    if not text.strip():
        raise DataError(_REFUSED, "the file is empty", f"It needs the columns {', '.join(NEEDED)}")
    separator = separator or max((",", ";", "\t"), key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[ReadRow] = []
    seen: dict[tuple[object, ...], int] = {}
    try:
        columns = _columns(next(lines))
        width = max(columns.values()) + 1
        for cells in lines:
            line = lines.line_num + skipped
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < width:
                raise _wrong(line, f"has {len(cells)} columns, the header {width}")
            named = {name: _plain(cells[index]) for name, index in columns.items()}
            row = _row(named, line, decimal_comma=separator == ";")
            key = (row.study, row.unit, row.repeat, row.reader, row.read_version,
                   row.instrument, row.instrument_version, row.item)  # fmt: skip
            if key in seen:
                raise _wrong(line, f"repeats line {seen[key]}: {row.case}, {row.reader}, {row.item}")
            seen[key] = line
            rows.append(row)
    except csv.Error as error:
        raise _wrong(lines.line_num + skipped, f"is not CSV ({error})", _SAVE_AS) from error
    if not rows:
        raise DataError(_REFUSED, "it has a header but no rows")
    return tuple(rows)


def write_reads(path: Path, rows: Iterable[ReadRow]) -> None:
    """Write rows with the full header (UTF-8, RFC 4180), whole or not at all.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, HEADER, ([_cell(getattr(row, name)) for name in HEADER] for row in rows))


def write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a CSV table beside its place and move it there, so that no half table is ever seen.

    A cell that a spreadsheet would run as a formula is preceded by an apostrophe.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(list(header))
            writer.writerows([_inert(cell) for cell in row] for row in rows)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StoreError(
            f"{path.name} was not written",
            error.strerror or "the disk refused",
            "Choose another place, or free some space",
        ) from error


def check_values(rows: Iterable[ReadRow], allowed: Mapping[str, tuple[float, ...]], instrument: str) -> None:
    """Hold rows against the grades an instrument knows.

    Raises
    ------
    DataError
        Naming the line of the first unknown item or impossible grade.
    """
    for row in rows:
        if row.item not in allowed:
            raise _wrong(row.line, f"names the item {row.item!r}, which {instrument} does not have")
        if row.value is not None and row.value not in allowed[row.item]:
            grades = ", ".join(number_text(grade) for grade in allowed[row.item])
            raise _wrong(
                row.line,
                f"gives {row.item} the value {number_text(row.value)}, but {instrument} allows {grades}",
            )


def unreadable(path: Path, error: OSError) -> str:
    """Why a table cannot be opened, in plain words."""
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path.name}"
    if isinstance(error, IsADirectoryError):
        return f"{path.name} is a folder"
    return f"{path.name} cannot be opened ({error.strerror or 'the disk refused'})"


def number_text(number: float) -> str:
    """A number without a needless fraction: ``"2"``, ``"2.5"``."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _decoded(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise DataError(_REFUSED, "it is larger than 512 MB, no table of reads is")
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(_REFUSED, unreadable(path, error), "Check its name and rights") from error
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _wrong(line, "is not UTF-8 text", _SAVE_AS) from error
    if "\x00" in text:
        raise _wrong(text[: text.index("\x00")].count("\n") + 1, "holds binary data", _SAVE_AS)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _columns(header: list[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    doubled = sorted({name for name in names if name in HEADER and names.count(name) > 1})
    if doubled:
        raise DataError(_REFUSED, f"its header has the column {doubled[0]} twice")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise DataError(
            _REFUSED,
            f"line 1 lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            f"It needs {', '.join(NEEDED)}",
        )
    return {name: index for index, name in enumerate(names) if name in HEADER}


def _row(named: dict[str, str], line: int, decimal_comma: bool) -> ReadRow:
    for name in ("case", "reader", "item"):
        if not named[name]:
            raise _wrong(line, f"has no {name}")
    state = named.get("state", "").lower()
    if named["value"].lower() in NOT_ASSESSABLE_WORDS:
        named, state = {**named, "value": ""}, state or NOT_ASSESSABLE
    value = _number(named, "value", line, decimal_comma)
    state = state or (SCORED if value is not None else UNREAD)
    if state not in STATES:
        raise _wrong(line, f"has the unknown state {named['state']!r}", f"States are {', '.join(STATES)}")
    if state == SCORED and value is None:
        raise _wrong(line, "is scored but has no value")
    if state != SCORED and value is not None:
        raise _wrong(line, f"has a value but is {state}")
    return ReadRow(
        case=named["case"],
        reader=named["reader"],
        item=named["item"],
        value=value,
        points=_number(named, "points", line, decimal_comma),
        state=state,
        study=named.get("study", ""),
        side=named.get("side", ""),
        visit=named.get("visit", ""),
        repeat=_count(named, "repeat", line, 0),
        read_version=_count(named, "read_version", line, 1),
        instrument=named.get("instrument", ""),
        instrument_version=named.get("instrument_version", ""),
        locked_at=named.get("locked_at", ""),
        line=line,
    )


def _number(named: dict[str, str], name: str, line: int, decimal_comma: bool) -> float | None:
    text = named.get(name, "")
    if not text:
        return None
    try:
        # Only plain digits: float() would also take "1_0", "infinity" and digits of other scripts.
        plain = text.replace(",", ".", 1) if decimal_comma else text
        if not plain.isascii() or "_" in plain:
            raise ValueError
        number = float(plain)
    except ValueError:
        raise _wrong(line, f"has the {name} {text!r}, which is not a number") from None
    if not math.isfinite(number) or abs(number) > _LARGEST_NUMBER:
        if math.isfinite(number):
            raise _wrong(line, f"has the {name} {text[:40]!r}, which is larger than any grade")
        raise _wrong(line, f"has the {name} {text!r}, which is not a number")
    return number


def _count(named: dict[str, str], name: str, line: int, default: int) -> int:
    text = named.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise _wrong(line, f"has the {name} {text!r}, which is not a whole number")
    return int(text)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return number_text(value) if isinstance(value, float) else str(value)


def _inert(cell: str) -> str:
    # CSV injection: a code such as "=1+1" must stay text in a spreadsheet. Numbers keep their sign.
    if not cell.lstrip("'").startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_FORMULA) else text


def _wrong(line: int, why: str, remedy: str = "") -> DataError:
    return DataError(_REFUSED, f"line {line} {why}", remedy or "Correct the table and try again")
