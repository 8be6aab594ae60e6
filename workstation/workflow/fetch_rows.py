"""Bring rows from a study's server, each checked before it is kept here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workstation.reading.audit import AuditEntry, audit_digest, link_digest, root_digest
from workstation.reading.cards import Seat
from workstation.reading.journal import ReadKey
from workstation.reading.plan import parse_plan
from workstation.scoring.instrument import instruments
from workstation.store import shared_tables as shared
from workstation.store.replica_file import ReplicaFile
from workstation.store.server_copy import ServerView, differing
from workstation.store.server_engine import ServerRefused
from workstation.store.server_join import PLAN_RECEIVED, machine_of
from workstation.store.shared_tables import SharedTable
from workstation.store.study_rows import ChainName, Head, Row
from workstation.store.study_store import PLAN, StudyStore, keep_plan_text, order_rows
from workstation.tasks import Progress
from workstation.workflow.late import note_late, opened_before, was_opened


@dataclass
class Fetched:
    """What came, and what could not."""

    rows: int = 0
    conflicts: list[str] = field(default_factory=list)
    forked: set[ChainName] = field(default_factory=set)


class Fetch:
    """One run. The server's view is of one moment; each piece is kept here in a short transaction."""

    def __init__(self, store: StudyStore, view: ServerView, progress: Progress) -> None:
        self.fetched = Fetched()
        self._store = store
        self._view = view
        self._progress = progress
        self._was_opened = was_opened(store)
        # Until others' reads may be seen only the own are asked for: the server need not look at each row.
        self._owner = "" if view.is_any_opened else view.member.account

    def plans(self) -> None:
        """Versions of the plan that are new here, with the orders that follow from them."""
        here = {one.number: one.digest for one in self._store.plans()}
        there = self._view.rows(shared.PLANS)
        for key, said in sorted(there.items()):
            if said["digest"] == here.get(key[0]):
                continue
            if key[0] in here or key[0] < max(here, default=0):
                self.fetched.conflicts.append(
                    f"Plan {key[0]} is another one on the server than here; "
                    "the coordinator must say which counts."
                )
                continue
            add_plan(self._store, self._view.row(shared.PLANS, key))
            self.fetched.rows += 1

    def chains(self, table: SharedTable) -> None:
        """Entries that are new here. A chain that went two ways is left as it is on both sides."""
        here, there = self._store.rows.heads(table), self._view.heads(table, self._owner)
        for number, (chain, head) in enumerate(sorted(there.items())):
            self._progress.report(number, len(there), "bringing entries")
            mine = here.get(chain)
            if self._is_forked(table, chain, mine, head):
                self.fetched.forked.add(chain)
                self.fetched.conflicts.append(_written_twice(table, chain))
            elif mine is None or mine.sequence < head.sequence:
                rows = self._view.entries(table, chain, mine.sequence if mine else 0)
                self._require_chain(table, chain, mine, rows)
                self._store.rows.add(table, rows)
                self.fetched.rows += len(rows)

    def rows(self, table: SharedTable) -> None:
        """Rows that are new here."""
        there = self._view.rows(table, "" if table.is_asked_whole else self._owner)
        if not there:
            return
        here = self._store.rows.rows(table)
        heads = self._store.rows.heads(shared.JOURNAL) if table is shared.LOCKS else {}
        for key, said in there.items():
            if key[: len(shared.JOURNAL.chain)] in self.fetched.forked:
                continue
            if key in here:
                if differing(table, here[key], said):
                    self.fetched.conflicts.append(f"{_row_name(table, key)} is another one on the server.")
                continue
            row = self._view.row(table, key)
            if table is shared.LOCKS and not _is_end(row, heads.get(key)):
                continue  # not all of the read came yet
            with self._store.batch():
                self._store.rows.add(table, [row])
                if table in (shared.LOCKS, shared.AMENDMENTS) and self._is_late(ReadKey(*key)):
                    note_late(self._store, [ReadKey(*key)], opened=True)
            self.fetched.rows += 1

    def _is_late(self, key: ReadKey) -> bool:
        """Whether a read came after reads were opened here, and was not known of then.

        Of other readers' first reads only the coordinator can tell: the others get them when they are opened.
        """
        if not self._was_opened:
            return False
        is_whole = self._view.member.seat == Seat.COORDINATOR
        return opened_before(self._store, key) if key.version > 1 else is_whole

    def logs(self, replica: ReplicaFile, own: str) -> None:
        """What other machines wrote in their logs, of those that may be seen."""
        known = replica.log_heads()
        for machine, last in self._view.log_heads().items():
            if machine == own:
                continue
            mine = known.get(machine)
            if mine is not None and self._view.log_digest(machine, mine.sequence) != mine.digest:
                self.fetched.conflicts.append(f"The log of machine {machine} was changed on the server.")
                continue
            after = mine.sequence if mine else 0
            if last <= after:
                continue
            entries = self._view.log(machine, after)
            root = mine.digest if mine else root_digest("study", self._store.study_uid)
            begins = mine is not None or machine_of(entries[:1]) == machine
            if not begins or not _follows(entries, after, root):
                self.fetched.conflicts.append(f"The log of machine {machine} is not whole on the server.")
                continue
            replica.add_log(machine, entries)

    def _is_forked(self, table: SharedTable, chain: ChainName, mine: Head | None, there: Head) -> bool:
        if mine is None:
            return False
        if mine.sequence >= there.sequence:
            return self._store.rows.digest_at(table, chain, there.sequence) != there.digest
        return self._view.digest_at(table, chain, mine.sequence) != mine.digest

    def _require_chain(
        self, table: SharedTable, chain: ChainName, mine: Head | None, rows: Sequence[Row]
    ) -> None:
        root = (
            self._store.reads.root(ReadKey(*chain))
            if table is shared.JOURNAL
            else self._store.reconciling.root(*chain)
        )
        last, sequence = (mine.digest, mine.sequence) if mine else (root, 0)
        for row in rows:
            sequence += 1
            fits = (
                row["sequence"] == sequence and link_digest(last, sequence, row["payload"]) == row["digest"]
            )
            if not fits:
                raise ServerRefused(
                    "Nothing was taken from the server",
                    f"entry {sequence} of {_chain_name(table, chain)} was changed there",
                    "Ask the coordinator; what is kept here is untouched",
                )
            last = row["digest"]


