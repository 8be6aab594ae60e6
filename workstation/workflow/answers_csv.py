"""Answers of a reader and consensus values from CSV: checked as a whole first, so nothing is half kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from workstation.errors import DataError
from workstation.reading.journal import answer_entry
from workstation.reading.session import Lock
from workstation.scoring.sheet import Answer
from workstation.workflow.answer_table import AnswerTable
from workstation.workflow.case_forms import only_visit
from workstation.workflow.read_case import OpenRead, Study
from workstation.workflow.reconcile_case import ReconcileCase, reconciliation


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded from a table.

    Attributes
    ----------
    cases : tuple of str
        In the order of the table.
    locks : tuple of Lock
        One for each case, if locking was asked for.
    """

    reader: str
    answers: int
    cases: tuple[str, ...]
    locks: tuple[Lock, ...]


def record_answers(
    study: Study,
    reader: str,
    path: Path,
    *,
    lock: bool = False,
    blinding_held: bool = True,
    remark: str = "",
    signature: str = "",
) -> Recorded:
    """Record a reader's answers from a table with the columns ``case, item, value``.

    ``instrument``, ``state``, ``reader`` and ``study`` are used when there; other columns are not read.
    Where the form has several columns, ``visit`` (the number of the time point as the reader meets it) and
    ``side`` say which of them is meant.
    ``value`` is the grade; ``NA`` or the state ``not_assessable`` says that the item cannot be judged.

    Parameters
    ----------
    lock : bool
        Sign every case of the table as this reader; each must be complete.
    signature : str
        In a sealed study the reader's passphrase, which signs all of them.

    Raises
    ------
    DataError
        Naming the line. Nothing was recorded then.
    ProtocolViolation
        If the plan does not name the reader, or a case to be locked is not complete.
    """
    desk = study.reader(reader)
    table = AnswerTable("These answers were not recorded")
    opened: dict[str, OpenRead] = {}
    wanted: list[tuple[str, str, Answer]] = []
    for row in table.rows(path, ("case", "item", "value")):
        if row["reader"] and row["reader"] != reader:
            raise table.wrong(row.line, f"is of reader {row['reader']}, not of {reader}")
        if row["study"] and row["study"] != study.plan.id:
            raise table.wrong(row.line, f"is of study {row['study']}, not of {study.plan.id}")
        case = row["case"]
        if case not in opened:
            with table.at(row):
                read = desk.open_read(case)
                read.session.require_open()
                if lock and study.vault is not None:
                    study.vault.confirm(reader, signature)
            opened[case] = read
        only = only_visit(study.plan, opened[case].images_of, None)
        instrument, item = table.item_of(row, opened[case].forms, only)
        answer = table.answer_of(row, item)
        if answer is not None:
            wanted.append((case, instrument.id, answer))
    if not wanted:
        raise DataError(table.what, "the table has no answers", "It needs rows with case, item and value")
    if lock:
        _require_signable(opened, wanted, (reader, blinding_held, remark))
    locks = []
    with study.store.batch():
        for case, instrument_id, answer in wanted:
            read = opened[case]
            grade = answer.grade
            read.answer(answer.item_id, answer.state if grade is None else grade, instrument=instrument_id)
        if lock:
            signed = signature or reader
            locks = [one.lock(signed, blinding_held=blinding_held, remark=remark) for one in opened.values()]
    return Recorded(reader, len(wanted), tuple(opened), tuple(locks))


def record_consensus(study: Study, path: Path, by: str = "") -> tuple[ReconcileCase, ...]:
    """Record consensus values from a table with the columns ``case, item, value, reason``.

    Raises
    ------
    DataError
        Naming the line: an item on which both agree, a grade out of range, no reason, a case whose reads
        may not be compared yet. Nothing was recorded then.
    """
    table = AnswerTable("These consensus values were not recorded")
    cases: dict[str, ReconcileCase] = {}
    wanted: list[tuple[ReconcileCase, str, Answer, str]] = []
    for row in table.rows(path, ("case", "item", "value", "reason")):
        if row["case"] not in cases:
            with table.at(row):
                cases[row["case"]] = reconciliation(study, row["case"])
        case = cases[row["case"]]
        instrument, item = table.item_of(row, case.forms, only_visit(study.plan, case.case, None))
        answer = table.answer_of(row, item)
        if answer is None:
            raise table.wrong(row.line, f"has no value for {item.name}", f"Use {item.allowed_keys}, or NA")
        with table.at(row):
            case.require_settleable(item.id, answer.grade, row["reason"], instrument.id)
        wanted.append((case, instrument.id, answer, row["reason"]))
    if not wanted:
        raise DataError(table.what, "the table has no values", "It needs rows with case, item, value, reason")
    with study.store.batch():
        for case, instrument_id, answer, reason in wanted:
            case.settle(answer.item_id, answer.grade, reason, instrument=instrument_id, by=by)
    return tuple(cases.values())


def _require_signable(
    opened: dict[str, OpenRead],
    wanted: list[tuple[str, str, Answer]],
    signature: tuple[str, bool, str],
) -> None:
    """Play the answers in memory: a case that could not be locked afterwards is refused beforehand."""
    sessions = {case: read.session for case, read in opened.items()}
    for case, instrument_id, answer in wanted:
        session = sessions[case]
        after = session.replay.after(answer_entry(instrument_id, answer))
        sessions[case] = replace(session, replay=after)
    for session in sessions.values():
        session.require_signable(*signature)
