"""What is read from the library's tables: cases, series with their instances, rows of the listing."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from workstation.imaging.roles import joint_suggested
from workstation.imaging.study import Case, Joint, Laterality, Plane, Series, Weighting
from workstation.store.facts import from_facts
from workstation.store.records import SeriesRow
from workstation.store.tables import (
    CASE_ALIASES,
    CASES,
    FILES,
    INSTANCES,
    SERIES,
    STUDIES,
    SUBJECTS,
    VISITS,
)

ORDER = (CASES.c.code, VISITS.c.label, SERIES.c.series_number, SERIES.c.key)


def placed() -> sa.Join:
    """Series that belong to a case, with their study and visit."""
    return (
        SERIES.join(CASES, CASES.c.id == SERIES.c.case_id)
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .outerjoin(VISITS, VISITS.c.id == STUDIES.c.visit_id)
    )


def joint_of(value: str | None) -> Joint | None:
    """A column's joint."""
    return Joint(value) if value else None


def side_of(value: str | None) -> Laterality | None:
    """A column's side."""
    return Laterality(value) if value else None


def cases(connection: sa.Connection, case_id: int | None = None) -> tuple[Case, ...]:
    """Every case that has series, or one of them, by code."""
    query = (
        sa.select(
            CASES.c.code,
            SUBJECTS.c.pseudonym,
            CASES.c.joint,
            CASES.c.laterality,
            CASES.c.laterality_confirmed,
            VISITS.c.label,
            SERIES.c.key,
        )
        .select_from(placed().join(SUBJECTS, SUBJECTS.c.id == CASES.c.subject_id))
        .order_by(*ORDER)
    )
    if case_id is not None:
        query = query.where(CASES.c.id == case_id)
    found: dict[str, tuple[Any, dict[str, None], list[str]]] = {}
    for row in connection.execute(query):
        _, visits, keys = found.setdefault(row.code, (row, {}, []))
        visits[row.label or ""] = None
        keys.append(row.key)
    return tuple(
        Case(
            code=code,
            subject=row.pseudonym,
            joint=joint_of(row.joint),
            laterality=side_of(row.laterality),
            laterality_confirmed=row.laterality_confirmed,
            visits=tuple(visits),
            series_keys=tuple(keys),
        )
        for code, (row, visits, keys) in found.items()
    )


def find_case(connection: sa.Connection, name: str) -> int | None:
    """Row id of the case of a code, an earlier code, or a UID of the library."""
    by_code = sa.select(CASES.c.id).where(
        sa.func.lower(CASES.c.code) == name.lower(), sa.exists().where(SERIES.c.case_id == CASES.c.id)
    )
    by_alias = sa.select(CASE_ALIASES.c.case_id).where(sa.func.lower(CASE_ALIASES.c.code) == name.lower())
    by_uid = (
        sa.select(SERIES.c.case_id)
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .where(
            sa.or_(
                STUDIES.c.study_instance_uid == name,
                SERIES.c.series_instance_uid == name,
                SERIES.c.key == name,
            )
        )
        .limit(1)
    )
    for query in (by_code, by_alias, by_uid):
        found = connection.execute(query).scalar()
        if found is not None:
            return int(found)
    return None


def series_of_case(connection: sa.Connection, case_id: int, root: Path) -> tuple[Series, ...]:
    """The series of a case with their instances, whose paths begin with `root`."""
    rows = connection.execute(
        sa.select(SERIES, STUDIES.c.study_instance_uid)
        .select_from(placed())
        .where(CASES.c.id == case_id)
        .order_by(*ORDER)
    ).all()
    instances: dict[int, list[Any]] = defaultdict(list)
    for series_id, facts, path in connection.execute(
        sa.select(INSTANCES.c.series_id, INSTANCES.c.facts, FILES.c.path)
        .join(FILES, FILES.c.id == INSTANCES.c.file_id)
        .where(INSTANCES.c.series_id.in_([row.id for row in rows]))
        .order_by(INSTANCES.c.series_id, INSTANCES.c.position)
    ):
        instances[series_id].append(from_facts(facts, str(root / path)))
    return tuple(
        Series(
            key=row.key,
            series_instance_uid=row.series_instance_uid,
            study_instance_uid=row.study_instance_uid,
            split=row.split,
            instances=tuple(instances[row.id]),
            plane=Plane(row.plane) if row.plane else None,
            weighting=Weighting(row.weighting) if row.weighting else None,
            fat_suppressed=row.fat_suppressed,
            joint=joint_of(row.confirmed_joint or row.joint),
            laterality=side_of(row.confirmed_laterality or row.laterality),
            axis=row.axis,
            warnings=tuple(json.loads(row.warnings)),
        )
        for row in rows
    )


def suggested_joints(connection: sa.Connection) -> dict[str, Joint]:
    """Joint for which the coil was built, per code of a case whose files name no joint."""
    found: dict[str, set[Joint]] = defaultdict(set)
    query = (
        sa.select(CASES.c.code, INSTANCES.c.facts, FILES.c.path)
        .select_from(placed().join(INSTANCES, INSTANCES.c.series_id == SERIES.c.id))
        .join(FILES, FILES.c.id == INSTANCES.c.file_id)
        .where(CASES.c.joint.is_(None), INSTANCES.c.position == 0)
    )
    for code, facts, path in connection.execute(query):
        if joint := joint_suggested(from_facts(facts, path).coil_name):
            found[code].add(joint)
    return {code: joints.pop() for code, joints in found.items() if len(joints) == 1}


def series_row(row: Any) -> SeriesRow:
    """One row of the listing."""
    return SeriesRow(
        key=row.key,
        series_number=row.series_number,
        split=row.split,
        modality=row.modality,
        plane=Plane(row.plane) if row.plane else None,
        weighting=Weighting(row.weighting) if row.weighting else None,
        fat_suppressed=row.fat_suppressed,
        laterality=side_of(row.confirmed_laterality or row.laterality),
        slices=row.slices,
        rows=row.rows,
        columns=row.columns,
        row_spacing=row.row_spacing,
        column_spacing=row.column_spacing,
        slice_spacing=row.slice_spacing,
        warnings=tuple(json.loads(row.warnings)),
    )
