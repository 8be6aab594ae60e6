"""The forms of a case: with a column for each visit where visits are read together, and for each side.

A reader meets time points by number. Which visit each number was follows from the reader's order of the
visits; where that is secret, the read says it with the reader's signature, so that who may open it knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation, ResourceError, StoreError
from workstation.imaging.study import Case, Laterality
from workstation.reading.blinding_rule import PAIRED_HIDDEN
from workstation.reading.case_columns import SIDES, CaseColumns, too_many
from workstation.reading.journal import Content, ReadKey
from workstation.reading.order import Presentation
from workstation.reading.plan import StudyPlan
from workstation.reading.replaying import Replay
from workstation.reading.session import ReadingSession
from workstation.scoring.columns import MOST_COLUMNS, columned, numbered_columns, renamed, visit_columns
from workstation.scoring.instrument import Column, Instrument

if TYPE_CHECKING:
    from workstation.workflow.study import Study

NOT_MADE = "The study was not made"


def with_columns(
    plan: StudyPlan, cases: Mapping[str, Case] | None, forms: Sequence[Instrument], what: str = NOT_MADE
) -> StudyPlan:
    """The plan with the columns of its cases, from the library; those that it has already are checked.

    A refusal begins with `what`.

    Raises
    ------
    ResourceError
        If time points are paired and the visits are not known, not those that are named, or too many.
    """
    wanted = (*plan.cases, *plan.conduct.known)
    if cases is None:
        if plan.blinding.is_paired and {one.case for one in plan.columns} < set(wanted):
            raise ResourceError(
                what,
                "time points are paired, and without a library nobody knows the visits of its cases",
                "Name the library, or the visits of each case under [[columns]]",
            )
        return plan
    named = {one.case: one for one in plan.columns}
    found = []
    for code in wanted:
        one = _columns_of(cases[code], plan, forms)
        told = named.get(code)
        if told is not None and told != one:
            raise ResourceError(
                what,
                f"{code} has {_has(one)} in the library, and its plan names {_has(told)}",
                "Import what is missing, or correct [[columns]]",
            )
        if one.count > MOST_COLUMNS:
            raise ResourceError(what, too_many(one), "Leave the case out, or read its visits unpaired")
        if one.visits or one.sides:
            found.append(one)
    return replace(plan, columns=tuple(found))


def columns_found(
    plan: StudyPlan, cases: Mapping[str, Case], forms: Sequence[Instrument]
) -> tuple[CaseColumns, ...]:
    """The columns of those cases of a plan that the library has; nothing is checked."""
    found = (_columns_of(cases[code], plan, forms) for code in plan.cases if code in cases)
    return tuple(one for one in found if one.visits or one.sides)


def _columns_of(case: Case, plan: StudyPlan, forms: Sequence[Instrument]) -> CaseColumns:
    is_both = case.laterality is Laterality.BILATERAL and not any(one.asks_both_sides for one in forms)
    visits = case.visits if plan.blinding.is_paired else ()
    return CaseColumns(case.code, visits, SIDES if is_both else ())


def _has(one: CaseColumns) -> str:
    visits = "visit" if len(one.visits) == 1 else "visits"
    told = f"the {visits} {' and '.join(one.visits)}" if one.visits else "no visits"
    return f"{told} of both sides" if one.sides else told


def single_visits(plan: StudyPlan) -> tuple[str, ...]:
    """Cases that have one visit only although time points are paired: their form has one column."""
    if not plan.blinding.is_paired:
        return ()
    return tuple(one.case for one in plan.columns if len(one.visits) < 2)


def forms_met(study: Study, key: ReadKey) -> tuple[Instrument, ...]:
    """The forms of a read as its reader meets them, time points by number.

    Which visit a number is stands in the columns only as far as it is known here.
    """
    known = study.plan.columns_of(key.case)
    knows_order = study.plan.blinding.knows_order
    visits = visits_met(study, key) or ("",) * len(known.visits)
    return tuple(
        columned(form, numbered_columns(visits, known.sides, knows_order=knows_order))
        for form in study.instruments
    )


def forms_compared(plan: StudyPlan, forms: Sequence[Instrument], case: str) -> tuple[Instrument, ...]:
    """The forms of a case as its reads are compared and exported, by the library's labels of its visits."""
    known = plan.columns_of(case)
    return tuple(columned(form, visit_columns(known.visits, known.sides)) for form in forms)


