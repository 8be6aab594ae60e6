"""What the coordinator decides about cases: a side, a join, a parting, two that stay apart.

Each is kept with who and when.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.imaging.study import Case, Joint, Laterality
from workstation.store.engine import Database
from workstation.store.listing import find_case
from workstation.store.new_files import now
from workstation.store.placing import place_subject
from workstation.store.records import Decision, JoinCandidate
from workstation.store.tables import CASES, DECISIONS, SERIES, STUDIES, SUBJECTS

APART = "keep apart"


def listed(database: Database) -> tuple[Decision, ...]:
    """Every recorded decision, oldest first."""
    with database.read() as connection:
        return tuple(
            Decision(row.kind, row.case_code, row.detail, row.decided_by, row.decided_at)
            for row in connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.id))
        )


def _record(connection: sa.Connection, kind: str, code: str, detail: dict[str, Any], by: str) -> None:
    connection.execute(
        sa.insert(DECISIONS).values(
            kind=kind,
            case_code=code,
            detail=json.dumps(detail, ensure_ascii=False),
            decided_by=by,
            decided_at=now(),
        )
    )


def _no_code(_subject: str, _place: object) -> None:
    return None


def _code_of(connection: sa.Connection, series_key: str) -> str:
    cases = CASES.join(SERIES, SERIES.c.case_id == CASES.c.id)
    query = sa.select(CASES.c.code).select_from(cases).where(SERIES.c.key == series_key)
    return str(connection.execute(query).scalar_one())


def confirm_laterality(
    database: Database, key: bytes, case: Case, laterality: Laterality, by: str, joint: Joint | None
) -> str:
    """Set the side of every series of a case; returns the code that the images are under afterwards."""
    joint = joint or case.joint
    if joint is None:
        raise StoreError(
            f"The side of {case.code} was not confirmed",
            "its files do not say which joint they show",
            "Say the joint (knee or hip) together with the side",
        )
    with database.write() as connection:
        connection.execute(
            sa.update(SERIES)
            .where(SERIES.c.key.in_(case.series_keys))
            .values(confirmed_laterality=laterality, confirmed_joint=joint)
        )
        subject = connection.execute(
            sa.select(CASES.c.subject_id).where(CASES.c.code == case.code)
        ).scalar_one()
        place_subject(connection, key, subject, _no_code)
        code = _code_of(connection, case.series_keys[0])
        detail = {"from": case.laterality, "to": laterality, "joint": joint, "case": code}
        _record(connection, "confirm side", case.code, detail, by)
    return code


def join_candidates(database: Database) -> tuple[JoinCandidate, ...]:
    """Pairs that may be one examination, without those that a person said to be apart."""
    with database.read() as connection:
        apart = _said_to_be_apart(connection)
    return tuple(
        pair for pair in _possible_pairs(database) if frozenset((pair.first, pair.second)) not in apart
    )


def keep_apart(database: Database, first: Case, second: Case, by: str) -> None:
    """Record that two cases are not one examination; they may still be joined by name."""
    with database.write() as connection:
        _record(connection, APART, first.code, {"first": first.code, "second": second.code}, by)


def _said_to_be_apart(connection: sa.Connection) -> frozenset[frozenset[str]]:
    """Pairs of present codes; a code that a later decision replaced counts as the one that took it over."""
    rows = connection.execute(sa.select(DECISIONS.c.detail).where(DECISIONS.c.kind == APART)).scalars()
    pairs = [json.loads(detail) for detail in rows]
    if not pairs:
        return frozenset()
    present: dict[str, str] = {}
    for code in {pair[name] for pair in pairs for name in ("first", "second")}:
        found = find_case(connection, code)
        query = sa.select(CASES.c.code).where(CASES.c.id == found)
        present[code] = code if found is None else str(connection.execute(query).scalar_one())
    return frozenset(frozenset((present[pair["first"]], present[pair["second"]])) for pair in pairs)


def joined_cases(database: Database) -> frozenset[str]:
    """Codes of the cases that hold a study whose files name another subject: they can be parted."""
    query = (
        sa.select(CASES.c.code)
        .join(SERIES, SERIES.c.case_id == CASES.c.id)
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .where(STUDIES.c.subject_id != STUDIES.c.origin_subject_id)
        .distinct()
    )
    with database.read() as connection:
        return frozenset(connection.execute(query).scalars())


def _possible_pairs(database: Database) -> tuple[JoinCandidate, ...]:
    """Pairs of cases in one frame of reference, of different subjects of which one has no PatientID."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(
                SERIES.c.frame_of_reference_uid,
                CASES.c.code,
                CASES.c.subject_id,
                SUBJECTS.c.identified,
                CASES.c.joint,
                CASES.c.laterality,
            )
            .join(CASES, CASES.c.id == SERIES.c.case_id)
            .join(SUBJECTS, SUBJECTS.c.id == CASES.c.subject_id)
            .where(SERIES.c.frame_of_reference_uid != "")
            .distinct()
            .order_by(SUBJECTS.c.identified.desc(), CASES.c.id)
        ).all()
    frames: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        frames[row.frame_of_reference_uid].append(row)
    found: dict[tuple[str, str], JoinCandidate] = {}
    for group in frames.values():
        for number, one in enumerate(group):
            for other in group[number + 1 :]:
                if _may_belong_together(one, other):
                    found[one.code, other.code] = JoinCandidate(
                        one.code,
                        other.code,
                        "their images share one frame of reference, but the files name different studies "
                        "and give no patient number",
                    )
    return tuple(found.values())


