"""Send what an account entered on this machine to the study's server, each chain in its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workstation.store import shared_tables as shared
from workstation.store.replica_file import ReplicaFile
from workstation.store.server_copy import ServerView, differing, view_of
from workstation.store.server_engine import Server
from workstation.store.server_join import machine_of
from workstation.store.shared_tables import SharedTable
from workstation.store.study_rows import ChainName, Head, Row
from workstation.store.study_store import StudyStore
from workstation.tasks import Progress, SilentProgress

_BATCH_BYTES = 2 << 20
_BEYOND = Head(1 << 62, "")


@dataclass
class Sending:
    """One run.

    Attributes
    ----------
    account : str
        Whose rows may be sent.
    forked : set
        Reads that were written on another machine too: nothing of them is sent.
    """

    store: StudyStore
    replica: ReplicaFile
    server: Server
    account: str
    forked: set[ChainName]
    sent: int = 0
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Settled:
    """Locks, sheets and the rest as they were at one moment, with the log of that moment."""

    rows: dict[str, dict[ChainName, Row]]
    log_end: int
    up_to: dict[str, int]


def send_entries(run: Sending, progress: Progress) -> None:
    """Send the entries of the account's reads, batch by batch, each kept on the server before the next."""
    sent = 0
    while True:
        with run.server.write() as connection:
            view = view_of(run.server, connection, run.store.study_uid)
            view.take_turn(run.account)
            if not sent:
                run.sent += sum(_add_missing(run, view, one, run.account) for one in shared.BEFORE)
            known = view.heads(shared.JOURNAL, run.account)
            known |= dict.fromkeys(run.forked, _BEYOND)
            batch = next(run.store.rows.newer(shared.JOURNAL, run.account, known, _BATCH_BYTES), [])
            view.add(shared.JOURNAL, [row for _, row in batch])
        if not batch:
            return
        sent += len(batch)
        run.sent += len(batch)
        run.replica.keep_sent({shared.JOURNAL.table.name: batch[-1][0]})
        progress.report(1, 3, f"{sent} entries sent")


def send_settled(run: Sending) -> None:
    """Send locks, sheets, openings and this machine's log, all of one moment and together.

    Entries that they speak of may have been made since the entries were sent; those go first.
    """
    settled = _moment(run)
    send_late = Sending(run.store, run.replica, run.server, run.account, run.forked)
    send_entries(send_late, SilentProgress())
    run.sent += send_late.sent
    log = run.store.audit()
    machine = machine_of(log[:1])
    with run.server.write() as connection:
        view = view_of(run.server, connection, run.store.study_uid)
        view.take_turn(run.account, f"machine {machine}")
        if view.member.seat == "coordinator":
            run.sent += _add_missing(run, view, shared.PLANS, "")
        if view.is_any_opened:
            run.sent += _reconciling(run, view)
        for one in shared.AFTER:
            if one.owner or view.is_any_opened:
                run.sent += _add_missing(run, view, one, run.account, settled.rows[one.table.name])
        there = view.log_end(machine, log)
        new = [one for one in log if there < one.sequence <= settled.log_end]
        if not new or view.can_follow(machine, there, run.store.rows.log_digest(there)):
            view.add_log(machine, new)
        else:
            run.conflicts.append(
                "This folder is a copy of another machine's, and both were written to; "
                "on one of them join the study anew in a new folder."
            )
    before = run.replica.sent()
    run.replica.keep_sent({name: max(row, before.get(name, 0)) for name, row in settled.up_to.items()})


def _moment(run: Sending) -> _Settled:
    rows = run.store.rows
    with rows.snapshot():
        kept = {one.table.name: rows.rows(one, run.account) for one in shared.AFTER}
        log = run.store.audit()
        up_to = {
            one.table.name: rows.last_row(one) for one in (*shared.BEFORE, shared.JOURNAL, *shared.AFTER)
        }
    return _Settled(kept, log[-1].sequence if log else 0, up_to)


def _add_missing(
    run: Sending,
    view: ServerView,
    table: SharedTable,
    owner: str,
    rows: Mapping[ChainName, Row] | None = None,
) -> int:
    there, added = view.rows(table, owner), 0
    for key, row in (run.store.rows.rows(table, owner) if rows is None else rows).items():
        if key[: len(shared.JOURNAL.chain)] in run.forked:
            continue
        if key not in there:
            added += view.add(table, [run.store.rows.row(table, key)])
        elif differing(table, row, there[key]):
            name = table.table.name.replace("_", " ")
            run.conflicts.append(
                f"The server has another row of {name} ({', '.join(map(str, key))}) than here."
            )
    return added


def _reconciling(run: Sending, view: ServerView) -> int:
    """Entries of reconciliations that this machine has and the server has not."""
    table, sent = shared.RECONCILE_JOURNAL, 0
    known = view.heads(table)
    for chain, head in run.store.rows.heads(table).items():
        there = known.get(chain)
        if there is not None and run.store.rows.digest_at(table, chain, there.sequence) != there.digest:
            continue  # told when it was fetched
        if there is None or there.sequence < head.sequence:
            known_here = dict.fromkeys(run.store.rows.heads(table), _BEYOND)
            known_here[chain] = there or Head(0, "")
            for batch in run.store.rows.newer(table, "", known_here, _BATCH_BYTES):
                sent += view.add(table, [row for _, row in batch])
    return sent
