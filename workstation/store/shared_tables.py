"""Which tables of a study a server keeps too, whose each row is, and who may see it there."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from workstation.store import study_tables as tables

_READ = ("reader", "case_code", "presentation", "version")
ME, COORDINATES, ANY_OPENED = "(SELECT me())", "(SELECT is_coordinator())", "(SELECT any_opened())"
"""In this form they are asked once for a statement and not for each row."""
_READ_OPEN = "is_opened(reader, case_code, presentation, version)"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """How the rows of one table travel.

    Attributes
    ----------
    key : tuple of str
        Columns that tell rows apart.
    owner : str
        The column that names whose row it is: only that account's role may send it. Empty where every
        member may, once the reads are open.
    same : tuple of str
        Columns in which two rows of one key must agree to be the same row.
    writes, sees : str
        SQL conditions for a role that sends a row, and for one that reads it; "" means that no role may.
    chain : tuple of str
        Not empty where rows form chains by ``sequence`` and ``digest``: what tells the chains apart.
    is_asked_whole : bool
        Also before others' reads may be seen rows are asked for that name another owner.
    """

    table: sa.Table
    key: tuple[str, ...]
    owner: str
    same: tuple[str, ...]
    writes: str
    sees: str
    chain: tuple[str, ...] = ()
    is_asked_whole: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that travel; a local row number does not."""
        local = {"id"} if self.chain else set()
        return tuple(one.name for one in self.table.c if one.name not in local)


def _of_reader(table: sa.Table, same: tuple[str, ...], chain: tuple[str, ...] = ()) -> SharedTable:
    key = (*_READ, "sequence") if chain else _READ
    return SharedTable(
        table,
        key,
        "reader",
        same,
        f"reader = {ME}",
        f"reader = {ME} OR {COORDINATES} OR {_READ_OPEN}",
        chain,
    )


STUDY = SharedTable(tables.STUDY, ("id",), "", ("study_uid", "codec"), "", f"{ME} IS NOT NULL")
PLANS = SharedTable(tables.PLANS, ("number",), "", ("digest",), COORDINATES, f"{ME} IS NOT NULL")
JOURNAL = _of_reader(tables.JOURNAL, ("digest",), _READ)
RECONCILE_JOURNAL = SharedTable(
    tables.RECONCILE_JOURNAL,
    ("case_code", "sequence"),
    "",
    ("digest",),
    ANY_OPENED,
    f"{ANY_OPENED} OR {COORDINATES}",
    ("case_code",),
)
AMENDMENTS = _of_reader(tables.AMENDMENTS, ("reason", "at", "post_comparison"))
BEFORE = (
    SharedTable(
        tables.PLAN_SIGNATURES,
        ("plan_number", "signer"),
        "signer",
        ("signature",),
        f"signer = {ME}",
        f"{ME} IS NOT NULL",
        is_asked_whole=True,
    ),
    SharedTable(
        tables.ORDER_SEEDS,
        ("reader", "recipient"),
        "drawn_by",
        ("commitment",),
        f"drawn_by = {ME}",
        f"recipient = {ME} OR drawn_by = {ME} OR {COORDINATES} OR {ANY_OPENED}",
        is_asked_whole=True,
    ),
    AMENDMENTS,
)
"""Rows that stand alone and come before the entries of the reads, in the order in which they are added."""
LOCKS = _of_reader(tables.LOCKS, ("digest", "entries", "signer"))
SHEETS = _of_reader(tables.SHEETS, ("signature",))
AFTER = (
    SHEETS,
    LOCKS,
    SharedTable(
        tables.OPENINGS,
        (*_READ, "recipient", "stage"),
        "opener",
        ("signature",),
        f"opener = {ME} AND may_open(case_code)",
        f"recipient = {ME} OR opener = {ME} OR {COORDINATES} OR {ANY_OPENED}",
    ),
    SharedTable(
        tables.TOLD_READS,
        ("reader", "slot"),
        "told_by",
        ("case_code", "presentation"),
        f"told_by = {ME} AND {ANY_OPENED}",
        f"told_by = {ME} OR {COORDINATES} OR {ANY_OPENED}",
    ),
    SharedTable(
        tables.RECONCILE_SIGNATURES,
        ("case_code", "signer", "digest"),
        "signer",
        ("signed_at",),
        f"signer = {ME} AND {ANY_OPENED}",
        f"{ANY_OPENED} OR {COORDINATES}",
    ),
    SharedTable(
        tables.RECONCILE_CLOSED,
        ("case_code",),
        "",
        ("digest",),
        ANY_OPENED,
        f"{ANY_OPENED} OR {COORDINATES}",
    ),
    # The logs that came back by file from readers' own machines.
    SharedTable(
        tables.RETURNED,
        ("reader", "sequence"),
        "",
        ("digest",),
        COORDINATES,
        f"{COORDINATES} OR {ANY_OPENED}",
    ),
)
"""Those that come after the entries."""

SHARED = (STUDY, PLANS, *BEFORE, JOURNAL, RECONCILE_JOURNAL, *AFTER)

NOT_SHARED = {
    "orders": "follow from the plan, and each is secret from the other readers",
    "machine": "says whose machine a copy is that was made from a package",
    "audit": "each machine has its own log; the server keeps all of them in the table logs",
}
"""Tables of a study that no server's role sees, and why."""