def add_plan(store: StudyStore, row: Row) -> None:
    """Keep a plan that came from the server, with the orders that follow from it, and for people.

    Raises
    ------
    ResourceError
        If this version of the program cannot read it.
    """
    plan = parse_plan(row["toml"], instruments())
    if plan.digest != row["digest"]:
        raise ServerRefused("Nothing was taken from the server", "the plan was changed there")
    with store.batch():
        store.rows.add(shared.PLANS, [row])
        store.rows.add_orders(order_rows(row["number"], plan))
        store.rows.note(PLAN_RECEIVED, {"number": row["number"], "digest": row["digest"]})
        keep_plan_text(store.folder / PLAN, row["toml"])


def _follows(entries: Sequence[AuditEntry], sequence: int, previous: str) -> bool:
    """Whether entries are the next ones of a log, unbroken."""
    for number, one in enumerate(entries, start=sequence + 1):
        made = audit_digest(previous, number, one.at, one.actor, one.event, one.detail)
        if (one.sequence, one.previous, one.digest) != (number, previous, made):
            return False
        previous = one.digest
    return True


def _is_end(lock: Row, head: Head | None) -> bool:
    if head is None:
        return bool(lock["entries"] == 0)
    return (head.sequence, head.digest) == (lock["entries"], lock["digest"])


def _chain_name(table: SharedTable, chain: ChainName) -> str:
    return f"the read of {chain[1]}" if table is shared.JOURNAL else f"the reconciliation of {chain[0]}"


def _written_twice(table: SharedTable, chain: ChainName) -> str:
    name = _chain_name(table, chain)
    return (
        f"{name[0].upper()}{name[1:]} was written on two machines; the server has the other one, and what "
        "was entered here stays here and is not sent. To go on with the other, join in a new folder."
    )


def _row_name(table: SharedTable, key: ChainName) -> str:
    what = table.table.name.replace("_", " ")
    return f"A row of {what} ({', '.join(str(one) for one in key)})"
