"""Exchange a study with its server: what this machine has goes there, what its role may see comes here.

Nothing that a reader does waits for this. Entries are on this machine's disk before; this copies them, as
often as it takes. Everything is added and nothing changed, on both sides, so that a run that was cut short
is simply run again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from workstation.errors import ProtocolViolation
from workstation.reading.audit import AuditEntry
from workstation.reading.journal import utc_now
from workstation.reading.plan import parse_plan
from workstation.scoring.instrument import instruments
from workstation.store import shared_tables as shared
from workstation.store.replica_file import LinkState, ReplicaFile, has_replica, open_replica
from workstation.store.server_address import Login, ServerAddress
from workstation.store.server_copy import RowConflict, ServerView, view_of
from workstation.store.server_engine import UNREACHED, Server, ServerAway, ServerRefused
from workstation.store.server_join import machine_of
from workstation.store.server_schema import schema_of
from workstation.store.study_store import StudyStore
from workstation.tasks import Progress
from workstation.workflow.fetch_rows import Fetch, Fetched
from workstation.workflow.send_rows import Sending, send_entries, send_settled

_TRIES = 3
BEHIND = (
    "The plan was changed, and the server opens no more reads until it knows: "
    "whoever made the study there gives marrow study server init again."
)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one exchange did.

    Attributes
    ----------
    account : str
        As whom.
    sent, fetched : int
        Entries, locks and whatever else was copied, without log entries.
    conflicts : tuple of str
        What a person must see to, one sentence each: what was entered on two machines and stays on each, or
        that the server does not know the newest plan's rules.
    not_sent : int
        What of this account is not on the server.
    """

    account: str
    sent: int
    fetched: int
    conflicts: tuple[str, ...]
    not_sent: int


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How a study stands to its server, without asking it. Nothing here tells of other readers.

    Attributes
    ----------
    not_sent : int
        What of the own entries is not on the server.
    reached_at : str
        UTC of the last whole exchange; empty: never.
    trouble : str
        Why the last try failed; empty when it did not.
    is_refused : bool
        The last try failed and will fail again: the person must do something.
    """

    account: str
    not_sent: int
    reached_at: str
    trouble: str
    conflicts: tuple[str, ...] = field(default=())
    is_refused: bool = False

    @property
    def sentence(self) -> str:
        """One line for the screen."""
        today = utc_now()[:10] == self.reached_at[:10]
        date = "" if today else f" on {self.reached_at[:10]}"
        when = f"{self.reached_at[11:16]} UTC{date}" if self.reached_at else ""
        away = f"server not reached since {when}" if when else "server never reached"
        if self.trouble and self.trouble != UNREACHED:
            away = f"{self.trouble} (last exchange {when})" if when else self.trouble
        count = "1 entry" if self.not_sent == 1 else f"{self.not_sent} entries"
        if self.not_sent:
            return f"Not sent: {count}, {away}" if self.trouble else f"Not yet sent: {count}"
        if self.trouble:
            return away[0].upper() + away[1:]
        return f"Everything sent, {when}" if when else "Nothing sent yet"


def synchronise(folder: Path, login: Login, progress: Progress, *, send: bool = True) -> SyncReport:
    """Exchange everything that is new since the last time.

    Parameters
    ----------
    send : bool
        False only brings.

    Raises
    ------
    ServerAway
        If the server is not reached or cannot take anything now; everything stays here, try again.
    ServerRefused
        If the role, the password, the study or the version is the wrong one.
    StoreError
        If the study's folder cannot be read or written.
    Cancelled
        If the person pressed Stop; the next run goes on from there.
    """
    store = StudyStore.open(folder)
    try:
        require_whole_study(store)
        replica = open_replica(folder, store.study_uid)
        try:
            return _exchange(store, replica, login, progress, send)
        finally:
            replica.close()
    finally:
        store.close()


def require_whole_study(store: StudyStore) -> None:
    """Refuse the copy of a study that was made from a package for one reader.

    Raises
    ------
    ProtocolViolation
    """
    if store.machines.machine_of:
        raise ProtocolViolation(
            "The server was not used",
            "this is a reader's own machine, which was made from a package",
            "It sends back by file: marrow study package --return",
        )


def _exchange(
    store: StudyStore, replica: ReplicaFile, login: Login, progress: Progress, send: bool
) -> SyncReport:
    server = Server(login, schema_of(store.study_uid))
    before = replica.state()
    try:
        for tried in range(1, _TRIES + 1):
            try:
                return _once(store, replica, server, progress, send)
            except RowConflict as error:
                if tried == _TRIES:
                    raise ServerAway(
                        "The server was not used", f"it keeps something else under the same name ({error})"
                    ) from error
        raise AssertionError  # the last try returned or raised
    except (ServerAway, ServerRefused) as error:
        state = LinkState(before.account, before.reached_at, error.why or error.what, before.conflicts)
        replica.keep_state(state)
        raise
    finally:
        server.close()


def _once(
    store: StudyStore, replica: ReplicaFile, server: Server, progress: Progress, send: bool
) -> SyncReport:
    progress.report(0, 3, "asking the server")
    with server.read() as connection:
        view = view_of(server, connection, store.study_uid)
        account = view.member.account
        fetched = fetch(store, replica, view, progress)
    sending = Sending(store, replica, server, account, set(fetched.forked))
    if send:
        progress.report(1, 3, "sending")
        send_entries(sending, progress)
        progress.report(2, 3, "sending")
        send_settled(sending)
        with server.read() as connection:
            if not view_of(server, connection, store.study_uid).knows_rules:
                sending.conflicts.append(BEHIND)
    conflicts = tuple(dict.fromkeys((*fetched.conflicts, *sending.conflicts)))
    replica.keep_state(LinkState(account, utc_now(), "", conflicts))
    progress.report(3, 3, "done")
    return SyncReport(account, sending.sent, fetched.rows, conflicts, _not_sent(store, replica, account))


def fetch(store: StudyStore, replica: ReplicaFile, view: ServerView, progress: Progress) -> Fetched:
    """Bring here what the server has and this machine has not."""
    taken = Fetch(store, view, progress)
    taken.plans()
    for one in shared.BEFORE:
        taken.rows(one)
    taken.chains(shared.JOURNAL)
    taken.chains(shared.RECONCILE_JOURNAL)
    for one in shared.AFTER:
        taken.rows(one)
    taken.logs(replica, machine_of(store.audit()[:1]))
    return taken.fetched


def exchange_quietly(
    folder: Path, address: ServerAddress, login: Login | None, progress: Progress
) -> LinkStatus:
    """Exchange, and say how it stands now; a server that is away or refuses is part of that.

    Parameters
    ----------
    login : Login or None
        None where the password is not known: nothing is tried.

    Raises
    ------
    StoreError
        If the study's own folder cannot be read or written.
    """
    refused = login is None
    try:
        if login is not None:
            synchronise(folder, login, progress)
    except ServerAway:
        refused = False
    except ServerRefused:
        refused = True
    status = link_status(folder, account_of_role(folder, address.user))
    trouble = status.trouble if login is not None else "the server's password is not known here"
    return replace(status, trouble=trouble, is_refused=refused)


def account_of_role(folder: Path, role: str) -> str:
    """The account that a role of the server stands for, by the name that `publish_study` gave it."""
    store = StudyStore.open(folder)
    try:
        plan = parse_plan(store.plans()[-1].toml, instruments())
    finally:
        store.close()
    return role.removeprefix(f"{plan.id}.")


def link_status(folder: Path, account: str) -> LinkStatus:
    """How a study stands to its server, for the one who sends from this machine.

    Parameters
    ----------
    account : str
        Who sends, where nothing was exchanged yet.

    Raises
    ------
    StoreError
        If the study cannot be read.
    """
    store = StudyStore.open(folder)
    try:
        replica = open_replica(folder, store.study_uid)
        try:
            state = replica.state()
            who = state.account or account
            return LinkStatus(
                who, _not_sent(store, replica, who), state.reached_at, state.trouble, state.conflicts
            )
        finally:
            replica.close()
    finally:
        store.close()


def other_logs(folder: Path, study_uid: str) -> dict[str, tuple[AuditEntry, ...]]:
    """The logs of other machines that came from the server, by machine."""
    if not has_replica(folder):
        return {}
    replica = open_replica(folder, study_uid)
    try:
        return replica.logs()
    finally:
        replica.close()


def _not_sent(store: StudyStore, replica: ReplicaFile, account: str) -> int:
    sent = replica.sent()
    owned = [one for one in (*shared.BEFORE, shared.JOURNAL, *shared.AFTER) if one.owner]
    return sum(store.rows.count_after(one, account, sent.get(one.table.name, 0)) for one in owned)
