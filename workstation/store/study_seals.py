"""What a sealed study keeps beside the journals: sheets, their openings, and signatures under the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from workstation.reading.cards import canonical
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.seal import is_signed
from workstation.reading.sealed_sheet import SealedSheet
from workstation.reading.sealing_rule import Sealing
from workstation.store.study_file import StudyFile
from workstation.store.study_reads import key_of, read_values
from workstation.store.study_tables import AUDIT, OPENINGS, PLAN_SIGNATURES, SHEETS

PLAN_PURPOSE = "plan"
OPENING_PURPOSE = "opening"
PLAN_SIGNED = "plan signed"


class Stage(StrEnum):
    """How far a sheet's key was opened: the outer of two layers, or to the key itself."""

    LAYER = "layer"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Opening:
    """The key of a sheet, or its inner layer, sealed to one account.

    Attributes
    ----------
    box : bytes
        What only `recipient` opens.
    signature : bytes
        Of `opener`.
    """

    key: ReadKey
    recipient: str
    stage: Stage
    box: bytes
    opener: str
    opened_at: str
    signature: bytes = b""

    def signed_bytes(self, study_uid: str) -> bytes:
        """What the opener signs."""
        said = [self.recipient, self.stage.value, self.box.hex(), self.opener, self.opened_at]
        return canonical([study_uid, self.key.kept, said])


@dataclass(frozen=True, slots=True)
class PlanSignature:
    """An account's signature under a plan."""

    number: int
    signer: str
    signature: bytes
    signed_at: str


