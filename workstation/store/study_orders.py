"""What a study keeps of its readers' secret orders: sealed seeds, and which case each read stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.reading.secret_order import (
    EVERYBODY,
    SEED_PURPOSE,
    TOLD_PURPOSE,
    OrderSeed,
    ToldRead,
)
from workstation.store.study_file import StudyFile
from workstation.store.study_tables import ORDER_SEEDS, TOLD_READS

ORDER_DRAWN, ORDER_TOLD, READS_TOLD = "order drawn", "order told", "reads told"


class StudyOrders:
    """Append-only keeping of seeds and told reads; empty where orders are not secret."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def seeds(self, recipients: Iterable[str] | None = None) -> tuple[OrderSeed, ...]:
        """Every seed, or those for some recipients."""
        query = sa.select(ORDER_SEEDS).order_by(ORDER_SEEDS.c.reader, ORDER_SEEDS.c.recipient)
        if recipients is not None:
            query = query.where(ORDER_SEEDS.c.recipient.in_(list(recipients)))
        with self._file.reading() as connection:
            return tuple(OrderSeed(*_clean(row, 2, 6)) for row in connection.execute(query))

    def keep_seeds(self, seeds: Iterable[OrderSeed]) -> None:
        """Keep seeds that are not kept yet, with an entry of the log; who drew them must be signed in."""
        with self._file.writing() as connection:
            kept = {tuple(row) for row in connection.execute(sa.select(*list(ORDER_SEEDS.c)[:2]))}
            new = [one for one in seeds if (one.reader, one.recipient) not in kept]
            noted: set[tuple[str, str]] = set()
            for one in new:
                sign = self._file.signers[one.by]
                connection.execute(
                    sa.insert(ORDER_SEEDS).values(
                        **_seed_values(one),
                        signature=sign(SEED_PURPOSE, one.signed_bytes(self._file.study_uid)),
                    )
                )
                event = ORDER_TOLD if one.recipient == EVERYBODY else ORDER_DRAWN
                if (event, one.reader) not in noted:
                    noted.add((event, one.reader))
                    detail = {"reader": one.reader, "commitment": one.commitment}
                    self._file.record_in(connection, one.by, event, detail)

    def take_in(self, seeds: Iterable[OrderSeed]) -> None:
        """Keep seeds that came from another machine, signed by who drew them.

        Raises
        ------
        StoreError
            If another order of the same reader is kept here.
        """
        here = {one.reader: one.commitment for one in self.seeds()}
        kept = {(one.reader, one.recipient) for one in self.seeds()}
        with self._file.writing() as connection:
            for one in seeds:
                if here.get(one.reader, one.commitment) != one.commitment:
                    raise StoreError(
                        f"The order of {one.reader} was not taken in",
                        "another one was drawn here",
                        "Ask the coordinator",
                    )
                if (one.reader, one.recipient) not in kept:
                    connection.execute(
                        sa.insert(ORDER_SEEDS).values(**_seed_values(one), signature=one.signature)
                    )

    def told(self) -> tuple[ToldRead, ...]:
        """Which case each read stands for, as far as it was told to everybody."""
        query = sa.select(TOLD_READS).order_by(TOLD_READS.c.reader, TOLD_READS.c.slot)
        with self._file.reading() as connection:
            return tuple(ToldRead(*_clean(row, 6)) for row in connection.execute(query))

    def tell(self, reads: Iterable[ToldRead]) -> None:
        """Tell everybody which case some reads stand for; who tells must be signed in."""
        with self._file.writing() as connection:
            kept = {
                tuple(row) for row in connection.execute(sa.select(TOLD_READS.c.reader, TOLD_READS.c.slot))
            }
            new = [one for one in reads if (one.reader, one.slot) not in kept]
            if not new:
                return
            connection.execute(sa.insert(TOLD_READS), [self._told_values(one) for one in new])
            for by in sorted({one.by for one in new}):
                self._file.record_in(connection, by, READS_TOLD, {"reads": sum(one.by == by for one in new)})

    def _told_values(self, one: ToldRead) -> dict[str, Any]:
        return {
            "reader": one.reader,
            "slot": one.slot,
            "case_code": one.case,
            "presentation": one.presentation,
            "told_by": one.by,
            "told_at": one.at,
            "signature": self._file.signers[one.by](TOLD_PURPOSE, one.signed_bytes(self._file.study_uid)),
        }


def _seed_values(one: OrderSeed) -> dict[str, Any]:
    return {
        "reader": one.reader,
        "recipient": one.recipient,
        "box": one.box,
        "commitment": one.commitment,
        "drawn_by": one.by,
        "drawn_at": one.at,
    }


def _clean(row: Any, *binary: int) -> list[Any]:
    # A meddled row may hold other types than were written.
    return [
        (value if isinstance(value, bytes) else b"") if place in binary else value
        for place, value in enumerate(row)
    ]
