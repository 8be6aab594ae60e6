"""A study's schema on a server: the study's own tables, roles that may only add, and who sees which rows.

The tables are made by the migrations of the study itself. Everything that a role may do is granted here, anew
each time the schema is made or brought up to date: a table without a rule can be read by nobody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from workstation.reading.order import OF_CALIBRATION
from workstation.store.engine import SCHEMA_VERSION, migrate, newest_version
from workstation.store.server_engine import SCHEMA_PREFIX, Server, ServerRefused
from workstation.store.shared_tables import COORDINATES, ME, SHARED

_SCRAM_ROUNDS = 4096
_MOST_CONNECTIONS = 8

LOGS = sa.Table(
    "logs",
    sa.MetaData(),
    *(
        sa.Column(name, kind)
        for name, kind in (
            ("machine", sa.Text),
            ("sequence", sa.Integer),
            ("at", sa.Text),
            ("actor", sa.Text),
            ("event", sa.Text),
            ("detail", sa.Text),
            ("previous", sa.Text),
            ("digest", sa.Text),
            ("signature", sa.LargeBinary),
            ("pushed_by", sa.Text),
        )
    ),
)
_MEMBERS = sa.table("members", sa.column("role"), sa.column("account"), sa.column("seat"))
_REQUIRED = sa.table(
    "required",
    sa.column("plan_number"),
    sa.column("reader"),
    sa.column("case_code"),
    sa.column("presentation"),
)
_RULES = sa.table("rules", sa.column("plan_number"), sa.column("mode"), sa.column("by_case"))

_NEWEST = "(SELECT max(plan_number) FROM rules)"
_LOCKED = """
    SELECT l.reader, l.case_code, l.presentation FROM locks l
    EXCEPT
    SELECT a.reader, a.case_code, a.presentation FROM amendments a
    WHERE NOT a.post_comparison AND NOT EXISTS (
        SELECT 1 FROM locks k WHERE k.reader = a.reader AND k.case_code = a.case_code
        AND k.presentation = a.presentation AND k.version = a.version)
    AND NOT EXISTS (
        SELECT 1 FROM openings o WHERE o.reader = a.reader AND o.case_code = a.case_code
        AND o.presentation = a.presentation AND o.version = 1 AND o.stage = 'key')