class StudySeals:
    """Append-only keeping of everything sealed that is no journal entry."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def sheet(self, key: ReadKey) -> SealedSheet | None:
        """The sealed sheet of a read, or None."""
        kept = read_values(self._file.named(key))
        query = sa.select(SHEETS).where(*(SHEETS.c[name] == one for name, one in kept.items()))
        with self._file.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else self._sheet_of(row)

    def sealed(self) -> frozenset[ReadKey]:
        """Reads that have a sealed sheet."""
        columns = (SHEETS.c.reader, SHEETS.c.case_code, SHEETS.c.presentation, SHEETS.c.version)
        with self._file.reading() as connection:
            return frozenset(self._key(row) for row in connection.execute(sa.select(*columns)))

    def opened(self, stage: Stage) -> frozenset[ReadKey]:
        """Reads whose sheet was opened so far for somebody."""
        query = sa.select(
            OPENINGS.c.reader, OPENINGS.c.case_code, OPENINGS.c.presentation, OPENINGS.c.version
        ).where(OPENINGS.c.stage == stage.value)
        with self._file.reading() as connection:
            return frozenset(self._key(row) for row in connection.execute(query.distinct()))

    def sheets(self) -> dict[ReadKey, SealedSheet]:
        """Every sealed sheet."""
        with self._file.reading() as connection:
            found = [self._sheet_of(row) for row in connection.execute(sa.select(SHEETS)).mappings()]
        return {sheet.key: sheet for sheet in found}

    def opened_at(self, stage: Stage) -> dict[tuple[str, str, int, int], frozenset[str]]:
        """When each sheet was opened, by its read as it is kept; what was opened together has the same.

        Of the layers those of the second reader's own reads: that one may look from then on.
        """
        names = (OPENINGS.c.reader, OPENINGS.c.case_code, OPENINGS.c.presentation, OPENINGS.c.version)
        query = sa.select(*names, OPENINGS.c.opened_at).where(OPENINGS.c.stage == stage.value).distinct()
        if stage is Stage.LAYER:
            query = query.where(OPENINGS.c.reader == OPENINGS.c.recipient)
        found: dict[tuple[str, str, int, int], frozenset[str]] = {}
        with self._file.reading() as connection:
            for reader, case, presentation, version, at in connection.execute(query):
                key = (reader, case, presentation, version)
                found[key] = found.get(key, frozenset()) | {at}
        return found

    def open(self, openings: Iterable[Opening]) -> None:
        """Keep openings that are not kept yet; `opener` must be signed in."""
        with self._file.writing() as connection:
            kept = {
                (self._file.named(key_of(row)), row["recipient"], row["stage"])
                for row in connection.execute(_OPENING_NAMES).mappings()
            }
            rows = [
                self._opening_values(one)
                for one in openings
                if (one.key, one.recipient, one.stage.value) not in kept
            ]
            if rows:
                connection.execute(sa.insert(OPENINGS), rows)

    def openings(self, recipient: str | None = None) -> tuple[Opening, ...]:
        """Every opening, of one account or of all."""
        query = sa.select(OPENINGS)
        if recipient is not None:
            query = query.where(OPENINGS.c.recipient == recipient)
        with self._file.reading() as connection:
            rows = connection.execute(query).mappings()
            return tuple(
                Opening(
                    self._file.named(key_of(row)),
                    row["recipient"],
                    Stage(row["stage"]),
                    row["box"],
                    row["opener"],
                    row["opened_at"],
                    row["signature"],
                )
                for row in rows
            )

    def sign_plan(self, number: int, digest: str, signer: str) -> None:
        """Keep a signature under a plan, with its audit entry, unless it is there already."""
        signed = self._file.signers[signer](PLAN_PURPOSE, plan_bytes(self._file.study_uid, number, digest))
        with self._file.writing() as connection:
            same = sa.select(PLAN_SIGNATURES.c.signer).where(
                PLAN_SIGNATURES.c.plan_number == number, PLAN_SIGNATURES.c.signer == signer
            )
            if connection.execute(same).first() is not None:
                return
            connection.execute(
                sa.insert(PLAN_SIGNATURES).values(
                    plan_number=number, signer=signer, signature=signed, signed_at=utc_now()
                )
            )
            self._file.record_in(connection, signer, PLAN_SIGNED, {"number": number, "digest": digest})

    def plan_signatures(self) -> tuple[PlanSignature, ...]:
        """Every signature under a plan."""
        with self._file.reading() as connection:
            rows = connection.execute(sa.select(PLAN_SIGNATURES).order_by(PLAN_SIGNATURES.c.plan_number))
            return tuple(PlanSignature(*row) for row in rows)

    def plan_signers(self, number: int, digest: str, sealing: Sealing) -> frozenset[str]:
        """Whose signature under a plan of this digest is kept and is theirs."""
        content = plan_bytes(self._file.study_uid, number, digest)
        cards = {card.name: card for card in sealing.accounts}
        return frozenset(
            one.signer
            for one in self.plan_signatures()
            if one.number == number
            and one.signer in cards
            and is_signed(cards[one.signer].signing_key, PLAN_PURPOSE, content, one.signature)
        )

    @property
    def were_ever_used(self) -> bool:
        """Whether anything here was ever signed or sealed: then the study was made sealed."""
        signed = sa.select(AUDIT.c.sequence).where(sa.func.length(AUDIT.c.signature) > 0)
        queries = (signed, sa.select(PLAN_SIGNATURES.c.signer), sa.select(SHEETS.c.reader))
        with self._file.reading() as connection:
            return any(connection.execute(one.limit(1)).first() is not None for one in queries)

    def _key(self, row: Any) -> ReadKey:
        return self._file.named(ReadKey(*row))

    def _sheet_of(self, row: Any) -> SealedSheet:
        names = ("body", "key_box", "signature")
        blobs = (row[name] if isinstance(row[name], bytes) else b"" for name in names)
        return SealedSheet(self._file.named(key_of(row)), str(row["plan_digest"]), *blobs)

    def _opening_values(self, one: Opening) -> dict[str, Any]:
        sign = self._file.signers[one.opener]
        return {
            **read_values(one.key),
            "recipient": one.recipient,
            "stage": one.stage.value,
            "box": one.box,
            "opener": one.opener,
            "opened_at": one.opened_at,
            "signature": sign(OPENING_PURPOSE, one.signed_bytes(self._file.study_uid)),
        }


def is_handed_out(opening: Opening, sealing: Sealing, study_uid: str) -> bool:
    """Whether an opening was signed by who holds that layer closed: nobody opens another's."""
    holder = sealing.layers[0 if opening.stage is Stage.LAYER else -1]
    card = holder if holder.name == opening.opener else None
    content = opening.signed_bytes(study_uid)
    return card is not None and is_signed(card.signing_key, OPENING_PURPOSE, content, opening.signature)


_OPENING_NAMES = sa.select(
    OPENINGS.c.reader,
    OPENINGS.c.case_code,
    OPENINGS.c.presentation,
    OPENINGS.c.version,
    OPENINGS.c.recipient,
    OPENINGS.c.stage,
)


def plan_bytes(study_uid: str, number: int, digest: str) -> bytes:
    """What a signature under a plan covers."""
    return canonical([study_uid, number, digest])
