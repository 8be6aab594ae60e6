"""Sex and age decade of a study's cases from the coordinator's table, where the plan reveals them.

The table is the crosswalk, or has the columns ``case, sex, age``. Only sex and the decade leave it: birth
dates, ages in years, names and the place of the file stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from workstation.errors import DataError, ResourceError
from workstation.reading.case_facts import (
    AGE_DECADE,
    DECADES,
    OLDEST,
    SEX,
    SEXES,
    CaseFacts,
    decade_of,
    titles_of,
)
from workstation.reading.plan import StudyPlan
from workstation.reading.reader_plan import shown_cases
from workstation.store.crosswalk import default_path
from workstation.workflow.answer_table import AnswerRow, AnswerTable
from workstation.workflow.case_forms import NOT_MADE

_SEX_WORDS = {**{word[0]: word for word in SEXES}, **{word: word for word in SEXES}}
_NEEDED = "A table has the columns case, sex, age; the crosswalk will do as well"


def with_facts(
    plan: StudyPlan, table: Path | None = None, library: Path | None = None, what: str = NOT_MADE
) -> StudyPlan:
    """The plan with what it reveals of every case that a reader meets, known cases among them.

    Parameters
    ----------
    table : Path, optional
        Counts more than what the plan says already. Without one the crosswalk beside the library tells of
        those cases of which the plan says nothing.
    what : str
        How a refusal begins.

    Raises
    ------
    ResourceError
        If the table cannot be used, or a case is in no table.
    """
    blinding = plan.blinding
    if not blinding.reveal:
        if table is None:
            return plan
        raise ResourceError(
            what,
            f"{table.name} was given for sex and age, and the plan reveals neither to readers",
            'Write reveal = ["sex", "age_decade"] under [blinding], or leave the table out',
        )
    wanted, known = shown_cases(plan), {one.case: one for one in blinding.facts}
    if stray := [case for case in known if case not in wanted]:
        raise ResourceError(what, f'"{stray[0]}" under [[blinding.facts]] is no case of the plan')
    source = table
    if table is None and library is not None and default_path(library).is_file():
        source = default_path(library)
    asked = wanted if table is not None else tuple(case for case in wanted if case not in known)
    if source is not None and asked:
        known |= read_facts(source, asked, blinding.reveal, what)
    if missing := [case for case in wanted if case not in known]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        told = f"{source.name} has no row for" if source is not None else "no table tells of"
        raise ResourceError(
            what,
            f"the plan reveals {titles_of(blinding.reveal)}, and {told} {missing[0]}{more}",
            f"{_NEEDED} (--subjects FILE)",
        )
    return replace(plan, blinding=replace(blinding, facts=tuple(known[case] for case in wanted)))


def read_facts(
    path: Path, cases: Iterable[str], reveal: tuple[str, ...], what: str = NOT_MADE
) -> Mapping[str, CaseFacts]:
    """Those of `cases` that a table has; rows of other cases are not looked at.

    The age is the one at the earliest visit. In the crosswalk it follows from birth date and study date.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    table, wanted = AnswerTable(what), set(cases)
    try:
        rows: dict[str, list[AnswerRow]] = {}
        for row in table.rows(path, ("case",)):
            for column in _missing(row, reveal):
                raise DataError(what, f"it lacks the column {column}", _NEEDED)
            if row["case"] in wanted:
                rows.setdefault(row["case"], []).append(row)
        return {case: _facts(case, found, reveal, table) for case, found in rows.items()}
    except DataError as error:
        raise ResourceError(what, f"{path.name}: {error.why}", error.remedy) from error


def _missing(row: AnswerRow, reveal: tuple[str, ...]) -> list[str]:
    has = row.cells
    found = [SEX] if SEX in reveal and SEX not in has else []
    if AGE_DECADE in reveal and "age" not in has and not {"birth_date", "study_date"} <= set(has):
        found.append("age")
    return found


def _facts(case: str, rows: list[AnswerRow], reveal: tuple[str, ...], table: AnswerTable) -> CaseFacts:
    sex, decade = "", ""
    if SEX in reveal:
        sex = _one([(row, _sex_of(row, table)) for row in rows], table, "sex")
    if AGE_DECADE in reveal and "age" in rows[0].cells:
        decade = _one([(row, _decade_in(row, table)) for row in rows], table, "age")
    elif AGE_DECADE in reveal:
        decade = _decade_at_baseline(rows, table)
    return CaseFacts(case, sex, decade)


def _one(said: list[tuple[AnswerRow, str]], table: AnswerTable, name: str) -> str:
    """What all rows of a case say that say anything."""
    first = next((value for _, value in said if value), "")
    for row, value in said:
        if value not in ("", first):
            raise table.wrong(row.line, f"has another {name} for {row['case']} than a line before")
    return first


def _sex_of(row: AnswerRow, table: AnswerTable) -> str:
    word = row["sex"]
    if word and word.lower() not in _SEX_WORDS:
        raise table.wrong(row.line, f'has the sex "{word}"', "Write female, male or other, or leave it empty")
    return _SEX_WORDS.get(word.lower(), "")


def _decade_in(row: AnswerRow, table: AnswerTable) -> str:
    age = row["age"]
    if not age or age in DECADES:
        return age
    number = re.fullmatch(r"([0-9]{1,4})([.,][0-9]+)?", age)
    if number is None or int(number[1]) > OLDEST:
        raise table.wrong(
            row.line, f'has the age "{age}"', f"Write years from 0 to {OLDEST}, or leave it empty"
        )
    return decade_of(int(number[1]))


def _decade_at_baseline(rows: list[AnswerRow], table: AnswerTable) -> str:
    births = [(row, _day(row, "birth_date", table)) for row in rows]
    visits = [day for row in rows if (day := _day(row, "study_date", table)) is not None]
    _one([(row, str(day or "")) for row, day in births], table, "birth date")
    row, born = next((one for one in births if one[1] is not None), (rows[0], None))
    if born is None:
        return ""
    if born > min([*visits, date.today()]):
        after = "its visit" if visits and born <= date.today() else "today"
        raise table.wrong(row.line, f"has a birth date for {row['case']} that lies after {after}")
    if not visits:
        return ""
    visit = min(visits)
    years = visit.year - born.year - ((visit.month, visit.day) < (born.month, born.day))
    if years > OLDEST:
        raise table.wrong(row.line, f"makes {row['case']} older than {OLDEST} years at its visit")
    return decade_of(years)


def _day(row: AnswerRow, name: str, table: AnswerTable) -> date | None:
    """A date as DICOM writes it, ``19600229``, or with dashes."""
    text = row[name]
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        column = name.replace("_", " ")
        raise table.wrong(
            row.line, f"has a {column} that is no date", "Write YYYYMMDD, or leave it empty"
        ) from None
