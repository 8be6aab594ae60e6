"""Sort a subject's studies into visits and its series into cases; keep every code that was given."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from workstation.imaging.study import Joint, Laterality
from workstation.store.case_codes import make_code
from workstation.store.case_rules import Evidence, Grouping, Place, group_series
from workstation.store.engine import insert_row
from workstation.store.tables import CASE_ALIASES, CASES, SERIES, STUDIES, SUBJECTS, VISITS

ChooseCode = Callable[[str, Place], str | None]
"""Code that the coordinator chose for a subject's pseudonym and a place, or None."""


def place_subject(connection: sa.Connection, key: bytes, subject: int, choose_code: ChooseCode) -> list[str]:
    """Sort a subject's studies into visits and its series into cases. Runs inside a write."""
    notes = _label_visits(connection, subject)
    series = connection.execute(
        sa.select(SERIES, STUDIES.c.visit_id)
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .where(STUDIES.c.subject_id == subject)
        .order_by(SERIES.c.id)
    ).all()
    grouping = group_series(_evidence(row) for row in series)
    pseudonym = connection.execute(
        sa.select(SUBJECTS.c.pseudonym).where(SUBJECTS.c.id == subject)
    ).scalar_one()
    before = {row.key: row.case_id for row in series if row.case_id is not None}
    rows = _matching_cases(connection, subject, grouping, before)
    wanted = Counter(choose_code(pseudonym, place) for place in grouping.members if place not in rows)
    for place, keys in grouping.members.items():
        certain = place in grouping.certain
        chosen = choose_code(pseudonym, place)
        if place in rows:
            notes += _keep_row(connection, rows[place], place, certain, chosen)
        else:
            code, note = _new_code(connection, key, pseudonym, place, chosen, wanted[chosen] > 1)
            notes += note
            rows[place] = insert_row(
                connection,
                CASES,
                subject_id=subject,
                joint=place.joint,
                laterality=place.laterality,
                laterality_confirmed=certain,
                code=code,
            )
        connection.execute(sa.update(SERIES).where(SERIES.c.key.in_(keys)).values(case_id=rows[place]))
    _lead_on(
        connection, before, {key: rows[place] for place, keys in grouping.members.items() for key in keys}
    )
    return notes


def _keep_row(
    connection: sa.Connection, case: int, place: Place, certain: bool, chosen: str | None
) -> list[str]:
    connection.execute(
        sa.update(CASES)
        .where(CASES.c.id == case)
        .values(joint=place.joint, laterality=place.laterality, laterality_confirmed=certain)
    )
    code = connection.execute(sa.select(CASES.c.code).where(CASES.c.id == case)).scalar_one()
    connection.execute(sa.delete(CASE_ALIASES).where(CASE_ALIASES.c.code == code))
    if chosen is None or code == chosen or code.startswith(f"{chosen}-"):
        return []
    return [f"{code} keeps its code: one that was given is not changed, so {chosen} was not used."]


def _evidence(row: Any) -> Evidence:
    side = row.confirmed_laterality or row.laterality
    joint = row.confirmed_joint or row.joint
    return Evidence(
        key=row.key,
        visit=str(row.visit_id),
        joint=Joint(joint) if joint else None,
        laterality=Laterality(side) if side else None,
        frame_of_reference_uid=row.frame_of_reference_uid,
        is_confirmed=row.confirmed_laterality is not None,
        is_contradictory=row.laterality_contradicted,
    )


def _matching_cases(
    connection: sa.Connection, subject: int, grouping: Grouping, before: dict[str, int]
) -> dict[Place, int]:
    """Row id per place. A case whose side became known keeps its row, and so its code."""
    existing = {
        row.id: Place(
            Joint(row.joint) if row.joint else None, Laterality(row.laterality) if row.laterality else None
        )
        for row in connection.execute(
            sa.select(CASES.c.id, CASES.c.joint, CASES.c.laterality)
            .where(CASES.c.subject_id == subject)
            .order_by(CASES.c.id)
        )
    }
    used = set(before.values())
    found: dict[Place, int] = {}
    for number, place in existing.items():
        if number in used and place in grouping.members:
            found.setdefault(place, number)
    for place, keys in grouping.members.items():
        held = Counter(before[key] for key in keys if before.get(key) in existing)
        for number in set(found.values()):
            held.pop(number, None)
        if place not in found and held:
            found[place] = held.most_common(1)[0][0]
    # Last, a row without series: a case that a join had emptied comes back under its code.
    for number, place in existing.items():
        if number not in used and place in grouping.members:
            found.setdefault(place, number)
    return found


