"""A study's folder: the plan as text and one database, to which everything is only ever added.

::

    study/
      plan.toml        the plan in force, for people; the database holds the one that counts
      accounts/        of a sealed study: public keys, and secret ones wrapped by passphrases
      study.sqlite     plans, orders, journal, locks, amendments, reconciliation, audit chain
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading.audit import AuditEntry, Sign
from workstation.reading.journal import utc_now
from workstation.reading.order import Presentation, case_order
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan
from workstation.store.engine import open_database
from workstation.store.file_names import STUDY_DATABASE
from workstation.store.study_file import PLAIN, PLAN_CHANGED, SEALED, STUDY_MADE, SYSTEM, StudyFile
from workstation.store.study_machines import StudyMachines
from workstation.store.study_orders import StudyOrders
from workstation.store.study_reads import StudyReads, has_begun
from workstation.store.study_reconciling import StudyReconciling
from workstation.store.study_rows import StudyRows
from workstation.store.study_seals import StudySeals
from workstation.store.study_tables import ORDERS, PLANS, STUDY

DATABASE = STUDY_DATABASE
PLAN = "plan.toml"


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A plan as it was kept."""

    number: int
    toml: str
    digest: str
    made_at: str


class StudyStore:
    """An open study folder. Made by `create` or `open`.

    Attributes
    ----------
    reads : StudyReads
    reconciling : StudyReconciling
    seals : StudySeals
        Sheets, openings and plan signatures; empty in a study that is not sealed.
    machines : StudyMachines
        Whose machine this is, and what came back from others.
    orders : StudyOrders
        Sealed seeds of secret orders; empty where they are not secret.
    rows : StudyRows
        Everything as it is kept, for copying to and from a server.
    signers : dict
        How those sign who are signed in, by account name.
    """

    def __init__(self, folder: Path, file: StudyFile) -> None:
        self.folder = folder
        self._file = file
        self.reads = StudyReads(file)
        self.reconciling = StudyReconciling(file)
        self.seals = StudySeals(file)
        self.machines = StudyMachines(file)
        self.orders = StudyOrders(file)
        self.rows = StudyRows(file)
        self.signers = file.signers

    @classmethod
    def create(
        cls, folder: Path, plan: StudyPlan, *, library: str = "", signers: Mapping[str, Sign] | None = None
    ) -> StudyStore:
        """Make a study, or give one that nobody has begun to read a new plan.

        Parameters
        ----------
        signers : mapping, optional
            How the accounts sign that must sign a sealed study's plan. Those who are not here sign later.

        Raises
        ------
        ProtocolViolation
            If reading has begun: the plan is frozen.
        StoreError
            If the folder cannot be written.
        """
        database = open_database(folder / DATABASE, "study", "study")
        try:
            with database.write() as connection:
                if connection.execute(sa.select(STUDY.c.id)).first() is None:
                    connection.execute(
                        sa.insert(STUDY).values(
                            id=1,
                            study_uid=uuid.uuid4().hex,
                            created_at=utc_now(),
                            codec=SEALED if plan.is_sealed else PLAIN,
                            library=library,
                        )
                    )
            store = cls(folder, StudyFile(database))
            store.signers.update(signers or {})
            store._require_same_codec(plan)
            with store.batch():
                store._add_plan(plan)
                for signer in sorted(signers or {}):
                    store.sign_plan(signer)
        except BaseException:
            database.close()
            raise
        return store

    @classmethod
    def open(cls, folder: Path) -> StudyStore:
        """Open an existing study.

        Raises
        ------
        StoreError
            If there is none in the folder, or it is damaged, in use, or from a newer version.
        """
        if not (folder / DATABASE).is_file():
            raise StoreError(
                "The study was not opened",
                f"there is none in the folder {folder.name}",
                "Check --study, or make one: marrow study new PLAN.toml --study DIR",
            )
        database = open_database(folder / DATABASE, "study", "study", create=False)
        try:
            return cls(folder, StudyFile(database))
        except BaseException:
            database.close()
            raise

    @property
    def study_uid(self) -> str:
        """Random name of the study; every chain starts from it."""
        return self._file.study_uid

    @property
    def codec(self) -> str:
        """Which codec made the payloads."""
        return self._file.codec

    @property
    def library(self) -> str:
        """Where the images were when the study was made; may be empty."""
        return self._file.library

    def close(self) -> None:
        """Close the database."""
        self._file.close()

    def batch(self) -> AbstractContextManager[None]:
        """Make everything written inside one transaction: all of it is kept, or none."""
        return self._file.batch()

    def record(self, actor: str, event: str, detail: dict[str, Any]) -> AuditEntry:
        """Add an event to the study's chain; on disk before this returns."""
        return self._file.record(actor, event, detail)

    def audit(self, *events: str, after: int | None = None) -> tuple[AuditEntry, ...]:
        """The study's chain in order, or what it has of some kinds, or after an entry."""
        return self._file.audit(*events, after=after)

    def know(self, orders: Orders) -> None:
        """Name reads by what is known of the orders from now on."""
        self._file.orders = orders

    def last_signed(self, actor: str) -> int:
        """The number of the last event that an account signed; 0 where it signed none."""
        return self._file.last_signed(actor)

    def all_events(self) -> tuple[AuditEntry, ...]:
        """The study's chain, and behind it those that came back from readers' own machines."""
        returned = self.machines.returned()
        return self.audit() + tuple(one for reader in sorted(returned) for one in returned[reader])

    @property
    def audit_root(self) -> str:
        """Where the study's chain starts."""
        return self._file.audit_root

    def plans(self) -> tuple[PlanVersion, ...]:
        """Every plan of the study; the last is in force."""
        with self._file.reading() as connection:
            rows = connection.execute(sa.select(PLANS).order_by(PLANS.c.number)).mappings()
            return tuple(PlanVersion(**row) for row in rows)

    def order(self, reader: str) -> tuple[Presentation, ...]:
        """The kept order of a reader under the plan in force; none is kept where orders are secret."""
        number = sa.select(sa.func.max(PLANS.c.number)).scalar_subquery()
        query = (
            sa.select(ORDERS.c.case_code, ORDERS.c.presentation)
            .where(ORDERS.c.plan_number == number, ORDERS.c.reader == reader)
            .order_by(ORDERS.c.position)
        )
        with self._file.reading() as connection:
            return tuple(Presentation(case, shown) for case, shown in connection.execute(query))

    @property
    def has_begun(self) -> bool:
        """True once any reader has entered anything: the plan is frozen then."""
        with self._file.reading() as connection:
            return has_begun(connection)

    def sign_plan(self, signer: str) -> None:
        """Keep the signature of a signed-in account under the plan in force, once."""
        plan = self.plans()[-1]
        self.seals.sign_plan(plan.number, plan.digest, signer)

    def change_plan(
        self, plan: StudyPlan, reason: str, by: Sequence[str], *, after_unsealing: bool = False
    ) -> int:
        """Put a new version of the plan in force after the first read; all of it is kept, or nothing.

        Parameters
        ----------
        plan : StudyPlan
            As `plan_change.next_version` made it.
        by : sequence of str
            Who decides it, the first for the log. Those who are signed in sign it.
        after_unsealing : bool
            Reads of some cases could be compared already; the log says so.

        Returns
        -------
        int
            The number of the plan, from which reads that are begun now know theirs.
        """
        self._require_same_codec(plan)
        with self.batch(), self._file.writing() as connection:
            number = self.plans()[-1].number + 1
            detail = {
                "plan": plan.id,
                "number": number,
                "version": plan.version,
                "digest": plan.digest,
                "reason": reason,
                **({"after_unsealing": True} if after_unsealing else {}),
            }
            self._insert_plan(connection, number, plan)
            self._file.record_in(connection, by[0], PLAN_CHANGED, detail)
            for signer in by:
                if signer in self.signers:
                    self.sign_plan(signer)
            keep_plan_text(self.folder / PLAN, plan.to_toml())
        return number

    def _require_same_codec(self, plan: StudyPlan) -> None:
        if (self.codec == SEALED) is not plan.is_sealed:
            raise ProtocolViolation(
                "The plan was not changed",
                f"the study was made {'sealed' if self.codec == SEALED else 'without sealing'} and stays so",
                "Make a new study in another folder",
            )

    def _add_plan(self, plan: StudyPlan) -> None:
        with self._file.writing() as connection:
            last = connection.execute(sa.select(PLANS).order_by(PLANS.c.number.desc())).mappings().first()
            if last is not None and last["digest"] == plan.digest:
                return
            if has_begun(connection):
                raise ProtocolViolation(
                    "The plan was not changed",
                    "reading has begun, so it is frozen",
                    "A new version with a reason: marrow study plan change",
                )
            number = int(last["number"]) + 1 if last else 1
            self._insert_plan(connection, number, plan)
            event = PLAN_CHANGED if last else STUDY_MADE
            self._file.record_in(
                connection, SYSTEM, event, {"plan": plan.id, "number": number, "digest": plan.digest}
            )
            keep_plan_text(self.folder / PLAN, plan.to_toml())

    def _insert_plan(self, connection: sa.Connection, number: int, plan: StudyPlan) -> None:
        connection.execute(
            sa.insert(PLANS).values(number=number, toml=plan.to_toml(), digest=plan.digest, made_at=utc_now())
        )
        rows = order_rows(number, plan)
        if rows:
            connection.execute(sa.insert(ORDERS), rows)


def order_rows(number: int, plan: StudyPlan) -> list[dict[str, Any]]:
    """Every reader's order under a plan, as it is kept: nothing where orders are secret."""
    return [
        {
            "plan_number": number,
            "reader": reader,
            "position": position,
            "case_code": shown.case,
            "presentation": shown.number,
        }
        for reader in (() if plan.has_secret_orders else plan.readers)
        for position, shown in enumerate(case_order(plan, reader), start=1)
    ]


def keep_plan_text(path: Path, text: str) -> None:
    """Keep the plan for people, beside the database whose plan counts.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    new = path.with_name(path.name + ".new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StoreError(
            "The study was not made",
            f"its plan cannot be written ({error.strerror or 'disk'})",
            "Check the disk and the permissions of the folder",
        ) from error
