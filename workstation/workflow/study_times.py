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

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study

HEADER = ("study", "case", "repeat", "reader", "instrument", "item", "seconds")


@dataclass(frozen=True, slots=True)
class TimeRow:
    """Seconds of one item, or with empty `instrument` and `item` of a whole case."""

    study: str
    case: str
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
    seen = study.known_reads() if hidden else study.counted_reads()
    rows: list[TimeRow] = []
    for (reader, case, number), session in sorted(seen.items()):
        shown = Presentation(case, number)
        if not who_sees(viewer, reader, shown, study.orders, locked).scores:
            continue
        name, repeat = (study.orders.codes(reader)[shown], 0) if hidden else (case, number - 1)
        times = read_times(study.entries(session.key, study.store.reads.entries(session.key)))
        rows.append(TimeRow(study.plan.id, name, repeat, reader, "", "", times.case_s))
        rows += [
            TimeRow(
                study.plan.id, name, repeat, reader, one.id, item.id, times.items.get((one.id, item.id), 0)
            )
            for one in study.instruments
            for item in one.items
        ]
    return tuple(rows)


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
