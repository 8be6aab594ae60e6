"""How long the reads of a study took, for whom it may be told to."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import StoreError
from workstation.reading.order import Presentation
from workstation.reading.timing import read_times
from workstation.reading.visibility import Role, Viewer, hides_codes, who_sees
from workstation.scoring.instrument import Item
from workstation.workflow.case_forms import forms_met, hides_visits

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study

HEADER = ("study", "case", "side", "visit", "repeat", "reader", "instrument", "item", "seconds")


@dataclass(frozen=True, slots=True)
class TimeRow:
    """Seconds of one item, or with empty `instrument` and `item` of a whole case.

    Side and visit are said where the form has a column for each.
    """

    study: str
    case: str
    side: str
    visit: str
    repeat: int
    reader: str
    instrument: str
    item: str
    seconds: float


def time_rows(study: Study, viewer: Viewer | None = None) -> tuple[TimeRow, ...]:
    """Time of every locked read that counts: of the case, then of each item in the form's order.

    Timing tells how hard a case was, so it is shown like scores: to a reader the own at any time, to others
    once the reads are open. A reader gets it under the codes that were read.
    """
    viewer = viewer or Viewer(Role.COORDINATOR)
    locked = study.locked()
    hidden = hides_codes(study.orders, viewer, locked)
    opened = study.unsealed_cases()
    hides_closed = viewer.role is Role.READER and hides_visits(study)
    whole = study.known_reads if hidden else study.counted_reads
    seen = whole(as_met=True)
    rows: list[TimeRow] = []
    for (reader, case, number), session in sorted(seen.items()):
        shown = Presentation(case, number)
        if not who_sees(viewer, reader, shown, study.orders, locked).scores:
            continue
        name, repeat = (study.orders.codes(reader)[shown], 0) if hidden else (case, number - 1)
        times = read_times(study.entries(session.key, study.store.reads.entries(session.key)))
        rows.append(TimeRow(study.plan.id, name, "", "", repeat, reader, "", "", times.case_s))
        tells_visits = not hidden and (case in opened or not hides_closed)
        for form in forms_met(study, session.key):
            for item in form.items:
                side, visit = _place(item, tells_visits=tells_visits)
                seconds = times.items.get((form.id, item.id), 0)
                rows.append(
                    TimeRow(study.plan.id, name, side, visit, repeat, reader, form.id, item.row, seconds)
                )
    return tuple(rows)


def _place(item: Item, *, tells_visits: bool) -> tuple[str, str]:
    """Side and visit of an item, or the number of the time point where the visit must not be told."""
    column = item.column
    if column is None:
        return "", ""
    return column.side, column.visit if tells_visits else column.label


def write_times(path: Path, rows: Iterable[TimeRow]) -> None:
    """Write rows as CSV, seconds to the tenth.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(HEADER)
            for row in rows:
                values = [getattr(row, name) for name in HEADER[:-1]]
                table.writerow([*values, f"{row.seconds:.1f}"])
    except OSError as error:
        raise StoreError(
            "The times were not written", error.strerror or "the disk refused", "Choose another place"
        ) from error


def case_times(rows: Sequence[TimeRow]) -> tuple[TimeRow, ...]:
    """Only the rows of whole cases."""
    return tuple(row for row in rows if not row.item)
