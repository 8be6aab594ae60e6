"""What a study tells those who look after it, each as a sentence and a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workstation.errors import ProtocolViolation
from workstation.reading.audit import head_code, head_of
from workstation.reading.visibility import Role, Viewer
from workstation.workflow.calibrate import calibration_state, drift_rows, noted_outcomes
from workstation.workflow.change_plan import plan_rows
from workstation.workflow.emergency import OpenedRead
from workstation.workflow.read_case import Study
from workstation.workflow.study_status import reading_orders
from workstation.workflow.study_times import case_times, time_rows, write_times


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence and a table; the table may be empty."""

    said: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def progress_told(study: Study) -> Told:
    """Which reads are locked, for who may know it: in a sealed study the coordinator, until they are open."""
    plan = study.plan
    if not study.knows_progress:
        sealing = plan.sealing
        coordinator = sealing.coordinator if sealing is not None else None
        if coordinator is None:
            return Told("Sealed with both keys: which reads are locked is told to nobody until all are.")
        return Told(
            f"Sealed: which reads are locked is told to {coordinator.name}, the coordinator, who signs in."
        )
    reads = study.status(Viewer(Role.COORDINATOR))
    rows = []
    for case in dict.fromkeys(one.case for one in reads):
        cells = []
        for reader in plan.readers:
            locked = [one.locked for one in reads if (one.case, one.reader) == (case, reader)]
            some = f"{sum(locked)} of {len(locked)} locked" if any(locked) else "–"
            cells.append("locked" if locked and all(locked) else some)
        rows.append((case, *cells))
    said = [f"{sum(one.locked for one in reads)} of {_counted(len(reads), 'read')} locked."]
    said += [f"Calibration of {reader}: {how}." for reader, how in noted_outcomes(study).items()]
    said.append(f"Open for comparison: {len(study.unsealed_cases())} of {_counted(len(plan.cases), 'case')}.")
    return Told(" ".join(said), ("Case", *plan.readers), tuple(rows))


def orders_told(study: Study) -> Told:
    """Every reader's order and codes, for the coordinator.

    Raises
    ------
    ProtocolViolation
        As `reading_orders`.
    """
    orders = reading_orders(study)
    points = ("Time points",) if any(one.visits for one in orders) else ()
    rows = tuple(
        (
            one.reader,
            str(one.position),
            one.code,
            one.case,
            "read again" if one.reading > 1 else "known case" if one.is_known else "",
            *(" ".join(one.visits) for _ in points),
        )
        for one in orders
    )
    return Told(
        "For the coordinator: readers must not see this.",
        ("Reader", "Place", "Met as", "Case", "Kind", *points),
        rows,
    )


def times_told(study: Study, reader: str = "") -> Told:
    """Time of each case without pauses: a reader's own at any time, everybody's once the reads are open.

    Raises
    ------
    ProtocolViolation
        In a sealed study that nobody has signed in to.
    """
    study.actor("coordinator")
    viewer = Viewer(Role.READER, reader) if reader else Viewer(Role.COORDINATOR)
    rows = case_times([row for row in time_rows(study, viewer) if reader in ("", row.reader)])
    if not rows:
        return Told("No times yet: they are told once the reads are open, to a reader the own ones before.")
    return Told(
        "Time of each case, without pauses and without gaps of more than five minutes.",
        ("Case", "Reader", "Seconds", "Kind"),
        tuple(
            (one.case, one.reader, f"{one.seconds:.0f}", "read again" if one.repeat else "") for one in rows
        ),
    )


