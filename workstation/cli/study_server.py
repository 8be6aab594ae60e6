"""``marrow study server`` and ``study sync``: a study that several machines share through PostgreSQL."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, REFUSED, Subparsers, named_path, print_json
from workstation.cli.passphrases import Passphrases
from workstation.cli.server_password import add_server, address_of, login_of

if TYPE_CHECKING:
    from workstation.workflow.replicate import SyncReport

_LONGEST_S = 300

EXAMPLE = """\
example, on the machine where the study was made (as a role that may make schemas and roles):
  marrow study server init postgresql://admin@db.example.org/reading --study koa
then there and on every other machine, each as the own role:
  marrow study server join postgresql://koa.R1@db.example.org/reading --study koa
  marrow study sync --study koa

Passwords are never part of a URL. They are read from --server-password-fd, PGPASSWORD or .pgpass, or asked
for.
"""


def register_server(actions: Subparsers) -> None:
    """Add ``server`` with its own subcommands, and ``sync``."""
    text = "share a study through a PostgreSQL server: init, join, set, status, verify"
    parser = actions.add_parser(
        "server",
        help=text,
        description=text[0].upper() + text[1:],
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    _way(ways, "init", _init, "make or update the study's tables and roles on a server", url=True)
    join = _way(ways, "join", _join, "make this machine's folder of a study from its server", url=True)
    join.add_argument("--library", type=named_path, metavar="DIR", help="the library with the images")
    _way(ways, "set", _set, "name the server and role of a study's folder", url=True)
    _way(ways, "status", _status, "what of the own entries is not on the server; asks no server", url=False)
    _way(ways, "verify", _verify, "verify a fresh copy of everything that the role may see", url=False)
    sync = _way(actions, "sync", _sync, "exchange entries, locks and logs with the study's server", url=False)
    sync.add_argument(
        "--watch",
        type=int,
        metavar="SECONDS",
        help="again and again until Ctrl+C; longer apart while the server is not reached",
    )


def _way(ways: Subparsers, name: str, handler: Any, text: str, *, url: bool) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = ways.add_parser(name, help=text, description=text[0].upper() + text[1:])
    add_server(parser, url=url)
    parser.set_defaults(action_handler=handler)
    return parser


def _init(arguments: argparse.Namespace) -> int:
    from workstation.workflow.publish_study import publish_study

    passwords = Passphrases(arguments.server_password_fd)
    report = publish_study(arguments.study, login_of(arguments, passwords), passwords.new)
    if arguments.json:
        roles = [
            {"role": role, "account": one.account, "seat": one.seat, "new": role in report.new}
            for role, one in report.roles.items()
        ]
        print_json({"study": report.study, "roles": roles})
        return OK
    print(f"{report.study} is on {address_of(arguments).spoken}. Roles, each with its own password:")
    for role, one in report.roles.items():
        print(f"  {role:<24} {one.seat}{', made now' if role in report.new else ''}")
    return OK


def _join(arguments: argparse.Namespace) -> int:
    from workstation import settings
    from workstation.tasks import TerminalProgress
    from workstation.workflow.publish_study import join_study

    library = arguments.library or settings.default_library()
    place = str(Path(library).absolute()) if Path(library).is_dir() else ""
    report = join_study(arguments.study, login_of(arguments), place, TerminalProgress())
    if arguments.json:
        print_json({"joined": str(arguments.study), **_report_json(report)})
    else:
        print(f"Joined as {report.account}. {_report_text(report)}")
        print(
            f"If the study is sealed, bring the file {report.account}.json into {arguments.study}/accounts, "
            "and compare the fingerprints aloud: marrow study status"
        )
    return OK


def _set(arguments: argparse.Namespace) -> int:
    from workstation.store.server_join import keep_address

    address = address_of(arguments)
    keep_address(arguments.study, address)
    if arguments.json:
        print_json({"server": address.text})
    else:
        print(f"The study is exchanged with {address.text}")
    return OK


def _status(arguments: argparse.Namespace) -> int:
    from workstation.workflow.replicate import account_of_role, link_status

    address = address_of(arguments)
    status = link_status(arguments.study, account_of_role(arguments.study, address.user))
    if arguments.json:
        print_json(
            {
                "server": address.text,
                "account": status.account,
                "not_sent": status.not_sent,
                "reached_at": status.reached_at or None,
                "trouble": status.trouble or None,
                "conflicts": list(status.conflicts),
            }
        )
        return OK
    print(f"{status.account} on {address.spoken}. {status.sentence}")
    if status.trouble:
        print(f"The last try: {status.trouble}.")
    for one in status.conflicts:
        print(one)
    return OK


def _sync(arguments: argparse.Namespace) -> int:
    from workstation.store.server_engine import ServerAway
    from workstation.tasks import TerminalProgress
    from workstation.workflow.replicate import synchronise

    login, wait = login_of(arguments), arguments.watch or 0
    while True:
        try:
            report = synchronise(arguments.study, login, TerminalProgress())
        except ServerAway as error:
            if not arguments.watch:
                raise
            wait = min(2 * max(wait, 1), _LONGEST_S)
            print(f"{error.sentence} Tried again in {wait} s.", flush=True)
        else:
            wait = arguments.watch or 0
            if arguments.json:
                print_json(_report_json(report))
            else:
                print(_report_text(report), flush=True)
            if not arguments.watch:
                return REFUSED if report.conflicts else OK
        time.sleep(wait)


def _verify(arguments: argparse.Namespace) -> int:
    from workstation.tasks import TerminalProgress
    from workstation.workflow.publish_study import join_study
    from workstation.workflow.read_case import open_study_folder
    from workstation.workflow.verify_study import verify_study

    login = login_of(arguments)
    with tempfile.TemporaryDirectory(prefix="marrow-server-") as scratch:
        copy = Path(scratch) / "study"
        exchanged = join_study(copy, login, "", TerminalProgress(), send=False)
        with open_study_folder(copy) as study:
            report = verify_study(study)
            machines = len(study_machines(copy, study.store.study_uid))
    findings = (*exchanged.conflicts, *report.findings)
    if arguments.json:
        print_json(
            {
                "intact": not findings,
                "findings": list(findings),
                "machines": machines,
                "reads": report.reads,
                "journal_entries": report.journal_entries,
            }
        )
    else:
        for one in findings:
            print(one)
        print(
            f"{'NOT intact' if findings else 'Intact'}: what {exchanged.account} may see on the server, "
            f"{report.journal_entries} entries in {report.reads} reads, logs of {machines} machines."
        )
    return REFUSED if findings else OK


def study_machines(folder: Path, study_uid: str) -> tuple[str, ...]:
    """Machines whose logs came from the server."""
    from workstation.workflow.replicate import other_logs

    return tuple(other_logs(folder, study_uid))


def _report_json(report: SyncReport) -> dict[str, Any]:
    return {
        "account": report.account,
        "sent": report.sent,
        "fetched": report.fetched,
        "not_sent": report.not_sent,
        "conflicts": list(report.conflicts),
    }


def _report_text(report: SyncReport) -> str:
    lines = [f"Sent {report.sent}, brought {report.fetched}; not sent: {report.not_sent}."]
    return "\n".join((*lines, *report.conflicts))
