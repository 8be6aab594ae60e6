"""How each read was made, as a table beside the scores: plan version, blinding, order of visits, masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workstation.analysis.reads import write_table

HEADER = (
    "study", "plan_version", "case", "repeat", "reader", "read_version", "locked_at", "blinding", "remark",
    "time_points", "overlays", "masks_seen", "after_unsealing", "seconds", "revealed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConductRow:
    """One locked read.

    Attributes
    ----------
    plan_version : int
        Of the plan under which it was begun.
    blinding : str
        The reader's word at lock: ``"held"`` or ``"not held"``; `remark` says why.
    time_points, overlays : str
        The plan's rules for it.
    masks_seen : str
        ``"no"``, ``"after own score"`` or ``"while scoring"``.
    after_unsealing : bool
        Other reads could already be compared when it was locked.
    seconds : float
        Time of reading without pauses.
    revealed : str
        What the plan told the reader of the case besides its code: ``"sex and age decade"`` or ``"nothing"``.
    """

    study: str
    plan_version: int
    case: str
    repeat: int
    reader: str
    read_version: int
    locked_at: str
    blinding: str
    remark: str
    time_points: str
    overlays: str
    masks_seen: str
    after_unsealing: bool
    seconds: float
    revealed: str = "nothing"


def write_conduct(path: Path, rows: Iterable[ConductRow]) -> None:
    """Write ``conduct.csv``.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, HEADER, (_cells(row) for row in rows))


def _cells(row: ConductRow) -> list[str]:
    values = {name: str(getattr(row, name)) for name in HEADER}
    values["after_unsealing"] = "yes" if row.after_unsealing else "no"
    values["seconds"] = f"{row.seconds:.1f}"
    return [values[name] for name in HEADER]