def _may_belong_together(one: Any, other: Any) -> bool:
    different_people = one.subject_id != other.subject_id and not (one.identified and other.identified)
    joints_agree = one.joint is None or other.joint is None or one.joint == other.joint
    return bool(different_people and joints_agree)


def join(database: Database, key: bytes, first: Case, second: Case, by: str) -> str:
    """Move the second case's studies to the subject of the first; returns the code of the joined case."""
    pairs = {(pair.first, pair.second) for pair in _possible_pairs(database)}
    if (first.code, second.code) not in pairs and (second.code, first.code) not in pairs:
        raise StoreError(
            f"{first.code} and {second.code} were not joined",
            "nothing in their files says that they are one examination (no shared frame of reference, or "
            "both name a patient)",
            "List what can be joined with: marrow library",
        )
    with database.write() as connection:
        kept, moved = first, second
        if not _is_identified(connection, first) and _is_identified(connection, second):
            # The one that names a patient stays, so that later visits of that patient meet the case.
            kept, moved = second, first
        subject = _subject(connection, kept)
        studies = _studies(connection, moved)
        connection.execute(sa.update(STUDIES).where(STUDIES.c.id.in_(studies)).values(subject_id=subject))
        place_subject(connection, key, subject, _no_code)
        code = _code_of(connection, kept.series_keys[0])
        _record(connection, "join", code, {"kept": kept.code, "joined": moved.code}, by)
    return code


def part(database: Database, key: bytes, case: Case, by: str) -> tuple[str, ...]:
    """Give every joined study of a case back to the subject that its files name."""
    with database.write() as connection:
        subject = _subject(connection, case)
        joined = connection.execute(
            sa.select(STUDIES.c.id, STUDIES.c.origin_subject_id).where(
                STUDIES.c.subject_id == subject, STUDIES.c.origin_subject_id != subject
            )
        ).all()
        if not joined:
            raise StoreError(f"{case.code} was not parted", "it was never joined with another case")
        for row in joined:
            connection.execute(
                sa.update(STUDIES).where(STUDIES.c.id == row.id).values(subject_id=row.origin_subject_id)
            )
        for touched in {subject, *(row.origin_subject_id for row in joined)}:
            place_subject(connection, key, touched, _no_code)
        codes = sorted({_code_of(connection, series) for series in case.series_keys})
        _record(connection, "part", case.code, {"cases": codes}, by)
    return tuple(codes)


def _subject(connection: sa.Connection, case: Case) -> int:
    return int(
        connection.execute(sa.select(CASES.c.subject_id).where(CASES.c.code == case.code)).scalar_one()
    )


def _is_identified(connection: sa.Connection, case: Case) -> bool:
    return bool(
        connection.execute(
            sa.select(SUBJECTS.c.identified).where(SUBJECTS.c.id == _subject(connection, case))
        ).scalar_one()
    )


def _studies(connection: sa.Connection, case: Case) -> list[int]:
    return list(
        connection.execute(
            sa.select(SERIES.c.study_id).where(SERIES.c.key.in_(case.series_keys)).distinct()
        ).scalars()
    )
