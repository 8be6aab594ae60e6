"""``marrow study order`` and ``times``: how each reader meets the cases, and how long they take."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workstation.workflow.read_case import Study
    from workstation.workflow.study_status import StatusRow


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
            }
            for one in rows
        ]
        print_json({"study": study.plan.id, "seed": study.plan.seed, "order": told})
        return OK
    print("For the coordinator: readers must not see this.")
    for one in rows:
        again = "  read again" if one.reading > 1 else ""
        print(f"{one.reader:<10} {one.position:>4}  {one.code:<16} {one.case:<16}{again}".rstrip())
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
    """Which reads are locked, a line per case and a column per reader."""
    plan = study.plan
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
