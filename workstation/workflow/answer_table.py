"""Rows of a CSV table of answers, each knowing its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workstation.analysis.reads import NOT_ASSESSABLE_WORDS, unreadable
from workstation.errors import DataError, WorkstationError
from workstation.scoring.instrument import Column, Instrument, Item
from workstation.scoring.sheet import Answer, AnswerState

LARGEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row. A column that the table does not have is empty."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


class AnswerTable:
    """Reads a table and speaks of its mistakes with their line.

    Parameters
    ----------
    what : str
        What did not happen, for the sentence: ``"These answers were not recorded"``.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._seen: dict[tuple[str, ...], int] = {}

    def rows(self, path: Path, needed: Sequence[str]) -> Iterator[AnswerRow]:
        """Rows that are not empty. Comma, semicolon and tab separate; ``sep=;`` may stand before the header.

        Raises
        ------
        DataError
            If the file cannot be read, lacks a needed column, or a row is too short.
        """
        text = self._text(path)
        first, _, rest = text.partition("\n")
        separator, skipped = "", 0
        if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
            separator, text, skipped = first.strip()[4], rest, 1
            first = rest.partition("\n")[0]
        if not text.strip():
            raise DataError(self.what, f"{path.name} is empty", f"It needs the columns {', '.join(needed)}")
        separator = separator or max((",", ";", "\t"), key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            names = [name.strip().lower() for name in next(reader, [])]
            for name in needed:
                if names.count(name) != 1:
                    wrong = f"has the column {name} twice" if name in names else f"lacks the column {name}"
                    raise DataError(
                        self.what,
                        f"line {skipped + 1} {wrong}",
                        f"It needs {', '.join(needed)}",
                    )
            for cells in reader:
                line = reader.line_num + skipped
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) < len(names):
                    raise self.wrong(line, f"has {len(cells)} columns, the header {len(names)}")
                named = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
                yield AnswerRow(line, named)
        except csv.Error as error:
            raise self.wrong(
                reader.line_num + skipped, f"is not CSV ({error})", "Save it as CSV UTF-8"
            ) from error

    def item_of(
        self, row: AnswerRow, instruments: Sequence[Instrument], visit: str = ""
    ) -> tuple[Instrument, Item]:
        """The item a row speaks of, and that it does so once.

        Parameters
        ----------
        instruments : sequence of Instrument
            The forms of the row's case. Where they have columns, ``visit`` and ``side`` of the row choose.
        visit : str
            The only visit that a row of a form with one column may name; empty: it is not looked at.

        Raises
        ------
        DataError
            If no instrument of the plan has it, two have it and none is named, it is repeated, or its
            visit or side is missing or is none of the case.
        """
        named = [one for one in instruments if row["instrument"] in ("", one.id)]
        if not named:
            known = ", ".join(one.id for one in instruments)
            raise self.wrong(row.line, f'names the instrument "{row["instrument"]}"', f"The plan has {known}")
        owners = [one for one in named if any(item.row == row["item"] for item in one.rows)]
        if not owners:
            where = named[0].title if len(named) == 1 else "the plan"
            raise self.wrong(row.line, f'names the item "{row["item"]}", which {where} does not have')
        if len(owners) > 1:
            raise self.wrong(
                row.line,
                f"names the item {row['item']}, which two instruments have",
                "Add a column instrument",
            )
        form = owners[0]
        item = form.item_at(row["item"], self._column_of(row, form, visit))
        key = (row["case"], form.id, item.id)
        if key in self._seen:
            raise self.wrong(row.line, f"repeats line {self._seen[key]}: {row['case']}, {item.name}")
        self._seen[key] = row.line
        return form, item

    def _column_of(self, row: AnswerRow, form: Instrument, visit: str) -> Column | None:
        """The column that a row's visit and side mean."""
        case = row["case"]
        if not form.columns:
            if visit and row["visit"] not in ("", visit, "1"):
                raise self.wrong(
                    row.line, f'names the visit "{row["visit"]}" of {case}, which has {visit} only'
                )
            return None
        found = form.columns
        for name in ("visit", "side"):
            known = list(dict.fromkeys(filter(None, (_label(one, name) for one in form.columns))))
            if not known:
                continue
            allowed = f"Its {name}s are {', '.join(known)}"
            if not row[name]:
                raise self.wrong(row.line, f"does not say which {name} of {case} it is", allowed)
            if row[name] not in known:
                raise self.wrong(
                    row.line, f'names the {name} "{row[name][:40]}", which {case} does not have', allowed
                )
            found = tuple(one for one in found if _label(one, name) == row[name])
        return found[0]

    def answer_of(self, row: AnswerRow, item: Item) -> Answer | None:
        """The answer of a row; None where the item is unread.

        Raises
        ------
        DataError
            If the value is not one of the item's grades, or contradicts the state.
        """
        value, state = row["value"], row["state"].lower().replace(" ", "_")
        if state and state not in list(AnswerState):
            raise self.wrong(
                row.line, f'has the unknown state "{row["state"]}"', f"States are {', '.join(AnswerState)}"
            )
        if value.lower() in NOT_ASSESSABLE_WORDS:
            value, state = "", state or AnswerState.NOT_ASSESSABLE
        if not value:
            if state == AnswerState.SCORED:
                raise self.wrong(row.line, f"says {item.name} is scored and has no value")
            is_none = state == AnswerState.NOT_ASSESSABLE
            return Answer.not_assessable(item.id) if is_none else None
        level = item.level_of_key(value) or item.level_of_key(_whole(value))
        if level is None:
            raise self.wrong(
                row.line,
                f'gives {item.name} the value "{value[:40]}"',
                f"Allowed are {item.allowed_keys}, or NA where it is not assessable",
            )
        if state not in ("", AnswerState.SCORED):
            raise self.wrong(row.line, f"gives {item.name} a value and the state {state}")
        return Answer.scored(item.id, level.grade)

    @contextmanager
    def at(self, row: AnswerRow) -> Iterator[None]:
        """Name the line of a row in whatever is refused inside.

        Raises
        ------
        DataError
        """
        try:
            yield
        except WorkstationError as error:
            said = f"{error.what}: {error.why}" if error.why else error.what
            raise DataError(self.what, f"line {row.line}: {said}", error.remedy) from error

    def wrong(self, line: int, why: str, remedy: str = "") -> DataError:
        """The error for a line."""
        return DataError(self.what, f"line {line} {why}", remedy or "Correct the table and try again")

    def _text(self, path: Path) -> str:
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise DataError(self.what, "the table is larger than any table of answers can be")
            raw = path.read_bytes()
        except OSError as error:
            raise DataError(self.what, unreadable(path, error), "Check its name and rights") from error
        try:
            text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise self.wrong(line, "is not UTF-8 text", "Save it as CSV UTF-8") from error
        if "\0" in text:
            raise self.wrong(text[: text.index("\0")].count("\n") + 1, "holds binary data")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _label(column: Column, name: str) -> str:
    return column.label if name == "visit" else column.side


def _whole(value: str) -> str:
    """``"2"`` for ``"2.0"`` or ``"2,0"``, as tables with empty cells come out of other programs."""
    digits, _, fraction = value.replace(",", ".", 1).partition(".")
    return digits if fraction and set(fraction) == {"0"} else value
