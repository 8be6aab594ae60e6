"""Build the series of the studies that got new files.

A study with new files is marked stale in the same transaction that records them, and unmarked in the one
that writes its series. So an import may be killed at any moment: the next one finds what waits.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from workstation.errors import DataError
from workstation.imaging.geometry import slice_normal
from workstation.imaging.study import Series
from workstation.store.engine import Database, insert_row
from workstation.store.facts import from_facts
from workstation.store.placing import ChooseCode, place_subject
from workstation.store.tables import FILES, INSTANCES, SERIES, STUDIES
from workstation.tasks import Progress

InstanceRows = dict[tuple[str, int], int]
"""Row id by SOP instance UID and frame."""


def stale_studies(database: Database) -> tuple[int, ...]:
    """Row ids of studies whose series wait to be built."""
    with database.read() as connection:
        return tuple(connection.execute(sa.select(STUDIES.c.id).where(STUDIES.c.stale)).scalars())


def settle(
    database: Database, root: Path, key: bytes, choose_code: ChooseCode, progress: Progress
) -> tuple[str, ...]:
    """Build what waits; returns notes for the coordinator. See `Library.settle`."""
    waiting = stale_studies(database)
    notes: list[str] = []
    for number, study in enumerate(waiting):
        progress.report(number, len(waiting), "building series")
        series, rows = _built(database, root, study)
        with database.write() as connection:
            _write_series(connection, study, series, rows)
            subject = connection.execute(
                sa.select(STUDIES.c.subject_id).where(STUDIES.c.id == study)
            ).scalar_one()
            notes += place_subject(connection, key, subject, choose_code)
            connection.execute(sa.update(STUDIES).where(STUDIES.c.id == study).values(stale=False))
    progress.report(len(waiting), max(len(waiting), 1), "building series")
    return tuple(dict.fromkeys(notes))


def _built(
    database: Database, root: Path, study: int
) -> tuple[tuple[Series, ...], dict[tuple[str, int], int]]:
    from workstation.imaging.assemble import build_series

    with database.read() as connection:
        found = connection.execute(
            sa.select(INSTANCES.c.id, INSTANCES.c.facts, FILES.c.path)
            .join(FILES, FILES.c.id == INSTANCES.c.file_id)
            .where(INSTANCES.c.study_id == study)
            .order_by(INSTANCES.c.id)
        ).all()
    instances = [from_facts(row.facts, str(root / row.path)) for row in found]
    rows = {
        (instance.sop_instance_uid, instance.frame): row.id
        for instance, row in zip(instances, found, strict=True)
    }
    return tuple(build_series(instances)), rows


def _write_series(
    connection: sa.Connection, study: int, series: tuple[Series, ...], rows: InstanceRows
) -> None:
    known = {
        row.key: row.id
        for row in connection.execute(sa.select(SERIES.c.key, SERIES.c.id).where(SERIES.c.study_id == study))
    }
    connection.execute(
        sa.update(INSTANCES).where(INSTANCES.c.study_id == study).values(series_id=None, position=None)
    )
    places: list[dict[str, int]] = []
    for found in series:
        values = _columns(found) | {"study_id": study}
        if found.key in known:
            number = known.pop(found.key)
            connection.execute(sa.update(SERIES).where(SERIES.c.id == number).values(values))
        else:
            number = insert_row(connection, SERIES, **values)
        places += [
            {"row": rows[instance.sop_instance_uid, instance.frame], "series": number, "place": position}
            for position, instance in enumerate(found.instances)
        ]
    if places:
        connection.execute(
            sa.update(INSTANCES)
            .where(INSTANCES.c.id == sa.bindparam("row"))
            .values(series_id=sa.bindparam("series"), position=sa.bindparam("place")),
            places,
        )
    if known:
        connection.execute(sa.delete(SERIES).where(SERIES.c.id.in_(list(known.values()))))


def _columns(series: Series) -> dict[str, Any]:
    first = series.first
    spacing = first.pixel_spacing or (None, None)
    return {
        "key": series.key,
        "series_instance_uid": series.series_instance_uid,
        "split": series.split,
        "axis": series.axis,
        "plane": series.plane,
        "weighting": series.weighting,
        "fat_suppressed": series.fat_suppressed,
        "joint": series.joint,
        "laterality": series.laterality,
        # A tag that names a side which was then not taken: something speaks against it.
        "laterality_contradicted": series.laterality is None
        and any(instance.laterality for instance in series.instances),
        "warnings": json.dumps(series.warnings, ensure_ascii=False),
        "modality": first.modality,
        "series_number": first.series_number,
        "frame_of_reference_uid": first.frame_of_reference_uid,
        "slices": len(series.instances),
        "rows": first.pixels.rows,
        "columns": first.pixels.columns,
        "row_spacing": spacing[0],
        "column_spacing": spacing[1],
        "slice_spacing": _slice_spacing(series),
    }


def _slice_spacing(series: Series) -> float | None:
    """Median distance of neighbouring slices in mm, or None where the positions do not say."""
    if series.axis != "position" or series.plane is None or len(series.instances) < 2:
        return None
    orientation = series.first.image_orientation_patient
    if orientation is None:
        return None
    try:
        normal = slice_normal(orientation)
    except DataError:
        return None
    positions = [
        float(sum(a * b for a, b in zip(instance.image_position_patient, normal, strict=True)))
        for instance in series.instances
        if instance.image_position_patient is not None
    ]
    steps = [abs(b - a) for a, b in pairwise(positions)]
    return median(steps) if steps else None
