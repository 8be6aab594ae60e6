"""Reconciliations of a study: their journals, signatures and closing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from workstation.errors import ProtocolViolation
from workstation.reading.audit import Link, next_link, root_digest
from workstation.store.study_file import SYSTEM, StudyFile
from workstation.store.study_reads import link_of, written_elsewhere
from workstation.store.study_tables import RECONCILE_CLOSED, RECONCILE_JOURNAL, RECONCILE_SIGNATURES


@dataclass(frozen=True, slots=True)
class ReconcileSignature:
    """A reader's signature under a reconciliation whose journal had this head."""

    case: str
    signer: str
    digest: str
    signed_at: str


class StudyReconciling:
    """What two readers settle together, per case; entries are opaque bytes."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def root(self, case: str) -> str:
        """Where the chain of a case's reconciliation starts."""
        return root_digest("reconcile", self._file.study_uid, case)

    def append(self, case: str, payload: bytes, expected: int, signers: Iterable[str] = ()) -> Link:
        """Keep one entry of a case's reconciliation; on disk before this returns.

        Parameters
        ----------
        signers : iterable of str
            Who may settle; the first of them who is signed in signs the entry.

        Raises
        ------
        ProtocolViolation
            If all have signed it.
        StoreError
            If another window wrote to it meanwhile, or the disk refuses.
        """
        try:
            with self._file.writing() as connection:
                query = sa.select(
                    RECONCILE_JOURNAL.c.sequence, RECONCILE_JOURNAL.c.payload, RECONCILE_JOURNAL.c.digest
                ).where(RECONCILE_JOURNAL.c.case_code == case)
                row = connection.execute(query.order_by(RECONCILE_JOURNAL.c.sequence.desc()).limit(1)).first()
                last = link_of(*row) if row else None
                if (last.sequence if last else 0) != expected:
                    raise written_elsewhere(case)
                signed_in = (self._file.signers[name] for name in signers if name in self._file.signers)
                link = next_link(last, self.root(case), payload, next(signed_in, None))
                connection.execute(
                    sa.insert(RECONCILE_JOURNAL).values(
                        case_code=case,
                        sequence=link.sequence,
                        payload=payload,
                        digest=link.digest,
                        signature=link.signature,
                    )
                )
                return link
        except exc.IntegrityError as error:
            if "signed" in str(error.orig):
                raise ProtocolViolation(
                    f"The reconciliation of {case} was not changed", "it is signed by all readers"
                ) from error
            raise written_elsewhere(case) from error

    def journals(self) -> dict[str, tuple[Link, ...]]:
        """Every case that has reconciliation entries, with them."""
        query = sa.select(
            RECONCILE_JOURNAL.c.case_code,
            RECONCILE_JOURNAL.c.sequence,
            RECONCILE_JOURNAL.c.payload,
            RECONCILE_JOURNAL.c.digest,
            RECONCILE_JOURNAL.c.signature,
        ).order_by(RECONCILE_JOURNAL.c.case_code, RECONCILE_JOURNAL.c.sequence)
        found: dict[str, list[Link]] = {}
        with self._file.reading() as connection:
            for case, *link in connection.execute(query):
                found.setdefault(case, []).append(link_of(*link))
        return {case: tuple(links) for case, links in found.items()}

    def sign(self, signature: ReconcileSignature, required: Iterable[str]) -> None:
        """Keep a signature; when all required readers signed the same state, the case is closed.

        Raises
        ------
        ProtocolViolation
            If this reader has signed this state already.
        """
        case, digest = signature.case, signature.digest
        detail: dict[str, Any] = {"case": case, "digest": digest}
        try:
            with self._file.writing() as connection:
                connection.execute(
                    sa.insert(RECONCILE_SIGNATURES).values(
                        case_code=case, signer=signature.signer, digest=digest, signed_at=signature.signed_at
                    )
                )
                self._file.record_in(connection, signature.signer, "reconciliation signed", detail)
                same = sa.select(RECONCILE_SIGNATURES.c.signer).where(
                    RECONCILE_SIGNATURES.c.case_code == case, RECONCILE_SIGNATURES.c.digest == digest
                )
                if set(required) <= set(connection.scalars(same)):
                    connection.execute(
                        sa.insert(RECONCILE_CLOSED).values(
                            case_code=case, digest=digest, closed_at=signature.signed_at
                        )
                    )
                    self._file.record_in(connection, SYSTEM, "reconciliation closed", detail)
        except exc.IntegrityError as error:
            raise ProtocolViolation(
                f"The reconciliation of {case} was not signed", f"{signature.signer} has signed it already"
            ) from error

    def close(self, case: str, digest: str) -> None:
        """Close a case that all have signed, each on another machine; nothing where it is closed."""
        with self._file.batch(), self._file.writing() as connection:
            if case in self.closed():
                return
            given = [one.signed_at for one in self.signatures() if (one.case, one.digest) == (case, digest)]
            connection.execute(
                sa.insert(RECONCILE_CLOSED).values(case_code=case, digest=digest, closed_at=max(given))
            )
            self._file.record_in(
                connection, SYSTEM, "reconciliation closed", {"case": case, "digest": digest}
            )

    def signatures(self) -> tuple[ReconcileSignature, ...]:
        """Every signature under a reconciliation."""
        with self._file.reading() as connection:
            rows = connection.execute(sa.select(RECONCILE_SIGNATURES).order_by(sa.text("rowid"))).mappings()
            return tuple(
                ReconcileSignature(row["case_code"], row["signer"], row["digest"], row["signed_at"])
                for row in rows
            )

    def closed(self) -> dict[str, str]:
        """Cases whose reconciliation all have signed, with the digest they signed."""
        query = sa.select(RECONCILE_CLOSED.c.case_code, RECONCILE_CLOSED.c.digest)
        with self._file.reading() as connection:
            return {case: digest for case, digest in connection.execute(query)}  # noqa: C416 - rows, not pairs
