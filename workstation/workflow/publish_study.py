"""Put a study on a server, and take part in it from another machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading.cards import SealMode, Seat
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan, Unseal, parse_plan
from workstation.reading.visibility import required_reads
from workstation.scoring.instrument import instruments
from workstation.store import shared_tables as shared
from workstation.store.server_address import Login
from workstation.store.server_copy import ServerView, differing, view_of
from workstation.store.server_engine import Server, ServerRefused
from workstation.store.server_join import FIRST, keep_address, kept_address, machine_of, new_machine
from workstation.store.server_schema import (
    Member,
    make_schema,
    missing_roles,
    publish_rules,
    role_of,
    schema_of,
    studies_on,
)
from workstation.store.study_store import StudyStore
from workstation.tasks import Progress
from workstation.workflow.fetch_rows import add_plan
from workstation.workflow.replicate import SyncReport, require_whole_study, synchronise

COORDINATOR = "coordinator"
"""Account of the role that watches over a study which has no account of a coordinator."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What was made on a server.

    Attributes
    ----------
    roles : mapping of str to Member
        Who takes part, by role; a reader connects as the own one.
    new : tuple of str
        Roles that were made now.
    """

    study: str
    roles: Mapping[str, Member]
    new: tuple[str, ...]


def publish_study(folder: Path, admin: Login, password_of: Callable[[str], str]) -> PublishReport:
    """Make a study's schema and roles on a server, or bring them up to date; nothing there is changed.

    Parameters
    ----------
    admin : Login
        A role that may make schemas and roles. It owns what it makes.
    password_of : callable
        Asked for the password of each role that is made now.

    Raises
    ------
    ServerAway, ServerRefused
    ProtocolViolation
        If the folder is a reader's own copy.
    """
    store = StudyStore.open(folder)
    server = Server(admin, schema_of(store.study_uid))
    try:
        require_whole_study(store)
        number, plan = store.plans()[-1].number, parse_plan(store.plans()[-1].toml, instruments())
        roles = roles_of(plan)
        with server.read() as connection:
            missing = missing_roles(connection, roles)
        passwords = {role: password_of(role) for role in roles if role in missing}
        new = make_schema(server, roles, passwords)
        with server.write() as connection:
            watcher = roles[_own_role(plan)]
            view = ServerView(connection, watcher)
            _publish(store, view)
            log = store.audit()
            if machine_of(log[:1]) == FIRST and FIRST not in view.log_heads():
                # Whoever knows no digest of a log cannot add to it; an empty one anybody could begin.
                view.add_log(FIRST, log)
            mode = plan.sealing.mode if plan.is_sealed and plan.sealing is not None else SealMode.NONE
            required = sorted(_required(plan))
            publish_rules(connection, number, mode.value, plan.unseal is Unseal.CASE, required)
        if kept_address(folder) is None:
            keep_address(folder, admin.address.of(_own_role(plan)))
        return PublishReport(plan.id, roles, new)
    finally:
        server.close()
        store.close()


def roles_of(plan: StudyPlan) -> dict[str, Member]:
    """The role of everybody who takes part in a study."""
    if plan.is_sealed and plan.sealing is not None:
        seats = {card.name: card.seat.value for card in plan.sealing.accounts if card.seat is not Seat.ESCROW}
    else:
        seats = dict.fromkeys(plan.readers, Seat.READER.value)
        if plan.conduct.adjudication is not None:
            seats[plan.conduct.adjudication.adjudicator] = Seat.ADJUDICATOR.value
    if Seat.COORDINATOR.value not in seats.values():
        seats[COORDINATOR] = Seat.COORDINATOR.value
    return {role_of(plan.id, name): Member(name, seat) for name, seat in seats.items()}


def _required(plan: StudyPlan) -> Iterator[tuple[str, str, int]]:
    """What must be locked before anything opens; of secret orders only how many reads."""
    if not plan.has_secret_orders:
        yield from required_reads(plan)
        return
    orders = Orders(plan)
    for reader in plan.readers:
        yield from ((reader, "", number) for number in range(1, orders.length(reader) + 1))


def _own_role(plan: StudyPlan) -> str:
    """Who works on the machine where a study is made: its coordinator."""
    found = [role for role, member in roles_of(plan).items() if member.seat == Seat.COORDINATOR.value]
    return found[0]


def _publish(store: StudyStore, view: ServerView) -> None:
    for table in (shared.STUDY, shared.PLANS, *shared.BEFORE[:2]):
        there = view.rows(table)
        missing = []
        for key, row in store.rows.rows(table).items():
            if key not in there:
                whole = store.rows.row(table, key)
                # Where the images lie on this computer is nobody else's business.
                missing.append({**whole, "library": ""} if table is shared.STUDY else whole)
            elif differing(table, row, there[key]):
                raise ServerRefused(
                    "The study was not made on the server",
                    f"it has other {table.table.name.replace('_', ' ')} than this folder",
                    "Exchange first: marrow study sync",
                )
        if missing:
            view.add(table, missing)


def join_study(
    folder: Path, login: Login, library: str, progress: Progress, *, send: bool = True
) -> SyncReport:
    """Make the folder of a study on another machine from its server, and bring what this role may see.

    Parameters
    ----------
    library : str
        Where the images are on this machine; may be empty.
    send : bool
        False for a copy that only looks: the server does not learn of it.

    Raises
    ------
    ServerAway, ServerRefused
    StoreError
        If there is a study in the folder, or it cannot be written.
    ProtocolViolation
        If the server holds no study for this role, or several.
    """
    schema = _schema_for(login)
    server = Server(login, schema)
    try:
        with server.read() as connection:
            view = view_of(server, connection, "")
            study = view.study()
            if schema != schema_of(study["study_uid"]):
                raise ServerRefused("The study was not joined", "it is not the one that its schema names")
            plans = [view.row(shared.PLANS, key) for key in sorted(view.rows(shared.PLANS))]
        if not plans:
            raise StoreError(
                "The study was not joined", "the server has no plan of it", "marrow study server init"
            )
        with new_machine(folder, {**study, "library": library}) as store:
            for row in plans:
                add_plan(store, row)
        keep_address(folder, login.address)
    finally:
        server.close()
    return synchronise(folder, login, progress, send=send)


def _schema_for(login: Login) -> str:
    server = Server(login)
    try:
        found = studies_on(server)
    finally:
        server.close()
    if len(found) != 1:
        why = "several studies" if found else "no study"
        raise ProtocolViolation(
            "The study was not joined",
            f"the server has {why} for the role {login.address.user}",
            "Ask the coordinator which role is yours",
        )
    return found[0]
