"""Neutral case codes: chosen by the coordinator in a CSV file, or made from the library's key."""

from __future__ import annotations

import csv
import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from workstation.errors import DataError
from workstation.imaging.study import Joint, Laterality
from workstation.store.case_rules import Place

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L: codes are read aloud and typed."""

_SHAPE = re.compile(r"[^\W_][\w.\-]{0,31}")
_COLUMNS = ("patient_id", "code", "joint", "side")
_PREFIX = {Joint.KNEE: "K", Joint.HIP: "H", None: "X"}


@dataclass(frozen=True, slots=True)
class ChosenCode:
    """One line of a codes file; joint and side None apply to every case of the patient."""

    patient_id: str
    code: str
    joint: Joint | None
    laterality: Laterality | None
    line: int


@dataclass(frozen=True)
class CodeBook:
    """The coordinator's codes, found by patient."""

    lines: Mapping[str, tuple[ChosenCode, ...]] = field(default_factory=dict)

    def code_for(self, patient_id: str, place: Place) -> str | None:
        """The code of the most specific line that fits, or None.

        Where a patient has one line and several cases, the code names the first and the others get the
        side (or joint) appended by the caller, because a code names one case only.
        """
        fitting = [
            line
            for line in self.lines.get(patient_id.strip(), ())
            if line.joint in (None, place.joint) and line.laterality in (None, place.laterality)
        ]
        if not fitting:
            return None
        return max(fitting, key=lambda line: (line.joint is not None) + (line.laterality is not None)).code

    @property
    def codes(self) -> frozenset[str]:
        """Every chosen code."""
        return frozenset(line.code for lines in self.lines.values() for line in lines)


def read_codes(path: Path) -> CodeBook:
    """Read ``patient_id, code [, joint, side]``.

    Raises
    ------
    DataError
        If a column is missing, a code is given twice, is a patient's own number, or names no known joint
        or side. The sentence names the line.
    """
    rows = list(_rows(path))
    lines: dict[str, list[ChosenCode]] = {}
    owners: dict[str, int] = {}
    for number, row in rows:
        line = _line(path, number, row)
        if line.code.casefold() in owners:
            raise _mistake(
                path, number, f"the code {line.code} was already given in line {owners[line.code.casefold()]}"
            )
        owners[line.code.casefold()] = number
        known = lines.setdefault(line.patient_id, [])
        for other in known:
            if (other.joint, other.laterality) == (line.joint, line.laterality):
                raise _mistake(
                    path, number, f"this patient, joint and side already has a code in line {other.line}"
                )
        known.append(line)
    patients = {patient.casefold() for patient in lines}
    for code, number in owners.items():
        if code in patients:
            raise _mistake(path, number, "the code is a patient's own number, which readers would see")
    return CodeBook({patient: tuple(found) for patient, found in lines.items()})


def make_code(key: bytes, subject: str, place: Place, taken: Collection[str] | Iterable[str]) -> str:
    """A code such as ``K-7Q3F``: no order, no date, the same for the same subject, joint and side.

    Parameters
    ----------
    key : bytes
        The library's key.
    taken : collection of str
        Codes in use; a clash makes the code longer.
    """
    used = {code.casefold() for code in taken}
    message = f"case\0{subject}\0{place.joint or ''}\0{place.laterality or ''}".encode()
    number = int.from_bytes(hmac.new(key, message, sha256).digest(), "big")
    letters = ""
    while number:
        number, rest = divmod(number, len(_LETTERS))
        letters += _LETTERS[rest]
    for length in range(4, len(letters) + 1):
        code = f"{_PREFIX[place.joint]}-{letters[:length]}"
        if code.casefold() not in used:
            return code
    return f"{_PREFIX[place.joint]}-{letters}-{len(used)}"


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError("The codes file was not read", error.strerror or "disk", "Check its name") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheets on Chinese systems save CSV in this encoding, of which ASCII is a part.
        text = raw.decode("gb18030", errors="replace")
    reader = csv.reader(text.splitlines())
    try:
        yield from _cells(reader)
    except csv.Error as error:
        raise _mistake(path, reader.line_num, f"it cannot be read ({error})") from error


def _cells(reader: Any) -> Iterable[tuple[int, dict[str, str]]]:
    header = [name.strip().lower() for name in next(reader, [])]
    for name in ("patient_id", "code"):
        if name not in header:
            raise DataError(
                "The codes file was not used",
                f"it has no column {name}",
                f"Its first line must be: {', '.join(_COLUMNS)} (joint and side may be left out)",
            )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            values = [cell.strip() for cell in cells] + [""] * len(header)
            yield reader.line_num, dict(zip(header, values, strict=False))


def _line(path: Path, number: int, row: dict[str, str]) -> ChosenCode:
    patient, code = row["patient_id"], row["code"]
    joint, side = row.get("joint", "").lower(), row.get("side", "").upper()
    if not patient:
        raise _mistake(path, number, "patient_id is empty")
    if not _SHAPE.fullmatch(code):
        raise _mistake(
            path, number, "a code is 1 to 32 letters, digits, dots or hyphens" if code else "code is empty"
        )
    if joint and joint not in tuple(Joint):
        raise _mistake(path, number, f"joint is {joint!r}; it must be knee, hip or empty")
    if side and side not in tuple(Laterality):
        raise _mistake(path, number, f"side is {side!r}; it must be L, R, B or empty")
    return ChosenCode(
        patient, code, Joint(joint) if joint else None, Laterality(side) if side else None, number
    )


def _mistake(path: Path, number: int, why: str) -> DataError:
    return DataError(f"The codes file was not used: line {number}", why, f"Correct {path.name} and try again")