"""
_FUNCTIONS = {
    "me()": ("text", "SELECT account FROM members WHERE role = session_user"),
    "is_coordinator()": (
        "boolean",
        "SELECT EXISTS (SELECT 1 FROM members WHERE role = session_user AND seat = 'coordinator')",
    ),
    "sealed_to()": ("text", f"SELECT mode FROM rules WHERE plan_number = {_NEWEST}"),
    # After a change of the plan the server is shut until it is told the new rules.
    "rules_fit()": (
        "boolean",
        f"SELECT coalesce((SELECT max(number) FROM plans), 0) <= coalesce({_NEWEST}, 0)",
    ),
    # A required row without a case stands for any read, which the server does not know; not of a calibration.
    "all_locked(wanted text)": (
        "boolean",
        f"""
        WITH locked AS ({_LOCKED}),
        needed AS (
            SELECT * FROM required
            WHERE plan_number = {_NEWEST}
            -- Nothing opens while a hidden repeat of any case is outstanding.
            AND (wanted = '' OR case_code = wanted OR (case_code <> '' AND presentation > 1)))
        SELECT rules_fit()
        AND EXISTS (SELECT 1 FROM needed WHERE wanted = '' OR case_code = wanted)
        AND NOT EXISTS (
            SELECT 1 FROM needed n WHERE n.case_code <> '' AND NOT EXISTS (
                SELECT 1 FROM locked l WHERE l.reader = n.reader AND l.case_code = n.case_code
                AND l.presentation = n.presentation))
        AND NOT EXISTS (
            SELECT 1 FROM needed n WHERE n.case_code = '' GROUP BY n.reader
            HAVING count(*) > (
                SELECT count(*) FROM locked l
                WHERE l.reader = n.reader AND left(l.case_code, 2) <> '{OF_CALIBRATION}'))
        """,
    ),
    "is_complete(wanted text)": (
        "boolean",
        f"""
        SELECT all_locked('')
        OR (SELECT by_case FROM rules WHERE plan_number = {_NEWEST}) AND all_locked(wanted)
        """,
    ),
    "may_open(wanted text)": (
        "boolean",
        "SELECT CASE sealed_to() WHEN 'coordinator' THEN is_coordinator() ELSE is_complete(wanted) END",
    ),
    # With a read its later amendments are seen too, sealed: the log names them.
    "handed_to_me(r text, c text, p integer, v integer)": (
        "boolean",
        """
        SELECT EXISTS (
            SELECT 1 FROM openings o JOIN members m ON m.account = o.opener AND m.seat = 'coordinator'
            WHERE o.recipient = me() AND o.stage = 'key'
            AND (r = '' OR (o.reader = r AND o.case_code = c AND o.presentation = p AND o.version IN (1, v))))
        """,
    ),
    "is_opened(r text, c text, p integer, v integer)": (
        "boolean",
        """
        SELECT me() IS NOT NULL AND CASE sealed_to()
        WHEN 'coordinator' THEN handed_to_me(r, c, p, v) ELSE is_complete(c) END
        """,
    ),
    "any_opened()": (
        "boolean",
        f"""
        SELECT me() IS NOT NULL AND CASE WHEN sealed_to() = 'coordinator' THEN handed_to_me('', '', 0, 0)
        ELSE all_locked('') OR ((SELECT by_case FROM rules WHERE plan_number = {_NEWEST})
            AND EXISTS (
                SELECT 1 FROM (SELECT DISTINCT case_code FROM required) q WHERE all_locked(case_code)))
        END
        """,
    ),
    # Several accounts may send the log of one machine. Who asks must know digests of it.
    "log_end(m text, known text[])": (
        "integer",
        "SELECT max(sequence) FROM logs WHERE machine = m AND digest = ANY (known) AND me() IS NOT NULL",
    ),
    "is_log_end(m text, s integer, d text)": (
        "boolean",
        """
        SELECT me() IS NOT NULL AND NOT EXISTS (SELECT 1 FROM logs WHERE machine = m AND sequence > s)
        AND (s = 0 OR EXISTS (SELECT 1 FROM logs WHERE machine = m AND sequence = s AND digest = d))
        """,
    ),
    "all_opened()": (
        "boolean",
        "SELECT me() IS NOT NULL AND all_locked('') "
        "AND (sealed_to() <> 'coordinator' OR handed_to_me('', '', 0, 0))",
    ),
}
"""Asked by the row rules; they run as the owner of the schema and see every row."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who takes part in a study on a server.

    Attributes
    ----------
    seat : str
        ``"reader"``, ``"coordinator"`` or ``"adjudicator"``.
    """

    account: str
    seat: str


def role_of(study: str, account: str) -> str:
    """Name of an account's role on the server, e.g. ``"koa.R1"``."""
    return f"{study}.{account}"[:63]


def schema_of(study_uid: str) -> str:
    """The schema that a study has to itself."""
    return f"{SCHEMA_PREFIX}{study_uid}"


