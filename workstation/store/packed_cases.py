"""Cases of a library as they travel to another one: the same codes, UIDs and series, nothing of who it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from workstation.errors import DataError, StoreError
from workstation.imaging.study import Instance, Joint, Laterality
from workstation.store.engine import Database, insert_row
from workstation.store.facts import to_facts
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

_SERIES = tuple(one.name for one in SERIES.c if one.name not in ("id", "study_id", "case_id"))


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A copy in the library: its path there (relative) and its size in bytes."""

    sop_instance_uid: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """A copy that came with a package and lies in its place already; `instances` were read from it here.

    `source_digest` is keyed with this library's key, so that the same file is known again.
    """

    path: str
    size: int
    source_digest: bytes
    instances: tuple[Instance, ...]


def packed_cases(
    database: Database, codes: Collection[str]
) -> tuple[list[dict[str, Any]], tuple[PackedFile, ...]]:
    """Cases as JSON values, and the files that they need.

    Raises
    ------
    StoreError
        If a case is not in the library.
    """
    files: dict[str, PackedFile] = {}
    packed = []
    with database.read() as connection:
        for code in codes:
            case = connection.execute(
                sa.select(CASES, SUBJECTS.c.pseudonym, SUBJECTS.c.identified)
                .join(SUBJECTS, SUBJECTS.c.id == CASES.c.subject_id)
                .where(CASES.c.code == code)
            ).first()
            series = [] if case is None else _series(connection, case.id, files)
            if case is None or not series:
                raise StoreError(
                    "The package was not made",
                    f"the case {code} is not in the library",
                    "Name the library that has the study's images with --library",
                )
            packed.append(
                {
                    "code": case.code,
                    "joint": case.joint,
                    "laterality": case.laterality,
                    "confirmed": bool(case.laterality_confirmed),
                    "subject": case.pseudonym,
                    "identified": bool(case.identified),
                    "series": series,
                }
            )
    return packed, tuple(files.values())


def _series(connection: sa.Connection, case: int, files: dict[str, PackedFile]) -> list[dict[str, Any]]:
    found = connection.execute(
        sa.select(SERIES, STUDIES.c.study_instance_uid, VISITS.c.label.label("visit"))
        .join(STUDIES, STUDIES.c.id == SERIES.c.study_id)
        .outerjoin(VISITS, VISITS.c.id == STUDIES.c.visit_id)
        .where(SERIES.c.case_id == case)
        .order_by(SERIES.c.key)
    ).mappings()
    rows = []
    for row in found:
        places = []
        for file in connection.execute(
            sa.select(INSTANCES.c.frame, FILES.c.sop_instance_uid, FILES.c.path, FILES.c.size)
            .join(FILES, FILES.c.id == INSTANCES.c.file_id)
            .where(INSTANCES.c.series_id == row["id"])
            .order_by(INSTANCES.c.position)
        ):
            files[file.sop_instance_uid] = PackedFile(file.sop_instance_uid, file.path, file.size)
            places.append([file.sop_instance_uid, file.frame])
        values = {name: row[name] for name in _SERIES}
        rows.append(
            {
                "columns": values,
                "study": row["study_instance_uid"],
                "visit": row["visit"] or "",
                "places": places,
            }
        )
    return rows


def require_room(database: Database, cases: Sequence[Mapping[str, Any]]) -> None:
    """Refuse cases whose code is another case's here.

    Raises
    ------
    StoreError
    """
    with database.read() as connection:
        for case in cases:
            _existing(connection, case)


def add_cases(
    database: Database,
    cases: Sequence[Mapping[str, Any]],
    arrived: Mapping[str, ArrivedFile],
) -> int:
    """Record cases that came with a package; what is here already stays as it is.

    Parameters
    ----------
    arrived : mapping
        New files by SOP instance UID; the others are here already.

    Returns
    -------
    int
        Series that are new or have more images than before.
    """
    new = 0
    with database.write() as connection:
        for case in cases:
            row = _existing(connection, case)
            if row is None:
                row = insert_row(
                    connection,
                    CASES,
                    subject_id=_subject(connection, case),
                    **_place(case),
                    code=case["code"],
                )
            else:
                connection.execute(sa.update(CASES).where(CASES.c.id == row).values(**_place(case)))
            for series in case["series"]:
                new += _add_series(connection, row, case, series, arrived)
    return new


def _place(case: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "joint": case["joint"],
        "laterality": case["laterality"],
        "laterality_confirmed": case["confirmed"],
    }


def _existing(connection: sa.Connection, case: Mapping[str, Any]) -> int | None:
    """Row of the same case that came before; another one of that code is refused."""
    code = str(case["code"])
    row = connection.execute(
        sa.select(CASES.c.id, SUBJECTS.c.pseudonym)
        .join(SUBJECTS, SUBJECTS.c.id == CASES.c.subject_id)
        .where(sa.func.lower(CASES.c.code) == code.lower())
    ).first()
    alias = sa.select(CASE_ALIASES.c.code).where(sa.func.lower(CASE_ALIASES.c.code) == code.lower())
    if row is None and connection.execute(alias).first() is None:
        return None
    if row is None or row.pseudonym != case["subject"]:
        raise StoreError(
            "The package was not taken in",
            f"this library has another case that is called {code}",
            "Name another library with --library, best one of its own for the study",
        )
    return int(row.id)