def as_compared(study: Study, session: ReadingSession) -> ReadingSession:
    """A read with its time points as the visits they were.

    Raises
    ------
    ProtocolViolation
        If the order of the visits is not known here.
    StoreError
        If it is not the one that was drawn.
    """
    content = content_compared(study, session.key, session.replay)
    if content is session.content:
        return session
    return replace(session, replay=replace(session.replay, content=content))


def content_compared(study: Study, key: ReadKey, replay: Replay) -> Content:
    """What a read says with its time points as the visits they were; raises as `as_compared` does."""
    content = replay.content
    if not any(sheet.instrument.columns for sheet in content.sheets.values()):
        return content
    visits = visits_of(study, key, replay)
    forms = {one.id: one for one in forms_compared(study.plan, study.instruments, key.case)}
    sheets = {
        name: renamed(sheet, forms[name], _targets(sheet.instrument, forms[name], visits))
        for name, sheet in content.sheets.items()
    }
    return replace(content, sheets=MappingProxyType(sheets))


def visits_of(study: Study, key: ReadKey, replay: Replay) -> tuple[str, ...]:
    """The visits of a read in the order in which they were met; raises as `as_compared` does."""
    said = tuple(str(one) for one in (replay.signed or {}).get("visits", ()))
    known = visits_met(study, key)
    if said and known and said != known:
        raise StoreError(
            f"The read of {key.name} was not opened",
            "it names another order of the visits than the one that was drawn",
            "It was made with a changed program; the coordinator decides what becomes of it",
        )
    if not said and not known and study.plan.columns_of(key.case).visits:
        raise ProtocolViolation(
            f"The read of {key.name} was not opened",
            "the order in which its visits were shown is not known here",
            "Sign in as its reader or as the coordinator",
        )
    return said or known


def visits_met(study: Study, key: ReadKey) -> tuple[str, ...]:
    """The visits of a read in the order in which they are met; empty where that is not known here."""
    orders, knows_order = study.orders, study.plan.blinding.knows_order
    if not knows_order and not orders.knows(key.reader):
        return ()
    return orders.visits(key.reader, Presentation(key.case, key.presentation), knows_order=knows_order)


def only_visit(plan: StudyPlan, code: str, case: Case | None) -> str:
    """The visit of a case that has one; empty where it has several, or where that is not known."""
    visits = plan.columns_of(code).visits or (case.visits if case is not None else ())
    return visits[0] if len(visits) == 1 else ""


def hides_visits(study: Study) -> bool:
    """Whether readers meet time points without knowing which came first."""
    return study.plan.blinding.time_points == PAIRED_HIDDEN


def require_same_columns(study: Study, case: Case, shown_as: str) -> None:
    """Refuse a case whose visits or side are no longer those that the plan was made with.

    Raises
    ------
    ProtocolViolation
    """
    known = study.plan.columns_of(case.code)
    now = _columns_of(case, study.plan, study.instruments)
    # A side that was confirmed as both after the study was made keeps the one column it has.
    if (known.visits, known.sides) in ((now.visits, now.sides), (now.visits, ())):
        return
    many = "its visits are" if known.visits != now.visits else "its side is"
    raise ProtocolViolation(
        f"{shown_as} was not opened",
        f"{many} no longer what the plan was made with",
        "The coordinator compares the library with the plan",
    )


def _targets(met: Instrument, compared: Instrument, visits: Sequence[str]) -> dict[str, Column]:
    """Which column of the compared form each column that was met is."""
    places = {(one.visit, one.side): one for one in compared.columns}
    found = {}
    for one in met.columns:
        number = one.id.removesuffix(one.side)
        found[one.id] = places[visits[int(number) - 1] if number else "", one.side]
    return found
