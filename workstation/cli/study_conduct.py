"""``marrow study order``: in which order, under which codes, each reader meets the cases."""

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