def _new_code(
    connection: sa.Connection, key: bytes, pseudonym: str, place: Place, chosen: str | None, shared: bool
) -> tuple[str, list[str]]:
    taken = {
        code.casefold()
        for table in (CASES, CASE_ALIASES)
        for code in connection.execute(sa.select(table.c.code)).scalars()
    }
    if chosen is None:
        return make_code(key, pseudonym, place, taken), []
    side = place.laterality or "x"
    names = [f"{chosen}-{side}", f"{chosen}-{place.joint or 'other'}-{side}"]
    for name in names if shared else [chosen, *names]:
        if name.casefold() not in taken:
            return name, []
    code = make_code(key, pseudonym, place, taken)
    return code, [f"The chosen code {chosen} already belongs to another case; this one is called {code}."]


def _lead_on(connection: sa.Connection, before: dict[str, int], after: dict[str, int]) -> None:
    """Let the code of a case that lost all its series lead to the case that took them."""
    for old in set(before.values()) - set(after.values()):
        heirs = Counter(after[key] for key, case in before.items() if case == old and key in after)
        code = connection.execute(sa.select(CASES.c.code).where(CASES.c.id == old)).scalar_one()
        connection.execute(sa.delete(CASE_ALIASES).where(CASE_ALIASES.c.code == code))
        if heirs:
            connection.execute(sa.insert(CASE_ALIASES).values(code=code, case_id=heirs.most_common(1)[0][0]))


def _label_visits(connection: sa.Connection, subject: int) -> list[str]:
    """Letters by shifted date; studies of one day, or of one frame of reference, are one visit."""
    studies = connection.execute(
        sa.select(STUDIES.c.id, STUDIES.c.shifted_date, STUDIES.c.study_instance_uid, VISITS.c.label)
        .outerjoin(VISITS, VISITS.c.id == STUDIES.c.visit_id)
        .where(STUDIES.c.subject_id == subject)
    ).all()
    frames: dict[int, set[str]] = defaultdict(set)
    for study, frame in connection.execute(
        sa.select(SERIES.c.study_id, SERIES.c.frame_of_reference_uid)
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .where(STUDIES.c.subject_id == subject, SERIES.c.frame_of_reference_uid != "")
    ):
        frames[study].add(frame)
    groups: list[list[Any]] = []
    for study in sorted(studies, key=lambda row: (row.shifted_date or "~", row.study_instance_uid)):
        for group in groups:
            same_day = study.shifted_date and study.shifted_date == group[0].shifted_date
            if same_day or any(frames[study.id] & frames[other.id] for other in group):
                group.append(study)
                break
        else:
            groups.append([study])
    labels = {
        row.label: row.id
        for row in connection.execute(
            sa.select(VISITS.c.id, VISITS.c.label).where(VISITS.c.subject_id == subject)
        )
    }
    notes = []
    for number, group in enumerate(groups):
        label = _letter(number)
        if label not in labels:
            labels[label] = insert_row(connection, VISITS, subject_id=subject, label=label)
        for study in group:
            if study.label is not None and study.label != label:
                notes.append(f"An earlier visit was added: visit {study.label} of that case is now {label}.")
            connection.execute(
                sa.update(STUDIES).where(STUDIES.c.id == study.id).values(visit_id=labels[label])
            )
    return notes


def _letter(number: int) -> str:
    text = ""
    while number >= 0:
        number, rest = divmod(number, 26)
        text = chr(ord("A") + rest) + text
        number -= 1
    return text
