"""``marrow study order`` and ``times``: how each reader meets the cases, and how long they take."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workstation.workflow.read_case import Study
    from workstation.workflow.study_status import StatusRow


NOT_READABLE = "say that a whole case cannot be read, with the reason"


def register_not_readable(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``study not-readable``."""
    parser.add_argument("reader", metavar="READER", help="reader code of the plan")
    parser.add_argument("--case", required=True, metavar="CODE", help="as the reader's worklist names it")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the read")
    parser.add_argument("--lock", action="store_true", help="sign the read as this reader")


def run_not_readable(study: Study, arguments: argparse.Namespace, passphrase_of: Callable[[str], str]) -> int:
    """Call a case not readable; every item of it becomes not assessable."""
    read = study.reader(arguments.reader).open_read(arguments.case)
    with study.store.batch():
        read.call_not_readable(arguments.reason)
        if arguments.lock:
            read.lock(passphrase_of(arguments.reader) if study.vault is not None else arguments.reader)
    if arguments.json:
        print_json(
            {
                "study": study.plan.id,
                "reader": arguments.reader,
                "case": arguments.case,
                "not_readable": read.not_readable,
                "locked": read.is_locked,
            }
        )
        return OK
    print(f"{arguments.reader}: {arguments.case} is not readable{', locked' if read.is_locked else ''}")
    return OK


def run_order(study: Study, arguments: argparse.Namespace) -> int:
    """Print every reader's order for the coordinator."""
    from workstation.workflow.study_status import reading_orders

    rows = reading_orders(study)
    if arguments.json:
        told: list[dict[str, Any]] = [
            {
                "reader": one.reader,
                "position": one.position,
                "code": one.code,
                "case": one.case,
                "reading": one.reading,
                "known": one.is_known,
                "visits": list(one.visits),
            }
            for one in rows
        ]
        seeds = {reader: seed.hex() for reader, seed in study.orders.seeds.items()}
        drawn = {"seeds": seeds} if study.orders.are_secret else {"seed": study.plan.seed}
        print_json({"study": study.plan.id, **drawn, "order": told})
        return OK
    print("For the coordinator: readers must not see this.")
    for one in rows:
        again = "  read again" if one.reading > 1 else "  known case" if one.is_known else ""
        visits = f"  {' '.join(one.visits)}" if len(one.visits) > 1 else ""
        print(f"{one.reader:<10} {one.position:>4}  {one.code:<16} {one.case:<16}{visits}{again}".rstrip())
    return OK


def run_times(study: Study, arguments: argparse.Namespace) -> int:
    """Print the time of each case, or write a table with every item."""
    from workstation.reading.visibility import Role, Viewer
    from workstation.workflow.study_times import case_times, time_rows, write_times

    if arguments.reader:
        study.plan.require_reader(arguments.reader)
        viewer = Viewer(Role.READER, arguments.reader)
    else:
        viewer = Viewer(Role.COORDINATOR)
    rows = [row for row in time_rows(study, viewer) if arguments.reader in (None, row.reader)]
    cases = case_times(rows)
    if arguments.out is not None:
        write_times(arguments.out, rows)
    if arguments.json:
        told = [
            {
                "case": row.case,
                "repeat": row.repeat,
                "reader": row.reader,
                "instrument": row.instrument,
                "item": row.item,
                "seconds": round(row.seconds, 1),
            }
            for row in rows
        ]
        print_json({"study": study.plan.id, "times": told})
        return OK
    if not cases:
        print("No times yet: they are told once the reads are open, to a reader the own ones with --reader.")
    for row in cases:
        again = "  read again" if row.repeat else ""
        print(f"{row.case:<16} {row.reader:<10} {row.seconds:>8.0f} s{again}")
    return OK


def status_lines(study: Study, rows: Sequence[StatusRow]) -> list[str]:
    """Which reads are locked, a line per case and a column per reader, for who may know it."""
    plan = study.plan
    if not study.knows_progress:
        told = (
            "to the coordinator only (--as)" if plan.sealing and plan.sealing.coordinator else "when all are"
        )
        return [f"{plan.title}: sealed; which reads are locked is told {told}"]
    lines = [f"{plan.title}: {sum(row.locked for row in rows)} of {len(rows)} reads locked"]
    lines.append(f"{'case':<16}" + "".join(f"{reader:<10}" for reader in plan.readers))
    for case in plan.cases:
        cells = []
        for reader in plan.readers:
            locked = [row.locked for row in rows if (row.case, row.reader) == (case, reader)]
            some = f"{sum(locked)} of {len(locked)}" if any(locked) else "-"
            cells.append("locked" if locked and all(locked) else some)
        lines.append(f"{case:<16}" + "".join(f"{cell:<10}" for cell in cells))
    return lines