def save_times(study: Study, reader: str, path: Path) -> None:
    """Write the time of every item; whose, as `times_told`.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    viewer = Viewer(Role.READER, reader) if reader else Viewer(Role.COORDINATOR)
    write_times(path, [row for row in time_rows(study, viewer) if reader in ("", row.reader)])


def drift_told(study: Study) -> Told:
    """Readers against the known cases among the others, once the study is open.

    Raises
    ------
    ProtocolViolation
        If the plan has none, or they cannot be compared now.
    """
    what = "The known cases were not compared"
    if study.plan.conduct.drift is None:
        raise ProtocolViolation(what, "the plan has none among the others")
    rows = drift_rows(study)
    if rows is None:
        if len(study.unsealed_cases()) < len(study.plan.cases):
            ready = study.ready_cases()
            raise ProtocolViolation(
                what,
                "the reads are still sealed" if ready else study.not_locked_yet,
                "Unseal them first" if ready else "They are compared once the study is open",
            )
        sealing = study.plan.sealing
        names = " and ".join(card.name for card in (sealing.layers if sealing is not None else ()))
        raise ProtocolViolation(
            what, "who may open their known answers is not signed in", f"Sign in as {names}"
        )
    return Told(
        "Above 0 a reader grades higher than what is known. These cases count nowhere else.",
        ("Reader", "Cases", "Items", "Exact", "Within one", "Weighted kappa", "Mean difference"),
        tuple(
            (
                one.reader,
                str(one.cases),
                str(one.items),
                f"{one.exact:.2f}",
                f"{one.within_one:.2f}",
                f"{one.kappa:.2f}",
                f"{one.bias:+.2f} grades",
            )
            for one in rows
        ),
    )


def calibration_told(study: Study) -> Told:
    """How far a signed-in reader is, as the plan lets a reader be told; else who has passed.

    Raises
    ------
    ProtocolViolation
        If the plan has no calibration, or nobody who may know is signed in.
    """
    what = "The calibration was not told"
    if study.plan.conduct.calibration is None:
        raise ProtocolViolation(what, "the plan asks for none")
    here = [name for name in study.plan.readers if study.vault is not None and name in study.vault.people]
    for reader in here:
        state = calibration_state(study, reader)
        assert state is not None
        rows = tuple(
            (one.case, one.item, "not assessable" if one.own is None else str(one.own), str(one.known))
            for one in state.differing
        )
        return Told(f"{reader}: {state.sentence}", ("Case", "Item", "Given", "Known"), rows)
    if not study.knows_progress:
        raise ProtocolViolation(what, "nobody who may know is signed in", "Sign in as reader or coordinator")
    rows_of_all = tuple(noted_outcomes(study).items())
    return Told("Who has passed; values are told to the reader only.", ("Reader", "Calibration"), rows_of_all)


def plans_told(study: Study) -> Told:
    """Every version of the plan, with what it changed, why, and who signed it."""
    rows = tuple(
        (
            str(one.number),
            str(one.version),
            one.made_at[:16].replace("T", " "),
            ", ".join(one.what),
            one.reason,
            " and ".join(one.signed_by),
            one.digest[:12],
        )
        for one in plan_rows(study)
    )
    columns = ("No.", "Version", "Made (UTC)", "Changed", "Reason", "Signed by", "Digest")
    return Told("A read keeps the version of the plan under which it was begun.", columns, rows)


def head_told(study: Study) -> str:
    """The head of the study's log as a code to write down."""
    return head_code(head_of(study.store.audit(), study.store.audit_root))


def unblinded_told(case: str, opened: tuple[OpenedRead, ...]) -> Told:
    """Reads that were opened in an emergency."""
    rows = []
    for one in opened:
        for sheet in one.content.sheets.values():
            for answer in sheet.answers:
                item = sheet.instrument.item(answer.item_id)
                grade = "not assessable" if answer.grade is None else str(answer.grade)
                who = one.reader if one.presentation == 1 else f"{one.reader}, read again"
                rows.append(
                    (
                        who,
                        one.locked_at[:16].replace("T", " "),
                        sheet.instrument.title,
                        item.full_title,
                        grade,
                    )
                )
    return Told(
        f"{case} is open. The log and every export say so; reads of it that are locked later are flagged.",
        ("Reader", "Locked (UTC)", "Form", "Item", "Grade"),
        tuple(rows),
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