def _subject(connection: sa.Connection, case: Mapping[str, Any]) -> int:
    found = connection.execute(
        sa.select(SUBJECTS.c.id).where(SUBJECTS.c.pseudonym == case["subject"])
    ).scalar()
    if found is not None:
        return int(found)
    return insert_row(connection, SUBJECTS, pseudonym=case["subject"], identified=case["identified"])


def _study(connection: sa.Connection, subject: int, series: Mapping[str, Any]) -> int:
    uid = series["study"]
    found = connection.execute(sa.select(STUDIES.c.id).where(STUDIES.c.study_instance_uid == uid)).scalar()
    if found is not None:
        return int(found)
    visit = connection.execute(
        sa.select(VISITS.c.id).where(VISITS.c.subject_id == subject, VISITS.c.label == series["visit"])
    ).scalar()
    if visit is None and series["visit"]:
        visit = insert_row(connection, VISITS, subject_id=subject, label=series["visit"])
    return insert_row(
        connection,
        STUDIES,
        study_instance_uid=uid,
        subject_id=subject,
        origin_subject_id=subject,
        visit_id=visit,
        shifted_date="",
        stale=False,
    )


def _add_series(
    connection: sa.Connection,
    case_id: int,
    case: Mapping[str, Any],
    series: Mapping[str, Any],
    arrived: Mapping[str, ArrivedFile],
) -> int:
    columns = series["columns"]
    known = connection.execute(
        sa.select(SERIES.c.id, SERIES.c.case_id, SERIES.c.slices).where(SERIES.c.key == columns["key"])
    ).first()
    if known is not None:
        if known.case_id != case_id:
            raise StoreError(
                "The package was not taken in",
                f"images of {case['code']} belong to another case of this library",
                "Name another library with --library, best one of its own for the study",
            )
        if known.slices >= len(series["places"]):
            return 0
    subject = connection.execute(sa.select(CASES.c.subject_id).where(CASES.c.id == case_id)).scalar_one()
    study = _study(connection, subject, series)
    if known is None:
        number = insert_row(connection, SERIES, **columns, study_id=study, case_id=case_id)
    else:  # images that stayed behind the first time
        number = int(known.id)
        connection.execute(sa.update(SERIES).where(SERIES.c.id == number).values(**columns))
    for position, (uid, frame) in enumerate(series["places"]):
        instance = _instance(connection, study, uid, frame, arrived)
        connection.execute(
            sa.update(INSTANCES).where(INSTANCES.c.id == instance).values(series_id=number, position=position)
        )
    return 1


def _instance(
    connection: sa.Connection,
    study: int,
    uid: str,
    frame: int,
    arrived: Mapping[str, ArrivedFile],
) -> int:
    file = connection.execute(sa.select(FILES.c.id).where(FILES.c.sop_instance_uid == uid)).scalar()
    if file is None:
        if uid not in arrived:
            raise not_a_case()
        new = arrived[uid]
        file = insert_row(
            connection,
            FILES,
            study_id=study,
            sop_instance_uid=uid,
            path=new.path,
            source_digest=new.source_digest,
            size=new.size,
        )
        connection.execute(
            sa.insert(INSTANCES),
            [
                {"file_id": file, "study_id": study, "frame": one.frame, "facts": to_facts(one)}
                for one in new.instances
            ],
        )
    found = connection.execute(
        sa.select(INSTANCES.c.id).where(INSTANCES.c.file_id == file, INSTANCES.c.frame == frame)
    ).scalar()
    if found is None:
        raise not_a_case()
    return int(found)


def not_a_case() -> DataError:
    """What a person is told whose package does not hold what it says."""
    return DataError(
        "The package was not taken in", "its images and its list of cases do not fit", "Have it made again"
    )


def checked_cases(value: Any) -> list[dict[str, Any]]:
    """The list of cases of a package, of the right shape.

    Raises
    ------
    DataError
    """
    try:
        cases = [dict(one) for one in value]
        for case in cases:
            for series in case["series"]:
                if set(series["columns"]) != set(_SERIES) or not isinstance(series["study"], str):
                    raise ValueError("series")
                if not all(isinstance(one, str | int | float | None) for one in series["columns"].values()):
                    raise ValueError("columns")
                places = [(str(uid), int(frame)) for uid, frame in series["places"]]
                if len(set(places)) != len(places):
                    raise ValueError("places")
            texts = (case["code"], case["subject"], *(one["visit"] for one in case["series"]))
            if not all(isinstance(one, str) for one in texts) or not isinstance(case["confirmed"], bool):
                raise ValueError("case")
            if case["joint"] not in (None, *Joint) or case["laterality"] not in (None, *Laterality):
                raise ValueError("place")
    except (ValueError, KeyError, TypeError) as error:
        raise not_a_case() from error
    return cases
