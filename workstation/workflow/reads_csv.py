"""Locked reads as rows of the long CSV table, limited to what the asking person may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workstation.analysis.reads import ReadRow
from workstation.export.measurement_table import ReaderMark
from workstation.imaging.measurement import marks_of
from workstation.imaging.study import Case
from workstation.reading.conduct import Scores
from workstation.reading.order import Presentation
from workstation.reading.session import Lock, ReadingSession
from workstation.reading.visibility import Role, Viewer, hides_codes, who_sees
from workstation.workflow.answers_csv import Recorded, record_answers, record_consensus
from workstation.workflow.case_forms import as_compared, hides_visits, only_visit
from workstation.workflow.read_case import Study
from workstation.workflow.visit_words import visits_told

__all__ = ["Recorded", "measurements", "reads_rows", "record_answers", "record_consensus", "seen_reads"]


def reads_rows(
    study: Study, viewer: Viewer | None = None, scores: Scores | None = None
) -> tuple[ReadRow, ...]:
    """Every item of every locked read that counts, one row each.

    Where masks were shown after the own score, `scores` says which are meant; by default the plan does.
    The coordinator (the default) gets reads only once they are unsealed; a reader gets the own reads at
    any time, and the others' once they are unsealed. Amendments made after comparison are left out.
    """
    cases = study.library_cases() or {}
    return tuple(
        row
        for session, lock in seen_reads(study, viewer, scores)
        for row in _rows(study, session, lock, cases.get(session.key.case))
    )


def measurements(study: Study, viewer: Viewer | None = None) -> tuple[ReaderMark, ...]:
    """What was measured in every locked read that counts, seen by whom its answers are seen.

    A measurement names its image, by which a reader would know a case that comes again: readers get theirs
    once they have read everything.
    """
    if viewer is not None and hides_codes(study.orders, viewer, study.locked()):
        return ()
    return tuple(
        ReaderMark(
            study.plan.id,
            session.key.case,
            session.key.presentation - 1,
            session.key.reader,
            session.key.version,
            lock.locked_at,
            mark,
            visits.get(mark.series_key, ""),
        )
        for session, lock in seen_reads(study, viewer)
        for visits in (visits_told(study, study.library, session.key, viewer),)
        for mark in marks_of(session.content.marks)[0]
    )


def seen_reads(
    study: Study, viewer: Viewer | None = None, scores: Scores | None = None
) -> list[tuple[ReadingSession, Lock]]:
    """Locked reads that count and that `viewer` may see: cases in the plan's order, then readers."""
    viewer = viewer or Viewer(Role.COORDINATOR)
    locked, hidden = study.locked(), hides_codes(study.orders, viewer, study.locked())
    # A reader who has still to read must not learn from a gap which cases are known ones.
    # Nor which of two time points came first, while the case is closed and a read of it can be amended.
    as_met = hidden or (viewer.role is Role.READER and hides_visits(study))
    whole = study.known_reads if hidden else study.counted_reads
    counted = whole(scores=scores, as_met=as_met)
    if as_met and not hidden:
        opened = study.unsealed_cases()
        counted |= {key: as_compared(study, one) for key, one in counted.items() if key[1] in opened}
    found: list[tuple[ReadingSession, Lock]] = []
    place = {case: i for i, case in enumerate((*study.plan.cases, *study.plan.conduct.known))}
    for reader, case, number in sorted(counted, key=lambda one: (place[one[1]], one[0], one[2])):
        session = counted[reader, case, number]
        sight = who_sees(viewer, reader, Presentation(case, number), study.orders, locked)
        if sight.scores and session.lock is not None:
            found.append((session, session.lock))
    return _as_met(found, study) if hidden else found


def _as_met(found: list[tuple[ReadingSession, Lock]], study: Study) -> list[tuple[ReadingSession, Lock]]:
    """Reads under the codes that their reader has met: which of them are repeats stays hidden."""
    met = []
    for session, lock in found:
        key = session.key
        code = study.orders.codes(key.reader)[Presentation(key.case, key.presentation)]
        met.append((replace(session, key=replace(key, case=code, presentation=1)), lock))
    return sorted(met, key=lambda one: one[0].key.case)


def _rows(study: Study, session: ReadingSession, lock: Lock, case: Case | None) -> Iterator[ReadRow]:
    key = session.key
    side = case.laterality.value if case and case.laterality else ""
    visit = only_visit(study.plan, key.case, case)
    for one in study.instruments:
        sheet = session.content.sheet(one.id)
        for item, answer in zip(sheet.instrument.items, sheet.answers, strict=True):
            column = item.column
            yield ReadRow(
                case=key.case,
                reader=key.reader,
                item=item.row,
                value=None if answer.grade is None else float(answer.grade),
                points=sheet.points(item.id),
                state=answer.state.value,
                study=study.plan.id,
                side=(column.side if column else "") or side,
                visit=(column.label if column else "") or visit,
                repeat=key.presentation - 1,
                read_version=key.version,
                instrument=one.id,
                instrument_version=one.version,
                locked_at=lock.locked_at,
            )