def make_schema(server: Server, roles: Mapping[str, Member], passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Make or bring up to date the schema of `server` with its roles; returns the roles that are new.

    Parameters
    ----------
    roles : mapping of str to Member
        Who takes part, by name of the role.
    passwords : mapping of str to str
        For roles that are new, or get a new password.
    """
    with server.write() as connection:
        connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{server.schema}"'))
    server.close()  # a new connection begins in the schema
    migrate(server, "study")
    migrate(server, "server", beside="study")
    with server.write() as connection:
        new = missing_roles(connection, roles)
        for role, member in roles.items():
            _keep_role(connection, role, member, passwords.get(role), role in new)
        for name, (kind, body) in _FUNCTIONS.items():
            connection.execute(
                sa.text(
                    f"CREATE OR REPLACE FUNCTION {name} RETURNS {kind} LANGUAGE sql STABLE SECURITY DEFINER "
                    f"SET search_path FROM CURRENT AS $${body}$$"
                )
            )
        everybody = [row[0] for row in connection.execute(sa.select(_MEMBERS.c.role))]
        _grant(connection, server.schema, everybody)
    return tuple(sorted(new))


def missing_roles(connection: sa.Connection, roles: Collection[str]) -> set[str]:
    """Which of these roles the server does not have."""
    rows = connection.execute(sa.text("SELECT rolname FROM pg_catalog.pg_roles"))
    return set(roles) - {row[0] for row in rows}


def publish_rules(
    connection: sa.Connection, number: int, mode: str, by_case: bool, required: Iterable[tuple[str, str, int]]
) -> None:
    """Tell the server under which plan what must be locked before anything opens; nothing twice.

    Parameters
    ----------
    mode : str
        ``"coordinator"``, ``"both-keys"`` or ``"none"``.
    required : iterable of (reader, case, presentation)
        An empty case stands for any read.
    """
    if connection.execute(sa.select(_RULES.c.mode).where(_RULES.c.plan_number == number)).first():
        return
    connection.execute(sa.insert(_RULES).values(plan_number=number, mode=mode, by_case=by_case))
    rows = [
        {"plan_number": number, "reader": reader, "case_code": case, "presentation": shown}
        for reader, case, shown in required
    ]
    for first in range(0, len(rows), 1000):
        connection.execute(sa.insert(_REQUIRED).values(rows[first : first + 1000]))


def member_of(connection: sa.Connection, user: str) -> Member:
    """Who this connection acts for.

    Raises
    ------
    ServerRefused
        If the role takes no part in the study.
    """
    row = connection.execute(sa.text("SELECT me(), is_coordinator()")).first()
    if row is None or row[0] is None:
        raise ServerRefused(
            "The server was not used",
            f"the role {user} takes no part in this study",
            "Ask the coordinator which role is yours",
        )
    return Member(str(row[0]), "coordinator" if row[1] else "reader")


def studies_on(server: Server) -> tuple[str, ...]:
    """Schemas of studies that this role may use."""
    query = sa.text(
        "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname LIKE 'study\\_%' "
        "AND has_schema_privilege(nspname, 'USAGE') ORDER BY nspname"
    )
    with server.read() as connection:
        return tuple(row[0] for row in connection.execute(query))


def require_version(connection: sa.Connection) -> None:
    """Refuse a server whose tables are of an older or newer version of the program.

    Raises
    ------
    ServerRefused
    """
    rows = connection.execute(sa.select(SCHEMA_VERSION.c.chain, SCHEMA_VERSION.c.version))
    kept = {row[0]: int(row[1]) for row in rows}
    for chain in ("study", "server"):
        version, newest = kept.get(chain, 0), newest_version(chain)
        if version > newest:
            raise ServerRefused(
                "The server was not used",
                f"its tables are of a newer version of the program ({version}, this one knows {newest})",
                "Install the newer version; what is entered is kept here until then",
            )
        if version < newest:
            raise ServerRefused(
                "The server was not used",
                f"its tables are of an older version of the program ({version}, this one needs {newest})",
                "Who made the study there brings it up to date: marrow study server init",
            )


def _keep_role(
    connection: sa.Connection, role: str, member: Member, password: str | None, is_new: bool
) -> None:
    quoted = _quoted(role)
    if is_new:
        connection.execute(
            sa.text(f"CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
        )
        connection.execute(sa.text(f"ALTER ROLE {quoted} CONNECTION LIMIT {_MOST_CONNECTIONS}"))
    if password is not None:
        # Only what SCRAM keeps is sent, so that no password comes into the server's log.
        verifier = scram_verifier(password, os.urandom(16))
        connection.exec_driver_sql(f"ALTER ROLE {quoted} PASSWORD '{verifier}'")
    query = sa.select(_MEMBERS.c.account, _MEMBERS.c.seat).where(_MEMBERS.c.role == role)
    kept = connection.execute(query).first()
    if kept is None:
        values = {"role": role, "account": member.account, "seat": member.seat}
        connection.execute(sa.insert(_MEMBERS).values(values))
    elif tuple(kept) != (member.account, member.seat):
        raise ServerRefused(
            "The study was not made on the server", f"the role {role} belongs to another account there"
        )


def scram_verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(one).decode() for one in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{text[0]}${text[1]}:{text[2]}"


def _grant(connection: sa.Connection, schema: str, roles: Sequence[str]) -> None:
    to = ", ".join(_quoted(role) for role in roles)
    say = connection.exec_driver_sql
    say(f'REVOKE ALL ON SCHEMA "{schema}" FROM PUBLIC')
    say(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{schema}" FROM {to}')
    say(f'GRANT USAGE ON SCHEMA "{schema}" TO {to}')
    say(f"GRANT SELECT ON schema_version TO {to}")
    rules = [(one.table.name, one.columns, one.writes, one.sees) for one in SHARED]
    logs = tuple(column.name for column in LOGS.c)
    seen = f"pushed_by = {ME} OR {COORDINATES} OR (SELECT all_opened())"
    rules.append(("logs", logs, f"pushed_by = {ME}", seen))
    for table, columns, writes, sees in rules:
        named = ", ".join(columns)
        say(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        for policy in ("adds", "sees"):
            say(f"DROP POLICY IF EXISTS {policy} ON {table}")
        # By columns: a grant on the table would open its system columns, which tell of other rows.
        if writes:
            say(f"GRANT INSERT ({named}) ON {table} TO {to}")
            say(f"CREATE POLICY adds ON {table} FOR INSERT WITH CHECK ({writes})")
        say(f"GRANT SELECT ({named}) ON {table} TO {to}")
        say(f"CREATE POLICY sees ON {table} FOR SELECT USING ({sees})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
